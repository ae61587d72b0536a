"""Money: parsing refuses what a minor unit cannot hold, rounding is half away from zero, splits are exact."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import (
    MINOR_MAXIMUM,
    Money,
    MoneyError,
    format_minor,
    parse_minor,
    round_minor,
    split_minor,
)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1130.00", "CNY", 113000),
        ("1.10000", "EUR", 110),
        ("7", "JPY", 7),
        ("1.005", "KWD", 1005),
        ("-0.01", "USD", -1),
    ],
)
def test_amount_parses_to_minor_units(text: str, currency: str, minor: int) -> None:
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.001", "EUR"),
        ("0.5", "JPY"),
        ("NaN", "EUR"),
        ("1e3", "EUR"),
        ("1,000", "EUR"),
        ("", "EUR"),
        ("1", "XXZ"),
        ("١", "EUR"),
        ("1_0", "EUR"),
        ("99999999999999999999", "EUR"),
    ],
)
def test_amount_refuses_what_is_no_money(text: str, currency: str) -> None:
    with pytest.raises(MoneyError):
        parse_minor(text, currency)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        (Fraction(1, 2), 1),
        (Fraction(-1, 2), -1),
        (Fraction(5, 2), 3),
        (Decimal("2.4"), 2),
        (Fraction(-12, 5), -2),
        (3, 3),
    ],
)
def test_rounding_takes_halves_away_from_zero(exact: Fraction, rounded: int) -> None:
    assert round_minor(exact) == rounded


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_split_sums_to_the_total_and_stays_within_one_unit(total: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        weights[0] = 1
    parts = split_minor(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


def test_split_is_the_largest_remainder() -> None:
    assert split_minor(826786, [60, 40]) == [496072, 330714]


@given(st.integers(-MINOR_MAXIMUM, MINOR_MAXIMUM), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_amount_survives_being_printed_and_read(minor: int, currency: str) -> None:
    assert parse_minor(format_minor(minor, currency), currency) == minor


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(MoneyError, match="EUR"):
        Money(1, "EUR") + Money(1, "USD")
