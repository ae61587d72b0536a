"""Appending inside an open write: entries, the notes it makes by itself, floors and keys."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from typing import Any

from domain.errors import (
    KeyReusedError,
    NetError,
    NotFoundError,
    RefusedError,
)
from domain.posting import Entry, imbalances
from ledger.book.reading import Reading
from ledger.record import kinds
from ledger.record.backend import TOGETHER, GuardError, NewRecord, Queries, Write
from ledger.record.body import BodyWriter, same_content, state_of
from ledger.record.records import Floor, Receipt
from trust.canonical import canonical_text
from trust.grammar import require_key_name
from trust.keys import Actor, PublicKey
from trust.merkle import leaf_hash

Clock = Callable[[], datetime]


def require_free_kind(entry: Entry) -> None:
    """``NetError`` for a kind that only the ledger's own verbs write."""
    if entry.kind.startswith(kinds.RESERVED):
        raise NetError(f"the kind {entry.kind!r} belongs to the ledger", "use the ledger's own verb for it")


class Appending(Reading):
    """What every part of an open write appends with."""

    def __init__(
        self,
        write: Write,
        ledger_id: str,
        actor: Actor,
        clock: Clock,
        on: date | None = None,
        bodies: BodyWriter | None = None,
    ) -> None:
        self._on = on
        self._write = write
        self._bodies = bodies or BodyWriter(ledger_id, actor.key.public.text, clock)
        self._clock = clock

    def _queries(self) -> Queries:
        return self._write

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the work that is undone alone when it raises; the exception goes on."""
        with self._write.savepoint():
            yield

    def queue(self) -> None:
        """Before anything else in a large write: wait for other large ones, so that they cannot deadlock."""
        self._write.queue()

    # entries ------------------------------------------------------------------------------------

    def append(self, entry: Entry) -> Receipt:
        """Record one step. The same key with the same content returns the first receipt.

        ``KeyReusedError`` for the same key with other content; ``RefusedError`` below an account's floor.
        """
        require_free_kind(entry)
        return self._append(entry)

    def append_many(self, entries: Iterable[Entry]) -> list[Receipt]:
        """Record many steps in order; all of them or, by exception, none that the caller keeps."""
        receipts: list[Receipt] = []
        waiting = iter(entries)
        while group := list(islice(waiting, TOGETHER)):
            receipts += self._append_together(group)
        return receipts

    def append_records(self, records: Sequence[NewRecord], entries: Sequence[Entry]) -> list[Receipt]:
        """As ``append_many``, for entries of free kinds whose records are made already."""
        receipts: list[Receipt] = []
        for start in range(0, len(records), TOGETHER):
            end = start + TOGETHER
            receipts += self._add_together(records[start:end], entries[start:end])
        return receipts

    def _append_together(self, entries: Sequence[Entry]) -> list[Receipt]:
        for entry in entries:
            require_free_kind(entry)
        bodies = self._bodies
        return self._add_together([new_record(entry, bodies.body(entry)) for entry in entries], entries)

    def _add_together(self, records: Sequence[NewRecord], entries: Sequence[Entry]) -> list[Receipt]:
        first = self._write.add_together(records)
        if first is None:
            return [self._add(record, entry) for record, entry in zip(records, entries, strict=True)]
        return [Receipt(first + n, record.leaf.hex(), record.leaf) for n, record in enumerate(records)]

    def _append(self, entry: Entry) -> Receipt:
        return self._add(new_record(entry, self._bodies.body(entry)), entry)

    def _add(self, record: NewRecord, entry: Entry) -> Receipt:
        try:
            sequence = self._write.add(record)
        except GuardError as refusal:
            raise _explained(refusal, entry) from None
        if sequence is None:
            return self._repeated(entry)
        return Receipt(sequence, record.leaf.hex(), record.leaf)

    def _repeated(self, entry: Entry) -> Receipt:
        placed = self._write.placed()
        row = self._row(f"SELECT sequence, leaf, body FROM {placed} WHERE key = ?", entry.key)  # noqa: S608
        if row is None:
            raise NetError(f"the key {entry.key!r} is taken by a record that cannot be read")
        sequence, leaf, body = row
        if not same_content(body, entry):
            raise KeyReusedError(
                f"the key {entry.key!r} was used before, for other content (record {sequence})",
                f"net ledger log shows record {sequence}; give the new step a key of its own",
            )
        return Receipt(sequence, bytes(leaf).hex(), bytes(leaf), repeated=True)

    def _note(
        self, kind: str, key: str, body: Mapping[str, Any], order: str | None = None, on: date | None = None
    ) -> Receipt:
        return self._append(Entry(kind, key, on or self._on or self._clock().date(), order, body))

    # floors and actors --------------------------------------------------------------------------

    def set_floor(self, floor: Floor) -> None:
        """From now on the account stays at or above the floor within each order."""
        row = self._row(
            "SELECT minimum_minor FROM account_floor WHERE entity = ? AND account = ?",
            floor.entity,
            floor.account,
        )
        if row and int(row[0]) == floor.minimum_minor:
            return
        self._note(
            kinds.FLOOR_SET,
            f"floor:{floor.entity}/{floor.account}#{self._last_leaf(kinds.FLOOR_SET)[:16]}",
            {"entity": floor.entity, "account": floor.account, "minimum_minor": str(floor.minimum_minor)},
        )

    def enrol_actor(self, name: str, key: PublicKey) -> None:
        """Let another key write; from then on its signatures count. KeyReusedError under a second name."""
        require_key_name(name)
        key.raw  # noqa: B018 - raises for what is not a key
        known = self._row("SELECT name FROM actor WHERE actor_key = ?", key.text)
        if known is None:
            self._note(kinds.ACTOR_ENROLLED, f"actor:{key.text}", {"actor_key": key.text, "name": name})
        elif known[0] != name:
            raise KeyReusedError(
                f"this key writes here already, as {known[0]}",
                "a name that was enrolled stays; make another key for another person",
            )

    def withdraw_actor(self, key: PublicKey, reason: str, replaced_by: PublicKey | None = None) -> Receipt:
        """From the next command on what the key signs counts no more; what it signed before stays.

        ``replaced_by`` is enrolled under the same name. ``RefusedError`` for the last key that counts,
        ``NotFoundError`` for one that never did.
        """
        known = self._row("SELECT name FROM actor WHERE actor_key = ?", key.text)
        if known is None:
            raise NotFoundError(
                f"no key {key.text} writes to this ledger", "net ledger log --kind actor.enrolled"
            )
        if self.withdrawn_at(key.text) is not None:
            return self._repeated_receipt(kinds.withdrawal(key.text))
        if replaced_by is not None:
            self.enrol_actor(str(known[0]), replaced_by)
        left = (one for (one,) in self._rows("SELECT actor_key FROM actor") if one != key.text)
        if all(self.withdrawn_at(str(one)) is not None for one in list(left)):
            raise RefusedError(
                "nobody could write to this ledger without this key", "name the one that replaces it"
            )
        body = {
            "actor_key": key.text,
            "reason": reason,
            "replaced_by": None if replaced_by is None else replaced_by.text,
        }
        return self._note(kinds.ACTOR_WITHDRAWN, kinds.withdrawal(key.text), body)

    def accept_loss(self, size: int, root: bytes, body: Mapping[str, Any]) -> Receipt:
        """Say that records signed over before, ``size`` of them under ``root``, are lost for good."""
        return self._note(kinds.LOSS_ACCEPTED, f"loss-accepted:{size}:{root.hex()[:16]}", body)

    def _last_leaf(self, kind: str) -> str:
        """What tells a change from the same change made earlier; alike on every database."""
        row = self._row("SELECT leaf FROM record WHERE kind = ? ORDER BY sequence DESC LIMIT 1", kind)
        return bytes(row[0]).hex() if row else "first"

    def _repeated_receipt(self, key: str) -> Receipt:
        row = self._row(f"SELECT sequence, leaf FROM {self._write.placed()} WHERE key = ?", key)  # noqa: S608
        if row is None:
            raise NetError(f"the record with key {key!r} is missing")
        return Receipt(row[0], bytes(row[1]).hex(), bytes(row[1]), repeated=True)


def new_record(entry: Entry, body: bytes) -> NewRecord:
    """The row that records ``entry``, whose canonical bytes are ``body``."""
    return NewRecord(
        canonical_text(entry.kind),
        canonical_text(entry.key),
        entry.on.isoformat(),
        None if entry.order is None else canonical_text(entry.order),
        state_of(entry.body),
        len(entry.legs),
        body.decode(),
        leaf_hash(body),
    )


def _explained(refusal: GuardError, entry: Entry) -> NetError:
    """The database's refusal, in the trade's words."""
    if left := imbalances(entry.legs):
        places = ", ".join(f"{entity} {amount} {currency}" for (entity, currency), amount in left.items())
        return NetError(f"the entry {entry.key!r} does not balance: {places} left over (minor units)")
    if "floor" in refusal.message:
        return RefusedError(
            f"{entry.kind} of order {entry.order or '-'} would take an account below its floor",
            "the order's own money does not cover it; net ledger balance --order shows what is there",
        )
    return refusal
