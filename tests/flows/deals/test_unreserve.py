"""What an order holds is given back at its cost, and the order can be planned anew."""

from dataclasses import replace
from datetime import date

import pytest

from domain.errors import StateError
from domain.order import Order
from domain.posting import imbalances
from domain.states import OrderState
from flows.books.advance import advance
from flows.deals.run import go_on, run_order
from flows.deals.unreserve import give_back_slots
from flows.desk.session import Session
from flows.orders.find import find_order
from flows.orders.place import amend_order

ID = "PO-2026-0017"
DAY = date(2026, 3, 3)


def left_behind(session: Session) -> tuple[list[object], list[object], dict[tuple[str, str], int]]:
    """Holds, claims and imbalances that should not be there any more."""
    legs = (leg for record in session.ledger.records() for leg in record.legs)
    return list(session.ledger.holds()), list(session.ledger.finance_claims()), imbalances(legs)


def memo_left(session: Session) -> list[object]:
    return [one for one in session.ledger.balance(order=ID) if one.account.startswith("9")]


def test_given_back_slots_are_free_and_the_order_can_be_planned_anew(
    session: Session, lamp_order: Order
) -> None:
    run_order(session, lamp_order)
    found = give_back_slots(session, ID, DAY)
    assert found.state is OrderState.CONFIRMED
    assert found.fees == (("zhongshan-lamps", 3_800_000),)
    assert left_behind(session) == ([], [], {})
    assert memo_left(session) == []
    amend_order(session.ledger, ID, replace(lamp_order, due_on=date(2026, 4, 27)), DAY)
    way = go_on(session, find_order(session.ledger, ID), DAY)
    assert way.placed.state is OrderState.RESERVED
    assert advance(session.ledger, ID, date(2026, 9, 30), as_planned=True).state is OrderState.SETTLED
    holds, _, unbalanced = left_behind(session)  # the claim stays: what was paid is never financed again
    assert (holds, unbalanced) == ([], {})


def test_giving_back_twice_is_refused_the_second_time(session: Session, lamp_order: Order) -> None:
    run_order(session, lamp_order)
    give_back_slots(session, ID, DAY)
    with pytest.raises(StateError, match="holds no slots"):
        give_back_slots(session, ID, DAY)


def test_giving_back_once_money_has_moved_is_refused(session: Session, lamp_order: Order) -> None:
    run_order(session, lamp_order)
    advance(session.ledger, ID, date(2026, 3, 6), as_planned=True)
    with pytest.raises(StateError):
        give_back_slots(session, ID, DAY)


def test_preview_writes_nothing(session: Session, lamp_order: Order) -> None:
    run_order(session, lamp_order)
    size = session.ledger.size()
    assert give_back_slots(session, ID, DAY, dry_run=True).fees == (("zhongshan-lamps", 3_800_000),)
    assert session.ledger.size() == size
