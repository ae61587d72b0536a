"""A chain dated: factory, ways and warehouse one after another, each as early as calendars and free
capacity allow after the booking.

The start date is the only freedom: whatever waits, waits before the booking, not between legs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil

from domain.network import LOGISTICS, Measure
from domain.plan import SlotNeed
from domain.terms import Event
from routing.chains.case import OrderCase
from routing.offers.offers import EVENT_INDEX, EVENTS, Offer, options_of, storage_price

LONGEST_WAIT = 90
"""Days a shipment waits for a departure with room before the chain counts as impossible."""
STORAGE = "storage"

BOOKING = EVENT_INDEX[Event.BOOKING]
ORDERED = EVENT_INDEX[Event.ORDER]
PRODUCTION_END = EVENT_INDEX[Event.PRODUCTION_END]
INSPECTION = EVENT_INDEX[Event.INSPECTION]
DEPARTURE = EVENT_INDEX[Event.DEPARTURE]
ARRIVAL = EVENT_INDEX[Event.ARRIVAL]
SERVICE_END = EVENT_INDEX[Event.SERVICE_END]
DELIVERY = EVENT_INDEX[Event.DELIVERY]
INVOICE = EVENT_INDEX[Event.INVOICE]
FUNDING = EVENT_INDEX[Event.FUNDING]
BUYER_PAYMENT = EVENT_INDEX[Event.BUYER_PAYMENT]
BEFORE_SHIPPING = frozenset({"production_end", "booking", "order", "inspection"})


@dataclass(frozen=True, slots=True)
class Combo:
    """Which offers, not yet when: the factory, the ways and the warehouse in order, the services."""

    factory: Offer
    path: tuple[Offer, ...]
    services: tuple[Offer, ...]
    key: tuple[str, ...] = ()


@dataclass(slots=True)
class ChainStep:
    """One leg with its first and last day."""

    offer: Offer
    starts: int
    ends: int
    leaves: int = 0


@dataclass(slots=True)
class Chain:
    """A combo with its dates; ``events`` has one day per event, funding and buyer payment still open."""

    combo: Combo
    booking: int
    steps: list[ChainStep]
    events: list[int]
    delivery: int = field(default=0)


class Dating:
    """Dates the legs of one case; remembers what is shared by many chains."""

    def __init__(self, case: OrderCase) -> None:
        self.case = case
        self._made: dict[tuple[int, int], int] = {}
        self._leaves: dict[tuple[str, int, int], int] = {}
        self._stored: dict[tuple[int, int], Offer] = {}
        self.late = False

    def production_end(self, offer: Offer, booking: int) -> int:
        """The last day of production; -1 when the factory cannot finish within a year."""
        key = (id(offer.made), booking)
        found = self._made.get(key)
        if found is None:
            runs = production_runs(offer)
            ends = [self._run_end(offer, resource, run, booking) for resource, run in runs.items()]
            found = self._made[key] = -1 if min(ends) < 0 else max(ends)
        return found

    def _run_end(self, offer: Offer, resource: str, run: "Run", booking: int) -> int:
        table = offer.table
        day = table.next_working(booking + run.lead)
        if not run.capacity:
            return day
        if self.case.availability is None:
            return table.add_working(day, -(-run.units // run.capacity) - 1) if run.units else day
        last = -1
        for on, _ in self.production_days(offer, resource, run, booking):
            last = on
        return last

    def production_days(self, offer: Offer, resource: str, run: "Run", booking: int) -> list[tuple[int, int]]:
        """Units made on each working day, as much as is free; empty when a year is not enough."""
        table = offer.table
        day = table.next_working(booking + run.lead)
        if not run.capacity:
            return [(day, run.units)]
        left, days, limit = run.units, [], day + 366
        while left > 0 and day < limit:
            free = self.case.free(offer.provider.id, resource, day, run.capacity)
            if free > 0:
                made = min(left, free)
                days.append((day, made))
                left -= made
            day = table.next_working(day + 1)
        return days if left <= 0 else []

    def departure(self, offer: Offer, ready: int) -> int:
        """The first day on or after ``ready`` on which the lane runs with room; -1 when none comes."""
        lane = offer.lane
        assert lane is not None
        key = (lane.id + offer.provider.id, offer.measure, ready)
        found = self._leaves.get(key)
        if found is None:
            found = self._leaves[key] = self._first_departure(offer, ready)
        return found

    def _first_departure(self, offer: Offer, ready: int) -> int:
        lane = offer.lane
        assert lane is not None
        capacity = lane.capacity_per_day
        if capacity and offer.measure > capacity:
            return -1
        day = ready
        while day - ready <= LONGEST_WAIT:
            day = offer.table.next_working(day)
            runs = not lane.departs_on or (day + 6) % 7 in lane.departs_on
            if runs and (
                not capacity or self.case.free(offer.provider.id, lane.id, day, capacity) >= offer.measure
            ):
                return day
            day += 1
        return -1

    def has_room(self, offer: Offer, arrives: int, until: int) -> bool:
        """Whether the warehouse has room for the whole order on every day up to ``until``."""
        store = offer.provider.storage
        assert store is not None
        units = self.case.pricing.units
        if not store.capacity:
            return True
        if units > store.capacity:
            return False
        if self.case.availability is None:
            return True
        return all(
            self.case.free(offer.provider.id, STORAGE, day, store.capacity) >= units
            for day in range(arrives, until + 1)
        )

    def stored(self, offer: Offer, days: int) -> Offer:
        """The warehouse's offer for goods that stay so many days."""
        key = (id(offer), days)
        found = self._stored.get(key)
        if found is None:
            found = self._stored[key] = storage_offer(self.case, offer, days)
        return found

    def service_end(self, offer: Offer, after: int) -> int:
        """The working day on which the service is done; one job fills one of its daily slots."""
        service = offer.provider.service
        assert service is not None
        day = offer.table.add_working(after, service.days)
        if service.capacity_per_day and self.case.availability is not None:
            limit = day + LONGEST_WAIT
            while self.case.free(offer.provider.id, offer.kind, day, service.capacity_per_day) < 1:
                day = offer.table.next_working(day + 1)
                if day > limit:
                    return -1
        return day

    def chain(self, combo: Combo, booking: int) -> Chain | None:
        """The combo booked on that day, or None when a leg cannot be had or the goods come too late."""
        self.late = False
        ended = self.production_end(combo.factory, booking)
        if ended < 0 or self._too_late(ended):
            return None
        days = {"order": self.case.ordered, "booking": booking, "production_end": ended}
        steps = [ChainStep(combo.factory, booking, ended)]
        early, late = self._by_shipping(combo.services) if combo.services else ([], [])
        if not self._serve_all(early, days, steps):
            return None
        ready = max(step.ends for step in steps) if early else ended
        moved = self._move(combo.path, ready, steps)
        if moved is None or self._too_late(moved[2]):
            return None
        days["departure"], days["arrival"], days["delivery"] = moved
        return self._dated(combo, booking, steps, days) if self._serve_all(late, days, steps) else None

    def _by_shipping(self, services: Sequence[Offer]) -> tuple[list[Offer], list[Offer]]:
        """Those for which the goods wait before they leave the works, and the others."""
        waits = [self._before_shipping(one, services) for one in services]
        early = [one for one, before in zip(services, waits, strict=True) if before]
        return early, [one for one, before in zip(services, waits, strict=True) if not before]

    def _serve_all(self, offers: list[Offer], days: dict[str, int], steps: list[ChainStep]) -> bool:
        """Add the offers' steps one after another; False when one cannot be had."""
        for offer in offers:
            step = self._serve(offer, days)
            if step is None:
                return False
            steps.append(step)
        return True

    def _too_late(self, day: int) -> bool:
        """Notes it: whoever books later arrives no earlier, so later start dates need not be tried."""
        self.late = self.case.due is not None and day > self.case.due
        return self.late

    def _before_shipping(self, offer: Offer, offers: Sequence[Offer]) -> bool:
        """Whether the goods wait for this service before they leave the works."""
        follows = offer.provider.service.after if offer.provider.service else ""
        kinds = {one.kind: one for one in offers}
        for _ in range(len(offers) + 1):
            if follows in kinds and kinds[follows] is not offer:
                service = kinds[follows].provider.service
                follows = service.after if service else ""
            else:
                break
        return follows in BEFORE_SHIPPING

    def _serve(self, offer: Offer, days: dict[str, int]) -> ChainStep | None:
        service = offer.provider.service
        assert service is not None
        start = days.get(service.after)
        if start is None:
            start = days.get("invoice", days.get("delivery", days["production_end"]))
        ends = self.service_end(offer, start)
        if ends < 0:
            return None
        days[offer.kind] = ends
        return ChainStep(offer, start, ends)

    def _move(
        self, path: tuple[Offer, ...], ready: int, steps: list[ChainStep]
    ) -> tuple[int, int, int] | None:
        """Departure from the works, arrival (at the warehouse where there is one) and delivery."""
        left = arrived = -1
        storing: ChainStep | None = None
        for offer in path:
            if offer.kind == LOGISTICS:
                day = self.departure(offer, ready)
                if day < 0 or not self._leave_store(storing, day, steps):
                    return None
                storing = None
                assert offer.lane is not None
                left = day if left < 0 else left
                steps.append(ChainStep(offer, day, day + offer.lane.transit_days))
                ready = day + offer.lane.transit_days
            else:
                assert offer.provider.storage is not None
                storing = ChainStep(offer, ready, ready, ready)
                arrived = ready
                ready += offer.provider.storage.dwell_days
        if not self._leave_store(storing, ready, steps):
            return None
        return (left if left >= 0 else ready, arrived if arrived >= 0 else ready, ready)

    def _leave_store(self, storing: ChainStep | None, day: int, steps: list[ChainStep]) -> bool:
        if storing is None:
            return True
        store = storing.offer.provider.storage
        assert store is not None
        stay = day - storing.starts
        storing.leaves = day
        storing.ends = storing.starts + max(stay, store.minimum_days)
        if not self.has_room(storing.offer, storing.starts, day):
            return False
        storing.offer = self.stored(storing.offer, stay)
        steps.append(storing)
        return True

    def _dated(self, combo: Combo, booking: int, steps: list[ChainStep], days: dict[str, int]) -> Chain:
        events = [0] * len(EVENTS)
        delivery = days["delivery"]
        events[ORDERED] = self.case.ordered
        events[BOOKING] = booking
        events[PRODUCTION_END] = days["production_end"]
        events[INSPECTION] = days.get("inspection", days["production_end"])
        events[DEPARTURE] = days["departure"]
        events[ARRIVAL] = days["arrival"]
        events[SERVICE_END] = events[DELIVERY] = delivery
        events[INVOICE] = delivery + self.case.policy.invoice_days
        return Chain(combo, booking, steps, events, delivery)


@dataclass(slots=True)
class Run:
    """What one production line makes for the order."""

    units: int
    capacity: int
    lead: int


def production_runs(offer: Offer) -> dict[str, Run]:
    """Units per production line; products on one line are made one after another, lines side by side."""
    runs: dict[str, Run] = {}
    for product, units in offer.made:
        resource = product.line or product.product
        run = runs.get(resource)
        if run is None:
            runs[resource] = Run(units, product.capacity_per_day, product.lead_days)
        else:
            run.units += units
            run.lead = max(run.lead, product.lead_days)
            run.capacity = min(run.capacity, product.capacity_per_day) or max(
                run.capacity, product.capacity_per_day
            )
    return runs


def storage_offer(case: OrderCase, plain: Offer, days: int) -> Offer:
    pricing = case.pricing
    provider = plain.provider
    price = storage_price(provider, pricing.quantity, days, pricing.scale_of(provider))
    option = next((one for one in options_of(provider) if (one.name if one else "") == plain.option), None)
    return pricing.offer(provider, STORAGE, price, option, plain.table)


def slots_of(dating: Dating, step: ChainStep, booking: int) -> list[SlotNeed]:
    """Every resource and day that the step needs held."""
    offer = step.offer
    name = offer.provider.id
    if offer.made:
        needs = []
        for resource, run in production_runs(offer).items():
            days = dating.production_days(offer, resource, run, booking)
            needs += [_need(name, resource, day, units, run.capacity) for day, units in days]
        return needs
    if offer.lane is not None:
        return [_need(name, offer.lane.id, step.starts, offer.measure, offer.lane.capacity_per_day)]
    if offer.provider.storage is not None:
        capacity = offer.provider.storage.capacity
        days_held = range(step.starts, max(step.leaves, step.starts) + 1)
        return [_need(name, STORAGE, day, dating.case.pricing.units, capacity) for day in days_held]
    service = offer.provider.service
    return [_need(name, offer.kind, step.ends, 1, service.capacity_per_day if service else 0)]


def _need(provider: str, resource: str, day: int, quantity: int, capacity: int) -> SlotNeed:
    return SlotNeed(provider, resource, date.fromordinal(day), quantity, capacity)


def measure_of(case: OrderCase, measure: Measure, factory: Offer) -> int:
    """Whole kilograms or units that a lane must carry."""
    return ceil(factory.kg) if measure is Measure.KG else case.pricing.units


def start_dates(case: OrderCase, offer: Offer) -> list[int]:
    """The factory's working days from the earliest booking, at most as many as the policy looks at."""
    last = case.due if case.due is not None else case.earliest + case.policy.horizon_days
    days: list[int] = []
    day = offer.table.next_working(case.earliest)
    while day <= last and len(days) < case.policy.start_dates:
        days.append(day)
        day = offer.table.next_working(day + 1)
    return days
