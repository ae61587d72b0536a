"""A backup and a restored ledger: whole under their names, whatever was left beside them."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

import ledger.moving.backup as moving
from domain.errors import LedgerBrokenError, RefusedError
from ledger.moving.backup import backup, restore
from ledger.store import Ledger, create_ledger, open_ledger
from tests.ledger.conftest import ACTOR, Clock, draw


def killed(path: Path, draws: int) -> None:
    """A ledger whose writer was killed: its last records are in the WAL alone."""
    live = path.with_name("live.ledger")
    with create_ledger(live, practice=True, actor=ACTOR, clock=Clock()) as made:
        for number in range(draws):
            made.append(draw(number))
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{live}{suffix}", f"{path}{suffix}")
    assert Path(f"{path}-wal").stat().st_size


def test_a_wal_left_beside_the_target_is_not_played_into_it(ledger: Ledger, tmp_path: Path) -> None:
    backup(ledger, tmp_path / "b.db")
    killed(tmp_path / "x.db", 40)
    (tmp_path / "x.db").rename(tmp_path / "x.old")
    with pytest.raises(RefusedError, match="was left by another ledger") as told:
        restore(tmp_path / "b.db", tmp_path / "x.db")
    assert "x.db-wal" in told.value.message
    assert not (tmp_path / "x.db").exists()
    (tmp_path / "x.db-wal").rename(tmp_path / "x.old-wal")
    assert restore(tmp_path / "b.db", tmp_path / "x.db").records == 3
    with open_ledger(tmp_path / "x.old") as older:
        assert older.size() == 43


def test_without_the_look_beside_it_the_old_records_come_back(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the look prevents; and that what stands under the name is compared all the same."""
    backup(ledger, tmp_path / "b.db")
    killed(tmp_path / "x.db", 40)
    (tmp_path / "x.db").unlink()
    monkeypatch.setattr(moving, "SIDE_FILES", ())
    monkeypatch.setattr(moving, "_remove_side_files", lambda _path: None)
    with pytest.raises((LedgerBrokenError, sqlite3.DatabaseError)):
        restore(tmp_path / "b.db", tmp_path / "x.db")


def test_empty_files_left_beside_are_no_obstacle(ledger: Ledger, tmp_path: Path) -> None:
    backup(ledger, tmp_path / "b.db")
    for suffix in ("-wal", "-journal"):
        (tmp_path / f"x.db{suffix}").touch()
    (tmp_path / "x.db-shm").write_bytes(b"\0" * 32_768)
    assert restore(tmp_path / "b.db", tmp_path / "x.db").sound
    with open_ledger(tmp_path / "x.db", actor=ACTOR, clock=Clock()) as again:
        again.append(draw(1))


@pytest.mark.both_databases
def test_a_copy_that_does_not_verify_never_has_its_name(
    new_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with create_ledger(new_ledger_url, practice=True, actor=ACTOR, clock=Clock()) as made:
        made.append(draw(1))
        seen = []

        def refused(_report: object, _what: str) -> None:
            seen.append((tmp_path / "b.db").exists())
            raise LedgerBrokenError("does not add up")

        monkeypatch.setattr(moving, "_sound_or_refused", refused)
        before = sorted(tmp_path.iterdir())
        with pytest.raises(LedgerBrokenError):
            backup(made, tmp_path / "b.db")
    assert seen == [False]
    assert [path for path in sorted(tmp_path.iterdir()) if path not in before] == []


def test_a_backup_is_synced_under_its_name(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    sync, link = os.fsync, os.link

    def fsync(handle: int) -> None:
        told.append(os.readlink(f"/proc/self/fd/{handle}"))
        sync(handle)

    def linked(source: Path, to: Path) -> None:
        told.append("name")
        link(source, to)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", linked)
    backup(ledger, tmp_path / "b.db")
    assert told[0].endswith(".partial")
    assert told[1:] == ["name", str(tmp_path)]


def test_two_backups_at_once_do_not_take_each_others_name(ledger: Ledger, tmp_path: Path) -> None:
    backup(ledger, tmp_path / "b.db")
    first = (tmp_path / "b.db").read_bytes()
    with pytest.raises(RefusedError, match="a file at"):
        backup(ledger, tmp_path / "b.db")
    assert (tmp_path / "b.db").read_bytes() == first
