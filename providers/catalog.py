"""A firm whose slots are kept in our own ledger's calendar: holding and recording are one commit.

A resource without a capacity is unlimited: there is nothing to count, so nothing is written for it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.errors import RefusedError, StateError, UsageError
from domain.ports import HoldLine, NotFree, SlotCalendar
from providers.protocol import (
    Answer,
    Booked,
    Call,
    Capabilities,
    Declined,
    Held,
    HoldKind,
    Idempotency,
    Quoted,
    Released,
    Services,
    SlotLine,
)
from providers.terms import cancel_fee_minor, fees_of

QUOTE_DAYS = 1
UNCOUNTED = ""
"""The reference where nothing is scarce: there is no hold in the calendar behind it."""


class Catalog:
    def __init__(self, settings: Mapping[str, Any], services: Services) -> None:
        self._services = services
        self.capabilities = Capabilities(
            HoldKind.FIRM, Idempotency.KEY, cancel_fees=fees_of(settings), in_ledger=True
        )

    @property
    def _calendar(self) -> SlotCalendar:
        calendar: SlotCalendar | None = self._services.calendar
        if calendar is None:
            raise UsageError("a catalog firm can only be asked inside a transaction of the ledger")
        return calendar

    def quote(self, call: Call) -> Answer:
        for line in call.request.lines:
            free = self._free(line)
            if free < line.quantity:
                return _too_few(line.resource, line.period, line.quantity, free)
        until = self._services.clock() + timedelta(days=QUOTE_DAYS)
        return Quoted(call.request.price_minor, call.request.currency, until)

    def _free(self, line: SlotLine) -> int:
        """What is left; a period that nobody asked for yet has all its capacity."""
        if not line.capacity:
            return line.quantity
        self._calendar.open_capacity(line.resource, line.period, line.capacity)
        return self._calendar.free(line.resource, [line.period])[line.period]

    def hold(self, call: Call) -> Answer:
        counted = [line for line in call.request.lines if line.capacity]
        if not counted:
            return Held(UNCOUNTED, call.expires_at, call.request.price_minor, call.request.currency)
        calendar = self._calendar
        try:
            calendar.open_capacities((line.resource, line.period, line.capacity) for line in counted)
        except RefusedError as problem:
            return Declined("no_capacity", problem.message)
        lines = [HoldLine(line.resource, line.period, line.quantity) for line in counted]
        answer = calendar.hold(call.key, call.request.order, lines, call.expires_at)
        if isinstance(answer, NotFree):
            return _too_few(answer.resource, answer.period, answer.wanted, answer.free)
        return Held(call.key, call.expires_at, call.request.price_minor, call.request.currency)

    def confirm(self, call: Call) -> Answer:
        booked = Booked(call.reference, call.request.price_minor, call.request.currency)
        if call.reference == UNCOUNTED:
            return booked
        try:
            self._calendar.confirm_hold(call.reference)
        except StateError as problem:
            return Declined("expired", problem.message)
        return booked

    def release(self, call: Call) -> Answer:
        if call.reference != UNCOUNTED:
            self._calendar.release_hold(call.reference)
        return Released(self._fee(call, "held"), call.request.currency)

    def cancel(self, call: Call) -> Answer:
        if call.reference != UNCOUNTED:
            self._calendar.end_booking(call.reference, "cancelled")
        return Released(self._fee(call, "booked"), call.request.currency)

    def _fee(self, call: Call, state: str) -> int:
        return cancel_fee_minor(self.capabilities, state, call.request.price_minor)

    def status(self, call: Call) -> Answer:
        """Nothing is ever in doubt here: the effect and its record are one commit."""
        return Released(0, call.request.currency)


def _too_few(resource: str, period: str, wanted: int, free: int) -> Declined:
    code = "no_credit" if resource.startswith("credit:") else "no_capacity"
    return Declined(code, f"{free} of {resource} left on {period}, {wanted} wanted")


def connect(_name: str, settings: Mapping[str, Any], services: Services) -> Catalog:
    return Catalog(settings, services)
