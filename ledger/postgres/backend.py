"""The ledger on PostgreSQL: many writers at once, on a role that owns nothing.

Writers store records with their hash; the tree is built afterwards by one sealer at a time (``sealer``).
Isolation is READ COMMITTED: every limit is kept by a row lock or a unique key inside the database.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

import psycopg

from domain.errors import (
    LedgerBrokenError,
    NetError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from ledger.book.transaction import Clock, FirstRecords, Transaction
from ledger.postgres.connection import Connection, connect, told
from ledger.postgres.sealer import SealedNodes, SealerBusyError, seal
from ledger.postgres.setup import create_database_objects
from ledger.record.backend import ContendedError, GuardError, NewRecord, Row
from ledger.record.signing import command_digest, command_message
from ledger.schema.versions import require_known, version_of
from trust.keys import Actor

SEAL_EVERY_SECONDS = 0.25
QUEUE_LOCK = 0x6E65_7402
_ADD = "SELECT written, refusal FROM add_record(%s, %s, %s, %s, %s, %s, %s, %s)"
_SIGN = (
    "INSERT INTO command (command, actor_key, digest, signature)"
    " VALUES (currval('command_number'), %s, %s, %s)"
)
_AT_ONCE = "SELECT commit_records(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)"
_ONE_AT_ONCE = (
    "SELECT commit_records(ARRAY[%b::text], ARRAY[%b::text], ARRAY[%b::text], ARRAY[%b::text],"
    " ARRAY[%b::text], ARRAY[%b::integer], ARRAY[%b::text], ARRAY[%b::bytea], %b, %b, %b)"
)
"""The same for one record: the server puts its arrays together in half the time that the driver takes."""
_PREPARED: dict[str, str] = {}


def _statement(text: str) -> str:
    """A statement of the shared code, which marks parameters with ``?`` and holds no other ``?``."""
    if text not in _PREPARED:
        _PREPARED[text] = text.replace("%", "%%").replace("?", "%s")
    return _PREPARED[text]


class PostgresQueries:
    """Answers over committed state; records are listed by their place in the tree."""

    def __init__(self, connection: Connection, backend: "PostgresBackend") -> None:
        self.connection = connection
        self._backend = backend

    def listed(self) -> str:
        self._backend.seal()
        return "sealed_record"

    def placed(self) -> str:
        return "placed_record"

    def summands(self) -> str:
        return "balance_part"

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
        with told():
            return iter(self.connection.execute(_statement(statement), parameters).fetchall())


class PostgresWrite(PostgresQueries):
    """One open transaction; it lists records in the order of writing, its own among them."""

    def __init__(self, connection: Connection, backend: "PostgresBackend") -> None:
        super().__init__(connection, backend)
        self._leaves: list[bytes] = []

    def listed(self) -> str:
        return "record"

    def add(self, record: NewRecord) -> int | None:
        with told():
            row = self.connection.execute(_ADD, record).fetchone()
        written, refusal = cast(Row, row)
        if refusal is not None:
            raise GuardError(refusal.removeprefix("net: "))
        if written is None:
            return None
        self._leaves.append(record.leaf)
        return 0

    def add_together(self, records: Sequence[NewRecord]) -> int | None:  # noqa: ARG002
        """Never: the driver sends statements in a pipeline already."""
        return None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        count = len(self._leaves)
        with told(), self.connection.transaction():
            try:
                yield
            except BaseException:
                del self._leaves[count:]
                raise

    def queue(self) -> None:
        with told():
            self.connection.execute("SELECT pg_advisory_xact_lock(%s)", (QUEUE_LOCK,))

    def lock_slots(self, slots: Sequence[tuple[str, str]]) -> None:
        resources, periods = [slot[0] for slot in slots], [slot[1] for slot in slots]
        with told():
            self.connection.execute("SELECT lock_slots(%s::text[], %s::text[])", (resources, periods))

    def end(self, ledger_id: str, actor: Actor) -> None:
        """Sign what was written and commit."""
        with told():
            if not self._leaves:
                self._commit()
                return
            signed = _signed(ledger_id, actor, self._leaves)
            with self.connection.pipeline():
                self.connection.execute(_SIGN, signed)
                self._commit()

    def _commit(self) -> None:
        """A transaction that failed answers COMMIT with ROLLBACK, and no error."""
        ended = self.connection.execute("COMMIT")
        if ended.statusmessage not in (None, "COMMIT"):
            raise ContendedError(
                "the database gave this write up at an earlier step", "nothing was written: run it again"
            )


def _signed(ledger_id: str, actor: Actor, leaves: Sequence[bytes]) -> tuple[str, bytes, bytes]:
    digest = command_digest(leaves)
    return actor.key.public.text, digest, actor.key.sign(command_message(ledger_id, digest))


class PostgresBackend:
    """A ledger in the schema ``net`` of one PostgreSQL database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._main: Connection | None = None
        self._aside: Connection | None = None
        self._may_write = False
        self._writing = False
        self._sealed_at = 0.0
        self._sealer: bool | None = None
        self._patient = True
        self.ledger_id, self.practice = self._identity()

    def _identity(self) -> tuple[str, bool]:
        queries = self.reader()
        there = next(queries.rows("SELECT to_regclass('net.ledger'), to_regclass('net.record')"))
        if there == (None, None):
            raise NotFoundError("there is no ledger in this database", "net init makes one")
        if None in there:
            raise LedgerBrokenError(
                "a table of this ledger was dropped", "restore the server's backup, or net ledger restore"
            )
        row = next(queries.rows("SELECT ledger_id, practice, schema_version FROM ledger"), None)
        if row is None:
            raise UsageError(
                "this database holds no whole ledger", "run net init again, in an empty database"
            )
        self.version = require_known(version_of(self.reader(), row[2]), "the ledger")
        return row[0], bool(row[1])

    def reader(self) -> PostgresQueries:
        """Committed state: beside an open write that takes a second connection."""
        if not self._writing:
            return PostgresQueries(self._connection(), self)
        if self._aside is None or self._aside.closed:
            self._aside = connect(self.url)
        return PostgresQueries(self._aside, self)

    def _connection(self) -> Connection:
        if self._main is None or self._main.closed:
            self._main = connect(self.url)
        return self._main

    def tree(self) -> SealedNodes:
        """The Merkle tree over the sealed records."""
        self.seal()
        return SealedNodes(self.reader().connection)

    @contextmanager
    def write(self, actor: Actor) -> Iterator[PostgresWrite]:
        if self._writing:
            raise RuntimeError("a write is open already on this ledger")
        connection = self._writing_connection()
        self._writing = True
        try:
            yield from self._commit(connection, actor)
        finally:
            self._writing = False
        self._seal_now_and_then()

    def _commit(self, connection: Connection, actor: Actor) -> Iterator[PostgresWrite]:
        with told():
            connection.execute("BEGIN; SELECT nextval('command_number')")
        try:
            write = PostgresWrite(connection, self)
            yield write
            write.end(self.ledger_id, actor)
        except BaseException:
            self._undo(connection)
            raise

    def _undo(self, connection: Connection) -> None:
        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:
            connection.close()

    def at_once(self, actor: Actor, records: Sequence[NewRecord]) -> bool:
        """Commit the records in one statement; False when that failed and nothing is written."""
        connection = self._writing_connection()
        columns: Sequence[Any]
        if len(records) == 1:
            statement, columns = _ONE_AT_ONCE, records[0]
        else:
            statement, columns = _AT_ONCE, [list(column) for column in zip(*records, strict=True)]
        signed = _signed(self.ledger_id, actor, [record.leaf for record in records])
        try:
            with told():
                connection.execute(statement, (*columns, *signed))
        except (ContendedError, GuardError, LedgerBrokenError):
            return False
        self._seal_now_and_then()
        return True

    def _writing_connection(self) -> Connection:
        connection = self._connection()
        if not self._may_write:
            with told():
                row = connection.execute(
                    "SELECT rolsuper OR pg_has_role(nspowner, 'MEMBER') FROM pg_roles, pg_namespace"
                    " WHERE rolname = current_user AND nspname = 'net'"
                ).fetchone()
            if row and row[0]:
                raise RefusedError(
                    "this role owns the ledger and could rewrite it",
                    "write with the URL that net init gave; the owner is for migrations alone",
                )
            self._may_write = True
        return connection

    def seal(self) -> int:
        """Give every committed record its place in the tree; how many got theirs now.

        Who may only read, or reads from a replica, sees what others have sealed; so does who waited in vain
        for another sealer, and does not wait for that one again.
        """
        count: int | None = 0
        with told():
            connection = self.reader().connection
            if self._may_seal(connection):
                count = self._seal_patiently(connection)
        self._sealed_at = time.monotonic()
        return count or 0

    def _seal_patiently(self, connection: Connection) -> int | None:
        count: int | None = None
        with suppress(SealerBusyError):
            count = seal(connection, wait=self._patient)
        self._patient = count is not None
        return count

    def _may_seal(self, connection: Connection) -> bool:
        if self._sealer is None:
            row = connection.execute(
                "SELECT NOT pg_is_in_recovery()"
                " AND NOT current_setting('default_transaction_read_only')::boolean"
                " AND has_any_column_privilege('net.sealing', 'INSERT')"
            ).fetchone()
            self._sealer = bool(row and row[0])
        return self._sealer

    def _seal_now_and_then(self) -> None:
        """A short-lived command seals when it closes; a long-lived writer a few times a second."""
        if self._sealed_at and time.monotonic() - self._sealed_at < SEAL_EVERY_SECONDS:
            return
        with told():
            seal(self._connection(), wait=False)
        self._sealed_at = time.monotonic()

    def keep_writers_out(self) -> None:
        """Waits for open writes to end; new ones wait until ours does."""
        with told():
            self._connection().execute("SELECT keep_writers_out()")

    def unsealed(self) -> int:
        """Records committed, not yet sealed: for those, the tree proves nothing yet."""
        row = next(self.reader().rows("SELECT COUNT(*) FROM unsealed_record"))
        return int(row[0])

    def close(self) -> None:
        """Seals what this process wrote, then hangs up."""
        try:
            if self._may_write and self._main is not None and not self._main.closed:
                self.seal()
        finally:
            for connection in (self._main, self._aside):
                if connection is not None:
                    connection.close()
            self._main = self._aside = None


def create(
    url: str, ledger_id: str, actor: Actor, clock: Clock, first_records: FirstRecords
) -> PostgresBackend:
    """A new ledger in an empty schema ``net`` of the database that ``url`` names, made by its owner.

    The backend that comes back works as the program's role; its ``url`` is what to use from then on.
    """
    connection = connect(url)
    try:
        with told(), connection.transaction():
            program_url = create_database_objects(connection, url)
            write = OwnersWrite(connection)
            first_records(Transaction(write, ledger_id, actor, clock))
            write.sign(ledger_id, actor)
    except GuardError as refusal:
        raise NetError(f"the first records were refused: {refusal.message}") from refusal
    finally:
        connection.close()
    return PostgresBackend(program_url)


class OwnersWrite(PostgresWrite):
    """A write of the owner, inside the transaction that changes the schema: it needs no backend yet."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._leaves: list[bytes] = []
        connection.execute("SELECT nextval('command_number')")

    def sign(self, ledger_id: str, actor: Actor) -> None:
        self.connection.execute(_SIGN, _signed(ledger_id, actor, self._leaves))
