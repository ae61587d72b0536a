"""Move a ledger to another database: replay every record, require the same root, hand over.

The records go over as they are: bytes, hashes and signatures of whoever wrote them. The place they go to
derives everything else anew behind its own guards. At the end nobody may write to the source for a moment:
the tail is copied, both roots are compared, and the source records that it was handed over, after which it
takes nothing more. The copy then records that it took over. A copy that was interrupted goes on where it
stopped when the same command is run again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from domain.errors import LedgerBrokenError, NotFoundError, RefusedError, UsageError
from domain.posting import Entry
from ledger.book.transaction import Clock, Transaction
from ledger.moving.target import CopyTarget, SignedCommand
from ledger.record.backend import NewRecord, Progress
from ledger.record.kinds import LEDGER_HANDED_OVER, LEDGER_TAKEN_OVER
from ledger.store import Ledger, is_postgres, open_ledger, sqlite_path
from ledger.verify.ledger import verify_ledger
from trust.keys import Actor
from trust.merkle import root_at

PAGE = 2_000
RECORDS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Copied:
    """The outcome: how many records have the same ``root`` on both sides, and where to go on from now."""

    records: int
    root: bytes
    url: str


def copy_ledger(
    source_url: str, target_url: str, actor: Actor, clock: Clock, progress: Progress | None = None
) -> Copied:
    """Move the ledger at ``source_url`` to ``target_url``; the source is read-only afterwards.

    ``RefusedError`` when another ledger is there, ``LedgerBrokenError`` when the roots differ.
    """
    if _is_same(source_url, target_url):
        raise UsageError("a ledger cannot be copied onto itself", "name another place")
    with open_ledger(source_url, actor=actor, clock=clock) as source:
        source.require_newest()
        _require_sound(source, "the ledger")
        target = open_target(target_url, source.id)
        try:
            replay(source, target, progress)
            with open_ledger(target.url) as copy:
                _require_sound(copy, "the copy")
            if not _is_handed_over(source):
                size, root = _hand_over(source, target, place_name(target.url))
            else:
                size, root = _handed_over_at(source, target, place_name(target.url))
        finally:
            target.close()
    with open_ledger(target.url, actor=actor, clock=clock) as copy:
        _require_root(copy, size, root)
        with copy.write() as transaction:
            _take_over(transaction, place_name(source_url), size, root)
    return Copied(size, root, target.url)


def _is_same(source_url: str, target_url: str) -> bool:
    """Whether both name one ledger, however they spell it; a file is known by what it is."""
    if source_url == target_url or is_postgres(source_url) or is_postgres(target_url):
        return source_url == target_url
    source, target = sqlite_path(source_url), sqlite_path(target_url)
    return source.exists() and target.exists() and source.samefile(target)


def commands_after(ledger: Ledger, sequence: int) -> Iterator[SignedCommand]:
    """Whole commands in the order of the tree, from the first record after ``sequence``."""
    for _, rows in groupby(_signed_rows(ledger, sequence), key=lambda row: row[1]):
        group = list(rows)
        records = tuple(_new_record(row) for row in group if row[2] != LEDGER_HANDED_OVER)
        if records:
            yield SignedCommand(records, group[0][10], bytes(group[0][11]), bytes(group[0][12]))


def _new_record(row: tuple[Any, ...]) -> NewRecord:
    return NewRecord(row[2], row[3], row[4], row[5], row[6], row[7], row[8], bytes(row[9]))


def _signed_rows(ledger: Ledger, sequence: int) -> Iterator[tuple[Any, ...]]:
    queries = ledger.backend.reader()
    listed = queries.listed()
    while True:
        page = list(
            queries.rows(
                "SELECT listed.sequence, listed.command, kind, key, trade_date, order_reference, state, legs,"  # noqa: S608
                f" body, leaf, actor_key, digest, signature FROM {listed} AS listed JOIN command"
                " ON command.command = listed.command WHERE listed.sequence > ?"
                f" ORDER BY listed.sequence LIMIT {PAGE}",
                (sequence,),
            )
        )
        yield from page
        if len(page) < PAGE:
            return
        sequence = page[-1][0]


def batches(
    commands: Iterable[SignedCommand], at_once: int = RECORDS_AT_ONCE
) -> Iterator[list[SignedCommand]]:
    """Commands in portions of about ``at_once`` records."""
    batch: list[SignedCommand] = []
    count = 0
    for command in commands:
        batch.append(command)
        count += len(command.records)
        if count >= at_once:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch


def open_target(url: str, ledger_id: str) -> CopyTarget:
    """An empty ledger at ``url``, or the unfinished copy of this very ledger that is there."""
    if is_postgres(url):
        from ledger.moving.postgres_target import PostgresTarget

        return PostgresTarget(url, ledger_id)
    from ledger.moving.sqlite_target import SqliteTarget

    return SqliteTarget(sqlite_path(url), ledger_id)


def place_name(url: str) -> str:
    """Where a ledger is, without host, folder, login or password."""
    if is_postgres(url):
        return f"postgresql:{urlsplit(url).path.lstrip('/')}"
    return f"sqlite:{sqlite_path(url).name}"


def replay(source: Ledger, target: CopyTarget, progress: Progress | None = None) -> None:
    """Every record that the target does not have yet."""
    done, total = target.size(), source.size()
    for batch in batches(commands_after(source, done)):
        target.add(batch)
        done += sum(len(command.records) for command in batch)
        if progress:
            progress(min(done, total), total)


def _hand_over(source: Ledger, target: CopyTarget, to: str) -> tuple[int, bytes]:
    with source.write() as transaction:
        source.backend.keep_writers_out()
        replay(source, target)
        size = target.size()
        root = root_at(size, source.backend.tree())
        with open_ledger(target.url) as copy:
            _require_root(copy, size, root)
        transaction._append(
            Entry(
                LEDGER_HANDED_OVER,
                f"handed-over:{size}",
                transaction._clock().date(),
                None,
                {"to": to, "size": size, "root": root.hex()},
            )
        )
    return size, root


def _is_handed_over(source: Ledger) -> bool:
    return any(source.records(kind=LEDGER_HANDED_OVER))


def _handed_over_at(source: Ledger, target: CopyTarget, to: str) -> tuple[int, bytes]:
    """An earlier run came as far as the source's last record; ``RefusedError`` if it went elsewhere."""
    last = next(source.records(kind=LEDGER_HANDED_OVER))
    if last.body["to"] != to:
        raise RefusedError(
            f"this ledger was handed over to {last.body['to']} and is read-only", "use the ledger there"
        )
    if target.size() < last.body["size"]:
        raise NotFoundError(f"the copy at {to} is gone or cut", "restore it from a backup")
    return int(last.body["size"]), bytes.fromhex(last.body["root"])


def _require_sound(ledger: Ledger, what: str) -> None:
    report = verify_ledger(ledger)
    if not report.sound:
        raise LedgerBrokenError(
            f"{what} does not add up: {report.findings[0]}", "nothing was handed over; run net ledger verify"
        )


def _require_root(copy: Ledger, size: int, root: bytes) -> None:
    if copy.size() < size or root_at(size, copy.backend.tree()) != root:
        raise LedgerBrokenError(
            f"the copy of the first {size} records has another root", "nothing was handed over; verify both"
        )


def _take_over(transaction: Transaction, origin: str, size: int, root: bytes) -> None:
    body = {"from": origin, "size": size, "root": root.hex()}
    before = transaction.record_by_key(f"taken-over:{size}")
    on = before.on if before else transaction._clock().date()
    transaction._append(Entry(LEDGER_TAKEN_OVER, f"taken-over:{size}", on, None, body))
