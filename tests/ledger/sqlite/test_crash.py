"""The short form of ``bench/ledger_crash.py`` and ``bench/ledger_writers.py``: same code, fewer rounds."""

import sqlite3
from pathlib import Path

import pytest

from bench import ledger_crash, ledger_writers
from domain.errors import LedgerBrokenError
from ledger.sqlite import backend as sqlite

pytestmark = pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="kills forked writers")


def test_crash_loses_nothing_acknowledged_and_leaves_nothing_half(tmp_path: Path) -> None:
    outcome = ledger_crash.run(f"{tmp_path}/net.db", kills=25, seed=3, folder=tmp_path)
    assert outcome.kills == 25
    assert outcome.acknowledged > 0


def test_crash_harness_sees_a_commit_that_is_not_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: when each statement commits by itself, the kills are seen to leave half a group."""

    def halves(connection: sqlite3.Connection, statement: str) -> None:
        if statement not in ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"):
            connection.execute(statement)

    monkeypatch.setattr(sqlite, "control", halves)
    # the checks see half a group, or the next writer runs into what the half left behind
    with pytest.raises((AssertionError, LedgerBrokenError)):
        ledger_crash.run(f"{tmp_path}/net.db", kills=200, seed=3, folder=tmp_path)


def test_writers_at_once_never_overdraw_or_overbook(tmp_path: Path) -> None:
    told, waits = ledger_writers.run(
        f"{tmp_path}/net.db", writers=8, operations=1_200, seed=3, folder=tmp_path
    )
    assert told["entries"] > 0
    assert told["refused"] > 0
    assert told["declined"] > 0
    assert told["financed already"] > 0
    assert len(waits) == 1_200
