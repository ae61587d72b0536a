"""The parts of a verification on PostgreSQL: stretches of records, signed commands, derived tables.

Each part runs in one snapshot. Several processes share it: the first one exports it, the others take it over
on connections of their own. Every question names the rows it can concern, so that none reads a whole table.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from domain.errors import NetError
from ledger.postgres.connection import Connection, connect
from ledger.postgres.indexes import check_indexes
from ledger.record import kinds
from ledger.record.findings import Flaw
from ledger.verify.plain import plain_stretch
from ledger.verify.postgres_projections import check_projections
from ledger.verify.records import Row, SignedStretch, Stretch, check_command, check_stretch

Place = str | Connection
"""The URL on which another process takes the snapshot over, or the connection that has it."""

_BOUNDS = "SELECT MIN(record), MAX(record) FROM sealing WHERE sequence > %s AND sequence <= %s"
_SIGNED = "SELECT MIN(command), MAX(command) FROM record WHERE sequence BETWEEN %s AND %s"
_RECORDS = """SELECT sealing.sequence, kind, key, trade_date, order_reference, state, legs, body, leaf, node,
       actor_key
  FROM sealing JOIN record ON record.sequence = sealing.record
  LEFT JOIN command ON command.command = record.command AND command.command BETWEEN %(from)s AND %(to)s
 WHERE sealing.sequence > %(start)s AND sealing.sequence <= %(end)s
   AND record.sequence BETWEEN %(first)s AND %(last)s"""
_LEGS = """SELECT sealing.sequence, n, entity, account, currency, amount_minor, order_reference, trade_date
  FROM sealing JOIN leg ON leg.sequence = sealing.record
 WHERE sealing.sequence > %(start)s AND sealing.sequence <= %(end)s
   AND leg.sequence BETWEEN %(first)s AND %(last)s"""
_COMMANDS = """SELECT command.command, MIN(sealing.sequence), MAX(sealing.sequence), actor_key, digest,
       signature, array_agg(leaf ORDER BY record.sequence), COUNT(*)
  FROM command LEFT JOIN record ON record.command = command.command
   AND record.command BETWEEN %(first)s AND %(last)s
  LEFT JOIN sealing ON sealing.record = record.sequence
 WHERE command.command BETWEEN %(first)s AND %(last)s
 GROUP BY command.command ORDER BY command.command"""
_KEYS = """SELECT body::jsonb->'body'->>'actor_key', MIN(sealing.sequence)
  FROM record JOIN sealing ON sealing.record = record.sequence WHERE kind = %s GROUP BY 1"""
_SETTINGS = """SELECT set_config('idle_in_transaction_session_timeout', '0', true),
  set_config('work_mem', '16MB', true), set_config('jit', 'off', true),
  set_config('max_parallel_workers_per_gather', '0', true)"""

_taken: dict[tuple[str, str], Connection] = {}
"""The connection of this process on each snapshot: one, for as long as the process lives."""


def share_snapshot(connection: Connection, url: str, processes: int) -> str | None:
    """The name under which ``processes`` others can read what this transaction reads; None where they cannot.

    They cannot where the server is full, or where the URL leads to another server each time.
    """
    others: list[Connection] = []
    try:
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        name = str(row[0]) if row else ""
        for _ in range(processes):
            others.append(connect(url))
            _take(others[-1], name)
        return name
    except (psycopg.Error, NetError):
        return None
    finally:
        for other in others:
            other.close()


def settle(connection: Connection) -> None:
    """Settings for a long verification, until the end of the transaction."""
    connection.execute(_SETTINGS)


def _take(connection: Connection, snapshot: str) -> None:
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot))
    settle(connection)


@contextmanager
def _reader(place: Place, snapshot: str) -> Iterator[Connection]:
    """A connection that has the snapshot; what fails on it spoils nothing for the next part."""
    if not isinstance(place, str):
        yield place
        return
    if (place, snapshot) not in _taken:
        _taken[place, snapshot] = connection = connect(place)
        connection.prepare_threshold = None
        _take(connection, snapshot)
    with _taken[place, snapshot].transaction():
        yield _taken[place, snapshot]


def stretch_job(place: Place, snapshot: str, ledger_id: str, start: int, end: int) -> Stretch:
    with _reader(place, snapshot) as connection:
        records, legs = stored_rows(connection, start, end)
    found = plain_stretch(ledger_id, start, end, records, legs)
    return check_stretch(ledger_id, start, end, records, legs) if found is None else found


def signed_after(connection: Connection, ledger_id: str, after: int) -> SignedStretch:
    """The commands that wrote what came after the record ``after``, by their numbers."""
    found = "SELECT MIN(command), MAX(command) FROM sealed_record WHERE sequence > %s"
    first, last = _one(connection, found, after)
    return signature_job(connection, "", ledger_id, first, last) if first is not None else SignedStretch()


def stored_rows(connection: Connection, start: int, end: int) -> tuple[list[Row], list[Row]]:
    """Records in the order of the tree, and their legs: nearly sorted already, so sorted here in no time."""
    first, last = _one(connection, _BOUNDS, start, end)
    low, high = _one(connection, _SIGNED, first, last)
    given = {"start": start, "end": end, "first": first, "last": last, "from": low, "to": high}
    with connection.cursor(binary=True) as cursor:
        records = cursor.execute(_RECORDS, given).fetchall()
        legs = cursor.execute(_LEGS, given).fetchall()
    records.sort(key=itemgetter(0))
    legs.sort(key=itemgetter(0, 1))
    return records, legs


def _one(connection: Connection, statement: LiteralString, *given: int | None) -> Row:
    return connection.execute(statement, given).fetchone() or (None, None)


def signature_job(place: Place, snapshot: str, ledger_id: str, first: int, last: int) -> SignedStretch:
    """The commands numbered from ``first`` to ``last``, both included."""
    signed = SignedStretch()
    with _reader(place, snapshot) as connection, connection.cursor(binary=True) as cursor:
        enrolled: dict[str, int] = dict(connection.execute(_KEYS, (kinds.ACTOR_ENROLLED,)).fetchall())
        withdrawn: dict[str, int] = dict(connection.execute(_KEYS, (kinds.ACTOR_WITHDRAWN,)).fetchall())
        for *row, leaves, count in cursor.execute(_COMMANDS, {"first": first, "last": last}):
            signed.findings += _check_one(ledger_id, tuple(row), leaves, count, enrolled, withdrawn)
            signed.commands += 1
    return signed


def _check_one(
    ledger_id: str,
    row: tuple[Any, ...],
    leaves: list[bytes | None],
    count: int,
    enrolled: dict[str, int],
    withdrawn: dict[str, int],
) -> list[Flaw]:
    if leaves == [None]:
        return [Flaw("signature", f"command {row[0]}", "signs records that are not there")]
    if row[1] is None:
        return []  # committed, not yet sealed: counted apart
    if row[2] - row[1] + 1 != count:
        return [Flaw("signature", f"records {row[1]} to {row[2]}", "were signed together, but lie apart")]
    return check_command(ledger_id, row, [leaf or b"" for leaf in leaves], enrolled, withdrawn)


def indexes_job(place: Place, snapshot: str, _: str) -> list[Flaw]:
    with _reader(place, snapshot) as connection:
        return list(check_indexes(connection))


def projections_job(place: Place, snapshot: str, _: str) -> list[Flaw]:
    with _reader(place, snapshot) as connection:
        return list(check_projections(connection))
