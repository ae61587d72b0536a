"""Lower bounds on what money costs, in whole numbers: N x a rate plus X x a rate a day."""

from dataclasses import dataclass
from fractions import Fraction

from domain.dates import DayCount
from domain.network import FinanceProduct
from domain.terms import Event

SCALE = 10**12
"""Rates in lower bounds are whole numbers of this part, rounded down."""


@dataclass(frozen=True, slots=True)
class LeastCost:
    """A lower bound on what a product costs: fixed + N x by_amount + X x by_day, where N is the need and
    X the sum of need x days to its repayment; the rates in parts of ``SCALE``."""

    fixed: int
    by_amount: int
    by_day: int
    cap: int | None = None

    def of(self, need: int, need_days: int) -> int:
        return self.fixed + (need * self.by_amount + need_days * self.by_day) // SCALE


IMPOSSIBLE = 10**30
ROUNDING = 8
"""Minor units by which a bound may be above the truth: each draw and fee is rounded by half at most."""


def least_cost_of(product: FinanceProduct) -> LeastCost:
    """Holds for every draw rule: whoever covers the need owes at least the need from its dates on."""
    fixed = sum(fee.amount_minor for fee in product.fees)
    once = sum((fee.rate for fee in product.fees if fee.basis.value in ("limit", "draw")), Fraction(0))
    price = product.price
    by_day = Fraction(0)
    if not price.steps:
        year = 365 if price.day_count is DayCount.ACT_365F else 360
        by_day = price.rate_annual / year
        if price.day_count is DayCount.THIRTY_360:
            # a bond-basis month never counts less than 30 of 31 days, less one for where it starts
            once -= by_day * 2
            by_day = by_day * 28 / 31
    if product.repaid_on not in (Event.FUNDING, Event.BUYER_PAYMENT):
        by_day = Fraction(0)
    return LeastCost(fixed, int(once * SCALE) - 1, int(by_day * SCALE))


def undominated(bounds: list[LeastCost]) -> list[LeastCost]:
    """Those that are the least for some need; ties keep one."""
    kept: list[LeastCost] = []
    for one in sorted(set(bounds), key=lambda each: (each.by_amount, each.by_day, each.fixed)):
        if not any(_dominates(other, one) for other in kept):
            kept.append(one)
    return kept


def _dominates(one: LeastCost, other: LeastCost) -> bool:
    cheaper = one.by_amount <= other.by_amount and one.by_day <= other.by_day and one.fixed <= other.fixed
    return cheaper and (one.cap is None or (other.cap is not None and one.cap >= other.cap))


def cheapest_of(bounds: list[LeastCost]) -> LeastCost:
    """Below every one of them, whatever the need."""
    return LeastCost(
        min(one.fixed for one in bounds),
        min(one.by_amount for one in bounds),
        min(one.by_day for one in bounds),
    )


@dataclass(frozen=True, slots=True)
class CashNeed:
    """Before a day: uncovered payments, and those times their days until it. ``lowest`` is the least that
    operating flows alone come to from that day until before the buyer pays, ``longest`` the days since the
    first uncovered payment."""

    amount: int
    amount_days: int
    lowest: int
    longest: int = 0
