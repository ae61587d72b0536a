"""The steps of booking another chain for an order under way: what both chains need stays booked throughout.

New slots are booked before those that nobody needs any more are given back, so that a refusal leaves what
there was.
"""

from collections.abc import Sequence

from domain.record_kinds import RecordKind
from flows.calls.asking import Steps
from flows.firms.connected import Firms
from flows.firms.operation import last_replacement
from flows.plans.needs import Need
from flows.slots.adopt import adopt_own
from flows.slots.attempt import Attempt
from flows.slots.outcomes import Job, Outcome, Reserved


class Swapping:
    """As ``Reserving``, for an order that has its slots and changes some of them."""

    def __init__(self, firms: Firms, job: Job, ledger_id: str) -> None:
        self._attempt = Attempt(firms, job, ledger_id)

    def steps(self) -> Steps[Outcome]:
        attempt = self._attempt
        attempt.reservation.begin((yield ()))
        stood = self._what_stood()
        booked = yield from attempt.book(_nothing_more)
        if booked is not None:
            yield from attempt.give_back_beside(booked)
            return self._note_swapped(booked)
        if not attempt.tried.refused:
            return attempt.tried.waiting()
        yield from attempt.giving_back.give_back(attempt.slots.beside(stood))
        return attempt.refused()

    def _what_stood(self) -> set[str]:
        """The legs that the order has, taken over from whoever reserved them."""
        self._attempt.asked.read()
        self._attempt.slots.resumed = True
        self._attempt.asked.adopt()
        adopt_own(self._attempt.slots)
        return set(self._attempt.slots.by_leg)

    def _note_swapped(self, needs: Sequence[Need]) -> Reserved:
        reservation = self._attempt.reservation
        number = last_replacement(reservation.transaction, reservation.name)
        body = self._attempt.booked_data(needs)
        reservation.record(RecordKind.SLOTS_REPLACED, reservation.name.replaced(number), body)
        return self._attempt.reserved(needs)


def _nothing_more(_needs: Sequence[Need]) -> Steps[None]:
    """What is held is not recorded as such: the order stays where it is."""
    yield from ()
