"""Allowances follow the days past due by themselves, and come out the same whenever a fact is recorded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

import finance.fold.fold
from domain.terms import Recourse
from finance.agreed.contract import Contract, Share
from finance.agreed.facts import Fact, FactKind
from finance.books.correction import Posted, as_if, corrections
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold

MakeFact = Callable[..., Fact]
ACCEPTED = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")
FACTOR = "lender:meridian"


def to_due_date(contract: Contract) -> list[Fact]:
    known = [ACCEPTED]
    return [*known, *fold(contract, known, date(2026, 6, 21), Expectations(contract, known)).assumed]


def allowance(folded: Folded, lender: str = FACTOR) -> int:
    return -folded.position.books.balance(lender, "1390")


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-06-22", 109_035), ("2026-07-22", 109_035), ("2026-07-23", 8_802_694), ("2026-09-19", 8_802_694),
     ("2026-09-20", 43_222_500)],
)  # fmt: skip
def test_the_allowance_is_that_of_the_day_though_nobody_asked_before(
    contract: Contract, day: str, expected: int
) -> None:
    """The worked example: 1,090.35, beyond 30 days late 88,026.94, from 90 days 45% of the principal."""
    assert allowance(fold(contract, to_due_date(contract), date.fromisoformat(day))) == expected


def test_a_fact_posts_the_stages_its_date_implies(contract: Contract, fact: MakeFact) -> None:
    """A small payment in August: the move to stage 2 in July is posted with it, on its own day."""
    small = fact(FactKind.RECEIPT, "2026-08-10", amount="1000000")
    folded = fold(contract, [*to_due_date(contract), small], date(2026, 8, 10))
    moves = [one for one in folded.journals if one.kind == "allowance" and one.on == date(2026, 7, 23)]
    assert [one.postings for one in moves] == [((FACTOR, "5510", 8_693_659), (FACTOR, "1390", -8_693_659))]
    assert folded.position.debts["factoring"].stage == 2


def test_without_the_move_of_its_own_day_nothing_would_be_posted(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finance.fold.fold, "next_move", lambda _debt, _to: None)
    assert allowance(fold(contract, to_due_date(contract), date(2026, 9, 20))) == 109_035


def test_a_payment_in_time_recorded_late_takes_the_stages_back(contract: Contract, fact: MakeFact) -> None:
    known = to_due_date(contract)
    late = fold(contract, [*known, fact(FactKind.ADVANCED, "2026-10-01")], date(2026, 10, 1))
    posted: dict[str, Posted] = {}
    for journal in late.journals:
        posted.setdefault(journal.key, Posted(journal.kind, journal.party)).add(journal.on, journal.postings)
    receipt = fact(FactKind.RECEIPT, "2026-06-22", amount="113000000")
    after = fold(contract, [*known, receipt], date(2026, 10, 1))
    old = [journal for journal in after.journals if journal.cause != receipt.id]
    back = [one for one in corrections(old, posted) if one.kind == "allowance"]
    assert allowance(after) == 0
    assert (
        sum(minor for one in back for _, code, minor in one.postings if code == "1390")
        == 43_222_500 - 109_035
    )
    for one in back:
        posted[one.key].add(one.on, as_if(one.postings))
    assert [one for one in corrections(old, posted) if one.kind == "allowance"] == []


def test_part_of_the_debt_paid_lowers_the_allowance_with_it(contract: Contract, fact: MakeFact) -> None:
    part = fact(FactKind.RECEIPT, "2026-08-10", amount="60000000")
    folded = fold(contract, [*to_due_date(contract), part], date(2026, 8, 10))
    debt = folded.position.debts["factoring"]
    assert 0 < debt.principal < 96_050_000
    assert allowance(folded) == round(debt.principal * 0.09)


def test_a_struck_claim_keeps_what_was_expected_to_be_lost(contract: Contract, fact: MakeFact) -> None:
    facts = [
        *to_due_date(contract),
        fact(FactKind.INSOLVENT, "2026-06-22"),
        fact(FactKind.RECOVERY, "2026-12-21", amount="22600000", cost="2260000"),
    ]
    struck = fold(contract, facts, date(2026, 9, 20))
    recovered = fold(contract, facts, date(2026, 12, 21))
    assert (
        allowance(struck)
        == allowance(recovered)
        == round(struck.position.debts["factoring"].principal * 0.45)
    )


def test_who_is_paid_last_is_expected_to_lose_first(contract: Contract) -> None:
    """Three quarters senior, a quarter junior: 432,225.00 takes all of the junior's 240,125.00 first."""
    factor = contract.facilities[1]
    shares = (Share("senior", Fraction(3, 4)), Share("junior", Fraction(1, 4), 1))
    two = replace(contract, facilities=(contract.facilities[0], replace(factor, shares=shares)))
    folded = fold(two, to_due_date(two), date(2026, 9, 20))
    assert allowance(folded, "lender:junior") == 24_012_500
    assert allowance(folded, "lender:senior") == 43_222_500 - 24_012_500
    early = fold(two, to_due_date(two), date(2026, 7, 1))
    assert (allowance(early, "lender:junior"), allowance(early, "lender:senior")) == (109_035, 0)


def test_a_claim_with_full_recourse_stays_doubtful_after_the_order_is_written_off(
    contract: Contract, fact: MakeFact
) -> None:
    """The trader still owes it: neither claim nor allowance leaves the lender's books."""
    factor = replace(contract.facilities[1], recourse=Recourse.FULL)
    full = replace(contract, facilities=(contract.facilities[0], factor))
    facts = [
        *to_due_date(full),
        fact(FactKind.INSOLVENT, "2026-06-22"),
        fact(FactKind.WRITE_OFF, "2026-12-21"),
    ]
    folded = fold(full, facts, date(2026, 12, 31))
    debt = folded.position.debts["factoring"]
    assert debt.claim > 0
    assert allowance(folded) > 0
    assert folded.position.books.balance("trader", "2330") == -debt.principal


def test_a_draw_dated_after_the_end_leaves_no_allowance_behind(contract: Contract, fact: MakeFact) -> None:
    """Called off with an earlier date than a take-out, which is struck and repaid all the same."""
    facts = [
        *to_due_date(contract),
        fact(FactKind.CANCELLED, "2026-03-13"),
        fact(FactKind.DEFAULT, "2026-06-22", facility="factoring"),
        fact(
            FactKind.GUARANTEE,
            "2026-06-23",
            facility="factoring",
            guarantor="guarantor:bank",
            amount="99000000",
        ),
    ]
    folded = fold(contract, facts, date(2026, 6, 23))
    assert folded.position.debts["factoring"].drawn
    assert folded.position.debts["factoring"].principal == 0
    assert allowance(folded) == 0
