"""The agenda: what every order has due and to come, kept beside the ledger so that asking folds nothing.

It is made of the books alone and can be thrown away at any time: each order that has new records is folded
once, when the agenda is next asked for. A ledger that was put back or replaced is noticed and read anew.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from config.locations import data_directory
from domain.record_kinds import RecordKey
from domain.states import ENDED, OrderState
from flows.orders.find import read_order
from flows.overview.agenda_line import AgendaLine
from ledger.store import Ledger

VERSION = 1
NOT_YET = (OrderState.DRAFT, OrderState.CONFIRMED, OrderState.PLANNED, OrderState.HELD)
SCHEMA = """
CREATE TABLE line (order_reference TEXT, place INTEGER, due INTEGER, day TEXT, side TEXT, party TEXT,
                   what TEXT, amount_minor INTEGER, currency TEXT, command TEXT,
                   PRIMARY KEY (order_reference, place)) WITHOUT ROWID;
CREATE INDEX line_by_day ON line (due, day);
CREATE TABLE placed (order_reference TEXT PRIMARY KEY, place INTEGER, state TEXT, buyer TEXT, products TEXT,
                     destination TEXT, issued_on TEXT, due_on TEXT, gross_minor INTEGER, words TEXT)
                     WITHOUT ROWID;
CREATE TABLE seen (sequence INTEGER, record_id TEXT);
CREATE TABLE head (order_reference TEXT PRIMARY KEY, sequence INTEGER) WITHOUT ROWID;
"""
COLUMNS = "order_reference, place, due, day, side, party, what, amount_minor, currency, command"


class Agenda:
    """The kept lines of one ledger, brought up to its records when opened; a context manager."""

    def __init__(self, ledger: Ledger, told: Callable[[int], None] = lambda _count: None) -> None:
        self._ledger = ledger
        path = agenda_file(ledger.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._kept = sqlite3.connect(path, timeout=60, isolation_level=None)
        self._told = told
        self._follow()

    def __enter__(self) -> "Agenda":
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def _follow(self) -> None:
        self._kept.execute("BEGIN IMMEDIATE")
        size = self._ledger.size()
        if not self._fits(size):
            self._begin_anew()
        for order, sequence in self._changed():
            self._put(order, sequence)
            self._told(1)
        newest = self._ledger.record_by_sequence(size)
        self._kept.execute("DELETE FROM seen")
        self._kept.execute("INSERT INTO seen VALUES (?, ?)", (size, newest.record_id if newest else ""))
        self._kept.execute("COMMIT")

    def _fits(self, size: int) -> bool:
        """Whether what is kept is of this program and of the ledger as it is."""
        if self._kept.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            return False
        row = self._kept.execute("SELECT sequence, record_id FROM seen").fetchone()
        if row is None or row[0] > size:
            return False
        known = self._ledger.record_by_sequence(row[0])
        return bool((known.record_id if known else "") == row[1])

    def _begin_anew(self) -> None:
        for name in ("line", "placed", "seen", "head"):
            self._kept.execute(f"DROP TABLE IF EXISTS {name}")
        for statement in SCHEMA.split(";"):
            self._kept.execute(statement)
        self._kept.execute(f"PRAGMA user_version = {VERSION}")

    def _changed(self) -> Iterable[tuple[str, int]]:
        """Orders with records that are not in the agenda yet, each with its newest place."""
        row = self._kept.execute("SELECT sequence FROM seen").fetchone()
        touched = self._ledger.orders_after(row[0]) if row else None
        if touched is not None:
            return [(order, 0) for order in touched]
        known = dict(self._kept.execute("SELECT order_reference, sequence FROM head"))
        heads = self._ledger.orders()
        return [(one.order, one.last_sequence) for one in heads if known.get(one.order) != one.last_sequence]

    def _put(self, order: str, sequence: int) -> None:
        self._kept.execute("DELETE FROM line WHERE order_reference = ?", (order,))
        self._kept.execute("INSERT OR REPLACE INTO head VALUES (?, ?)", (order, sequence))
        state = self._ledger.order_state(order)
        self._put_placed(order)
        if state is None or OrderState(state) in (*ENDED, *NOT_YET):
            return
        from flows.overview.agenda_lines import lines_of_order  # what folds, where something changed

        rows = [
            (*astuple(line)[:3], line.on.isoformat(), *astuple(line)[4:])
            for line in lines_of_order(self._ledger, order)
        ]
        marks = ",".join("?" * 10)
        self._kept.executemany(f"INSERT INTO line ({COLUMNS}) VALUES ({marks})", rows)  # noqa: S608

    def _put_placed(self, order: str) -> None:
        known = read_order(self._ledger, order)
        first = self._ledger.record_by_key(RecordKey.order(order))
        if known is None or first is None:
            return
        said, products = known.order, ", ".join(dict.fromkeys(line.product for line in known.order.lines))
        words = " ".join((order, said.buyer.name, products, said.destination, said.note)).casefold()
        row = (
            order,
            first.sequence,
            known.state.value,
            said.buyer.name.casefold(),
            products.casefold(),
            said.destination,
            str(said.issued_on),
            str(said.due_on or ""),
            said.gross_minor,
            words,
        )
        self._kept.execute(f"INSERT OR REPLACE INTO placed VALUES ({','.join('?' * len(row))})", row)  # noqa: S608

    def find(self, wanted: "OrdersWanted") -> list[str]:
        """The orders that are wanted, in the order wanted."""
        clauses, given = wanted.clauses()
        where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
        rows = self._kept.execute(
            f"SELECT order_reference FROM placed {where} ORDER BY {wanted.ordering} LIMIT ?",  # noqa: S608
            (*given, -1 if wanted.limit is None else wanted.limit),
        )
        return [order for (order,) in rows]

    def lines(
        self, until: date, *, due: bool | None = None, side: str = "", limit: int = -1
    ) -> list[AgendaLine]:
        """Lines up to and with a day, earliest first; ``due`` leaves out what is only planned (False: what is
        due); at most ``limit`` where that is not negative."""
        clauses, given = ["day <= ?"], [until.isoformat()]
        clauses += [] if due is None else [f"due = {int(due)}"]
        if side:
            clauses.append("side = ?")
            given.append(side)
        rows = self._kept.execute(
            f"SELECT {COLUMNS} FROM line WHERE {' AND '.join(clauses)} ORDER BY day, order_reference, place"  # noqa: S608
            f" LIMIT {int(limit)}",
            given,
        )
        return [_read(row) for row in rows]

    def between(self, since: date, until: date, most: int) -> list[AgendaLine]:
        """Due and planned lines of these days, both in; at most ``most`` of each."""
        found = []
        for due in (1, 0):
            rows = self._kept.execute(
                f"SELECT {COLUMNS} FROM line WHERE due = ? AND day >= ? AND day <= ?"  # noqa: S608
                " ORDER BY day, order_reference, place LIMIT ?",
                (due, since.isoformat(), until.isoformat(), most),
            )
            found += [_read(row) for row in rows]
        return found

    def ages(self, today: date, edges: Sequence[int]) -> dict[tuple[str, str], list[int]]:
        """What buyers owe, by buyer and currency, in minor units: not due yet, then late by up to each number
        of days in ``edges``, then by more."""
        found: dict[tuple[str, str], list[int]] = {}
        rows = self._kept.execute(
            "SELECT party, currency, day, amount_minor FROM line WHERE due = 1 AND side = 'receive'"
        )
        for party, currency, day, minor in rows:
            late = (today - date.fromisoformat(day)).days
            place = 0 if late <= 0 else 1 + sum(late > edge for edge in edges)
            found.setdefault((party, currency), [0] * (len(edges) + 2))[place] += minor
        return dict(sorted(found.items(), key=lambda one: (-sum(one[1][1:]), one[0])))

    def totals(self, since: date | None, until: date) -> dict[tuple[str, str], tuple[int, int]]:
        """By side and currency: how many due lines of the days up to ``until`` and what they sum up to."""
        rows = self._kept.execute(
            "SELECT side, currency, count(*), sum(amount_minor) FROM line WHERE due = 1 AND day >= ?"
            " AND day <= ? GROUP BY side, currency",
            ((since or date.min).isoformat(), until.isoformat()),
        )
        return {(side, currency): (count, total) for side, currency, count, total in rows}

    def waiting(self, until: date) -> list[tuple[str, int, date]]:
        """Whom due lines wait for: the party, how many, since when; most first."""
        rows = self._kept.execute(
            "SELECT party, count(*), min(day) FROM line WHERE due = 1 AND day <= ? AND side <> 'pay'"
            " AND party <> '' GROUP BY party ORDER BY count(*) DESC, party",
            (until.isoformat(),),
        )
        return [(party, count, date.fromisoformat(day)) for party, count, day in rows]


SORTS = {
    "arrival": "place",
    "due": "due_on = '', due_on, place",
    "worth": "gross_minor DESC, place",
    "buyer": "buyer, place",
    "state": "state, place",
    "order": "order_reference",
}
"""By what a list of orders may be sorted, and how."""


@dataclass(frozen=True, slots=True)
class OrdersWanted:
    """Which orders are looked for; nothing means any. Texts are found anywhere, in capitals or not."""

    states: Sequence[str] = ()
    open_only: bool = False
    buyer: str = ""
    product: str = ""
    search: str = ""
    due_before: date | None = None
    since: date | None = None
    sort: str = "arrival"
    newest: bool = False
    limit: int | None = None

    @property
    def ordering(self) -> str:
        """The ORDER BY of it."""
        return "place DESC" if self.newest and self.sort == "arrival" else SORTS[self.sort]

    def clauses(self) -> tuple[list[str], list[str]]:
        """Its conditions, and what stands in their places."""
        found, given = [], []
        for column, text in (("buyer", self.buyer), ("products", self.product), ("words", self.search)):
            if text:
                found.append(f"instr({column}, ?) > 0")
                given.append(text.casefold())
        if self.states:
            found.append(f"state IN ({','.join('?' * len(self.states))})")
            given += self.states
        if self.open_only:
            found.append(f"state NOT IN ({','.join('?' * len(ENDED))})")
            given += [state.value for state in ENDED]
        if self.due_before:
            found.append("due_on <> '' AND due_on < ?")
            given.append(self.due_before.isoformat())
        if self.since:
            found.append("issued_on >= ?")
            given.append(self.since.isoformat())
        return found, given


def _read(row: Sequence[Any]) -> AgendaLine:
    return AgendaLine(row[0], row[1], bool(row[2]), date.fromisoformat(row[3]), *row[4:])


def agenda_file(ledger_id: str) -> Path:
    """Where the agenda of a ledger is kept."""
    return data_directory() / "agenda" / f"{ledger_id}.db"
