"""Where a moved ledger goes: what a target takes, and when a place that is not empty may still be one."""

from dataclasses import dataclass
from typing import Protocol

from domain.errors import RefusedError
from ledger.record.backend import NewRecord
from ledger.record.kinds import LEDGER_TAKEN_OVER
from ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class SignedCommand:
    """What one command wrote, and its writer's signature over it."""

    records: tuple[NewRecord, ...]
    actor_key: str
    digest: bytes
    signature: bytes


class CopyTarget(Protocol):
    """Where the records go; ``url`` is what to open from then on."""

    url: str

    def size(self) -> int: ...

    def add(self, commands: list[SignedCommand]) -> None:
        """One durable commit of whole commands."""
        ...

    def close(self) -> None: ...


def require_unfinished(copy: Ledger, ledger_id: str) -> None:
    """``RefusedError`` unless what is there is this ledger, copied in part and not written to since."""
    if copy.id != ledger_id:
        raise RefusedError(f"there is another ledger already ({copy.id})", "name a place where there is none")
    last = copy.record_by_sequence(copy.size())
    if last and last.kind != LEDGER_TAKEN_OVER and any(copy.records(kind=LEDGER_TAKEN_OVER)):
        raise RefusedError("this ledger was moved there before and is in use there", "open it there")
