"""A network file from orders that were delivered before: prices, lead times, freight and weights observed.

Read from each order: products, quantities, prices, weights; ``extra.site`` (who made it), ``extra.mode`` (how
it went), ``extra.delivered_on``, ``extra.freight``; the charge named ``Freight``.

- A site becomes a factory. It asks the median price observed for the product, less a margin, since the
  records of a trader say what buyers paid, not what the trader paid.
- Its lead time is the time from order to delivery that one in ten of its orders kept, less the transit.
- A site, destination and mode become a lane at the median freight for a kilogram; where freight was in the
  price of the goods it is nothing; where none was recorded it is that of the mode.
- Capacity a day is the largest order of the product that was ever made, so that any order fits on one day.
"""

import json
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path

from config.network import load_network
from documents.files.section import plain_text
from documents.maps.order_map import load
from documents.orders.reading import Defects, stream
from domain.errors import RefusedError, UsageError
from domain.money import CURRENCY_EXPONENTS
from domain.order import Order

TRANSIT = {"air": 7, "air charter": 5, "truck": 5, "ocean": 35}
"""Days on the way by mode, where nobody says otherwise; records seldom have them."""
USUAL_TRANSIT = 10
FREIGHT = "Freight"
IN_PRICE = "included in commodity cost"

HEAD = """# Observed in {orders} orders; edit it, and add lenders: net lender add.

name = {name}
country = {country}
currency = {currency}

[policy]
booking_days = 1
"""


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def quoted(text: str) -> str:
    """A TOML basic string; JSON escapes the same way."""
    return json.dumps(text, ensure_ascii=False)


@dataclass
class ProductSeen:
    """What was seen of one product at one site."""

    prices: list[Fraction] = field(default_factory=list)
    weights: list[Fraction] = field(default_factory=list)
    largest: int = 0


@dataclass
class FreightSeen:
    """Freight for a kilogram, as seen between a site and a country by one mode."""

    rates: list[Fraction] = field(default_factory=list)


class Observed:
    """Takes orders in one by one; ``network`` writes the file. ``transit``: days by mode in lower case."""

    def __init__(self, transit: Mapping[str, int] | None = None) -> None:
        self.transit = TRANSIT | dict(transit or {})
        self.orders = 0
        self.refused = 0
        self.ids: dict[str, list[tuple[str, ...]]] = {}
        self.currency = ""
        self.made: dict[str, dict[str, ProductSeen]] = defaultdict(lambda: defaultdict(ProductSeen))
        self.leads: dict[str, list[int]] = defaultdict(list)
        self.lanes: dict[tuple[str, str, str], FreightSeen] = defaultdict(FreightSeen)
        self.modes: dict[str, list[Fraction]] = defaultdict(list)

    def take(self, orders: Iterable[Order]) -> None:
        for order in orders:
            self.take_one(order)

    def take_one(self, order: Order) -> None:
        """RefusedError when the orders are in several currencies: prices would be mixed."""
        self.currency = self.currency or order.currency
        if order.currency != self.currency:
            raise RefusedError(
                f"{order.source}: the order is in {order.currency}, those before in {self.currency}",
                "observe the orders of one currency at a time",
            )
        self.orders += 1
        site = str(order.extra.get("site") or "Unknown maker")
        mode = str(order.extra.get("mode") or "Not recorded")
        scale = 10 ** CURRENCY_EXPONENTS[order.currency]
        weight = Fraction(0)
        for line in order.lines:
            seen = self.made[site][line.product]
            if line.net_minor:
                seen.prices.append(Fraction(line.net_minor, scale) / Fraction(line.quantity))
            seen.largest = max(seen.largest, int(line.quantity) + 1)
            if line.weight_kg:
                seen.weights.append(Fraction(line.weight_kg) / Fraction(line.quantity))
                weight += Fraction(line.weight_kg)
        freight = sum(item.amount_minor for item in order.adjustments if item.reason == FREIGHT)
        lane = self.lanes[site, order.destination, mode]
        if freight > 0 and weight > 0:
            rate = Fraction(freight, scale) / weight
            lane.rates.append(rate)
            self.modes[mode].append(rate)
        elif IN_PRICE in str(order.extra.get("freight", "")).lower():
            lane.rates.append(Fraction(0))
        self.take_lead(order, site, mode)

    def take_lead(self, order: Order, site: str, mode: str) -> None:
        """Only days that were captured count: a remark says when the order day was assumed."""
        assumed = any("no order day" in remark for remark in order.extra.get("remarks", []))
        text = order.extra.get("delivered_on")
        if text and not assumed:
            days = (date.fromisoformat(text) - order.issued_on).days - self.transit_of(mode)
            self.leads[site].append(max(days, 0))

    def transit_of(self, mode: str) -> int:
        return self.transit.get(mode.lower(), USUAL_TRANSIT)

    def id_of(self, *names: str) -> str:
        """An identifier made of the names; numbered where other names give the same one."""
        stem = "-".join(slug(name) for name in names)
        taken = self.ids.setdefault(stem, [])
        if names not in taken:
            taken.append(names)
        place = taken.index(names) + 1
        return stem if place == 1 else f"{stem}-{place}"

    def lead(self, site: str) -> int:
        """The lead time that one in ten orders of the site kept; that of all sites where it has few."""
        days = self.leads[site]
        if len(days) < 10:
            days = [day for some in self.leads.values() for day in some] or [30]
        return sorted(days)[len(days) // 10]

    def network(self, name: str, country: str, margin: Fraction) -> str:
        parts = [self.head(name, country)]
        parts += [self.factory(site, products, margin) for site, products in sorted(self.made.items())]
        parts += self.carriers()
        return "\n".join(parts)

    def head(self, name: str, country: str) -> str:
        return HEAD.format(
            orders=self.orders, name=quoted(name), country=quoted(country), currency=quoted(self.currency)
        )

    def factory(self, site: str, products: dict[str, ProductSeen], margin: Fraction) -> str:
        lines = [
            "[[factory]]",
            f"id = {quoted(self.id_of('site', site))}",
            f"name = {quoted(site)}",
            f"place = {quoted(site)}",
            'payment = [{ share = "30%", event = "booking" }, { share = "70%", event = "production_end" }]',
        ]
        for product, seen in sorted(products.items()):
            if not seen.prices:
                continue
            price = statistics.median(seen.prices) * (1 - margin)
            weight = statistics.median(seen.weights) if seen.weights else Fraction(0)
            lines += [
                "[[factory.product]]",
                f"product = {quoted(product)}",
                f'unit_price = "{decimal(price, 6)}"',
                f"capacity_per_day = {seen.largest}",
                f"lead_days = {self.lead(site)}",
                f'weight_kg = "{decimal(weight, 6)}"',
            ]
        return "\n".join(lines) + "\n"

    def carriers(self) -> list[str]:
        """One carrier for each mode, with a lane for each site and country it was seen on."""
        by_mode: dict[str, list[str]] = defaultdict(list)
        for (site, country, mode), lane in sorted(self.lanes.items()):
            by_mode[mode].append(self.lane(site, country, mode, lane))
        head = '[[logistics]]\nid = {0}\nname = {1}\npayment = [{{ share = "100%", event = "funding" }}]\n'
        return [
            head.format(quoted(self.id_of("carrier", mode)), quoted(f"{mode} carrier")) + "\n".join(lanes)
            for mode, lanes in by_mode.items()
        ]

    def lane(self, site: str, country: str, mode: str, lane: FreightSeen) -> str:
        rates = lane.rates or self.modes[mode] or [rate for some in self.modes.values() for rate in some]
        rate = decimal(statistics.median(rates), 6) if rates else "0"
        return "\n".join(
            (
                "[[logistics.lane]]",
                f"id = {quoted(self.id_of(site, country, mode))}",
                f"origin = {quoted(site)}",
                f"destination = {quoted(country)}",
                f"mode = {quoted(mode)}",
                f"transit_days = {self.transit_of(mode)}",
                f'band = [{{ from = 0, rate = "{rate}" }}]',
            )
        )


def decimal(exact: Fraction, places: int) -> str:
    """The number with at most so many decimals."""
    return plain_text(exact, places).rstrip("0").rstrip(".")


def observe_orders(file: Path, order_map: Path | None, transit: Mapping[str, int]) -> Observed:
    """Take in every order of a file that can be read; RefusedError when none says who made its goods."""
    found = Observed(transit)
    for item in stream(file, load(order_map) if order_map else None):
        if isinstance(item, Defects):
            found.refused += 1
        elif item.extra.get("site"):
            found.take_one(item)
    if not found.orders:
        raise RefusedError(
            f"no order of {file} says who made its goods",
            "let the map feed extra.site and extra.mode, as examples/maps/scms.toml does",
        )
    return found


def write_network(path: Path, text: str, *, replace: bool) -> None:
    """Write the file whole or not at all; UsageError when there is one already."""
    if path.exists() and not replace:
        raise UsageError(f"{path} is there already", "choose another --out, or --replace it")
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        load_network(part)
        part.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "choose another --out") from None
    finally:
        part.unlink(missing_ok=True)
