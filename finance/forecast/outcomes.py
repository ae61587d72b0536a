"""What is learned from: dated outcomes, and on which day each of them came to be known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

LEVELS = 4
"""How many groups an outcome may belong to, one inside the other."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something promised for ``due_on`` and asked about on ``asked_on``; ``ended_on`` is None while open.

    ``groups`` narrow from left to right: a vendor, its country, its way. ``known`` are words that were
    known when it was asked about. ``amount_minor`` is what it is worth, zero where that says nothing.
    """

    id: str
    asked_on: date
    due_on: date
    ended_on: date | None
    groups: tuple[str, ...]
    amount_minor: int = 0
    known: tuple[str, ...] = ()

    @property
    def late_by(self) -> int | None:
        """Days after the due day, negative when early; None while it is open."""
        return None if self.ended_on is None else (self.ended_on - self.due_on).days

    def late_known_on(self) -> date:
        """The day on which it is certain whether it is late: the day after the due day at the latest."""
        overdue = self.due_on + timedelta(days=1)
        return overdue if self.ended_on is None else min(self.ended_on, overdue)

    def is_late(self, on: date) -> bool | None:
        """What is known on the morning of ``on``, before anything happens on it; None when nothing is."""
        if self.late_known_on() >= on:
            return None
        return self.ended_on is None or self.ended_on > self.due_on

    def path(self, level: int) -> tuple[str, ...]:
        """The group at a level together with those that it lies in."""
        return self.groups[: level + 1]


def known_by(outcomes: Iterable[Outcome], until: date) -> list[Outcome]:
    """What was known at the end of ``until``: nothing asked later, no ending that came later."""
    found = [one for one in outcomes if one.asked_on <= until]
    return [one if _ended(one, until) else _still_open(one) for one in found]


def _ended(one: Outcome, until: date) -> bool:
    return one.ended_on is None or one.ended_on <= until


def _still_open(one: Outcome) -> Outcome:
    return Outcome(one.id, one.asked_on, one.due_on, None, one.groups, one.amount_minor, one.known)


def digest(outcomes: Sequence[Outcome]) -> str:
    """SHA-256 over the outcomes, whatever order they come in."""
    lines = sorted(
        "\x1f".join(
            (
                one.id,
                one.asked_on.isoformat(),
                one.due_on.isoformat(),
                one.ended_on.isoformat() if one.ended_on else "",
                "\x1e".join(one.groups),
                str(one.amount_minor),
                "\x1e".join(one.known),
            )
        )
        for one in outcomes
    )
    return sha256("\x1d".join(lines).encode()).hexdigest()
