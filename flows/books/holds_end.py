"""The end of a booking at another firm that went well: the buyer's notice that it was used.

It is intended in the commit that records what happened (the leg's service is rendered, the credit repaid),
and sent by the sweep, like everything that is owed to a firm and holds up nobody.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from domain.slots import CREDIT, CREDIT_PERIOD, credit_resource
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

OVER = frozenset({OrderState.SETTLED, OrderState.CANCELLED, OrderState.DEFAULTED})
"""States in which nothing more is lent: credit goes back as soon as nothing is owed under it."""


def intend_completions(transaction: Transaction, order: str, position: Position) -> None:
    """Intend the notice for every booking at another firm whose part is done by now, once each."""
    reservation = current_reservation(transaction, order)
    if position.state is OrderState.CANCELLED and reservation.number:
        # calling off gave back everything but the credit that is still out
        reservation = ReservationName(order, reservation.number - 1)
    rows = [row for row in _reserved(transaction, reservation) if row.get("completes")]
    if not rows:
        return
    rendered = rendered_legs(transaction, order, position)
    credit_back = position.state in OVER and not owed_credit(position)
    for row in rows:
        if credit_back if row["kind"].startswith(CREDIT) else row["leg"] in rendered:
            _intend(transaction, reservation.hold(row["leg"], row["turn"]), row["reference"])


def owed_credit(position: Position) -> set[str]:
    """The limits that are still used, whatever became of the order: money is out under them."""
    used: set[str] = set()
    for debt in position.debts.values():
        if debt.claim:
            group = debt.facility.limit_group
            used |= {credit_resource(name) for name in (*debt.lenders(), *([group] if group else []))}
    return used


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
    ended = any(transaction.intent(str(hold.operation(verb))) for verb in (Verb.COMPLETE, Verb.CANCEL))
    if booking is None or ended:
        return
    booked = read_call(booking.request)
    key = call_key(booked.key, operation)
    call = Call(Verb.COMPLETE, key, booked.request, booked.expires_at, reference)
    CallJournal().intend(transaction, operation, hold.reservation.order, call)


def end_holds(transaction: Transaction, book: OrderBook, folded: Folded) -> None:
    """End the holds that the order's state no longer needs."""
    state = folded.position.state
    intend_completions(transaction, book.order, folded.position)
    _free_failed(transaction, book.order, folded.position)
    if state not in OVER:
        return
    owed = owed_credit(folded.position)
    for hold in transaction.holds(book.order):
        _end(transaction, hold, state, owed)
    if not owed and state is OrderState.CANCELLED:  # what was delivered and paid is never financed again
        for fingerprint, order, _ in transaction.finance_claims(book.order):
            transaction.release_finance(fingerprint, order)


def _free_failed(transaction: Transaction, order: str, position: Position) -> None:
    """The days of a firm that has failed are free again; at a firm of its own system it knows that itself."""
    failed = {name for name, account in position.accounts.items() if account.failed}
    plan = newest_plan(transaction, order) if failed else None
    if plan is None:
        return
    named = zip(plan.legs, booking_names(plan), strict=True)
    legs = {leg_need(plan, leg).leg for leg, name in named if name in failed}
    for hold in transaction.holds(order):
        name = HoldName.find(hold.hold_id)
        if name is not None and name.leg in legs and hold.ending == "confirmed":
            transaction.end_booking(hold.hold_id, "cancelled")


def _end(transaction: Transaction, hold: Hold, state: OrderState, owed: Collection[str]) -> None:
    credit = {line.resource for line in hold.lines if line.period == CREDIT_PERIOD}
    if hold.ending is None:
        transaction.release_hold(hold.hold_id)
    elif credit:
        if not credit & set(owed):
            transaction.end_booking(hold.hold_id, "returned")
    elif state is not OrderState.DEFAULTED:  # its slots are for people to state
        transaction.end_booking(hold.hold_id, "used" if state is OrderState.SETTLED else "cancelled")
