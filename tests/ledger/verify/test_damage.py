"""Damage of any kind is a finding with its place; verification itself never fails on it."""

import sqlite3
from pathlib import Path

import pytest

from domain.errors import LedgerBrokenError, UsageError
from ledger.store import open_ledger
from ledger.verify import sqlite as verification
from ledger.verify.sqlite import verify_file
from tests.parts.bit_flips import ALLOWED, outcomes
from tests.parts.full_ledger import full_ledger


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("original") / "net.ledger"
    full_ledger(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.read_bytes()


def test_a_flipped_bit_is_found_or_changes_nothing(original: bytes, tmp_path: Path) -> None:
    """The long form is ``bench/ledger_flips.py``."""
    told = outcomes(original, tmp_path / "net.ledger", seed=5, count=150)
    assert set(told) <= set(ALLOWED), told
    assert told["found"] > 30


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE record SET body = NULL WHERE sequence = 5",
        "UPDATE record SET body = CAST(x'ff7b' AS TEXT) WHERE sequence = 5",
        "UPDATE record SET leaf = 7 WHERE sequence = 5",
        "UPDATE record SET node = 'x' WHERE sequence = 5",
        "UPDATE record SET legs = 'two' WHERE sequence = 5",
        "UPDATE command SET signature = NULL WHERE command = 2",
        "UPDATE command SET actor_key = x'00' WHERE command = 2",
        "UPDATE command SET digest = 'a' WHERE command = 2",
        "UPDATE leg SET n = 'one' WHERE rowid IN (SELECT rowid FROM leg LIMIT 1)",
        "UPDATE leg SET amount_minor = x'31' WHERE rowid IN (SELECT rowid FROM leg LIMIT 1)",
        "UPDATE slot_move SET quantity = x'ff'",
        "UPDATE balance SET amount_minor = 'much'",
        "UPDATE capacity_line SET capacity = NULL",
    ],
)
def test_values_of_another_kind_are_findings(original: bytes, tmp_path: Path, change: str) -> None:
    """Tables without the declarations that keep such values out: what damage can make of them."""
    path = tmp_path / "net.ledger"
    path.write_bytes(original)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_schema SET sql = replace(replace(replace(replace(sql, ' NOT NULL', ''), 'STRICT', ''),"
        " ', WITHOUT', ' WITHOUT'), ' TEXT', '') WHERE type = 'table'"
    )
    connection.execute("DELETE FROM sqlite_schema WHERE type = 'trigger'")
    connection.close()
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(change.replace("rowid IN (SELECT rowid FROM leg LIMIT 1)", "n = 0"))
    finally:
        connection.close()
    report = verify_file(path, workers=1)
    assert not report.sound
    assert [flaw for flaw in report.findings if flaw.subject != "schema"]


def test_what_fails_in_one_part_hides_nothing_of_the_others(
    original: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.ledger"
    path.write_bytes(original)

    def broken(*_: object) -> None:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    monkeypatch.setattr(verification, "check_balances", broken)
    report = verify_file(path, workers=1)
    assert [flaw.problem for flaw in report.findings] == [
        "cannot be looked at: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
    ]
    assert report.records


def test_a_damaged_ledger_is_not_called_another_file(original: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.ledger"
    path.write_bytes(b"\0" * 64 + original[64:])
    with pytest.raises(LedgerBrokenError, match="damaged"):
        open_ledger(path)
    path.write_bytes(original[: len(original) // 2])
    with pytest.raises(LedgerBrokenError):
        open_ledger(path)
    path.write_bytes(b"not a database at all")
    with pytest.raises(UsageError, match="is not a ledger"):
        open_ledger(path)


@pytest.mark.parametrize("made", ["CREATE VIRTUAL TABLE {} USING fts5(tbl, idx, stat)", "CREATE TABLE {}(a)"])
def test_only_the_planners_own_tables_are_passed_over(original: bytes, tmp_path: Path, made: str) -> None:
    path = tmp_path / "net.ledger"
    path.write_bytes(original)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("ANALYZE")
    connection.close()
    assert verify_file(path, workers=1).sound
    path.write_bytes(original)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(made.format("other"))
    connection.execute(
        "UPDATE sqlite_schema SET name = 'sqlite_stat1', sql = replace(sql, 'other', 'sqlite_stat1')"
        " WHERE name = 'other'"
    )
    connection.close()
    assert not verify_file(path, workers=1).sound


def test_a_file_that_nobody_can_write_any_more_is_not_sound(original: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.ledger"
    path.write_bytes(original[:18] + b"\3" + original[19:])
    assert "the file's header" in [flaw.place for flaw in verify_file(path, workers=1).findings]
