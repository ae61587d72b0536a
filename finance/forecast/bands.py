"""On which day: bands from the errors that forecasts of the same kind had before (split conformal).

An error is counted in the spread that was expected for it, so that a steady payer gets a narrow band and an
erratic one a wide band. Only errors that were known on the day count (Lei et al. 2018, section 5.2, scaled
residuals; here calibrated anew each day on the newest ``NEWEST``).
"""

import heapq
import math
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from finance.forecast.history import RATE_WEIGHT, SeenThen, walk
from finance.forecast.outcomes import Outcome

NEWEST = 400
LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
"""Quantiles that every forecast of days has: the ends of bands of 50, 80 and 90 percent, and the middle."""

BEFORE_ANY = (-1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645)


@dataclass(frozen=True, slots=True)
class Walked:
    """One outcome asked about, what was seen of it, and the days late at each of ``LEVELS``.

    ``errors`` are the scaled errors known on the day, sorted; of what was only asked about, else empty.
    """

    outcome: Outcome
    seen: SeenThen
    days: tuple[int, ...]
    errors: tuple[float, ...] = ()

    def share_beyond(self, days: int) -> float:
        """P(more than so many days late) by the errors alone; never zero, since the next may be the worst."""
        least = (days + 0.5 - self.seen.centre) / self.seen.scale
        return (len(self.errors) - bisect_right(self.errors, least) + 1) / (len(self.errors) + 1)


class Errors:
    """Scaled errors of forecasts that became known, the newest of them, in order."""

    def __init__(self) -> None:
        self._waiting: list[tuple[date, str, float]] = []
        self._newest: deque[float] = deque()
        self._sorted: list[float] = []

    def expect(self, one: Outcome, seen: SeenThen) -> None:
        """Remember the error of this forecast for the day on which it becomes known."""
        if one.ended_on is None or one.late_by is None or seen.many < RATE_WEIGHT:
            return
        known = max(one.ended_on, one.asked_on)
        heapq.heappush(self._waiting, (known, one.id, (one.late_by - seen.centre) / seen.scale))

    def known_before(self, on: date) -> None:
        while self._waiting and self._waiting[0][0] < on:
            error = heapq.heappop(self._waiting)[2]
            insort(self._sorted, error)
            self._newest.append(error)
            if len(self._newest) > NEWEST:
                self._sorted.remove(self._newest.popleft())

    def snapshot(self) -> tuple[float, ...]:
        return tuple(self._sorted)

    def quantiles(self) -> tuple[float, ...]:
        """The errors at ``LEVELS``, a rank further out than the sample's; a normal's before 20 are known."""
        many = len(self._sorted)
        if many < 20:
            return BEFORE_ANY
        return tuple(self._sorted[_rank(level, many)] for level in LEVELS)


def _rank(level: float, many: int) -> int:
    upper = math.ceil(level * (many + 1)) - 1
    lower = math.floor(level * (many + 1)) - 1
    return min(max(upper if level >= 0.5 else lower, 0), many - 1)


def walk_bands(outcomes: Sequence[Outcome], asked: Sequence[Outcome] = ()) -> Iterator[Walked]:
    """Every outcome and everything asked beside them, in the order of their days, as ``walk`` sees them.

    The days are whole and never fall from level to level. What is only ``asked`` teaches nothing.
    """
    errors, only = Errors(), {id(one) for one in asked}
    for one, seen in walk(outcomes, [*outcomes, *asked]):
        errors.known_before(one.asked_on)
        days = tuple(round(seen.centre + error * seen.scale) for error in errors.quantiles())
        yield Walked(one, seen, days, errors.snapshot() if id(one) in only else ())
        if id(one) not in only:
            errors.expect(one, seen)
