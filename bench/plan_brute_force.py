"""The planner against a second opinion on thousands of small random networks: every chain, every mix.

Run: python bench/plan_brute_force.py [networks]
"""

import sys
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "routing")]

from test_search import agrees  # noqa: E402

if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    started = perf_counter()
    plans = sum(agrees(seed) for seed in range(count))
    print(f"{count} networks, {plans} with a plan, all agree; {perf_counter() - started:.0f} s")
