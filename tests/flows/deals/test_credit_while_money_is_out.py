"""A limit holds while money is out, whatever becomes of the order; it comes back once nothing is owed.

On 9 April the factory's deposit is drawn: 266,368.28 of the 872,828.28 that harbour promised. Called off
then, nothing is undrawn any more, and the loan is out until it is repaid or written off.
"""

from datetime import date

import pytest

from domain.order import Order
from domain.slots import CREDIT_PERIOD
from domain.states import OrderState
from finance.agreed.facts import FactKind
from flows.books.advance import advance
from flows.books.record import record_fact
from flows.calls.sweep import sweep
from flows.deals.cancel import call_off
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.orders.statement import Statement

ID, DAY = "PO-2026-0017", date(2026, 4, 9)
PROMISED = 87_282_828

pytestmark = pytest.mark.both_databases


@pytest.fixture
def called_off(session: Session, lamp_order: Order) -> Session:
    run_order(session, lamp_order)
    advance(session.ledger, ID, date(2026, 4, 8), as_planned=True)
    call_off(session.ledger, ID, Statement(DAY), firms=session.firms)
    return session


def used(session: Session, resource: str) -> int:
    known = session.ledger.capacity(resource, CREDIT_PERIOD)
    return known[1] if known else 0


def test_an_order_called_off_gives_back_no_limit_under_which_money_is_out(called_off: Session) -> None:
    """Harbour's stays used; pearl, who lent nothing, has its own back; every slot is free."""
    sweep(called_off.ledger, called_off.firms, DAY)
    assert used(called_off, "credit:harbour-orders") == PROMISED
    assert used(called_off, "credit:pearl") == 0
    assert {line.resource for hold in called_off.ledger.holds(ID) for line in hold.lines} == {
        "credit:harbour-orders"
    }


def test_the_limit_comes_back_once_nothing_is_owed(called_off: Session) -> None:
    """The factory keeps 5% of 760,000.00 and pays 257,640.00 - 38,000.00 = 219,640.00 back: that goes to
    harbour. What is still owed is written off: nothing is out any more."""
    ledger = called_off.ledger
    back = {"booking": "zhongshan-lamps", "amount": "21964000"}
    record_fact(ledger, ID, FactKind.REFUND, Statement(DAY), back)
    assert used(called_off, "credit:harbour-orders") == PROMISED
    done = record_fact(ledger, ID, FactKind.WRITE_OFF, Statement(date(2026, 10, 1)))
    assert not any(debt.claim for debt in done.position.debts.values())
    assert used(called_off, "credit:harbour-orders") == 0


def test_an_order_written_off_gives_its_limits_back(session: Session, lamp_order: Order) -> None:
    """In default nothing more is lent either; once the loans are written off the lines are free again."""
    run_order(session, lamp_order)
    advance(session.ledger, ID, date(2026, 6, 21), as_planned=True)
    record_fact(session.ledger, ID, FactKind.INSOLVENT, Statement(date(2026, 6, 25)))
    done = record_fact(session.ledger, ID, FactKind.WRITE_OFF, Statement(date(2026, 10, 1)))
    assert done.state is OrderState.DEFAULTED
    assert (used(session, "credit:harbour-orders"), used(session, "credit:pearl")) == (0, 0)
