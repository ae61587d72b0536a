"""A verified copy of a ledger in one file, and a ledger brought back from one."""

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from domain.errors import LedgerBrokenError, NotFoundError, RefusedError, UsageError
from ledger.record.backend import Progress
from ledger.record.findings import Report
from ledger.sqlite.backend import SqliteBackend
from ledger.sqlite.file import connect, storage_trouble
from ledger.store import Ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from trust.merkle import root_at
from trust.notes import Checkpoint


def backup(ledger: Ledger, to: Path, progress: Progress | None = None) -> Report:
    """A consistent copy, taken while others write, then verified; a copy that does not verify is removed."""
    if isinstance(ledger.backend, SqliteBackend):
        _copy(ledger.backend.path, to)
    else:
        _replay(ledger, to)
    try:
        with open_ledger(to) as copy:
            report = verify_ledger(copy, progress=progress)
        _sound_or_refused(report, f"the copy at {to}")
    except BaseException:
        _remove(to)
        raise
    return report


def restore(
    source: Path,
    to: Path,
    checkpoints: Sequence[Checkpoint] = (),
    progress: Progress | None = None,
) -> Report:
    """Make the ledger at ``to`` from a backup that verifies; never over a file that is there.

    ``checkpoints`` held outside say whether records written after the backup would be lost.
    """
    if not source.is_file():
        raise NotFoundError(f"there is no backup at {source}", "name the file that net ledger backup wrote")
    _require_nothing_at(to)
    with open_ledger(source) as ledger:
        report = verify_ledger(ledger, checkpoints, progress=progress)
    _sound_or_refused(report, f"the backup at {source}")
    _copy(source, to)
    return report


def restore_to_server(
    source: Path,
    url: str,
    checkpoints: Sequence[Checkpoint] = (),
    progress: Progress | None = None,
) -> tuple[Report, str]:
    """The same into an empty PostgreSQL database, whose owner's URL is given; the program's own URL with it.

    Interrupted, it goes on when it is run again. Never into a database whose ledger is not a part of the
    backup.
    """
    from ledger.moving.copy import open_target, replay

    if not source.is_file():
        raise NotFoundError(f"there is no backup at {source}", "name the file that net ledger backup wrote")
    with open_ledger(source) as ledger:
        report = verify_ledger(ledger, checkpoints, progress=progress)
        _sound_or_refused(report, f"the backup at {source}")
        target = open_target(url, ledger.id)
        try:
            _part_or_refused(ledger, target.url)
            replay(ledger, target, progress)
        finally:
            target.close()
        with open_ledger(target.url) as made:
            if root_at(made.size(), made.backend.tree()) != report.root:
                raise LedgerBrokenError("the ledger brought back has another root", "run net ledger verify")
    return report, target.url


def _part_or_refused(backup: Ledger, url: str) -> None:
    try:
        with open_ledger(url) as there:
            size = there.size()
            if size <= backup.size() and root_at(size, there.backend.tree()) == root_at(
                size, backup.backend.tree()
            ):
                return
    except UsageError:  # made, and not yet begun
        return
    raise RefusedError(
        "there is a ledger in this database, and it is no part of the backup", "name an empty database"
    )


def _sound_or_refused(report: Report, what: str) -> None:
    if report.sound:
        return
    if all(finding.subject == "checkpoint" for finding in report.findings):
        raise LedgerBrokenError(
            f"{what} is sound in itself, but {report.findings[0].problem}",
            "bring back a newer backup; where there is none, restore --older accepts the loss",
        )
    raise LedgerBrokenError(
        f"{what} does not add up: {report.findings[0]}", "run net ledger verify on it for the whole list"
    )


def _require_nothing_at(place: Path) -> None:
    if place.exists():
        raise RefusedError(f"there is a file at {place} already", "name another place")


def _copy(source: Path, to: Path) -> None:
    _require_nothing_at(to)
    to.parent.mkdir(parents=True, exist_ok=True)
    partial = to.with_name(to.name + ".partial")
    _remove(partial)
    reader, writer = connect(source, read_only=True), sqlite3.connect(partial)
    try:
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode = WAL").fetchone()
    except BaseException as error:
        writer.close()
        _remove(partial)
        trouble = storage_trouble(to, error) if isinstance(error, sqlite3.Error) else None
        if trouble is not None:
            raise trouble from error
        raise
    finally:
        reader.close()
        writer.close()
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.rename(to)


def _replay(ledger: Ledger, to: Path) -> None:
    """A ledger on PostgreSQL as a SQLite file: the same records, the same root, everything derived anew."""
    from ledger.moving.copy import replay
    from ledger.moving.sqlite_target import SqliteTarget

    _require_nothing_at(to)
    target = SqliteTarget(to, ledger.id, ledger.backend.version)
    try:
        replay(ledger, target)
    except BaseException:
        target.close()
        _remove(to)
        raise
    target.close()


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal", "-lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
