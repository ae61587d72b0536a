"""The end of a booking at another firm that went well: the buyer's notice that it was used.

It is intended in the commit that records what happened (the leg's service is rendered, the credit repaid),
and sent by the sweep, like everything that is owed to a firm and holds up nobody.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.slots import CREDIT, CREDIT_PERIOD
from domain.states import OrderState
from finance.books.position import Position
from finance.fold.fold import Folded
from flows.books.order_book import OrderBook
from flows.firms.call_journal import CallJournal, call_key, read_call
from flows.firms.operation import HoldName, ReservationName, current_reservation
from flows.plans.needs import booking_names, leg_need
from flows.plans.newest import newest_plan
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.record.records import Hold
from providers.protocol import Call, Verb


def intend_completions(transaction: Transaction, order: str, position: Position) -> None:
    """Intend the notice for every booking at another firm whose part is done by now, once each."""
    reservation = current_reservation(transaction, order)
    rows = [row for row in _reserved(transaction, reservation) if row.get("completes")]
    if not rows:
        return
    rendered = rendered_legs(transaction, order, position)
    credit_back = position.state is OrderState.SETTLED and not any(
        debt.claim for debt in position.debts.values()
    )
    for row in rows:
        if credit_back if row["kind"].startswith(CREDIT) else row["leg"] in rendered:
            _intend(transaction, reservation.hold(row["leg"], row["turn"]), row["reference"])


def _reserved(reading: Reading, reservation: ReservationName) -> Sequence[Mapping[str, Any]]:
    """What is reserved by now: as first reserved, or as a provider was last replaced."""
    rows: Sequence[Mapping[str, Any]] = ()
    record = reading.record_by_key(reservation.reserved)
    number = 0
    while record is not None:
        rows = record.body["legs"]
        record = reading.record_by_key(reservation.replaced(number))
        number += 1
    return rows


def rendered_legs(reading: Reading, order: str, position: Position) -> set[str]:
    """The legs whose service is rendered in full: they are billed, and no longer to be cancelled."""
    plan = newest_plan(reading, order)
    if plan is None:
        return set()
    done = {name for name, account in position.accounts.items() if account.billed_share == 1}
    named = zip(plan.legs, booking_names(plan), strict=True)
    return {leg_need(plan, leg).leg for leg, name in named if name in done}


def _intend(transaction: Transaction, hold: HoldName, reference: str) -> None:
    operation = str(hold.operation(Verb.COMPLETE))
    booking = transaction.intent(str(hold.operation(Verb.CONFIRM)))
    if booking is None or transaction.intent(operation) is not None:
        return
    booked = read_call(booking.request)
    key = call_key(booked.key, operation)
    call = Call(Verb.COMPLETE, key, booked.request, booked.expires_at, reference)
    CallJournal().intend(transaction, operation, hold.reservation.order, call)


def end_holds(transaction: Transaction, book: OrderBook, folded: Folded) -> None:
    """End the holds that the order's state no longer needs."""
    state = folded.position.state
    intend_completions(transaction, book.order, folded.position)
    if state not in (OrderState.SETTLED, OrderState.CANCELLED):
        return
    owed = any(debt.claim for debt in folded.position.debts.values())
    for hold in transaction.holds(book.order):
        _end(transaction, hold, state, owed)
    if not owed and state is OrderState.CANCELLED:  # what was delivered and paid is never financed again
        for fingerprint, order, _ in transaction.finance_claims(book.order):
            transaction.release_finance(fingerprint, order)


def _end(transaction: Transaction, hold: Hold, state: OrderState, owed: bool) -> None:
    credit = any(line.period == CREDIT_PERIOD for line in hold.lines)
    if hold.ending is None:
        transaction.release_hold(hold.hold_id)
    elif credit:
        if not owed:
            transaction.end_booking(hold.hold_id, "returned")
    else:
        transaction.end_booking(hold.hold_id, "used" if state is OrderState.SETTLED else "cancelled")
