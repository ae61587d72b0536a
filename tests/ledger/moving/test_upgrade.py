"""Ledgers go forward to a newer schema with the same root, or stay as they were."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.errors import LedgerBrokenError, RefusedError, UsageError
from ledger.moving import upgrade as subject
from ledger.moving.copy import copy_ledger
from ledger.moving.upgrade import upgrade_ledger
from ledger.schema import versions
from ledger.schema.versions import SCHEMA_VERSION
from ledger.sqlite.file import schema_text
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.catalog import catalog
from ledger.verify.ledger import verify_ledger
from ledger.verify.schema import _shipped
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.ledger.golden.kept import assert_as_written, unpacked
from tests.parts.full_ledger import full_ledger
from trust.merkle import root_at

UPGRADING = """
import sys
from pathlib import Path
from ledger.moving.upgrade import upgrade_ledger
from ledger.schema import versions
from tests.ledger.conftest import ACTOR, Clock
import ledger.sqlite.backend
versions.STEPS = Path(sys.argv[3])
print("ready", flush=True)
upgrade_ledger(sys.argv[1], ACTOR, Clock(), Path(sys.argv[2]))
"""
NEXT = SCHEMA_VERSION + 1
EXTRA = (
    "CREATE TABLE remark (sequence bigint PRIMARY KEY, words text NOT NULL);\n"
    "CREATE INDEX record_state ON record (state);\n"
)


@pytest.fixture
def tomorrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The program of tomorrow, whose schema has one table and one index more."""
    folder = tmp_path / "schema"

    def to_come(more: str = "") -> None:
        folder.mkdir()
        for database in ("sqlite", "postgres"):
            (folder / f"step_{NEXT:04}_{database}.sql").write_text(EXTRA + more)
        (folder / f"{NEXT:04}_sqlite.sql").write_text(schema_text() + EXTRA)
        monkeypatch.setattr(versions, "STEPS", folder)
        _shipped.cache_clear()

    yield to_come  # type: ignore[misc]
    _shipped.cache_clear()


def test_upgrade_of_a_file_keeps_its_root_and_its_backup(tmp_path: Path, tomorrow) -> None:
    path, backup = tmp_path / "net.ledger", tmp_path / "before.ledger"
    full_ledger(path, orders=2)
    with open_ledger(path) as ledger:
        size = ledger.size()
        root = root_at(size, ledger.backend.tree())
    tomorrow()
    done = upgrade_ledger(str(path), ACTOR, Clock(), backup)
    assert (done.before, done.after, done.records, done.root) == (SCHEMA_VERSION, NEXT, size, root)
    with open_ledger(path, actor=ACTOR) as ledger:
        last = ledger.record_by_sequence(size + 1)
        assert last
        assert (last.kind, last.body) == ("ledger.migrated", {"from": SCHEMA_VERSION, "to": NEXT})
        assert ledger.backend.version == NEXT
        ledger.append(draw(999))
        assert verify_ledger(ledger).sound
        assert root_at(size, ledger.backend.tree()) == root
    with open_ledger(backup) as kept:
        assert (kept.size(), kept.backend.version) == (size, SCHEMA_VERSION)
    assert upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "again").backup is None


def test_old_ledger_can_be_read_and_verified_but_not_written(tmp_path: Path, tomorrow) -> None:
    path = tmp_path / "net.ledger"
    full_ledger(path, orders=1)
    tomorrow()
    with open_ledger(path, actor=ACTOR) as ledger:
        assert ledger.balance("trader", "1010")
        assert verify_ledger(ledger).sound
        with pytest.raises(RefusedError) as caught:
            ledger.append(draw(999))
        assert "net ledger upgrade" in caught.value.hint


def test_newer_ledger_is_left_alone(tmp_path: Path, tomorrow, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.ledger"
    full_ledger(path, orders=1)
    today = versions.STEPS
    tomorrow()
    upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")
    monkeypatch.setattr(versions, "STEPS", today)
    with pytest.raises(UsageError, match="newer version"):
        open_ledger(path)


def test_failed_step_leaves_the_ledger_as_it_was(tmp_path: Path, tomorrow) -> None:
    path = tmp_path / "net.ledger"
    full_ledger(path, orders=1)
    before = path.read_bytes()
    tomorrow(more="SELECT no_such_thing();\n")
    with pytest.raises(sqlite3.DatabaseError, match="no_such_thing"):
        upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")
    with open_ledger(path) as ledger:
        assert ledger.backend.version == SCHEMA_VERSION
        assert verify_ledger(ledger).sound
    assert path.read_bytes() == before


def test_step_that_changes_records_is_found(tmp_path: Path, tomorrow) -> None:
    path = tmp_path / "net.ledger"
    full_ledger(path, orders=1)
    tomorrow(
        more="DROP TRIGGER record_update_guard;\n"
        "UPDATE record SET leaf = zeroblob(32), node = zeroblob(32) WHERE sequence = 9;\n"
    )
    with pytest.raises(LedgerBrokenError):
        upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")


def test_ledger_that_does_not_add_up_is_not_upgraded(tmp_path: Path, tomorrow) -> None:
    path = tmp_path / "net.ledger"
    full_ledger(path, orders=1)
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER leg_update_guard")
    connection.commit()
    connection.close()
    tomorrow()
    with pytest.raises(LedgerBrokenError, match="leg_update_guard"):
        upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")
    assert not (tmp_path / "before.ledger").exists()


@pytest.mark.postgres
def test_upgrade_on_postgresql_keeps_the_root(postgres_database: str, tmp_path: Path, tomorrow) -> None:
    path = tmp_path / "net.ledger"
    full_ledger(path, orders=2)
    moved = copy_ledger(str(path), postgres_database, ACTOR, Clock())
    tomorrow()
    with psycopg.connect(postgres_database) as connection:  # what tomorrow's program would ship
        name = connection.info.dbname
        connection.execute("SET search_path = net, pg_temp")
        connection.execute(f"SET LOCAL ROLE {name}_net_owner")
        connection.execute(EXTRA)
        from ledger.postgres.setup import grant_rights, role_names

        grant_rights(connection, role_names(name))
        listing = catalog(connection)
        connection.rollback()
    (versions.STEPS / f"{NEXT:04}_postgres.json").write_text(json.dumps(listing))
    with pytest.raises(RefusedError):
        upgrade_ledger(moved.url, ACTOR, Clock(), tmp_path / "program.ledger")
    done = upgrade_ledger(postgres_database, ACTOR, Clock(), tmp_path / "before.ledger")
    assert (done.before, done.after, done.records) == (SCHEMA_VERSION, NEXT, moved.records + 1)
    with open_ledger(moved.url, actor=ACTOR) as ledger:
        assert ledger.backend.version == NEXT
        ledger.append(draw(999))
        report = verify_ledger(ledger)
        assert report.findings == []
        assert root_at(moved.records, ledger.backend.tree()) == moved.root
    with open_ledger(tmp_path / "before.ledger") as kept:
        assert root_at(moved.records, kept.backend.tree()) == moved.root


def assert_as_written_and(ledger: Ledger, told: dict[str, Any]) -> None:
    """Sound, with the root over the records from before, though something was written since."""
    assert verify_ledger(ledger).findings == []
    assert root_at(told["records"], ledger.backend.tree()).hex() == told["root"]


def test_old_ledger_is_not_moved_before_its_upgrade(tmp_path: Path, tomorrow) -> None:
    path = tmp_path / "net.ledger"
    full_ledger(path, orders=1)
    tomorrow()
    with pytest.raises(RefusedError) as caught:
        copy_ledger(str(path), str(tmp_path / "other.ledger"), ACTOR, Clock())
    assert "net ledger upgrade" in caught.value.hint
    assert not (tmp_path / "other.ledger").exists()


def test_upgrade_of_a_golden_ledger_keeps_its_root(tmp_path: Path, tomorrow) -> None:
    path, told = unpacked("0.1.0", tmp_path)
    tomorrow()
    upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")
    with open_ledger(path, actor=ACTOR) as ledger:
        assert ledger.backend.version == NEXT
        ledger.append(draw(999))
        assert_as_written_and(ledger, told)
    with open_ledger(tmp_path / "before.ledger") as kept:
        assert_as_written(kept, told)


def test_upgrade_that_is_killed_leaves_the_old_ledger_or_the_new(tmp_path: Path, tomorrow) -> None:
    """SIGKILL at six instants; whatever stands then verifies, keeps its root, and can be upgraded."""
    found = set()
    tomorrow()
    for number in range(6):
        folder = tmp_path / str(number)
        folder.mkdir()
        path, told = unpacked("0.1.0", folder)
        command = [sys.executable, "-c", UPGRADING, str(path), str(folder / "backup"), str(versions.STEPS)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(number * 0.04)
        process.kill()
        process.wait()
        process.stdout.close()
        with open_ledger(path) as ledger:
            found.add(ledger.backend.version)
            assert_as_written_and(ledger, told)
        done = upgrade_ledger(str(path), ACTOR, Clock(), folder / "again")
        assert done.after == NEXT
    assert SCHEMA_VERSION in found


def test_newest_step_is_the_schema_that_the_program_writes(tmp_path: Path) -> None:
    assert versions.newest_version() == versions.SCHEMA_VERSION
    create_ledger(tmp_path / "net.ledger", practice=True, actor=ACTOR).close()
    assert upgrade_ledger(str(tmp_path / "net.ledger"), ACTOR, Clock(), tmp_path / "b") == subject.Upgraded(
        SCHEMA_VERSION,
        SCHEMA_VERSION,
        None,
        3,
        upgrade_ledger(str(tmp_path / "net.ledger"), ACTOR, Clock(), tmp_path / "b").root,
    )
