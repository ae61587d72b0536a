"""What folders of one floor need of each other; a flow joins the two sides.

The ledger keeps the calendar of capacity in its own database, so that reserving and recording are one
commit. A provider's adapter or a lender's book reserves through ``SlotCalendar``, which the flow binds to
its open transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HoldLine:
    """``quantity`` wanted of ``resource`` in ``period``.

    A resource is a slot ("factory:brightworks/lamp", period "2026-03-05", units per day) or a credit line
    ("credit:harbour/po-finance", period "limit", minor units).
    """

    resource: str
    period: str
    quantity: int


@dataclass(frozen=True, slots=True)
class SlotsHeld:
    """Every line is held until ``expires_at`` (None: until it is ended)."""

    hold_id: str
    order: str
    lines: tuple[HoldLine, ...]
    expires_at: datetime | None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class NotFree:
    """No line is held, because of this one: ``wanted`` exceeds what is ``free``."""

    resource: str
    period: str
    wanted: int
    free: int


class SlotCalendar(Protocol):
    """The capacity calendar as its users see it; a "no" is data, never an exception."""

    def free(self, resource: str, periods: Iterable[str]) -> Mapping[str, int]:
        """What is left per period; a period that was never opened has 0."""
        ...

    def open_capacity(self, resource: str, period: str, capacity: int) -> None:
        """Set a period's capacity; repeating it changes nothing. ``RefusedError`` below what is used."""
        ...

    def open_capacities(self, lines: Iterable[tuple[str, str, int]]) -> None:
        """The same for many (resource, period, capacity) in one step."""
        ...

    def hold(
        self, hold_id: str, order: str, lines: Sequence[HoldLine], expires_at: datetime | None
    ) -> SlotsHeld | NotFree:
        """Hold every line or none."""
        ...

    def confirm_hold(self, hold_id: str) -> object:
        """Turn a hold into a booking; ``StateError`` when it has ended or expired."""
        ...

    def release_hold(self, hold_id: str) -> object:
        """Give a hold's capacity back; ``StateError`` when it has ended another way."""
        ...

    def end_booking(self, hold_id: str, ending: str) -> object:
        """End a booking: ``used`` keeps the capacity consumed, ``cancelled`` and ``returned`` free it."""
        ...
