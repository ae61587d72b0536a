"""Orders reserved a second on our own calendar: each in a commit of its own, and many in one commit.

``python bench/reserve_catalog.py [ORDERS]``. Three legs and a credit line an order; the floor is a bare
sqlite3 program that writes as many rows in as many commits.
"""

import sqlite3
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flows.firms.connected import Firms
from flows.slots.outcomes import Job, Reserved
from flows.slots.reserve import reserve, reserve_in
from tests.parts.reservation_parts import DAY, Clock, facility, ledger_at, leg, network, plan, planned

GROUP = 50


def job(order: str) -> Job:
    legs = [leg(firm, kind, capacity=10**6) for firm, kind in FIRMS]
    return Job(order, plan(order, *legs, facilities=(facility("harbour", 5),)), DAY)


FIRMS = (("mill", "factory"), ("store", "warehouse"), ("ship", "logistics"))


def floor(folder: Path, orders: int, rows: int, group: int) -> float:
    connection = sqlite3.connect(folder / f"floor{group}.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE record (sequence INTEGER PRIMARY KEY, body TEXT)")
    body = "x" * 400
    began = time.perf_counter()
    for start in range(0, orders, group):
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(rows * min(group, orders - start)):
            connection.execute("INSERT INTO record (body) VALUES (?)", (body,))
        connection.execute("COMMIT")
    return orders / (time.perf_counter() - began)


def main(orders: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), Clock()
        firms = Firms(network({firm: ("catalog", {}) for firm, _ in FIRMS}, {"harbour": 10**12}), clock)
        with ledger_at(folder / "book.db", clock) as ledger:
            singles = [f"single{n}" for n in range(orders)]
            grouped = [f"group{n}" for n in range(orders)]
            planned(ledger, *singles, *grouped)
            size = ledger.size()
            began = time.perf_counter()
            assert all(isinstance(reserve(ledger, firms, job(order)), Reserved) for order in singles)
            single = orders / (time.perf_counter() - began)
            rows = (ledger.size() - size) // orders
            began = time.perf_counter()
            for start in range(0, orders, GROUP):
                with ledger.write() as transaction:
                    for order in grouped[start : start + GROUP]:
                        assert isinstance(reserve_in(transaction, firms, job(order)), Reserved)
            many = orders / (time.perf_counter() - began)
        for label, speed, group in (("a commit each", single, 1), (f"{GROUP} in a commit", many, GROUP)):
            bare = floor(folder, orders, rows, group)
            print(f"{label:16} {speed:7.0f} orders/s   bare sqlite3 {bare:8.0f}   ratio {bare / speed:5.1f}")
        print(f"{rows} records an order")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
