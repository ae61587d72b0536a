"""Ledgers go forward to a newer schema with the same root, or stay as they were."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory

from domain.errors import LedgerBrokenError, RefusedError, UsageError
from ledger.moving import upgrade as subject
from ledger.moving.copy import copy_ledger, replay
from ledger.moving.postgres_target import PostgresTarget
from ledger.moving.upgrade import upgrade_ledger
from ledger.postgres import setup as postgres_setup
from ledger.schema import versions
from ledger.schema.versions import SCHEMA_VERSION
from ledger.sqlite.file import schema_text
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.catalog import catalog
from ledger.verify.ledger import verify_ledger
from ledger.verify.schema import _shipped
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.ledger.golden.kept import GOLDEN, assert_as_written, unpacked
from tests.ledger.sqlite.test_guards import attempt, record
from tests.parts.full_ledger import full_ledger
from trust.merkle import root_at

UPGRADING = """
import sys
from pathlib import Path
from ledger.moving.upgrade import upgrade_ledger
from tests.ledger.conftest import ACTOR, Clock
import alembic.migration, alembic.operations, alembic.script, sqlalchemy.pool
print("ready", flush=True)
upgrade_ledger(sys.argv[1], ACTOR, Clock(), Path(sys.argv[2]))
"""
STEP = """
from alembic import op

revision = "{after:04}"
down_revision = "{before:04}"


def upgrade() -> None:
    op.execute("CREATE TABLE remark (sequence bigint PRIMARY KEY, words text NOT NULL)")
    op.execute("CREATE INDEX record_state ON record (state)")
    {more}


def downgrade() -> None:
    raise NotImplementedError
"""
NEXT = SCHEMA_VERSION + 1
EXTRA = (
    "CREATE TABLE remark (sequence bigint PRIMARY KEY, words text NOT NULL);\n"
    "CREATE INDEX record_state ON record (state);\n"
)


@pytest.fixture
def tomorrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The program of tomorrow, whose schema has one table and one index more."""
    folder = tmp_path / "migrations"

    def to_come(more: str = "") -> None:
        shutil.copytree(versions.SCRIPTS, folder)
        step = STEP.format(more=more, before=SCHEMA_VERSION, after=NEXT)
        (folder / "versions" / f"{NEXT:04}_remark.py").write_text(step)
        (folder / f"{NEXT:04}_sqlite.sql").write_text(schema_text() + EXTRA)
        monkeypatch.setattr(versions, "SCRIPTS", folder)
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
    today = versions.SCRIPTS
    tomorrow()
    upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")
    monkeypatch.setattr(versions, "SCRIPTS", today)
    with pytest.raises(UsageError, match="newer version"):
        open_ledger(path)


def test_failed_step_leaves_the_ledger_as_it_was(tmp_path: Path, tomorrow) -> None:
    path = tmp_path / "net.ledger"
    full_ledger(path, orders=1)
    before = path.read_bytes()
    tomorrow(more="raise ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")
    with open_ledger(path) as ledger:
        assert ledger.backend.version == SCHEMA_VERSION
        assert verify_ledger(ledger).sound
    assert path.read_bytes() == before


def test_step_that_changes_records_is_found(tmp_path: Path, tomorrow) -> None:
    path = tmp_path / "net.ledger"
    full_ledger(path, orders=1)
    tomorrow(
        more='op.execute("DROP TRIGGER record_update_guard"); '
        'op.execute("UPDATE record SET leaf = zeroblob(32), node = zeroblob(32) WHERE sequence = 9")'
    )
    with pytest.raises(LedgerBrokenError):
        upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")


def test_ledger_that_does_not_add_up_is_not_upgraded(tmp_path: Path, tomorrow) -> None:
    import sqlite3

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
    (versions.SCRIPTS / f"{NEXT:04}_postgres.json").write_text(json.dumps(listing))
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


@pytest.mark.postgres
def test_database_of_the_first_schema_is_upgraded(
    postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first schema's text is kept with the golden ledgers; what it becomes is what the program ships."""
    path, told = unpacked("0.1.0", tmp_path)
    first = (GOLDEN / "0001_postgres.sql").read_text(encoding="utf-8")
    with monkeypatch.context() as yesterday, open_ledger(path) as ledger:
        yesterday.setattr(postgres_setup, "schema_text", lambda: first)
        yesterday.setattr(postgres_setup, "postgres_views", lambda: "")
        target = PostgresTarget(postgres_database, ledger.id)
        replay(ledger, target)
        target.close()
    with open_ledger(target.url, actor=ACTOR) as old:
        assert old.backend.version == 1
        assert_as_written(old, told)
        with pytest.raises(RefusedError):
            old.append(draw(999))
    done = upgrade_ledger(postgres_database, ACTOR, Clock(), tmp_path / "before.ledger")
    assert (done.before, done.after, done.root.hex()) == (1, SCHEMA_VERSION, told["root"])
    with open_ledger(target.url, actor=ACTOR) as ledger:
        ledger.append(draw(999))
        assert_as_written_and(ledger, told)
    with open_ledger(tmp_path / "before.ledger") as kept:
        assert kept.backend.version == 1
        assert_as_written(kept, told)


def assert_as_written_and(ledger: Ledger, told: dict[str, Any]) -> None:
    """Sound, with the root over the records from before, though something was written since."""
    assert verify_ledger(ledger).findings == []
    assert root_at(told["records"], ledger.backend.tree()).hex() == told["root"]


def test_ledger_of_the_first_schema_is_not_moved_before_its_upgrade(tmp_path: Path) -> None:
    path, _ = unpacked("0.1.0", tmp_path)
    with pytest.raises(RefusedError) as caught:
        copy_ledger(str(path), str(tmp_path / "other.ledger"), ACTOR, Clock())
    assert "net ledger upgrade" in caught.value.hint
    assert not (tmp_path / "other.ledger").exists()


def test_upgrade_brings_the_guards_that_the_first_schema_lacked(tmp_path: Path) -> None:
    """OR IGNORE left a claim without its row in the first schema; the same statement is refused now."""
    path, told = unpacked("0.1.0", tmp_path)
    half = record(verb="INSERT OR IGNORE", kind="claim.made", body={"fingerprint": "fx"})
    shutil.copyfile(path, tmp_path / "first")
    assert attempt(tmp_path / "first", half, [])
    upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")
    assert not attempt(path, half, [])
    with open_ledger(path) as ledger:
        assert_as_written(ledger, told)


def test_upgrade_that_is_killed_leaves_the_old_ledger_or_the_new(tmp_path: Path) -> None:
    """SIGKILL at six instants; whatever stands then verifies, keeps its root, and can be upgraded."""
    found = set()
    for number in range(6):
        folder = tmp_path / str(number)
        folder.mkdir()
        path, told = unpacked("0.1.0", folder)
        command = [sys.executable, "-c", UPGRADING, str(path), str(folder / "backup")]
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
        assert done.after == SCHEMA_VERSION
    assert 1 in found


def test_steps_go_forward_only() -> None:
    scripts = list(ScriptDirectory(str(versions.SCRIPTS)).walk_revisions())
    assert scripts
    for script in scripts:
        with pytest.raises(NotImplementedError):
            script.module.downgrade()


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
