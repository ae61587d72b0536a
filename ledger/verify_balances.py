"""Balances and floors recomputed while records are read: what each stretch moved, put together at the end.

A stretch adds up what its legs moved on each account within each order, in the order written, and how low it
stood on the way. Put together stretch by stretch that gives every balance and whether it ever was below its
floor, without sorting the legs. It says yes or no; where it says no, the slower question names the place.
"""

import marshal
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import Any

Row = tuple[Any, ...]
Floors = dict[tuple[str, str], tuple[int, int]]
"""(entity, account) to (minimum, the record since which it holds)."""

_KEY = itemgetter(0, 1, 2, 3)
_STORED = (
    "SELECT entity, account, currency, order_reference, amount_minor, last_sequence, last_leg FROM balance"
    " ORDER BY entity, account, currency, order_reference"
)


def read_floors(connection: sqlite3.Connection) -> Floors:
    """None where they cannot be read, which the comparison with the records tells."""
    try:
        rows = connection.execute(
            "SELECT entity, account, minimum_minor, last_sequence FROM account_floor"
        ).fetchall()
    except sqlite3.DatabaseError:
        return {}
    return {(entity, account): (minimum, since) for entity, account, minimum, since in rows}


class Moves:
    """What the legs of one stretch moved."""

    def __init__(self, floors: Floors) -> None:
        self._floors = floors
        self._moved: dict[Row, list[Any]] = {}

    def add(self, legs: Iterable[Row]) -> None:
        """Legs (sequence, n, entity, account, currency, amount, order, date) of whole records, in order.

        ``TypeError`` for an amount that is no number.
        """
        moved, record = self._moved, 0
        floored: list[list[Any]] = []
        for sequence, n, entity, account, currency, amount, order, _ in legs:
            if sequence != record:
                if floored:
                    floored = _lowest(record, floored)
                record = sequence
            key = entity, account, currency, order
            move = moved.get(key)
            if move is None:
                _, since = self._floors.get((entity, account), (0, None))
                move = moved[key] = [0, 0, 0, None, since]
            move[0] += amount
            move[1] = sequence
            move[2] = n
            if move[4] is not None:
                floored.append(move)
        _lowest(record, floored)

    def packed(self) -> bytes:
        """A row for each account and order that was moved: key, sum, last record and leg, lowest."""
        return marshal.dumps([(*key, *move[:4]) for key, move in self._moved.items()])


def _lowest(record: int, moves: Iterable[list[Any]]) -> list[list[Any]]:
    """Note how low floored accounts stand after a whole record, seen from the beginning of the stretch."""
    for move in moves:
        if record > move[4] and (move[3] is None or move[0] < move[3]):
            move[3] = move[0]
    return []


class Together:
    """What all stretches moved, kept on the disk, so that memory does not grow with the ledger."""

    def __init__(self) -> None:
        self._kept = sqlite3.connect("", isolation_level=None)
        self._kept.execute("PRAGMA synchronous = OFF")
        self._kept.execute(
            "CREATE TABLE moved (entity, account, currency, order_reference, stretch, amount, last_sequence,"
            " last_leg, lowest)"
        )
        self._kept.execute("BEGIN")
        self._stretch = 0
        self._readable = True

    def add(self, packed: bytes) -> None:
        """The next stretch's moves; empty when they could not be added up."""
        self._stretch += 1
        if not packed:
            self._readable = False
            return
        rows = ((*row[:4], self._stretch, *row[4:]) for row in marshal.loads(packed))
        try:
            self._kept.executemany("INSERT INTO moved VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        except (OverflowError, sqlite3.Error):
            self._readable = False  # a sum beyond 64 bits, or a value that is none

    def sound(self, connection: sqlite3.Connection) -> bool:
        """Whether ``balance`` is what was moved, and no account ever stood below its floor."""
        if not self._readable:
            return False
        floors = read_floors(connection)
        moved = self._kept.execute(
            "SELECT * FROM moved ORDER BY entity, account, currency, order_reference, stretch"
        )
        try:
            return all(
                mine == theirs
                for mine, theirs in zip_longest(_summed(moved, floors), connection.execute(_STORED))
            )
        except (TypeError, sqlite3.Error):
            return False

    def close(self) -> None:
        self._kept.close()


def _summed(moved: Iterable[Row], floors: Floors) -> Iterator[Row | None]:
    """A row for each balance; None, which equals nothing, for one that was below its floor."""
    for key, parts in groupby(moved, key=_KEY):
        minimum, _ = floors.get(key[:2], (None, 0))
        total, last, leg, below = 0, 0, 0, False
        for _, _, _, _, _, amount, last, leg, lowest in parts:  # noqa: B007 - the last ones count
            below = below or (lowest is not None and minimum is not None and total + lowest < minimum)
            total += amount
        yield None if below else (*key, total, last, leg)
