"""Bring an order's books up to a day: what falls due by itself, and on a practice ledger what was planned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.errors import RefusedError, StateError
from domain.posting import Entry
from domain.states import ENDED, OrderState
from finance.agreed.facts import Fact, FactKind, fact_id
from finance.books.position import Position
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold
from finance.fold.stops import stops
from flows.books.holds_end import end_holds
from flows.books.order_book import OrderBook, Recording, bring_up, compare, entries_of, post, read_book
from flows.books.record import Recorded, _answer, horizon
from flows.firms.withdrawals import open_withdrawals, told
from ledger.book.transaction import Transaction
from ledger.store import Ledger


def advance(
    ledger: "Ledger", order: str, to: date, *, as_planned: bool = False, dry_run: bool = False
) -> Recorded:
    """Accrue to a date; with ``as_planned``, on a practice ledger, play what the plan expects until then.

    RefusedError for ``as_planned`` on a real ledger: there, facts are stated by whoever knows them.
    """
    if as_planned and not ledger.practice:
        raise RefusedError(
            "facts are assumed only in a practice ledger",
            "net init --practice makes one; here, record what happened: net milestone record, net payment",
        )
    lost = list(told(open_withdrawals(ledger, order))) if as_planned else []
    if dry_run:
        return _advance(None, read_book(ledger, order), to, as_planned, lost)
    with ledger.write() as transaction:
        return _advance(transaction, read_book(transaction, order), to, as_planned, lost)


@dataclass(frozen=True, slots=True)
class Played:
    """A book played to a day as planned but not recorded yet."""

    book: OrderBook
    recording: Recording
    folded: Folded
    entries: tuple[Entry, ...]


def play_out(book: OrderBook, to: date) -> Played:
    """``advance`` as planned for a book in hand, without a ledger: what a batch does before its commit."""
    recording, folded = _worked_out(book, to, as_planned=True)
    return Played(book, recording, folded, tuple(entries_of(book, recording, folded)))


def record_played(transaction: "Transaction", played: Played) -> Recorded:
    """Record it, and bring its book up to it."""
    transaction.append_many(played.entries)
    bring_up(played.book, played.recording)
    end_holds(transaction, played.book, played.folded)
    return _answer(played.book, played.recording, played.folded)


def _advance(
    transaction: "Transaction | None", book: OrderBook, to: date, as_planned: bool, lost: Sequence[str]
) -> Recorded:
    """``lost`` is what firms took back of their bookings: nothing is played over that."""
    recording, folded = _worked_out(book, to, as_planned=as_planned, stopped=bool(lost))
    told_of = (*lost, *stops(folded.position)) if as_planned else ()
    if transaction is None:
        return replace(_answer(book, recording, folded, dry_run=True), stopped=told_of)
    post(transaction, book, recording, folded)
    end_holds(transaction, book, folded)
    return replace(_answer(book, recording, folded), stopped=told_of)


def _worked_out(
    book: OrderBook, to: date, *, as_planned: bool, stopped: bool = False
) -> tuple[Recording, Folded]:
    """What bringing the book up to a day posts, and the books then."""
    if book.state in (OrderState.DRAFT, OrderState.CONFIRMED, OrderState.PLANNED, OrderState.HELD):
        raise StateError(f"order {book.order} is {book.state}: nothing is reserved yet", "net slot reserve")
    assume = Expectations(book.contract, book.facts, stopped=stopped) if as_planned else None
    folded = fold(book.contract, book.facts, max(to, horizon(book, to)), assume)
    new = list(folded.assumed)
    if _accruing(folded.position):
        folded, new = _marked(book, new, to)
    return compare(book, new, folded), folded


def refresh(transaction: "Transaction | None", book: OrderBook) -> Recorded:
    """Correct what a later word on something that many orders share, such as a rate, changes in a book."""
    folded = fold(book.contract, book.facts, horizon(book, book.contract.accepted_on))
    recording = compare(book, [], folded)
    if transaction is None:
        return _answer(book, recording, folded, dry_run=True)
    post(transaction, book, recording, folded)
    return _answer(book, recording, folded)


def _accruing(position: Position) -> bool:
    if position.state in ENDED:
        return False
    return any(debt.principal and not debt.struck and not debt.released for debt in position.debts.values())


def _marked(book: OrderBook, assumed: Sequence[Fact], to: date) -> tuple[Folded, list[Fact]]:
    """The fold with a mark on the day up to which everything is accrued."""
    number = 1 + max((fact.sequence for fact in [*book.facts, *assumed]), default=0)
    mark = Fact(FactKind.ADVANCED, to, fact_id(FactKind.ADVANCED, to, {}), number, "net")
    known = [*book.facts, *assumed]
    new = list(assumed)
    if not book.knows(mark):
        new.append(mark)
        known.append(mark)
    return fold(book.contract, known, max(to, horizon(book, to))), new
