"""Bookings that a firm takes back: what is recorded of it, and what it means for the order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from domain.states import ENDED, OrderState
from finance.agreed.facts import FactKind
from flows.firms.operation import HoldName, Operation, ReservationName
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from providers.protocol import Declined


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A firm took back what it had held or booked for a leg of the order."""

    order: str
    firm: str
    leg: str
    reason: str
    on: date


def note_withdrawal(
    transaction: Transaction, on: date, operation: str, order: str, firm: str, said: Declined
) -> bool:
    """Record it, once; whether it is new."""
    hold = Operation.parse(operation).hold
    if was_withdrawn(transaction, hold):
        return False
    body = {"operation": operation, "firm": firm, "leg": hold.leg, "reason": said.reason}
    transaction.append(Entry(RecordKind.FIRM_WITHDREW, RecordKey.withdrew(str(hold)), on, order, body))
    return True


def was_withdrawn(reading: Reading, hold: HoldName) -> bool:
    """Whether the firm took back what was asked for under that name."""
    return reading.record_by_key(RecordKey.withdrew(str(hold))) is not None


def open_withdrawals(reading: Reading, order: str) -> list[Withdrawal]:
    """What firms took back of an order that still counts on it; empty once it was given back, called off, or
    the firm's failure is recorded."""
    state = reading.order_state(order)
    if state is None or OrderState(state) in ENDED:
        return []
    failed: set[str] = set()
    found: list[tuple[ReservationName, Withdrawal]] = []
    for record in reading.records(order=order):
        if record.kind == RecordKind.FIRM_WITHDREW:
            body = record.body
            reservation = Operation.parse(body["operation"]).reservation
            one = Withdrawal(order, body["firm"], body["leg"], body["reason"], record.on)
            found.append((reservation, one))
        elif record.kind == FactKind.PROVIDER_FAILED.value:
            failed.add(str(record.body["fact"]["data"].get("booking", "")).partition("#")[0])
    return [
        one
        for reservation, one in found
        if one.firm not in failed and reading.record_by_key(reservation.ended) is None
    ]


def told(withdrawals: list[Withdrawal]) -> Iterator[str]:
    """For people: who took back what, and why."""
    for one in withdrawals:
        yield f"{one.firm} took back its booking on {one.on}: {one.reason or 'no reason given'}"
