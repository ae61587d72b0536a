"""Balances and floors against the legs: all of them summed up anew, and every step of the floored accounts.

One question each says whether anything is wrong; only then a slower one names the place. SQLite sorts on the
disk, so memory stays flat however long the ledger is. Legs are taken order by order, which is nearly how they
were written: that sorts in half the time that account by account takes.
"""

import sqlite3
from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter

from ledger.record.findings import Flaw
from ledger.verify.projections import SHOWN, Projection
from ledger.verify.sqlite_projections import compare

_KEY = "order_reference, entity, account, currency"
_SUMMED = f"""SELECT {_KEY}, SUM(amount_minor) AS amount, MAX(sequence * 1048576 + n), sequence, n
    FROM leg GROUP BY {_KEY}"""  # noqa: S608 - texts of this module; sequence and n are of the last leg
_FITTING = f"""SELECT COUNT(*), COALESCE(SUM(amount IS amount_minor AND sequence IS last_sequence
         AND n IS last_leg), 0), (SELECT COUNT(*) FROM balance)
    FROM ({_SUMMED}) LEFT JOIN balance USING ({_KEY})"""  # noqa: S608
BALANCE = Projection(
    "balance",
    f"SELECT {_KEY}, amount, sequence, n FROM ({_SUMMED})",  # noqa: S608
    f"SELECT {_KEY}, amount_minor, last_sequence, last_leg FROM balance",  # noqa: S608
    4,
)
_FLOORED = "account_floor CROSS JOIN leg USING (entity, account)"
_STEPS = f"""SELECT {_KEY}, sequence, minimum_minor, last_sequence, amount_minor FROM {_FLOORED}
   WHERE order_reference IN
         (SELECT order_reference FROM {_FLOORED} WHERE amount_minor < 0 OR minimum_minor > 0)
   ORDER BY {_KEY}, sequence"""  # noqa: S608
"""The steps of floored accounts in orders in which something was taken from one: no other can be too low."""


def check_balances(connection: sqlite3.Connection) -> list[Flaw]:
    """Which balances are wrong, and where an account stood below its floor."""
    connection.execute("BEGIN")
    try:
        wrong = [] if _all_fit(connection) else [*compare(connection, BALANCE)]
        return [*wrong, *_below_floor(connection)]
    finally:
        connection.execute("ROLLBACK")


def _all_fit(connection: sqlite3.Connection) -> bool:
    try:
        summed, fitting, stored = connection.execute(_FITTING).fetchone()
    except sqlite3.Error:  # a sum beyond 64 bits, or a table that is not as it was
        return False
    return bool(summed == fitting == stored)


def _below_floor(connection: sqlite3.Connection) -> Iterator[Flaw]:
    """Entries after which a floored account of an order stood too low, though it may not now."""
    try:
        yield from islice(_too_low(connection), SHOWN)
    except (sqlite3.Error, TypeError) as error:
        yield Flaw("floor", "floors of accounts", f"cannot be recomputed: {error}")


def _too_low(connection: sqlite3.Connection) -> Iterator[Flaw]:
    for (order, entity, account, currency), steps in groupby(
        connection.execute(_STEPS), key=itemgetter(0, 1, 2, 3)
    ):
        balance = 0
        for (sequence, minimum, since), legs in groupby(steps, key=itemgetter(4, 5, 6)):
            balance += sum(leg[7] for leg in legs)
            if balance < minimum and sequence > since:
                yield Flaw(
                    "floor",
                    f"record {sequence}",
                    f"took account {account} of {entity} in order {order or '-'} below its floor,"
                    f" to {balance} {currency}",
                )
