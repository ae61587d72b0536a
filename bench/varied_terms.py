"""Networks whose terms vary in everything that a network file can say, by seed; an order is traded on each.

``python bench/varied_terms.py [SEED] [COUNT] [-v]`` trades on COUNT networks
(``tests/parts/varied_terms.py``).
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.parts.varied_terms import trade


def main() -> None:
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    told: Counter[str] = Counter()
    failed = 0
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as home:
            try:
                traded = trade(seed, Path(home))
            except AssertionError as error:
                failed += 1
                print(f"FAILED {error}")
                continue
            except Exception as error:
                if "-t" in sys.argv:
                    raise
                failed += 1
                print(f"CRASH seed {seed}: {type(error).__name__}: {error}")
                continue
        told[traded.ended] += 1
        if "-v" in sys.argv:
            print(f"{seed:5} {traded.ended}  {traded.told[:200]}")
    for what, number in sorted(told.items()):
        print(f"{number:6} {what}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
