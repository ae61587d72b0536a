"""What indexes of a PostgreSQL ledger say, against what their tables say.

A damaged page, or a superuser, can leave rows out of an index: then a key that is there is not found, and
what is financed is financed again. Each index is walked from end to end, and its table past it; both must
give the same rows. That takes no right and no extension.
"""

from collections.abc import Iterator
from typing import NamedTuple

import psycopg
from psycopg import sql

from ledger.postgres.connection import Connection, first_line, reraise_if_broken
from ledger.record.findings import Flaw

_INDEXES = """
SELECT place.relname, held.relname,
       ARRAY(SELECT pg_get_indexdef(indexrelid, n, true) FROM generate_series(1, indnkeyatts) AS n),
       COALESCE(pg_get_expr(indpred, indrelid), 'true')
  FROM pg_index JOIN pg_class AS place ON place.oid = indexrelid JOIN pg_class AS held ON held.oid = indrelid
 WHERE held.relnamespace = 'net'::regnamespace AND held.relkind = 'r' ORDER BY 2, 1"""
_BY_INDEX = """SELECT set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
       set_config('enable_bitmapscan', 'off', true), set_config('enable_incremental_sort', 'off', true),
       set_config('enable_indexscan', 'on', true), set_config('enable_indexonlyscan', 'on', true)"""
_BY_TABLE = """SELECT set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true),
       set_config('enable_indexscan', 'off', true), set_config('enable_indexonlyscan', 'off', true)"""


class _Index(NamedTuple):
    name: str
    table: str
    columns: list[str]
    condition: str

    def walk(self, *, ordered: bool = True) -> sql.Composed:
        columns = sql.SQL(", ").join(sql.SQL(column) for column in self.columns)
        order = sql.SQL("ORDER BY ") + columns if ordered else sql.SQL("")
        return sql.SQL(
            "SELECT COUNT(*), COALESCE(SUM(hashtextextended(ROW({0})::text, 0)::numeric), 0)"
            " FROM (SELECT {0} FROM net.{1} WHERE {2} {3} OFFSET 0) AS walked"
        ).format(columns, sql.Identifier(self.table), sql.SQL(self.condition), order)


def check_indexes(connection: Connection) -> Iterator[Flaw]:
    """Every index of the schema; the caller's transaction is the snapshot."""
    for row in connection.execute(_INDEXES).fetchall():
        index = _Index(*row)
        try:
            with connection.transaction(force_rollback=True):  # the planner is as before afterwards
                yield from _compared(connection, index)
        except psycopg.DatabaseError as error:
            reraise_if_broken(connection, error)
            yield Flaw("index", f"index {index.name}", f"cannot be walked: {first_line(error)}")


def _compared(connection: Connection, index: _Index) -> Iterator[Flaw]:
    walk = index.walk()
    connection.execute(_BY_INDEX)
    plan = "\n".join(line for (line,) in connection.execute(sql.SQL("EXPLAIN ") + walk))
    if f"using {index.name} " not in plan.replace('"', ""):
        yield Flaw("index", f"index {index.name}", "cannot be walked: the server does not use it")
        return
    by_index = connection.execute(walk).fetchone()
    connection.execute(_BY_TABLE)
    walk = index.walk(ordered=False)
    by_table = connection.execute(walk).fetchone()
    if by_index != by_table:
        counts = [row[0] if row else 0 for row in (by_index, by_table)]
        yield Flaw(
            "index",
            f"index {index.name}",
            f"says other than its table: it leads to {counts[0]:,} rows of {counts[1]:,}",
        )
