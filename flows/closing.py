"""The end of an order's holds: capacity is used up or given back, credit is free again, the claim too."""

from typing import TYPE_CHECKING

from domain.slots import CREDIT_PERIOD
from domain.states import OrderState
from finance.fold.fold import Folded
from flows.books.holds_end import intend_completions
from flows.books.order_book import OrderBook

if TYPE_CHECKING:
    from ledger.book.transaction import Transaction
    from ledger.record.records import Hold


def end_holds(transaction: "Transaction", book: OrderBook, folded: Folded) -> None:
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


def _end(transaction: "Transaction", hold: "Hold", state: OrderState, owed: bool) -> None:
    credit = any(line.period == CREDIT_PERIOD for line in hold.lines)
    if hold.ending is None:
        transaction.release_hold(hold.hold_id)
    elif credit:
        if not owed:
            transaction.end_booking(hold.hold_id, "returned")
    else:
        transaction.end_booking(hold.hold_id, "used" if state is OrderState.SETTLED else "cancelled")
