"""Gap on the generator's problem, by orders, seconds, seeds: ``python bench/alloc_big.py 1000 30 1 2``."""

import resource
import sys
from pathlib import Path
from time import perf_counter, process_time

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from alloc_problem import GENERATOR, generated  # noqa: E402

from routing.many.router import route  # noqa: E402


def main() -> None:
    orders, seconds = int(sys.argv[1]), float(sys.argv[2])
    for seed in [int(text) for text in sys.argv[3:]] or [1]:
        problem = generated(orders, seed, generator=GENERATOR)
        start, work = perf_counter(), process_time()
        answer = route(problem, time_limit=seconds)
        took, used = perf_counter() - start, process_time() - work
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        gap = 100 * (answer.gap or 0.0)
        print(
            f"{orders} orders, seed {seed}: objective {float(answer.objective):.0f},"
            f" bound {float(answer.bound):.0f}, gap {gap:.3f}%, left out {orders - len(answer.shares)},"
            f" {took:.1f} s ({used:.1f} s of one core), peak {peak:.0f} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
