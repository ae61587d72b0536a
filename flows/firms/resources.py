"""What can run out at a firm: its slots by product and day, its storage, its credit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.dates import BusinessCalendar
from domain.network import Network, Provider

STORAGE = "storage"


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


def works_on(network: Network, provider: Provider, name: str, day: date) -> bool:
    """Whether anything starts at the firm on that day: goods in store stay there on every day."""
    if name == STORAGE:
        return True
    lane = next((lane for lane in provider.lanes if lane.id == name), None)
    if lane is not None and lane.departs_on:
        return day.weekday() in lane.departs_on and day not in provider.closures
    business = network.calendars.get(provider.country or network.country) or BusinessCalendar()
    return (provider.works_every_day or business.is_business_day(day)) and day not in provider.closures
