"""Refusals kept: why an order could not be taken further, on which day, and what would change it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from domain.errors import NetError, NoCapacityError, NoCreditError, OwnCashNeededError
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from ledger.book.reading import Reading
from ledger.store import Ledger

KEPT = (NoCapacityError, NoCreditError, OwnCashNeededError)
"""What is kept: the world said no. A slip of the pen or a rule of the order's state is told and forgotten."""


@dataclass(frozen=True, slots=True)
class KeptRefusal:
    """One refusal as it was told; ``kind`` is the name of its error."""

    on: date
    kind: str
    reason: str
    way_out: str


@contextmanager
def refusals_kept(ledger: Ledger, order: str, on: date) -> Iterator[None]:
    """Records what refuses the order inside, and lets it pass on."""
    try:
        yield
    except KEPT as error:
        keep_refusal(ledger, order, on, error)
        raise


def keep_refusal(ledger: Ledger, order: str, on: date, error: NetError) -> None:
    """Record it, unless it is the very refusal that was told last."""
    if not isinstance(error, KEPT) or ledger.order_state(order) is None:
        return
    known = refusals(ledger, order)
    told = KeptRefusal(on, type(error).__name__, error.message, error.hint)
    if known and known[-1] == told:
        return
    body = {"error": told.kind, "reason": told.reason, "way_out": told.way_out}
    key = RecordKey.order_refused(order, len(known) + 1)
    with ledger.write() as transaction:
        transaction.append(Entry(RecordKind.ORDER_REFUSED, key, on, order, body))


def refusals(reading: Reading, order: str) -> list[KeptRefusal]:
    """Every refusal of the order, oldest first."""
    return [
        KeptRefusal(record.on, record.body["error"], record.body["reason"], record.body["way_out"])
        for record in reading.records(order=order, kind=RecordKind.ORDER_REFUSED)
    ]
