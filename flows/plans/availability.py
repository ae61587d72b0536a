"""What is still free, asked of the ledger: the planner's view of the slot calendar and the credit lines.

A day that nobody has asked for yet has no slot in the calendar, and so has all of its capacity.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from domain.plan import Plan
from domain.slots import CREDIT_PERIOD, credit_resource, slot_resource
from ledger.book.reading import Reading


class LedgerAvailability:
    """Answers by primary key, each asked once; as of the moment of the first question.

    ``claim`` takes off what a plan not yet reserved would use, so that the plans of one group of orders
    do not all count on the same slot.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._used: dict[tuple[str, str], int] = {}
        self._claimed: defaultdict[tuple[str, str], int] = defaultdict(int)

    def free_units(self, provider: str, resource: str, day: date, capacity: int) -> int:
        if not capacity:
            return 0
        return self._free(slot_resource(provider, resource), day.isoformat(), capacity)

    def free_credit(self, group: str, limit_minor: int) -> int:
        return self._free(credit_resource(group), CREDIT_PERIOD, limit_minor)

    def version(self) -> str:
        """The number of the ledger's newest record: nothing is used or freed without one."""
        return str(self._reading.size())

    def _free(self, resource: str, period: str, capacity: int) -> int:
        place = (resource, period)
        used = self._used.get(place)
        if used is None:
            found = self._reading.capacity(resource, period)
            used = self._used[place] = found[1] if found else 0
        return max(0, capacity - used - self._claimed.get(place, 0))

    def claim(self, lines: Iterable[tuple[str, str, int]]) -> None:
        """Count these (resource, period, quantity) as used."""
        for resource, period, quantity in lines:
            self._claimed[resource, period] += quantity


def slot_lines(plan: Plan) -> list[tuple[str, str, int]]:
    """What the plan's legs would use of slots that are counted."""
    return [
        (slot_resource(slot.provider, slot.resource), slot.day.isoformat(), slot.quantity)
        for leg in plan.legs
        for slot in leg.slots
        if slot.capacity
    ]
