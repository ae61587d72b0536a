"""The steps of reserving one order; ``flows/slots/reserve.py`` says what they come to and starts them."""

from collections.abc import Sequence
from typing import Any

from domain.record_kinds import RecordKind
from domain.states import OrderState, require_move
from flows.calls.asking import Steps
from flows.firms.connected import Firms
from flows.plans.needs import Need
from flows.plans.newest import newest_plan
from flows.plans.recorded_plan import record_plan
from flows.slots.attempt import Attempt
from flows.slots.outcomes import Job, Outcome, Refused, Reserved, read_reserved, refusal_data


class Reserving:
    """The whole way of one order, as steps."""

    def __init__(self, firms: Firms, job: Job, ledger_id: str) -> None:
        self._attempt = Attempt(firms, job, ledger_id)
        self._reservation = self._attempt.reservation

    def steps(self) -> Steps[Outcome]:
        attempt = self._attempt
        self._reservation.begin((yield ()))
        done = self._begin()
        if done is not None:
            return done
        booked = yield from attempt.book(self._before_confirming)
        if booked is not None:
            return self._note_reserved(booked)
        if not attempt.tried.refused:
            return attempt.tried.waiting()
        attempt.asked.adopt()
        yield from attempt.giving_back.give_back(list(attempt.slots.by_leg))
        if attempt.asked.sets:
            attempt.giving_back.give_up_open("the order was not reserved")
        return self._note_refused()

    def _begin(self) -> Outcome | None:
        """Find where an interrupted reservation stood; Reserved when it is done already."""
        tried, order = self._attempt.tried, self._reservation.order
        tried.read()
        state = self._state() or OrderState.PLANNED
        if state is OrderState.RESERVED:
            record = self._reservation.transaction.record_by_key(self._reservation.name.reserved)
            if record is not None:
                plan = newest_plan(self._reservation.transaction, order) if tried.changes else None
                return read_reserved(order, plan or tried.job.plan, record.body)
        if state is not OrderState.HELD:
            require_move(order, state, OrderState.HELD)
        self._attempt.asked.read()
        return None

    def _state(self) -> OrderState | None:
        state = self._reservation.transaction.order_state(self._reservation.order)
        return OrderState(state) if state else None

    def _before_confirming(self, needs: Sequence[Need]) -> Steps[None]:
        """Nothing but what the plan needs is kept from here on, and that is recorded as held."""
        if self._attempt.slots.resumed:
            self._attempt.asked.adopt()
        yield from self._attempt.give_back_beside(needs)
        if self._state() is OrderState.HELD:
            return
        body = {
            "state": OrderState.HELD.value,
            "legs": self._attempt.rows(needs),
            "notes": self._attempt.tried.notes,
        }
        self._reservation.record(RecordKind.SLOTS_HELD, self._reservation.name.held, body)

    def _note_reserved(self, needs: Sequence[Need]) -> Reserved:
        attempt, reservation = self._attempt, self._reservation
        if attempt.asked.sets:
            attempt.giving_back.give_up_open("another firm was reserved instead")
        if attempt.tried.changes:
            record_plan(reservation.transaction, reservation.order, attempt.tried.plan, reservation.on)
        body = {"state": OrderState.RESERVED.value, **attempt.booked_data(needs)}
        reservation.record(RecordKind.SLOTS_RESERVED, reservation.name.reserved, body)
        return attempt.reserved(needs)

    def _note_refused(self) -> Refused:
        giving_back, tried = self._attempt.giving_back, self._attempt.tried
        body: dict[str, Any] = {
            "refusals": [refusal_data(refusal) for refusal in tried.refusals],
            "cost_minor": giving_back.cost_data(),
            "left": list(giving_back.left),
        }
        if self._state() is OrderState.HELD:
            body["state"] = OrderState.PLANNED.value
        self._reservation.record(RecordKind.SLOTS_REFUSED, self._reservation.name.ended, body)
        return self._attempt.refused()
