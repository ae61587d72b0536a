"""Orders a second from each form of order file, against the bare parser of that form in the same run.

``python bench/order_files.py [COUNT]`` (default 5,000): medians of five runs, and the peak of memory for ten
times as many rows.
"""

import csv
import json
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from documents.orders.reading import stream  # noqa: E402
from domain.order import Order  # noqa: E402

HEADER = (
    "reference,issued_on,due_on,currency,destination,country,buyer,product,quantity,unit_price,tax_rate\n"
)


def row(number: int) -> str:
    return f"PO-{number},2026-03-02,2026-04-20,CNY,Shanghai,CN,Firm {number % 50},desk-lamp,500,100.00,13%\n"


def document(number: int) -> str:
    line = {"product": "desk-lamp", "quantity": 500, "unit_price": "100.00", "tax_rate": "13%"}
    order = {
        "reference": f"PO-{number}", "issued_on": "2026-03-02", "due_on": "2026-04-20", "currency": "CNY",
        "destination": "Shanghai", "country": "CN", "buyer": f"Firm {number % 50}", "lines": [line],
    }  # fmt: skip
    return json.dumps(order) + "\n"


def seconds(work: Callable[[], None]) -> float:
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def read(path: Path) -> None:
    for item in stream(path):
        assert isinstance(item, Order)


def bare_csv(path: Path) -> None:
    with path.open(newline="") as text:
        for _ in csv.DictReader(text):
            pass


def bare_json(path: Path) -> None:
    with path.open() as text:
        for line in text:
            json.loads(line)


def peak(path: Path) -> int:
    tracemalloc.start()
    read(path)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return used


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory() as home:
        for ending, head, write, bare in (
            ("csv", HEADER + "\n", row, bare_csv),
            ("jsonl", "", document, bare_json),
        ):
            small, large = Path(home) / f"small.{ending}", Path(home) / f"large.{ending}"
            small.write_text(head + "".join(map(write, range(count))))
            large.write_text(head + "".join(map(write, range(10 * count))))
            taken, floor = seconds(partial(read, small)), seconds(partial(bare, small))
            print(
                f"{ending}: {count / taken:,.0f} orders a second, {taken / floor:.1f} times the bare parser"
            )
            print(f"  memory: {peak(small):,} bytes for {count:,}, {peak(large):,} for {10 * count:,}")


if __name__ == "__main__":
    main()
