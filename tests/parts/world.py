"""A made-up world by seed: firms, lenders, buyers and their orders, for simulations and benchmarks.

``network_text`` is a network file, ``orders`` a stream of documents as an order file has them.
The same seed and numbers give the same world.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

FIRST_DAY = date(2026, 3, 2)
CITIES = ("Shanghai", "Nanjing", "Hangzhou", "Suzhou", "Wuhan")
PRODUCTS = ("desk-lamp", "floor-lamp", "ceiling-lamp", "lantern", "torch", "spot", "panel", "strip")


@dataclass(frozen=True)
class World:
    """How large the world is and how scarce its slots are; a ``capacity`` of 0 never runs out."""

    seed: int = 1
    factories: int = 4
    capacity: int = 100_000
    credit: int = 2_000_000_000
    orders_a_day: int = 100


def network_text(world: World) -> str:
    """The network file of this world."""
    random = Random(f"network {world.seed}")
    parts = [_HEAD]
    for number in range(world.factories):
        parts.append(_factory(random, number, world))
        parts.append(_carrier(random, number, world))
    parts.append(_inspection(world))
    parts.append(_lenders(random, world))
    return "\n".join(parts)


_HEAD = """name = "made-up world"
country = "CN"
currency = "CNY"

[fee]
rate = "1%"
tax_rate = "6%"
payment = [{ share = "100%", event = "buyer_payment" }]

[[tax]]
country = "CN"
due_day = 15
months_after = 1
surcharge_rate = "12%"
"""


def _factory(random: Random, number: int, world: World) -> str:
    made = [PRODUCTS[(number * 3 + step) % len(PRODUCTS)] for step in range(4)]
    deposit = random.choice((0, 10, 20, 30))
    terms = f'{{ share = "{100 - deposit}%", event = "{random.choice(("inspection", "delivery"))}" }}'
    if deposit:
        terms = f'{{ share = "{deposit}%", event = "booking" }}, {terms}'
    lines = [
        "[[factory]]",
        f'id = "factory-{number}"',
        f'name = "Works {number}"',
        f'place = "Town {number}"',
        'tax_rate = "13%"',
        f"payment = [{terms}]",
        "",
    ]
    for product in made:
        lines += [
            "[[factory.product]]",
            f'product = "{product}"',
            f"unit_price = {60 + PRODUCTS.index(product) * 5 + random.randrange(0, 800) / 100:.2f}",
            f"set_up = {random.randrange(0, 900)}.00",
            f"capacity_per_day = {world.capacity}",
            f"lead_days = {random.randrange(1, 5)}",
            "weight_kg = 1.5",
            "",
        ]
    return "\n".join(lines)


def _carrier(random: Random, number: int, world: World) -> str:
    lines = [
        "[[logistics]]",
        f'id = "carrier-{number}"',
        f'name = "Carrier {number}"',
        'tax_rate = "9%"',
        f'payment = [{{ share = "100%", event = "{random.choice(("funding", "delivery"))}", days = 10 }}]',
        "",
    ]
    for city in CITIES:
        lines += [
            "[[logistics.lane]]",
            f'id = "{number}-{city.lower()}"',
            f'origin = "Town {number}"',
            f'destination = "{city}"',
            f"minimum = {random.randrange(50, 300)}.00",
            f"transit_days = {random.randrange(1, 6)}",
            f"capacity_per_day = {world.capacity}",
            f"band = [{{ from = 0, rate = {random.randrange(20, 150) / 100:.2f} }}]",
            "",
        ]
    return "\n".join(lines)


def _inspection(world: World) -> str:
    return f"""[[service]]
id = "inspectors"
name = "Inspectors"
kind = "inspection"
required = true
after = "production_end"
days = 1
fixed = 60.00
per_unit = 0.20
capacity_per_day = {world.capacity}
tax_rate = "6%"
payment = [{{ share = "100%", event = "delivery", days = 30 }}]
"""


def _lenders(random: Random, world: World) -> str:
    rate = random.randrange(90, 160) / 10
    return f"""[[lender]]
id = "bank"
name = "Order Bank"
limit = {world.credit}.00

[[lender.product]]
id = "bank-order"
name = "Order finance"
role = "pre_shipment"
technique = "purchase_order"
advance_base = "order"
advance_rate = "90%"
draw = "need"
price = {{ rate = "{rate}%" }}
fee = [{{ name = "commitment", basis = "limit", rate = "0.5%", taken = "capitalised" }}]
repaid_on = "funding"
requires_take_out = true
tenor_days = 180

[[lender]]
id = "factor"
name = "Factor"
limit = {world.credit}.00

[[lender.product]]
id = "factor-invoice"
name = "Factoring"
role = "take_out"
technique = "factoring"
advance_base = "invoice"
advance_rate = "88%"
draw = "full"
price = {{ rate = "{rate - 2:.1f}%" }}
fee = [{{ name = "commission", basis = "face", rate = "0.5%", taken = "deducted" }}]
available_days = 2
tenor_days = 150
recourse_days = 90

[policy]
booking_days = 2
horizon_days = 30
"""


def orders(world: World, count: int) -> Iterator[dict[str, Any]]:
    """``count`` orders of many buyers, in the order of their days."""
    random = Random(f"orders {world.seed}")
    for number in range(count):
        day = FIRST_DAY + timedelta(days=number // world.orders_a_day)
        product = random.choice(PRODUCTS)
        price = (60 + PRODUCTS.index(product) * 5) * random.randrange(140, 190) / 100
        yield {
            "reference": f"W{world.seed}-{number:06}",
            "issued_on": day.isoformat(),
            "due_on": (day + timedelta(days=random.randrange(30, 60))).isoformat(),
            "currency": "CNY",
            "destination": random.choice(CITIES),
            "country": "CN",
            "buyer": {"name": f"Buyer {random.randrange(200)}", "country": "CN"},
            "seller": {"name": "Trader"},
            "lines": [
                {
                    "product": product,
                    "quantity": random.randrange(50, 500),
                    "unit_price": f"{price:.2f}",
                    "tax_rate": "13%",
                }
            ],
            "payment": [{"share": "100%", "event": "invoice", "days": random.choice((30, 45, 60))}],
        }


def write(world: World, count: int, folder: Path) -> tuple[Path, Path]:
    """The network file and the orders (JSON Lines) in that folder."""
    network, file = folder / "network.toml", folder / "orders.jsonl"
    network.write_text(network_text(world))
    with file.open("w") as lines:
        for order in orders(world, count):
            lines.write(json.dumps(order) + "\n")
    return network, file
