"""Demand that was not met: what buyers asked for and nobody could make or finance, by capability and month.

Every recorded order that has no plan is planned again on what is free now; the certificate says why it fails
and at which price it would have paid (supply to meet: what a firm that adds the capability could earn).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from domain.order import Order
from domain.plan import Certificate
from domain.states import OrderState
from finance.forecast.intermittent import teunter
from flows.desk.session import Session
from flows.orders.find import Placed, list_orders
from flows.plans.compare import find_plan, recorded_subject

NOBODY_MAKES, NO_CAPACITY, OWN_CASH = "nobody makes it", "no capacity in time", "own cash needed"
WAITING = (OrderState.CONFIRMED,)


@dataclass(frozen=True, slots=True)
class UnmetOrder:
    """One order that nobody could serve; ``pays_minor`` is the net price that the order offers,
    ``needs_minor`` the least net price at which a plan would pass, None where no price helps."""

    order: str
    on: date
    buyer: str
    products: tuple[str, ...]
    units: Decimal
    currency: str
    pays_minor: int
    needs_minor: int | None
    reason: str
    why: str


@dataclass(slots=True)
class UnmetDemand:
    """One capability in one month; prices are net for a unit, in minor units, of the orders that say so."""

    capability: str
    month: str
    reason: str
    currency: str
    orders: int = 0
    units: Decimal = Decimal(0)
    offered_minor: int = 0
    short_minor: int = 0
    helped: int = 0
    names: list[str] = field(default_factory=list)

    @property
    def unit_price_minor(self) -> int:
        """What buyers offered for a unit, on average."""
        return round(self.offered_minor / self.units) if self.units else 0


def unmet_orders(session: Session) -> list[UnmetOrder]:
    """Every order up to the session's day that is confirmed and has no plan that passes."""
    found = []
    for placed in list_orders(session.ledger, WAITING):
        if placed.on <= session.on:
            certificate = find_plan(recorded_subject(session, placed))
            if isinstance(certificate, Certificate):
                found.append(_unmet(session, placed, certificate))
    return found


def _unmet(session: Session, placed: Placed, certificate: Certificate) -> UnmetOrder:
    order = placed.order
    products = tuple(sorted({line.product for line in order.lines}))
    return UnmetOrder(
        placed.id,
        placed.on,
        order.buyer.name,
        products,
        Decimal(sum(line.quantity for line in order.lines)),
        order.currency,
        order.net_minor,
        _needed(order, certificate),
        _reason(session, products, certificate),
        certificate.reason,
    )


def _reason(session: Session, products: Iterable[str], certificate: Certificate) -> str:
    made = {one.product for provider in session.network.providers for one in provider.products}
    if any(product not in made for product in products):
        return NOBODY_MAKES
    return NO_CAPACITY if certificate.best is None else OWN_CASH


def _needed(order: Order, certificate: Certificate) -> int | None:
    """The net price at which the certificate says a plan passes."""
    from domain.money import parse_minor

    for repair in certificate.repairs:
        kind, _, value = repair.change.partition("=")
        if kind == "price":
            return order.net_minor + parse_minor(value, order.currency)
    return None


def by_capability(orders: Sequence[UnmetOrder]) -> list[UnmetDemand]:
    """Unmet orders by product and month, the most units first."""
    found: dict[tuple[str, str, str, str], UnmetDemand] = {}
    for one in orders:
        name = "+".join(one.products)
        key = (name, one.on.strftime("%Y-%m"), one.reason, one.currency)
        group = found.setdefault(key, UnmetDemand(*key))
        group.orders += 1
        group.units += one.units
        group.offered_minor += one.pays_minor
        group.names.append(one.order)
        if one.needs_minor is not None:
            group.helped += 1
            group.short_minor += one.needs_minor - one.pays_minor
    return sorted(found.values(), key=lambda each: (-each.units, each.capability, each.month, each.reason))


def units_by_week(placed: Iterable[Placed], since: date, weeks: int) -> dict[str, list[float]]:
    """Units of each product that were asked for, week by week from ``since``; weeks without are zero."""
    found: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * weeks)
    for one in placed:
        week = (one.on - since).days // 7
        if 0 <= week < weeks:
            for line in one.order.lines:
                found[line.product][week] += float(line.quantity)
    return dict(found)


def asked_by_week(session: Session, weeks: int) -> dict[str, float]:
    """Units asked for in a week of each product, by TSB over the weeks up to the session's day."""
    since = session.on - timedelta(days=7 * weeks - 1)
    every = [placed for placed in list_orders(session.ledger) if placed.on <= session.on]
    return {name: teunter(series) for name, series in sorted(units_by_week(every, since, weeks).items())}
