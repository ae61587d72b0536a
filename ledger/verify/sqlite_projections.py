"""What the database derived, recomputed from the records: balances, slots, holds, heads, claims, calls.

SQLite sorts on the disk, so memory stays flat however long the ledger is.
"""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import groupby, islice, zip_longest
from operator import itemgetter

from ledger.record import kinds
from ledger.record.findings import Flaw
from ledger.schema.dialect import SQLITE
from ledger.sqlite.backend import file_of
from ledger.sqlite.damage import looked
from ledger.verify.projections import SHOWN, Projection, differences, projections, unreadable
from ledger.verify.schema import check_header, check_schema, stated_version

PROJECTIONS = (
    Projection(
        "order head",
        "SELECT order_reference, state, (SELECT MIN(sequence) FROM record AS one"
        " WHERE one.order_reference = record.order_reference), MAX(sequence) FROM record"
        " WHERE state IS NOT NULL AND order_reference IS NOT NULL GROUP BY order_reference",
        "SELECT order_reference, state, first_sequence, last_sequence FROM order_head",
        1,
    ),
    Projection(
        "slot",
        # sequence, n and capacity beside a MAX are those of the row that has it
        "SELECT resource, period, capacity, used, sequence, n FROM (SELECT resource, period,"
        " SUM(quantity) AS used, sequence, n, MAX(sequence * 1048576 + n) FROM"
        " (SELECT resource, period, sequence, n, quantity FROM slot_move UNION ALL"
        " SELECT resource, period, sequence, n, 0 FROM capacity_line) GROUP BY resource, period) LEFT JOIN"
        " (SELECT resource, period, capacity, MAX(sequence * 1048576 + n) FROM capacity_line"
        " GROUP BY resource, period) USING (resource, period)",
        "SELECT resource, period, capacity, used, last_sequence, last_line FROM slot",
        2,
    ),
    *projections(SQLITE),
    Projection(
        "account floor",
        f"SELECT {SQLITE.told('entity')}, {SQLITE.told('account')},"  # noqa: S608
        f" CAST({SQLITE.told('minimum_minor')} AS INTEGER), MAX(sequence) FROM record"
        f" WHERE kind = '{kinds.FLOOR_SET}' GROUP BY 1, 2",
        "SELECT entity, account, minimum_minor, last_sequence FROM account_floor",
        2,
    ),
    Projection(
        "ledger",
        "SELECT json_extract(body, '$.ledger'), json_extract(body, '$.body.practice'),"
        " json_extract(body, '$.body.schema_version'), json_extract(body, '$.at') FROM record"
        " WHERE sequence = 1",
        "SELECT ledger_id, practice, schema_version, created_at FROM ledger",
        1,
    ),
)

_TAKEN = """SELECT resource, period, sequence, quantity, NULL, n FROM slot_move
   UNION ALL SELECT resource, period, sequence, 0, capacity, n FROM capacity_line
   ORDER BY resource, period, sequence, n"""

_OUT_OF_TIME = """SELECT hold.hold_id, ending, expires_at, json_extract(body, '$.at') AS ended_at
    FROM hold_end JOIN hold ON hold.hold_id = hold_end.hold_id
    JOIN record ON record.sequence = hold_end.sequence
   WHERE (ending = 'confirmed' AND ended_at >= expires_at)
      OR (ending = 'expired' AND (expires_at IS NULL OR ended_at < expires_at)) LIMIT 20"""


def check_projections(connection: sqlite3.Connection) -> list[Flaw]:
    """Every derived table but the balances against the records, in one snapshot."""
    connection.execute("BEGIN")
    try:
        version = stated_version(connection)
        path = file_of(connection)
        findings = list(looked(path, "schema", "the schema", lambda: check_schema(connection, version)))
        findings += looked(path, "schema", "the header", lambda: check_header(connection))
        for projection in PROJECTIONS:
            findings += compare(connection, projection)
        for limit in _LIMITS:
            findings += _asked(connection, limit)
    finally:
        connection.execute("ROLLBACK")
    return findings


def compare(connection: sqlite3.Connection, projection: Projection) -> Iterator[Flaw]:
    """Where the two sides differ; nothing when they give the same rows."""
    try:
        if _same_rows(connection, projection):
            return
        expected = _only_first(connection, projection.expected, projection.stored)
        stored = _only_first(connection, projection.stored, projection.expected)
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        yield unreadable(projection, error)
        return
    yield from differences(projection, expected, stored)


def _same_rows(connection: sqlite3.Connection, projection: Projection) -> bool:
    """Both sides side by side in the order of their key: one pass, no more memory than the sort takes."""
    order = ", ".join(str(n + 1) for n in range(projection.key))
    expected, stored = (
        connection.execute(f"SELECT * FROM ({side}) ORDER BY {order}")  # noqa: S608
        for side in (projection.expected, projection.stored)
    )
    return all(mine == theirs for mine, theirs in zip_longest(expected, stored))


def _only_first(connection: sqlite3.Connection, first: str, second: str) -> list[tuple[object, ...]]:
    return connection.execute(
        f"SELECT * FROM ({first}) EXCEPT SELECT * FROM ({second}) LIMIT {SHOWN}"  # noqa: S608
    ).fetchall()


def _asked(
    connection: sqlite3.Connection, limit: Callable[[sqlite3.Connection], Iterator[Flaw]]
) -> Iterator[Flaw]:
    """What ``limit`` finds; a table that cannot be read hides nothing of what the others say."""
    try:
        yield from islice(limit(connection), SHOWN)
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        yield Flaw("limit", f"limits ({limit.__name__.strip('_')})", f"cannot be looked at: {error}")


def _numbered(connection: sqlite3.Connection) -> Iterator[Flaw]:
    """Commands count from 1 without a gap: their numbers are under no signature."""
    first, last, count = connection.execute(
        "SELECT COALESCE(MIN(command), 1), COALESCE(MAX(command), 0), COUNT(*) FROM command"
    ).fetchone()
    if (first, last) != (1, count):
        yield Flaw(
            "signature", f"commands {first} to {last}", f"were numbered anew: there are {count} from 1 on"
        )


def _overfull(connection: sqlite3.Connection) -> Iterator[Flaw]:
    for resource, period, capacity, used in connection.execute(
        "SELECT resource, period, capacity, used FROM slot WHERE used > capacity OR used < 0"
    ):
        yield Flaw("slot", f"slot {resource} {period}", f"is overbooked: {used} used of {capacity}")


def _financed_twice(connection: sqlite3.Connection) -> Iterator[Flaw]:
    doubled = (
        "SELECT fingerprint, COUNT(*) FROM finance_claim AS made WHERE NOT EXISTS (SELECT 1 FROM"
        " finance_release WHERE fingerprint = made.fingerprint AND turn = made.turn) GROUP BY fingerprint"
        " HAVING COUNT(*) > 1"
    )
    for fingerprint, count in connection.execute(doubled):
        yield Flaw("finance claim", f"claim {fingerprint}", f"is held {count} times: financed twice")


def _overbooked(connection: sqlite3.Connection) -> Iterator[Flaw]:
    """Records after which more of a slot was taken than there was, though it may not be so now."""
    for (resource, period), steps in groupby(connection.execute(_TAKEN), key=itemgetter(0, 1)):
        capacity = used = 0
        for sequence, lines in groupby(steps, key=itemgetter(2)):
            before = used
            for line in lines:
                used += line[3]
                capacity = capacity if line[4] is None else line[4]
            if used > capacity and used > before:
                yield Flaw(
                    "slot",
                    f"record {sequence}",
                    f"took {resource} {period} beyond its capacity: {used} used of {capacity}",
                )


def _ended_in_time(connection: sqlite3.Connection) -> Iterator[Flaw]:
    for hold, ending, until, at in connection.execute(_OUT_OF_TIME):
        yield Flaw(
            "hold end",
            f"hold {hold}",
            f"was {ending} at {at}, though it was kept until {until or 'it is ended'}",
        )


_LIMITS = (_overbooked, _ended_in_time, _overfull, _financed_twice, _numbered)
"""What the guards forbid and a missing guard may have let in."""
