"""Ten questions of an operator on many orders, each beside a bare ``sqlite3`` program that asks the same.

    python bench/operator.py [--orders 100000] [--runs 3] [--home FOLDER]

The orders are imported; one of them is the shipped example, reserved. Every command runs as a person runs it,
in a process of its own; ``floor`` is ``net --help`` plus three times the bare query, or plus 0.2 s where that
is more. What the agenda takes when it is first asked for is printed apart: it is paid once.
"""

import argparse
import csv
import json
import shlex
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.ledger_balance import seconds  # noqa: E402

EXAMPLE = "PO-2026-0017"
FIELDS = "reference,buyer,currency,issued_on,due_on,destination,payment,product,quantity,unit_price,tax_rate"
RECORDS = f"SELECT body FROM record WHERE order_reference = '{EXAMPLE}'"
FIND = "SELECT * FROM placed WHERE instr(buyer, 'buyer 77 ') AND instr(products, 'lamp') LIMIT 20"
CREDIT = "SELECT * FROM slot WHERE resource >= 'credit:' AND resource < 'credit;'"
OWED = "SELECT party, sum(amount_minor) FROM line WHERE side = 'receive' GROUP BY party"
LATE = "SELECT * FROM line WHERE due = 1 AND day < '2026-03-08'"
STATES = "SELECT state, count(*) FROM order_head GROUP BY state"
LAST = "SELECT body FROM record ORDER BY sequence DESC LIMIT 20"
QUESTIONS: dict[str, tuple[str, str]] = {
    "how does everything stand": ("status --on 2026-03-08", STATES),
    "what is late": ("payment due --on 2026-03-08", LATE),
    "what expires": ("status --days 1", "SELECT * FROM expiring_hold ORDER BY expires_at"),
    "how full are lines": ("status --days 0", CREDIT),
    "who owes us": ("report ageing", OWED),
    "why was it refused": (f"order why {EXAMPLE}", RECORDS),
    "its story": (f"ledger trace {EXAMPLE}", RECORDS),
    "find by buyer and product": ("order list --search 'buyer 77 ' --product lamp --limit 20", FIND),
    "what changed lately": ("ledger log --last 20", LAST),
    "its page": (f"order show {EXAMPLE}", RECORDS),
}
"""By question: the command, and what a bare program asks the ledger or the agenda for it."""


def orders_file(path: Path, count: int) -> None:
    """So many orders of a few hundred buyers, as ``net order import`` takes them."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(FIELDS.split(","))
        for number in range(count):
            terms = ("CNY", "2026-03-02", "2026-05-20", "Shanghai", "100% invoice+60", "desk-lamp")
            buyer = f"Buyer {number % 400} Stores"
            rows.writerow((f"B-{number:06}", buyer, *terms, 500 + number % 100, 105, "13%"))


def build(home: str, count: int) -> None:
    file = Path(home) / "orders.csv"
    orders_file(file, count)
    seconds(["init"], home)
    seconds(["order", "run", "examples/lamp-order.toml", "--on", "2026-03-02"], home)
    seconds(["order", "import", str(file), "--on", "2026-03-02"], home)


def bare(databases: list[Path], query: str) -> float:
    """A new connection, the query, all its rows as text."""
    for path in databases:
        started = time.perf_counter()
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            rows = connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # a table of the other file
            continue
        json.dumps(rows, default=str)
        return time.perf_counter() - started
    raise AssertionError(query)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--home", type=Path, help="kept for the next run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = str(given.home or folder)
        if not (Path(home) / "net" / "ledger.db").exists():
            Path(home).mkdir(parents=True, exist_ok=True)
            build(home, given.orders)
        print(f"the agenda of {given.orders:,} orders, once: {seconds(['status'], home):.1f} s")
        kept = next((Path(home) / "net" / "agenda").glob("*.db"))
        databases = [Path(home) / "net" / "ledger.db", kept]
        start = statistics.median(seconds(["--help"], home) for _ in range(given.runs))
        print(f"net --help: {start:.2f} s")
        for name, (command, query) in QUESTIONS.items():
            took = statistics.median(seconds(shlex.split(command), home) for _ in range(given.runs))
            plain = statistics.median(bare(databases, query) for _ in range(given.runs))
            floor = start + max(3 * plain, 0.2)
            kept_in = "" if took <= floor else f"  {took / floor:.1f} times the floor"
            print(f"{name:<28}{took:6.2f} s, bare {plain * 1000:6.1f} ms, floor {floor:.2f} s{kept_in}")


if __name__ == "__main__":
    main()
