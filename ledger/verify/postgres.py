"""Verify a ledger on PostgreSQL: everything that is verified on SQLite, in one snapshot, by stretches.

Rows come over in stretches of fixed size and sorting is left to the server, so memory stays flat. Several
processes share the snapshot; where they cannot, one walks alone.
"""

import os
import time
from collections.abc import Iterator
from itertools import islice

import psycopg

from domain.errors import NetError, UnreachableError, UsageError
from ledger.postgres.backend import PostgresBackend
from ledger.postgres.connection import Connection, reraise_if_broken, told
from ledger.record import kinds
from ledger.record.backend import Progress
from ledger.record.findings import Flaw, Report
from ledger.record.names import ACTORS, misnamed
from ledger.schema.versions import SCHEMA_VERSION
from ledger.verify.catalog import check_catalog
from ledger.verify.jobs import Jobs, parts
from ledger.verify.postgres_walk import (
    indexes_job,
    projections_job,
    settle,
    share_snapshot,
    signature_job,
    stretch_job,
)
from ledger.verify.projections import SHOWN
from ledger.verify.sqlite import join_stretch
from trust.merkle import EMPTY_ROOT, fold

STRETCH = 1 << 13
COMMANDS, FEWEST, LEAVES = 1 << 12, 1 << 8, 1 << 16
"""Commands of one part, at most and at least, and how many records those may have."""
LOWEST = -(1 << 63)
"""No command has a lower number, whoever numbered it."""


def verify_sealed(
    backend: PostgresBackend, workers: int | None = None, progress: Progress | None = None
) -> Report:
    """``verify_database`` of an open ledger; what waited is sealed first."""
    try:
        backend.seal()
        unsealable = None
    except (UnreachableError, UsageError):
        raise
    except NetError as error:
        unsealable = Flaw("tree", "the newest records", f"cannot be sealed: {error.message}")
    with told():
        report = verify_database(backend.reader().connection, backend.url, workers, progress)
    if unsealable:
        report.add([unsealable])
    return report


def verify_database(
    connection: Connection,
    url: str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Recompute everything that the database says; all from one snapshot.

    With the ``url`` of ``connection`` that is shared with other processes, ``workers`` of them.
    """
    report = Report()
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    try:
        _verify(connection, report, progress, url, workers)
    except psycopg.DatabaseError as error:
        reraise_if_broken(connection, error)
        report.add([Flaw("database", "schema net", f"cannot be read as a ledger: {error}")])
    except (TypeError, ValueError, AttributeError, IndexError) as error:  # values that no table of ours holds
        report.add([Flaw("database", "schema net", f"cannot be read as a ledger: {error}")])
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK")
    return report


def _verify(
    connection: Connection,
    report: Report,
    progress: Progress | None,
    url: str | None = None,
    workers: int | None = None,
) -> None:
    started = time.perf_counter()
    report.ledger_id, size, schema = _extent(connection)
    jobs = _jobs(connection, report.ledger_id, url if size > STRETCH else None, workers)
    try:
        check_catalog(connection, report, schema)
        connection.execute("SET TRANSACTION READ ONLY")
        settle(connection)
        indexes = jobs.submit(indexes_job)
        try:
            _verify_records(connection, report, jobs, size, progress)
        finally:  # what the rest stumbled over may be an index that lacks rows
            report.add(indexes.result())
        report.record_seconds = time.perf_counter() - started
        started = time.perf_counter()
        for signed in jobs.each(signature_job, _commands(connection, size)):
            report.commands += signed.commands
            report.add(signed.findings)
        report.signature_seconds = time.perf_counter() - started
    finally:
        jobs.close()


def _jobs(connection: Connection, ledger_id: str, url: str | None, workers: int | None) -> Jobs:
    processes = workers if workers is not None else os.cpu_count() or 1
    if url is not None and processes > 1 and (snapshot := share_snapshot(connection, url, processes)):
        return Jobs(url, snapshot, ledger_id, workers=processes, several=True)
    return Jobs(connection, "", ledger_id, workers=1, several=False)


def _verify_records(
    connection: Connection, report: Report, jobs: Jobs, size: int, progress: Progress | None
) -> None:
    derived = jobs.submit(projections_job)
    report.add(list(islice(misnamed(report.ledger_id, connection.execute(ACTORS)), SHOWN)))
    report.add(list(_outside(connection, report, size)))
    peaks: list[tuple[int, bytes]] = []
    for stretch in jobs.each(stretch_job, parts(size, STRETCH)):
        report.records += stretch.records
        report.legs += stretch.legs
        report.add(stretch.findings)
        join_stretch(peaks, stretch, report)
        if progress:
            progress(report.records, size)
    report.root = fold([peak for _, peak in peaks]) if peaks else EMPTY_ROOT
    report.add(derived.result())


def _commands(connection: Connection, records: int) -> Iterator[tuple[int, int]]:
    """The numbers of all commands, first and last of each part, so many as have about as many records."""
    row = connection.execute("SELECT COUNT(*) FROM command").fetchone()
    count = int(row[0]) if row else 0
    width = min(COMMANDS, max(FEWEST, count // 16), LEAVES * max(1, count) // max(1, records) or 1)
    lasts = connection.execute(
        "SELECT command FROM (SELECT command, row_number() OVER (ORDER BY command) AS at FROM command)"
        " AS numbered WHERE at %% %s = 0 ORDER BY command",
        (width,),
    ).fetchall()
    first = LOWEST
    for (last,) in lasts:
        yield first, last
        first = last + 1
    yield first, -LOWEST - 1


def _extent(connection: Connection) -> tuple[str, int, int]:
    """The ledger's id as its first record gives it, the last place of the tree, and its schema."""
    row = connection.execute(
        "SELECT (SELECT body::jsonb->>'ledger' FROM sealed_record WHERE sequence = 1),"
        " (SELECT COALESCE(MAX(sequence), 0) FROM sealing),"
        " (SELECT body::jsonb->'body'->>'to' FROM record WHERE kind = %s"
        " ORDER BY sequence DESC LIMIT 1),"
        " (SELECT body::jsonb->'body'->>'schema_version' FROM record WHERE kind = %s LIMIT 1)",
        (kinds.LEDGER_MIGRATED, kinds.LEDGER_CREATED),
    ).fetchone()
    if row is None:
        return "", 0, SCHEMA_VERSION
    return row[0] or "", int(row[1]), int(row[2] or row[3] or SCHEMA_VERSION)


def _outside(connection: Connection, report: Report, size: int) -> Iterator[Flaw]:
    """Rows that the walk along the tree does not meet."""
    if size == 0:
        yield Flaw("gap", "record 1", "is missing: the ledger is empty")
    row = connection.execute(
        "SELECT (SELECT COUNT(*) FROM unsealed_record), (SELECT COUNT(*) FROM record WHERE NOT EXISTS"
        " (SELECT 1 FROM sealing WHERE sealing.record = record.sequence))"
    ).fetchone()
    report.unsealed, missed = (int(row[0]), int(row[1])) if row else (0, 0)
    if missed > report.unsealed:
        yield Flaw(
            "gap", "records without a place", f"{missed - report.unsealed} were passed over by the sealer"
        )
    for (sequence,) in connection.execute("SELECT sequence FROM sealing WHERE sequence < 1 LIMIT 20"):
        yield Flaw("gap", f"record {sequence}", "lies outside the ledger")
    for (last,) in connection.execute(
        "SELECT last_sequence FROM seal WHERE NOT EXISTS"
        " (SELECT 1 FROM sealing WHERE sequence = last_sequence) LIMIT 20"
    ):
        yield Flaw("tree", f"seal at record {last}", "is of a record that is not in the tree")
    yield from _counters(connection)
    strays = (
        "SELECT DISTINCT sequence FROM leg WHERE NOT EXISTS"
        " (SELECT 1 FROM record WHERE record.sequence = leg.sequence) LIMIT 20"
    )
    for (sequence,) in connection.execute(strays):
        yield Flaw("leg", f"entry {sequence}", "has postings, but there is no such record")


def _counters(connection: Connection) -> Iterator[Flaw]:
    """Sequences behind what was drawn from them: numbers would come again, and writers fail on them."""
    if connection.execute("SELECT to_regclass('net.counter')").fetchone() == (None,):
        return
    for counted, reached, used in connection.execute("SELECT counted, reached, used FROM counter"):
        if used is not None and reached < used:
            yield Flaw("sequence", f"numbers of {counted}s", f"were set back to {reached}; {used} is in use")
