"""Random histories of pools and of vouchers: ``python bench/bank_histories.py [COUNT, 10000] [SEED]``."""

import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.parts.bank_histories import pool_history, voucher_history  # noqa: E402


def main(count: int = 10_000, seed: int = 1) -> None:
    for history in (pool_history, voucher_history):
        start, rng, done, refused = time.monotonic(), random.Random(seed), 0, 0
        for _ in range(count):
            steps = history(rng)
            done, refused = done + steps[0], refused + steps[1]
        print(f"{history.__name__}: {count} histories, {done} steps done, {refused} refused, everything"
              f" conserved after each, {time.monotonic() - start:.0f} s")  # fmt: skip


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
