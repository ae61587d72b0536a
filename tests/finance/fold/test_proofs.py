"""What must hold for every history: balance, pairs, order of recording, dates of accrual."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.states import OrderState
from finance.agreed.contract import Condition, Contract
from finance.agreed.facts import Fact, FactKind
from finance.books.correction import Posted, as_if, corrections
from finance.books.order_books import JournalEntry
from finance.fold.expectations import Expectations
from finance.fold.fold import fold
from finance.rules.conditions import objections
from finance.rules.objection import Circumstances
from tests.parts import worked_example as example

LAMP: Contract = example.lamp_contract()
SHARED: Contract = replace(
    LAMP,
    facilities=example.lamp_facilities(
        (example.Share("harbour", example.Fraction(3, 5)), example.Share("delta", example.Fraction(2, 5), 1))
    ),
)
START, END = date(2026, 3, 5), date(2027, 6, 30)
ACCEPTED = Fact(FactKind.ACCEPTED, START, "accepted")


def fact(number: int, kind: FactKind, day: int, data: dict[str, Any]) -> Fact:
    return Fact(kind, START + timedelta(days=day), f"f{number}", number, "test", data=data)


minor = st.integers(1, 120_000_000).map(str)
booking = st.sampled_from([one.id for one in LAMP.bookings])
facility = st.sampled_from([one.id for one in LAMP.facilities])


def having(
    kind: FactKind, **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[tuple[FactKind, dict[str, Any]]]:
    return st.tuples(st.just(kind), st.fixed_dictionaries(fields))


milestone = st.sampled_from(["production_end", "inspection", "delivery", "service_end"])
ANYTHING = st.one_of(
    having(FactKind.MILESTONE, name=milestone, booking=st.just("")),
    having(FactKind.MILESTONE, name=st.just("delivery"), quantity=st.integers(1, 10_000).map(str)),
    having(FactKind.MILESTONE, name=st.just("service_end"), booking=booking),
    having(
        FactKind.DRAW, facility=facility, payees=st.lists(st.tuples(booking, minor).map(list), max_size=2)
    ),
    having(FactKind.DRAW, facility=st.just("order-loan"), payees=st.just([["factory", "25764000"]])),
    having(FactKind.DRAW, facility=st.just("order-loan"), payees=st.just([["factory", "60116000"]])),
    having(FactKind.DRAW, facility=st.just("factoring")),
    having(FactKind.PAYMENT, payee=st.sampled_from([*[one.id for one in LAMP.bookings], "tax", "buyer"])),
    having(FactKind.PAYMENT, payee=booking, amount=minor),
    having(FactKind.RECEIPT, amount=minor),
    having(FactKind.RECEIPT, amount=st.just("113000000")),
    having(FactKind.RECEIPT, amount=minor, unknown=st.just(True)),
    having(FactKind.DISPUTE, amount=minor),
    having(FactKind.CREDIT_NOTE, amount=minor),
    having(FactKind.DAMAGES, booking=booking, amount=minor),
    having(FactKind.REFUND, booking=booking, amount=minor),
    having(FactKind.PROVIDER_FAILED, booking=booking),
    having(FactKind.GUARANTEE, booking=booking, guarantor=st.just("guarantor:bank")),
    having(FactKind.INSOLVENT),
    having(FactKind.RECOVERY, amount=minor, cost=st.just("0")),
    having(FactKind.DEFAULT, facility=facility),
    having(FactKind.WRITE_OFF),
    having(FactKind.CANCELLED),
    having(FactKind.ADVANCED),
    having(
        FactKind.TRANSFER, facility=st.just("order-loan"), seller=st.just("harbour"), buyer=st.just("new")
    ),
    having(FactKind.LATE_INTEREST, amount=minor),
)
HISTORY = st.lists(st.tuples(st.integers(0, 400), ANYTHING), max_size=14).map(
    lambda some: [fact(number, kind, day, data) for number, (day, (kind, data)) in enumerate(some, start=1)]
)


def sums(journals: Sequence[JournalEntry]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for journal in journals:
        for entity, code, amount in journal.postings:
            found[entity, code] = found.get((entity, code), 0) + amount
    return {place: amount for place, amount in found.items() if amount}


def pairs(journals: Sequence[JournalEntry]) -> dict[tuple[str, str], int]:
    """Trader's debt to each lender and each lender's claim on him, which must cancel."""
    found: dict[tuple[str, str], int] = {}
    families = {
        "2310": "p",
        "2330": "p",
        "1310": "p",
        "1330": "p",
        "2320": "i",
        "2340": "i",
        "1320": "i",
        "1340": "i",
    }
    moved = {"participation_sold"}
    for journal in journals:
        if journal.kind in moved:
            continue
        for _, code, amount in journal.postings:
            if code in families:
                place = journal.party, families[code]
                found[place] = found.get(place, 0) + amount
    return {place: amount for place, amount in found.items() if amount}


@settings(max_examples=300, deadline=None)
@given(HISTORY, st.sampled_from([LAMP, SHARED]))
def test_any_history_balances_and_debts_equal_claims(history: list[Fact], contract: Contract) -> None:
    """Even facts that the rules would refuse leave every entity balanced and every pair even."""
    journals = fold(contract, [ACCEPTED, *history], END).journals
    by_entity: dict[str, int] = {}
    for (entity, _), amount in sums(journals).items():
        by_entity[entity] = by_entity.get(entity, 0) + amount
    assert not any(by_entity.values())
    assert pairs(journals) == {}


def admitted(contract: Contract, history: list[Fact]) -> list[Fact]:
    """The facts that the rules let in, each judged on the books as they stood."""
    taken = [ACCEPTED]
    met = frozenset({Condition.NOT_FINANCED_ELSEWHERE, Condition.SLOTS_RESERVED})
    for one in sorted(history, key=lambda some: some.place):
        position = fold(contract, taken, one.on).position
        around = Circumstances(position.state, position.cash, met)
        if one.kind is FactKind.CANCELLED and position.state not in (OrderState.FUNDED, OrderState.PRODUCING):
            continue
        if not objections(position, one, around):
            taken.append(one)
    return taken


@settings(max_examples=200, deadline=None)
@given(HISTORY, st.sampled_from([LAMP, SHARED]))
def test_the_loop_is_never_negative_when_the_rules_are_kept(history: list[Fact], contract: Contract) -> None:
    facts = admitted(contract, history)
    cash = 0
    for journal in fold(contract, facts, END).journals:
        cash += sum(minor for entity, code, minor in journal.postings if (entity, code) == ("trader", "1010"))
    position = fold(contract, facts, END).position
    assert position.cash == cash
    assert cash >= 0


@settings(max_examples=150, deadline=None)
@given(HISTORY, st.lists(st.integers(0, 400), max_size=8), st.sampled_from([LAMP, SHARED]))
def test_dates_of_accrual_never_change_a_total(
    history: list[Fact], marks: list[int], contract: Contract
) -> None:
    plain = [ACCEPTED, *(one for one in history if one.kind is not FactKind.ADVANCED)]
    marked = [*plain, *(fact(1000 + n, FactKind.ADVANCED, day, {}) for n, day in enumerate(marks))]
    last = fact(5000, FactKind.ADVANCED, (END - START).days, {})
    without, within = fold(contract, [*plain, last], END), fold(contract, [*marked, last], END)

    def kept(journals: Sequence[JournalEntry]) -> dict[tuple[str, str], int]:
        """An allowance may be made early or late; with the impairment it is one figure."""
        found: dict[tuple[str, str], int] = {}
        for (entity, code), amount in sums(journals).items():
            place = entity, "5510" if code == "1390" else code
            found[place] = found.get(place, 0) + amount
        return {place: amount for place, amount in found.items() if amount}

    assert kept(without.journals) == kept(within.journals)


@settings(max_examples=150, deadline=None)
@given(HISTORY, st.randoms(use_true_random=False))
def test_recorded_in_any_order_the_books_come_out_as_if_all_had_come_in_time(
    history: list[Fact], chance: Any
) -> None:
    """Post, replay and correct fact by fact in a random order; read as if, they are the fold's books."""
    shuffled = list(history)
    chance.shuffle(shuffled)
    known: list[Fact] = [ACCEPTED]
    posted: dict[str, Posted] = {}
    causes: set[str] = set()
    real: dict[str, int] = {}
    for one in [None, *shuffled]:
        known += [one] if one is not None else []
        journals = fold(LAMP, known, END).journals
        changed = corrections([journal for journal in journals if journal.cause in causes], posted)
        for correction in changed:
            before = posted.setdefault(correction.key, Posted(correction.kind, correction.party))
            before.add(correction.on, as_if(correction.postings))
            before.corrections += 1
            assert all(code != "1010" for _, code, _ in correction.postings)  # cash already moved stays
            _balance(real, correction.postings)
        for journal in journals:
            if journal.cause not in causes:
                posted.setdefault(journal.key, Posted(journal.kind, journal.party)).add(
                    journal.on, journal.postings
                )
                _balance(real, journal.postings)
        causes |= {journal.cause for journal in journals} | {some.id for some in known}
    assert not any(real.values())
    found: dict[tuple[str, str], int] = {}
    for before in posted.values():
        for sums_of_day in before.by_date.values():
            for place, amount in sums_of_day.items():
                found[place] = found.get(place, 0) + amount
    assert {place: amount for place, amount in found.items() if amount} == sums(
        fold(LAMP, known, END).journals
    )


def _balance(real: dict[str, int], postings: Sequence[tuple[str, str, int]]) -> None:
    for entity, _, amount in postings:
        real[entity] = real.get(entity, 0) + amount


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 90), st.integers(0, 60), st.integers(0, 40))
def test_played_in_steps_or_at_once_the_books_are_the_same(first: int, second: int, late: int) -> None:
    receipt = fact(900, FactKind.RECEIPT, 109 + late, {"amount": "113000000"})
    whole = fold(LAMP, [ACCEPTED, receipt], END, Expectations(LAMP, [ACCEPTED, receipt]))
    known = [ACCEPTED, receipt]
    for day in (first, first + second, (END - START).days):
        known += fold(LAMP, known, START + timedelta(days=day), Expectations(LAMP, known)).assumed
    assert sums(fold(LAMP, known, END).journals) == sums(whole.journals)
