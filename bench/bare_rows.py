"""The floor for the batch: a bare ``sqlite3`` program that writes the rows of a ledger again, in its commits.

Same tables and keys, no triggers, no hashing, no signatures: what the disk and SQLite alone cost.
"""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROW_TABLES = ("record", "leg", "slot_move", "hold", "hold_end", "booking_end", "command")


def rewrite(ledger: Path, target: Path) -> tuple[float, int, int]:
    """Seconds, rows and commits of writing every row of ``ledger`` into the empty file ``target``."""
    source = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    bare = sqlite3.connect(target, isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    tables = [name for name in ROW_TABLES if _columns(source, name)]
    for name in tables:
        bare.execute(f"CREATE TABLE {name} ({', '.join(_columns(source, name))})")
        bare.execute(f"CREATE INDEX {name}_sequence ON {name} ({_sequence(source, name)})")
    bare.execute("CREATE TABLE balance (entity, account, currency, orders, minor)")
    bare.execute("CREATE UNIQUE INDEX balance_key ON balance (entity, account, currency, orders)")
    commits = list(_commits(source, tables))
    rows = sum(len(found) for commit in commits for _, found in commit)
    start = time.perf_counter()
    for commit in commits:
        bare.execute("BEGIN IMMEDIATE")
        for name, found in commit:
            if found:
                marks = ",".join("?" * len(found[0]))
                bare.executemany(f"INSERT INTO {name} VALUES ({marks})", found)
        _balances(bare, dict(commit).get("leg", []))
        bare.execute("COMMIT")
    return time.perf_counter() - start, rows, len(commits)


def _balances(bare: sqlite3.Connection, legs: list[tuple[Any, ...]]) -> None:
    bare.executemany(
        "INSERT INTO balance VALUES (?, ?, ?, ?, ?) ON CONFLICT (entity, account, currency, orders)"
        " DO UPDATE SET minor = minor + excluded.minor",
        [(leg[2], leg[3], leg[4], leg[0] // 8, leg[5]) for leg in legs],
    )


def _columns(source: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in source.execute(f"PRAGMA table_info({table})")]


def _sequence(source: sqlite3.Connection, table: str) -> str:
    columns = _columns(source, table)
    return "sequence" if "sequence" in columns else columns[0]


def _commits(
    source: sqlite3.Connection, tables: list[str]
) -> Iterator[list[tuple[str, list[tuple[Any, ...]]]]]:
    spans = source.execute(
        "SELECT command, first_sequence, last_sequence FROM command ORDER BY command"
    ).fetchall()
    for number, first, last in spans:
        commit = []
        for name in tables:
            key = "command" if name == "command" else _sequence(source, name)
            low, high = (number, number) if name == "command" else (first, last)
            query = f"SELECT * FROM {name} WHERE {key} BETWEEN ? AND ?"
            commit.append((name, source.execute(query, (low, high)).fetchall()))
        yield commit
