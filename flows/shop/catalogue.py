"""What a firm offers to others out of its own network file: its resources, and what each costs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.money import CURRENCY_EXPONENTS, exponent_of, round_minor
from domain.network import FactoryProduct, Lane, Lender, Network, Provider, Service, Storage
from domain.slots import CREDIT, CREDIT_PERIOD, credit_resource, slot_resource
from flows.firms.resources import STORAGE, resources, works_on
from providers.protocol import Capabilities, HoldKind, Idempotency, SlotRequest
from providers.terms import fees_of

UNLIMITED = 10**15
"""The capacity that an unlimited resource has in the calendar, so that its bookings are on record too."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One resource that others may reserve, of whom, and how much there is a day."""

    resource: str
    name: str
    provider: Provider
    capacity: int

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(HoldKind.FIRM, Idempotency.KEY, cancel_fees=fees_of(self.provider.settings))


class Catalogue:
    """The resources of every ``catalog`` provider of a network, and the limits of its ``catalog`` lenders."""

    def __init__(self, network: Network) -> None:
        self.network = network
        limited = {(one.provider, one.name): one.capacity for one in resources(network)}
        self._offered: dict[str, Offered] = {}
        for provider in network.providers:
            if provider.adapter == "catalog":
                for name in _names(provider):
                    resource = slot_resource(provider.id, name)
                    capacity = limited.get((provider.id, name), UNLIMITED)
                    self._offered[resource] = Offered(resource, name, provider, capacity)
        for lender in network.lenders:
            if lender.adapter == "catalog" and lender.limit_minor is not None:
                line = credit_resource(lender.id)
                self._offered[line] = Offered(line, CREDIT, _credit_firm(lender), lender.limit_minor)

    def offers(self) -> list[Offered]:
        return list(self._offered.values())

    def find(self, resource: str) -> Offered | None:
        return self._offered.get(resource)

    def is_open(self, offered: Offered, period: str) -> bool:
        """Whether the resource can be had in that period: a working day, or a credit line's one period."""
        if offered.name == CREDIT or period == CREDIT_PERIOD:
            return offered.name == CREDIT and period == CREDIT_PERIOD
        day = date.fromisoformat(period)
        return works_on(self.network, offered.provider, offered.name, day)

    def price_minor(self, request: SlotRequest) -> int | None:
        """The list price of what is asked, net, in minor units; None when it is not in the catalogue,
        or not in that currency."""
        if request.currency not in CURRENCY_EXPONENTS:
            return None
        quantities: dict[str, list[int]] = defaultdict(list)
        for line in request.lines:
            quantities[line.resource].append(line.quantity)
        total = Fraction(0)
        for resource, each in quantities.items():
            offered = self.find(resource)
            if offered is None or offered.provider.currency not in {"", request.currency}:
                return None
            total += _price(offered, each, 10 ** exponent_of(request.currency))
        return round_minor(total)


def _credit_firm(lender: Lender) -> Provider:
    """A lender as others reserve its limit: the limit is in its currency and costs nothing to hold."""
    return Provider(
        lender.id,
        lender.name,
        CREDIT,
        country=lender.country,
        currency=lender.currency,
        settings=lender.settings,
    )


def _names(provider: Provider) -> list[str]:
    """How the planner names the provider's resources."""
    names = [product.line or product.product for product in provider.products]
    names += [lane.id for lane in provider.lanes]
    if provider.storage is not None:
        names.append(STORAGE)
    if provider.service is not None:
        names.append(provider.kind)
    return list(dict.fromkeys(names))


def _price(offered: Offered, quantities: list[int], scale: int) -> Fraction:
    """In minor units; a line shared by several products is priced at its cheapest."""
    provider, total = offered.provider, sum(quantities)
    lanes = {lane.id: lane for lane in provider.lanes}
    if offered.name in lanes:
        return _lane_price(lanes[offered.name], total, scale)
    if offered.name == STORAGE and provider.storage is not None:
        return _storage_price(provider.storage, quantities, scale)
    made = [one for one in provider.products if (one.line or one.product) == offered.name]
    if made:
        return min(_product_price(product, total, scale) for product in made)
    return _service_price(provider.service, scale) if provider.service else Fraction(0)


def _product_price(product: FactoryProduct, quantity: int, scale: int) -> Fraction:
    unit = product.unit_price
    for step in sorted(product.breaks, key=lambda one: one.from_quantity):
        if quantity >= step.from_quantity:
            unit = step.unit_price
    return Fraction(unit) * quantity * scale + product.set_up_minor


def _lane_price(lane: Lane, measure: int, scale: int) -> Fraction:
    chosen = [band for band in lane.bands if band.from_measure <= measure]
    if not chosen:
        return Fraction(lane.minimum_minor)
    band = max(chosen, key=lambda one: one.from_measure)
    price = Fraction(band.rate) * measure * scale + band.fixed_minor
    return max(price, Fraction(band.minimum_minor), Fraction(lane.minimum_minor))


def _storage_price(storage: Storage, quantities: list[int], scale: int) -> Fraction:
    days = max(len(quantities), storage.minimum_days)
    units = max(quantities)
    rate: Decimal = storage.per_unit_day * days + storage.handling_per_unit
    return Fraction(rate) * units * scale + storage.fixed_minor


def _service_price(service: Service, scale: int) -> Fraction:
    return Fraction(service.per_unit) * scale + service.fixed_minor


def catalogue_data(catalogue: Catalogue) -> Mapping[str, object]:
    """The catalogue as JSON data for other firms."""
    rows = [
        {
            "resource": one.resource,
            "provider": one.provider.id,
            "name": one.provider.name,
            "kind": one.provider.kind,
            "place": one.provider.place,
            "currency": one.provider.currency,
            "capacity_per_day": str(one.capacity),
        }
        for one in catalogue.offers()
    ]
    return {"schema": "net.catalogue/1", "name": catalogue.network.name, "offers": rows}
