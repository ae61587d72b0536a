"""Who holds which slot, and what is still free on which day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from domain.dates import BusinessCalendar
from domain.network import Network, Provider
from domain.slots import CREDIT_PERIOD, slot_resource

if TYPE_CHECKING:
    from ledger.book.reading import Reading
    from ledger.record.records import Hold

STORAGE = "storage"


@dataclass(frozen=True, slots=True)
class HeldSlot:
    """One line of a hold or a booking; ``status`` is held, booked, used, or how it ended."""

    order: str
    resource: str
    period: str
    quantity: int
    status: str
    until: datetime | None = None
    currency: str = ""
    """Of a line of credit, whose quantity is minor units; empty for slots of goods."""


def held_slots(reading: "Reading", order: str | None = None, *, live: bool = True) -> Iterator[HeldSlot]:
    """Every line held or booked, oldest first; credit lines too, in minor units."""
    currencies: dict[str, str] = {}
    for hold in reading.holds(order, live=live):
        status = _status(hold)
        until = hold.expires_at if status == "held" else None
        for line in hold.lines:
            currency = ""
            if line.period == CREDIT_PERIOD:
                currency = currencies.get(hold.order) or currency_of_order(reading, hold.order)
                currencies[hold.order] = currency
            yield HeldSlot(hold.order, line.resource, line.period, line.quantity, status, until, currency)


def currency_of_order(reading: "Reading", order: str) -> str:
    """The order's currency; empty for an order of another firm's ledger."""
    from flows.orders.place import read_order

    known = read_order(reading, order)
    return known.order.currency if known is not None else ""


def _status(hold: "Hold") -> str:
    if hold.ending is None:
        return "held"
    if hold.ending == "confirmed":
        return hold.booking_ending or "booked"
    return hold.ending


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing of a provider that can run out; ``capacity`` a day, never 0."""

    provider: str
    name: str
    kind: str
    capacity: int


def resources(network: Network, provider: str | None = None) -> list[Resource]:
    """Everything that can run out, in the order of the network file; what is unlimited is left out."""
    chosen = [one for one in network.providers if provider in (None, one.id)]
    return [resource for one in chosen for resource in _of_provider(one) if resource.capacity]


def _of_provider(provider: Provider) -> Iterator[Resource]:
    lines: dict[str, int] = {}
    for product in provider.products:
        line = product.line or product.product
        limits = [cap for cap in (lines.get(line, 0), product.capacity_per_day) if cap]
        lines[line] = min(limits, default=0)
    for line, capacity in lines.items():
        yield Resource(provider.id, line, provider.kind, capacity)
    for lane in provider.lanes:
        yield Resource(provider.id, lane.id, provider.kind, lane.capacity_per_day)
    if provider.storage is not None:
        yield Resource(provider.id, STORAGE, provider.kind, provider.storage.capacity)
    if provider.service is not None:
        yield Resource(provider.id, provider.kind, provider.kind, provider.service.capacity_per_day)


@dataclass(frozen=True, slots=True)
class FreeDays:
    """What is free of one resource on each day asked for; None where the firm does not work."""

    resource: Resource
    free: tuple[int | None, ...]


def works_on(network: Network, provider: Provider, name: str, day: date) -> bool:
    """Whether anything starts at the firm on that day: goods in store stay there on every day."""
    if name == STORAGE:
        return True
    lane = next((lane for lane in provider.lanes if lane.id == name), None)
    if lane is not None and lane.departs_on:
        return day.weekday() in lane.departs_on and day not in provider.closures
    business = network.calendars.get(provider.country or network.country) or BusinessCalendar()
    return (provider.works_every_day or business.is_business_day(day)) and day not in provider.closures


def calendar(
    reading: "Reading", network: Network, since: date, days: int, provider: str | None = None
) -> tuple[Sequence[date], list[FreeDays]]:
    """The days, and for each resource what is free on each of them."""
    wanted = [since + timedelta(days=ahead) for ahead in range(days)]
    found = []
    for resource in resources(network, provider):
        name = slot_resource(resource.provider, resource.name)
        span = reading.slots(name, wanted[0].isoformat(), wanted[-1].isoformat())
        used = {period: taken for _, period, _, taken in span}
        firm = network.provider(resource.provider)
        free = tuple(
            max(0, resource.capacity - used.get(day.isoformat(), 0))
            if firm is not None and works_on(network, firm, resource.name, day)
            else None
            for day in wanted
        )
        found.append(FreeDays(resource, free))
    return wanted, found
