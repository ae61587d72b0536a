"""Flip single bits of a ledger file and verify each: ``python -m bench.ledger_flips --flips 5000``.

Every flip is found with its place, or changes nothing that the ledger says (free space, counters);
none makes verification fail.
"""

import argparse
import sqlite3
import tempfile
from pathlib import Path

from tests.parts.bit_flips import ALLOWED, outcomes
from tests.parts.full_ledger import full_ledger


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--flips", type=int, default=2_000)
    asked.add_argument("--seed", type=int, default=11)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.ledger"
        full_ledger(path)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        told = outcomes(path.read_bytes(), path, given.seed, given.flips)
    for said, count in told.most_common():
        print(f"{said:20} {count:8,}")
    if told.keys() - set(ALLOWED):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
