"""Many orders in one commit: a ledger whose writes are parts of one open transaction.

Each ``write()`` inside is a savepoint: a part that fails is undone alone. Nothing is durable, and so
nothing may be told to anybody, before the whole group is committed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.store import Ledger


class _Group(Reading):
    """Reads and writes of one open transaction, with the face of a ledger."""

    def __init__(self, ledger: Ledger, transaction: Transaction) -> None:
        self._ledger = ledger
        self.transaction = transaction
        self.id = ledger.id
        self.practice = ledger.practice

    def committed(self) -> Ledger:
        return self._ledger

    def _queries(self) -> Any:
        return self.transaction._queries()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        with self.transaction.savepoint():
            yield self.transaction

    def close(self) -> None:
        """The ledger itself stays open."""


@contextmanager
def grouped(ledger: Ledger) -> Iterator[Ledger]:
    """A ledger on which every write is part of one commit, made durable when the block ends."""
    with ledger.write() as transaction:
        transaction.queue()
        yield cast(Ledger, _Group(ledger, transaction))
