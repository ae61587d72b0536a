"""Reaching a PostgreSQL server, and its errors as the ledger's own: one clear sentence and the way out."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from domain.errors import (
    LedgerBrokenError,
    NetError,
    NotFoundError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from ledger.record.backend import ContendedError, GuardError

Connection = psycopg.Connection[tuple[Any, ...]]

# what the driver has to say about a broken connection is in the error; nothing of it goes to the screen
logging.getLogger("psycopg").addHandler(logging.NullHandler())

OLDEST_SERVER = 14
PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""A server that vanished is noticed within a minute; what the URL itself says goes before."""

AGAIN = "run the same command again: what was written is found by its key"
_LOGIN = "use the URL that net init gave; its password is in the file ledger-logins beside the signing keys"
_CAUSES: tuple[tuple[str, type[NetError], str], ...] = (
    ("password authentication failed|no password supplied", RefusedError, _LOGIN),
    ('role ".*" does not exist|not permitted to log in', RefusedError, _LOGIN),
    ("pg_hba.conf", RefusedError, "the server does not let this login in from here: ask who runs it"),
    ("permission denied for database", RefusedError, _LOGIN),
    (
        'database ".*" does not exist',
        NotFoundError,
        "createdb makes an empty one; net init --ledger URL then makes the ledger in it",
    ),
    ("too many (clients|connections)|connection slots", UnreachableError, f"the server is full; {AGAIN}"),
    ("starting up|shutting down|recovery mode|not yet accepting", UnreachableError, AGAIN),
    ("SSL negotiation|expected authentication request", UsageError, "what answers there is no PostgreSQL"),
)
"""Texts of a server that refuses a connection: the driver gives no code for those."""


def connect(url: str) -> Connection:
    """A connection in autocommit whose commits are on the disk; the reason as an error when there is none."""
    try:
        given = conninfo_to_dict(url)
        connection = psycopg.connect(make_conninfo("", **{**PATIENCE, **given}), autocommit=True)
    except psycopg.OperationalError as error:
        raise _not_connected(error) from None
    except psycopg.ProgrammingError as error:
        raise UsageError(
            f"this is no PostgreSQL URL: {first_line(error)}", "postgresql://ROLE@HOST/DATABASE"
        ) from None
    if connection.info.server_version < OLDEST_SERVER * 10_000:
        version = connection.info.parameter_status("server_version")
        connection.close()
        raise UsageError(
            f"this server is PostgreSQL {version}; net needs {OLDEST_SERVER} or newer",
            "upgrade the server, or name another with --ledger",
        )
    with told():
        row = connection.execute(
            "SELECT pg_backend_pid(), set_config('search_path', 'net, pg_temp', false),"
            " set_config('default_transaction_isolation', 'read committed', false),"
            " CASE current_setting('synchronous_commit') WHEN 'off'"
            " THEN set_config('synchronous_commit', 'on', false) END"
        ).fetchone()
        if row and row[0] != connection.info.backend_pid:
            _refuse_shared(connection, url, row[0])
    connection.prepare_threshold = 1
    return connection


def _refuse_shared(connection: Connection, url: str, process: int) -> None:
    """``UsageError`` behind a pooler that gives the server's process to others between our transactions.

    A pooler tells a process number of its own. In session mode a second login gets a process of its own too;
    in transaction mode it is given the one that we just let go of, with our settings and locks in it.
    """
    if _process_of_another(url) == process:
        connection.close()
        raise UsageError(_POOLED, _SESSION_MODE)


def _process_of_another(url: str) -> int:
    """The server's process behind a second login."""
    with psycopg.connect(url, autocommit=True) as other:
        row = other.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0


def _not_connected(error: psycopg.OperationalError) -> NetError:
    text = str(error).strip()
    cause = text.rpartition("FATAL:")[2].strip().splitlines()[0] if "FATAL:" in text else first_line(error)
    for pattern, kind, hint in _CAUSES:
        if re.search(pattern, text):
            return kind(f"PostgreSQL could not be reached: {cause}", hint)
    return UnreachableError(
        f"PostgreSQL could not be reached: {cause}",
        "see that the server runs and that the URL is right, then run the same command again",
    )


def first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


_POOLED = "a pooler in transaction mode stands between net and PostgreSQL"
_SESSION_MODE = (
    "use session mode (pgbouncer: pool_mode = session), or the server's own address; nothing is broken"
)
_STATES: tuple[tuple[tuple[str, ...], type[NetError], str, str], ...] = (
    (("42P05", "26000"), UsageError, _POOLED, _SESSION_MODE),
    (("25P02",), ContendedError, "the database gave this write up at an earlier step", ""),
    (("40", "55P03"), ContendedError, "another writer was in the way", "nothing was written: run it again"),
    (("42501",), RefusedError, "the database does not allow it", "use the URL that net init gave"),
    (
        ("25006",),
        RefusedError,
        "this server is read-only (a replica, or set so)",
        "write to the primary server; here everything can be read and verified",
    ),
    (("53", "54"), UnreachableError, "the server has no room for it", f"make room, then {AGAIN}"),
    (("57014", "25P03", "25P04"), UnreachableError, "the server ended it by a time limit", AGAIN),
    (("08", "57", "58"), UnreachableError, "the connection to PostgreSQL broke", AGAIN),
    (
        ("22021", "22P05"),
        UsageError,
        "PostgreSQL cannot hold this text",
        "take out what is no text, such as the character NUL",
    ),
)
"""SQLSTATEs or their beginnings: the class of error, what happened, the way out."""


@contextmanager
def told() -> Iterator[None]:
    """PostgreSQL's errors as the ledger's own."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error) from (None if error.sqlstate == "NT001" else error)


def translated(error: psycopg.Error) -> NetError:
    """The ledger's own error for one of PostgreSQL's."""
    state = error.sqlstate or ("22021" if isinstance(error, psycopg.DataError) else "08")
    if state == "NT001":
        return GuardError(first_line(error).removeprefix("net: "))
    for states, kind, what, hint in _STATES:
        if state.startswith(states):
            return kind(f"{what}: {first_line(error)}", hint or "nothing was written: run it again")
    return LedgerBrokenError(
        f"the ledger cannot be read: {first_line(error)}", "net ledger verify says what is wrong"
    )


def reraise_if_broken(connection: Connection, error: psycopg.Error) -> None:
    """A connection that broke says nothing about the ledger: ``UnreachableError``."""
    if connection.closed or isinstance(translated(error), UnreachableError | UsageError):
        raise translated(error) from error
