"""Small networks where a few orders compete for days, credit and lenders' limits, by seed."""

from dataclasses import dataclass
from random import Random

HEAD = 'name = "scarce"\ncountry = "CN"\ncurrency = "CNY"\n'
RATES = """
[[rate]]
from = "USD"
to = "CNY"
rate = "8"
on = 2026-03-02
source = "test"
[[rate]]
from = "CNY"
to = "USD"
rate = "0.125"
on = 2026-03-02
source = "test"
"""
COLUMNS = (
    "reference,issued_on,due_on,currency,destination,country,buyer,seller,payment,product,quantity,"
    "unit_price,tax_rate"
)


@dataclass(frozen=True)
class Scarce:
    """A network file and a table of orders."""

    network: str
    orders: str


def factory(name: str, price: str, per_day: int, minimum: int = 1) -> str:
    return f"""
[[factory]]
id = "{name}"
place = "P"
works_every_day = true
payment = [{{ share = "100%", event = "delivery" }}]
[[factory.product]]
product = "lamp"
unit_price = {price}
minimum_quantity = {minimum}
capacity_per_day = {per_day}
lead_days = 1
weight_kg = 1
"""


def carrier(name: str = "lane", rate: str = "2.50", days: int = 1) -> str:
    return f"""
[[logistics]]
id = "{name}"
payment = [{{ share = "100%", event = "delivery" }}]
[[logistics.lane]]
id = "{name}-1"
origin = "P"
destination = "Town"
transit_days = {days}
band = [{{ from = 0, rate = {rate} }}]
"""


def lender(name: str, rate: str, limit: str, rules: str = "", own_rules: str = "") -> str:
    """``rules`` stand in the lender's underwriting table, ``own_rules`` in that of its product."""
    table = f"[lender.underwriting]\nscore_minimum = 0\nhard_stops = []\n{rules}\n" if rules else ""
    own = f"[lender.product.underwriting]\n{own_rules}\n" if own_rules else ""
    return f"""
[[lender]]
id = "{name}"
limit = {limit}
{table}[[lender.product]]
id = "{name}-loan"
role = "pre_shipment"
technique = "purchase_order"
advance_base = "order"
advance_rate = "100%"
draw = "full"
price = {{ rate = "{rate}", day_count = "ACT/360" }}
available_from = "booking"
repaid_on = "buyer_payment"
{own}"""


def order(
    name: str,
    due: str,
    price: str,
    quantity: int = 100,
    buyer: str = "B1",
    days: int = 30,
    currency: str = "CNY",
) -> str:
    return (
        f"{name},2026-03-02,{due},{currency},Town,CN,{buyer},T,100% invoice+{days},lamp,{quantity},{price},0%"
    )


def table(*orders: str) -> str:
    return "\n".join([COLUMNS, *orders]) + "\n"


def random_trade(seed: int) -> Scarce:
    """Three to five orders on one or two factories and one or two lenders, with little of something."""
    random = Random(seed)
    parts = [HEAD]
    for number in range(random.randint(1, 2)):
        parts.append(
            factory(
                f"f{number}",
                f"{random.randint(55, 75)}.00",
                random.choice([10, 20, 40]),
                random.choice([1, 1, 60]),
            )
        )
    parts.append(carrier(days=random.randint(1, 2)))
    for number in range(random.randint(1, 2)):
        rules = random.choice(["", "", 'limits = { buyer = "50%" }', 'limits = { provider = "60%" }'])
        limit = random.choice(["15000.00", "22000.00", "100000.00"])
        parts.append(lender(f"h{number}", f"{random.randint(6, 24)}%", limit, rules))
    orders = [
        order(
            f"O{number}",
            f"2026-03-{random.randint(9, 28):02d}",
            f"{random.randint(85, 130)}.00",
            random.choice([60, 100, 140]),
            random.choice(["B1", "B2"]),
            random.choice([15, 30, 60]),
        )
        for number in range(random.randint(3, 5))
    ]
    return Scarce("".join(parts), table(*orders))
