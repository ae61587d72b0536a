"""What other firms hold and have booked here, and how each of these ends on our word.

A booking ends once: the buyer cancels it or says that it was used, or we say that it was used, or we take it
back. What we take back is told to the buyer, by a message in the commit that frees the slot.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.errors import NotFoundError, RefusedError, StateError
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from flows.orders.statement import Statement
from flows.shop.serve import SOLD, end_used, event_data, status
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.record.records import Hold, HoldLine
from ledger.store import Ledger
from providers.protocol import WITHDRAWN, Declined, Held

SHORTEST = 6
"""Digits of a reference that are read as its beginning."""


@dataclass(frozen=True, slots=True)
class Sold:
    """One hold of another firm: ``order`` in the buyer's own words; ``state`` is held, booked, or how it
    ended (used, returned, cancelled, released, expired)."""

    reference: str
    buyer: str
    order: str
    lines: tuple[HoldLine, ...]
    state: str
    until: datetime | None
    price_minor: int
    currency: str

    @property
    def hold_id(self) -> str:
        return f"{SOLD}{self.buyer}/{self.reference}"


def sold(reading: Reading, *, live: bool = True) -> Iterator[Sold]:
    """Everything that other firms keep here, oldest first; with ``live`` False also what has ended."""
    for hold in reading.holds(live=live):
        if hold.hold_id.startswith(SOLD):
            yield _sold(reading, hold)


def _sold(reading: Reading, hold: Hold) -> Sold:
    _, buyer, reference = hold.hold_id.split("/", 2)
    said = status(reading, buyer, reference)
    price, currency = (said.price_minor, said.currency) if isinstance(said, Held) else (0, "")
    if hold.ending is None:
        state = "held"
    elif hold.ending == "confirmed":
        state = hold.booking_ending or "booked"
    else:
        state = hold.ending
    until = hold.expires_at if state == "held" else None
    order = hold.order.removeprefix(f"{buyer}:")
    return Sold(reference, buyer, order, hold.lines, state, until, price, currency)


def find_sold(reading: Reading, name: str) -> Sold:
    """The one live hold or booking that ``name`` means: a reference, its beginning, or BUYER:ORDER.

    NotFoundError for none, RefusedError for several.
    """
    every = list(sold(reading))
    found = [
        one
        for one in every
        if name in {one.reference, f"{one.buyer}:{one.order}"}
        or (len(name) >= SHORTEST and one.reference.startswith(name))
    ]
    if not found:
        raise NotFoundError(f"nobody holds or has booked {name!r} here", "net node sold lists what is")
    if len(found) > 1:
        names = ", ".join(one.reference[:12] for one in found)
        raise RefusedError(f"{name!r} means several: {names}", "name one by its reference")
    return found[0]


def withdraw_sold(ledger: Ledger, name: str, now: datetime, *, reason: str, by: str = "") -> Sold:
    """Take a hold or a booking back, free its slot and tell the buyer, in one commit; what it was."""
    with ledger.write() as transaction:
        return _withdraw(transaction, find_sold(transaction, name), now, reason, by)


def _withdraw(transaction: Transaction, one: Sold, now: datetime, reason: str, by: str) -> Sold:
    if one.state == "held":
        transaction.release_hold(one.hold_id)
    else:
        transaction.end_booking(one.hold_id, "cancelled")
    on = now.date()
    order = f"{one.buyer}:{one.order}"
    body = {"hold": one.hold_id, "was": one.state, "reason": reason, "stated_by": by}
    transaction.append(
        Entry(RecordKind.SOLD_WITHDRAWN, RecordKey.sold_withdrawn(one.hold_id), on, order, body)
    )
    content = event_data(one.buyer, order, one.reference, Declined(WITHDRAWN, reason))
    transaction.put_outbox(RecordKey.sold_withdrawn(one.hold_id), one.buyer, content, order)
    return one


def complete_sold(ledger: Ledger, name: str, stated: Statement) -> Sold:
    """The service of a booking is done, or its credit is back: it is used and its story ends.

    StateError for what is only held.
    """
    with ledger.write() as transaction:
        one = find_sold(transaction, name)
        if one.state != "booked":
            raise StateError(
                f"{one.reference[:12]} is {one.state}: only a booking can be used up",
                "the buyer must confirm it first; net node withdraw takes it back",
            )
        hold = transaction.hold_by_id(one.hold_id)
        if hold is not None:
            end_used(transaction, hold)
        body = {"hold": one.hold_id, "stated_by": stated.by, "evidence": stated.evidence}
        order = f"{one.buyer}:{one.order}"
        key = RecordKey.sold_completed(one.hold_id)
        transaction.append(Entry(RecordKind.SOLD_COMPLETED, key, stated.on, order, body))
        return one
