"""Which schema a ledger has, which ones this program opens, and the steps from one to the next.

A step is SQL beside this file, ``step_0003_sqlite.sql`` and ``step_0003_postgres.sql``, and its number the
schema that it leads to. When one comes, the whole schema of the one before is kept beside it
(``0002_sqlite.sql``, ``0002_postgres.json``), so that a ledger that has not been upgraded yet still verifies.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from domain.errors import LedgerBrokenError, UsageError
from ledger.record.backend import Queries
from ledger.record.kinds import LEDGER_MIGRATED
from trust.canonical import parse_canonical

SCHEMA_VERSION = 2
OLDEST_VERSION = 2
"""Schema 1 was in use before the first release alone (decision 0120)."""
STEPS = Path(__file__).parent


def newest_version() -> int:
    """The schema that the steps lead to."""
    return max((SCHEMA_VERSION, *(int(path.name[5:9]) for path in STEPS.glob("step_[0-9]*.sql"))))


def steps(before: int, database: str) -> Iterator[str]:
    """The SQL of each step after the schema ``before``, oldest first; ``database``: sqlite or postgres."""
    for number in range(before + 1, newest_version() + 1):
        yield (STEPS / f"step_{number:04}_{database}.sql").read_text(encoding="utf-8")


def require_known(version: int, ledger: str) -> int:
    """``version`` itself; ``UsageError`` for a schema that this program cannot open. ``ledger`` names it."""
    if version > newest_version():
        raise UsageError(f"{ledger} was written by a newer version of net", "install that version")
    if version < OLDEST_VERSION:
        raise UsageError(
            f"{ledger} has schema {version}, from before the first release of net",
            "the version of net that docs/decisions/0120 names upgrades it; net init makes a new ledger",
        )
    return version


def version_of(queries: Queries, created: int) -> int:
    """The schema that the ledger's own records say it has; ``created`` is what it was made with."""
    statement = f"SELECT body FROM record WHERE kind = '{LEDGER_MIGRATED}' ORDER BY sequence DESC LIMIT 1"  # noqa: S608
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
    return version != SCHEMA_VERSION and OLDEST_VERSION <= version <= newest_version()


def kept_schema(version: int) -> str:
    """The schema text of another version than this program's, on SQLite."""
    return (STEPS / f"{version:04}_sqlite.sql").read_text(encoding="utf-8")


def kept_listing(version: int) -> dict[str, str]:
    """What another version's schema is made of, on PostgreSQL."""
    listing: dict[str, str] = json.loads((STEPS / f"{version:04}_postgres.json").read_text(encoding="utf-8"))
    return listing
