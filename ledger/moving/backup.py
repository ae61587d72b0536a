"""A verified copy of a ledger in one file, and a ledger brought back from one."""

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from domain.errors import LedgerBrokenError, NotFoundError, RefusedError, UsageError
from ledger.record.backend import Progress
from ledger.record.findings import Report
from ledger.sqlite.backend import SqliteBackend
from ledger.sqlite.file import connect, storage_trouble
from ledger.store import Ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from trust.durable import make_folder, put_in_place, refused_by_disk, sync_file
from trust.merkle import root_at
from trust.notes import Checkpoint


def backup(ledger: Ledger, to: Path, progress: Progress | None = None) -> Report:
    """A consistent copy, taken while others write, verified before it has its name; else there is none."""
    _require_nothing_at(to)
    with _beside(to) as partial:
        if isinstance(ledger.backend, SqliteBackend):
            _copy(ledger.backend.path, partial, to)
        else:
            _replay(ledger, partial)
        with open_ledger(partial) as copy:
            report = verify_ledger(copy, progress=progress)
        _sound_or_refused(report, f"the copy at {to}")
        _put_in_place(partial, to)
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
    with _beside(to) as partial:
        _copy(source, partial, to)
        _put_in_place(partial, to)
    with open_ledger(to) as made:  # what stands there now under its own name, whatever stood beside it
        if (made.size(), root_at(made.size(), made.backend.tree())) != (report.records, report.root):
            raise LedgerBrokenError(f"the ledger brought back to {to} has another root", "keep the backup")
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


SIDE_FILES = ("-wal", "-journal")
"""What SQLite plays into a file of the name before them, whoever wrote it."""


def _require_nothing_at(place: Path) -> None:
    """``RefusedError`` where something has the name, or was left beside it and would be played into it."""
    if place.exists():
        raise RefusedError(f"there is a file at {place} already", "name another place")
    for beside in (place.with_name(place.name + suffix) for suffix in SIDE_FILES):
        if beside.exists() and beside.stat().st_size:
            raise RefusedError(
                f"{beside} was left by another ledger, and would be read into this one",
                f"move {beside.name} to the ledger that it belongs to, under that one's name,"
                " or name another place",
            )


@contextmanager
def _beside(to: Path) -> Iterator[Path]:
    """Where a copy is made before it gets its name; nothing is left there however that ends."""
    make_folder(to.parent)
    partial = to.with_name(f".{to.name}.{secrets.token_hex(4)}.partial")
    try:
        yield partial
    except OSError as error:
        raise refused_by_disk(to, error) from error
    finally:
        _remove(partial)


def _put_in_place(partial: Path, to: Path) -> None:
    """Whole and on the disk under its name; what SQLite left beside, all empty, goes first."""
    _require_nothing_at(to)
    _remove_side_files(to)
    sync_file(partial)
    put_in_place(partial, to, over=False)


def _copy(source: Path, partial: Path, to: Path) -> None:
    reader, writer = connect(source, read_only=True), sqlite3.connect(partial)
    try:
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.Error as error:
        trouble = storage_trouble(to, error)
        if trouble is None:
            raise
        raise trouble from error
    finally:
        reader.close()
        writer.close()


def _replay(ledger: Ledger, partial: Path) -> None:
    """A ledger on PostgreSQL as a SQLite file: the same records, the same root, everything derived anew."""
    from ledger.moving.copy import replay
    from ledger.moving.sqlite_target import SqliteTarget

    target = SqliteTarget(partial, ledger.id, ledger.backend.version)
    try:
        replay(ledger, target)
    finally:
        target.close()


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _remove_side_files(path)


def _remove_side_files(path: Path) -> None:
    for suffix in ("-wal", "-shm", "-journal", "-lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
