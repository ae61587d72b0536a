"""Commits a second of one small row in each safe way to run SQLite: what the ledger's default rests on.

    python bench/ledger_durability.py [--seconds 2] [--runs 5]

Decision 0031 reads these figures.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

MODES = [("DELETE", "EXTRA"), ("TRUNCATE", "EXTRA"), ("PERSIST", "FULL"), ("WAL", "FULL"), ("WAL", "NORMAL")]


def rate(path: Path, journal: str, synchronous: str, seconds: float) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, text TEXT)")
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO entry (text) VALUES ('an entry of the ledger')")
        connection.execute("COMMIT")
        count += 1
    took = time.perf_counter() - started
    connection.close()
    return count / took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    print(f"SQLite {sqlite3.sqlite_version}")
    for journal, synchronous in MODES:
        with tempfile.TemporaryDirectory() as folder:
            rates = [
                rate(Path(folder) / f"{run}.db", journal, synchronous, given.seconds)
                for run in range(given.runs)
            ]
        spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
        print(f"{journal:<9}{synchronous:<7}{statistics.median(rates):>8,.0f} commits/s ({spread})")


if __name__ == "__main__":
    main()
