"""How good a forecast was: Brier score, area under the curve, pinball loss, coverage."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = Sequence[float] | NDArray[np.float64]


def brier(probability: Values, happened: Values) -> float:
    """Mean squared distance of the probability from what happened, 0 best (Brier 1950)."""
    return float(np.mean((np.asarray(probability) - np.asarray(happened)) ** 2))


def area(probability: Values, happened: Values) -> float:
    """Share of pairs, one late and one not, in which the late one had the higher probability; ties half."""
    score, late = np.asarray(probability), np.asarray(happened) > 0.5
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    many = int(late.sum())
    if not many or many == len(late):
        return 0.5
    return float((rank[late].sum() - many * (many + 1) / 2) / (many * (len(late) - many)))


def pinball(quantile: Values, value: Values, level: float) -> float:
    """Mean loss of a quantile forecast: ``level`` for each unit too low, 1 - level for each too high."""
    short = np.asarray(value) - np.asarray(quantile)
    return float(np.mean(np.maximum(level * short, (level - 1) * short)))


def coverage(low: Values, high: Values, value: Values) -> float:
    """Share of values inside their band, its ends included."""
    inside = (np.asarray(value) >= np.asarray(low)) & (np.asarray(value) <= np.asarray(high))
    return float(np.mean(inside))
