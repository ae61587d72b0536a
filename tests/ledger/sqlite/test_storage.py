"""What the machine refuses (a full disk, a folder that may not be written) is told as that, never as a
broken ledger; and what was recorded before it stands."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from domain.errors import LedgerBrokenError, UnreachableError, UsageError
from ledger.moving import sqlite_target as copy_sqlite
from ledger.moving.backup import backup
from ledger.moving.copy import copy_ledger
from ledger.sqlite import file as sqlite_file
from ledger.sqlite.backend import unreadable
from ledger.store import Ledger, create_ledger, open_ledger, utc_now
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, draw

NOBODY = 65_534


def write_many(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        for number in range(2, 5_000):
            transaction.append(draw(number))


def test_a_full_disk_is_told_and_nothing_is_half_written(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.append(draw(1))
    writer = ledger.backend._writer  # type: ignore[attr-defined]
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then says what it says of a full disk
    with pytest.raises(UnreachableError, match="the disk is full"):
        write_many(ledger)
    writer.execute("PRAGMA max_page_count = 1073741823")
    assert [record.key for record in ledger.records(kind="loan.drawn")] == ["draw-1"]
    with ledger.write() as transaction:
        transaction.append(draw(2))
    assert not verify_ledger(ledger, workers=1).findings


def test_a_ledger_in_a_folder_that_may_not_be_written_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        create_ledger(tmp_path / "net.ledger", practice=True, actor=ACTOR) as ledger,
        ledger.write() as write,
    ):
        write.append(draw(1))
    before = sorted(os.listdir(tmp_path))
    monkeypatch.setattr(sqlite_file.os, "access", lambda _path, _mode: False)
    with open_ledger(tmp_path / "net.ledger") as ledger:
        assert [record.key for record in ledger.records(kind="loan.drawn")] == ["draw-1"]
        assert not verify_ledger(ledger, workers=1).findings
        assert sorted(os.listdir(tmp_path)) == before, "reading made files beside the ledger"


def test_what_waits_in_a_wal_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with create_ledger(tmp_path / "net.ledger", practice=True, actor=ACTOR) as ledger:
        with ledger.write() as write:
            write.append(draw(1))
        monkeypatch.setattr(sqlite_file.os, "access", lambda _path, _mode: False)
        with open_ledger(tmp_path / "net.ledger") as second:
            assert [record.key for record in second.records(kind="loan.drawn")] == ["draw-1"]


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder outside the tests' own, since others than its owner may read there."""
    with TemporaryDirectory() as name:
        yield Path(name)


def test_a_write_where_nobody_may_write_says_so(read_only_folder: Path) -> None:
    create_ledger(read_only_folder / "net.ledger", practice=True, actor=ACTOR).close()
    (read_only_folder / "net.ledger").chmod(0o444)
    read_only_folder.chmod(0o555)
    as_root = os.geteuid() == 0
    if as_root:
        os.seteuid(NOBODY)  # root may write everywhere
    try:
        with (
            pytest.raises((UnreachableError, OSError)),
            open_ledger(read_only_folder / "net.ledger", actor=ACTOR) as ledger,
        ):
            write_many(ledger)
    finally:
        if as_root:
            os.seteuid(0)
        read_only_folder.chmod(0o755)


def test_a_file_that_is_no_ledger_is_still_called_that(tmp_path: Path) -> None:
    (tmp_path / "net.ledger").write_text("not a database at all, but long enough to look at" * 40)
    with pytest.raises(UsageError, match="is not a ledger"):
        open_ledger(tmp_path / "net.ledger")


def test_only_the_machine_is_blamed_for_what_it_did() -> None:
    error = sqlite3.DatabaseError("malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    assert isinstance(unreadable(Path("net.db"), error), LedgerBrokenError)
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
    assert isinstance(unreadable(Path("net.db"), error), UnreachableError)


def test_a_backup_onto_a_full_disk_leaves_nothing(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(sqlite3.Connection):
        def execute(self, statement: str, *more: object) -> sqlite3.Cursor:
            if "journal_mode" in statement:
                super().execute("PRAGMA max_page_count = 1")
                return super().execute("CREATE TABLE more AS SELECT randomblob(100000)")
            return super().execute(statement, *more)

    connect = sqlite3.connect

    def full(path: object, **how: object) -> sqlite3.Connection:
        kind = Full if str(path).endswith(".partial") else sqlite3.Connection
        return connect(path, factory=kind, **how)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr("ledger.moving.backup.sqlite3.connect", full)
    with pytest.raises(UnreachableError, match="the disk is full"):
        backup(ledger, tmp_path / "copy.db")
    assert not list(tmp_path.glob("copy*"))


def full_disk(monkeypatch: pytest.MonkeyPatch, *modules: object) -> None:
    """New files are given no more than a few pages; SQLite then says what it says of a full disk."""
    really = sqlite_file.connect

    def connect(path: Path, read_only: bool) -> sqlite3.Connection:
        connection = really(path, read_only)
        if not read_only:
            connection.execute("PRAGMA max_page_count = 20")
        return connection

    for module in modules:
        monkeypatch.setattr(module, "connect", connect)


def test_a_copy_that_found_the_disk_full_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is there already, with nothing in it: that is no other ledger, and no ledger at all."""
    start, to = tmp_path / "net.ledger", tmp_path / "copy.ledger"
    with create_ledger(start, practice=True, actor=ACTOR) as ledger:
        ledger.append(draw(1))
    with monkeypatch.context() as patch:
        full_disk(patch, sqlite_file, copy_sqlite)
        with pytest.raises(UnreachableError, match="the disk is full"):
            copy_ledger(str(start), str(to), ACTOR, utc_now)
    assert to.stat().st_size > 0
    copy_ledger(str(start), str(to), ACTOR, utc_now)
    with open_ledger(to) as ledger:
        assert [record.key for record in ledger.records(kind="loan.drawn")] == ["draw-1"]


def test_a_disk_too_full_for_a_ledger_is_told_and_it_is_made_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.ledger"
    with monkeypatch.context() as patch:
        full_disk(patch, sqlite_file)
        with pytest.raises(UnreachableError, match="the disk is full"):
            create_ledger(path, practice=True, actor=ACTOR)
    create_ledger(path, practice=True, actor=ACTOR).close()
