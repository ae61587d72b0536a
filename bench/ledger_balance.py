"""Balances of a long ledger, now and at a past date, beside the time the program needs to start.

    python bench/ledger_balance.py [--entries 1000000] [--runs 5] [--ledger FILE]

Targets for a million entries: 0.2 s now, 2 s at a past date, both beyond the program's start. On the same
machine ledger-cli needs 14.6 s, hledger 79 s and beancount 163 s for the same balances.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.ledger_append import START  # noqa: E402
from bench.ledger_verify import build  # noqa: E402


def seconds(arguments: list[str], home: str) -> float:
    environment = dict(os.environ, XDG_DATA_HOME=home, XDG_CONFIG_HOME=home)
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "cli", *arguments], cwd=ROOT, env=environment, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ledger", type=Path, help="made when it is not there, kept for the next run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.ledger or Path(folder) / "net.db"
        build(path, given.entries)
        small = Path(folder) / "small.db"
        build(small, 10)
        middle = START.fromordinal(START.toordinal() + given.entries // 400)
        commands = {
            "an all but empty ledger": ["ledger", "balance", "--ledger", str(small)],
            "now": ["ledger", "balance", "--ledger", str(path)],
            f"at {middle}": ["ledger", "balance", "--on", str(middle), "--ledger", str(path)],
            "one order": ["ledger", "balance", "--order", "order-77", "--ledger", str(path)],
        }
        base = 0.0
        for name, command in commands.items():
            took = statistics.median(seconds(command, folder) for _ in range(given.runs))
            base = base or took
            print(f"{name:<24} {took:6.2f} s, {took - base:6.2f} s beyond the start")


if __name__ == "__main__":
    main()
