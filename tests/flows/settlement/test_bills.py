"""Bills of providers matched three ways: to the booking, to what happened, to the price."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from documents.bills.bill import Bill, BillLine
from domain.errors import NotFoundError
from domain.order import Order
from flows.books.advance import advance
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.settlement.bills import differences

LATER, BEFORE = date(2026, 4, 25), date(2026, 4, 1)
LINES = (BillLine("1", "desk-lamp", Decimal(10_000), "EA", Decimal("76.00"), Decimal("760000.00")),)
BILL = Bill(
    "ZLW-1", False, "Zhongshan Lamp Works", "Lantern Trading", "PO-2026-0017", "CNY",
    76_000_000, 9_880_000, 85_880_000, "6222020200118844", LINES,
)  # fmt: skip


@pytest.fixture
def placed(session: Session, lamp_order: Order) -> str:
    order = run_order(session, lamp_order).placed.id
    advance(session.ledger, order, LATER, as_planned=True)
    return order


def told(session: Session, order: str, bill: Bill, on: date = LATER) -> list[str]:
    return [one.what for one in differences(session.ledger, order, "zhongshan-lamps", bill, on)]


def test_a_right_bill_differs_in_nothing(session: Session, placed: str) -> None:
    assert told(session, placed, BILL) == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"seller": "Guzhen Lamps"}, ["provider"]),
        ({"order": "PO-2026-0018"}, ["order"]),
        ({"account": "DE89370400440532013001"}, ["account"]),
        ({"currency": "EUR"}, ["currency"]),
        ({"net_minor": 76_500_000, "gross_minor": 86_380_000}, ["net", "gross"]),
        ({"tax_minor": 9_880_001, "gross_minor": 85_880_001}, ["tax", "gross"]),
        ({"lines": (replace(LINES[0], quantity=Decimal(9_000)),)}, ["quantity"]),
        ({"is_credit_note": True}, ["credit note"]),
    ],
)
def test_each_difference_is_told(
    session: Session, placed: str, changes: dict[str, object], what: list[str]
) -> None:
    assert told(session, placed, replace(BILL, **changes)) == what  # type: ignore[arg-type]


def test_a_bill_before_the_service_is_told(session: Session, placed: str) -> None:
    assert told(session, placed, BILL, BEFORE) == ["service"]


def test_a_booking_that_does_not_exist_is_named(session: Session, placed: str) -> None:
    with pytest.raises(NotFoundError, match="no booking nobody"):
        differences(session.ledger, placed, "nobody", BILL, LATER)
