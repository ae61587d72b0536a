"""One open write: everything in it is one atomic, durable, signed commit.

Every verb appends a record; the database derives the rest (legs, balances, slots, holds) from the record's
own bytes. So whatever the ledger knows is in the tree that ``verify`` recomputes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from domain.errors import (
    AlreadyFinancedError,
    KeyReusedError,
    NetError,
    NotFoundError,
    RefusedError,
    StateError,
)
from domain.posting import Entry, imbalances
from ledger.backend import TOGETHER, GuardError, NewRecord, Queries, Write
from ledger.body import BodyWriter, same_content, state_of
from ledger.reading import Reading
from ledger.records import Declined, Floor, Held, Hold, HoldLine, Receipt, instant_text
from trust.canonical import canonical_bytes
from trust.keys import Actor, PublicKey
from trust.merkle import leaf_hash

Clock = Callable[[], datetime]
FirstRecords = Callable[["Transaction"], None]

RESERVED_KINDS = ("ledger.", "actor.", "floor.", "capacity.", "claim.", "call.", "message.")
"""Kinds that have an effect inside the database; only the verbs of ``Transaction`` write them."""


def require_free_kind(entry: Entry) -> None:
    """``NetError`` for a kind that only the ledger's own verbs write."""
    if entry.kind.startswith(RESERVED_KINDS):
        raise NetError(f"the kind {entry.kind!r} belongs to the ledger", "use the ledger's own verb for it")


class Transaction(Reading):
    """Use it through ``with ledger.write() as transaction``."""

    def __init__(
        self, write: Write, ledger_id: str, actor: Actor, clock: Clock, on: date | None = None
    ) -> None:
        self._on = on
        self._write = write
        self._bodies = BodyWriter(ledger_id, actor.key.public.text, clock)
        self._clock = clock

    def _queries(self) -> Queries:
        return self._write

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the work that is undone alone when it raises; the exception goes on."""
        with self._write.savepoint():
            yield

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

    def _append_together(self, entries: Sequence[Entry]) -> list[Receipt]:
        for entry in entries:
            require_free_kind(entry)
        bodies = self._bodies
        records = [new_record(entry, bodies.body(entry)) for entry in entries]
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
            "floor.set",
            f"floor:{floor.entity}/{floor.account}#{self._last_leaf('floor.set')[:16]}",
            {"entity": floor.entity, "account": floor.account, "minimum_minor": str(floor.minimum_minor)},
        )

    def enrol_actor(self, name: str, key: PublicKey) -> None:
        """Let another key write; from then on its signatures count."""
        key.raw  # noqa: B018 - raises for what is not a key
        if self._row("SELECT 1 FROM actor WHERE actor_key = ?", key.text) is None:
            self._note("actor.enrolled", f"actor:{key.text}", {"actor_key": key.text, "name": name})

    # capacity -----------------------------------------------------------------------------------

    def open_capacity(self, resource: str, period: str, capacity: int) -> None:
        """Set a slot's capacity; repeating changes nothing. ``RefusedError`` below what is used."""
        self.open_capacities([(resource, period, capacity)])

    def open_capacities(self, lines: Iterable[tuple[str, str, int]]) -> None:
        """Set many slots' capacities in one record; those that have it already are left out."""
        changed = []
        for resource, period, capacity in lines:
            row = self._row(
                "SELECT capacity, used FROM slot WHERE resource = ? AND period = ?",
                resource,
                period,
            )
            if row and row[0] == capacity:
                continue
            if capacity < (row[1] if row else 0):
                raise RefusedError(
                    f"{resource} on {period} cannot shrink to {capacity}: {row[1] if row else 0} are in use",
                    "release or cancel bookings first (net slot list)",
                )
            changed.append([resource, period, str(capacity)])
        if changed:
            turn = self._last_leaf("capacity.opened")
            version = sha256(canonical_bytes([changed, turn])).hexdigest()
            self._note("capacity.opened", f"capacity:{version}", {"lines": changed})

    def _last_leaf(self, kind: str) -> str:
        """What tells a change from the same change made earlier; alike on every database."""
        row = self._row("SELECT leaf FROM record WHERE kind = ? ORDER BY sequence DESC LIMIT 1", kind)
        return bytes(row[0]).hex() if row else "first"

    def hold(
        self, hold_id: str, order: str, lines: Sequence[HoldLine], expires_at: datetime | None = None
    ) -> Held | Declined:
        """Hold every line or none; counts against capacity at once. The same hold again: the same answer."""
        merged = _merged(lines)
        until = instant_text(expires_at) if expires_at else None
        body = {
            "hold": hold_id,
            "expires_at": until,
            "lines": [[line.resource, line.period, str(line.quantity)] for line in merged],
        }
        key = f"hold:{hold_id}"
        if (repeated := self._held_before(hold_id, order, body, merged, expires_at)) is not None:
            return repeated
        self._write.lock_slots([(line.resource, line.period) for line in merged])
        for line in merged:
            capacity, used = self.capacity(line.resource, line.period) or (0, 0)
            if line.quantity > capacity - used:
                return Declined(line.resource, line.period, line.quantity, capacity - used)
        self._note("capacity.held", key, body, order)
        return Held(hold_id, order, merged, expires_at)

    def _held_before(
        self,
        hold_id: str,
        order: str,
        body: Mapping[str, Any],
        lines: tuple[HoldLine, ...],
        expires_at: datetime | None,
    ) -> Held | None:
        before = self.record_by_key(f"hold:{hold_id}")
        if before is None:
            return None
        if before.order != order or before.body["lines"] != body["lines"]:
            raise KeyReusedError(
                f"the hold {hold_id!r} exists with other lines (record {before.sequence})",
                "give the new hold an id of its own",
            )
        return Held(hold_id, order, lines, expires_at, repeated=True)

    def confirm_hold(self, hold_id: str) -> Receipt:
        """Turn a hold into a booking; ``StateError`` when it ended otherwise or its time is over."""
        hold = self._hold_known(hold_id)
        if (
            hold.ending is None
            and hold.expires_at
            and instant_text(hold.expires_at) <= instant_text(self._clock())
        ):
            raise StateError(
                f"the hold {hold_id!r} of order {hold.order} expired at {instant_text(hold.expires_at)}",
                "reserve again: net slot reserve",
            )
        return self._end_hold(hold, "confirmed")

    def release_hold(self, hold_id: str) -> Receipt:
        """Give back what a hold keeps; ``StateError`` when it was confirmed or has expired."""
        return self._end_hold(self._hold_known(hold_id), "released")

    def expire_hold(self, hold_id: str) -> Receipt:
        """Give back what a hold keeps because its time is over; ``StateError`` before that."""
        hold = self._hold_known(hold_id)
        if hold.ending is None and (
            hold.expires_at is None or instant_text(hold.expires_at) > instant_text(self._clock())
        ):
            raise StateError(
                f"the hold {hold_id!r} of order {hold.order} has not expired", "release it instead"
            )
        return self._end_hold(hold, "expired")

    def end_booking(self, hold_id: str, ending: str) -> Receipt:
        """End a confirmed hold: ``used`` keeps the capacity, ``cancelled`` and ``returned`` free it."""
        if ending not in ("used", "cancelled", "returned"):
            raise NetError(f"a booking does not end as {ending!r}")
        hold = self._hold_known(hold_id)
        if hold.ending != "confirmed" or hold.booking_ending not in (None, ending):
            raise StateError(
                f"the booking {hold_id!r} of order {hold.order} cannot end as {ending}:"
                f" it is {hold.booking_ending or hold.ending or 'held'}",
                "net slot list shows what is booked",
            )
        if hold.booking_ending == ending:
            return self._repeated_receipt(f"booking-end:{hold_id}")
        return self._note(f"capacity.{ending}", f"booking-end:{hold_id}", {"hold": hold_id}, hold.order)

    def _hold_known(self, hold_id: str) -> Hold:
        hold = self.hold_by_id(hold_id)
        if hold is None:
            raise NotFoundError(f"there is no hold {hold_id!r}", "net slot list shows the holds")
        self._write.lock_slots([(line.resource, line.period) for line in hold.lines])
        return hold

    def _end_hold(self, hold: Hold, ending: str) -> Receipt:
        if hold.ending == ending:
            return self._repeated_receipt(f"hold-end:{hold.hold_id}")
        if hold.ending is not None:
            raise StateError(
                f"the hold {hold.hold_id!r} of order {hold.order} was {hold.ending}, not {ending}",
                "net slot list shows what is held and booked",
            )
        return self._note(
            f"capacity.{ending}", f"hold-end:{hold.hold_id}", {"hold": hold.hold_id}, hold.order
        )

    def _repeated_receipt(self, key: str) -> Receipt:
        row = self._row(f"SELECT sequence, leaf FROM {self._write.placed()} WHERE key = ?", key)  # noqa: S608
        if row is None:
            raise NetError(f"the record with key {key!r} is missing")
        return Receipt(row[0], bytes(row[1]).hex(), bytes(row[1]), repeated=True)

    # double finance -----------------------------------------------------------------------------

    def claim_finance(self, fingerprint: str, order: str, financier: str) -> Receipt:
        """Claim what ``fingerprint`` stands for; ``AlreadyFinancedError`` names the order that has it."""
        rows = list(
            self._rows(
                "SELECT order_reference, financier, turn FROM finance_claim AS made WHERE fingerprint = ?"
                " AND NOT EXISTS (SELECT 1 FROM finance_release WHERE fingerprint = made.fingerprint"
                " AND turn = made.turn)",
                fingerprint,
            )
        )
        if rows:
            held_by, financed_by, turn = rows[0]
            if (held_by, financed_by) != (order, financier):
                raise AlreadyFinancedError(
                    f"order {order} is financed already: {financed_by} finances it as order {held_by}",
                    f"net order show {held_by}",
                )
            return self._repeated_receipt(f"claim:{fingerprint}#{turn}")
        count = self._row("SELECT COUNT(*) FROM finance_claim WHERE fingerprint = ?", fingerprint)
        turn = 1 + (int(count[0]) if count else 0)
        return self._note(
            "claim.made",
            f"claim:{fingerprint}#{turn}",
            {"fingerprint": fingerprint, "financier": financier},
            order,
        )

    def release_finance(self, fingerprint: str, order: str) -> Receipt | None:
        """Free a claim of ``order`` whose finance was never drawn or is repaid; None when there is none."""
        rows = list(
            self._rows(
                "SELECT turn FROM finance_claim AS made WHERE fingerprint = ? AND order_reference = ?"
                " AND NOT EXISTS (SELECT 1 FROM finance_release WHERE fingerprint = made.fingerprint"
                " AND turn = made.turn)",
                fingerprint,
                order,
            )
        )
        if not rows:
            return None
        turn = int(rows[0][0])
        body = {"fingerprint": fingerprint, "turn": turn}
        return self._note("claim.released", f"claim-release:{fingerprint}#{turn}", body, order)

    # calls to the outside -----------------------------------------------------------------------

    def record_intent(self, operation: str, order: str | None, request: Any) -> Receipt:
        """Say what is about to be asked of a provider, before it is sent; its key never changes."""
        body = {"operation": operation, "request": request}
        before = self.record_by_key(f"intent:{operation}")
        on = before.on if before else None
        return self._note("call.intended", f"intent:{operation}", body, order, on)

    def record_attempt(self, operation: str) -> int:
        """Say that the call is about to be sent; which attempt it is, from 1."""
        intent = self._intent_order(operation)
        count = self._row("SELECT COUNT(*) FROM attempt WHERE operation = ?", operation)
        n = 1 + (int(count[0]) if count else 0)
        self._note("call.attempted", f"attempt:{operation}#{n}", {"operation": operation, "n": n}, intent)
        return n

    def record_outcome(self, operation: str, status: str, answer: Any = None) -> Receipt:
        """Say what came of a call: ``ok``, ``failed`` or, until someone finds out, ``unknown``."""
        if status not in ("ok", "failed", "unknown"):
            raise NetError(f"a call does not end as {status!r}")
        order = self._intent_order(operation)
        rows = list(self._rows("SELECT n, status FROM outcome WHERE operation = ? ORDER BY n", operation))
        last = rows[-1] if rows else None
        n = last[0] if last and (last[1] != "unknown" or status == "unknown") else len(rows) + 1
        key = f"outcome:{operation}#{n}"
        before = self.record_by_key(key)
        body = {"operation": operation, "n": n, "status": status, "answer": answer}
        return self._note("call.answered", key, body, order, before.on if before else None)

    def _intent_order(self, operation: str) -> str | None:
        row = self._row("SELECT order_reference FROM intent WHERE operation = ?", operation)
        if row is None:
            raise NotFoundError(f"there is no intent {operation!r}", "record the intent before the attempt")
        order: str | None = row[0]
        return order

    def put_outbox(self, message_id: str, recipient: str, content: Any, order: str | None = None) -> Receipt:
        """Queue a message in the same commit as what it tells; it is delivered at least once."""
        body = {"message_id": message_id, "recipient": recipient, "content": content}
        before = self.record_by_key(f"outbox:{message_id}")
        return self._note(
            "message.queued", f"outbox:{message_id}", body, order, before.on if before else None
        )

    def mark_delivered(self, message_id: str) -> Receipt:
        if self._row("SELECT 1 FROM outbox WHERE message_id = ?", message_id) is None:
            raise NotFoundError(f"there is no message {message_id!r} in the outbox")
        if self._row("SELECT 1 FROM delivery WHERE message_id = ?", message_id):
            return self._repeated_receipt(f"delivery:{message_id}")
        return self._note("message.delivered", f"delivery:{message_id}", {"message_id": message_id})

    def inbox(self, provider: str, message_id: str) -> bool:
        """Take a message in; False when it was taken in before and is to be left alone."""
        if self.received(provider, message_id):
            return False
        body = {"provider": provider, "message_id": message_id}
        self._note("message.received", f"inbox:{provider}/{message_id}", body)
        return True


def new_record(entry: Entry, body: bytes) -> NewRecord:
    """The row that records ``entry``, whose canonical bytes are ``body``."""
    return NewRecord(
        entry.kind,
        entry.key,
        entry.on.isoformat(),
        entry.order,
        state_of(entry.body),
        len(entry.legs),
        body.decode(),
        leaf_hash(body),
    )


def _merged(lines: Sequence[HoldLine]) -> tuple[HoldLine, ...]:
    """Lines on one slot added up, in a fixed order, so that they are checked together."""
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        if line.quantity <= 0:
            raise NetError(f"the hold line {line} asks for nothing")
        wanted[line.resource, line.period] += line.quantity
    if not wanted:
        raise NetError("a hold without lines")
    return tuple(HoldLine(*slot, quantity) for slot, quantity in sorted(wanted.items()))


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
