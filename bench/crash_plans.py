"""Every plan of one, two and three crashes over every step, verb and kind of firm: is any effect doubled
or lost? And does the same harness find doubles when the journal is off? (``tests/parts/crash_plans.py``)

``python bench/crash_plans.py [CRASHES] [--every]``. ``--every`` also runs books that were seen before, to see
that nothing differs.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.parts.crash_plans import KINDS, Result, examine


def main(depth: int, every: bool) -> None:
    began, used = time.perf_counter(), time.process_time()
    total = Result()
    for kind in KINDS:
        with_journal = examine(kind, depth, every=every)
        without = examine(kind, 1, journal=False)
        print(
            f"{kind!s:56} points {with_journal.points:3}  plans {with_journal.plans:8,}"
            f"  runs {with_journal.runs:6,}  doubled {with_journal.doubles}  lost {with_journal.lost}"
            f"  asked {with_journal.asked:6,}"
            f"  | journal off: doubled or lost {without.doubles + without.lost} of {without.runs}",
            flush=True,
        )
        for example in with_journal.examples:
            print("   ", example)
        total.plans += with_journal.plans
        total.runs += with_journal.runs
        total.doubles += with_journal.doubles
        total.lost += with_journal.lost
    print(
        f"{len(KINDS)} kinds, {total.plans:,} plans of up to {depth} crashes, {total.runs:,} runs:"
        f" {total.doubles} doubled, {total.lost} lost"
        f" ({time.perf_counter() - began:.0f} s, {time.process_time() - used:.0f} s of processor time)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2, "--every" in sys.argv)
