"""A SQLite file as the place where a ledger is copied to."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import LedgerBrokenError, RefusedError
from ledger.moving.target import SignedCommand, require_unfinished
from ledger.record.backend import GuardError
from ledger.schema.versions import SCHEMA_VERSION
from ledger.sqlite.backend import SqliteWrite
from ledger.sqlite.file import connect, create_file, is_taken, storage_trouble
from ledger.store import open_ledger


class SqliteTarget:
    """Whole commands at a time, each with the signature it came with."""

    def __init__(self, path: Path, ledger_id: str, version: int = SCHEMA_VERSION) -> None:
        self.url = str(path)
        self._path = path
        with _told(path):
            if not path.is_dir() and is_taken(path):
                with open_ledger(path) as copy:
                    require_unfinished(copy, ledger_id)
                self._connection = connect(path, read_only=False)
                self._connection.execute("BEGIN IMMEDIATE")
            else:
                self._connection = create_file(path, version)

    def size(self) -> int:
        row = self._connection.execute("SELECT COALESCE(MAX(sequence), 0) FROM record").fetchone()
        return int(row[0])

    def add(self, commands: list[SignedCommand]) -> None:
        with _told(self._path):
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            try:
                for command in commands:
                    self._add_one(command)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _add_one(self, command: SignedCommand) -> None:
        write = SqliteWrite(self._connection)
        for record in command.records:
            try:
                sequence = write.add(record)
            except GuardError as refusal:
                raise _broken(record.key, refusal.message) from refusal
            if sequence is None:
                raise _broken(record.key, "its key is there twice")
        write.sign(command.actor_key, command.digest, command.signature)

    def close(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.DatabaseError as error:
            told = RefusedError(f"the copy cannot be closed: {error}", "run the same command again")
            raise storage_trouble(self._path, error) or told from error
        finally:
            self._connection.close()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the disk or the rights refuse, in words: the copy goes on when the same command is run again."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        trouble = storage_trouble(path, error)
        if trouble is None:
            raise
        raise trouble from error


def _broken(key: str, told: str) -> LedgerBrokenError:
    return LedgerBrokenError(
        f"the record with the key {key!r} cannot be replayed: {told}",
        "nothing was handed over; net ledger verify says what is wrong with the source",
    )
