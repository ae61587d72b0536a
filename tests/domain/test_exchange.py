"""Rates are exact, amounts are converted once and rounded once."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.exchange import Dealing, Rate, converted, converted_up, minor_scale, newest
from domain.money import CURRENCY_EXPONENTS

DAY = date(2026, 3, 2)
codes = st.sampled_from(sorted(CURRENCY_EXPONENTS))
rates = st.decimals(Decimal("0.000001"), Decimal(1_000_000), allow_nan=False, places=6)
amounts = st.integers(-(10**12), 10**12)


@given(codes, codes, rates)
def test_factor_there_and_back_is_one(source: str, target: str, price: Decimal) -> None:
    if source == target or not price:
        return
    rate = Rate(source, target, price, DAY)
    assert rate.factor(source, target) * rate.factor(target, source) == 1
    major = Fraction(10) ** CURRENCY_EXPONENTS[source]
    assert rate.factor(source, target) * major == Fraction(price) * 10 ** CURRENCY_EXPONENTS[target]


@given(amounts, st.fractions(Fraction(1, 10**6), Fraction(10**6)))
def test_amount_is_rounded_once_to_the_nearest_half_away_from_zero(amount: int, factor: Fraction) -> None:
    exact = amount * factor
    found = converted(amount, factor)
    assert abs(found - exact) <= Fraction(1, 2)
    if abs(found - exact) == Fraction(1, 2):
        assert abs(found) > abs(exact)
    assert converted(-amount, factor) == -found


@given(amounts, st.fractions(Fraction(1, 10**6), Fraction(10**6)))
def test_what_must_be_had_is_rounded_up_by_less_than_one(amount: int, factor: Fraction) -> None:
    found = converted_up(amount, factor)
    assert 0 <= found - amount * factor < 1


@given(amounts, st.fractions(Fraction(1, 10**4), Fraction(10**4)))
def test_there_and_back_loses_no_more_than_half_a_unit_of_each(amount: int, factor: Fraction) -> None:
    back = converted(converted(amount, factor), 1 / factor)
    assert abs(back - amount) <= Fraction(1, 2) + 1 / factor / 2


@pytest.mark.parametrize(
    ("source", "target", "price", "amount", "worth"),
    [
        ("EUR", "JPY", "160.25", 1_00, 160),  # 160.25 yen
        ("EUR", "JPY", "160.50", 1_00, 161),  # halves go away from zero
        ("JPY", "EUR", "0.00625", 1_000, 6_25),
        ("KWD", "EUR", "3", 1_001, 3_00),  # 1.001 dinars are 3.003
        ("EUR", "KWD", "0.3333", 10_00, 3_333),
        ("JPY", "KWD", "0.002", 7, 14),
        ("CLF", "CLP", "38000", 1, 4),  # a ten-thousandth of an index unit
        ("USD", "UYW", "0.2", 1_00, 2_000),
        ("EUR", "CNY", "7.8342", -12_345, -96_713),
    ],
)
def test_minor_units_by_hand(source: str, target: str, price: str, amount: int, worth: int) -> None:
    rate = Rate(source, target, Decimal(price), DAY)
    assert converted(amount, rate.factor(source, target)) == worth


def test_scale_between_minor_units() -> None:
    assert minor_scale("EUR", "JPY") == Fraction(1, 100)
    assert minor_scale("JPY", "KWD") == 1000
    assert minor_scale("CLF", "EUR") == Fraction(1, 100)


def test_newest_rate_on_or_before_a_day_in_either_direction() -> None:
    first = Rate("EUR", "CNY", Decimal(8), date(2026, 3, 1))
    other = Rate("EUR", "USD", Decimal(1), date(2026, 3, 9))
    second = Rate("CNY", "EUR", Decimal("0.13"), date(2026, 3, 5))
    again = Rate("EUR", "CNY", Decimal("7.7"), date(2026, 3, 5))
    known = [first, other, second, again]
    assert newest(known, "CNY", "EUR", date(2026, 2, 28)) is None
    assert newest(known, "CNY", "EUR", date(2026, 3, 4)) == first
    assert newest(known, "EUR", "CNY", date(2026, 3, 5)) == again
    assert newest(known, "EUR", "JPY", date(2026, 3, 5)) is None


def test_a_stress_moves_what_is_not_promised() -> None:
    open_one = Dealing("CNY", Fraction(1, 8), Fraction(1, 9))
    assert open_one.moved(Fraction(1, 10)) == Dealing("CNY", Fraction(11, 80), Fraction(11, 90))
    promised = Dealing("CNY", Fraction(1, 8), Fraction(1, 8), "river-bank", DAY)
    assert promised.moved(Fraction(1, 10)) is promised
