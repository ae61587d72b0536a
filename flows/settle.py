"""The end of an order: capacity is used up or given back, credit is free again, the claim is released."""

from datetime import date
from typing import TYPE_CHECKING

from domain.slots import CREDIT_PERIOD
from domain.states import OrderState
from finance.facts import FactKind
from finance.fold import Folded
from flows.posting import OrderBook

if TYPE_CHECKING:
    from flows.fulfil import Recorded
    from ledger.records import Hold
    from ledger.store import Ledger
    from ledger.transaction import Transaction

DELIVERED = frozenset({OrderState.DELIVERED, OrderState.TAKEN_OUT, OrderState.PAID, OrderState.SETTLED})


def settle(ledger: "Ledger", order: str, on: date, *, by: str = "", dry_run: bool = False) -> "Recorded":
    """Pay the trader what is left and close the order; RefusedError while anybody is still owed."""
    from flows.fulfil import record_fact

    return record_fact(ledger, order, FactKind.SETTLED, on, {}, by=by, dry_run=dry_run)


def end_holds(transaction: "Transaction", book: OrderBook, folded: Folded) -> None:
    """End the holds that the order's state no longer needs."""
    state = folded.position.state
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
