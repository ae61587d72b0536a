"""Who bears a pool's losses: the junior layer first, then the senior; expected losses beside realised ones.

A loss is expected while an allowance stands for it and realised once it is written off. Both take from the
junior layer first, so that a tranche's worth falls on the day a loss is expected, not when it is certain.
"""

from dataclasses import dataclass
from fractions import Fraction

from domain.money import round_minor


@dataclass(frozen=True, slots=True)
class Pool:
    """How a lender's capital is layered; ``senior_most`` is the share beyond which it stops lending."""

    capital: int = 0
    junior_share: Fraction = Fraction(0)
    senior_most: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Tranche:
    """One layer of a pool's capital, in minor units, with its part of the losses."""

    name: str
    capital: int
    realised: int
    expected: int

    @property
    def value(self) -> int:
        """What is left of the capital when what is expected to be lost is lost."""
        return self.capital - self.realised - self.expected


def tranches_of(pool: Pool, realised: int, expected: int) -> tuple[Tranche, Tranche]:
    """Junior, then senior; a loss beyond all capital is the lenders' own and falls on the senior."""
    capital = round_minor(pool.capital * pool.junior_share)
    lost = min(capital, realised)
    doubtful = min(capital - lost, expected)
    junior = Tranche("junior", capital, lost, doubtful)
    senior = Tranche("senior", pool.capital - capital, realised - lost, expected - doubtful)
    return junior, senior


def senior_ratio(junior: Tranche, senior: Tranche) -> Fraction:
    """The senior layer's part of what both are worth."""
    whole = junior.value + senior.value
    return Fraction(senior.value, whole) if whole > 0 else Fraction(0)
