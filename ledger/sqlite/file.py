"""The file of a ledger on SQLite: how it is opened, and how an empty one is laid out from the schema."""

import os
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from domain.errors import NetError, RefusedError, UnreachableError, UsageError
from ledger.schema.versions import SCHEMA_VERSION, is_kept, kept_schema
from ledger.sqlite.file_system import refuse_network

OLDEST_SQLITE = (3, 38, 0)
BUSY_MS = 60_000
CACHE_KIB = 32 * 1024


def schema_text() -> str:
    return files("ledger").joinpath("schema/sqlite.sql").read_text(encoding="utf-8")


def schema_of(version: int) -> str:
    """The schema of one version; the one that this program writes for a number that it does not know."""
    return kept_schema(version) if is_kept(version) else schema_text()


def statements(text: str) -> Iterator[str]:
    """The single statements of a schema text; a trigger's inner semicolons do not end it."""
    part = ""
    for line in text.splitlines(keepends=True):
        part += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(part):
            yield part
            part = ""


def connect(path: Path, read_only: bool) -> sqlite3.Connection:
    """A connection in autocommit: every BEGIN is ours. None checkpoints by itself unless it is told to."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise UsageError(
            f"SQLite {sqlite3.sqlite_version} is too old for the ledger",
            f"use a Python whose sqlite3 is {'.'.join(map(str, OLDEST_SQLITE))} or newer",
        )
    mode = "ro" if read_only else "rwc"
    if read_only and _lies_still(path):
        mode = "ro&immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_MS / 1000,
        check_same_thread=False,
        cached_statements=256,
    )
    if not read_only:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        # what undoes a statement or a savepoint lies in memory; in a file it costs 400 writes an order
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


def _lies_still(path: Path) -> bool:
    """Whether nobody can write here and nothing waits in a WAL: SQLite reads it without files beside it.

    In a folder that may not be written, SQLite can otherwise not open a ledger even to read.
    """
    if os.access(path.parent, os.W_OK):
        return False
    wal = path.with_name(path.name + "-wal")
    return not wal.exists() or wal.stat().st_size == 0


TROUBLES = {
    sqlite3.SQLITE_FULL: ("the disk is full", "make room and run the same command again"),
    sqlite3.SQLITE_READONLY: ("it may not be written", "check the rights of the file and its folder"),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened",
        "check the rights of the file and its folder, in which SQLite keeps files beside it",
    ),
    sqlite3.SQLITE_PERM: ("it may not be opened", "check the rights of the file and its folder"),
    sqlite3.SQLITE_IOERR: ("the disk does not answer", "check the disk and run the same command again"),
    sqlite3.SQLITE_BUSY: ("another program holds it", "run the same command again"),
    sqlite3.SQLITE_NOMEM: ("there is no memory left", "run the same command again"),
}
"""What the machine refuses: nothing is wrong with the ledger itself."""


def storage_trouble(path: Path, error: sqlite3.Error) -> NetError | None:
    """What SQLite says of the disk or the rights, in words; None where the file itself is at fault."""
    found = TROUBLES.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
    if found is None:
        return None
    told, way_out = found
    return UnreachableError(
        f"the ledger {path}: {told} ({error})", f"{way_out}; what was recorded before is complete"
    )


def is_taken(path: Path) -> bool:
    """Whether a file is there that is more than what a creation leaves that was killed: no table yet."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    connection = connect(path, read_only=True)
    try:
        return bool(connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()[0])
    except sqlite3.DatabaseError as error:
        trouble = storage_trouble(path, error)
        if trouble is not None:
            raise trouble from error
        return True
    finally:
        connection.close()


def create_file(path: Path, version: int = SCHEMA_VERSION) -> sqlite3.Connection:
    """An empty ledger file inside an open transaction; the caller writes the first records and commits."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name a file in it")
    if is_taken(path):
        raise RefusedError(f"there is a file at {path} already", "name another place with --ledger")
    path.parent.mkdir(parents=True, exist_ok=True)
    refuse_network(path)
    connection = connect(path, read_only=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements(schema_of(version)):
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection
