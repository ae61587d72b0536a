"""Who gains from a voucher: what each tier pays for money now, and at the buyer's rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.money import round_minor

YEAR_DAYS = 360


@dataclass(frozen=True, slots=True)
class TierPart:
    """What a tier keeps of a voucher after passing the rest on, and what money costs it today (a year)."""

    firm: str
    amount_minor: int
    rate_annual: Fraction


@dataclass(frozen=True, slots=True)
class Gain:
    """The cost of waiting at the firm's own rate and of financing at the buyer's, exact; each figure is
    rounded to minor units by itself, once."""

    firm: str
    own: Fraction
    voucher: Fraction

    @property
    def own_cost(self) -> int:
        return round_minor(self.own)

    @property
    def voucher_cost(self) -> int:
        return round_minor(self.voucher)

    @property
    def saved(self) -> int:
        """Below zero where the firm loses."""
        return round_minor(self.own - self.voucher)


def total(found: Sequence[Gain]) -> Gain:
    """All tiers together."""
    nothing = Fraction(0)
    return Gain("all", sum((one.own for one in found), nothing), sum((one.voucher for one in found), nothing))


def gains(
    tiers: Sequence[TierPart], buyer_rate: Fraction, days: int, fee: Fraction = Fraction(0)
) -> list[Gain]:
    """Actual/360 over the days to maturity; ``fee`` is the platform's share of what is financed.

    Each tier is looked at alone: one whose own money is cheaper than the buyer's loses by financing and
    would hold its part to maturity.
    """
    return [
        Gain(
            one.firm,
            _cost(one.amount_minor, one.rate_annual, days),
            _cost(one.amount_minor, buyer_rate, days) + one.amount_minor * fee,
        )
        for one in tiers
    ]


def _cost(amount_minor: int, rate: Fraction, days: int) -> Fraction:
    return amount_minor * rate * days / YEAR_DAYS
