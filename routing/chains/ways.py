"""From a factory to the buyer: which lanes and which warehouse may follow, with the least still to come.

``WayMap`` holds, for every place, what the rest of the way costs at least, so that a partial chain can be
bounded before it is finished. Days on the way cost money too: each is weighed at ``per_day``.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from domain.network import ANYWHERE, Lane, Provider
from routing.chains.case import OrderCase, arrives
from routing.chains.chains import STORAGE, measure_of
from routing.offers.exchange import CurrencyError
from routing.offers.offers import Offer, lane_price, options_of, storage_price

HOPS = 1
"""Lanes that may follow one another without a warehouse between: goods change lanes in a warehouse."""
NOWHERE = 10**30


@dataclass(slots=True)
class Edge:
    """One lane or one stay in a warehouse: what it costs at least, its fewest days, where it ends."""

    offer: Offer
    to: str
    days: int
    stored: bool


@dataclass(slots=True)
class WayMap:
    """Edges by place for one weight of goods, and the least cost to the buyer from each place."""

    case: OrderCase
    factory: Offer
    edges: dict[str, list[Edge]] = field(default_factory=dict)
    _left: dict[tuple[str, bool, int, int], int] = field(default_factory=dict)

    def out_of(self, place: str) -> list[Edge]:
        found = self.edges.get(place)
        if found is None:
            found = self.edges[place] = self._edges(place)
        return found

    def _edges(self, place: str) -> list[Edge]:
        edges = []
        for provider in self.case.index.warehouses.get(place, []):
            edges += self._stays(provider)
        for provider, lane in self.case.index.lanes.get(place, []):
            edges += self._rides(provider, lane)
        return edges

    def _stays(self, provider: Provider) -> list[Edge]:
        store = provider.storage
        assert store is not None
        pricing = self.case.pricing
        if store.capacity and pricing.units > store.capacity:
            self.case.refuse(provider.id, f"holds {store.capacity} units, the order is {pricing.units}")
            return []
        price = storage_price(provider, pricing.quantity, store.dwell_days, pricing.scale_of(provider))
        offers = self._offers(provider, STORAGE, price)
        return [Edge(offer, provider.place, store.dwell_days, True) for offer in offers]

    def _rides(self, provider: Provider, lane: Lane) -> list[Edge]:
        pricing = self.case.pricing
        measure = measure_of(self.case, lane.measure, self.factory)
        exact = self.factory.kg if lane.measure.value == "kg" else pricing.quantity
        if lane.capacity_per_day and measure > lane.capacity_per_day:
            self.case.refuse(
                f"{provider.id}/{lane.id}",
                f"carries {lane.capacity_per_day} {lane.measure.value}, the order is {measure}",
            )
            return []
        price = lane_price(lane, exact, pricing.scale_of(provider))
        edges = []
        for offer in self._offers(provider, lane.id, price):
            offer.lane, offer.measure = lane, measure
            edges.append(Edge(offer, lane.destination, lane.transit_days, False))
        return edges

    def _offers(self, provider: Provider, item: str, price: Fraction) -> list[Offer]:
        table = self.case.index.table(provider, self.case.network)
        try:
            return [
                self.case.pricing.offer(provider, item, price, option, table)
                for option in options_of(provider)
            ]
        except CurrencyError as error:
            self.case.refuse(provider.id, str(error))
            return []

    def next_edges(self, place: str, stored: bool, hops: int) -> list[Edge]:
        """What may come next: one warehouse in all, so many lanes between; nothing once ``*`` is reached."""
        if place == ANYWHERE:
            return []
        edges = self.out_of(place)
        return [edge for edge in edges if (not stored if edge.stored else hops < HOPS and edge.to != place)]

    def left(self, place: str, stored: bool, hops: int, per_day: int) -> int:
        """The least that the rest of the way costs, days included; NOWHERE when there is no way."""
        key = (place, stored, hops, per_day)
        found = self._left.get(key)
        if found is None:
            found = 0 if arrives(self.case, place) else NOWHERE
            # ways of at most 2 x HOPS lanes and one warehouse end, so this does too
            for edge in self.next_edges(place, stored, hops):
                rest = self.left(edge.to, stored or edge.stored, 0 if edge.stored else hops + 1, per_day)
                found = min(found, edge.offer.weight + edge.days * per_day + rest)
            self._left[key] = found
        return found

    def fewest_days(self, place: str) -> int:
        """The fewest days to the buyer whatever they cost; NOWHERE when there is no way."""
        return _fewest(self, place, False, 0, {})

    def ways(self, place: str, stored: bool = False, hops: int = 0) -> int:
        """How many ways there are to the buyer."""
        return _ways(self, place, stored, hops, {})


def _fewest(
    ways: WayMap, place: str, stored: bool, hops: int, known: dict[tuple[str, bool, int], int]
) -> int:
    key = (place, stored, hops)
    if key not in known:
        found = 0 if arrives(ways.case, place) else NOWHERE
        for edge in ways.next_edges(place, stored, hops):
            rest = _fewest(ways, edge.to, stored or edge.stored, 0 if edge.stored else hops + 1, known)
            found = min(found, edge.days + rest)
        known[key] = found
    return known[key]


def _ways(ways: WayMap, place: str, stored: bool, hops: int, known: dict[tuple[str, bool, int], int]) -> int:
    key = (place, stored, hops)
    if key not in known:
        count = 1 if arrives(ways.case, place) else 0
        for edge in ways.next_edges(place, stored, hops):
            count += _ways(ways, edge.to, stored or edge.stored, 0 if edge.stored else hops + 1, known)
        known[key] = count
    return known[key]
