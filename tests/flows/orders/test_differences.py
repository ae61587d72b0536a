"""What differs between two orders is told as a trader would say it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.dates import Roll
from domain.order import Adjustment, Order, OrderLine, Party
from domain.terms import Event, PaymentTerm
from flows.orders.differences import differences, percent, terms_short

ORDER = Order(
    "A-1",
    date(2026, 3, 2),
    Party("Nordic Light", address="Quay 1"),
    Party("Lantern Trading"),
    "CNY",
    (OrderLine("1", "desk-lamp", Decimal(10), Decimal("100.00"), 100000, tax_rate=Fraction(13, 100)),),
)


def test_the_same_order_read_elsewhere_does_not_differ() -> None:
    assert differences(ORDER, replace(ORDER, source="b.toml", extra={"page": 2})) == []


def test_amounts_rates_and_absent_values_are_in_words() -> None:
    line = replace(ORDER.lines[0], net_minor=90050, tax_rate=Fraction(1, 3))
    terms = (PaymentTerm(Fraction(3, 10), Event.ORDER), PaymentTerm(Fraction(7, 10), Event.INVOICE, 30, True))
    found = differences(ORDER, replace(ORDER, lines=(line,), due_on=date(2026, 5, 1), payment=terms))
    assert found == [
        "due on: nothing, now 2026-05-01",
        "payment: nothing, now 30% order, 70% invoice+30 month end",
        "line 1 net: 1000.00 CNY, now 900.50 CNY",
        "line 1 tax rate: 13%, now 1/3",
    ]


def test_a_firm_differs_by_what_differs_of_it() -> None:
    moved = replace(ORDER, buyer=replace(ORDER.buyer, address="Quay 9"))
    assert differences(ORDER, moved) == ["buyer's address: Quay 1, now Quay 9"]


def test_adjustments_and_lines_that_came_or_went_are_told() -> None:
    freight = Adjustment("Freight", 2500, Fraction(13, 100))
    found = differences(ORDER, replace(ORDER, adjustments=(freight,), lines=ORDER.lines * 2))
    assert found == [
        "allowances and charges: nothing, now Freight 25.00 CNY at 13% tax",
        "lines: 1, now 2",
    ]


def test_terms_read_as_they_are_typed() -> None:
    assert terms_short(PaymentTerm(Fraction(1), Event.DELIVERY, roll=Roll.NONE)) == "100% delivery"
    assert percent(Fraction(125, 1000)) == "12.5%"
