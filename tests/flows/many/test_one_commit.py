"""A group of orders is one commit; a part that fails is undone alone."""

from dataclasses import replace
from datetime import date

import pytest

from domain.errors import KeyReusedError
from domain.order import Order
from domain.posting import Entry
from flows.desk.session import Session
from flows.many.one_commit import grouped
from flows.orders.find import find_order, list_orders
from flows.orders.place import place_order
from ledger.store import Ledger

pytestmark = pytest.mark.both_databases

DAY = date(2026, 3, 2)


def test_group_is_one_commit(session: Session, lamp_order: Order) -> None:
    before = len(list(session.ledger._rows("SELECT 1 FROM command")))
    with grouped(session.ledger) as group:
        for number in range(10):
            place_order(group, replace(lamp_order, reference=f"G-{number}"), DAY)
        assert find_order(group, "G-3").id == "G-3"
        assert session.ledger.order_state("G-3") is None
    assert len(list(list_orders(session.ledger))) == 10
    assert len(list(session.ledger._rows("SELECT 1 FROM command"))) == before + 1


def contradict(group: Ledger) -> None:
    with group.write() as transaction:
        transaction.append(Entry("note", "half", DAY, "A"))
        transaction.append(Entry("note", "half", DAY, "A", {"other": "content"}))


def test_part_that_fails_is_undone_alone(session: Session, lamp_order: Order) -> None:
    with grouped(session.ledger) as group:
        place_order(group, replace(lamp_order, reference="A"), DAY)
        with pytest.raises(KeyReusedError):
            contradict(group)
        place_order(group, replace(lamp_order, reference="B"), DAY)
    assert [placed.id for placed in list_orders(session.ledger)] == ["A", "B"]
    assert session.ledger.record_by_key("half") is None


def test_group_that_fails_leaves_nothing(session: Session, lamp_order: Order) -> None:
    def fail() -> None:
        with grouped(session.ledger) as group:
            place_order(group, lamp_order, DAY)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(list_orders(session.ledger)) == []
