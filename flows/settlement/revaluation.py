"""Rates and orders' books: a late rate corrects what rests on it, a revaluation values what is open.

A rate that comes late replays every order that is concerned, in the same commit: what was valued at an
older rate is corrected on its own date, and no cash moves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.errors import KeyReusedError, RefusedError
from domain.exchange import Rate
from domain.plain import to_plain
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from finance.agreed.facts import FactKind
from flows.books.acceptance import read_contract
from flows.books.advance import refresh
from flows.books.order_book import read_book
from flows.books.record import Recorded, fold_at, record_with
from flows.desk.rates import recorded_rates
from flows.orders.statement import Statement
from flows.settlement.earnings import financed_orders
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class RateRecorded:
    """The rate, the one that it takes the place of, and what it changed in orders' books."""

    rate: Rate
    before: Rate | None
    orders: tuple[Recorded, ...]
    dry_run: bool = False
    repeated: bool = False


def record_rate(
    ledger: Ledger, rate: Rate, *, correct: bool = False, evidence: str = "", dry_run: bool = False
) -> RateRecorded:
    """Record the rate of a day, and correct every order whose books it changes.

    The same rate again changes nothing; another one for the same two currencies and day is a
    KeyReusedError unless it is meant to ``correct``.
    """
    if dry_run:
        known = _known(ledger, rate)
        if known is not None and _same(known, rate):
            return RateRecorded(rate, None, (), dry_run=True, repeated=True)
        _require_correction(known, correct)
        return RateRecorded(rate, known, tuple(_replayed(ledger, None, rate)), dry_run=True)
    with ledger.write() as transaction:
        known = _known(transaction, rate)
        if known is not None and _same(known, rate):
            return RateRecorded(rate, None, (), repeated=True)
        _require_correction(known, correct)
        transaction.append(_entry(transaction, rate, evidence))
        return RateRecorded(rate, known, tuple(_replayed(transaction, transaction, rate)))


def _entry(reading: Reading, rate: Rate, evidence: str) -> Entry:
    number = sum(1 for other in recorded_rates(reading) if (other.pair, other.on) == (rate.pair, rate.on))
    key = RecordKey.rate("/".join(sorted(rate.pair)), str(rate.on), number)
    body = {"rate": to_plain(rate), "evidence": evidence}
    return Entry(RecordKind.RATE, key, rate.on, None, body)


def _known(reading: Reading, rate: Rate) -> Rate | None:
    """What the ledger has for these two currencies and day; the last word counts."""
    found = None
    for other in recorded_rates(reading):
        if (other.pair, other.on) == (rate.pair, rate.on):
            found = other
    return found


def _same(known: Rate, rate: Rate) -> bool:
    return known.factor(rate.source, rate.target) == rate.factor(rate.source, rate.target)


def _require_correction(known: Rate | None, correct: bool) -> None:
    if known is not None and not correct:
        raise KeyReusedError(
            f"{known.on} has a rate already: one {known.source} is {known.rate} {known.target} ({known.by})",
            "add --correct to put this one in its place",
        )


def _replayed(reading: Reading, transaction: Transaction | None, rate: Rate) -> Iterator[Recorded]:
    """Every order's books folded with the new rate; those that change, corrected."""
    for order in _concerned(reading, rate):
        book = read_book(reading, order)
        if transaction is None:
            book.contract = replace(book.contract, rates=(*book.contract.rates, rate))
        done = refresh(transaction, book)
        if done.corrections or done.journals:
            yield done


def _concerned(reading: Reading, rate: Rate) -> Iterator[str]:
    """Financed orders that have something in one of the two currencies and are measured in the other."""
    for order in financed_orders(reading):
        contract = read_contract(reading, order)
        if any(rate.pair == {contract.currency, one} for one in contract.currencies):
            yield order


@dataclass(frozen=True, slots=True)
class Revalued:
    """What a revaluation posted in each order, and orders that it could not value, with the reason."""

    on: date
    orders: tuple[Recorded, ...]


def revalue(
    ledger: Ledger, stated: Statement, orders: Sequence[str] = (), *, dry_run: bool = False
) -> Revalued:
    """Bring what is open in other currencies to the rate of the day, in every order or in those named.

    All or nothing: RefusedError names every order whose rate is missing or too old. Repeating it changes
    nothing.
    """
    if dry_run:
        return Revalued(stated.on, tuple(_revalued(ledger, None, stated, orders)))
    with ledger.write() as transaction:
        return Revalued(stated.on, tuple(_revalued(transaction, transaction, stated, orders)))


def _revalued(
    reading: Reading, transaction: Transaction | None, stated: Statement, orders: Sequence[str]
) -> Iterator[Recorded]:
    refused: list[RefusedError] = []
    for order in orders or list(_open_abroad(reading, stated.on)):
        try:
            yield record_with(reading, transaction, order, FactKind.REVALUATION, stated)
        except RefusedError as error:
            refused.append(RefusedError(f"{order}: {error.message}", error.hint))
    if refused:
        raise RefusedError(
            "; ".join(dict.fromkeys(error.message for error in refused)),
            "; ".join(dict.fromkeys(error.hint for error in refused)),
        )


def _open_abroad(reading: Reading, on: date) -> Iterator[str]:
    """Orders that have something open in another currency at the end of the day."""
    for order in financed_orders(reading):
        book = read_book(reading, order)
        if book.contract.currencies and book.contract.accepted_on <= on:
            exchange = fold_at(book, on).position.foreign
            if any(exchange.position_in(currency) != (0, 0) for currency in book.contract.currencies):
                yield order
