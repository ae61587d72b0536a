"""What the ledger gives back: records, receipts, balances, heads of orders, holds, calls, messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from domain.errors import LedgerBrokenError
from domain.ports import HoldLine, NotFree, SlotsHeld
from domain.posting import Leg
from trust.canonical import parse_canonical

__all__ = [
    "Balance",
    "Floor",
    "Hold",
    "HoldLine",
    "Intent",
    "NotFree",
    "OrderHead",
    "OutboxMessage",
    "Receipt",
    "Record",
    "SlotsHeld",
    "instant",
    "instant_text",
]


class Receipt(NamedTuple):
    """The ledger's answer to a write.

    ``sequence`` is 0 where a record gets its place in the tree only after the commit (PostgreSQL).
    ``record_id`` is the hex of the leaf hash and names the record for ever; ``repeated`` says that the
    key had been written before, with the same content.
    """

    sequence: int
    record_id: str
    leaf: bytes
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One step as written. ``actor_key`` is the public key of who wrote it, ``at`` when (UTC)."""

    sequence: int
    record_id: str
    kind: str
    key: str
    on: date
    order: str | None
    body: dict[str, Any]
    legs: tuple[Leg, ...]
    actor_key: str
    at: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Debits positive. ``order`` is None in totals over orders and for what belongs to no order."""

    entity: str
    account: str
    currency: str
    amount_minor: int
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Floor:
    """Within each order the balance of ``account`` of ``entity`` never goes below ``minimum_minor``."""

    entity: str
    account: str
    minimum_minor: int = 0


@dataclass(frozen=True, slots=True)
class OrderHead:
    order: str
    state: str
    first_sequence: int
    last_sequence: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold and how it ended: ``ending`` None, confirmed, released or expired; then, for a booking,
    ``booking_ending`` None, used, cancelled or returned."""

    hold_id: str
    order: str
    lines: tuple[HoldLine, ...]
    expires_at: datetime | None
    ending: str | None
    booking_ending: str | None

    @property
    def live(self) -> bool:
        """Whether it still has something to end: a hold, or a booking neither used nor given back."""
        return self.ending is None or (self.ending == "confirmed" and self.booking_ending is None)


@dataclass(frozen=True, slots=True)
class Intent:
    """A call to the outside: its request, how often it was tried, and the last outcome if any."""

    operation: str
    order: str | None
    request: Any
    attempts: int
    status: str | None = None
    answer: Any = None


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    message_id: str
    recipient: str
    content: Any
    sequence: int


def instant_text(moment: datetime) -> str:
    """Whole seconds in UTC, ``2026-03-05T09:00:00Z``; a later instant is a greater text."""
    if moment.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def record_of(sequence: int, leaf: bytes, body: str) -> Record:
    """A stored row as a record; the canonical bytes alone are believed, never the copied columns."""
    try:
        data = parse_canonical(body)
        return Record(
            sequence,
            bytes(leaf).hex(),
            data["kind"],
            data["key"],
            date.fromisoformat(data["on"]),
            data["order"],
            data["body"],
            legs_of(data["legs"]),
            data["actor"],
            data["at"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerBrokenError(
            f"record {sequence} is not one that this program wrote", "net ledger verify says what is wrong"
        ) from error


def legs_of(rows: Sequence[Sequence[str]]) -> tuple[Leg, ...]:
    return tuple(Leg(entity, account, currency, int(amount)) for entity, account, currency, amount in rows)
