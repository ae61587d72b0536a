"""What a debt's lenders have earned beside principal: interest, late charges, fees with their tax.

Everything accrues cumulatively: what has accrued at a date is computed afresh and rounded once, and only the
difference to what was posted is posted. So the dates on which somebody asked never change a total.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from domain.money import round_minor, split_minor
from finance.agreed.contract import Rank

Amounts = dict[str, int]
"""Lender to amount in minor units."""

INCOME = (Rank.PENALTY, Rank.FEE, Rank.INTEREST)


def _by_rank() -> dict[Rank, Amounts]:
    return {rank: {} for rank in INCOME}


@dataclass(slots=True)
class Accruals:
    """By class of claim and lender; ``taxes`` are a part of the fees, ``up_to`` the last day counted."""

    accrued: dict[Rank, Amounts] = field(default_factory=_by_rank)
    paid: dict[Rank, Amounts] = field(default_factory=_by_rank)
    taxes: Amounts = field(default_factory=dict)
    up_to: date | None = None

    def total(self, rank: Rank) -> int:
        """All that has accrued, paid or not."""
        return sum(self.accrued[rank].values())

    def owed(self, rank: Rank) -> int:
        return sum(self.accrued[rank].values()) - sum(self.paid[rank].values())

    def owed_to(self, lender: str, rank: Rank) -> int:
        return self.accrued[rank].get(lender, 0) - self.paid[rank].get(lender, 0)

    def bring(self, rank: Rank, exact: list[dict[str, Fraction]]) -> Amounts:
        """Bring a class to its exact amounts by drawing and lender; what was added.

        Each drawing's total is rounded once; the sum is split among lenders by largest remainder.
        """
        total = sum(round_minor(sum(some.values(), Fraction(0))) for some in exact)
        weights: dict[str, Fraction] = {}
        for some in exact:
            for lender, part in some.items():
                weights[lender] = weights.get(lender, Fraction(0)) + part
        if len(weights) == 1 or not total:
            return raised(self.accrued[rank], dict.fromkeys(weights, total))
        return raised(
            self.accrued[rank], dict(zip(weights, split_minor(total, list(weights.values())), strict=True))
        )

    def bring_fees(self, fees: int, taxes: int, split: Callable[[int], Amounts]) -> tuple[Amounts, Amounts]:
        """Bring fees, and the tax on all that the money cost, to their sums; what was added of each."""
        whole = self.accrued[Rank.FEE]
        before = {lender: amount - self.taxes.get(lender, 0) for lender, amount in whole.items()}
        added = tuple(
            {} if total == sum(known.values()) else raised(known, split(total))
            for total, known in ((fees, before), (taxes, self.taxes))
        )
        for amounts in added:
            for lender, amount in amounts.items():
                whole[lender] = whole.get(lender, 0) + amount
        return added[0], added[1]

    def pay(self, rank: Rank, amount: int, tiers: Iterable[Sequence[str]]) -> Amounts:
        """What each lender gets of up to ``amount``: tier after tier, pro rata in each."""
        paid: Amounts = {}
        settled = self.paid[rank]
        for lenders in tiers:
            owed = {lender: self.owed_to(lender, rank) for lender in lenders}
            owed = {lender: minor for lender, minor in owed.items() if minor > 0}
            used = min(amount, sum(owed.values()))
            if used <= 0:
                continue
            for lender, share in zip(owed, split_minor(used, list(owed.values())), strict=True):
                settled[lender] = settled.get(lender, 0) + share
                paid[lender] = share
            amount -= used
        return paid

    def forgive(self) -> None:
        self.paid = {rank: dict(self.accrued[rank]) for rank in INCOME}

    def amounts(self) -> list[Amounts]:
        return [self.taxes, *self.accrued.values(), *self.paid.values()]


def raised(known: Amounts, target: Amounts) -> Amounts:
    """Bring ``known`` to ``target`` where they differ; the differences."""
    added = {lender: amount - known.get(lender, 0) for lender, amount in target.items()}
    added = {lender: amount for lender, amount in added.items() if amount}
    for lender in added:
        known[lender] = target[lender]
    return added
