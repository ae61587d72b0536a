"""An order's book in the ledger: read it, fold it anew, post what is missing, correct what changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from domain.accounts import Account, account_and_currency, in_currency, party_and_currency
from domain.posting import Entry, Leg
from domain.record_kinds import RecordKey, RecordKind
from domain.states import OrderState, may_move
from finance.agreed.contract import TRADER, Contract
from finance.agreed.facts import Fact, FactKind, retracted
from finance.books.correction import Correction, Posted, as_if, claims_of, corrections, set_off
from finance.books.order_books import (
    JournalEntry,
    Posting,
)
from finance.fold.fold import Folded, fold
from finance.sides.amendment import contract_in_force
from finance.sides.providers import fee_postings
from flows.books.acceptance import read_contract
from flows.desk.rates import with_rates
from flows.firms.given_back import KeptFee, kept_in
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.record.records import Record


@dataclass(slots=True)
class OrderBook:
    """What the ledger holds of one order's money; ``claims`` are open differences after corrections,
    positive where the party owes the order, negative where the order owes it."""

    contract: Contract
    state: OrderState
    facts: list[Fact] = field(default_factory=list)
    posted: dict[str, Posted] = field(default_factory=dict)
    causes: set[str] = field(default_factory=set)
    claims: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    corrected: int = 0
    set_offs: int = 0
    cash: int = 0

    @property
    def order(self) -> str:
        return self.contract.order

    @property
    def in_force(self) -> Contract:
        """What is agreed now, after every replacement of a provider; ``contract`` is what was accepted."""
        return contract_in_force(self.contract, self.facts)

    @property
    def next_sequence(self) -> int:
        return 1 + max((fact.sequence for fact in self.facts), default=0)

    def knows(self, fact: Fact) -> bool:
        return any(known.id == fact.id for known in self.facts)


@dataclass(slots=True)
class Recording:
    """What one command posts, or would post."""

    facts: list[Fact]
    journals: list[JournalEntry]
    corrections: list[Correction]
    set_offs: list[tuple[str, int]]
    state_before: OrderState
    state: OrderState


def read_book(reading: Reading, order: str) -> OrderBook:
    """The order's book as the ledger has it; NotFoundError when the order is not financed."""
    contract = with_rates(reading, read_contract(reading, order))
    book = OrderBook(contract, OrderState(reading.order_state(order) or OrderState.PLANNED))
    fees: list[KeptFee] = []
    for record in reading.records(order=order):
        if record.kind == RecordKind.FINANCE_WITHDRAWN:
            book = OrderBook(contract, book.state)
        fees += kept_in(record)
        _take_record(book, record)
    for fee in fees:
        _take_fee(book, fee)
    return book


def _take_fee(book: OrderBook, fee: KeptFee) -> None:
    """What a firm keeps for slots given back was booked as it was said; the order's book begins with it."""
    if fee.currency != book.contract.currency:
        return
    data = {"booking": fee.booking, "entity": fee.entity, "amount": str(fee.amount_minor)}
    fact = Fact(FactKind.GIVEN_BACK, fee.on, fee.id, by=fee.booking, evidence="its terms", data=data)
    book.facts.append(fact)
    book.causes.add(fact.id)
    posted = Posted("cancellation_fee", fee.entity)
    posted.add(fee.on, fee_postings(fee.entity, fee.amount_minor))
    book.posted[f"{fact.id}:cancellation_fee:{fee.entity}"] = posted


def _take_record(book: OrderBook, record: Record) -> None:
    body = record.body
    if "fact" in body:
        book.facts.append(_read_fact(record))
        book.causes.add(str(body["fact"]["id"]))
    if "cause" in body:
        book.causes.add(str(body["cause"]))
    if record.kind == RecordKind.SET_OFF:
        book.set_offs += 1
        book.claims[body["party"]] -= int(body["amount"])
    postings = [_posting(leg, book.contract.currency) for leg in record.legs]
    if "parts" in body or record.kind == RecordKind.SET_OFF:
        book.cash += sum(
            amount for entity, account, amount in postings if (entity, account) == (TRADER, Account.CASH)
        )
    if "parts" in body:
        _take_parts(book, body["parts"], postings, record.on, record.kind == RecordKind.CORRECTION)


def _take_parts(
    book: OrderBook, parts: Sequence[Sequence[Any]], postings: list[Posting], on: date, correcting: bool
) -> None:
    place = 0
    book.corrected += correcting
    for key, kind, party, count in parts:
        some = postings[place : place + count]
        place += count
        posted = book.posted.setdefault(key, Posted(kind, party))
        posted.add(on, as_if(some) if correcting else some)
        if correcting:
            posted.corrections += 1
            correction = Correction(key, posted.corrections, kind, party, on, tuple(some))
            for name, amount in claims_of(correction).items():
                book.claims[name] += amount


def _posting(leg: Leg, home: str) -> Posting:
    """A leg as the books name it: an account in another currency than the order's has that in its name."""
    return (
        leg.entity,
        in_currency(leg.account, "" if leg.currency == home else leg.currency),
        leg.amount_minor,
    )


def _leg(posting: Posting, home: str) -> Leg:
    entity, account, amount = posting
    code, currency = account_and_currency(account, home)
    return Leg(entity, code, currency, amount)


def _read_fact(record: Record) -> Fact:
    data = record.body["fact"]
    return Fact(
        FactKind(data["kind"]),
        record.on,
        data["id"],
        data["sequence"],
        data["by"],
        data["evidence"],
        data["assumed"],
        data["data"],
    )


def _fact_data(fact: Fact) -> dict[str, Any]:
    return {
        "id": fact.id,
        "kind": fact.kind.value,
        "sequence": fact.sequence,
        "by": fact.by,
        "evidence": fact.evidence,
        "assumed": fact.assumed,
        "data": dict(fact.data),
    }


def opened_book(
    contract: Contract, fact: Fact, state: OrderState, key: str, extra: Mapping[str, Any]
) -> tuple[OrderBook, Entry]:
    """A new book with the accepted contract and its memo journals, and the entry that records them."""
    folded = fold(contract, [fact], contract.accepted_on)
    book = OrderBook(contract, state)
    entry = _entry(book, RecordKind.FINANCE_ACCEPTED, key, fact.on, folded.journals)
    book.facts.append(fact)
    book.causes.add(fact.id)
    remember(book, folded.journals)
    return book, replace(entry, body={**entry.body, **extra, "fact": _fact_data(fact)})


def remember(book: OrderBook, journals: Iterable[JournalEntry]) -> None:
    for journal in journals:
        posted = book.posted.setdefault(journal.key, Posted(journal.kind, journal.party))
        posted.add(journal.on, journal.postings)
        book.cash += sum(
            minor for entity, code, minor in journal.postings if (entity, code) == (TRADER, Account.CASH)
        )


def _entry(
    book: OrderBook, kind: str, key: str, on: date, journals: Sequence[JournalEntry | Correction], **body: Any
) -> Entry:
    currency = book.contract.currency
    legs = tuple(_leg(posting, currency) for journal in journals for posting in journal.postings)
    parts = [[journal.key, journal.kind, journal.party, len(journal.postings)] for journal in journals]
    return Entry(kind, key, on, book.order, {**body, "parts": parts}, legs)


def compare(book: OrderBook, new: Sequence[Fact], folded: Folded) -> Recording:
    """What is new and what changed, against what the ledger holds."""
    fresh = [journal for journal in folded.journals if journal.cause not in book.causes]
    old = [journal for journal in folded.journals if journal.cause in book.causes]
    changed = corrections(old, book.posted, retracted([*book.facts, *new]))
    claims = dict(book.claims)
    for correction in changed:
        for party, amount in claims_of(correction).items():
            claims[party] = claims.get(party, 0) + amount
    state = folded.position.state if _moves(book, folded) else book.state
    return Recording(list(new), fresh, changed, _set_offs(claims, fresh), book.state, state)


def _moves(book: OrderBook, folded: Folded) -> bool:
    return folded.position.state is not book.state


def _set_offs(claims: Mapping[str, int], fresh: Sequence[JournalEntry]) -> list[tuple[str, int]]:
    """Open claims and credits that the new payments to or from the same party settle."""
    paid: dict[str, int] = defaultdict(int)
    for journal in fresh:
        for entity, account, minor in journal.postings:
            code, currency = account_and_currency(account)
            if (entity, code) == (TRADER, Account.CASH):
                paid[in_currency(journal.party, currency)] -= minor
    found = []
    for party, claim in sorted(claims.items()):
        flow = paid.get(party, 0)
        if claim > 0 and flow > 0:
            found.append((party, min(claim, flow)))
        elif claim < 0 and flow < 0:
            found.append((party, max(claim, flow)))
    return found


def entries_of(book: OrderBook, posting: Recording, folded: Folded) -> list[Entry]:
    """The ledger entries: corrections first, then each new fact with its journals, then what follows."""
    entries = _correction_entries(book, posting)
    states = dict(folded.states)
    journals: dict[str, list[JournalEntry]] = defaultdict(list)
    for journal in posting.journals:
        journals[journal.cause].append(journal)
    state = book.state
    last = len(posting.facts) - 1
    for place, fact in enumerate(posting.facts):
        after = posting.state if place == last else OrderState(states.get(fact.id, state))
        body: dict[str, Any] = {"fact": _fact_data(fact)}
        paid_before = after is OrderState.PAID and may_move(state, OrderState.DELIVERED)
        if paid_before and not may_move(state, after):  # delivered, and paid in advance: two moves
            state = OrderState.DELIVERED
            body["state"] = state.value
        elif after is not state and may_move(state, after):
            body["state"] = after.value
            state = after
        own = journals.pop(fact.id, [])
        entries.append(
            _entry(book, fact.kind.value, RecordKey.fact(book.order, fact.id), fact.on, own, **body)
        )
        if paid_before and may_move(state, after):
            state = after
            told = {"cause": f"{fact.id}/paid", "state": after.value}
            entries.append(
                _entry(
                    book,
                    RecordKind.FOLLOWED,
                    RecordKey.fact(book.order, f"{fact.id}/paid"),
                    fact.on,
                    [],
                    **told,
                )
            )
    for cause, own in journals.items():
        body = {"cause": cause}
        after = OrderState(states.get(cause, state))
        if after is not state and may_move(state, after):
            body["state"] = after.value
            state = after
        entries.append(
            _entry(book, RecordKind.FOLLOWED, RecordKey.fact(book.order, cause), own[0].on, own, **body)
        )
    entries.sort(key=lambda entry: entry.kind != RecordKind.CORRECTION)
    return entries + _set_off_entries(book, posting)


def _correction_entries(book: OrderBook, posting: Recording) -> list[Entry]:
    by_date: dict[date, list[Correction]] = defaultdict(list)
    for correction in posting.corrections:
        by_date[correction.on].append(correction)
    because = posting.facts[0].id if posting.facts else ""
    return [
        _entry(
            book,
            RecordKind.CORRECTION,
            RecordKey.correction(book.order, book.corrected + number),
            on,
            by_date[on],
            because=because,
        )
        for number, on in enumerate(sorted(by_date), start=1)
    ]


def _set_off_entries(book: OrderBook, posting: Recording) -> list[Entry]:
    on = max((fact.on for fact in posting.facts), default=book.contract.accepted_on)
    return [
        _set_off_entry(book, number, party, amount, on)
        for number, (party, amount) in enumerate(posting.set_offs, start=book.set_offs + 1)
    ]


def _set_off_entry(
    book: OrderBook, number: int, party: str, amount: int, on: date, evidence: str = ""
) -> Entry:
    legs = tuple(_leg(posting, book.contract.currency) for posting in set_off(party, amount))
    body = {"party": party, "amount": str(amount), "evidence": evidence}
    return Entry(RecordKind.SET_OFF, RecordKey.set_off(book.order, number), on, book.order, body, legs)


def clear(
    transaction: Transaction, book: OrderBook, party: str, amount: int, on: date, evidence: str
) -> None:
    """Cash settles what corrections left open with a party."""
    transaction.append(_set_off_entry(book, book.set_offs + 1, party, amount, on, evidence))
    book.claims[party] -= amount
    book.cash += _home(party, amount)
    book.set_offs += 1


def _home(party: str, amount: int) -> int:
    """What a set-off moves of the order's own money: nothing where it is in another currency."""
    return 0 if party_and_currency(party)[1] else amount


def post(transaction: Transaction, book: OrderBook, posting: Recording, folded: Folded) -> None:
    """Write it, and bring the book in hand up to what the ledger then holds."""
    transaction.append_many(entries_of(book, posting, folded))
    bring_up(book, posting)


def bring_up(book: OrderBook, posting: Recording) -> None:
    """The book as it is once the posting is written."""
    book.facts.extend(posting.facts)
    book.causes.update(fact.id for fact in posting.facts)
    book.causes.update(journal.cause for journal in posting.journals)
    remember(book, posting.journals)
    for correction in posting.corrections:
        posted = book.posted.setdefault(correction.key, Posted(correction.kind, correction.party))
        posted.add(correction.on, as_if(correction.postings))
        posted.corrections += 1
        for party, amount in claims_of(correction).items():
            book.claims[party] += amount
    book.corrected += len({correction.on for correction in posting.corrections})
    for party, amount in posting.set_offs:
        book.claims[party] -= amount
        book.cash += _home(party, amount)
    book.set_offs += len(posting.set_offs)
    book.state = posting.state
