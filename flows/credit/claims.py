"""The registry against double financing, and the buyer's own confirmation of an order."""

from dataclasses import dataclass
from datetime import date

from domain.order import Order
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from finance.underwriting.fingerprint import Tokens, tokens_of
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction

MOST_ALIKE = 50
"""So many orders that look alike are shown."""


@dataclass(frozen=True, slots=True)
class NearMatch:
    """Another order of the same firms over the same amount in the same month."""

    order: str
    state: str


def claim_order(
    transaction: Transaction, order_id: str, order: Order, financier: str, key: bytes, on: date
) -> Tokens:
    """Claim the order for its lender; AlreadyFinancedError when it, however written, is financed."""
    tokens = tokens_of(order, key)
    for fingerprint in dict.fromkeys((tokens.exact, tokens.named)):
        transaction.claim_finance(fingerprint, order_id, financier)
    number = _alike(transaction, tokens.soft)
    if not number or not _noted(transaction, order_id, tokens.soft):
        body = {"exact": tokens.exact}
        transaction.append(
            Entry(RecordKind.REGISTRY, RecordKey.registry(tokens.soft, number), on, order_id, body)
        )
    return tokens


def _noted(reading: Reading, order_id: str, soft: str) -> bool:
    """Whether the order is among those of the soft token already."""
    return any(
        record.key.startswith(RecordKey.registry(soft, 0)[:-1])
        for record in reading.records(order=order_id, kind=RecordKind.REGISTRY)
    )


def _alike(reading: Reading, soft: str) -> int:
    """How many orders are recorded under a soft token. They are numbered from 0 without a gap, so the first
    number that is free is found by halves: a thousand orders alike take ten looks more than one."""

    def taken(number: int) -> bool:
        return reading.has_key(RecordKey.registry(soft, number))

    above = 1
    while taken(above - 1):
        above *= 2
    least, most = above // 2, above - 1  # ``least`` are taken, number ``most`` is free
    while least < most:
        middle = (least + most) // 2
        if taken(middle):
            least = middle + 1
        else:
            most = middle
    return least


def near_matches(reading: Reading, tokens: Tokens, *, but: str) -> list[NearMatch]:
    """The newest orders that look like this one, other than ``but``; a person decides what they mean."""
    count = _alike(reading, tokens.soft)
    numbers = range(max(0, count - MOST_ALIKE), count)
    records = [reading.record_by_key(RecordKey.registry(tokens.soft, number)) for number in numbers]
    names = dict.fromkeys(record.order or "" for record in records if record is not None)
    return [NearMatch(name, reading.order_state(name) or "") for name in names if name != but]
