"""What giving back costs stays with the order: planned on, due, paid before the residual, reported.

The lamp order keeps 140,388.71 as planned on 2 March. Its factory takes 5% of 760,000.00 = 38,000.00 for
slots given back. Planned again on the same terms the order keeps 140,388.71 - 38,000.00 = 102,388.71.
"""

from datetime import date

import pytest

from domain.order import Order
from domain.states import OrderState
from finance.agreed.facts import FactKind
from finance.reports.attribution import attribute
from finance.sides.waterfall import dues
from flows.books.advance import advance
from flows.books.order_book import read_book
from flows.books.record import fold_at, record_fact
from flows.deals.cancel import call_off
from flows.deals.run import go_on, run_order
from flows.deals.unreserve import give_back_slots
from flows.desk.session import Session
from flows.firms.given_back import shortfall
from flows.orders.find import find_order
from flows.orders.statement import Statement
from flows.settlement.owed import standing_at

ID, MAKER = "PO-2026-0017", "zhongshan-lamps"
DAY, FEE, KEEPS = date(2026, 3, 2), 3_800_000, 10_238_871

pytestmark = pytest.mark.both_databases


@pytest.fixture
def again(session: Session, lamp_order: Order) -> Session:
    """Reserved, given back at a fee of 38,000.00, and reserved again."""
    run_order(session, lamp_order)
    give_back_slots(session, ID, DAY)
    way = go_on(session, find_order(session.ledger, ID), DAY)
    assert way.plan.profit_minor == KEEPS
    assert sum(one.amount_minor for one in way.plan.earnings) == way.plan.net_minor
    return session


def own(session: Session, account: str) -> int:
    return sum(one.amount_minor for one in session.ledger.balance(entity="trader", account=account))


def test_the_order_planned_again_owes_the_fee_and_pays_it_before_the_residual(again: Session) -> None:
    """Due with the buyer's payment on 22 June, gone when the order settles: 2110 is 0.00, 3010 102,388.71."""
    standing = standing_at(again.ledger, ID, DAY)
    assert standing is not None
    assert [one.amount_minor for one in standing.owed if one.what == "given back"] == [FEE]
    assert advance(again.ledger, ID, date(2026, 8, 31), as_planned=True).state is OrderState.SETTLED
    assert (own(again, "2110"), own(again, "5620"), own(again, "3010")) == (0, FEE, KEEPS)
    found = attribute(fold_at(read_book(again.ledger, ID), date(2026, 8, 31)).position, date(2026, 8, 31))
    assert sum(part.amount_minor for part in found.parts) == found.net_minor
    assert {part.amount_minor for part in found.parts if part.party == "trader"} == {KEEPS}


def test_the_fee_is_due_once_the_buyer_has_paid(again: Session) -> None:
    """Nothing of it on 21 June, 38,000.00 more than the network's 10,600.00 on the 22nd; payable by name."""
    advance(again.ledger, ID, date(2026, 6, 21), as_planned=True)
    record_fact(
        again.ledger,
        ID,
        FactKind.RECEIPT,
        Statement(date(2026, 6, 22)),
        {"amount": "113000000", "from": "buyer"},
    )
    position = fold_at(read_book(again.ledger, ID), date(2026, 6, 22)).position
    assert dues(position, date(2026, 6, 22))["providers"] == FEE
    data = {"payee": MAKER, "amount": str(FEE)}
    record_fact(again.ledger, ID, FactKind.PAYMENT, Statement(date(2026, 6, 22)), data)
    position = fold_at(read_book(again.ledger, ID), date(2026, 6, 22)).position
    assert dues(position, date(2026, 6, 22))["providers"] == 0


def test_a_second_release_is_charged_beside_the_first(again: Session) -> None:
    give_back_slots(again, ID, DAY)
    assert shortfall(again.ledger, ID) == {(f"provider:{MAKER}", "CNY"): 2 * FEE}


def test_an_order_called_off_after_a_release_names_its_shortfall(session: Session, lamp_order: Order) -> None:
    """Nobody lends for it and no buyer pays: 38,000.00 is owed and told, never paid from elsewhere."""
    run_order(session, lamp_order)
    give_back_slots(session, ID, DAY)
    call_off(session.ledger, ID, Statement(DAY), firms=session.firms)
    last = list(session.ledger.records(order=ID))[-1]
    assert last.body["shortfall"] == [[f"provider:{MAKER}", "CNY", str(FEE)]]
