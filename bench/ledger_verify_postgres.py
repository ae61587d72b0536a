"""How fast a ledger on PostgreSQL is verified, beside the same records in a SQLite file, in turn.

    python bench/ledger_verify_postgres.py [--entries 100000] [--runs 5] [--commits 10000]

Both on all cores, the server's processes among them. The peak memory is that of the largest process of ours.
Signatures are those of a ledger of one-entry commits, beside the library's own rate on all cores.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.ledger_append import ACTOR, entry
from bench.ledger_verify import build, library_rate
from ledger.record.findings import Report
from ledger.store import create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from tests.parts.postgres_server import database, server


def build_on_server(owner_url: str, entries: int, size: int = 1_000) -> str:
    """A ledger of two-leg entries, ``size`` to a signed commit; the program's URL."""
    with create_ledger(owner_url, practice=True, actor=ACTOR) as ledger:
        for start in range(0, entries, size):
            ledger.append(*(entry(n) for n in range(start, min(start + size, entries))))
        return ledger.backend.url


def verified(url: str | Path) -> Report:
    with open_ledger(url) as ledger:
        report = verify_ledger(ledger)
    assert report.sound, report.findings[:3]
    return report


def told(rates: list[float], form: str) -> str:
    return f"{statistics.median(rates):{form}} (runs {', '.join(f'{rate:{form}}' for rate in rates)})"


def records(server_url: str, folder: Path, entries: int, runs: int) -> None:
    file = folder / "net.db"
    build(file, entries)
    with database(server_url) as owner_url:
        url = build_on_server(owner_url, entries)
        ours, theirs = [], []
        for _ in range(runs):
            report = verified(url)
            ours.append(report.records / report.record_seconds)
            report = verified(file)
            theirs.append(report.records / report.record_seconds)
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(who).ru_maxrss for who in both)
    print(f"{report.records:,} records on PostgreSQL: {told(ours, ',.0f')} records/s")
    print(f"peak memory {peak / 1024:.0f} MiB")
    print(f"the same in a SQLite file: {told(theirs, ',.0f')} records/s")
    print(f"peak memory {peak / 1024:.0f} MiB")
    print(f"ratio: {told([one / other for one, other in zip(ours, theirs, strict=True)], '.2f')}")


def signatures(server_url: str, commits: int, runs: int) -> None:
    cores = os.cpu_count() or 1
    with database(server_url) as owner_url, ProcessPoolExecutor(cores) as pool:
        url = build_on_server(owner_url, commits, size=1)
        ratios = []
        for _ in range(runs):
            report = verified(url)
            own = sum(pool.map(library_rate, [1.0] * cores))
            ratios.append(report.commands / report.signature_seconds / own)
    print(f"signatures, as a share of the library's own rate on all cores: {told(ratios, '.2f')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--commits", type=int, default=10_000)
    given = parser.parse_args()
    with server() as server_url, tempfile.TemporaryDirectory() as folder:
        records(server_url, Path(folder), given.entries, given.runs)
        signatures(server_url, given.commits, given.runs)


if __name__ == "__main__":
    main()
