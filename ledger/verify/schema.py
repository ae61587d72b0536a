"""What the file itself is made of, against what this program makes: its schema and its header."""

import sqlite3
from collections.abc import Iterator
from functools import cache

from ledger.record import kinds
from ledger.record.findings import Flaw
from ledger.schema.versions import SCHEMA_VERSION
from ledger.sqlite.file import schema_of, statements

PLANNERS_OWN = frozenset({"sqlite_stat1", "sqlite_stat4"})
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
    except (sqlite3.DatabaseError, ValueError):  # the records that say it are no records: found elsewhere
        return SCHEMA_VERSION


def check_header(connection: sqlite3.Connection) -> Iterator[Flaw]:
    """What a PRAGMA leaves in the file's header; this program leaves it as SQLite makes it."""
    for name, made in (("user_version", 0), ("application_id", 0), ("encoding", "UTF-8")):
        (told,) = connection.execute(f"PRAGMA {name}").fetchone()
        if told != made:
            yield Flaw("schema", f"PRAGMA {name}", f"was changed: it is {told}, this program makes {made}")


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
    for kind, name in sorted(stored.keys() - shipped.keys()):
        if kind != "table" or name not in PLANNERS_OWN:
            yield Flaw("schema", f"{kind} {name}", "was added: this program does not make it")


@cache
def _shipped(version: int) -> dict[tuple[str, str], str | None]:
    empty = sqlite3.connect(":memory:")
    for statement in statements(schema_of(version)):
        empty.execute(statement)
    rows = empty.execute("SELECT type, name, sql FROM sqlite_schema")
    return {(kind, name): text for kind, name, text in rows}
