"""Interest by day count and by steps, and the cost of being late, on figures worked out by hand."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dates import DayCount
from domain.money import round_minor
from domain.terms import Price, Step
from finance.pricing.interest import exact_interest, exact_late_charge

PRICE = Price(Fraction("0.144"))
FACTOR = Price(Fraction("0.108"))
STEPPED = Price(steps=(Step(30, Fraction("0.03")), Step(10, Fraction("0.01"))))


@pytest.mark.parametrize(
    ("price", "principal", "start", "end", "expected"),
    [
        (PRICE, 26_636_828, date(2026, 3, 5), date(2026, 4, 22), 511_427),
        (PRICE, 60_646_000, date(2026, 4, 9), date(2026, 4, 22), 315_359),
        (FACTOR, 96_050_000, date(2026, 4, 22), date(2026, 6, 22), 1_757_715),
        (Price(Fraction("0.1"), DayCount.ACT_365F), 36_500, date(2026, 1, 1), date(2026, 1, 11), 100),
        (Price(Fraction("0.12"), DayCount.THIRTY_360), 100_000, date(2026, 1, 31), date(2026, 2, 28), 933),
        (PRICE, 100, date(2026, 3, 5), date(2026, 3, 4), 0),
    ],
)
def test_interest_matches_the_worked_figure(
    price: Price, principal: int, start: date, end: date, expected: int
) -> None:
    assert round_minor(exact_interest(price, principal, start, end)) == expected


@pytest.mark.parametrize(("days", "percent"), [(0, 0), (1, 3), (30, 3), (31, 4), (40, 4), (41, 5), (48, 5)])
def test_steps_charge_each_begun_period(days: int, percent: int) -> None:
    start = date(2026, 3, 5)
    assert exact_interest(STEPPED, 10_000, start, start + timedelta(days=days)) == percent * 100


@pytest.mark.parametrize(("days", "expected"), [(0, 0), (5, 144_075), (45, 1_872_975), (90, 3_817_988)])
def test_late_charge_has_grace_then_penalty(days: int, expected: int) -> None:
    due = date(2026, 6, 22)
    exact = exact_late_charge(FACTOR, 96_050_000, due, due + timedelta(days=days), 5, Fraction(3, 2))
    assert round_minor(exact) == expected


@given(st.integers(1, 10**12), st.integers(0, 900), st.integers(0, 900))
def test_interest_of_two_stretches_is_interest_of_the_whole(principal: int, first: int, second: int) -> None:
    start = date(2026, 1, 1)
    middle = start + timedelta(days=first)
    end = middle + timedelta(days=second)
    parts = exact_interest(PRICE, principal, start, middle) + exact_interest(PRICE, principal, middle, end)
    assert parts == exact_interest(PRICE, principal, start, end)
