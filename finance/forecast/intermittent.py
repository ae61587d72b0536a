"""Demand that comes now and then: a rate a period by Croston, its correction, and TSB, beside plain means.

Croston (1972) smooths the sizes of demands and the gaps between them; Syntetos and Boylan (2005) take off
half of the
smoothing, which makes it unbiased; Teunter, Syntetos and Babai (2011) smooth the chance of a demand in
every period, so that what is no longer asked for dies out. ``None`` is a period that is not known.
"""

from collections.abc import Callable, Sequence

Series = Sequence[float | None]
Rate = Callable[[Series], float]
SMOOTHING = 0.1


def zero(_series: Series) -> float:
    return 0.0


def mean(series: Series) -> float:
    """The mean of all known periods."""
    known = [one for one in series if one is not None]
    return sum(known) / len(known) if known else 0.0


def croston(series: Series, smoothing: float = SMOOTHING) -> float:
    """Size over gap, both smoothed at each demand; zero before the first."""
    size = gap = None
    since = 0
    for one in series:
        if one is None:
            continue
        since += 1
        if one > 0:
            size = one if size is None else size + smoothing * (one - size)
            gap = float(since) if gap is None else gap + smoothing * (since - gap)
            since = 0
    return size / gap if size is not None and gap is not None else 0.0


def syntetos_boylan(series: Series, smoothing: float = SMOOTHING) -> float:
    return (1 - smoothing / 2) * croston(series, smoothing)


def teunter(series: Series, smoothing: float = SMOOTHING) -> float:
    """Chance times size (TSB): the chance is smoothed in every known period."""
    size = chance = None
    for one in series:
        if one is None:
            continue
        if one > 0:
            size = one if size is None else size + smoothing * (one - size)
        there = 1.0 if one > 0 else 0.0
        chance = there if chance is None else chance + smoothing * (there - chance)
    return chance * size if size is not None and chance is not None else 0.0


METHODS: dict[str, Rate] = {
    "zero": zero,
    "mean": mean,
    "croston": croston,
    "syntetos-boylan": syntetos_boylan,
    "tsb": teunter,
}


def scaled_errors(every: Sequence[Series], origins: Sequence[int]) -> dict[str, float]:
    """Root mean squared error of each method one period ahead at rolling origins, each series in units of its
    own mean absolute demand before the first origin; series without demand there are left out."""
    sums = dict.fromkeys(METHODS, 0.0)
    many = 0
    for series in every:
        known = [one for one in series[: origins[0]] if one is not None]
        unit = sum(known) / len(known) if known else 0.0
        for origin in origins:
            actual = series[origin] if origin < len(series) else None
            if not unit or actual is None:
                continue
            many += 1
            for name, rate in METHODS.items():
                sums[name] += ((rate(series[:origin]) - actual) / unit) ** 2
    return {name: (total / many) ** 0.5 for name, total in sums.items()} if many else sums
