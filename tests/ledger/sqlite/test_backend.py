"""How the SQLite side keeps commits, checkpoints and readers apart (decision 0031)."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest

from domain.errors import LedgerBrokenError, UsageError
from domain.ports import HoldLine
from ledger.sqlite import backend as sqlite
from ledger.sqlite.backend import SqliteBackend, connect
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from trust.merkle import root_at


def pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_writer_is_durable_and_checkpoints_only_in_its_own_commit(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.write() as transaction:
        transaction.append(draw(1))
    backend = ledger.backend
    assert isinstance(backend, SqliteBackend)
    assert backend._writer is not None
    assert pragma(backend._writer, "journal_mode") == "wal"
    assert pragma(backend._writer, "synchronous") == 2
    assert pragma(backend._writer, "wal_autocheckpoint") == sqlite.CHECKPOINT_PAGES
    assert pragma(backend._writer, "temp_store") == 2
    assert pragma(connect(tmp_path / "net.ledger", read_only=False), "wal_autocheckpoint") == 0
    assert (tmp_path / "net.ledger-wal").stat().st_size > 0


def test_writer_takes_wal_again_when_another_program_left_it(ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    other = sqlite3.connect(tmp_path / "net.ledger")
    assert other.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    other.close()
    with open_ledger(tmp_path / "net.ledger", actor=ACTOR) as again:
        again.append(draw(1))
    assert pragma(connect(tmp_path / "net.ledger", read_only=True), "journal_mode") == "wal"


def test_reader_can_neither_write_nor_checkpoint(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.write() as transaction:
        transaction.append(draw(1))
    size = (tmp_path / "net.ledger-wal").stat().st_size
    reader = connect(tmp_path / "net.ledger", read_only=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM record")
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    reader.close()
    assert (tmp_path / "net.ledger-wal").stat().st_size == size


def test_long_wal_is_written_again_from_its_beginning_under_the_lock(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint falls into a commit, and commits into the lock; the file of the WAL stops growing."""
    monkeypatch.setattr(sqlite, "CHECKPOINT_PAGES", 30)
    backend = ledger.backend
    assert isinstance(backend, SqliteBackend)
    held: list[bool] = []
    plain = sqlite.control

    def noted(connection: sqlite3.Connection, statement: str) -> None:
        held.append(backend._lock._threads.locked())
        plain(connection, statement)

    monkeypatch.setattr(sqlite, "control", noted)
    sizes = []
    for number in range(40):
        ledger.append(draw(number))
        sizes.append((tmp_path / "net.ledger-wal").stat().st_size)
    assert all(held)
    assert len(held) == 80
    assert sizes[-1] == sizes[20] < 2 * 30 * 4_200
    with sqlite3.connect(f"file:{tmp_path / 'net.ledger'}?immutable=1", uri=True) as file_alone:
        copied = file_alone.execute("SELECT COUNT(*) FROM record").fetchone()[0]
    assert copied > 20, "the checkpoints copied nothing into the file"
    assert ledger.balance("trader", "1010")[0].amount_minor == 4_000


def test_a_reader_in_the_way_delays_the_checkpoint_and_loses_nothing(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT_PAGES", 1)
    reader = connect(tmp_path / "net.ledger", read_only=True)
    reader.execute("BEGIN")
    before = reader.execute("SELECT COUNT(*) FROM record").fetchone()
    for number in range(20):
        ledger.append(draw(number))
    assert reader.execute("SELECT COUNT(*) FROM record").fetchone() == before
    reader.execute("COMMIT")
    assert reader.execute("SELECT COUNT(*) FROM record").fetchone() == (before[0] + 20,)
    reader.close()


def test_tree_goes_on_from_what_others_wrote(ledger: Ledger, tmp_path: Path) -> None:
    """The right edge of the tree is kept between writes; another's write, or one that failed, shows."""
    with open_ledger(tmp_path / "net.ledger", actor=ACTOR, clock=Clock()) as other:
        for number in range(12):
            (ledger, other)[number % 3 == 2].append(draw(number))
        with suppress(ZeroDivisionError), ledger.write() as transaction:
            transaction.append(draw(100))
            raise ZeroDivisionError
        with ledger.write() as transaction:
            with suppress(ZeroDivisionError), transaction.savepoint():
                transaction.append(draw(101))
                raise ZeroDivisionError
            transaction.append(draw(102))
        ledger.append(draw(103))
        backend = ledger.backend
        assert isinstance(backend, SqliteBackend)
        assert backend._frontier is not None
        assert backend._frontier.root() == root_at(ledger.size(), backend.tree())
    assert verify_ledger(ledger).findings == []


def test_writers_of_one_process_wait_for_one_another(tmp_path: Path) -> None:
    path = tmp_path / "net.db"
    create_ledger(path, practice=True, actor=ACTOR, clock=Clock()).close()
    inside, most = [0], [0]

    def write(worker: int) -> None:
        with open_ledger(path, actor=ACTOR, clock=Clock()) as mine:
            for number in range(10):
                with mine.write() as transaction:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    transaction.append(draw(worker * 100 + number))
                    inside[0] -= 1

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_ledger(path) as ledger:
        assert sum(1 for _ in ledger.records(kind="loan.drawn")) == 40
    assert most == [1]


def test_an_orders_records_are_found_by_the_order(ledger: Ledger) -> None:
    """Not by their kind, of which a long ledger has as many as orders."""
    backend = ledger.backend
    assert isinstance(backend, SqliteBackend)
    connection = backend.reader().connection
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    assert list(ledger.records(order="o1", kind="loan.drawn")) == []
    connection.set_trace_callback(None)
    plans = [str(row) for text in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
    assert plans
    assert all("record_order" in plan for plan in plans)


def test_expired_holds_are_found_by_when_they_expire(ledger: Ledger, clock: Clock) -> None:
    """Not by looking at every hold ever made."""
    backend = ledger.backend
    assert isinstance(backend, SqliteBackend)
    with ledger.write() as transaction:
        transaction.open_capacity("factory:x", "2026-03-05", 100)
        for number in range(12):
            until = clock.now + timedelta(minutes=number) if number % 4 else None
            transaction.hold(f"h{number}", "o1", [HoldLine("factory:x", "2026-03-05", 1)], until)
        transaction.confirm_hold("h1")
        transaction.release_hold("h2")
    connection = backend.reader().connection
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    found = ledger.expired_holds(clock.now + timedelta(minutes=7))
    connection.set_trace_callback(None)
    assert [hold.hold_id for hold in found] == ["h3", "h5", "h6", "h7"]
    plan = [str(row) for row in connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]
    assert not any("SCAN" in row for row in plan), plan


def test_a_few_days_records_are_found_by_the_day(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.append_many(draw(n, on=date(2026, 1, 1) + timedelta(n // 10)) for n in range(1_500))
    wanted = {"since": date(2026, 2, 1), "until": date(2026, 2, 3)}
    found = list(ledger.records(**wanted))
    assert [record.key for record in found] == [f"draw-{n}" for n in range(310, 340)]
    assert [r.key for r in ledger.records(**wanted, after_sequence=found[9].sequence)] == [
        f"draw-{n}" for n in range(320, 340)
    ]


def test_a_kind_within_a_few_days_is_found_by_the_day(ledger: Ledger) -> None:
    """One kind may have most of the records."""
    with ledger.write() as transaction:
        transaction.append_many(draw(n, on=date(2026, 1, 1) + timedelta(n // 10)) for n in range(1_500))
    backend = ledger.backend
    assert isinstance(backend, SqliteBackend)
    asked: list[str] = []
    connection = backend.reader().connection
    connection.set_trace_callback(asked.append)
    found = list(ledger.records(kind="loan.drawn", since=date(2026, 2, 1), until=date(2026, 2, 3)))
    connection.set_trace_callback(None)
    assert [record.key for record in found] == [f"draw-{n}" for n in range(310, 340)]
    plan = [str(row) for row in connection.execute(f"EXPLAIN QUERY PLAN {asked[-1]}")]
    assert any("record_trade_date" in row for row in plan)
    assert not any("record_kind" in row for row in plan)


@pytest.mark.parametrize("count", [1, 7, 30, 31, 1_500])
def test_last_records_of_a_filter_are_found_from_the_end(ledger: Ledger, count: int) -> None:
    with ledger.write() as transaction:
        transaction.append_many(
            draw(n, f"o{n % 3}", on=date(2026, 1, 1) + timedelta(n // 10)) for n in range(1_500)
        )
    newest = ledger.size() - 5
    for wanted in (
        {},
        {"kind": "loan.drawn"},
        {"kind": "nothing"},
        {"order": "o1"},
        {"order": "o1", "kind": "loan.drawn"},
        {"since": date(2026, 2, 1), "until": date(2026, 2, 3)},
        {"kind": "loan.drawn", "since": date(2026, 2, 1), "until": date(2026, 2, 3)},
        {"since": date(2026, 1, 5)},
    ):
        everything = [r.sequence for r in ledger.records(**wanted) if r.sequence <= newest]
        after = ledger.before_last(count, newest, **wanted)
        found = [r.sequence for r in ledger.records(**wanted, after_sequence=after) if r.sequence <= newest]
        assert found == everything[-count:], wanted


def test_threads_may_share_one_open_ledger(ledger: Ledger) -> None:
    threads = [
        threading.Thread(target=lambda n=number: ledger.append(draw(n)), daemon=True) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(1 for _ in ledger.records(kind="loan.drawn")) == 8


def test_write_inside_a_write_is_a_mistake_told_at_once(ledger: Ledger) -> None:
    with ledger.write(), pytest.raises(RuntimeError, match="open already"), ledger.write():
        pass


@pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\0" + b"\0" * 84])
def test_a_file_that_is_no_ledger_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(UsageError, match="not a ledger"):
        open_ledger(tmp_path / "x")


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x")
    connection.execute("CREATE TABLE a (b)")
    connection.commit()
    connection.close()
    with pytest.raises(UsageError, match="not a ledger"):
        open_ledger(tmp_path / "x")


def test_a_sqlite_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 37, 2))
    with pytest.raises(UsageError, match="too old"):
        create_ledger(tmp_path / "x", practice=True, actor=ACTOR)


@pytest.mark.parametrize("what", ["", "-wal"])
@pytest.mark.parametrize("how", ["deleted", "moved", "replaced"])
def test_nothing_is_acknowledged_into_a_file_that_is_gone(
    ledger: Ledger, tmp_path: Path, what: str, how: str
) -> None:
    ledger.append(draw(1))
    path = tmp_path / f"net.ledger{what}"
    if how == "deleted":
        path.unlink()
    elif how == "moved":
        path.rename(tmp_path / "elsewhere")
    else:
        (tmp_path / "other").write_bytes(path.read_bytes())
        (tmp_path / "other").replace(path)
    with pytest.raises(LedgerBrokenError, match="deleted, moved or replaced") as told:
        ledger.append(draw(2))
    assert told.value.exit_code == 7


def test_a_file_gone_before_the_first_write_is_not_made_anew(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "net.ledger").unlink()
    with pytest.raises(LedgerBrokenError, match="deleted, moved or replaced"):
        ledger.append(draw(1))
    assert not (tmp_path / "net.ledger").exists()


def test_a_rollback_journal_left_by_another_program_is_undone(tmp_path: Path) -> None:
    path = tmp_path / "net.ledger"
    with create_ledger(path, practice=True, actor=ACTOR, clock=Clock()) as made:
        made.append(draw(1))
    script = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA journal_mode = DELETE'); c.execute('PRAGMA cache_size = 1')\n"
        "c.execute('BEGIN IMMEDIATE'); c.execute('CREATE TABLE much AS SELECT randomblob(900000) AS a')\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert (tmp_path / "net.ledger-journal").stat().st_size
    with open_ledger(path, actor=ACTOR, clock=Clock()) as again:
        assert again.size() == 4
        assert again.append(draw(2)).pop().sequence == 5
