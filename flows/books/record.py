"""What happens to a financed order: facts that somebody states, accruals, and, for practice, the plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.errors import NotFoundError, RefusedError, StateError
from domain.states import OrderState, may_move
from finance.agreed.contract import Condition
from finance.agreed.facts import RETRACTABLE, Fact, FactKind, fact_id, retracted, standing
from finance.books.correction import Correction
from finance.books.order_books import JournalEntry
from finance.books.position import Position
from finance.fold.fold import Folded, fold
from finance.rules.change import with_change
from finance.rules.conditions import objections
from finance.rules.objection import Circumstances
from flows.books.holds_end import end_holds
from flows.books.order_book import OrderBook, Recording, clear, compare, post, read_book
from flows.firms.withdrawals import open_withdrawals, told
from flows.orders.statement import Statement
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.store import Ledger

TARGET_STATES = {
    FactKind.CANCELLED: OrderState.CANCELLED,
    FactKind.SETTLED: OrderState.SETTLED,
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a command recorded, or with ``dry_run`` would record: facts, journals, corrections.

    ``position`` is the order's books after it; ``claims`` what parties owe back (positive) or are owed
    after corrections; ``stopped`` why the plan is played no further, each with the way out.
    """

    order: str
    currency: str
    facts: tuple[Fact, ...]
    journals: tuple[JournalEntry, ...]
    corrections: tuple[Correction, ...]
    set_offs: tuple[tuple[str, int], ...]
    state_before: OrderState
    state: OrderState
    position: Position
    claims: Mapping[str, int]
    cash: int
    dry_run: bool = False
    repeated: bool = False
    stopped: tuple[str, ...] = ()


def record_fact(
    ledger: Ledger,
    order: str,
    kind: FactKind,
    stated: Statement,
    data: Mapping[str, Any] | None = None,
    *,
    dry_run: bool = False,
) -> Recorded:
    """Record what somebody states, and post what follows from it.

    The same statement again changes nothing. RefusedError, with what would change it, when a rule
    speaks against it; a date in the past replays the books from there.
    """
    if dry_run:
        return record_with(ledger, None, order, kind, stated, data)
    with ledger.write() as transaction:
        return record_in(transaction, order, kind, stated, data)


def record_with(
    reading: Reading,
    transaction: Transaction | None,
    order: str,
    kind: FactKind,
    stated: Statement,
    data: Mapping[str, Any] | None = None,
) -> Recorded:
    """``record_fact`` on what is read; nothing is written without a transaction."""
    book = read_book(reading, order)
    return _record(reading, transaction, book, _fact(book, kind, stated, data or {}))


def record_in(
    transaction: Transaction,
    order: str,
    kind: FactKind,
    stated: Statement,
    data: Mapping[str, Any] | None = None,
) -> Recorded:
    """``record_fact`` inside an open write, so that several facts stand or fall together."""
    return record_with(transaction, transaction, order, kind, stated, data)


def retract(
    ledger: Ledger, order: str, name: str, *, by: str = "", evidence: str = "", dry_run: bool = False
) -> Recorded:
    """Take back a statement that was wrong: everything that followed from it is corrected, on its dates.

    NotFoundError for a fact that nobody stated; RefusedError for a decision, which cannot have been wrong.
    """
    book = read_book(ledger, order)
    fact = next((one for one in book.facts if one.id == name), None)
    if fact is None:
        raise NotFoundError(f"order {order} has no fact {name!r}", f"net milestone list {order} names them")
    if fact.kind not in RETRACTABLE:
        raise RefusedError(
            f"a {fact.kind.value.replace('_', ' ')} is a decision, not a statement that may be wrong",
            "record what happened after it",
        )
    stated = Statement(fact.on, by, evidence)
    return record_fact(ledger, order, FactKind.RETRACTED, stated, {"fact": name}, dry_run=dry_run)


def preview(book: OrderBook, kind: FactKind, stated: Statement, data: Mapping[str, Any]) -> Recorded:
    """What a fact would post on a book in hand, without asking whether the rules admit it."""
    fact = _fact(book, kind, stated, data)
    folded = fold(book.contract, [*book.facts, fact], horizon(book, stated.on))
    return _answer(book, compare(book, [fact], folded), folded, dry_run=True)


def _fact(book: OrderBook, kind: FactKind, stated: Statement, data: Mapping[str, Any]) -> Fact:
    content, on = dict(data), stated.on
    if book.contract.currencies:
        content = with_change(fold_at(book, on).position, kind, on, content)
    name, gone = fact_id(kind, on, content), retracted(book.facts)
    while name in gone:  # said again after it was taken back
        name += "+"
    return Fact(kind, on, name, book.next_sequence, stated.by, stated.evidence, False, content)


def _record(reading: Reading, transaction: Transaction | None, book: OrderBook, fact: Fact) -> Recorded:
    if book.knows(fact) or TARGET_STATES.get(fact.kind) is book.state:
        folded = fold(book.contract, book.facts, horizon(book, fact.on))
        return _answer(book, Recording([], [], [], [], book.state, book.state), folded, repeated=True)
    _require(reading, book, fact)
    facts = [*book.facts, fact]
    folded = fold(book.contract, facts, horizon(book, fact.on))
    recording = compare(book, [fact], folded)
    if transaction is None:
        return _answer(book, recording, folded, dry_run=True)
    post(transaction, book, recording, folded)
    end_holds(transaction, book, folded)
    return _answer(book, recording, folded)


def horizon(book: OrderBook, on: date) -> date:
    """How far the books are folded: to the latest day that anything stated is about."""
    return max([on, *(fact.on for fact in book.facts)])


def _require(reading: Reading, book: OrderBook, fact: Fact) -> None:
    """Refuse what the rules refuse, with every reason at once."""
    before = [known for known in standing(book.facts) if known.place <= fact.place]
    position = fold(book.contract, before, fact.on).position
    target = TARGET_STATES.get(fact.kind)
    if target is not None and not may_move(book.state, target):
        raise StateError(
            f"order {book.order} is {book.state} and cannot become {target}",
            f"net order show {book.order} tells what is open",
        )
    if book.state is OrderState.SETTLED and fact.kind not in (FactKind.PAYMENT, FactKind.REFUND):
        raise StateError(
            f"order {book.order} is settled", "what comes later is recorded as a refund or payment"
        )
    if fact.kind is FactKind.DRAW and (lost := open_withdrawals(reading, book.order)):
        raise RefusedError(
            f"nothing is drawn on order {book.order}: {'; '.join(told(lost))}",
            f"net order replace {book.order} {lost[0].firm} puts another in its place;"
            f" net slot release {book.order} gives everything back while no money has moved",
        )
    around = Circumstances(book.state, book.cash, _met(reading, book.order))
    found = objections(position, fact, around)
    if found:
        raise RefusedError(
            "; ".join(dict.fromkeys(objection.reason for objection in found)),
            "; ".join(dict.fromkeys(objection.remedy for objection in found)),
        )


def _met(reading: Reading, order: str) -> frozenset[Condition]:
    """Conditions that the ledger itself proves."""
    claimed = bool(reading.finance_claims(order))
    return frozenset({Condition.NOT_FINANCED_ELSEWHERE} if claimed else ())


def _answer(
    book: OrderBook, recording: Recording, folded: Folded, *, dry_run: bool = False, repeated: bool = False
) -> Recorded:
    return Recorded(
        book.order,
        book.contract.currency,
        tuple(recording.facts),
        tuple(recording.journals),
        tuple(recording.corrections),
        tuple(recording.set_offs),
        recording.state_before,
        recording.state,
        folded.position,
        dict(book.claims),
        book.cash,
        dry_run,
        repeated,
    )


def position_at(reading: Reading, order: str, on: date) -> Folded:
    """The order's books at the end of a day, accrued to it; nothing is written."""
    return fold_at(read_book(reading, order), on)


def fold_at(book: OrderBook, on: date) -> Folded:
    """``position_at`` for a book in hand."""
    facts = [fact for fact in book.facts if fact.on <= on]
    mark = Fact(FactKind.ADVANCED, on, "as-at", 1_000_000)
    return fold(book.contract, [*facts, mark], on)


def clear_claim(
    ledger: Ledger, order: str, party: str, on: date, *, evidence: str = "", dry_run: bool = False
) -> int:
    """Record that the open difference with a party, left by corrections, was settled in cash.

    What came in (positive) or went out (negative), in minor units. RefusedError when nothing is open.
    """
    with ledger.write() as transaction:
        book = read_book(transaction, order)
        amount = book.claims.get(party, 0)
        if not amount:
            open_ones = ", ".join(name for name, minor in book.claims.items() if minor)
            raise RefusedError(
                f"nothing is open with {party!r} after corrections",
                f"open are: {open_ones}" if open_ones else "no correction of this order left a difference",
            )
        if not dry_run:
            clear(transaction, book, party, amount, on, evidence)
    return amount


def settle(ledger: Ledger, order: str, stated: Statement, *, dry_run: bool = False) -> Recorded:
    """Pay the trader what is left and close the order; RefusedError while anybody is still owed."""
    return record_fact(ledger, order, FactKind.SETTLED, stated, dry_run=dry_run)
