"""Builds a network file from orders that were delivered before: prices, lead times, freight, weights.

Read from each order: its products, quantities, prices and weights; ``extra.site`` (who made it),
``extra.mode`` (how it went), ``extra.delivered_on``, ``extra.freight``; the charge named ``Freight``.

- A site becomes a factory. It asks the median price observed for the product, less the trader's margin,
  since the records say what buyers paid, not what the trader paid.
- Its lead time is the time from order to delivery that one in ten of its orders kept, less the transit.
- A site, country and mode become a lane at the median freight for a kilogram; where freight was in the price
  of the goods it is nothing; where none was recorded it is that of the mode.
- Capacity a day is the largest order of the product that was ever made, so that any order fits on one day.

Lenders are made up, in the orders' currency: one advances what suppliers cost, two buy invoices.
"""

import re
import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.money import CURRENCY_EXPONENTS
from domain.order import Order

TRANSIT = {"Air": 7, "Air Charter": 5, "Truck": 5, "Ocean": 35}
USUAL_TRANSIT = 10
FALLBACK_RATE = Decimal("5.00")
IN_PRICE = "included in commodity cost"

HEAD = """name = "{name}"
country = "{country}"
currency = "{currency}"

[fee]
rate = "1%"
payment = [{{ share = "100%", event = "buyer_payment" }}]

[policy]
booking_days = 1
"""
LENDERS = """
[[lender]]
id = "supplier-finance"
name = "Supplier Finance"

[[lender.product]]
id = "purchase-order"
name = "Purchase-order finance"
role = "pre_shipment"
technique = "purchase_order"
advance_base = "cost"
advance_rate = "100%"
draw = "need"
price = { rate = "12%", day_count = "ACT/360" }
fee = [{ name = "commitment", basis = "limit", rate = "1%", taken = "cash", at_repayment = true }]
available_from = "booking"
repaid_on = "funding"
requires_take_out = true
tenor_days = 360

[[lender]]
id = "first-factor"
name = "First Factor"

[[lender.product]]
id = "factoring-85"
name = "Invoice factoring"
role = "take_out"
technique = "factoring"
advance_base = "invoice"
advance_rate = "85%"
draw = "full"
price = { rate = "9%", day_count = "ACT/360" }
fee = [{ name = "commission", basis = "face", rate = "0.5%", taken = "deducted" }]
available_from = "invoice"
available_days = 2
repaid_on = "buyer_payment"
tenor_days = 180

[[lender]]
id = "second-factor"
name = "Second Factor"

[[lender.product]]
id = "factoring-95"
name = "Invoice factoring, high advance"
role = "take_out"
technique = "factoring"
advance_base = "invoice"
advance_rate = "95%"
draw = "full"
price = { rate = "13%", day_count = "ACT/360" }
fee = [{ name = "commission", basis = "face", rate = "1%", taken = "deducted" }]
available_from = "invoice"
available_days = 2
repaid_on = "buyer_payment"
tenor_days = 180
"""


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass
class Made:
    """What was seen of one product at one site."""

    prices: list[Fraction] = field(default_factory=list)
    weights: list[Fraction] = field(default_factory=list)
    largest: int = 0


@dataclass
class Lane:
    """Freight for a kilogram, as seen between a site and a country by one mode."""

    rates: list[Fraction] = field(default_factory=list)


class Observed:
    """Takes orders in one by one; ``network`` writes the file."""

    def __init__(self) -> None:
        self.currency = ""
        self.made: dict[str, dict[str, Made]] = defaultdict(lambda: defaultdict(Made))
        self.leads: dict[str, list[int]] = defaultdict(list)
        self.lanes: dict[tuple[str, str, str], Lane] = defaultdict(Lane)
        self.modes: dict[str, list[Fraction]] = defaultdict(list)

    def take(self, orders: Iterable[Order]) -> None:
        for order in orders:
            self.currency = self.currency or order.currency
            self.take_one(order)

    def take_one(self, order: Order) -> None:
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
        freight = sum(item.amount_minor for item in order.adjustments if item.reason == "Freight")
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
            days = (date.fromisoformat(text) - order.issued_on).days - TRANSIT.get(mode, USUAL_TRANSIT)
            self.leads[site].append(max(days, 0))

    def lead(self, site: str) -> int:
        """The lead time that one in ten orders of the site kept; that of all sites where it has few."""
        days = self.leads[site]
        if len(days) < 10:
            days = [day for some in self.leads.values() for day in some] or [30]
        return int(statistics.quantiles(days, n=10)[0]) if len(days) > 1 else days[0]

    def network(self, name: str, country: str, margin: Fraction) -> str:
        parts = [HEAD.format(name=name, country=country, currency=self.currency)]
        parts += [self.factory(site, products, margin) for site, products in sorted(self.made.items())]
        parts += self.carriers()
        return "\n".join(parts) + LENDERS

    def factory(self, site: str, products: dict[str, Made], margin: Fraction) -> str:
        lines = [
            "[[factory]]",
            f"id = {quoted('site-' + slug(site))}",
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
            head.format(quoted("carrier-" + slug(mode)), quoted(f"{mode} carrier")) + "\n".join(lanes)
            for mode, lanes in by_mode.items()
        ]

    def lane(self, site: str, country: str, mode: str, lane: Lane) -> str:
        rates = lane.rates or self.modes[mode]
        rate = decimal(statistics.median(rates), 6) if rates else FALLBACK_RATE
        return "\n".join(
            (
                "[[logistics.lane]]",
                f"id = {quoted('-'.join((slug(site), slug(country), slug(mode))))}",
                f"origin = {quoted(site)}",
                f"destination = {quoted(country)}",
                f"mode = {quoted(mode)}",
                f"transit_days = {TRANSIT.get(mode, USUAL_TRANSIT)}",
                f'band = [{{ from = 0, rate = "{rate}" }}]',
            )
        )


def decimal(exact: Fraction, places: int) -> Decimal:
    return Decimal(round(exact * 10**places)).scaleb(-places)
