"""Plan after plan held, tested again and confirmed, until everything of one is booked."""

from collections.abc import Callable, Sequence
from typing import Any

from flows.calls.asking import Steps
from flows.firms.connected import Firms
from flows.plans.needs import Need
from flows.slots.adopt import AskedNeeds
from flows.slots.confirm import ConfirmingSlots
from flows.slots.give_back import GivingBack
from flows.slots.hold import HoldingSlots
from flows.slots.kept import KeptSlots, leg_row
from flows.slots.outcomes import Job, Refused, Reserved, read_leg
from flows.slots.plan_tried import PlanTried, retest
from flows.slots.reservation import Reservation

BeforeConfirming = Callable[[Sequence[Need]], Steps[None]]
"""What is done once everything of the plan is held, before any of it is confirmed."""


class Attempt:
    """One job's reservation: what is kept, what was asked, what giving back costs, and the plan in hand."""

    def __init__(self, firms: Firms, job: Job, ledger_id: str) -> None:
        self.reservation = Reservation(firms, ledger_id, job.order, job.on, job.hold_for)
        self.slots = KeptSlots(self.reservation)
        self.asked = AskedNeeds(self.reservation, self.slots)
        self.giving_back = GivingBack(self.slots)
        self.tried = PlanTried(self.reservation, job)
        self._holding = HoldingSlots(self.reservation, self.slots, self.asked, self.giving_back, self.tried)
        self._confirming = ConfirmingSlots(self.reservation, self.slots, self.tried)

    def book(self, before_confirming: BeforeConfirming) -> Steps[Sequence[Need] | None]:
        """The needs that are booked; None when a firm declined and no plan follows (``tried.refused``), or
        when an answer is missing."""
        while True:
            needs = self.tried.needs()
            yield from self._try(needs, before_confirming)
            if not self.tried.stopped:
                return needs
            if self.tried.refused:
                if not self.tried.follow(tuple(self.slots.by_leg)):
                    return None
            elif not self.tried.repriced:
                return None

    def _try(self, needs: Sequence[Need], before_confirming: BeforeConfirming) -> Steps[None]:
        """Hold, test again, confirm; stops at a no, at another price, and where an answer is missing."""
        self.tried.begin()
        for need in needs:
            if need.leg in self.slots.by_leg:
                self.slots.by_leg[need.leg].need = need
        yield from self._holding.hold_all(needs)
        retest(self.tried, self.slots)
        if self.tried.stopped:
            return
        yield from before_confirming(needs)
        yield from self._confirming.confirm_all([self.slots.by_leg[need.leg] for need in needs])

    def give_back_beside(self, needs: Sequence[Need]) -> Steps[None]:
        """Give back whatever these needs do not want."""
        yield from self.giving_back.give_back(self.slots.beside({need.leg for need in needs}))

    def rows(self, needs: Sequence[Need]) -> list[dict[str, Any]]:
        return [leg_row(self.slots.by_leg[need.leg]) for need in needs]

    def booked_data(self, needs: Sequence[Need]) -> dict[str, Any]:
        """What is recorded of everything booked."""
        return {
            "legs": self.rows(needs),
            "notes": self.tried.notes,
            "cost_minor": self.giving_back.cost_data(),
            "left": list(self.giving_back.left),
        }

    def reserved(self, needs: Sequence[Need]) -> Reserved:
        legs = tuple(read_leg(row) for row in self.rows(needs))
        cost = dict(self.giving_back.cost)
        return Reserved(self.reservation.order, self.tried.plan, legs, tuple(self.tried.notes), cost)

    def refused(self) -> Refused:
        giving_back, tried = self.giving_back, self.tried
        return Refused(
            self.reservation.order,
            tuple(tried.refusals),
            dict(giving_back.cost),
            tuple(giving_back.left),
            tuple(tried.notes),
        )
