"""What PostgreSQL derived, recomputed from the records: balances, slots, holds, heads, claims, calls.

"Later" means the order of the tree, which no superuser can change unseen; what is not sealed yet comes after
it, as it will be sealed.
"""

from collections.abc import Iterator
from typing import Any

import psycopg

from ledger.postgres.connection import Connection, reraise_if_broken
from ledger.record import kinds
from ledger.record.findings import Flaw
from ledger.schema.dialect import POSTGRES
from ledger.verify.projections import SHOWN, Projection, differences, projections, unreadable

_PLACE = "COALESCE(sealing.sequence, (1::bigint << 62) + command.place)"
_PLACED = "command USING (command) LEFT JOIN sealing ON sealing.record = record.sequence"
_WITH = f"""WITH said AS NOT MATERIALIZED (
  SELECT record.sequence, key, kind, order_reference, state, {_PLACE} AS place, body::jsonb AS body,
         body::jsonb->'body' AS told
    FROM record LEFT JOIN {_PLACED}
) """  # noqa: S608 - texts of this module, as below


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
        "SELECT resource, period, capacity, COALESCE(used, 0)::bigint"
        " FROM (SELECT DISTINCT ON (resource, period) resource, period, capacity FROM capacity_line"
        " JOIN said USING (sequence)"
        " ORDER BY resource, period, place DESC, sequence DESC, n DESC) AS opened"
        " LEFT JOIN (SELECT resource, period, SUM(quantity) AS used FROM slot_move GROUP BY resource, period)"
        " AS taken USING (resource, period)",
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
    *projections(POSTGRES),
    Projection(
        "account floor",
        "SELECT DISTINCT ON (1, 2) told->>'entity', told->>'account', (told->>'minimum_minor')::bigint,"  # noqa: S608
        f" sequence FROM said WHERE kind = '{kinds.FLOOR_SET}'"
        " ORDER BY told->>'entity', told->>'account', place DESC, sequence DESC",
        "SELECT entity, account, minimum_minor, last_sequence FROM account_floor",
        2,
    ),
    Projection(
        "ledger",
        "SELECT body->>'ledger', (told->>'practice')::boolean, (told->>'schema_version')::integer,"  # noqa: S608
        f" body->>'at' FROM said WHERE kind = '{kinds.LEDGER_CREATED}'",
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


def check_projections(connection: Connection) -> Iterator[Flaw]:
    """Every derived table against the records; the caller's transaction is the snapshot."""
    if not _balances_fit(connection):
        yield from _compare(connection, BALANCE)
    for projection in PROJECTIONS:
        yield from _compare(connection, projection)
    for order, entity, account, currency, sequence, amount in connection.execute(_BELOW_FLOOR):
        yield Flaw(
            "floor",
            f"entry {sequence}",
            f"took account {account} of {entity} in order {order or '-'} below its floor,"
            f" to {amount} {currency}",
        )
    for order, entity, account, part in connection.execute(_PART_BELOW):
        yield Flaw(
            "floor",
            f"account {account} of {entity} in order {order or '-'}",
            f"part {part} of its balance is below what the floor allows",
        )
    overbooked = (
        "SELECT resource, period, capacity, used FROM slot WHERE used > capacity OR used < 0 LIMIT 20"
    )
    for resource, period, capacity, used in connection.execute(overbooked):
        yield Flaw("slot", f"slot {resource} {period}", f"is overbooked: {used} used of {capacity}")
    for order, first in connection.execute(_HEADS):
        yield Flaw("order head", f"order head {order}", f"begins with record {first}, which is not its first")
    for fingerprint, count in connection.execute(_DOUBLED):
        yield Flaw("finance claim", f"claim {fingerprint}", f"is held {count} times: financed twice")


def _balances_fit(connection: Connection) -> bool:
    """One look at all of them; which one is wrong takes two."""
    try:
        with connection.transaction():
            row = connection.execute(_BALANCES_FIT).fetchone()
    except psycopg.DatabaseError as error:
        reraise_if_broken(connection, error)
        return False
    return bool(row and row[0])


def _compare(connection: Connection, projection: Projection) -> Iterator[Flaw]:
    try:
        with connection.transaction():
            expected = _only_first(connection, projection.expected, projection.stored)
            stored = _only_first(connection, projection.stored, projection.expected)
    except psycopg.DatabaseError as error:
        reraise_if_broken(connection, error)
        yield unreadable(projection, error)
        return
    yield from differences(projection, expected, stored)


def _only_first(connection: Connection, first: str, second: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"{_WITH} SELECT * FROM ({first}) AS one EXCEPT SELECT * FROM ({second}) AS two LIMIT {SHOWN}"  # noqa: S608
    ).fetchall()
