"""Appending to the ledger against a bare ``sqlite3`` program that writes the same rows, in the same run.

    python bench/ledger_append.py [--runs 5] [--entries 20000]

Both write two-leg entries with full durability (WAL, synchronous FULL), one and 1,000 to a commit.
The bare program has the same tables and indexes, its rows ready made, no triggers, no hashing and no
signatures; it updates the same balances. Targets: 50% of its commits a second, 40% of its legs a second.
"""

import argparse
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from domain.posting import Entry, Leg
from ledger.sqlite_file import schema_text
from ledger.store import create_ledger
from trust.keys import Actor, SigningKey

ACTOR = Actor("bench", SigningKey.from_seed(b"\4" * 32))
START = date(2026, 1, 1)


def entry(number: int) -> Entry:
    """Two legs; ten entries to an order, two hundred to a day."""
    amount = number % 997 + 1
    legs = (Leg("trader", "1010", "CNY", amount), Leg("lender:harbour", "1310", "CNY", amount))
    balancing = (Leg("trader", "2310", "CNY", -amount), Leg("lender:harbour", "1010", "CNY", -amount))
    pair = (legs[number % 2], balancing[number % 2])
    on = START + timedelta(number // 200)
    body = {"note": "drawn for the factory", "n": number}
    return Entry("loan.drawn", f"bench-{number}", on, f"order-{number // 10}", body, pair)


def ours(path: Path, entries: Sequence[Entry], size: int) -> float:
    """Seconds to append ``entries``, ``size`` to a commit."""
    with create_ledger(path, practice=True, actor=ACTOR) as ledger:
        started = time.perf_counter()
        for start in range(0, len(entries), size):
            with ledger.write() as transaction:
                transaction.append_many(entries[start : start + size])
        return time.perf_counter() - started


def rows_of(path: Path) -> tuple[list[Any], list[Any], list[Any]]:
    connection = sqlite3.connect(path)
    records = connection.execute(
        "SELECT * FROM record WHERE kind = 'loan.drawn' ORDER BY sequence"
    ).fetchall()
    legs = connection.execute("SELECT * FROM leg ORDER BY sequence, n").fetchall()
    commands = connection.execute("SELECT * FROM command ORDER BY command").fetchall()
    connection.close()
    return records, legs, commands[1:]


def bare(path: Path, rows: tuple[list[Any], list[Any], list[Any]], size: int) -> float:
    """Seconds to write the same rows and balances with nothing but ``sqlite3``."""
    records, legs, commands = rows
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{32 * 1024}")
    connection.executescript(re.split(r"CREATE TRIGGER", schema_text())[0])
    record_marks, leg_marks = ",".join("?" * len(records[0])), ",".join("?" * len(legs[0]))
    started = time.perf_counter()
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
    took = time.perf_counter() - started
    connection.close()
    return took


def compare(size: int, count: int, runs: int) -> None:
    entries = [entry(number) for number in range(count)]
    mine, theirs = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            mine.append(ours(Path(folder) / "net.db", entries, size))
            theirs.append(bare(Path(folder) / "bare.db", rows_of(Path(folder) / "net.db"), size))
    unit, per = ("commits", 1) if size == 1 else ("legs", 2)
    ratios = [their / my for my, their in zip(mine, theirs, strict=True)]
    print(
        f"{size:>5} to a commit: ours {count * per / statistics.median(mine):>8,.0f} {unit}/s,"
        f" bare {count * per / statistics.median(theirs):>8,.0f}, ratio {statistics.median(ratios):.2f}"
        f" (runs {', '.join(f'{ratio:.2f}' for ratio in ratios)})"
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
