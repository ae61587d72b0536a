"""How fast a whole ledger is verified, in how much memory, and how fast its signatures are.

    python bench/ledger_verify.py [--entries 1000000] [--runs 5] [--ledger FILE]

Targets: 100,000 records a second on two cores apart from signatures, flat memory; signatures at 80% of the
library's own rate on all cores. The peak memory is that of the largest process.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.ledger_append import ACTOR, entry
from ledger.store import create_ledger
from ledger.verify.sqlite import verify_file
from trust.keys import SigningKey


def build(path: Path, entries: int, size: int = 1_000) -> None:
    """A ledger of two-leg entries, ``size`` to a signed commit."""
    if path.exists():
        return
    with create_ledger(path, practice=True, actor=ACTOR) as ledger:
        for start in range(0, entries, size):
            with ledger.write() as transaction:
                transaction.append_many(entry(n) for n in range(start, min(start + size, entries)))


def library_rate(seconds: float = 1.0) -> float:
    """Ed25519 verifications a second in one process, with nothing around them."""
    key = SigningKey.generate()
    message, count = b"x" * 80, 0
    signature = key.sign(message)
    public = Ed25519PublicKey.from_public_bytes(key.public.raw)
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        for _ in range(50):
            public.verify(signature, message)
        count += 50
    return count / (time.perf_counter() - started)


def signature_rates(folder: Path, commits: int, runs: int) -> list[tuple[float, float]]:
    """Signatures a second of a ledger of one-entry commits, and the library's own on all cores, in turn."""
    path = folder / "signed.db"
    build(path, commits, size=1)
    cores = os.cpu_count() or 1
    rates = []
    with ProcessPoolExecutor(cores) as pool:
        for _ in range(runs):
            report = verify_file(path)
            own = sum(pool.map(library_rate, [1.0] * cores))
            rates.append((report.commands / report.signature_seconds, own))
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--commits", type=int, default=20_000)
    parser.add_argument("--ledger", type=Path, help="made when it is not there, kept for the next run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.ledger or Path(folder) / "net.db"
        build(path, given.entries)
        rates = []
        for _ in range(given.runs):
            report = verify_file(path)
            assert report.sound, report.findings[:3]
            rates.append(report.records / report.record_seconds)
        peak = max(
            resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(
            f"{report.records:,} records, {report.legs:,} legs, {path.stat().st_size / 2**20:,.0f} MiB:"
            f" {statistics.median(rates):,.0f} records/s"
            f" (runs {', '.join(f'{rate:,.0f}' for rate in rates)}),"
            f" peak memory {peak / 1024:,.0f} MiB"
        )
        signed = signature_rates(Path(folder), given.commits, given.runs)
    ratios = [rate / own for rate, own in signed]
    print(
        f"signatures: {statistics.median(rate for rate, _ in signed):,.0f}/s, the library alone"
        f" {statistics.median(own for _, own in signed):,.0f}/s on all cores, ratio"
        f" {statistics.median(ratios):.2f} (runs {', '.join(f'{ratio:.2f}' for ratio in ratios)})"
    )


if __name__ == "__main__":
    main()
