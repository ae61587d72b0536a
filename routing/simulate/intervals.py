"""What many replications say together: mean, spread, confidence interval, shares."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications with the half width of its confidence interval at ``level``."""

    mean: float
    half: float
    level: float
    many: int
    least: float
    most: float

    @property
    def low(self) -> float:
        return self.mean - self.half

    @property
    def high(self) -> float:
        return self.mean + self.half

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


class Running:
    """Mean and spread of numbers as they come, in flat memory (Welford 1962)."""

    def __init__(self) -> None:
        self.many = 0
        self.mean = 0.0
        self._squares = 0.0
        self.least = math.inf
        self.most = -math.inf

    def add(self, value: float) -> None:
        self.many += 1
        off = value - self.mean
        self.mean += off / self.many
        self._squares += off * (value - self.mean)
        self.least, self.most = min(self.least, value), max(self.most, value)

    @property
    def variance(self) -> float:
        return self._squares / (self.many - 1) if self.many > 1 else 0.0

    def estimate(self, level: float = 0.95) -> Estimate:
        """With one replication alone nothing is known of the spread: the interval is infinite."""
        if self.many < 2:
            return Estimate(self.mean, math.inf, level, self.many, self.least, self.most)
        half = student(self.many - 1, level) * math.sqrt(self.variance / self.many)
        return Estimate(self.mean, half, level, self.many, self.least, self.most)


def estimate(values: Sequence[float], level: float = 0.95) -> Estimate:
    running = Running()
    for value in values:
        running.add(value)
    return running.estimate(level)


def quantile(values: Sequence[float], level: float) -> float:
    """The least value that at least ``level`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(max(math.ceil(level * len(ordered)) - 1, 0), len(ordered) - 1)]


@lru_cache(maxsize=256)
def student(degrees: int, level: float) -> float:
    """The two-sided quantile of Student's t: |T| stays below it with probability ``level``."""
    low, high = 0.0, 1e3
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if 2 * _upper(degrees, middle) > 1 - level else (low, middle)
    return high


def _upper(degrees: int, t: float) -> float:
    """P(T > t) for t of at least zero, by the incomplete beta function."""
    return beta_below(degrees / (degrees + t * t), degrees / 2, 0.5) / 2


def beta_below(x: float, a: float, b: float) -> float:
    """P(X < x) of a Beta(a, b): the regularised incomplete beta function by continued fractions (Lentz)."""
    if x <= 0 or x >= 1:
        return max(0.0, min(1.0, x))
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 300):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / _away(1 + term * d), _away(1 + term / c)
            step = d * c
            result *= step
        if abs(step - 1) < 1e-14:
            break
    return result


def _away(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300


def smallest(fits: Callable[[int], bool], low: int, high: int) -> int:
    """The least number from ``low`` on that fits, where fitting never ends once begun; ``high`` if none."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def smallest_near(fits: Callable[[int], bool], guess: int, low: int) -> int:
    """As ``smallest``, from a good guess: few numbers are tried where it is nearly right."""
    high, step = max(guess, low), 1
    while not fits(high):
        low, high, step = high + 1, high + step, 2 * step
    below, step = high - 1, 1
    while below >= low and fits(below):
        high, below, step = below, below - step, 2 * step
    return smallest(fits, max(low, below + 1), high)
