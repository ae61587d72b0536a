"""What the database derived, recomputed from the records: balances, slots, holds, heads, claims, calls.

Each question is one pair of SELECTs that must give the same rows. SQLite sorts on the disk, so memory stays
flat however long the ledger is.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice, zip_longest
from operator import itemgetter

from ledger.record.findings import Finding
from ledger.verify.schema import check_header, check_schema, stated_version

SHOWN = 20
_J = "json_extract(body, '$.body.{}')"


@dataclass(frozen=True, slots=True)
class Projection:
    """``expected`` from the records, ``stored`` in the table; the first ``key`` columns name the place."""

    name: str
    expected: str
    stored: str
    key: int


def _noted(name: str, kind: str, columns: str, values: str, key: int) -> Projection:
    return Projection(
        name,
        f"SELECT {values}, sequence FROM record WHERE kind {kind}",  # noqa: S608 - texts of this module
        f"SELECT {columns}, sequence FROM {name.replace(' ', '_')}",  # noqa: S608
        key,
    )


def _ending(name: str, kinds: str) -> Projection:
    return _noted(name, f"IN ({kinds})", "hold_id, ending", f"{_J.format('hold')}, substr(kind, 10)", 1)


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
    Projection(
        "capacity line",
        "SELECT sequence, key, json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
        " CAST(json_extract(value, '$[2]') AS INTEGER)"
        " FROM (SELECT sequence, body FROM record WHERE kind = 'capacity.opened'),"
        " json_each(body, '$.body.lines')",
        "SELECT sequence, n, resource, period, capacity FROM capacity_line",
        2,
    ),
    Projection(
        "use of capacity",
        "SELECT sequence, key, json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
        " CAST(json_extract(value, '$[2]') AS INTEGER)"
        " FROM (SELECT sequence, body FROM record WHERE kind = 'capacity.held'),"
        " json_each(body, '$.body.lines') UNION ALL"
        " SELECT given.sequence, line.key, json_extract(line.value, '$[0]'),"
        " json_extract(line.value, '$[1]'),"
        " -CAST(json_extract(line.value, '$[2]') AS INTEGER)"
        " FROM record AS given JOIN record AS held ON held.key ="
        " 'hold:' || json_extract(given.body, '$.body.hold'), json_each(held.body, '$.body.lines') AS line"
        " WHERE given.kind IN ('capacity.released', 'capacity.expired', 'capacity.cancelled',"
        " 'capacity.returned')",
        "SELECT sequence, n, resource, period, quantity FROM slot_move",
        2,
    ),
    _noted(
        "hold",
        "= 'capacity.held'",
        "hold_id, order_reference, expires_at, lines",
        f"{_J.format('hold')}, order_reference, {_J.format('expires_at')},"
        " json_array_length(body, '$.body.lines')",
        1,
    ),
    Projection(
        "expiring hold",
        f"SELECT {_J.format('expires_at')}, {_J.format('hold')} FROM record WHERE kind = 'capacity.held'"  # noqa: S608
        f" AND {_J.format('expires_at')} IS NOT NULL"
        f" AND NOT EXISTS (SELECT 1 FROM hold_end WHERE hold_end.hold_id = {_J.format('hold')})",
        "SELECT expires_at, hold_id FROM expiring_hold",
        2,
    ),
    _ending("hold end", "'capacity.confirmed', 'capacity.released', 'capacity.expired'"),
    _ending("booking end", "'capacity.used', 'capacity.cancelled', 'capacity.returned'"),
    Projection(
        "finance claim",
        f"SELECT {_J.format('fingerprint')}, ROW_NUMBER() OVER (PARTITION BY {_J.format('fingerprint')}"  # noqa: S608
        f" ORDER BY sequence), order_reference, {_J.format('financier')}, sequence FROM record"
        " WHERE kind = 'claim.made'",
        "SELECT fingerprint, turn, order_reference, financier, sequence FROM finance_claim",
        2,
    ),
    _noted(
        "finance release",
        "= 'claim.released'",
        "fingerprint, turn",
        f"{_J.format('fingerprint')}, {_J.format('turn')}",
        2,
    ),
    _noted(
        "intent",
        "= 'call.intended'",
        "operation, order_reference",
        f"{_J.format('operation')}, order_reference",
        1,
    ),
    _noted("attempt", "= 'call.attempted'", "operation, n", f"{_J.format('operation')}, {_J.format('n')}", 2),
    _noted(
        "outcome",
        "= 'call.answered'",
        "operation, n, status",
        f"{_J.format('operation')}, {_J.format('n')}, {_J.format('status')}",
        2,
    ),
    _noted(
        "outbox",
        "= 'message.queued'",
        "message_id, recipient",
        f"{_J.format('message_id')}, {_J.format('recipient')}",
        1,
    ),
    _noted("delivery", "= 'message.delivered'", "message_id", _J.format("message_id"), 1),
    _noted(
        "inbox",
        "= 'message.received'",
        "provider, message_id",
        f"{_J.format('provider')}, {_J.format('message_id')}",
        2,
    ),
    _noted(
        "actor", "= 'actor.enrolled'", "actor_key, name", f"{_J.format('actor_key')}, {_J.format('name')}", 1
    ),
    Projection(
        "account floor",
        f"SELECT {_J.format('entity')}, {_J.format('account')},"  # noqa: S608
        f" CAST({_J.format('minimum_minor')} AS INTEGER), MAX(sequence) FROM record"
        " WHERE kind = 'floor.set' GROUP BY 1, 2",
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


def check_projections(connection: sqlite3.Connection) -> list[Finding]:
    """Every derived table but the balances against the records, in one snapshot."""
    connection.execute("BEGIN")
    try:
        version = stated_version(connection)
        findings = [*check_schema(connection, version), *check_header(connection)]
        for projection in PROJECTIONS:
            findings += compare(connection, projection)
        for limit in _LIMITS:
            findings += _asked(connection, limit)
    finally:
        connection.execute("ROLLBACK")
    return findings


def compare(connection: sqlite3.Connection, projection: Projection) -> Iterator[Finding]:
    """Where the two sides differ; nothing when they give the same rows."""
    try:
        if _same_rows(connection, projection):
            return
        expected = _only_first(connection, projection.expected, projection.stored)
        stored = _only_first(connection, projection.stored, projection.expected)
    except sqlite3.DatabaseError as error:
        yield Finding(projection.name, f"{projection.name}s", f"cannot be recomputed: {error}")
        return
    found = {row[: projection.key]: row for row in stored}
    for row in expected:
        other = found.pop(row[: projection.key], None)
        place = f"{projection.name} {_named(row[: projection.key])}"
        if other is None:
            yield Finding(projection.name, place, f"is missing; the records give {_named(row)}")
        else:
            yield Finding(
                projection.name,
                place,
                f"is stored as {_named(other[projection.key :])}; the records give"
                f" {_named(row[projection.key :])}",
            )
    for key in found:
        yield Finding(
            projection.name, f"{projection.name} {_named(key)}", "is stored, but no record gives it"
        )


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
    connection: sqlite3.Connection, limit: Callable[[sqlite3.Connection], Iterator[Finding]]
) -> Iterator[Finding]:
    """What ``limit`` finds; a table that cannot be read hides nothing of what the others say."""
    try:
        yield from islice(limit(connection), SHOWN)
    except sqlite3.DatabaseError as error:
        yield Finding("limit", f"limits ({limit.__name__.strip('_')})", f"cannot be looked at: {error}")


def _numbered(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Commands count from 1 without a gap: their numbers are under no signature."""
    first, last, count = connection.execute(
        "SELECT COALESCE(MIN(command), 1), COALESCE(MAX(command), 0), COUNT(*) FROM command"
    ).fetchone()
    if (first, last) != (1, count):
        yield Finding(
            "signature", f"commands {first} to {last}", f"were numbered anew: there are {count} from 1 on"
        )


def _overfull(connection: sqlite3.Connection) -> Iterator[Finding]:
    for resource, period, capacity, used in connection.execute(
        "SELECT resource, period, capacity, used FROM slot WHERE used > capacity OR used < 0"
    ):
        yield Finding("slot", f"slot {resource} {period}", f"is overbooked: {used} used of {capacity}")


def _financed_twice(connection: sqlite3.Connection) -> Iterator[Finding]:
    doubled = (
        "SELECT fingerprint, COUNT(*) FROM finance_claim AS made WHERE NOT EXISTS (SELECT 1 FROM"
        " finance_release WHERE fingerprint = made.fingerprint AND turn = made.turn) GROUP BY fingerprint"
        " HAVING COUNT(*) > 1"
    )
    for fingerprint, count in connection.execute(doubled):
        yield Finding("finance claim", f"claim {fingerprint}", f"is held {count} times: financed twice")


def _overbooked(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Records after which more of a slot was taken than there was, though it may not be so now."""
    for (resource, period), steps in groupby(connection.execute(_TAKEN), key=itemgetter(0, 1)):
        capacity = used = 0
        for sequence, lines in groupby(steps, key=itemgetter(2)):
            before = used
            for line in lines:
                used += line[3]
                capacity = capacity if line[4] is None else line[4]
            if used > capacity and used > before:
                yield Finding(
                    "slot",
                    f"record {sequence}",
                    f"took {resource} {period} beyond its capacity: {used} used of {capacity}",
                )


def _ended_in_time(connection: sqlite3.Connection) -> Iterator[Finding]:
    for hold, ending, until, at in connection.execute(_OUT_OF_TIME):
        yield Finding(
            "hold end",
            f"hold {hold}",
            f"was {ending} at {at}, though it was kept until {until or 'it is ended'}",
        )


_LIMITS = (_overbooked, _ended_in_time, _overfull, _financed_twice, _numbered)
"""What the guards forbid and a missing guard may have let in."""


def _named(values: tuple[object, ...]) -> str:
    return " / ".join("-" if value in (None, "") else str(value) for value in values)
