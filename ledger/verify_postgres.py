"""Verify a ledger on PostgreSQL: everything that is verified on SQLite, in one snapshot, by stretches.

Rows come over in stretches of fixed size and sorting is left to the server, so memory stays flat.
"""

import time
from collections.abc import Iterator
from typing import Any

import psycopg

from ledger.backend import Progress
from ledger.findings import Finding, Report
from ledger.postgres_catalog import check_catalog
from ledger.postgres_connection import Connection, reraise_if_broken
from ledger.verify_postgres_projections import check_projections
from ledger.verify_records import check_command, check_stretch
from ledger.verify_sqlite import COMMANDS, STRETCH, join_stretch
from ledger.versions import SCHEMA_VERSION
from trust.merkle import EMPTY_ROOT, fold

_RECORDS = """SELECT sealing.sequence, kind, key, trade_date, order_reference, state, legs, body, leaf, node,
       actor_key
  FROM sealing JOIN record ON record.sequence = sealing.record LEFT JOIN command USING (command)
 WHERE sealing.sequence > %s AND sealing.sequence <= %s ORDER BY sealing.sequence"""
_LEGS = """SELECT sealing.sequence, n, entity, account, currency, amount_minor, order_reference, trade_date
  FROM sealing JOIN leg ON leg.sequence = sealing.record
 WHERE sealing.sequence > %s AND sealing.sequence <= %s ORDER BY sealing.sequence, n"""
_COMMANDS = """SELECT command.command, MIN(sealing.sequence), MAX(sealing.sequence), actor_key, digest,
       signature, array_agg(leaf ORDER BY record.sequence), COUNT(*)
  FROM (SELECT * FROM command WHERE command >= %s ORDER BY command LIMIT %s) AS command
  LEFT JOIN record USING (command) LEFT JOIN sealing ON sealing.record = record.sequence
 GROUP BY command.command, actor_key, digest, signature ORDER BY command.command"""
LOWEST = -(1 << 63)
"""No command has a lower number, whoever numbered it."""
_ENROLLED = """SELECT body::jsonb->'body'->>'actor_key', sealing.sequence
  FROM record JOIN sealing ON sealing.record = record.sequence WHERE kind = 'actor.enrolled'"""


def verify_database(connection: Connection, progress: Progress | None = None) -> Report:
    """Recompute everything that the database says; all from one snapshot."""
    report = Report()
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    try:
        _verify(connection, report, progress)
    except psycopg.DatabaseError as error:
        reraise_if_broken(connection, error)
        report.add([Finding("database", "schema net", f"cannot be read as a ledger: {error}")])
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK")
    return report


def _verify(connection: Connection, report: Report, progress: Progress | None) -> None:
    started = time.perf_counter()
    report.ledger_id, size, schema = _extent(connection)
    check_catalog(connection, report, schema)
    connection.execute("SET TRANSACTION READ ONLY")
    report.add(list(_outside(connection, report, size)))
    peaks: list[tuple[int, bytes]] = []
    for start in range(0, size, STRETCH):
        bounds = (start, min(start + STRETCH, size))
        rows = connection.execute(_RECORDS, bounds).fetchall()
        legs = connection.execute(_LEGS, bounds).fetchall()
        stretch = check_stretch(report.ledger_id, *bounds, rows, legs)
        report.records += stretch.records
        report.legs += stretch.legs
        report.add(stretch.findings)
        join_stretch(peaks, stretch, report)
        if progress:
            progress(report.records, size)
    report.root = fold([peak for _, peak in peaks]) if peaks else EMPTY_ROOT
    report.add(list(check_projections(connection, schema)))
    report.record_seconds = time.perf_counter() - started
    started = time.perf_counter()
    _verify_signatures(connection, report)
    report.signature_seconds = time.perf_counter() - started


def _extent(connection: Connection) -> tuple[str, int, int]:
    """The ledger's id as its first record gives it, the last place of the tree, and its schema."""
    row = connection.execute(
        "SELECT (SELECT body::jsonb->>'ledger' FROM sealed_record WHERE sequence = 1),"
        " (SELECT COALESCE(MAX(sequence), 0) FROM sealing),"
        " (SELECT body::jsonb->'body'->>'to' FROM record WHERE kind = 'ledger.migrated'"
        " ORDER BY sequence DESC LIMIT 1),"
        " (SELECT body::jsonb->'body'->>'schema_version' FROM record WHERE kind = 'ledger.created' LIMIT 1)"
    ).fetchone()
    if row is None:
        return "", 0, SCHEMA_VERSION
    return row[0] or "", int(row[1]), int(row[2] or row[3] or SCHEMA_VERSION)


def _outside(connection: Connection, report: Report, size: int) -> Iterator[Finding]:
    """Rows that the walk along the tree does not meet."""
    if size == 0:
        yield Finding("gap", "record 1", "is missing: the ledger is empty")
    row = connection.execute(
        "SELECT (SELECT COUNT(*) FROM unsealed_record), (SELECT COUNT(*) FROM record WHERE NOT EXISTS"
        " (SELECT 1 FROM sealing WHERE sealing.record = record.sequence))"
    ).fetchone()
    report.unsealed, missed = (int(row[0]), int(row[1])) if row else (0, 0)
    if missed > report.unsealed:
        yield Finding(
            "gap", "records without a place", f"{missed - report.unsealed} were passed over by the sealer"
        )
    for (sequence,) in connection.execute("SELECT sequence FROM sealing WHERE sequence < 1 LIMIT 20"):
        yield Finding("gap", f"record {sequence}", "lies outside the ledger")
    for (last,) in connection.execute(
        "SELECT last_sequence FROM seal WHERE NOT EXISTS"
        " (SELECT 1 FROM sealing WHERE sequence = last_sequence) LIMIT 20"
    ):
        yield Finding("tree", f"seal at record {last}", "is of a record that is not in the tree")
    yield from _counters(connection)
    strays = (
        "SELECT DISTINCT sequence FROM leg WHERE NOT EXISTS"
        " (SELECT 1 FROM record WHERE record.sequence = leg.sequence) LIMIT 20"
    )
    for (sequence,) in connection.execute(strays):
        yield Finding("leg", f"entry {sequence}", "has postings, but there is no such record")


def _counters(connection: Connection) -> Iterator[Finding]:
    """Sequences behind what was drawn from them: numbers would come again, and writers fail on them."""
    if connection.execute("SELECT to_regclass('net.counter')").fetchone() == (None,):
        return
    for counted, reached, used in connection.execute("SELECT counted, reached, used FROM counter"):
        if used is not None and reached < used:
            yield Finding(
                "sequence", f"numbers of {counted}s", f"were set back to {reached}; {used} is in use"
            )


def _verify_signatures(connection: Connection, report: Report) -> None:
    enrolled: dict[str, int] = dict(connection.execute(_ENROLLED).fetchall())
    start = LOWEST
    while commands := connection.execute(_COMMANDS, (start, COMMANDS)).fetchall():
        for *row, leaves, count in commands:
            report.add(_check_one(report.ledger_id, tuple(row), leaves, count, enrolled))
        report.commands += len(commands)
        start = commands[-1][0] + 1


def _check_one(
    ledger_id: str, row: tuple[Any, ...], leaves: list[bytes | None], count: int, enrolled: dict[str, int]
) -> list[Finding]:
    if leaves == [None]:
        return [Finding("signature", f"command {row[0]}", "signs records that are not there")]
    if row[1] is None:
        return []  # committed, not yet sealed: counted apart
    if row[2] - row[1] + 1 != count:
        return [Finding("signature", f"records {row[1]} to {row[2]}", "were signed together, but lie apart")]
    return check_command(ledger_id, row, [leaf or b"" for leaf in leaves], enrolled)
