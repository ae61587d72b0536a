"""Lower bounds on what money costs, in whole numbers: N x a rate plus X x a rate a day."""

from dataclasses import dataclass, replace
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


class LeastCosts:
    """What each product costs at least, and what a need costs by the cheapest of them.

    ``aid`` is what contingency costs at least, with the most that one such product lends; None without any.
    """

    def __init__(
        self, least: dict[str, LeastCost], pre: list[FinanceProduct], contingency: list[FinanceProduct]
    ) -> None:
        self.least = least
        self.pre = pre
        self.aid = _aid([least[one.id] for one in contingency])
        self._floors: dict[bool, list[LeastCost | None]] = {}

    def floor(self, need: CashNeed, *, alone: bool) -> int:
        """The least that any pre-shipment or contingency product costs for the need; ``alone`` are those
        that need no take-out."""
        if not need.amount:
            return 0
        kept = self.floors(alone=alone)
        found = [self.helped(one, need.amount, need.amount_days, need.longest) for one in kept]
        able = [least for least in found if least < IMPOSSIBLE]
        return min(able) - ROUNDING if able else IMPOSSIBLE

    def floors(self, *, alone: bool) -> list[LeastCost | None]:
        """The pre-shipment products that may be the cheapest; None stands for contingency without one."""
        kept = self._floors.get(alone)
        if kept is None:
            bounds = [self.least[one.id] for one in self.pre if not (alone and one.requires_take_out)]
            kept = [*undominated(bounds), *([None] if self.aid else [])]
            self._floors[alone] = kept
        return kept

    def helped(self, bound: LeastCost | None, amount: int, amount_days: int, longest: int) -> int:
        """The least that a pre-shipment product costs for the need when contingency may take a part of it,
        no more than that lends and no longer than ``longest`` days; IMPOSSIBLE when both cannot hold it."""
        aid = self.aid
        if aid is None:
            fits = bound is not None and (bound.cap is None or amount <= bound.cap)
            return bound.of(amount, amount_days) if bound is not None and fits else IMPOSSIBLE
        if bound is None:
            return aid.of(amount, amount_days) if aid.cap is None or amount <= aid.cap else IMPOSSIBLE
        if aid.cap is None:
            return cheapest_of([bound, aid]).of(amount, amount_days)
        if bound.cap is not None and amount > bound.cap + aid.cap:
            return IMPOSSIBLE
        dearer = max(0, bound.by_amount - aid.by_amount) + longest * max(0, bound.by_day - aid.by_day)
        least = bound.of(amount, amount_days) - aid.cap * dearer // SCALE - 1
        return min(least, aid.of(amount, amount_days)) if amount <= aid.cap else least

    def lends(self, product: FinanceProduct, need: CashNeed) -> bool:
        """Whether the product's ceiling could hold the need, as far as that is known without a chain."""
        cap = self.least[product.id].cap
        if cap is None or need.amount <= cap:
            return True
        return self.aid is not None and (self.aid.cap is None or need.amount <= cap + self.aid.cap)

    def most_lent(self, *, alone: bool) -> int | None:
        """The most that any pre-shipment product lends on this order; None when that depends on the chain."""
        caps = [self.least[one.id].cap for one in self.pre if not (alone and one.requires_take_out)]
        known = [cap for cap in caps if cap is not None]
        return max(known, default=0) if len(known) == len(caps) else None


def _aid(bounds: list[LeastCost]) -> LeastCost | None:
    if not bounds:
        return None
    caps = [one.cap for one in bounds]
    known = [cap for cap in caps if cap is not None]
    return replace(cheapest_of(bounds), cap=max(known) if len(known) == len(caps) else None)
