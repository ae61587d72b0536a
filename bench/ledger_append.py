"""Appending to the ledger against a bare ``sqlite3`` program that writes the same rows, in the same run.

    python bench/ledger_append.py [--runs 5] [--entries 20000]

Both write two-leg entries with full durability (WAL, synchronous FULL), one and 1,000 to a commit, in turn,
some commits at a time. The bare program has the same tables and indexes, its rows ready made, no triggers, no
hashing and no signatures; it updates the same balances and checkpoints where SQLite does by default. Targets:
50% of its commits a second, 40% of its legs a second.
"""

import argparse
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from domain.posting import Entry, Leg
from ledger.sqlite.file import schema_text
from ledger.store import create_ledger
from trust.keys import Actor, SigningKey

ACTOR = Actor("bench", SigningKey.from_seed(b"\4" * 32))
START = date(2026, 1, 1)
SLICE = 20
"""Entries of one program, or one commit if that has more, before it is the other's turn."""
Took = tuple[float, float]
"""Seconds by the clock, and of processor time."""


def entry(number: int) -> Entry:
    """Two legs; ten entries to an order, two hundred to a day."""
    amount = number % 997 + 1
    legs = (Leg("trader", "1010", "CNY", amount), Leg("lender:harbour", "1310", "CNY", amount))
    balancing = (Leg("trader", "2310", "CNY", -amount), Leg("lender:harbour", "1010", "CNY", -amount))
    pair = (legs[number % 2], balancing[number % 2])
    on = START + timedelta(number // 200)
    body = {"note": "drawn for the factory", "n": number}
    return Entry("loan.drawn", f"bench-{number}", on, f"order-{number // 10}", body, pair)


def ours(path: Path, entries: Sequence[Entry], size: int) -> Iterator[None]:
    """Append ``entries``, ``size`` to a commit, a slice of them at each step."""
    with create_ledger(path, practice=True, actor=ACTOR) as ledger:
        yield
        for start in range(0, len(entries), size):
            with ledger.write() as transaction:
                transaction.append_many(entries[start : start + size])
            if size >= SLICE or (start + size) % SLICE == 0:
                yield


def rows_of(path: Path) -> tuple[list[Any], list[Any], list[Any]]:
    connection = sqlite3.connect(path)
    records = connection.execute(
        "SELECT * FROM record WHERE kind = 'loan.drawn' ORDER BY sequence"
    ).fetchall()
    legs = connection.execute("SELECT * FROM leg ORDER BY sequence, n").fetchall()
    commands = connection.execute("SELECT * FROM command ORDER BY command").fetchall()
    connection.close()
    return records, legs, commands[1:]


def bare(path: Path, rows: tuple[list[Any], list[Any], list[Any]], size: int) -> Iterator[None]:
    """Write the same rows and balances with nothing but ``sqlite3``, a slice of them at each step."""
    records, legs, commands = rows
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{32 * 1024}")
    connection.executescript(re.split(r"CREATE TRIGGER", schema_text())[0])
    record_marks, leg_marks = ",".join("?" * len(records[0])), ",".join("?" * len(legs[0]))
    yield
    for start in range(0, len(records), size):
        connection.execute("BEGIN IMMEDIATE")
        for at in range(start, min(start + size, len(records))):
            its_legs = legs[2 * at : 2 * at + 2]
            connection.execute(f"INSERT INTO record VALUES ({record_marks})", records[at])
            connection.executemany(f"INSERT INTO leg VALUES ({leg_marks})", its_legs)
            connection.executemany(
                "INSERT INTO balance VALUES (?3, ?4, ?7, ?5, ?6, ?1, ?2) ON CONFLICT DO UPDATE SET"
                " amount_minor = amount_minor + excluded.amount_minor,"
                " last_sequence = excluded.last_sequence, last_leg = excluded.last_leg",
                [leg[:7] for leg in its_legs],
            )
        connection.execute("INSERT INTO command VALUES (?, ?, ?, ?, ?, ?)", commands[start // size])
        connection.execute("COMMIT")
        if size >= SLICE or (start + size) % SLICE == 0:
            yield
    connection.close()


def in_turn(folder: Path, entries: Sequence[Entry], size: int) -> tuple[Took, Took]:
    """Ours and the bare program, slice by slice, so that whatever else runs slows both alike."""
    for _ in ours(folder / "rows.db", entries, size):
        pass  # the rows that the bare program writes
    steps = [
        ours(folder / "net.db", entries, size),
        bare(folder / "bare.db", rows_of(folder / "rows.db"), size),
    ]
    for step in steps:
        next(step)  # an empty file with its tables
    took = [[0.0, 0.0], [0.0, 0.0]]
    going = [0, 1]
    while going:
        for which in list(going):
            wall, processor = time.perf_counter(), time.process_time()
            if next(steps[which], True):
                going.remove(which)
            took[which][0] += time.perf_counter() - wall
            took[which][1] += time.process_time() - processor
    return tuple(took[0]), tuple(took[1])  # type: ignore[return-value]


def compare(size: int, count: int, runs: int) -> None:
    entries = [entry(number) for number in range(count)]
    mine, theirs = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            one, other = in_turn(Path(folder), entries, size)
        mine.append(one)
        theirs.append(other)
    unit, per = ("commits", 1) if size == 1 else ("legs", 2)
    wall, processor = ([their[n] / my[n] for my, their in zip(mine, theirs, strict=True)] for n in range(2))
    rate, bare_rate = (count * per / statistics.median(took[0] for took in runs_) for runs_ in (mine, theirs))
    print(
        f"{size:>5} to a commit: ours {rate:>8,.0f} {unit}/s, bare {bare_rate:>8,.0f},"
        f" ratio {statistics.median(wall):.2f} (runs {', '.join(f'{ratio:.2f}' for ratio in wall)});"
        f" of processor time alone {statistics.median(processor):.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--entries", type=int, default=20_000)
    given = parser.parse_args()
    compare(1, given.entries // 10, given.runs)
    compare(1_000, given.entries, given.runs)


if __name__ == "__main__":
    main()
