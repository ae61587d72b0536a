"""Entries of two legs go in faster, and holds that will expire are kept by when they do.

On PostgreSQL a balance has parts, so that writers of one account do not wait for one another.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import op

from ledger.schema.views import postgres_views

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """What each database is told, as it stands: neither a colon nor a percent sign names a parameter."""
    dialect = op.get_context().dialect.name
    text = Path(__file__).with_name(f"{revision}_{dialect}.sql").read_text(encoding="utf-8")
    connection: Any = op.get_bind().connection.driver_connection
    for statement in _single(text) if dialect == "sqlite" else [text, postgres_views()]:
        connection.execute(statement)


def _single(text: str) -> Iterator[str]:
    """One statement at a time; a trigger's inner semicolons do not end it."""
    part = ""
    for line in text.splitlines(keepends=True):
        part += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(part):
            yield part
            part = ""


def downgrade() -> None:
    raise NotImplementedError("ledgers go forward only; restore the backup instead")
