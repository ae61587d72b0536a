"""Bring a ledger that an older version wrote to the schema of this one.

Forward only. Verify, take a verified backup, run the steps and record them in one transaction, verify
again: the root over the records from before must be the same. The record ``ledger.migrated`` says from which
schema to which; a body is never rewritten. Whatever goes wrong before the commit leaves the ledger as it was.
"""

from dataclasses import dataclass
from pathlib import Path

from domain.errors import LedgerBrokenError, RefusedError
from domain.posting import Entry
from ledger.book.transaction import Clock, Transaction
from ledger.moving.backup import backup
from ledger.record.backend import Progress
from ledger.record.kinds import LEDGER_MIGRATED
from ledger.schema.versions import newest_version, steps
from ledger.sqlite.lock import FileLock
from ledger.store import Ledger, is_postgres, open_ledger, sqlite_path
from ledger.verify.ledger import verify_ledger
from trust.keys import Actor
from trust.merkle import root_at


@dataclass(frozen=True, slots=True)
class Upgraded:
    """From which schema to which; ``backup`` is None where there was nothing to do."""

    before: int
    after: int
    backup: Path | None
    records: int
    root: bytes


def upgrade_ledger(
    url: str,
    actor: Actor,
    clock: Clock,
    backup_to: Path,
    progress: Progress | None = None,
) -> Upgraded:
    """Upgrade the ledger at ``url`` (on PostgreSQL: its owner's URL); does nothing where it is up to date."""
    with open_ledger(url) as ledger:
        before, after, size = ledger.backend.version, newest_version(), ledger.size()
        root = root_at(size, ledger.backend.tree())
        if before == after:
            return Upgraded(before, after, None, size, root)
        _require_sound(ledger, "before the upgrade; nothing was changed", progress)
        backup(ledger, backup_to, progress)
    run = _run_postgres if is_postgres(url) else _run_sqlite
    run(url, actor, clock, before, after)
    with open_ledger(url) as ledger:
        restore = f"restore the backup: net ledger restore {backup_to}"
        if root_at(size, ledger.backend.tree()) != root:
            raise LedgerBrokenError("the upgrade changed the records from before", restore)
        _require_sound(ledger, f"after the upgrade; {restore}", progress)
    return Upgraded(before, after, backup_to, size, root)


def _require_sound(ledger: Ledger, when: str, progress: Progress | None) -> None:
    report = verify_ledger(ledger, progress=progress)
    if not report.sound:
        raise LedgerBrokenError(f"the ledger does not add up: {report.findings[0]}", when)


def _migrated(transaction: Transaction, clock: Clock, before: int, after: int) -> None:
    body = {"from": before, "to": after}
    transaction._append(Entry(LEDGER_MIGRATED, f"migrated:{after}", clock().date(), None, body))


def _run_sqlite(url: str, actor: Actor, clock: Clock, before: int, after: int) -> None:
    from ledger.sqlite.backend import SqliteWrite
    from ledger.sqlite.file import connect, statements

    path = sqlite_path(url)
    lock = FileLock(path.with_name(path.name + "-lock"))
    with open_ledger(url) as ledger:
        name = ledger.id
    with lock.held():
        connection = connect(path, read_only=False)
        try:
            connection.execute("BEGIN IMMEDIATE")
            for step in steps(before, "sqlite"):
                for statement in statements(step):
                    connection.execute(statement)
            write = SqliteWrite(connection)
            _migrated(Transaction(write, name, actor, clock), clock, before, after)
            write.seal(name, actor)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            connection.close()
    lock.close()


def _run_postgres(url: str, actor: Actor, clock: Clock, before: int, after: int) -> None:
    from psycopg import sql

    from ledger.postgres.backend import OwnersWrite
    from ledger.postgres.connection import connect, told
    from ledger.postgres.setup import grant_rights, role_names

    with open_ledger(url) as ledger:
        name = ledger.id
    connection = connect(url)
    try:
        with told(), connection.transaction():
            names = role_names(connection.info.dbname)
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(names["owner"])))
            connection.execute("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE")
            for step in steps(before, "postgres"):
                connection.execute(step)
            grant_rights(connection, names)
            write = OwnersWrite(connection)
            _migrated(Transaction(write, name, actor, clock), clock, before, after)
            write.sign(name, actor)
    except RefusedError as error:
        raise RefusedError(error.message, "upgrade with the URL of the ledger's owner") from error
    finally:
        connection.close()
