"""Orders a second to reserved and to settled, durable, on two cores, against a bare program's same rows.

``python bench/batch.py [COUNT]`` (default 1,000). Targets: 100 a second to reserved, 50 to settled. Cost per
order from a small to a large ledger: ``python bench/batch.py 50000 --until reserved`` prints it by thousands.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.bare_rows import rewrite  # noqa: E402
from tests.parts.world import World, write  # noqa: E402


def run(count: int, until: str, workers: int, folder: Path) -> None:
    folder.mkdir()
    network, orders = write(World(capacity=1_000_000, credit=10**13), count, folder)
    ledger = folder / "ledger.db"
    environment = dict(os.environ, XDG_DATA_HOME=str(folder), XDG_CONFIG_HOME=str(folder))
    net = [sys.executable, "-m", "cli"]
    shared = ["--ledger", str(ledger), "--config", str(network)]
    subprocess.run(
        [*net, "init", "--practice", "--ledger", str(ledger)],
        cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    command = [
        *net,
        "batch",
        "run",
        str(orders),
        *shared,
        "--until",
        until,
        "--workers",
        str(workers),
        "--jsonl",
    ]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    marks = [(0, start)]
    for printed, _ in enumerate(process.stdout, start=1):
        if printed % 1000 == 0:
            marks.append((printed, time.perf_counter()))
    process.wait()
    taken = time.perf_counter() - start
    print(f"{count} orders to {until}: {count / taken:.1f} a second, exit {process.returncode}")
    if count >= 2000:
        for (before, earlier), (after, later) in pairwise(marks):
            if before % max(1000, count // 20_000 * 1000) == 0:
                each = (later - earlier) / (after - before) * 1000
                print(f"  orders {before:6} to {after:6}: {each:6.2f} ms each")
    seconds, rows, commits = rewrite(ledger, folder / "bare.db")
    size = sum(file.stat().st_size for file in folder.glob("ledger.db*")) / count
    print(
        f"  bare sqlite3, the same {rows} rows in {commits} commits: {count / seconds:.1f} orders a second;"
    )
    print(f"  net takes {taken / seconds:.1f} times as long; {size:,.0f} bytes an order")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--until", choices=("reserved", "settled"))
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        for until in (asked.until,) if asked.until else ("reserved", "settled"):
            run(asked.count, until, asked.workers, Path(home) / until)


if __name__ == "__main__":
    main()
