"""Rates on what was really had, and the yearly rate of a lender's flows."""

from datetime import date
from fractions import Fraction

import pytest

from domain.terms import Price, Step
from finance.pricing.returns import headline, rate_text, simple_rate, xirr

ORDER = [(date(2026, 3, 5), 257_640_00), (date(2026, 4, 9), 606_460_00)]
END = date(2026, 4, 22)


def test_simple_rate_of_the_worked_example() -> None:
    assert rate_text(simple_rate(16_996_14, ORDER, END)) == "0.3021"


def test_xirr_of_the_worked_example() -> None:
    flows = [(on, -amount) for on, amount in ORDER] + [(END, 881_096_14)]
    assert rate_text(xirr(flows)) == "0.3526"


def test_xirr_is_the_rate_that_balances() -> None:
    flows = [(date(2026, 1, 1), -1000), (date(2027, 1, 1), 1100)]
    assert xirr(flows) == pytest.approx(0.10)


@pytest.mark.parametrize(
    "flows",
    [
        [],
        [(date(2026, 1, 1), -5)],
        [(date(2026, 1, 1), 5), (date(2026, 1, 1), -5)],
        [(date(2026, 1, 1), -5), (date(2026, 2, 1), 9), (date(2026, 3, 1), -4)],
    ],
)
def test_xirr_is_undefined_without_exactly_one_change_of_sign(flows: list[tuple[date, int]]) -> None:
    assert xirr(flows) is None


def test_xirr_of_tiny_amounts_is_that_of_large_ones() -> None:
    tiny = xirr([(date(2026, 1, 1), -1000), (date(2026, 7, 1), 1001)])
    large = xirr([(date(2026, 1, 1), -(10**12)), (date(2026, 7, 1), 1_001 * 10**9)])
    assert tiny == pytest.approx(large)


def test_simple_rate_without_a_day_of_money_is_undefined() -> None:
    assert simple_rate(5, [(END, 100)], END) is None
    assert rate_text(None) is None


def test_headline_says_the_price_as_the_lender_does() -> None:
    assert headline(Price(Fraction(144, 1000))) == "14.4% ACT/360"
    steps = Price(steps=(Step(30, Fraction(3, 100)), Step(10, Fraction(1, 100))))
    assert headline(steps) == "3% per 30 d, then 1% per 10 d"


def test_rate_text_rounds_halves_away_from_zero() -> None:
    assert [rate_text(Fraction(n, 20_000)) for n in (1, -1, 3)] == ["0.0001", "-0.0001", "0.0002"]
