"""Every safety of the closed loop holds, and the check that guards it fails once the safety is taken away.

The first seven are the defects that users of other loan systems report for years.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

import finance.books.accruals
import finance.books.correction
import finance.books.debt
import finance.fold.fold
import finance.rules.draw
import finance.rules.payment
import finance.sides.allowance
import finance.sides.amendment
import finance.sides.buyer
import finance.sides.lenders
import finance.sides.taxes
from domain.money import split_minor
from domain.states import OrderState
from finance.agreed.contract import Condition, Contract, Share
from finance.agreed.facts import Fact, FactKind
from finance.books.correction import Posted
from finance.books.position import Position
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold
from finance.rules.conditions import objections
from finance.rules.objection import Circumstances

MakeFact = Callable[..., Fact]
Check = Callable[[Contract, MakeFact], None]
Remove = Callable[[pytest.MonkeyPatch], None]
ACCEPTED = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")
END = date(2026, 12, 31)
DUE = "2026-06-22"
GROSS = "113000000"


def until(contract: Contract, day: date) -> list[Fact]:
    return [ACCEPTED, *fold(contract, [ACCEPTED], day, Expectations(contract, [ACCEPTED])).assumed]


def to_due_date(contract: Contract) -> list[Fact]:
    return until(contract, date(2026, 6, 21))


def balance(folded: Folded, entity: str, code: str) -> int:
    return folded.position.books.balance(entity, code)


class Book:
    """What was posted, and what later facts corrected of it, as a ledger keeps them."""

    def __init__(self) -> None:
        self.posted: dict[str, Posted] = {}
        self.moved: list[tuple[str, str, int]] = []
        self.causes: set[str] = set()

    def record(self, folded: Folded) -> list[finance.books.correction.Correction]:
        old = [journal for journal in folded.journals if journal.cause in self.causes]
        changed = finance.books.correction.corrections(old, self.posted)
        for one in changed:
            before = self.posted.setdefault(one.key, Posted(one.kind, one.party))
            before.add(one.on, finance.books.correction.as_if(one.postings))
            before.corrections += 1
            self.moved += one.postings
        for journal in folded.journals:
            if journal.cause not in self.causes:
                known = self.posted.setdefault(journal.key, Posted(journal.kind, journal.party))
                known.add(journal.on, journal.postings)
        self.causes |= {journal.cause for journal in folded.journals}
        return changed

    def sums(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for before in self.posted.values():
            for day in before.by_date.values():
                for place, amount in day.items():
                    found[place] = found.get(place, 0) + amount
        return {place: amount for place, amount in found.items() if amount}


def as_folded(folded: Folded) -> dict[tuple[str, str], int]:
    return {place: amount for place, amount in folded.position.books.balances.items() if amount}


# what must hold ---------------------------------------------------------------------------------


def back_dated_payment(contract: Contract, fact: MakeFact) -> None:
    known = to_due_date(contract)
    early = fact(FactKind.RECEIPT, DUE, amount="50000000")
    late = fact(FactKind.RECEIPT, "2026-07-22", amount="63000000")
    in_order = fold(contract, [*known, early, late], END)
    out_of_order = fold(contract, [*known, late, early], END)
    assert as_folded(in_order) == as_folded(out_of_order)


def penalty_after_a_repost(contract: Contract, fact: MakeFact) -> None:
    book, known = Book(), [*to_due_date(contract), fact(FactKind.ADVANCED, "2026-08-06")]
    book.record(fold(contract, known, date(2026, 8, 6)))
    after = fold(contract, [*known, fact(FactKind.RECEIPT, "2026-07-02", amount=GROSS)], date(2026, 8, 6))
    book.record(after)
    assert book.sums()["trader", "5240"] == 5 * 28_815 + 216_113


def repeated_reversals_of_accruals(contract: Contract, fact: MakeFact) -> None:
    """Half the payments were late; one comes in with an earlier date: corrected once, then quiet."""
    book = Book()
    known = [*to_due_date(contract), fact(FactKind.RECEIPT, "2026-08-06", amount=GROSS)]
    book.record(fold(contract, known, date(2026, 8, 6)))
    after = fold(contract, [*known, fact(FactKind.RECEIPT, DUE, amount="90000000")], date(2026, 8, 6))
    assert book.record(after)
    assert book.record(after) == []
    assert book.sums() == as_folded(after)


def fee_charged_twice_per_tranche(contract: Contract, fact: MakeFact) -> None:
    """Three tranches that nobody planned: the fee on the limit is taken with the first."""
    loan = replace(contract.facilities[0], draws=())
    open_end = replace(contract, facilities=(loan, *contract.facilities[1:]))
    draws = [
        fact(FactKind.DRAW, f"2026-03-{day}", facility="order-loan", payees=[["factory", "5000000"]])
        for day in ("06", "09", "12")
    ]
    folded = fold(open_end, [ACCEPTED, *draws], END)
    assert balance(folded, "trader", "2310") == -(15_000_000 + 872_828)


def schedule_wrong_when_less_is_drawn(contract: Contract, fact: MakeFact) -> None:
    draw = fact(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", "25764000"]])
    folded = fold(contract, [ACCEPTED, draw, fact(FactKind.ADVANCED, "2026-04-22")], date(2026, 4, 22))
    assert balance(folded, "trader", "2320") == -511_427


def reversal_after_full_payoff(contract: Contract, fact: MakeFact) -> None:
    book, known = Book(), [*to_due_date(contract), fact(FactKind.RECEIPT, DUE, amount=GROSS)]
    book.record(fold(contract, known, END))
    after = fold(contract, [*known, fact(FactKind.CREDIT_NOTE, "2026-06-20", amount="11300000")], END)
    book.record(after)
    assert book.sums() == as_folded(after)


def settlement_interest_ties(contract: Contract, fact: MakeFact) -> None:
    days = [date(2026, 4, 23) + timedelta(days=day) for day in range(60)]
    marks = [fact(FactKind.ADVANCED, day.isoformat()) for day in days]
    paid = fact(FactKind.RECEIPT, DUE, amount=GROSS)
    folded = fold(contract, [*to_due_date(contract), *marks, paid], END)
    assert balance(folded, "trader", "5230") == 678_000 + 1_757_715
    assert balance(folded, "trader", "2340") == 0


def cash_stays_where_it_went(contract: Contract, fact: MakeFact) -> None:
    book = Book()
    known = [*to_due_date(contract), fact(FactKind.RECEIPT, "2026-08-06", amount=GROSS)]
    book.record(fold(contract, known, date(2026, 8, 6)))
    book.record(fold(contract, [*known, fact(FactKind.RECEIPT, DUE, amount="90000000")], date(2026, 8, 6)))
    assert book.moved
    assert all(code != "1010" for _, code, _ in book.moved)


def refusals(contract: Contract, facts: list[Fact], one: Fact, *met: Condition) -> list[str]:
    position = fold(contract, facts, one.on).position
    around = Circumstances(OrderState.RESERVED, position.cash, frozenset(met))
    return [objection.reason for objection in objections(position, one, around)]


FREE = Condition.NOT_FINANCED_ELSEWHERE


def draw_names_a_reserved_booking(contract: Contract, fact: MakeFact) -> None:
    draw = fact(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["somebody", "100"]])
    assert refusals(contract, [ACCEPTED], draw, FREE)


def draw_meets_its_conditions(contract: Contract, fact: MakeFact) -> None:
    draw = fact(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", "25764000"]])
    assert refusals(contract, [ACCEPTED], draw)
    assert not refusals(contract, [ACCEPTED], draw, FREE)


def draw_stays_within_the_limit(contract: Contract, fact: MakeFact) -> None:
    small = replace(contract.facilities[0], limit_minor=20_000_000)
    tight = replace(contract, facilities=(small, *contract.facilities[1:]))
    draw = fact(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", "25764000"]])
    assert refusals(tight, [ACCEPTED], draw, FREE)


def who_comes_first_is_paid_first(contract: Contract, fact: MakeFact) -> None:
    """On the day the tax is due, what is kept for it pays no provider."""
    known = [one for one in until(contract, date(2026, 5, 14)) if one.text("payee") != "carrier"]
    pay = fact(FactKind.PAYMENT, "2026-05-15", payee="carrier", amount="2725000")
    assert fold(contract, known, date(2026, 5, 15)).position.cash < 2_725_000 + 3_040_800 + 4_537_386
    spent = fact(FactKind.PAYMENT, "2026-05-10", payee="order-loan", amount="0")
    short = replace(contract.facilities[1], advance_rate=Fraction("0.83"), draws=())
    poor = replace(contract, facilities=(contract.facilities[0], short, contract.facilities[2]))
    known = [one for one in until(poor, date(2026, 5, 14)) if one.text("payee") != "carrier"]
    assert refusals(poor, [*known, spent], pay, FREE)


def an_insolvent_buyers_account_pays_no_provider(contract: Contract, fact: MakeFact) -> None:
    known = [*to_due_date(contract), fact(FactKind.INSOLVENT, DUE)]
    pay = fact(FactKind.PAYMENT, "2026-06-29", payee="warehouse", amount="100")
    assert refusals(contract, known, pay, FREE)


def the_buyers_refund_pays_no_lender(contract: Contract, fact: MakeFact) -> None:
    facts = [
        *to_due_date(contract),
        fact(FactKind.RECEIPT, DUE, amount="20000000", unknown=True),
        fact(FactKind.RECEIPT, DUE, amount="90000000", reference="1"),
        fact(FactKind.CREDIT_NOTE, "2026-06-23", amount="23000000"),
    ]
    assert fold(contract, facts, date(2026, 6, 23)).position.cash >= 20_000_000


def the_whole_account_stands_behind_the_last_claim(contract: Contract, fact: MakeFact) -> None:
    facts = [
        *to_due_date(contract),
        fact(FactKind.DISPUTE, DUE, amount="15400000"),
        fact(FactKind.RECEIPT, DUE, amount="97600000"),
        fact(FactKind.CREDIT_NOTE, DUE, amount="15400000"),
    ]
    assert fold(contract, facts, date(2026, 6, 22)).position.debts["factoring"].claim == 0


def stages_move_on_their_day(contract: Contract, fact: MakeFact) -> None:
    small = fact(FactKind.RECEIPT, "2026-08-10", amount="1")
    folded = fold(contract, [*to_due_date(contract), small], date(2026, 8, 10))
    days = [one.on for one in folded.journals if one.kind == "allowance" and one.party == "lender:meridian"]
    assert date(2026, 7, 23) in days


def who_is_paid_last_loses_first(contract: Contract, fact: MakeFact) -> None:
    shares = (Share("senior", Fraction(3, 4)), Share("junior", Fraction(1, 4), 1))
    factor = replace(contract.facilities[1], shares=shares)
    two = replace(contract, facilities=(contract.facilities[0], factor))
    facts = [*to_due_date(two), fact(FactKind.ADVANCED, "2026-07-01")]
    assert balance(fold(two, facts, date(2026, 7, 1)), "lender:senior", "1390") == 0


def surcharge_comes_back_at_most_once(contract: Contract, fact: MakeFact) -> None:
    known = [*to_due_date(contract), fact(FactKind.CREDIT_NOTE, DUE, amount=GROSS)]
    assert balance(fold(contract, known, date(2026, 6, 22)), "trader", "5310") == 0


def a_retracted_statement_counts_no_more(contract: Contract, fact: MakeFact) -> None:
    known = to_due_date(contract)
    wrong = fact(FactKind.RECEIPT, DUE, amount=GROSS)
    back = fact(FactKind.RETRACTED, DUE, fact=wrong.id)
    without = fold(contract, known, END)
    assert as_folded(fold(contract, [*known, wrong, back], END)) == as_folded(without)


# and what happens without the safety ------------------------------------------------------------


@dataclass(frozen=True)
class Guard:
    check: Check
    remove: Remove


def put(module: object, name: str, instead: Any) -> Remove:
    def remove(patched: pytest.MonkeyPatch) -> None:
        patched.setattr(module, name, instead, raising=False)

    return remove


def _from_nothing(self: finance.books.accruals.Accruals, rank: Any, exact: Any) -> dict[str, int]:
    """Each accrual on its own, as if nothing had accrued before."""
    total = sum(finance.books.accruals.round_minor(sum(some.values(), Fraction(0))) for some in exact)
    added = {}
    for some in exact[:1]:
        for lender in some:
            added[lender] = total
            self.accrued[rank][lender] = self.accrued[rank].get(lender, 0) + total
    return added


def _whole_limit(price: Any, amount: int, start: date, end: date) -> Fraction:
    return finance.sides.lenders.exact_interest(price, 87_282_828 if amount else 0, start, end)


def _pro_rata(debt: finance.books.debt.Debt, target: int) -> dict[str, int]:
    parts = split_minor(target, [share.share for share in debt.facility.shares])
    return dict(zip(debt.lenders(), parts, strict=True))


def _by_the_change(position: Position, fact: Fact) -> None:
    """The surcharge on each change of the tax by itself."""
    output, inputs = (-position.books.balance("trader", "2510"), position.books.balance("trader", "1510"))
    surcharge = finance.sides.taxes.round_minor((inputs - output) * Fraction(12, 100))
    rows = (("2510", output), ("1510", -inputs), ("1520", inputs - output + surcharge), ("5310", -surcharge))
    position.post("tax_credit", fact, "tax", [("trader", code, minor) for code, minor in rows])


NOTHING: Any = lambda *_: ()  # noqa: E731
GUARDS: dict[str, Guard] = {
    "facts in the order of trade": Guard(
        back_dated_payment,
        put(finance.fold.fold, "sorted", lambda facts, key: list(facts)),  # noqa: ARG005
    ),
    "journals compared again after a repost": Guard(
        penalty_after_a_repost, put(finance.books.correction, "_differences", lambda *_: {})
    ),
    "corrections count as posted": Guard(
        repeated_reversals_of_accruals, put(finance.books.correction, "as_if", lambda _: [])
    ),
    "corrections read as the cash they stand for": Guard(
        repeated_reversals_of_accruals, put(finance.books.correction, "as_if", list)
    ),
    "fees on the limit once": Guard(
        fee_charged_twice_per_tranche, put(finance.sides.lenders, "_fees_once", lambda *_: 872_828)
    ),
    "interest on what was drawn": Guard(
        schedule_wrong_when_less_is_drawn, put(finance.books.debt, "exact_interest", _whole_limit)
    ),
    "what was paid off is replayed too": Guard(
        reversal_after_full_payoff, put(finance.books.correction, "_differences", lambda *_: {})
    ),
    "accrual is cumulative": Guard(
        settlement_interest_ties, put(finance.books.accruals.Accruals, "bring", _from_nothing)
    ),
    "cash is not moved by corrections": Guard(
        cash_stays_where_it_went,
        put(finance.books.correction, "_with_claims", finance.books.correction._plain),
    ),
    "payees are reserved bookings": Guard(
        draw_names_a_reserved_booking, put(finance.rules.draw, "_payees", NOTHING)
    ),
    "conditions precedent": Guard(draw_meets_its_conditions, put(finance.rules.draw, "_conditions", NOTHING)),
    "the limit": Guard(draw_stays_within_the_limit, put(finance.rules.draw, "_headroom", NOTHING)),
    "the waterfall for payments": Guard(
        who_comes_first_is_paid_first, put(finance.rules.payment, "dues", lambda *_: {})
    ),
    "the frozen account": Guard(
        an_insolvent_buyers_account_pays_no_provider, put(Position, "frozen", property(lambda _: False))
    ),
    "refunds kept apart": Guard(
        the_buyers_refund_pays_no_lender, put(Position, "own_cash", property(lambda self: self.cash))
    ),
    "all of the account at the end": Guard(
        the_whole_account_stands_behind_the_last_claim,
        put(finance.sides.buyer, "buyer_is_done", lambda _: False),
    ),
    "stage moves follow by themselves": Guard(
        stages_move_on_their_day, put(finance.fold.fold, "next_move", lambda *_: None)
    ),
    "junior loses first": Guard(
        who_is_paid_last_loses_first, put(finance.sides.allowance, "expected_parts", _pro_rata)
    ),
    "surcharge on the whole": Guard(
        surcharge_comes_back_at_most_once, put(finance.sides.buyer, "true_up", _by_the_change)
    ),
    "retracted facts left out": Guard(
        a_retracted_statement_counts_no_more, put(finance.fold.fold, "standing", list)
    ),
}


@pytest.mark.parametrize("name", GUARDS)
def test_the_safety_holds(contract: Contract, fact: MakeFact, name: str) -> None:
    GUARDS[name].check(contract, fact)


@pytest.mark.parametrize("name", GUARDS)
def test_its_check_fails_without_the_safety(
    contract: Contract, fact: MakeFact, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with monkeypatch.context() as patched:
        GUARDS[name].remove(patched)
        with pytest.raises(AssertionError):
            GUARDS[name].check(contract, fact)
