"""A facility's debt: interest by layers, shares by largest remainder, priorities, absent lenders."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.network import Role, Technique
from domain.terms import Fee, FeeBasis, Price
from finance.agreed.contract import Facility, Rank, Share
from finance.books.debt import Debt

START = date(2026, 3, 5)
LOAN = Facility(
    "loan",
    Role.PRE_SHIPMENT,
    Technique.PURCHASE_ORDER,
    (Share("harbour", Fraction(3, 5)), Share("delta", Fraction(2, 5))),
    100_000_000,
    Price(Fraction("0.144")),
)


def day(days: int) -> date:
    return START + timedelta(days=days)


def test_interest_is_split_by_largest_remainder() -> None:
    """8,267.86 at 60 to 40 is 4,960.72 and 3,307.14."""
    debt = Debt(LOAN)
    debt.draw(debt.split(26_636_828), date(2026, 3, 5))
    debt.draw(debt.split(60_646_000), date(2026, 4, 9))
    added = debt.accrue(date(2026, 4, 22))["interest"]
    assert sum(added.values()) == 826_786
    assert added == {"harbour": 496_072, "delta": 330_714}


def test_partial_repayment_stops_interest_on_what_was_repaid() -> None:
    debt = Debt(replace(LOAN, shares=(Share("harbour", Fraction(1)),)))
    debt.draw({"harbour": 1_000_000}, day(0))
    debt.accrue(day(10))
    debt.pay(Rank.PRINCIPAL, 500_000, day(10))
    debt.accrue(day(30))
    assert debt.owed(Rank.INTEREST) == 4_000 + 4_000
    assert debt.owed(Rank.PRINCIPAL) == 500_000


def test_interest_runs_on_what_was_drawn_and_not_on_what_was_approved() -> None:
    """Named defect of other systems: a schedule that is wrong when less is drawn than approved."""
    debt = Debt(replace(LOAN, shares=(Share("harbour", Fraction(1)),)))
    debt.draw({"harbour": 10_000_000}, day(0))
    assert sum(debt.accrue(day(36))["interest"].values()) == 144_000


@given(st.lists(st.integers(0, 200), max_size=20))
def test_no_sequence_of_accrual_dates_changes_the_total(days: list[int]) -> None:
    stepped, whole = Debt(LOAN), Debt(LOAN)
    for debt in (stepped, whole):
        debt.draw(debt.split(33_333_333), day(0))
        debt.due_on = day(60)
    for each in sorted(days):
        stepped.accrue(day(each))
    for debt in (stepped, whole):
        debt.accrue(day(200))
    for rank in (Rank.INTEREST, Rank.PENALTY):
        assert stepped.owed(rank) == whole.owed(rank)
        assert stepped.owed_to("delta", rank) == whole.owed_to("delta", rank)


def test_accruing_to_an_earlier_day_takes_back_what_was_too_much() -> None:
    debt = Debt(LOAN)
    debt.draw(debt.split(10_000_000), day(0))
    debt.accrue(day(30))
    assert sum(debt.accrue(day(15))["interest"].values()) == -60_000


def test_a_lender_of_higher_priority_is_paid_first_and_loses_last() -> None:
    debt = Debt(replace(LOAN, shares=(Share("senior", Fraction(4, 5)), Share("junior", Fraction(1, 5), 1))))
    debt.draw(debt.split(1_000), day(0))
    assert debt.pay(Rank.PRINCIPAL, 900, day(5)) == {"senior": 800, "junior": 100}
    assert debt.owed_to("junior", Rank.PRINCIPAL) == 100
    assert debt.owed_to("senior", Rank.PRINCIPAL) == 0


@pytest.mark.parametrize(
    ("absent", "parts"),
    [
        ((), {"harbour": 601, "delta": 400}),
        (("delta",), {"harbour": 1_001}),
        (("harbour", "delta"), {"harbour": 601, "delta": 400}),
    ],
)
def test_what_an_absent_lender_does_not_fund_the_others_do(
    absent: tuple[str, ...], parts: dict[str, int]
) -> None:
    assert Debt(LOAN).split(1_001, absent) == parts


def test_tax_and_fees_at_repayment_are_owed_once() -> None:
    fee = Fee("closing", FeeBasis.LIMIT, Fraction(1, 100), at_repayment=True)
    debt = Debt(replace(LOAN, fees=(fee,), tax_rate=Fraction(6, 100)))
    debt.draw(debt.split(1_000_000), day(0))
    debt.accrue(day(0))
    debt.accrue(day(0))
    assert debt.owed(Rank.FEE) == 10_000 + 600
    debt.accrue(day(36))
    assert debt.owed(Rank.FEE) == 10_000 + 600 + 864


@given(st.integers(0, 10**9), st.integers(1, 99), st.integers(0, 10**9))
def test_what_is_paid_is_never_more_than_what_is_owed(principal: int, share: int, money: int) -> None:
    shares = (Share("a", Fraction(share, 100)), Share("b", Fraction(100 - share, 100)))
    debt = Debt(replace(LOAN, shares=shares))
    debt.draw(debt.split(principal), day(0))
    paid = debt.pay(Rank.PRINCIPAL, money, day(1))
    assert sum(paid.values()) == min(money, principal)
    assert debt.owed(Rank.PRINCIPAL) == principal - sum(paid.values())
    assert all(debt.owed_to(lender, Rank.PRINCIPAL) >= 0 for lender in "ab")


def test_a_place_sold_takes_everything_with_it() -> None:
    debt = Debt(LOAN)
    debt.draw(debt.split(1_000_000), day(0))
    debt.accrue(day(30))
    owed = debt.owed_to("delta", Rank.PRINCIPAL), debt.owed_to("delta", Rank.INTEREST)
    debt.transfer("delta", "river")
    assert (debt.owed_to("river", Rank.PRINCIPAL), debt.owed_to("river", Rank.INTEREST)) == owed
    assert debt.lenders() == ("harbour", "river")
    assert debt.split(100) == {"harbour": 60, "river": 40}
