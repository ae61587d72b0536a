"""Which schema a ledger has, and which one this program writes.

The step files in ``migrations/versions`` are numbered; the newest number is the schema of this program.
When a new one comes, the whole schema of the one before is kept beside the steps (``0001_sqlite.sql``,
``0001_postgres.json``), so that a ledger that has not been upgraded yet still verifies.
"""

import json
from pathlib import Path

from domain.errors import LedgerBrokenError
from ledger.record.backend import Queries
from trust.canonical import parse_canonical

SCHEMA_VERSION = 2
SCRIPTS = Path(__file__).parent.parent / "migrations"
MIGRATED = "ledger.migrated"


def newest_version() -> int:
    """The schema that the steps lead to."""
    return max(int(path.name[:4]) for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


def version_of(queries: Queries, created: int) -> int:
    """The schema that the ledger's own records say it has; ``created`` is what it was made with."""
    statement = f"SELECT body FROM record WHERE kind = '{MIGRATED}' ORDER BY sequence DESC LIMIT 1"  # noqa: S608
    for (body,) in queries.rows(statement):
        try:
            return int(parse_canonical(body)["body"]["to"])
        except (ValueError, TypeError, KeyError):
            raise LedgerBrokenError(
                "the record of the last upgrade does not say to which schema",
                "net ledger verify says what is wrong",
            ) from None
    return created


def is_kept(version: int) -> bool:
    """Whether that is a schema of its own beside the one that this program writes."""
    return version != SCHEMA_VERSION and 0 < version <= newest_version()


def kept_schema(version: int) -> str:
    """The schema text of another version than this program's, on SQLite."""
    return (SCRIPTS / f"{version:04}_sqlite.sql").read_text(encoding="utf-8")


def kept_listing(version: int) -> dict[str, str]:
    """What another version's schema is made of, on PostgreSQL."""
    listing: dict[str, str] = json.loads(
        (SCRIPTS / f"{version:04}_postgres.json").read_text(encoding="utf-8")
    )
    return listing
