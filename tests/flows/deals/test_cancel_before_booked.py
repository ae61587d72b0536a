"""An order called off before anything is booked gives everything back: offers, claims, holds, open calls."""

from dataclasses import replace
from datetime import date

import pytest

from domain.errors import NetError
from domain.order import Order
from domain.states import OrderState
from flows.calls.sweep import sweep
from flows.credit.accept import accept
from flows.deals.cancel import call_off
from flows.deals.run import go_on, plan_placed, run_order
from flows.desk.session import Session
from flows.orders.find import find_order
from flows.orders.place import amend_order, place_order
from flows.orders.statement import Statement

ID, DAY = "PO-2026-0017", date(2026, 3, 2)
pytestmark = pytest.mark.both_databases


@pytest.fixture
def accepted(session: Session, lamp_order: Order) -> Session:
    """Planned, and the lenders' offers accepted: 872,828.28 of harbour and 960,500.00 of pearl promised."""
    known, plan = plan_placed(session, place_order(session.ledger, lamp_order, DAY), DAY)
    with session.ledger.write() as transaction:
        accept(transaction, known.order, plan, session.network, DAY)
    return session


def memo(session: Session) -> list[int]:
    return [one.amount_minor for one in session.ledger.balance(order=ID) if one.account.startswith("9")]


def test_accepted_offers_are_released_with_memo_accounts_and_claim(accepted: Session) -> None:
    assert memo(accepted)
    assert accepted.ledger.finance_claims()
    done = call_off(accepted.ledger, ID, Statement(DAY), firms=accepted.firms)
    assert done.state is OrderState.CANCELLED
    assert memo(accepted) == []
    assert list(accepted.ledger.finance_claims()) == []


def test_an_order_amended_after_its_offers_were_accepted_is_financed_anew(accepted: Session) -> None:
    """9,000 lamps in place of 10,000: the old promise is withdrawn, and the order goes its whole way."""
    order = find_order(accepted.ledger, ID).order
    line = replace(order.lines[0], quantity=order.lines[0].quantity - 1_000)
    amend_order(accepted.ledger, ID, replace(order, lines=(line,)), DAY)
    way = go_on(accepted, find_order(accepted.ledger, ID), DAY)
    assert way.placed.state is OrderState.RESERVED
    assert -sum(memo(accepted)) == 0


def ask_by_hand(session: Session) -> None:
    network = session.network
    providers = tuple(
        replace(one, adapter="manual", settings={"contact": "Li", "hold": "firm"})
        if one.id == "zhongshan-lamps"
        else one
        for one in network.providers
    )
    session.__dict__["network"] = replace(network, providers=providers)
    session.__dict__.pop("firms", None)


def test_a_firm_that_is_being_asked_holds_up_nothing(session: Session, lamp_order: Order) -> None:
    """Our own slots and credit were held until they expired, and a later yes was not undone."""
    ask_by_hand(session)
    with pytest.raises(NetError):
        run_order(session, lamp_order)
    assert find_order(session.ledger, ID).state is OrderState.PLANNED
    assert any(hold.live for hold in session.ledger.holds(ID))
    call_off(session.ledger, ID, Statement(DAY), firms=session.firms)
    sweep(session.ledger, session.firms, DAY)
    assert [hold for hold in session.ledger.holds(ID) if hold.live] == []
    assert find_order(session.ledger, ID).state is OrderState.CANCELLED
