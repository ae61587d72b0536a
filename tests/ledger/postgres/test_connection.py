"""Why a ledger on PostgreSQL cannot be reached or written: one clear error each, with the way out."""

import builtins
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest

import ledger.postgres.connection as subject
from domain.errors import LedgerBrokenError, NotFoundError, RefusedError, UnreachableError, UsageError
from ledger.export.query import query
from ledger.postgres.setup import role_names
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.parts.postgres_server import ControlledServer, controlled_server, database

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def controlled() -> Iterator[ControlledServer]:
    """A server of our own that asks the program's role for its password and that may be stopped."""
    with controlled_server() as own:
        rules = Path(urlsplit(own.url).query.removeprefix("host=")) / "pg_hba.conf"
        rules.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        with psycopg.connect(own.url) as connection:
            connection.execute("SELECT pg_reload_conf()")
        yield own


@pytest.fixture(scope="module")
def made(controlled: ControlledServer) -> Iterator[tuple[str, str]]:
    """A ledger: its owner's URL and the program's."""
    with database(controlled.url) as owner_url:
        with create_ledger(owner_url, practice=True, actor=ACTOR, clock=Clock()) as ledger:
            ledger.append(draw(1))
            url = ledger.backend.url
        yield owner_url, url


def changed(url: str, **parts: str) -> str:
    return urlunsplit(urlsplit(url)._replace(**parts))


def other_login(url: str, login: str) -> str:
    return changed(url, netloc=f"{login}@{urlsplit(url).netloc.rpartition('@')[2]}")


def test_wrong_password_is_refused_and_never_shown(made: tuple[str, str]) -> None:
    role = urlsplit(made[1]).username
    with pytest.raises(RefusedError, match="password authentication failed") as caught:
        open_ledger(other_login(made[1], f"{role}:mistaken"))
    assert "ledger-logins" in caught.value.hint
    assert "mistaken" not in str(caught.value) + caught.value.hint
    with pytest.raises(RefusedError):
        open_ledger(other_login(made[1], str(role)))  # none at all
    with pytest.raises(RefusedError):
        open_ledger(other_login(made[1], "nobody:x"))


def test_missing_database_and_empty_database_say_how_to_make_a_ledger(
    controlled: ControlledServer, made: tuple[str, str]
) -> None:
    with pytest.raises(NotFoundError, match="does not exist") as caught:
        open_ledger(changed(made[0], path="/nowhere"))
    assert "createdb" in caught.value.hint
    with database(controlled.url) as empty, pytest.raises(NotFoundError, match="no ledger in this"):
        open_ledger(empty)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://a@127.0.0.1:1/trade", UnreachableError),
        ("postgresql://a@host.invalid/trade", UnreachableError),
        ("postgresql://a@127.0.0.1/trade?bogus=1", UsageError),
        ("postgresql://a@[/trade", UsageError),
    ],
)
def test_wrong_url_says_what_is_wrong_with_it(url: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        open_ledger(url)
    assert caught.value.hint  # type: ignore[attr-defined]


def test_too_old_a_server_is_named(made: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "OLDEST_SERVER", 99)
    with pytest.raises(UsageError, match="net needs 99 or newer"):
        open_ledger(made[1])


def test_missing_driver_is_named_and_sqlite_works_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.partition(".")[0] == "psycopg":
            raise ImportError("no pq wrapper available.")
        return real(name, *rest)  # type: ignore[arg-type]

    for name in [name for name in sys.modules if name.startswith(("ledger.", "psycopg"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    from ledger.export.query import query as fresh_query
    from ledger.store import create_ledger as fresh_create
    from ledger.store import open_ledger as fresh_open

    with pytest.raises(UsageError, match="driver") as caught:
        fresh_open("postgresql://a@b/c")
    assert "psycopg[binary]" in caught.value.hint
    path = tmp_path / "net.db"
    fresh_create(path, practice=True, actor=ACTOR).close()
    with fresh_query(str(path), "SELECT COUNT(*) FROM records") as (_, rows):
        assert list(rows) == [(3,)]


def test_role_that_may_not_make_a_ledger_is_told_who_may(
    controlled: ControlledServer, made: tuple[str, str]
) -> None:
    with database(controlled.url) as empty:
        login = urlsplit(made[1]).netloc.rpartition("@")[0]
        with pytest.raises(RefusedError, match="may not make a ledger") as caught:
            create_ledger(other_login(empty, login), practice=True, actor=ACTOR)
    assert "create roles" in caught.value.hint


def test_full_server_is_busy_and_not_broken(made: tuple[str, str]) -> None:
    role = urlsplit(made[1]).username
    with psycopg.connect(made[0], autocommit=True) as owner:
        owner.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 1')
    try:
        with open_ledger(made[1]), pytest.raises(UnreachableError, match="too many connections"):
            open_ledger(made[1])
    finally:
        with psycopg.connect(made[0], autocommit=True) as owner:
            owner.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT -1')


def test_dropped_table_is_a_broken_ledger_and_not_a_missing_one(made: tuple[str, str]) -> None:
    owner_url, url = made
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE net.ledger RENAME TO away")
        try:
            with pytest.raises(LedgerBrokenError, match="dropped"):
                open_ledger(url)
        finally:
            owner.execute("ALTER TABLE net.away RENAME TO ledger")


def assert_read_only(ledger: Ledger, records: int) -> None:
    assert ledger.size() == records
    assert ledger.balance("trader", "1010")
    report = verify_ledger(ledger)
    assert report.sound, report.findings
    with pytest.raises(RefusedError, match="read-only") as caught:
        ledger.append(draw(99))
    assert "primary" in caught.value.hint


def test_replica_is_read_and_verified_and_refuses_to_be_written(
    controlled: ControlledServer, made: tuple[str, str]
) -> None:
    """A real standby: the same server, started in recovery."""
    data = Path(urlsplit(controlled.url).query.removeprefix("host="))
    with open_ledger(made[1], actor=ACTOR) as ledger:
        records = ledger.size()
    controlled.stop_at_once(signal.SIGQUIT)
    (data / "standby.signal").touch()
    controlled.start_again()
    try:
        with open_ledger(made[1], actor=ACTOR) as ledger:
            assert_read_only(ledger, records)
            assert any("not compared" in note for note in verify_ledger(ledger).notes)
        with query(made[1], "SELECT COUNT(*) FROM postings") as (_, rows):
            assert next(rows)[0] > 0
    finally:
        controlled.stop_at_once(signal.SIGQUIT)
        (data / "standby.signal").unlink()
        controlled.start_again()


def test_login_set_read_only_reads_all_and_writes_nothing(made: tuple[str, str]) -> None:
    with open_ledger(made[1], actor=ACTOR) as ledger:
        records = ledger.size()
    options = "options=-c%20default_transaction_read_only%3Don"
    with open_ledger(f"{made[1]}&{options}", actor=ACTOR) as ledger:
        assert_read_only(ledger, records)


def test_reader_needs_no_right_to_seal(made: tuple[str, str]) -> None:
    """Somebody who may only read sees what others have sealed, and verifies it."""
    owner_url, url = made
    name = f"{urlsplit(owner_url).path[1:]}_net_reader"
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(f"ALTER ROLE \"{name}\" LOGIN PASSWORD 'r'")
    try:
        with open_ledger(url, actor=ACTOR) as ledger:
            records = ledger.size()
        with open_ledger(other_login(url, f"{name}:r")) as ledger:
            assert ledger.size() == records
            assert verify_ledger(ledger).sound
    finally:
        with psycopg.connect(owner_url, autocommit=True) as owner:
            owner.execute(f'ALTER ROLE "{name}" NOLOGIN')


def test_server_started_again_goes_on_with_the_same_open_ledger(
    controlled: ControlledServer, made: tuple[str, str]
) -> None:
    """What a long-running process sees: one error for the broken connection, then everything as before."""
    with open_ledger(made[1], actor=ACTOR) as ledger:
        ledger.append(draw(50))
        controlled.stop_at_once(signal.SIGQUIT)
        with pytest.raises(UnreachableError):
            ledger.append(draw(51))
        controlled.start_again()
        receipts = [ledger.append(draw(51))[0] for _ in range(2)]
        assert [receipt.repeated for receipt in receipts] == [False, True]
        assert verify_ledger(ledger).sound


def test_verification_on_a_connection_that_breaks_accuses_nobody(made: tuple[str, str]) -> None:
    with open_ledger(made[1], actor=ACTOR) as ledger:
        assert ledger.size()
        with psycopg.connect(made[0], autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(UnreachableError):
            verify_ledger(ledger)


def test_roles_of_a_database_with_a_long_name_in_another_script_have_names_of_their_own() -> None:
    """Sixty bytes in twenty letters: cut by letters, all three roles would get one name."""
    names = role_names("贸" * 20)
    assert len(set(names.values())) == 3
    assert all(len(name.encode()) <= 63 for name in names.values())
    assert names["owner"].startswith("贸" * 16)
    assert role_names("a" * 60)["program"] == "a" * 48 + "_net_program"


def test_ledger_in_a_database_with_a_long_name_in_another_script(postgres_server: str) -> None:
    name = "贸" * 20
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            url = urlunsplit(urlsplit(postgres_server)._replace(path=f"/{quote(name)}"))
            with create_ledger(url, practice=True, actor=ACTOR) as ledger:
                assert verify_ledger(ledger).findings == []
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            for role in role_names(name).values():
                server.execute(f'DROP ROLE "{role}"')


@pytest.mark.parametrize("state", ["42P05", "26000"])
def test_a_pooler_in_transaction_mode_is_no_damage(state: str) -> None:
    error = psycopg.errors.lookup(state)('prepared statement "_pg3_1" already exists')
    told = subject.translated(error)
    assert isinstance(told, UsageError)
    assert "pooler in transaction mode" in told.message
    assert "restore" not in told.hint


def test_a_process_that_is_given_to_others_in_between_is_refused(
    made: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler tells a process number of its own; in transaction mode two logins get one process."""
    monkeypatch.setattr(psycopg.ConnectionInfo, "backend_pid", property(lambda _: 1))
    open_ledger(made[1]).close()  # a pooler in session mode: two logins, two processes
    kept = subject._refuse_shared

    def shared(connection: subject.Connection, url: str, process: int) -> None:
        monkeypatch.setattr(subject, "_process_of_another", lambda _url: process)
        kept(connection, url, process)

    monkeypatch.setattr(subject, "_refuse_shared", shared)
    with pytest.raises(UsageError, match="pooler in transaction mode"):
        open_ledger(made[1])
