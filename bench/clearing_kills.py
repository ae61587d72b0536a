"""A clearing over many firms killed at random instants: ``python bench/clearing_kills.py 50 5000 40 [SEED]``.

Firms, debts, kills. After each kill every ledger is looked at, the same commands run again, and every ledger
is looked at and verified: all have booked, none twice, positions unchanged to the minor unit.
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.parts.clearing_kills import prepare, random_kills  # noqa: E402


def main(firms: int = 50, debts: int = 5_000, kills: int = 40, seed: int = 1) -> None:
    with tempfile.TemporaryDirectory() as name:
        template = Path(name) / "template"
        template.mkdir()
        start = time.monotonic()
        names = prepare(template, firms, debts, seed)
        print(f"{firms} firms, {debts} debts, made in {time.monotonic() - start:.0f} s", flush=True)
        met, complete = random_kills(template, Path(name) / "work", names, kills, seed)
        print(f"{kills} kills, {met} met the commands at work, {complete} found all booked already;"
              " after the same commands again all had booked, every ledger verified")  # fmt: skip


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
