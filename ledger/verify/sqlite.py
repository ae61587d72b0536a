"""Verify a ledger in a SQLite file: records in stretches over several processes, projections beside them."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from domain.errors import NetError
from ledger.record import kinds
from ledger.record.backend import Progress
from ledger.record.findings import Flaw, Report
from ledger.record.names import ACTORS, misnamed
from ledger.schema.versions import OLDEST_VERSION, require_known
from ledger.sqlite.damage import looked, raise_trouble, told
from ledger.sqlite.file import CACHE_KIB, connect
from ledger.verify.balances import check_balances
from ledger.verify.jobs import Jobs, parts
from ledger.verify.plain import plain_stretch
from ledger.verify.projections import SHOWN
from ledger.verify.records import SignedStretch, Stretch, check_command, check_stretch
from ledger.verify.schema import stated_version
from ledger.verify.sqlite_projections import check_projections
from trust.merkle import Frontier, fold, node_hash

STRETCH = 1 << 14
COMMANDS = 1 << 12
FEWEST_COMMANDS = 1 << 8

_RECORDS = (
    "SELECT sequence, kind, key, trade_date, order_reference, state, legs, body, leaf, node, actor_key"
    " FROM record LEFT JOIN command ON command.command = record.command"
    " AND record.sequence BETWEEN first_sequence AND last_sequence"
    " WHERE sequence > ? AND sequence <= ? ORDER BY sequence"
)
_LEGS = (
    "SELECT sequence, n, entity, account, currency, amount_minor, order_reference, trade_date FROM leg"
    " WHERE sequence > ? AND sequence <= ? ORDER BY sequence, n"
)
_COMMANDS = (
    "SELECT command, first_sequence, last_sequence, actor_key, digest, signature FROM command"
    " WHERE command > ? AND command <= ? ORDER BY command"
)


_KEYS = "SELECT json_extract(body, '$.body.actor_key'), MIN(sequence) FROM record WHERE kind = ? GROUP BY 1"


def verify_file(path: Path, workers: int | None = None, progress: Progress | None = None) -> Report:
    """Recompute everything that a ledger file says; never writes to it."""
    report = Report()
    connection = connect(path, read_only=True)
    try:
        connection.execute("BEGIN")  # one state throughout, whoever writes meanwhile
        _require_known_schema(connection, path)
        report.ledger_id, size, commands = _extent(connection)
        report.add(list(looked(path, "gap", "the records", lambda: _outside(connection, size))))
        report.add(list(looked(path, "actor", "the keys", lambda: _names(connection, report.ledger_id))))
        jobs = Jobs(str(path), report.ledger_id, workers=workers, several=size > STRETCH)
        try:
            _verify(report, jobs, size, commands, progress or _quiet)
        finally:
            jobs.close()
    except NetError:
        raise
    except Exception as error:
        raise_trouble(path, error)
        report.add([Flaw("file", str(path), f"cannot be read as a ledger: {error}")])
    finally:
        connection.close()
    return report


def _names(connection: sqlite3.Connection, ledger_id: str) -> Iterator[Flaw]:
    return islice(misnamed(ledger_id, connection.execute(ACTORS)), SHOWN)


def _require_known_schema(connection: sqlite3.Connection, path: Path) -> None:
    """``UsageError`` for a schema too old to be opened, where both its table and its records say so."""
    try:
        row = connection.execute("SELECT MAX(schema_version) FROM ledger").fetchone()
    except (sqlite3.DatabaseError, ValueError):  # found elsewhere
        return
    if type(row[0]) is int and max(row[0], stated := stated_version(connection)) < OLDEST_VERSION:
        require_known(stated, f"the ledger at {path}")


def _extent(connection: sqlite3.Connection) -> tuple[str, int, int]:
    """The ledger's id as its first record gives it, the last record and the last command."""
    try:
        row = connection.execute(
            "SELECT json_extract(body, '$.ledger') FROM record WHERE sequence = 1"
        ).fetchone()
    except (sqlite3.DatabaseError, ValueError):  # the record that says it is told on its own
        row = None
    name = row[0] if row and isinstance(row[0], str) else ""
    return name, _reach(connection, "record", "sequence"), _reach(connection, "command", "command")


def _reach(connection: sqlite3.Connection, table: str, number: str) -> int:
    """Up to where rows are walked: one with a number out of all proportion is outside, or there is no end."""
    last, count = connection.execute(
        f"SELECT COALESCE(MAX({number}), 0), COUNT(*) FROM {table}"  # noqa: S608 - names of this module
    ).fetchone()
    if last <= 2 * count + STRETCH:
        return int(last)
    inside = f"SELECT COALESCE(MAX({number}), 0) FROM {table} WHERE {number} <= ?"  # noqa: S608
    return int(connection.execute(inside, (2 * count + STRETCH,)).fetchone()[0])


def _outside(connection: sqlite3.Connection, size: int) -> Iterator[Flaw]:
    """Rows before the first record or after the last, and commands that leave records unsigned."""
    if size == 0:
        yield Flaw("gap", "record 1", "is missing: the ledger is empty")
    for table, name in (("record", "record"), ("leg", "leg of record")):
        for (sequence,) in connection.execute(
            f"SELECT sequence FROM {table} WHERE sequence < 1 OR sequence > ? LIMIT 20",  # noqa: S608
            (size,),
        ):
            yield Flaw("leg", f"{name} {sequence}", "lies outside the ledger")
    for command, first in connection.execute(
        "SELECT command, first_sequence FROM (SELECT command, first_sequence,"
        " LAG(last_sequence, 1, 0) OVER (ORDER BY command) AS before FROM command)"
        " WHERE first_sequence <> before + 1 LIMIT 20"
    ):
        yield Flaw("signature", f"record {first}", f"command {command} does not follow the one before it")
    covered = connection.execute("SELECT COALESCE(MAX(last_sequence), 0) FROM command").fetchone()[0]
    if covered != size:
        yield Flaw("signature", f"record {covered + 1}", f"nobody signed the records up to {size}")


def _verify(
    report: Report,
    jobs: Jobs,
    size: int,
    commands: int,
    progress: Progress,
) -> None:
    started = time.perf_counter()
    beside = [
        jobs.submit(_storage_job),
        jobs.submit(_asked_job, check_projections),
        jobs.submit(_asked_job, check_balances),
    ]
    frontier = Frontier()
    peaks: list[tuple[int, bytes]] = []
    for stretch in jobs.each(_stretch_job, parts(size, STRETCH)):
        report.records += stretch.records
        report.legs += stretch.legs
        report.add(stretch.findings)
        join_stretch(peaks, stretch, report)
        progress(report.records, size)
    for job in beside:
        report.add(job.result())
    report.root = fold([peak for _, peak in peaks]) if peaks else frontier.root()
    report.record_seconds = time.perf_counter() - started
    started = time.perf_counter()
    width = max(
        FEWEST_COMMANDS, min(COMMANDS, commands // (8 * jobs.workers))
    )  # none waits for the last part
    for signed in jobs.each(_signature_job, parts(commands, width)):
        report.commands += signed.commands
        report.add(signed.findings)
    report.signature_seconds = time.perf_counter() - started


def join_stretch(peaks: list[tuple[int, bytes]], stretch: Stretch, report: Report) -> None:
    """Put a stretch's subtrees on the right of the tree; check the node stored at its last record."""
    sizes = [1 << bit for bit in range(60, -1, -1) if stretch.records & 1 << bit]
    node = b""
    for size, peak in zip(sizes, stretch.peaks, strict=True):
        node = peak
        while peaks and peaks[-1][0] == size:
            node = node_hash(peaks.pop()[1], node)
            size *= 2
        peaks.append((size, node))
    if node != stretch.last_node:
        report.add(
            [
                Flaw(
                    "tree",
                    f"record {stretch.end}",
                    "its place in the tree does not fit: the tree was rebuilt or cut",
                )
            ]
        )


def _quiet(done: int, size: int) -> None:
    """Progress for those who do not watch."""


def _stretch_job(path: str, ledger_id: str, start: int, end: int) -> Stretch:
    connection = connect(Path(path), read_only=True)
    try:
        connection.execute("BEGIN")
        rows = connection.execute(_RECORDS, (start, end)), connection.execute(_LEGS, (start, end))
        found = plain_stretch(ledger_id, start, end, *rows)
        if found is None:
            rows = connection.execute(_RECORDS, (start, end)), connection.execute(_LEGS, (start, end))
            found = check_stretch(ledger_id, start, end, *rows)
        return found
    except Exception as error:
        raise_trouble(Path(path), error)
        findings = list(islice(_unread(connection, ledger_id, start, end), SHOWN))
        return Stretch(start, end, findings=findings or [told("record", _span(start + 1, end), error)])
    finally:
        connection.close()


def stored_rows(
    connection: sqlite3.Connection, start: int, end: int
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The records of a stretch, and their legs."""
    records, legs = (connection.execute(rows, (start, end)).fetchall() for rows in (_RECORDS, _LEGS))
    return records, legs


def signed_after(path: Path, ledger_id: str, after: int) -> SignedStretch:
    """The commands that wrote what came after the record ``after``."""
    connection = connect(path, read_only=True)
    try:
        before = "COALESCE((SELECT command FROM record WHERE sequence = ?), 0)"
        found = f"SELECT {before}, COALESCE(MAX(command), 0) FROM command"  # noqa: S608
        first, last = connection.execute(found, (after,)).fetchone()
    finally:
        connection.close()
    return _signature_job(str(path), ledger_id, first, last)


def _unread(connection: sqlite3.Connection, ledger_id: str, start: int, end: int) -> Iterator[Flaw]:
    """Which records of a stretch cannot be looked at, one by one; what the others say of themselves."""
    for number in range(start + 1, end + 1):
        try:
            records = connection.execute(_RECORDS, (number - 1, number)).fetchall()
            legs = connection.execute(_LEGS, (number - 1, number)).fetchall()
            yield from check_stretch(ledger_id, number - 1, number, records, legs).findings
        except Exception as error:
            yield told("record", f"record {number}", error)


def _span(first: int, last: int) -> str:
    return f"record {first}" if first == last else f"records {first} to {last}"


def _signature_job(path: str, ledger_id: str, start: int, end: int) -> SignedStretch:
    connection = connect(Path(path), read_only=True)
    signed = SignedStretch()
    try:
        enrolled, withdrawn = (
            dict(connection.execute(_KEYS, (kind,))) for kind in (kinds.ACTOR_ENROLLED, kinds.ACTOR_WITHDRAWN)
        )
        rows = connection.execute(_COMMANDS, (start, end)).fetchall()
        stored = _Leaves(connection, rows[0][1], rows[-1][2]) if rows else None
        for row in rows:
            leaves = stored.up_to(row[1], row[2]) if stored else ()
            signed.findings += _check_one(ledger_id, row, leaves, enrolled, withdrawn)
            signed.commands += 1
    except Exception as error:
        raise_trouble(Path(path), error)
        signed.findings.append(told("signature", f"commands {start + 1} to {end}", error))
    finally:
        connection.close()
    return signed


def _check_one(
    ledger_id: str,
    row: tuple[Any, ...],
    leaves: Iterable[bytes],
    enrolled: dict[str, int],
    withdrawn: dict[str, int],
) -> list[Flaw]:
    try:
        return check_command(ledger_id, row, leaves, enrolled, withdrawn)
    except (TypeError, ValueError, AttributeError) as error:  # values of another kind than a command has
        return [told("signature", f"command {row[0]}", error)]


class _Leaves:
    """Leaves of consecutive commands, read once in order."""

    def __init__(self, connection: sqlite3.Connection, first: int, last: int) -> None:
        self._rows = connection.execute(
            "SELECT sequence, leaf FROM record WHERE sequence BETWEEN ? AND ? ORDER BY sequence",
            (first, last),
        )
        self._next: tuple[int, bytes] | None = self._rows.fetchone()

    def up_to(self, first: int, last: int) -> Iterator[bytes]:
        while self._next is not None and self._next[0] <= last:
            if self._next[0] >= first:
                yield self._next[1]
            self._next = self._rows.fetchone()


def _storage_job(path: str, _: str) -> list[Flaw]:
    """Whether pages and indexes hold together: an index that leaves rows out hides what is there."""
    connection = connect(Path(path), read_only=True)
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")  # it looks every row up in every index
    try:
        return list(looked(Path(path), "file", path, lambda: _integrity(connection, path)))
    finally:
        connection.close()


def _integrity(connection: sqlite3.Connection, path: str) -> Iterator[Flaw]:
    for (problem,) in connection.execute(f"PRAGMA integrity_check({SHOWN})"):
        if problem != "ok":
            yield _damage(path, problem)


def _damage(path: str, problem: str) -> Flaw:
    index = re.search(r"(?:missing from|in) index (\w+)", problem)
    if index:
        return Flaw("index", f"index {index[1]}", f"says other than its table: {problem}")
    return Flaw("file", path, f"is damaged: {problem}")


def _asked_job(path: str, _: str, question: Callable[[sqlite3.Connection], list[Flaw]]) -> list[Flaw]:
    connection = connect(Path(path), read_only=True)
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    try:
        return list(looked(Path(path), "file", question.__name__, lambda: question(connection)))
    finally:
        connection.close()
