"""Playing an order as planned goes no further than what was stated: somebody decides first."""

from datetime import date

import pytest

from domain.order import Order
from finance.agreed.facts import FactKind
from flows.books.advance import advance
from flows.books.record import Recorded, record_fact
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.orders.statement import Statement

ID, END = "PO-2026-0017", date(2026, 7, 31)
pytestmark = pytest.mark.both_databases


def stated(session: Session, order: Order, until: date, kind: FactKind, on: date, **data: object) -> Recorded:
    run_order(session, order)
    advance(session.ledger, ID, until, as_planned=True)
    record_fact(session.ledger, ID, kind, Statement(on), data)
    return advance(session.ledger, ID, END, as_planned=True)


def booked_days(session: Session, firm: str) -> int:
    lines = (line for hold in session.ledger.holds(ID) if hold.live for line in hold.lines)
    return sum(1 for line in lines if line.resource.startswith(f"{firm}/"))


def test_a_factory_that_failed_sells_nothing(session: Session, lamp_order: Order) -> None:
    """Its twenty days are free again, nothing is sold, drawn or paid after its failure on 25 March."""
    done = stated(
        session,
        lamp_order,
        date(2026, 3, 20),
        FactKind.PROVIDER_FAILED,
        date(2026, 3, 25),
        booking="zhongshan-lamps",
    )
    assert [fact.kind for fact in done.facts if fact.assumed] == []
    assert done.position.sales.delivered == 0
    assert "zhongshan-lamps has failed: net order replace" in done.stopped[0]
    assert booked_days(session, "zhongshan-lamps") == 0


def test_goods_that_failed_their_inspection_go_nowhere(session: Session, lamp_order: Order) -> None:
    done = stated(
        session,
        lamp_order,
        date(2026, 4, 8),
        FactKind.MILESTONE,
        date(2026, 4, 9),
        name="inspection",
        passed=False,
    )
    assert [fact.kind for fact in done.facts if fact.assumed] == []
    assert "did not pass the inspection of 2026-04-09" in done.stopped[0]
    passed = {"name": "inspection"}
    record_fact(session.ledger, ID, FactKind.MILESTONE, Statement(date(2026, 4, 16)), passed)
    again = advance(session.ledger, ID, date(2026, 12, 31), as_planned=True)
    assert (again.stopped, again.position.sales.delivered) == ((), 1)


def test_a_warehouse_that_failed_with_the_goods_in_it_keeps_them(session: Session, lamp_order: Order) -> None:
    done = stated(
        session,
        lamp_order,
        date(2026, 4, 10),
        FactKind.PROVIDER_FAILED,
        date(2026, 4, 11),
        booking="nansha-store",
    )
    assert done.position.sales.delivered == 0
    assert "nansha-store has failed" in done.stopped[0]
