"""Balances and floors recomputed while records are read: what each stretch moved, put together at the end.

A stretch adds up what its legs moved on each account within each order, in the order written, and how low it
stood on the way. Put together stretch by stretch that gives every balance and whether it ever was below its
floor, without sorting the legs. It says yes or no; where it says no, the slower question names the place.
"""

import marshal
import sqlite3
from collections.abc import Iterable
from typing import Any

Row = tuple[Any, ...]
Key = tuple[str, str, str, str]
"""Entity, account, currency, order."""
Floors = dict[tuple[str, str], int]
"""(entity, account) to the record since which its floor holds."""

_KEY = "entity, account, currency, order_reference"
_MOVED = f"CREATE TEMP TABLE moved ({_KEY}, amount, sequence, n, lowest)"
_FITTING = f"""SELECT COUNT(*), COALESCE(SUM(amount IS amount_minor AND sequence IS last_sequence
         AND n IS last_leg), 0), (SELECT COUNT(*) FROM balance)
    FROM (SELECT {_KEY}, SUM(amount) AS amount, MAX(sequence) AS sequence, n FROM moved GROUP BY {_KEY})
    LEFT JOIN balance USING ({_KEY})"""  # noqa: S608 - texts of this module; n is that of the last record
_BELOW = f"""SELECT COUNT(*) FROM (SELECT minimum_minor, lowest + SUM(amount) OVER (PARTITION BY {_KEY}
         ORDER BY sequence) - amount AS stood FROM moved JOIN account_floor USING (entity, account))
   WHERE stood < minimum_minor"""  # noqa: S608


def read_floors(connection: sqlite3.Connection) -> Floors:
    """None where they cannot be read, which the comparison with the records tells."""
    try:
        rows = connection.execute("SELECT entity, account, last_sequence FROM account_floor").fetchall()
    except sqlite3.DatabaseError:
        return {}
    return {(entity, account): since for entity, account, since in rows}


class Moves:
    """What the legs of one stretch moved."""

    def __init__(self, floors: Floors) -> None:
        self._floors = floors
        self._moved: dict[Key, list[Any]] = {}
        """Of each key: amount, last record and leg, how low it stood, and since which record that counts."""

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
                move = moved[key] = [0, 0, 0, None, self._floors.get((entity, account))]
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
    """What all stretches moved, in a table that SQLite moves to the disk: memory does not grow with it.

    ``connection`` reads the ledger; the table is its own and goes with it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._connection.execute(_MOVED)
        self._readable = True

    def add(self, packed: bytes) -> None:
        """A stretch's moves; empty when they could not be added up."""
        if not packed:
            self._readable = False
            return
        rows = marshal.loads(packed)
        try:
            self._connection.executemany("INSERT INTO temp.moved VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        except (OverflowError, sqlite3.Error):
            self._readable = False  # a sum beyond 64 bits, or a value that is none

    def sound(self) -> bool:
        """Whether ``balance`` is what was moved, and no account ever stood below its floor."""
        if not self._readable:
            return False
        try:
            moved, fitting, stored = self._connection.execute(_FITTING).fetchone()
            (below,) = self._connection.execute(_BELOW).fetchone()
        except sqlite3.Error:  # a sum beyond 64 bits, or a table that is not as it was
            return False
        return bool(moved == fitting == stored and not below)
