"""What was last verified of a ledger, and when: noted by who verified it, never concluded afterwards."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.locations import data_directory
from flows.desk.session import Session


@dataclass(frozen=True, slots=True)
class Verified:
    """How far a ledger was last found sound (``record``, ``at``), how far the newest checkpoint that is held
    goes, and how many records came since each; None where there is none."""

    records: int
    record: int | None
    at: str | None
    checkpoint: int | None

    @property
    def since(self) -> int:
        """Records written after the last verification; all of them where there was none."""
        return self.records - (self.record or 0)


def note_verified(ledger_id: str, record: int, root: str, at: datetime) -> None:
    """Remember that the ledger was found sound up to this record."""
    path = _file(ledger_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"record": record, "root": root, "at": at.isoformat(timespec="seconds")}))


def last_verified(session: Session) -> Verified:
    """What is known of the session's ledger without verifying it."""
    from ledger.checkpoints import held_checkpoint

    ledger = session.ledger
    held = held_checkpoint(session.keys_folder / "checkpoints", ledger.id)
    size, path = ledger.size(), _file(ledger.id)
    noted = json.loads(path.read_text()) if path.exists() else {}
    record = noted.get("record")
    if record is not None and record > size:  # put back from an older copy
        record, noted = None, {}
    return Verified(size, record, noted.get("at"), held.size if held else None)


def _file(ledger_id: str) -> Path:
    return data_directory() / "agenda" / f"{ledger_id}.verified.json"
