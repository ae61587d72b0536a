"""Many orders into a real ledger: each recorded once, the refused named, nothing done twice."""

import json
from pathlib import Path
from typing import Any

from documents.orders.reading import stream
from flows.desk.session import Session
from flows.orders.find import list_orders
from flows.orders.from_file import GROUP, TakenIn, looked_at, take_in


def fields(number: int, **changes: Any) -> dict[str, Any]:
    line = {"product": "desk-lamp", "quantity": 10, "unit_price": "100.00"}
    order = {"reference": f"PO-{number}", "issued_on": "2026-03-02", "currency": "CNY", "buyer": "Firm"}
    return order | {"lines": [line]} | changes


def taken(session: Session, path: Path, *orders: dict[str, Any]) -> list[TakenIn]:
    path.write_text("\n".join(json.dumps(order) for order in orders))
    return list(take_in(session.ledger, stream(path), lambda order: order.issued_on))


def test_orders_are_recorded_once_and_the_refused_are_named(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    orders = [fields(n) for n in range(GROUP + 5)]
    orders[3]["currency"] = "XXX"
    first = taken(session, path, *orders)
    assert [item.reference for item in first if item.reasons] == ["PO-3"]
    assert f"{path}:4: currency" in first[3].reasons[0]
    again = taken(session, path, *orders)
    assert all(item.placed.repeated for item in again if item.placed)
    assert len(list(list_orders(session.ledger))) == GROUP + 4


def test_reference_recorded_with_other_content_is_refused(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    taken(session, path, fields(1))
    (other,) = taken(session, path, fields(1, due_on="2026-06-01"))
    assert "other content" in other.reasons[0]


def test_each_order_counts_as_of_its_own_day(session: Session, tmp_path: Path) -> None:
    items = taken(session, tmp_path / "o.jsonl", fields(1), fields(2, issued_on="2011-05-05"))
    assert [str(item.placed.on) for item in items if item.placed] == ["2026-03-02", "2011-05-05"]


def test_looking_records_nothing(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text(json.dumps(fields(1)) + "\n{")
    found = list(looked_at(session.ledger, stream(path)))
    assert [bool(item.reasons) for item in found] == [False, True]
    assert found[0].placed is None
    assert not list(list_orders(session.ledger))


def test_looking_knows_what_is_recorded_and_what_came_before_in_the_file(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "orders.jsonl"
    taken(session, path, fields(1))
    changed = fields(1, destination="Oslo")
    path.write_text("\n".join(json.dumps(order) for order in (fields(1), fields(2), fields(2))))
    known = [bool(item.placed and item.placed.repeated) for item in looked_at(session.ledger, stream(path))]
    assert known == [True, False, True]
    path.write_text(json.dumps(changed))
    (item,) = looked_at(session.ledger, stream(path))
    assert "recorded already with other content" in item.reasons[0]
    assert [bool(one.placed) for one in looked_at(None, stream(path))] == [False]
