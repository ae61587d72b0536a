"""An order is recorded once, found again, changed and called off while nothing is committed to it."""

from dataclasses import replace
from datetime import date

import pytest

from domain.errors import KeyReusedError, NotFoundError, StateError
from domain.order import Order, Party
from domain.posting import Entry
from domain.states import OrderState
from flows.desk.session import Session
from flows.orders.find import find_order, list_orders
from flows.orders.place import amend_order, cancel_order, confirm_order, place_order

DAY = date(2026, 3, 2)


def test_place_order_is_found_as_it_was(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, DAY)
    found = find_order(session.ledger, placed.id)
    assert found.order == replace(lamp_order, source=found.order.source)
    assert (found.state, found.on, found.id) == (OrderState.CONFIRMED, DAY, "PO-2026-0017")


def test_place_order_again_writes_nothing(session: Session, lamp_order: Order) -> None:
    place_order(session.ledger, lamp_order, DAY)
    size = session.ledger.size()
    again = place_order(session.ledger, replace(lamp_order, source="another copy.toml"), date(2026, 3, 9))
    assert again.repeated
    assert session.ledger.size() == size


def test_place_order_with_other_content_is_refused_and_says_what_differs(
    session: Session, lamp_order: Order
) -> None:
    place_order(session.ledger, lamp_order, DAY)
    with pytest.raises(KeyReusedError, match="due on: 2026-04-20, now 2026-04-21"):
        place_order(session.ledger, replace(lamp_order, due_on=date(2026, 4, 21)), DAY)


def test_two_buyers_may_use_the_same_reference(session: Session, lamp_order: Order) -> None:
    other = replace(lamp_order, buyer=Party("Nørrebro & Sons"))
    first = place_order(session.ledger, lamp_order, DAY)
    second = place_order(session.ledger, other, DAY)
    assert (first.id, second.id) == ("PO-2026-0017", "PO-2026-0017~nørrebro-sons")
    assert place_order(session.ledger, other, DAY).repeated
    assert find_order(session.ledger, second.id).order.buyer.name == "Nørrebro & Sons"


def test_find_order_names_the_nearest(session: Session, lamp_order: Order) -> None:
    place_order(session.ledger, lamp_order, DAY)
    with pytest.raises(NotFoundError) as refused:
        find_order(session.ledger, "po-2026-0071")
    assert "PO-2026-0017" in refused.value.hint


def test_amend_order_keeps_every_version(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, DAY)
    for revision, due in enumerate((date(2026, 4, 25), date(2026, 4, 30)), start=1):
        amended = amend_order(session.ledger, placed.id, replace(lamp_order, due_on=due), DAY)
        assert amended.revision == revision
    assert find_order(session.ledger, placed.id).order.due_on == date(2026, 4, 30)
    assert len(list(session.ledger.records(order=placed.id))) == 3


def test_amend_order_to_the_same_writes_nothing(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, DAY)
    assert amend_order(session.ledger, placed.id, lamp_order, DAY).repeated
    assert find_order(session.ledger, placed.id).revision == 0


def move(session: Session, order_id: str, state: OrderState) -> None:
    with session.ledger.write() as transaction:
        transaction.append(Entry("test-moved", f"test:{state}", DAY, order_id, {"state": state.value}))


@pytest.mark.parametrize(
    ("state", "way_out"),
    [
        (OrderState.HELD, "net slot release"),
        (OrderState.RESERVED, "net slot release"),
        (OrderState.FUNDED, "net order cancel"),
        (OrderState.SETTLED, "place a new order"),
    ],
)
def test_amend_order_once_committed_is_refused_with_the_way_out(
    session: Session, lamp_order: Order, state: OrderState, way_out: str
) -> None:
    placed = place_order(session.ledger, lamp_order, DAY)
    move(session, placed.id, state)
    with pytest.raises(StateError) as refused:
        amend_order(session.ledger, placed.id, replace(lamp_order, due_on=None), DAY)
    assert way_out in refused.value.hint


def test_amend_planned_order_must_be_planned_again(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, DAY)
    move(session, placed.id, OrderState.PLANNED)
    amend_order(session.ledger, placed.id, replace(lamp_order, due_on=date(2026, 5, 5)), DAY)
    assert find_order(session.ledger, placed.id).state is OrderState.CONFIRMED


def test_draft_becomes_an_order_when_confirmed(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, DAY, draft=True)
    assert placed.state is OrderState.DRAFT
    assert confirm_order(session.ledger, placed.id, DAY).state is OrderState.CONFIRMED
    assert confirm_order(session.ledger, placed.id, DAY).state is OrderState.CONFIRMED


def test_cancel_order_ends_it_for_good(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, DAY)
    assert cancel_order(session.ledger, placed.id, DAY, "buyer withdrew").state is OrderState.CANCELLED
    assert cancel_order(session.ledger, placed.id, DAY).repeated
    with pytest.raises(StateError):
        confirm_order(session.ledger, placed.id, DAY)


def test_list_orders_by_state(session: Session, lamp_order: Order) -> None:
    for number in range(5):
        place_order(session.ledger, replace(lamp_order, reference=f"A-{number}"), DAY)
    cancel_order(session.ledger, "A-3", DAY)
    assert [p.id for p in list_orders(session.ledger, open_only=True)] == ["A-0", "A-1", "A-2", "A-4"]
    assert [p.id for p in list_orders(session.ledger, [OrderState.CANCELLED])] == ["A-3"]
    assert [p.id for p in list_orders(session.ledger, limit=2)] == ["A-0", "A-1"]


def test_every_spelling_of_one_buyer_gets_a_name_of_its_own(session: Session, lamp_order: Order) -> None:
    """Three spellings come to the same short form; the third once collided with the second."""
    spellings = ("Meridian Stores", "MERIDIAN STORES", "Meridian  Stores")
    orders = [replace(lamp_order, buyer=replace(lamp_order.buyer, name=name)) for name in spellings]
    placed = [place_order(session.ledger, order, DAY) for order in orders]
    names = ["PO-2026-0017", "PO-2026-0017~meridian-stores", "PO-2026-0017~meridian-stores~2"]
    assert [one.id for one in placed] == names
    assert [place_order(session.ledger, order, DAY).id for order in orders] == names
