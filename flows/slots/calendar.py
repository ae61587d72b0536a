"""Who holds which slot, and what is still free on which day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.network import Network
from domain.slots import CREDIT_PERIOD, slot_resource
from flows.firms.resources import Resource, resources, works_on
from flows.orders.find import currency_of_order
from ledger.book.reading import Reading
from ledger.record.records import Hold


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


def held_slots(reading: Reading, order: str | None = None, *, live: bool = True) -> Iterator[HeldSlot]:
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


def _status(hold: Hold) -> str:
    if hold.ending is None:
        return "held"
    if hold.ending == "confirmed":
        return hold.booking_ending or "booked"
    return hold.ending


@dataclass(frozen=True, slots=True)
class FreeDays:
    """What is free of one resource on each day asked for; None where the firm does not work."""

    resource: Resource
    free: tuple[int | None, ...]


def calendar(
    reading: Reading, network: Network, since: date, days: int, provider: str | None = None
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
