"""What money costs over days, exactly; the caller rounds once, where the cost becomes an amount."""

from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

from domain.dates import DayCount, interest_days
from domain.terms import Price, Step


@lru_cache(maxsize=4096)
def year_share(start: date, end: date, rule: DayCount) -> Fraction:
    """The part of a year that the day-count rule sees from ``start`` to ``end``."""
    days, year = interest_days(start, end, rule)
    return Fraction(days, year)


def exact_interest(price: Price, principal_minor: int, start: date, end: date) -> Fraction:
    """Minor units of interest on the principal, first day in, last day out; zero when ``end`` is earlier.

    Steps charge their rate for each begun period; the last step repeats.
    """
    if end <= start or not principal_minor:
        return Fraction(0)
    if price.steps:
        return principal_minor * _stepped_rate(price.steps, (end - start).days)
    return principal_minor * price.rate_annual * year_share(start, end, price.day_count)


@lru_cache(maxsize=4096)
def _stepped_rate(steps: tuple[Step, ...], days: int) -> Fraction:
    rate = Fraction(0)
    for step in steps[:-1]:
        if days <= 0:
            return rate
        rate += step.rate
        days -= step.days
    last = steps[-1]
    return rate + last.rate * max(0, -(-days // last.days))


def exact_late_charge(
    price: Price, principal_minor: int, due: date, on: date, grace_days: int, multiplier: Fraction
) -> Fraction:
    """The cost of being late: the plain rate within the grace days, the multiplied rate after them.

    c(x) = i A min(x, g) + m i A max(0, x - g), where x is the days after ``due`` as the day-count rule
    counts them. A stepped price counts its last step by the day.
    """
    late = max((on - due).days, 0)
    if not late:
        return Fraction(0)
    if price.steps:
        daily = Fraction(price.steps[-1].rate, price.steps[-1].days)
        within, beyond = daily * min(late, grace_days), daily * max(late - grace_days, 0)
    else:
        grace_end = min(due + timedelta(days=grace_days), on)
        within = price.rate_annual * year_share(due, grace_end, price.day_count)
        beyond = price.rate_annual * year_share(grace_end, on, price.day_count)
    return principal_minor * (within + multiplier * beyond)
