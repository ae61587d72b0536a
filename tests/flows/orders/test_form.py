"""What a person typed becomes an order, and an order's fields give the same order back."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InputDefectsError
from domain.order import Adjustment, Order, OrderLine, Party
from domain.terms import Event, PaymentTerm
from flows.orders.form import amended, fields_of, order_from_fields


def test_fields_of_an_order_give_the_order_back(lamp_order: Order) -> None:
    again = order_from_fields(fields_of(lamp_order))
    assert again == replace(lamp_order, source="")


@given(
    quantity=st.decimals("0.001", "99999", places=3),
    price=st.decimals("0.0001", "9999", places=4),
    tax=st.sampled_from([Fraction(0), Fraction(13, 100), Fraction(1, 3), Fraction(255, 1000)]),
    split=st.integers(1, 99),
    charge=st.integers(1, 10**6),
)
def test_fields_round_trip_any_order(
    quantity: Decimal, price: Decimal, tax: Fraction, split: int, charge: int
) -> None:
    fields = {
        "reference": "R", "issued_on": "2026-03-02", "currency": "EUR", "buyer": {"name": "B"},
        "lines": [{"product": "p", "quantity": str(quantity), "unit_price": str(price), "tax_rate": "0"}],
    }  # fmt: skip
    try:
        order = order_from_fields(fields)
    except InputDefectsError:  # worth nothing after rounding
        return
    lines = (replace(order.lines[0], tax_rate=tax),)
    payment = (
        PaymentTerm(Fraction(split, 100), Event.ORDER),
        PaymentTerm(Fraction(100 - split, 100), Event.INVOICE, 30, month_end=True),
    )
    order = replace(order, lines=lines, payment=payment, adjustments=(Adjustment("freight", charge, tax),))
    assert order_from_fields(fields_of(order)) == order


def test_every_defect_is_told_at_once() -> None:
    with pytest.raises(InputDefectsError) as refused:
        order_from_fields({"reference": "R", "issued_on": "2026-03-02", "currency": "ZZZ", "lines": [{}]})
    told = str(refused.value)
    for field in ("currency", "buyer", "product", "quantity"):
        assert field in told


def test_amended_changes_the_one_line_and_its_amount(lamp_order: Order) -> None:
    changed = amended(lamp_order, {"quantity": "5000", "due_on": "2026-05-01"})
    assert changed.lines[0].quantity == 5000
    assert changed.net_minor == 50_000_000
    assert changed.due_on == date(2026, 5, 1)


def test_amended_asks_which_line_where_there_are_several(lamp_order: Order) -> None:
    two = replace(lamp_order, lines=(lamp_order.lines[0], replace(lamp_order.lines[0], number="2")))
    with pytest.raises(InputDefectsError, match="name one of: 1, 2"):
        amended(two, {"quantity": "1"})
    assert [line.quantity for line in amended(two, {"quantity": "1"}, "2").lines] == [10000, 1]


def test_a_line_has_its_own_destination_and_day() -> None:
    line = OrderLine("1", "p", Decimal(2), Decimal(3), 600, due_on=date(2026, 4, 1), destination="Oslo")
    order = Order("R", date(2026, 3, 2), Party("B"), Party(""), "EUR", (line,))
    assert order_from_fields(fields_of(order)) == order
