"""Random stories of an order's money, checked after every event (``tests/parts/closed_loop.py`` says how).

``python bench/closed_loop.py [STORIES] [STEPS] [FIRST SEED]`` (default 1000 24 1).
"""

import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.parts.closed_loop import tell


def main(stories: int, steps: int, first: int) -> None:
    began, told = time.process_time(), Counter[str]()
    for seed in range(first, first + stories):
        try:
            told += tell(seed, steps)
        except Exception as error:
            error.add_note(f"seed {seed}, {steps} steps")
            raise
    spent = time.process_time() - began
    events = sum(told.values()) - told["refused"] - told["late"] - told["corrections"]
    print(f"{stories} stories, {events} events recorded, {told['late']} of them late")
    print(f"{told['corrections']} corrections, {told['refused']} statements refused; nothing did not tie")
    print(", ".join(f"{name} {count}" for name, count in sorted(told.items())))
    print(f"{spent:.0f} s of processor time")


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given + [1000, 24, 1][len(given) :]))
