"""The ledger on SQLite: one file, WAL with full synchronisation, writers queued by a lock beside the file."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from domain.errors import LedgerBrokenError, NetError, NotFoundError, UsageError
from ledger.book.transaction import Clock, Transaction
from ledger.record.backend import TOGETHER, GuardError, NewRecord, Row
from ledger.record.signing import command_digest, command_message
from ledger.schema.versions import require_known, version_of
from ledger.sqlite.file import connect, create_file, storage_trouble
from ledger.sqlite.file_system import refuse_network
from ledger.sqlite.lock import FileLock
from trust.keys import Actor
from trust.merkle import Frontier

CHECKPOINT_PAGES = 4_096
"""How long the WAL grows before a commit copies it into the file and it begins again."""
WAL_BYTES_KEPT = 64 * 1024 * 1024
KEY_TAKEN = "net: this key is in the ledger already"

_INSERT = (
    "INSERT INTO record (sequence, command, kind, key, trade_date, order_reference, state, legs, body, leaf,"
    " node) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_LAST = (
    "SELECT sequence, node, (SELECT COALESCE(MAX(command), 0) + 1 FROM command) FROM record"
    " ORDER BY sequence DESC LIMIT 1"
)
_SIGN = (
    "INSERT INTO command (command, first_sequence, last_sequence, actor_key, digest, signature)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_INSERT_TOGETHER = _INSERT + ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" * (TOGETHER - 1)


class SqliteQueries:
    """A connection that answers; ``read_only`` ones can never write or checkpoint."""

    def __init__(self, path: Path, read_only: bool) -> None:
        self.connection = connect(path, read_only)

    def listed(self) -> str:
        return "record"

    def placed(self) -> str:
        return "record"

    def summands(self) -> str:
        return "balance"

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
        try:
            return iter(self.connection.execute(statement, parameters))
        except sqlite3.DatabaseError as error:
            raise unreadable(file_of(self.connection), error) from error


class SqliteWrite(SqliteQueries):
    """One open write on the writer's connection."""

    def __init__(self, connection: sqlite3.Connection, known: Frontier | None = None) -> None:
        self.connection = connection
        self._cursor = connection.cursor()
        size, node, number = self._cursor.execute(_LAST).fetchone() or (0, None, 1)
        self._command: int = number
        if known is None or known.size != size or known.peaks[-1:] != [node]:
            known = Frontier.at(size, StoredNodes(connection))
        self._frontier = known
        self._first = size + 1
        self._leaves: list[bytes] = []
        self._depth = 0

    @property
    def frontier(self) -> Frontier:
        """The right edge of the tree as of now; good for the next write when nobody else wrote in between."""
        return self._frontier

    def add(self, record: NewRecord) -> int | None:
        frontier = self._frontier
        node = frontier.node_for(record.leaf)
        try:
            self._cursor.execute(_INSERT, (frontier.size + 1, self._command, *record, node))
        except sqlite3.IntegrityError as error:
            if str(error) == KEY_TAKEN:
                return None
            raise GuardError(str(error).removeprefix("net: ")) from None
        frontier.accept(node)
        self._leaves.append(record.leaf)
        return frontier.size

    def add_together(self, records: Sequence[NewRecord]) -> int | None:
        """One statement for all: the trigger programs are set up once instead of once for each record."""
        if len(records) != TOGETHER:
            return None
        frontier = self._frontier.copy()
        values: list[Any] = []
        for record in records:
            node = frontier.append(record.leaf)
            values += (frontier.size, self._command, *record, node)
        try:
            self._cursor.execute(_INSERT_TOGETHER, values)
        except sqlite3.IntegrityError:
            return None
        first = self._frontier.size + 1
        self._frontier = frontier
        self._leaves += [record.leaf for record in records]
        return first

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        before, count = self._frontier.copy(), len(self._leaves)
        self._depth += 1
        name = f"part_{self._depth}"  # few names, so that each statement is prepared once
        self.connection.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self.connection.execute(f"ROLLBACK TO {name}")
            self.connection.execute(f"RELEASE {name}")
            self._frontier = before
            del self._leaves[count:]
            raise
        else:
            self.connection.execute(f"RELEASE {name}")
        finally:
            self._depth -= 1

    def queue(self) -> None:
        """Nothing to do: SQLite has one writer at a time."""

    def lock_slots(self, slots: Sequence[tuple[str, str]]) -> None:
        """Nothing to do: SQLite has one writer at a time."""

    def seal(self, ledger_id: str, actor: Actor) -> None:
        """Sign what was written, as the last statement before the commit."""
        if not self._leaves:
            return
        digest = command_digest(self._leaves)
        self.sign(actor.key.public.text, digest, actor.key.sign(command_message(ledger_id, digest)))

    def sign(self, actor_key: str, digest: bytes, signature: bytes) -> None:
        """Put a signature under what was written: our own, or the one that copied records came with."""
        try:
            self._cursor.execute(
                _SIGN, (self._command, self._first, self._frontier.size, actor_key, digest, signature)
            )
        except sqlite3.IntegrityError as error:
            raise LedgerBrokenError(
                "this cannot be signed: records before it are signed by nobody, or some were swallowed",
                "nothing was written; net ledger verify says what is wrong",
            ) from error


class StoredNodes:
    """The tree as stored in the record table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def leaf(self, number: int) -> bytes:
        return self._column("leaf", number)

    def node(self, number: int) -> bytes:
        return self._column("node", number)

    def _column(self, name: str, number: int) -> bytes:
        row = self._connection.execute(
            f"SELECT {name} FROM record WHERE sequence = ?",  # noqa: S608 - one of two names above
            (number,),
        ).fetchone()
        if row is None:
            raise LedgerBrokenError(f"record {number} is missing", "net ledger verify says what is wrong")
        return bytes(row[0])


class SqliteBackend:
    """A ledger in one SQLite file."""

    def __init__(self, path: Path) -> None:
        if not path.is_file() or path.stat().st_size == 0:
            raise NotFoundError(f"there is no ledger at {path}", "net init makes one")
        refuse_network(path)
        self.path = path
        self.url = str(path)
        self._lock = FileLock(path.with_name(path.name + "-lock"))
        self._writer: sqlite3.Connection | None = None
        self._reader: SqliteQueries | None = None
        self._writer_thread = 0
        self._frontier: Frontier | None = None
        self._file = same_file(path)
        self._wal: object = None
        undo_left_open(path)
        self.ledger_id, self.practice = self._identity()

    def _identity(self) -> tuple[str, bool]:
        try:
            row = next(self.reader().rows("SELECT ledger_id, practice, schema_version FROM ledger"), None)
        except LedgerBrokenError as error:
            raise (_damaged if _was_a_ledger(self.path) else _not_a_ledger)(self.path) from error
        except (ValueError, sqlite3.Error) as error:  # values of another kind than a ledger has
            raise _damaged(self.path) from error
        if row is None:
            raise _not_a_ledger(self.path)
        try:
            version = version_of(self.reader(), row[2])
            self.version = require_known(version, f"the ledger at {self.path}")
            return str(row[0]), bool(row[1])
        except (ValueError, TypeError, sqlite3.Error) as error:
            raise _damaged(self.path) from error

    def reader(self) -> SqliteQueries:
        if self._reader is None:
            self._reader = SqliteQueries(self.path, read_only=True)
        return self._reader

    def tree(self) -> "StoredNodes":
        return StoredNodes(self.reader().connection)

    @contextmanager
    def write(self, actor: Actor) -> Iterator[SqliteWrite]:
        if self._writer_thread == threading.get_ident():
            raise RuntimeError("a write is open already on this ledger")
        with self._lock.held():
            self._writer_thread = threading.get_ident()
            try:
                yield from self._commit(actor)
            except sqlite3.DatabaseError as error:
                trouble = storage_trouble(self.path, error)
                if trouble is None:
                    raise
                raise trouble from error
            finally:
                self._writer_thread = 0

    def _commit(self, actor: Actor) -> Iterator[SqliteWrite]:
        self._require_its_files("nothing was written")
        connection = self._writer or self._open_writer()
        known, self._frontier = self._frontier, None
        control(connection, "BEGIN IMMEDIATE")
        self._wal = self._wal or same_file(self._wal_path())
        try:
            write = SqliteWrite(connection, known)
            yield write
            write.seal(self.ledger_id, actor)
            self._require_its_files("nothing was written")
            control(connection, "COMMIT")
        except BaseException:
            if connection.in_transaction:
                control(connection, "ROLLBACK")
            raise
        self._require_its_files("what was written last may be lost")
        self._frontier = write.frontier

    def _wal_path(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    def _require_its_files(self, told: str) -> None:
        """What is open goes on being written when its name is gone; nobody would find it again."""
        for path, opened in ((self.path, self._file), (self._wal_path(), self._wal)):
            if opened is not None and same_file(path) != opened:
                raise LedgerBrokenError(
                    f"{path} was deleted, moved or replaced while this command had it open; {told}",
                    "put it back, or restore a backup, and run the same command again",
                )

    def _open_writer(self) -> sqlite3.Connection:
        """The connection that writes. Its commits, made under the lock, also checkpoint when the WAL is long.

        The WAL is not cut then but written again from its beginning: syncing a file that does not grow is
        cheaper. A reader in the way delays the checkpoint and nobody else.
        """
        connection = self._writer = connect(self.path, read_only=False)
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode = WAL")  # another program changed it
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT}")
        return connection

    def at_once(self, actor: Actor, records: Sequence[NewRecord]) -> bool:  # noqa: ARG002
        """Never: in one process a statement costs nothing to send."""
        return False

    def keep_writers_out(self) -> None:
        """Nothing to do: an open write is the only one."""

    def close(self) -> None:
        if self._reader is not None:
            self._reader.connection.close()
            self._reader = None
        if self._writer is not None:
            with self._lock.held():
                self._writer.close()
            self._writer = self._wal = None
        self._lock.close()


def undo_left_open(path: Path) -> None:
    """Let SQLite undo what another program left half written in a rollback journal; ours keeps none.

    Only a connection that writes can do that, and without it nobody can read.
    """
    journal = path.with_name(path.name + "-journal")
    if not journal.exists() or not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return
    with closing(connect(path, read_only=False)) as connection, suppress(sqlite3.DatabaseError):
        connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()


def same_file(path: Path) -> tuple[int, int] | None:
    """What tells whether a path still leads to the same file; None when nothing is there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def control(connection: sqlite3.Connection, statement: str) -> None:
    """Begin or end a transaction; a place of its own, so that a test can take the safety away."""
    connection.execute(statement)


def file_of(connection: sqlite3.Connection) -> Path:
    return Path(connection.execute("PRAGMA database_list").fetchone()[2])


def unreadable(path: Path, error: sqlite3.DatabaseError) -> NetError:
    """The disk or the rights where these are at fault, else a broken ledger."""
    broken = LedgerBrokenError(f"the ledger cannot be read: {error}", "net ledger verify says what is wrong")
    return storage_trouble(path, error) or broken


def _not_a_ledger(path: Path) -> UsageError:
    return UsageError(f"the file {path} is not a ledger", "name another with --ledger, or run net init")


_OUR_TEXTS = (
    b"net: what is written stays",
    b'"format":1,"key":"ledger","kind":"ledger.created"',
    b"CREATE TABLE record",
)


def _was_a_ledger(path: Path) -> bool:
    """Whether the file holds something that only a ledger says, whatever became of the rest."""
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            if any(text in part for text in _OUR_TEXTS):
                return True
    return False


def _damaged(path: Path) -> LedgerBrokenError:
    return LedgerBrokenError(
        f"the ledger {path} is damaged and cannot be opened",
        "keep it as it is; net ledger verify says what is wrong, net ledger restore brings back a backup",
    )


def create(
    path: Path, ledger_id: str, actor: Actor, clock: Clock, first_records: Callable[[Transaction], None]
) -> SqliteBackend:
    """A new ledger file with its first records, in one commit: a crash leaves no ledger or a whole one."""
    try:
        connection = create_file(path)
    except sqlite3.DatabaseError as error:
        raise unreadable(path, error) from error
    try:
        write = SqliteWrite(connection)
        first_records(Transaction(write, ledger_id, actor, clock))
        write.seal(ledger_id, actor)
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        trouble = storage_trouble(path, error) if isinstance(error, sqlite3.DatabaseError) else None
        if trouble is not None:
            raise trouble from error
        raise
    finally:
        connection.close()
    return SqliteBackend(path)
