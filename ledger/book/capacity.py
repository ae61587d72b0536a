"""The calendar of capacity inside an open write: slots and credit lines, held, booked, given back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from domain.errors import (
    KeyReusedError,
    NetError,
    NotFoundError,
    RefusedError,
    StateError,
)
from ledger.book.appending import Appending
from ledger.record import kinds
from ledger.record.records import Hold, HoldLine, NotFree, Receipt, SlotsHeld, instant_text
from trust.canonical import canonical_bytes, canonical_text


class Capacity(Appending):
    """Implements the port ``SlotCalendar``; a "no" is data."""

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
            turn = self._last_leaf(kinds.CAPACITY_OPENED)
            version = sha256(canonical_bytes([changed, turn])).hexdigest()
            self._note(kinds.CAPACITY_OPENED, f"capacity:{version}", {"lines": changed})

    def hold(
        self, hold_id: str, order: str, lines: Sequence[HoldLine], expires_at: datetime | None = None
    ) -> SlotsHeld | NotFree:
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
                return NotFree(line.resource, line.period, line.quantity, capacity - used)
        self._note(kinds.CAPACITY_HELD, key, body, order)
        return SlotsHeld(hold_id, order, merged, expires_at)

    def _held_before(
        self,
        hold_id: str,
        order: str,
        body: Mapping[str, Any],
        lines: tuple[HoldLine, ...],
        expires_at: datetime | None,
    ) -> SlotsHeld | None:
        before = self.record_by_key(f"hold:{hold_id}")
        if before is None:
            return None
        same_lines = canonical_bytes(before.body["lines"]) == canonical_bytes(body["lines"])
        if before.order != canonical_text(order) or not same_lines:
            raise KeyReusedError(
                f"the hold {hold_id!r} exists with other lines (record {before.sequence})",
                "give the new hold an id of its own",
            )
        return SlotsHeld(hold_id, order, lines, expires_at, repeated=True)

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
        return self._note(kinds.ended(ending), f"booking-end:{hold_id}", {"hold": hold_id}, hold.order)

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
        return self._note(kinds.ended(ending), f"hold-end:{hold.hold_id}", {"hold": hold.hold_id}, hold.order)


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
