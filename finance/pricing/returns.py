"""What money costs, said three ways: the headline, the simple rate on what was really had, and XIRR.

XIRR solves sum CF_k / (1 + r)^((t_k - t_0) / 365) = 0. It is a figure to read, never to reckon with, and
the one place where floats are allowed.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise

from domain.money import round_minor
from domain.terms import Price

Flows = Sequence[tuple[date, int]]
DIGITS = 4


def simple_rate(cost_minor: int, flows: Flows, repaid_on: date) -> Fraction | None:
    """All cost x 360 / sum of (cash had x days until repaid); None when no money was out for a day."""
    money_days = sum(amount * (repaid_on - on).days for on, amount in flows)
    return Fraction(cost_minor * 360, money_days) if money_days > 0 else None


def xirr(flows: Flows) -> float | None:
    """The yearly rate of the lender's flows (paid out negative, received positive).

    None unless there are both signs, the sign changes once, and the rate found balances the flows: the
    solver answers nonsense on tiny amounts, so they are scaled first.
    """
    sums: dict[date, int] = {}
    for on, amount in flows:
        sums[on] = sums.get(on, 0) + amount
    ordered = [(on, amount) for on, amount in sorted(sums.items()) if amount]
    signs = [amount > 0 for _, amount in ordered]
    changes = sum(1 for before, after in pairwise(signs) if before != after)
    if changes != 1:
        return None
    from pyxirr import xirr as solve

    largest = max(abs(amount) for _, amount in ordered)
    scaled = [1e6 * amount / largest for _, amount in ordered]
    dates = [on for on, _ in ordered]
    rate = solve(dates, scaled)
    if rate is None or rate <= -0.999 or not _balances(rate, dates, scaled):
        return None
    return rate


def _balances(rate: float, dates: list[date], amounts: list[float]) -> bool:
    value = 0.0
    for on, amount in zip(dates, amounts, strict=True):
        value += amount / float((1 + rate) ** ((on - dates[0]).days / 365))
    return abs(value) < 1.0


def rate_text(rate: Fraction | float | None) -> str | None:
    """``"0.3531"``: a share of one with four decimals, halves away from zero."""
    if rate is None:
        return None
    scaled = round_minor(Fraction(rate) * 10**DIGITS)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{abs(scaled) // 10**DIGITS}.{abs(scaled) % 10**DIGITS:0{DIGITS}d}"


def headline(price: Price) -> str:
    """The price as the lender states it: ``14.4% ACT/360`` or ``3% per 30 d, then 1% per 10 d``."""
    if price.steps:
        return ", then ".join(f"{_percent(step.rate)} per {step.days} d" for step in price.steps)
    return f"{_percent(price.rate_annual)} {price.day_count.value}"


def _percent(rate: Fraction) -> str:
    hundredths = round_minor(rate * 10**6)
    whole, rest = divmod(hundredths, 10**4)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + "%"
