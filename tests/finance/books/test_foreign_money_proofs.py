"""What must hold for every history of an order in three currencies, with rates that move."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import RefusedError
from domain.exchange import Dealing, Rate
from domain.terms import Recourse
from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind
from finance.books.correction import Posted, as_if, corrections
from finance.books.order_books import JournalEntry
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold
from tests.finance.books import test_foreign_money as exchange
from tests.finance.fold import test_proofs as proofs

ACCEPTED, START, END = proofs.ACCEPTED, proofs.START, proofs.END
fact, having, minor, sums = proofs.fact, proofs.having, proofs.minor, proofs.sums


def contract_with(rates: Sequence[tuple[int, int, int]], *, bought: bool = False) -> Contract:
    """The order in EUR, its factory and loan in CNY, its carrier in JPY; yuan and yen as drawn. ``bought``:
    the factor takes the receivable without recourse."""
    known = [Rate("CNY", "EUR", Decimal("0.125"), START), Rate("JPY", "EUR", Decimal("0.0061"), START)]
    for day, yuan, yen in rates:
        known.append(Rate("CNY", "EUR", Decimal(yuan) / 10_000, START + timedelta(days=day)))
        known.append(Rate("EUR", "JPY", Decimal(yen), START + timedelta(days=day)))
    contract: Contract = exchange.in_euros(*known)
    bookings = tuple(
        replace(one, currency="JPY") if one.id == "carrier" else one for one in contract.bookings
    )
    facilities = tuple(
        replace(one, recourse=Recourse.NONE) if bought and one.id == "factoring" else one
        for one in contract.facilities
    )
    contract = replace(contract, facilities=facilities)
    yen_dealing = Dealing("JPY", Fraction("0.61"), Fraction("0.6"))
    return replace(contract, bookings=bookings, dealings=(*contract.dealings, yen_dealing))


RATES = st.lists(st.tuples(st.integers(1, 400), st.integers(900, 1_700), st.integers(120, 210)), max_size=6)
CONTRACT = st.builds(contract_with, RATES, bought=st.booleans())
NAMES = [one.id for one in exchange.in_euros().bookings]
CURRENCY = st.sampled_from(["EUR", "CNY", "JPY"])
CHANGES = st.one_of(
    having(FactKind.REVALUATION),
    having(FactKind.CONVERSION, **{"from": CURRENCY, "to": CURRENCY, "sold": minor, "bought": minor}),
    having(FactKind.PAYMENT, payee=st.sampled_from(["factory", "carrier"]), amount=minor, cost=minor),
    having(FactKind.PAYMENT, payee=st.just("order-loan"), amount=minor, cost=minor),
    having(
        FactKind.DRAW,
        facility=st.just("order-loan"),
        payees=st.lists(st.tuples(st.sampled_from(NAMES), minor, minor).map(list), max_size=2),
    ),
    having(
        FactKind.DRAW,
        facility=st.just("standby"),
        payees=st.lists(st.tuples(st.just("factory"), minor, minor).map(list), max_size=2),
    ),
    having(FactKind.DRAW, facility=st.just("order-loan"), payees=st.just([["factory", "25764000"]])),
)
HISTORY = st.lists(st.tuples(st.integers(0, 400), st.one_of(proofs.ANYTHING, CHANGES)), max_size=14).map(
    lambda some: [fact(number, kind, day, data) for number, (day, (kind, data)) in enumerate(some, start=1)]
)


def assert_sound(folded: Folded) -> None:
    """Every journal balances per entity and currency, 1990 is the mirror of what is open, and what nobody
    can read off it is nothing."""
    for journal in folded.journals:
        rest: dict[tuple[str, str], int] = {}
        for entity, account, amount in journal.postings:
            place = entity, account.partition("/")[2]
            rest[place] = rest.get(place, 0) + amount
        assert not any(rest.values()), journal
    exchange.assert_balanced(folded)
    for currency in folded.position.contract.currencies:
        for code in ("1010", "2110", "1240", "2310", "2320"):
            held = folded.position.foreign.balance(code, currency)
            assert folded.position.books.balance("trader", f"{code}/{currency}") == held
    unrealised = sum(one.unrealised for one in folded.position.foreign.holdings.values())
    assert folded.position.books.balance("trader", "4720") == -unrealised


@settings(max_examples=250, deadline=None)
@given(HISTORY, CONTRACT)
def test_any_history_balances_in_every_currency(history: list[Fact], contract: Contract) -> None:
    """Even facts that the rules would refuse leave every entity balanced and every pair even."""
    folded = fold(contract, [ACCEPTED, *history], END)
    assert_sound(folded)
    if any(one.recourse is Recourse.NONE for one in contract.facilities):
        return  # the factor's books then have the receivable, the trader's do not
    plain = [replace(one, postings=tuple(_bare(one))) for one in folded.journals]
    assert proofs.pairs(plain) == {}


def _bare(journal: JournalEntry) -> list[tuple[str, str, int]]:
    return [(entity, account.partition("/")[0], amount) for entity, account, amount in journal.postings]


@settings(max_examples=120, deadline=None)
@given(HISTORY, st.lists(st.integers(0, 400), max_size=8), CONTRACT)
def test_dates_of_accrual_never_change_a_total(
    history: list[Fact], marks: list[int], contract: Contract
) -> None:
    plain = [ACCEPTED, *(one for one in history if one.kind is not FactKind.ADVANCED)]
    marked = [*plain, *(fact(1000 + n, FactKind.ADVANCED, day, {}) for n, day in enumerate(marks))]
    last = fact(5000, FactKind.ADVANCED, (END - START).days, {})

    def kept(folded: Folded) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for (entity, account), amount in sums(folded.journals).items():
            code, _, currency = account.partition("/")
            place = entity, ("5510" if code == "1390" else code) + currency
            found[place] = found.get(place, 0) + amount
        return {place: amount for place, amount in found.items() if amount}

    without, within = fold(contract, [*plain, last], END), fold(contract, [*marked, last], END)
    assert kept(without) == kept(within)


@settings(max_examples=120, deadline=None)
@given(HISTORY, RATES, st.randoms(use_true_random=False))
def test_rates_and_facts_recorded_in_any_order_come_out_as_if_all_had_come_in_time(
    history: list[Fact], rates: list[tuple[int, int, int]], chance: Any
) -> None:
    """Post, replay and correct in a random order, rates among the facts; read as if, it is the fold's."""
    todo: list[Any] = [*history, *rates]
    chance.shuffle(todo)
    known: list[Fact] = [ACCEPTED]
    stated: list[tuple[int, int, int]] = []
    posted: dict[str, Posted] = {}
    causes: set[str] = set()
    for one in [None, *todo]:
        if isinstance(one, Fact):
            known.append(one)
        elif one is not None:
            stated = [other for other in rates if other in stated or other == one]
        journals = fold(contract_with(stated), known, END).journals
        old = [journal for journal in journals if journal.cause in causes]
        for correction in corrections(old, posted):
            before = posted.setdefault(correction.key, Posted(correction.kind, correction.party))
            before.add(correction.on, as_if(correction.postings))
            before.corrections += 1
        for journal in journals:
            if journal.cause not in causes:
                posted.setdefault(journal.key, Posted(journal.kind, journal.party)).add(
                    journal.on, journal.postings
                )
        causes |= {journal.cause for journal in journals}
    found: dict[tuple[str, str], int] = {}
    for before in posted.values():
        for places in before.by_date.values():
            for place, amount in places.items():
                found[place] = found.get(place, 0) + amount
    wanted = sums(fold(contract_with(rates), known, END).journals)
    assert {place: amount for place, amount in found.items() if amount} == wanted


@settings(max_examples=60, deadline=None)
@given(CONTRACT)
def test_whatever_the_rates_the_order_settles_and_the_trader_keeps_what_is_left(contract: Contract) -> None:
    """Rates only move worth between costs and differences: the cash is what was agreed when money changed."""
    folded = fold(contract, [ACCEPTED], END, Expectations(contract, [ACCEPTED]))
    assert_sound(folded)
    assert folded.position.state.value == "SETTLED"
    assert folded.position.foreign.open() == {}
    books = folded.position.books
    result = sum(
        amount for (entity, code), amount in books.balances.items() if entity == "trader" and code[0] in "45"
    )
    left = books.balance("trader", "3010") + books.balance("trader", "1520")
    assert -result == left


def test_no_rate_before_the_order_is_an_error_with_the_way_out() -> None:
    late = date(2026, 3, 10)
    contract = exchange.in_euros(Rate("CNY", "EUR", Decimal("0.125"), late))
    with pytest.raises(RefusedError, match="no rate of CNY in EUR"):
        fold(contract, [ACCEPTED], END, Expectations(contract, [ACCEPTED]))
