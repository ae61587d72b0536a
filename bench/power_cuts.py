"""Power cuts at random moments: ``python -m bench.power_cuts --states 2000``; needs a C compiler, Linux.

Key, ledger, commits, checkpoints, backup, restore and copy of one run are recorded; each state of the disk
that may be left is opened, verified and written to. The control ignores the syncs of the WAL and must find.
"""

import argparse
import tempfile
from pathlib import Path

from tests.parts.power_cuts import outcomes, recorded


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--states", type=int, default=1_000)
    asked.add_argument("--groups", type=int, default=60)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        disk, steps = recorded(folder, given.groups)
        print(f"{len(steps):,} steps recorded")
        told = outcomes(disk, steps, folder / "state", given.seed, given.states)
        control = outcomes(disk, steps, folder / "state", given.seed, 60, ignored="-wal")
    print(dict(told))
    print("control, syncs of the WAL ignored:", control["bad"], "of", control["states"], "bad")
    if told["bad"] or not control["bad"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
