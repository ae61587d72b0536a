"""What verification found wrong, in plain words, with the place."""

from dataclasses import dataclass, field
from typing import NamedTuple

MOST_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Flaw:
    """``subject`` is a short fixed name for programs, ``place`` and ``problem`` are for people."""

    subject: str
    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


class ComparedCheckpoint(NamedTuple):
    """A checkpoint that was compared: its last record, and when that was written (UTC; empty: unknown)."""

    records: int
    written: str


@dataclass(slots=True)
class Report:
    """The outcome of one verification; ``root`` is the recomputed root over ``records`` records."""

    ledger_id: str = ""
    records: int = 0
    legs: int = 0
    commands: int = 0
    root: bytes = b""
    findings: list[Flaw] = field(default_factory=list)
    left_out: int = 0
    notes: list[str] = field(default_factory=list)
    """What could not be looked at here; it says nothing against the ledger."""
    record_seconds: float = 0.0
    signature_seconds: float = 0.0
    unsealed: int = 0
    compared: list[ComparedCheckpoint] = field(default_factory=list)
    """Checkpoints kept elsewhere that it was compared with; without one a cut tail does not show."""

    @property
    def sound(self) -> bool:
        return not self.findings

    def add(self, findings: list[Flaw]) -> None:
        """Keep the first thousand; count the rest."""
        room = max(0, MOST_SHOWN - len(self.findings))
        self.findings += findings[:room]
        self.left_out += max(0, len(findings) - room)
