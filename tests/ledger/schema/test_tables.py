"""SQLModel's description of the tables is that of the schema from which a ledger is made."""

import sqlite3

from sqlalchemy import LargeBinary
from sqlmodel import Integer, Session, SQLModel, create_engine, select

from ledger.schema.tables import BalanceRow, RecordRow
from ledger.sqlite.file import schema_text, statements
from tests.parts.full_ledger import full_ledger


def described() -> dict[str, dict[str, tuple[str, bool, bool]]]:
    from ledger.schema import tables

    own = {row.__tablename__ for row in tables.TABLES}
    return {
        name: {
            column.name: (
                "INTEGER" if isinstance(column.type, Integer) else
                "BLOB" if isinstance(column.type, LargeBinary) else "TEXT",
                column.nullable,
                column.primary_key,
            )
            for column in table.columns
        }
        for name, table in SQLModel.metadata.tables.items()
        if name in own
    }  # fmt: skip


def made() -> dict[str, dict[str, tuple[str, bool, bool]]]:
    connection = sqlite3.connect(":memory:")
    for statement in statements(schema_text()):
        connection.execute(statement)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {
        table: {
            name: (kind, not required and not key, bool(key))
            for _, name, kind, required, _, key in connection.execute(f"PRAGMA table_info({table})")
        }
        for table in tables
    }


def test_tables_are_described_column_by_column() -> None:
    assert described() == made()


def test_tables_read_a_ledger_through_sqlmodel(tmp_path) -> None:
    path = tmp_path / "net.db"
    full_ledger(path, 2)
    with Session(create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")) as session:
        kinds = set(session.exec(select(RecordRow.kind)).all())
        cash = session.exec(select(BalanceRow).where(BalanceRow.account == "1010")).all()
    assert "loan.drawn" in kinds
    assert {(row.entity, row.order_reference): row.amount_minor for row in cash}["trader", "o0"] == 600
