"""Looking at a long ledger: ``log`` with each filter, ``balance``, ``trace``, beside the program's start.

    python bench/ledger_look.py [--entries 1000000] [--runs 5] [--ledger FILE]

Every command runs as a person runs it, in a process of its own. What is printed is its median, and how much
of that lies beyond the same command on a ledger of ten entries.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.ledger_append import START  # noqa: E402
from bench.ledger_balance import seconds  # noqa: E402
from bench.ledger_verify import build  # noqa: E402


def commands(entries: int) -> dict[str, list[str]]:
    """What a person asks of a ledger of so many entries."""
    day = str(START.fromordinal(START.toordinal() + entries // 400))
    order = f"order-{entries // 20}"
    return {
        "log --last 20": ["log", "--last", "20"],
        "log --order": ["log", "--order", order],
        "log --kind (rare)": ["log", "--kind", "actor.enrolled"],
        "log --kind (most) --last 20": ["log", "--kind", "loan.drawn", "--last", "20"],
        "log, one day": ["log", "--since", day, "--until", day],
        "log, one day of a kind": ["log", "--since", day, "--until", day, "--kind", "loan.drawn"],
        "log --order --kind": ["log", "--order", order, "--kind", "loan.drawn"],
        "trace ORDER": ["trace", order],
        "balance": ["balance"],
        "balance --order": ["balance", "--order", order],
        "balance --entity --account": ["balance", "--entity", "trader", "--account", "1010"],
        "balance --on": ["balance", "--on", day],
        "balance --entity --on": ["balance", "--entity", "trader", "--on", day],
        "balance --order --on": ["balance", "--order", order, "--on", day],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ledger", type=Path, help="made when it is not there, kept for the next run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        long, short = given.ledger or Path(folder) / "net.db", Path(folder) / "small.db"
        build(long, given.entries)
        build(short, 10)
        small = commands(10)
        for name, command in commands(given.entries).items():
            took, start = (
                statistics.median(
                    seconds(["ledger", *asked, "--ledger", str(path)], folder) for _ in range(given.runs)
                )
                for asked, path in ((command, long), (small[name], short))
            )
            print(f"{name:<30}{took:6.2f} s, {took - start:6.2f} s beyond the start")


if __name__ == "__main__":
    main()
