"""One SELECT by a person, over the views, on a connection that cannot write.

SQLite: the file is opened read-only, ``query_only`` is on, and an authorizer lets SELECT and reading
through and nothing else (no PRAGMA, no ATTACH, no extension). PostgreSQL: a read-only transaction as the
reader's role, one statement only.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.errors import UsageError
from ledger.schema.texts import views_text
from ledger.sqlite.file import connect as connect_sqlite
from ledger.sqlite.file import statements
from ledger.store import is_postgres, open_ledger, sqlite_path

if TYPE_CHECKING:
    from ledger.postgres.connection import Connection

_ALLOWED = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_REFUSED_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer", "writefile", "edit"})
STEPS_BETWEEN_LOOKS = 100_000
"""Steps of SQLite's machine, some milliseconds: Ctrl-C ends a statement that has no end."""
HINT = "net ledger sql takes one SELECT; docs/reference/ledger-views.md names the views and their columns"


@contextmanager
def query(url: str, statement: str) -> Iterator[tuple[Sequence[str], Iterator[tuple[Any, ...]]]]:
    """The columns and the rows of one SELECT, as they come; ``UsageError`` for anything else."""
    open_ledger(url).close()
    asked = _postgres if is_postgres(url) else _sqlite
    with asked(url, statement) as found:
        yield found


@contextmanager
def _sqlite(url: str, statement: str) -> Iterator[tuple[Sequence[str], Iterator[tuple[Any, ...]]]]:
    connection = read_only_file(sqlite_path(url))
    connection.set_progress_handler(_look_up, STEPS_BETWEEN_LOOKS)
    try:
        cursor = connection.execute(statement)
        if cursor.description is None:
            raise UsageError("that is no question: it has no columns", HINT)
        yield [column[0] for column in cursor.description], _told(cursor, sqlite3.Error)
    except (sqlite3.Error, sqlite3.Warning) as error:
        _reraise_if_interrupted(error)
        raise UsageError(f"the statement was refused: {error}", HINT) from None
    finally:
        connection.close()


def _look_up() -> int:
    """Python runs again for a moment, which is when Ctrl-C is noticed; SQLite then ends the statement."""
    return 0


def _reraise_if_interrupted(error: Exception) -> None:
    """``KeyboardInterrupt`` again, which SQLite told as an error of its own."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
        raise KeyboardInterrupt from None


def read_only_file(path: Path) -> sqlite3.Connection:
    """A connection on which only SELECT works, with the views."""
    connection = connect_sqlite(path, read_only=True)
    for view in statements(views_text("sqlite")):
        connection.execute(view)
    # SQLite sets these up at their first use, which the authorizer would take for making a table
    connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchall()
    connection.execute("PRAGMA query_only = ON")
    connection.set_authorizer(_authorize)
    return connection


def _authorize(
    action: int, _one: str | None, two: str | None, _database: str | None, _view: str | None
) -> int:
    if action == sqlite3.SQLITE_FUNCTION and (two or "").lower() in _REFUSED_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


@contextmanager
def _postgres(url: str, statement: str) -> Iterator[tuple[Sequence[str], Iterator[tuple[Any, ...]]]]:
    import psycopg

    from ledger.postgres.connection import connect, reraise_if_broken
    from ledger.postgres.setup import role_names

    connection = connect(url)
    try:
        reader = role_names(connection.info.dbname)["reader"]
        connection.execute("BEGIN READ ONLY")
        connection.execute("SELECT set_config('role', %s, true)", (reader,))
        columns = _described(connection, statement)
        with connection.cursor() as cursor:
            yield columns, _told(cursor.stream(statement), psycopg.Error)
    except psycopg.Error as error:
        reraise_if_broken(connection, error)
        raise UsageError(f"the statement was refused: {str(error).splitlines()[0]}", HINT) from None
    finally:
        connection.close()


def _described(connection: "Connection", statement: str) -> list[str]:
    """The columns of the answer; preparing a statement takes one alone, and runs nothing."""
    from psycopg.pq import ExecStatus

    server = connection.pgconn
    prepared = server.prepare(b"", statement.encode())
    if prepared.status != ExecStatus.COMMAND_OK:
        raise UsageError(f"the statement was refused: {prepared.get_error_message().splitlines()[0]}", HINT)
    described = server.describe_prepared(b"")
    names = [(described.fname(number) or b"").decode() for number in range(described.nfields)]
    if not names:
        raise UsageError("that is no question: it has no columns", HINT)
    return names


def _told(rows: Iterator[tuple[Any, ...]], errors: type[Exception]) -> Iterator[tuple[Any, ...]]:
    try:
        yield from rows
    except errors as error:
        _reraise_if_interrupted(error)
        raise UsageError(f"the statement failed: {str(error).splitlines()[0]}", HINT) from None
