"""What a database has to do for the ledger; SQLite and PostgreSQL each do it in a file of their own.

Statements shared by both use ``?`` for parameters; the PostgreSQL side rewrites them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from domain.errors import NetError, UnreachableError
from trust.keys import Actor
from trust.merkle import StoredTree

Row = tuple[Any, ...]
TOGETHER = 50
"""How many records go into one statement where that is faster; more gain nothing."""
Progress = Callable[[int, int], None]
"""Called with (records done, records in all)."""


class GuardError(NetError):
    """A guard inside the database refused a statement; nothing was written."""


class ContendedError(UnreachableError):
    """The database gave this write up for another writer's; nothing was written, it can be run again."""


class NewRecord(NamedTuple):
    """One row for ``record``; ``body`` is canonical and every other field a copy of what it says."""

    kind: str
    key: str
    trade_date: str
    order: str | None
    state: str | None
    legs: int
    body: str
    leaf: bytes


class Queries(Protocol):
    """Something that answers a SELECT: a reader's connection or an open write."""

    def listed(self) -> str:
        """The relation whose ``sequence`` is the order in which records are listed.

        Outside a write that is their place in the tree; PostgreSQL places what waits first.
        """
        ...

    def placed(self) -> str:
        """The relation whose ``sequence`` is a record's place in the tree, 0 while it has none."""
        ...

    def summands(self) -> str:
        """The relation whose amounts add up to balances: for sums over orders the fastest."""
        ...

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[Row]: ...


class Write(Queries, Protocol):
    """One open, atomic write."""

    def add(self, record: NewRecord) -> int | None:
        """Append; its place in the tree (0 while it has none), or None when the key is taken.

        ``GuardError`` when a guard refuses.
        """
        ...

    def add_together(self, records: Sequence[NewRecord]) -> int | None:
        """Append all in one statement where that is faster; the first one's place, None: add them singly.

        None also when one of them is refused or its key is taken; then nothing was written.
        """
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that is undone alone when it raises."""
        ...

    def queue(self) -> None:
        """Wait for other writes that queue: large ones would else stand in each other's way."""
        ...

    def lock_slots(self, slots: Sequence[tuple[str, str]]) -> None:
        """Keep other writers off these (resource, period) until the end, in an order that cannot deadlock."""
        ...


class Backend(Protocol):
    """One ledger's database."""

    ledger_id: str
    practice: bool
    version: int
    """The schema that the ledger has."""
    url: str
    """What opens this ledger again."""

    def reader(self) -> Queries:
        """Committed state only."""
        ...

    def tree(self) -> StoredTree:
        """The Merkle tree over the committed (on PostgreSQL: the sealed) records."""
        ...

    def write(self, actor: Actor) -> AbstractContextManager[Write]:
        """One durable commit signed by ``actor``; an exception inside rolls everything back."""
        ...

    def at_once(self, actor: Actor, records: Sequence[NewRecord]) -> bool:
        """Commit records in one statement where that is faster; False: nothing was written, use ``write``."""
        ...

    def keep_writers_out(self) -> None:
        """Until the open write ends nobody else writes, and what others wrote is committed."""
        ...

    def close(self) -> None: ...
