"""Random stories of an order's money: each event recorded in any order, checked every time.

What the rules refuse is counted and not recorded. After every event: each entity balances, lenders' claims
are the trader's debts pair by pair, the account is not below zero unless a late or retracted statement
explains it, every lender's book ties to capital, income and losses. At the end: the corrected books are
those of the same facts in the order of trade, and other dates of accrual give the same totals.
"""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from domain.states import OrderState
from finance.agreed.contract import Condition, Contract, Share
from finance.agreed.facts import RETRACTABLE, Fact, FactKind, retracted, standing
from finance.books.correction import Posted, as_if, corrections
from finance.books.order_books import JournalEntry, Posting
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold
from finance.reports.lender_book import book_of, lines_of
from finance.reports.tranches import Pool
from finance.rules.conditions import objections
from finance.rules.objection import Circumstances
from tests.parts import worked_example as example

START, END = date(2026, 3, 5), date(2027, 6, 30)
ACCEPTED = Fact(FactKind.ACCEPTED, START, "accepted")
GROSS = 113_000_000
MET = frozenset({Condition.NOT_FINANCED_ELSEWHERE, Condition.SLOTS_RESERVED})
LIABILITIES = ("2110", "2120", "2210", "2220", "2310", "2320", "2330", "2340", "2350")
FINAL = frozenset({FactKind.CANCELLED, FactKind.SETTLED})


def contracts() -> list[Contract]:
    """The worked example with one lender, with two pro rata, with a senior and a junior in each facility."""
    plain: Contract = example.lamp_contract()
    half = example.Fraction(1, 2)
    several = replace(
        plain, facilities=example.lamp_facilities((Share("harbour", half), Share("delta", half)))
    )
    tranches = tuple(
        replace(one, shares=(Share("senior", half + half / 2), Share("junior", half / 2, 1)))
        for one in plain.facilities
    )
    return [plain, several, replace(plain, facilities=tranches)]


class Story:
    """One order: what was stated in which order, what was posted, what was corrected."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.contract = self.random.choice(contracts())
        self.facts: list[Fact] = [ACCEPTED]
        self.posted: dict[str, Posted] = {}
        self.causes: set[str] = set()
        self.real: dict[tuple[str, str], int] = {}
        self.told: Counter[str] = Counter()
        self.state = OrderState.RESERVED
        self.explained = False
        self._settle_in()

    def _settle_in(self) -> None:
        """Somewhere on the planned way, so that every stage is begun from."""
        day = START + timedelta(days=self.random.randrange(0, 112))
        known = fold(self.contract, self.facts, day, Expectations(self.contract, self.facts)).assumed
        self.facts += known
        self.post(self.folded())
        self.check()

    def folded(self) -> Folded:
        last = max(fact.on for fact in self.facts)
        return fold(self.contract, self.facts, last)

    def step(self) -> None:
        """One more statement, of any day, if the rules let it in."""
        fact = self.any_fact()
        before = [one for one in standing(self.facts) if one.place <= fact.place]
        position = fold(self.contract, before, fact.on).position
        cash = self.real.get(("trader", "1010"), 0)
        ended = any(one.kind in FINAL for one in standing(self.facts))
        if ended or (fact.kind is not FactKind.RETRACTED
                     and objections(position, fact, Circumstances(position.state, cash, MET))):  # fmt: skip
            self.told["refused"] += 1
            return
        late = fact.on < max(one.on for one in self.facts)
        self.explained = self.explained or late or fact.kind is FactKind.RETRACTED
        self.facts.append(fact)
        self.told[fact.kind.value] += 1
        self.told["late"] += late
        self.post(self.folded())
        self.check()

    def any_fact(self) -> Fact:
        chance, number = self.random, len(self.facts) + 1000
        last = (max(one.on for one in self.facts) - START).days
        day = chance.randrange(0, last + 1) if chance.random() < 0.3 else last + chance.randrange(0, 25)
        kind, data = chance.choice(self.choices())
        on = START + timedelta(days=day)
        if kind is FactKind.RETRACTED:
            on = next(one.on for one in self.facts if one.id == data["fact"])
        return Fact(kind, on, f"f{number}", number, "story", data=data)

    def choices(self) -> list[tuple[FactKind, dict[str, Any]]]:
        chance = self.random
        minor = str(chance.choice((chance.randrange(1, GROSS), GROSS, 10_000, 90_000_000)))
        booking = chance.choice([one.id for one in self.contract.bookings])
        second = [["factory", "60116000"], ["inspector", "530000"]]
        hole = [[booking, str(chance.randrange(1, 900_000))]]
        facility = chance.choice([one.id for one in self.contract.facilities])
        milestone = chance.choice(("production_end", "inspection", "delivery"))
        found: list[tuple[FactKind, dict[str, Any]]] = [
            (FactKind.MILESTONE, {"name": milestone}),
            (FactKind.MILESTONE, {"name": "delivery", "quantity": str(chance.randrange(1, 9_000))}),
            (FactKind.MILESTONE, {"name": "service_end", "booking": "warehouse"}),
            (FactKind.DRAW, {"facility": "order-loan", "payees": [["factory", "25764000"]]}),
            (FactKind.DRAW, {"facility": "order-loan", "payees": second}),
            (FactKind.DRAW, {"facility": "factoring"}),
            (FactKind.DRAW, {"facility": "standby", "payees": hole}),
            (FactKind.DRAW, {"facility": "order-loan", "payees": [["factory", "25764000"]],
                             "absent": [self.contract.facilities[0].shares[-1].lender]}),
            (FactKind.PAYMENT, {"payee": chance.choice([booking, "tax", "buyer", facility])}),
            (FactKind.RECEIPT, {"amount": minor}),
            (FactKind.RECEIPT, {"amount": minor, "unknown": True}),
            (FactKind.RECEIPT, {"amount": minor, "identified": True}),
            (FactKind.DISPUTE, {"amount": minor}),
            (FactKind.DISPUTE, {"amount": minor, "settled": True}),
            (FactKind.CREDIT_NOTE, {"quantity": str(chance.randrange(1, 2_000))}),
            (FactKind.DAMAGES, {"booking": booking, "amount": str(chance.randrange(1, 2_000_000))}),
            (FactKind.REFUND, {"booking": booking, "amount": str(chance.randrange(1, 2_000_000))}),
            (FactKind.PROVIDER_FAILED, {"booking": booking}),
            (FactKind.GUARANTEE, {"booking": booking, "guarantor": "guarantor:bank"}),
            (FactKind.INSOLVENT, {}),
            (FactKind.RECOVERY, {"amount": minor, "cost": "100"}),
            (FactKind.DEFAULT, {"facility": facility}),
            (FactKind.WRITE_OFF, {}),
            (FactKind.LATE_INTEREST, {"amount": str(chance.randrange(1, 100_000))}),
            (FactKind.ADVANCED, {}),
            (FactKind.CANCELLED, {}),
            (FactKind.SETTLED, {}),
            (FactKind.CLOSED_SHORT, {}),
            (FactKind.PAYMENT, {"payee": "trader"}),
        ]  # fmt: skip
        wrong = [one for one in standing(self.facts) if one.kind in RETRACTABLE and not one.assumed]
        if wrong:
            found += [(FactKind.RETRACTED, {"fact": chance.choice(wrong).id})] * 2
        return found

    def post(self, folded: Folded) -> None:
        """As the ledger does: corrections of what is known, then what is new."""
        journals = folded.journals
        old = [journal for journal in journals if journal.cause in self.causes]
        for one in corrections(old, self.posted, retracted(self.facts)):
            before = self.posted.setdefault(one.key, Posted(one.kind, one.party))
            before.add(one.on, as_if(one.postings))
            before.corrections += 1
            self._add(one.postings)
            self.told["corrections"] += 1
        for journal in journals:
            if journal.cause not in self.causes:
                known = self.posted.setdefault(journal.key, Posted(journal.kind, journal.party))
                known.add(journal.on, journal.postings)
                self._add(journal.postings)
        self.causes |= {journal.cause for journal in journals} | {one.id for one in self.facts}

    def _add(self, postings: tuple[Posting, ...]) -> None:
        for entity, account, amount in postings:
            self.real[entity, account] = self.real.get((entity, account), 0) + amount

    def check(self) -> None:
        """What must hold after every event."""
        sums: dict[str, int] = {}
        for (entity, _), amount in self.real.items():
            sums[entity] = sums.get(entity, 0) + amount
        assert not any(sums.values()), sums
        folded = self.folded()
        assert pairs(folded.journals) == {}, pairs(folded.journals)
        cash = self.real.get(("trader", "1010"), 0)
        assert cash >= 0 or self.explained, cash
        self._check_the_trader_is_last(folded)
        self._check_books_of_lenders(folded)

    def _check_the_trader_is_last(self, folded: Folded) -> None:
        """What went to the trader was nobody else's: the account still holds all that its books owe.

        Read off the balances alone. A statement that came late or was taken back may have made a debt of
        what was paid before it; so may a payment of tax, whose day decides what input counts.
        """
        if not self.explained:
            assert left_for_the_trader(folded, self.real.get(("trader", "1010"), 0)) >= 0

    def _play_out(self) -> None:
        """Whatever was stated, the rest as planned releases nothing while somebody is owed."""
        if self.explained:
            return
        played = fold(self.contract, self.facts, END, Expectations(self.contract, self.facts))
        self.told["released"] += bool(played.position.books.own("3010"))
        assert left_for_the_trader(played, played.position.cash) >= 0

    def _check_books_of_lenders(self, folded: Folded) -> None:
        on = max(one.on for one in self.facts)
        lines = lines_of(folded.position, on, forecast={})
        for lender in {line.lender for line in lines}:
            own = [line for line in lines if line.lender == lender]
            found = book_of(lender, on, "CNY", own, Pool(10**9))
            assert found.net_assets == 10**9 + found.earned - found.lost, lender
            assert found.junior + found.senior == 10**9 - found.realised - found.allowance

    def end(self) -> None:
        """The books as corrected are those of the facts in their order, on any dates of accrual."""
        self._play_out()
        found: dict[tuple[str, str], int] = {}
        for before in self.posted.values():
            for day in before.by_date.values():
                for place, amount in day.items():
                    found[place] = found.get(place, 0) + amount
        assert _kept(found) == _kept(self.folded().position.books.balances)
        marks = [
            Fact(FactKind.ADVANCED, START + timedelta(days=self.random.randrange(0, 400)), f"m{n}", 5000 + n)
            for n in range(5)
        ]
        last = Fact(FactKind.ADVANCED, END, "last", 9000)
        plain = [one for one in self.facts if one.kind is not FactKind.ADVANCED]
        once = fold(self.contract, [*plain, last], END).position.books.balances
        often = fold(self.contract, [*plain, *marks, last], END).position.books.balances
        assert _kept(once) == _kept(often)


def _kept(sums: Any) -> dict[tuple[str, str], int]:
    return {place: amount for place, amount in sums.items() if amount}


def left_for_the_trader(folded: Folded, cash: int) -> int:
    """What the account holds beyond all that its balances say is owed; 0 where nothing was released."""
    own = folded.position.books.own
    if not own("3010"):
        return 0
    owed = -sum(own(code) for code in LIABILITIES if own(code) < 0)
    return cash - owed - max(-own("2510") - own("1510") - own("1520"), 0)


def pairs(journals: list[JournalEntry]) -> dict[tuple[str, str], int]:
    """The trader's debt to each lender against that lender's claim on him: principal, then the rest."""
    families = dict.fromkeys(("2310", "2330", "1310", "1330"), "principal")
    families |= dict.fromkeys(("2320", "2340", "1320", "1340"), "income")
    found: dict[tuple[str, str], int] = {}
    for journal in journals:
        for _, code, amount in journal.postings:
            if code in families:
                place = journal.party, families[code]
                found[place] = found.get(place, 0) + amount
    return {place: amount for place, amount in found.items() if amount}


def tell(seed: int, steps: int) -> Counter[str]:
    """One story from beginning to end; what happened in it."""
    story = Story(seed)
    for _ in range(steps):
        story.step()
    story.end()
    return story.told
