"""What the file itself is made of, against what this program makes: its schema and its header."""

import sqlite3
from collections.abc import Iterator
from functools import cache

from ledger.record import kinds
from ledger.record.findings import Flaw
from ledger.schema.versions import SCHEMA_VERSION
from ledger.sqlite.backend import file_of
from ledger.sqlite.file import schema_of, statements

PLANNERS_OWN = {
    "sqlite_stat1": "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "sqlite_stat4": "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
}
"""What ANALYZE leaves: it says how to look things up, never what is there."""


def stated_version(connection: sqlite3.Connection) -> int:
    """The schema that the ledger's own records say it has."""
    try:
        row = connection.execute(
            "SELECT COALESCE((SELECT json_extract(body, '$.body.to') FROM record"
            " WHERE kind = ? ORDER BY sequence DESC LIMIT 1),"
            " (SELECT json_extract(body, '$.body.schema_version') FROM record"
            " WHERE kind = ? LIMIT 1), 0)",
            (kinds.LEDGER_MIGRATED, kinds.LEDGER_CREATED),
        ).fetchone()
        return int(row[0])
    except (
        sqlite3.DatabaseError,
        ValueError,
        TypeError,
    ):  # found elsewhere
        return SCHEMA_VERSION


def check_header(connection: sqlite3.Connection) -> Iterator[Flaw]:
    """What a PRAGMA leaves in the file's header; this program leaves it as SQLite makes it."""
    for name, made in (("user_version", 0), ("application_id", 0), ("encoding", "UTF-8")):
        (told,) = connection.execute(f"PRAGMA {name}").fetchone()
        if told != made:
            yield Flaw("schema", f"PRAGMA {name}", f"was changed: it is {told}, this program makes {made}")
    formats = _formats(connection)
    if not formats <= {1, 2}:
        yield Flaw("schema", "the file's header", f"says that no SQLite may write or read it: {formats}")


def _formats(connection: sqlite3.Connection) -> set[int]:
    """Which format the file says that one needs to know to write it and to read it."""
    with file_of(connection).open("rb") as file:
        return set(file.read(20)[18:20])


def check_schema(connection: sqlite3.Connection, version: int) -> Iterator[Flaw]:
    """Tables, indexes and triggers against the text of the schema that the ledger has."""
    shipped = _shipped(version)
    stored: dict[tuple[str, str], str | None] = {}
    for kind, name, text in connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY rowid"):
        if (kind, name) in stored:
            yield Flaw("schema", f"{kind} {name}", "is there twice: the first one counts, the other hides it")
        stored[kind, name] = text
    for place, text in shipped.items():
        if place not in stored:
            yield Flaw("schema", " ".join(place), "is missing: it was dropped")
        elif stored[place] != text:
            yield Flaw("schema", " ".join(place), "was changed: it is not what this program made")
    for kind, name in sorted(stored.keys() - shipped.keys(), key=str):
        if kind != "table" or stored[kind, name] != PLANNERS_OWN.get(str(name), ""):
            yield Flaw("schema", f"{kind} {name}", "was added: this program does not make it")


@cache
def _shipped(version: int) -> dict[tuple[str, str], str | None]:
    empty = sqlite3.connect(":memory:")
    for statement in statements(schema_of(version)):
        empty.execute(statement)
    rows = empty.execute("SELECT type, name, sql FROM sqlite_schema")
    return {(kind, name): text for kind, name, text in rows}
