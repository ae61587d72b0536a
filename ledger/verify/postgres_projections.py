"""What PostgreSQL derived, recomputed from the records: balances, slots, holds, heads, claims, calls.

As on SQLite each question is a pair of SELECTs that must give the same rows. "Later" means the order of the
tree, which no superuser can change unseen; what is not sealed yet comes after it, as it will be sealed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from ledger.postgres.connection import Connection, reraise_if_broken
from ledger.record.findings import Finding

SHOWN = 20

_PLACE = "COALESCE(sealing.sequence, (1::bigint << 62) + command.place)"
_PLACED = "command USING (command) LEFT JOIN sealing ON sealing.record = record.sequence"
_WITH = f"""WITH said AS NOT MATERIALIZED (
  SELECT record.sequence, kind, order_reference, state, {_PLACE} AS place, body::jsonb AS body,
         body::jsonb->'body' AS told
    FROM record LEFT JOIN {_PLACED}
) """  # noqa: S608 - texts of this module, as below
_LINES = "jsonb_array_elements({}->'lines') WITH ORDINALITY AS part (line, at)"


@dataclass(frozen=True, slots=True)
class Projection:
    """``expected`` from the records, ``stored`` in the table; the first ``key`` columns name the place."""

    name: str
    expected: str
    stored: str
    key: int


def _noted(table: str, kinds: str, columns: str, values: str, key: int) -> Projection:
    """A table with one row for each record of some kinds."""
    listed = ", ".join(f"'{kind}'" for kind in kinds.split())
    return Projection(
        table.replace("_", " "),
        f"SELECT {values}, sequence FROM said WHERE kind IN ({listed})",  # noqa: S608 - texts of this module
        f"SELECT {columns}, sequence FROM {table}",  # noqa: S608
        key,
    )


_ACCOUNT = "order_reference, entity, account, currency"
BALANCE = Projection(
    "balance",
    f"SELECT {_ACCOUNT}, SUM(amount_minor) FROM leg GROUP BY {_ACCOUNT}",  # noqa: S608
    f"SELECT {_ACCOUNT}, amount_minor FROM balance",  # noqa: S608
    4,
)
_BALANCES_FIT = f"""SELECT COUNT(*) = COUNT(*) FILTER (WHERE amount = amount_minor)
   AND COUNT(*) = (SELECT COUNT(*) FROM balance)
  FROM (SELECT {_ACCOUNT}, SUM(amount_minor) AS amount FROM leg GROUP BY {_ACCOUNT}) AS summed
  LEFT JOIN balance USING ({_ACCOUNT})"""  # noqa: S608
PROJECTIONS = (
    Projection(
        "order head",
        "SELECT DISTINCT ON (order_reference) order_reference, state, sequence FROM said"
        " WHERE state IS NOT NULL AND order_reference IS NOT NULL"
        " ORDER BY order_reference, place DESC, sequence DESC",
        "SELECT order_reference, state, last_sequence FROM order_head",
        1,
    ),
    Projection(
        "slot",
        "SELECT resource, period, capacity, COALESCE((SELECT SUM(quantity) FROM slot_move"
        " WHERE slot_move.resource = opened.resource AND slot_move.period = opened.period), 0)::bigint"
        " FROM (SELECT DISTINCT ON (resource, period) resource, period, capacity FROM capacity_line"
        " JOIN said USING (sequence)"
        " ORDER BY resource, period, place DESC, sequence DESC, n DESC) AS opened",
        "SELECT resource, period, capacity, used FROM slot",
        2,
    ),
    Projection(
        "last change of a slot",
        "SELECT DISTINCT ON (resource, period) resource, period, sequence FROM ("
        "SELECT resource, period, sequence FROM capacity_line UNION ALL"
        " SELECT resource, period, sequence FROM slot_move) AS changed JOIN said USING (sequence)"
        " ORDER BY resource, period, place DESC, sequence DESC",
        "SELECT resource, period, last_sequence FROM slot",
        2,
    ),
    Projection(
        "capacity line",
        "SELECT sequence, at::integer - 1, line->>0, line->>1, (line->>2)::bigint"  # noqa: S608
        f" FROM said, {_LINES.format('told')} WHERE kind = 'capacity.opened'",
        "SELECT sequence, n, resource, period, capacity FROM capacity_line",
        2,
    ),
    Projection(
        "use of capacity",
        "SELECT sequence, at::integer - 1, line->>0, line->>1, (line->>2)::bigint"  # noqa: S608
        f" FROM said, {_LINES.format('told')} WHERE kind = 'capacity.held' UNION ALL"
        " SELECT given.sequence, at::integer - 1, line->>0, line->>1, -(line->>2)::bigint"
        " FROM said AS given JOIN said AS held ON held.kind = 'capacity.held'"
        f" AND held.told->>'hold' = given.told->>'hold', {_LINES.format('held.told')}"
        " WHERE given.kind IN ('capacity.released', 'capacity.expired', 'capacity.cancelled',"
        " 'capacity.returned')",
        "SELECT sequence, n, resource, period, quantity FROM slot_move",
        2,
    ),
    _noted(
        "hold",
        "capacity.held",
        "hold_id, order_reference, expires_at, lines",
        "told->>'hold', order_reference, told->>'expires_at', jsonb_array_length(told->'lines')",
        1,
    ),
    Projection(
        "expiring hold",
        "SELECT told->>'expires_at', told->>'hold' FROM said WHERE kind = 'capacity.held'"
        " AND told->>'expires_at' IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM hold_end WHERE hold_id = told->>'hold')",
        "SELECT expires_at, hold_id FROM expiring_hold",
        2,
    ),
    _noted(
        "hold_end",
        "capacity.confirmed capacity.released capacity.expired",
        "hold_id, ending",
        "told->>'hold', substr(kind, 10)",
        1,
    ),
    _noted(
        "booking_end",
        "capacity.used capacity.cancelled capacity.returned",
        "hold_id, ending",
        "told->>'hold', substr(kind, 10)",
        1,
    ),
    _noted(
        "finance_claim",
        "claim.made",
        "fingerprint, turn, order_reference, financier",
        "told->>'fingerprint', (ROW_NUMBER() OVER (PARTITION BY told->>'fingerprint'"
        " ORDER BY place, sequence))::integer, order_reference, told->>'financier'",
        2,
    ),
    _noted(
        "finance_release",
        "claim.released",
        "fingerprint, turn",
        "told->>'fingerprint', (told->>'turn')::integer",
        2,
    ),
    _noted("intent", "call.intended", "operation, order_reference", "told->>'operation', order_reference", 1),
    _noted("attempt", "call.attempted", "operation, n", "told->>'operation', (told->>'n')::integer", 2),
    _noted(
        "outcome",
        "call.answered",
        "operation, n, status",
        "told->>'operation', (told->>'n')::integer, told->>'status'",
        2,
    ),
    _noted("outbox", "message.queued", "message_id, recipient", "told->>'message_id', told->>'recipient'", 1),
    _noted("delivery", "message.delivered", "message_id", "told->>'message_id'", 1),
    _noted("inbox", "message.received", "provider, message_id", "told->>'provider', told->>'message_id'", 2),
    _noted("actor", "actor.enrolled", "actor_key, name", "told->>'actor_key', told->>'name'", 1),
    Projection(
        "account floor",
        "SELECT DISTINCT ON (1, 2) told->>'entity', told->>'account', (told->>'minimum_minor')::bigint,"
        " sequence FROM said WHERE kind = 'floor.set'"
        " ORDER BY told->>'entity', told->>'account', place DESC, sequence DESC",
        "SELECT entity, account, minimum_minor, last_sequence FROM account_floor",
        2,
    ),
    Projection(
        "ledger",
        "SELECT body->>'ledger', (told->>'practice')::boolean, (told->>'schema_version')::integer,"
        " body->>'at' FROM said WHERE kind = 'ledger.created'",
        "SELECT ledger_id, practice, schema_version, created_at FROM ledger",
        1,
    ),
)

_FLOORED = "account_floor JOIN leg USING (entity, account)"
_BELOW_FLOOR = f"""WITH drawn AS (
  SELECT DISTINCT {_ACCOUNT} FROM {_FLOORED} WHERE amount_minor < 0 OR minimum_minor > 0
), moved AS (
  SELECT {_ACCOUNT}, leg.sequence AS written, minimum_minor, last_sequence AS floor_set,
         SUM(amount_minor) AS net
    FROM {_FLOORED} JOIN drawn USING ({_ACCOUNT}) GROUP BY {_ACCOUNT}, 5, 6, 7
)
SELECT {_ACCOUNT}, written, running FROM (
  SELECT moved.*, {_PLACE} AS place,
         (SELECT {_PLACE} FROM record JOIN {_PLACED} WHERE record.sequence = floor_set) AS since,
         SUM(net) OVER (PARTITION BY moved.order_reference, entity, account, currency
                        ORDER BY {_PLACE}, written) AS running
    FROM moved JOIN record ON record.sequence = written JOIN {_PLACED}) AS run
 WHERE running < minimum_minor AND place > since LIMIT 20"""  # noqa: S608
"""The steps of floored accounts from which something was taken: no other can be too low."""

_HEADS = f"""SELECT head.order_reference, first_sequence FROM order_head AS head
  LEFT JOIN record ON sequence = first_sequence AND record.order_reference = head.order_reference
  LEFT JOIN (SELECT DISTINCT ON (order_reference) order_reference, record.sequence AS stated
               FROM record JOIN {_PLACED} WHERE state IS NOT NULL AND order_reference IS NOT NULL
              ORDER BY order_reference, {_PLACE}, record.sequence) AS early
    ON early.order_reference = head.order_reference
 WHERE record.sequence IS NULL OR first_sequence > stated LIMIT 20"""  # noqa: S608

_PART_BELOW = """SELECT order_reference, entity, account, part FROM balance_part
  JOIN account_floor USING (entity, account)
 WHERE amount_minor < CASE part WHEN 0 THEN minimum_minor ELSE 0 END LIMIT 20"""

_DOUBLED = """SELECT fingerprint, COUNT(*) FROM finance_claim AS made WHERE NOT EXISTS (
    SELECT 1 FROM finance_release WHERE fingerprint = made.fingerprint AND turn = made.turn)
  GROUP BY fingerprint HAVING COUNT(*) > 1 LIMIT 20"""


def check_projections(connection: Connection) -> Iterator[Finding]:
    """Every derived table against the records; the caller's transaction is the snapshot."""
    if not _balances_fit(connection):
        yield from _compare(connection, BALANCE)
    for projection in PROJECTIONS:
        yield from _compare(connection, projection)
    for order, entity, account, currency, sequence, amount in connection.execute(_BELOW_FLOOR):
        yield Finding(
            "floor",
            f"entry {sequence}",
            f"took account {account} of {entity} in order {order or '-'} below its floor,"
            f" to {amount} {currency}",
        )
    for order, entity, account, part in connection.execute(_PART_BELOW):
        yield Finding(
            "floor",
            f"account {account} of {entity} in order {order or '-'}",
            f"part {part} of its balance is below what the floor allows",
        )
    overbooked = (
        "SELECT resource, period, capacity, used FROM slot WHERE used > capacity OR used < 0 LIMIT 20"
    )
    for resource, period, capacity, used in connection.execute(overbooked):
        yield Finding("slot", f"slot {resource} {period}", f"is overbooked: {used} used of {capacity}")
    for order, first in connection.execute(_HEADS):
        yield Finding(
            "order head", f"order head {order}", f"begins with record {first}, which is not its first"
        )
    for fingerprint, count in connection.execute(_DOUBLED):
        yield Finding("finance claim", f"claim {fingerprint}", f"is held {count} times: financed twice")


def _balances_fit(connection: Connection) -> bool:
    """One look at all of them; which one is wrong takes two."""
    try:
        with connection.transaction():
            row = connection.execute(_BALANCES_FIT).fetchone()
    except psycopg.DatabaseError as error:
        reraise_if_broken(connection, error)
        return False
    return bool(row and row[0])


def _compare(connection: Connection, projection: Projection) -> Iterator[Finding]:
    try:
        with connection.transaction():
            expected = _only_first(connection, projection.expected, projection.stored)
            stored = _only_first(connection, projection.stored, projection.expected)
    except psycopg.DatabaseError as error:
        reraise_if_broken(connection, error)
        yield Finding(projection.name, f"{projection.name}s", f"cannot be recomputed: {error}")
        return
    found = {row[: projection.key]: row for row in stored}
    for row in expected:
        other = found.pop(row[: projection.key], None)
        place = f"{projection.name} {_named(row[: projection.key])}"
        if other is None:
            yield Finding(projection.name, place, f"is missing; the records give {_named(row)}")
        else:
            told = f"is stored as {_named(other[projection.key :])}; the records give"
            yield Finding(projection.name, place, f"{told} {_named(row[projection.key :])}")
    for key in found:
        yield Finding(
            projection.name, f"{projection.name} {_named(key)}", "is stored, but no record gives it"
        )


def _only_first(connection: Connection, first: str, second: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"{_WITH} SELECT * FROM ({first}) AS one EXCEPT SELECT * FROM ({second}) AS two LIMIT {SHOWN}"  # noqa: S608
    ).fetchall()


def _named(values: tuple[Any, ...]) -> str:
    return " / ".join("-" if value in (None, "") else str(value) for value in values)
