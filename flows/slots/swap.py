"""The steps of booking another chain for an order under way: what both chains need stays booked throughout.

New slots are booked before those that nobody needs any more are given back, so that a refusal leaves what
there was.
"""

from collections.abc import Sequence
from typing import Any

from domain.posting import Entry
from domain.record_kinds import RecordKind
from flows.calls.asking import Steps
from flows.firms.operation import last_replacement
from flows.plans.needs import Need, needs_of
from flows.slots.kept import Asking
from flows.slots.outcomes import Outcome, Refused, Reserved, read_reserved_leg
from flows.slots.steps import Reserving


class Swapping(Reserving):
    """``Reserving`` for an order that has its slots and changes some of them."""

    def steps(self) -> Steps[Outcome]:
        self.turn = yield ()
        self.find_number()
        self.read_asked()
        self.resumed = True
        self.adopt_asked()
        self.adopt_own()
        stood = set(self.kept)
        while True:
            needs = needs_of(self.plan, self.firms.network)
            yield from self._attempt(needs)
            if not self._stopped:
                break
            if self._refused:
                following = self.job.next_plan(self.plan, tuple(self.refusals), tuple(self.kept))
                if following is None:
                    yield from self.give_back([leg for leg in self.kept if leg not in stood])
                    return self._refused_outcome()
                self._change_plan(following, self._declined_text())
            elif not self._replanned:
                return self._wait()
        wanted = {need.leg for need in needs}
        yield from self.give_back([leg for leg in self.kept if leg not in wanted])
        return self._note_swapped(needs)

    def _attempt(self, needs: Sequence[Need]) -> Asking:
        self.waits, self._replanned = [], False
        for need in needs:
            if need.leg in self.kept:
                self.kept[need.leg].need = need
        yield from self._hold_all(needs)
        self._retest()
        if not self._stopped:
            yield from self._confirm_all([self.kept[need.leg] for need in needs])

    def _refused_outcome(self) -> Refused:
        return Refused(
            self.order, tuple(self.refusals), dict(self.cost), tuple(self.left), tuple(self._notes())
        )

    def _note_swapped(self, needs: Sequence[Need]) -> Reserved:
        rows = self.rows(needs)
        body: dict[str, Any] = {
            "legs": rows,
            "notes": self._notes(),
            "cost_minor": self.cost_data(),
            "left": list(self.left),
        }
        key = self.reservation.replaced(last_replacement(self.transaction, self.reservation))
        self.transaction.append(Entry(RecordKind.SLOTS_REPLACED, key, self.on, self.order, body))
        legs = tuple(read_reserved_leg(row) for row in rows)
        return Reserved(self.order, self.plan, legs, tuple(self._notes()), dict(self.cost))
