"""Defects that users of other loan systems report for years; each has its test by name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind
from finance.books.correction import Correction, Posted, as_if, corrections
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold

MakeFact = Callable[..., Fact]
ACCEPTED = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")
END = date(2026, 12, 31)


def posted_of(folded: Folded) -> dict[str, Posted]:
    posted: dict[str, Posted] = {}
    for journal in folded.journals:
        posted.setdefault(journal.key, Posted(journal.kind, journal.party)).add(journal.on, journal.postings)
    return posted


def corrected(posted: dict[str, Posted], folded: Folded, new: set[str]) -> list[Correction]:
    found = corrections([journal for journal in folded.journals if journal.cause not in new], posted)
    for one in found:
        before = posted.setdefault(one.key, Posted(one.kind, one.party))
        before.add(one.on, as_if(one.postings))
        before.corrections += 1
    return found


def to_due_date(contract: Contract) -> list[Fact]:
    return [
        ACCEPTED,
        *fold(contract, [ACCEPTED], date(2026, 6, 21), Expectations(contract, [ACCEPTED])).assumed,
    ]


def balance(folded: Folded, entity: str, code: str) -> int:
    return folded.position.books.balance(entity, code)


def test_back_dated_payment_is_allocated_as_if_it_had_come_in_time(
    contract: Contract, fact: MakeFact
) -> None:
    """frappe/lending#878."""
    known = to_due_date(contract)
    early = fact(FactKind.RECEIPT, "2026-06-22", amount="50000000")
    late = fact(FactKind.RECEIPT, "2026-07-22", amount="63000000")
    in_order, out_of_order = (
        fold(contract, [*known, early, late], END),
        fold(contract, [*known, late, early], END),
    )
    assert in_order.position.books.balances == out_of_order.position.books.balances
    only_late = fold(contract, [*known, fact(FactKind.RECEIPT, "2026-07-22", amount="113000000")], END)
    assert 0 < balance(in_order, "trader", "5240") < balance(only_late, "trader", "5240")


def test_penalty_is_computed_anew_after_a_repost(contract: Contract, fact: MakeFact) -> None:
    """frappe/lending#1150."""
    known = to_due_date(contract)
    marked = [*known, fact(FactKind.ADVANCED, "2026-08-06")]
    before = fold(contract, marked, date(2026, 8, 6))
    assert balance(before, "trader", "5240") == 1_872_975
    posted = posted_of(before)
    receipt = fact(FactKind.RECEIPT, "2026-07-02", amount="113000000")
    after = fold(contract, [*marked, receipt], date(2026, 8, 6))
    changed = corrected(posted, after, {receipt.id})
    assert balance(after, "trader", "5240") == 5 * 28_815 + 216_113
    late = [one for one in changed if one.kind == "late_charge"]
    assert sum(minor for one in late for entity, code, minor in one.postings if code == "5240") == -1_872_975


def test_accruals_are_not_reversed_again_and_again(contract: Contract, fact: MakeFact) -> None:
    """fineract#4334: a month of daily accruals, one back-dated fact, then nothing more to correct."""
    known = to_due_date(contract)
    days = [date(2026, 6, 23) + timedelta(days=day) for day in range(30)]
    marked = [*known, *(fact(FactKind.ADVANCED, day.isoformat()) for day in days)]
    posted = posted_of(fold(contract, marked, END))
    receipt = fact(FactKind.RECEIPT, "2026-06-22", amount="113000000")
    after = fold(contract, [*marked, receipt], END)
    changed = corrected(posted, after, {receipt.id})
    assert max(one.number for one in changed) == 1
    assert len(changed) == len({one.key for one in changed})
    assert corrected(posted, after, {receipt.id}) == []


def test_a_fee_is_charged_once_and_not_again_for_each_tranche(contract: Contract) -> None:
    """frappe/lending#305: three draws of the loan, one arrangement fee."""
    folded = fold(contract, [ACCEPTED], date(2026, 4, 20), Expectations(contract, [ACCEPTED]))
    fees = [
        minor
        for journal in folded.journals
        if journal.kind == "draw"
        for entity, code, minor in journal.postings
        if (entity, code) == ("trader", "1290")
    ]
    assert fees == [872_828]


def test_payoff_is_right_when_less_is_drawn_than_approved(contract: Contract, fact: MakeFact) -> None:
    """frappe/lending#2519: the limit is 872,828.28, only the deposit is drawn."""
    draw = fact(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", "25764000"]])
    payoff = fact(FactKind.PAYMENT, "2026-04-22", payee="order-loan")
    deposit = fact(FactKind.RECEIPT, "2026-04-21", amount="40000000")
    folded = fold(contract, [ACCEPTED, draw, deposit, payoff], END)
    repaid = [journal for journal in folded.journals if journal.kind == "repayment"]
    assert sum(
        minor
        for one in repaid
        for entity, code, minor in one.postings
        if (entity, code) == ("lender:harbour", "1010")
    ) == (26_636_828 + 511_427)
    assert balance(folded, "trader", "9310") == 96_050_000


def test_a_fact_that_comes_after_full_payoff_corrects_and_leaves_no_phantom_debt(
    contract: Contract, fact: MakeFact
) -> None:
    """fineract#5031."""
    stated = [ACCEPTED, fact(FactKind.RECEIPT, "2026-06-22", amount="113000000")]
    paid = fold(contract, stated, END, Expectations(contract, stated))
    known = [*stated, *paid.assumed]
    posted = posted_of(paid)
    dispute = fact(FactKind.CREDIT_NOTE, "2026-06-20", amount="11300000")
    after = fold(contract, [*known, dispute], END)
    assert corrected(posted, after, {dispute.id})
    assert all(debt.claim == 0 for debt in after.position.debts.values())
    assert balance(after, "trader", "2220") == -11_300_000


@pytest.mark.parametrize("days", [1, 7, 30])
def test_settlement_interest_ties_to_the_ledger(contract: Contract, fact: MakeFact, days: int) -> None:
    """frappe/lending#1163 and #997: what is paid off is what was accrued, to the cent, however often."""
    known = to_due_date(contract)
    marks = [date(2026, 6, 22) - timedelta(days=day) for day in range(1, 60, days)]
    marked = [*known, *(fact(FactKind.ADVANCED, day.isoformat()) for day in marks)]
    folded = fold(contract, [*marked, fact(FactKind.RECEIPT, "2026-06-22", amount="113000000")], END)
    assert balance(folded, "trader", "2340") == 0
    assert balance(folded, "trader", "5230") == 678_000 + 1_757_715


def test_an_absent_lender_is_no_shortfall_for_the_trader(syndicated: Contract, fact: MakeFact) -> None:
    drawn = fact(
        FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", "25764000"]], absent=["delta"]
    )
    known = [ACCEPTED, drawn]
    folded = fold(syndicated, known, END, Expectations(syndicated, known))
    assert folded.position.state == "SETTLED"
    assert balance(folded, "trader", "3010") == 14_038_871
    lent = {
        entity: minor
        for journal in folded.journals
        if journal.cause == drawn.id
        for entity, code, minor in journal.postings
        if code == "1310"
    }
    assert lent == {"lender:harbour": 26_636_828}


def test_two_lenders_share_draws_receipts_and_the_profit_stays(syndicated: Contract) -> None:
    folded = fold(syndicated, [ACCEPTED], END, Expectations(syndicated, [ACCEPTED]))
    assert balance(folded, "trader", "3010") == 14_038_871
    assert balance(folded, "lender:harbour", "1010") + balance(folded, "lender:delta", "1010") == 1_699_614
    assert -balance(folded, "lender:harbour", "4110") == 496_072
    assert -balance(folded, "lender:delta", "4110") == 330_714


def test_waterfall_is_data(contract: Contract, fact: MakeFact) -> None:
    """With principal before interest, a short payment leaves interest owed instead of principal."""
    ranks = list(contract.waterfall)
    ranks.insert(0, ranks.pop(ranks.index("principal")))
    turned = replace(contract, waterfall=tuple(ranks))
    known = to_due_date(contract)
    short = fact(FactKind.RECEIPT, "2026-06-22", amount="96050000")
    usual, other = (fold(one, [*known, short], date(2026, 6, 22)) for one in (contract, turned))
    assert balance(usual, "trader", "2340") == 0
    assert balance(usual, "trader", "2330") == -1_757_715
    assert balance(other, "trader", "2330") == 0
    assert balance(other, "trader", "2340") == -1_757_715
