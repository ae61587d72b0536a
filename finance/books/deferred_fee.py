"""A loan's fee, taken when it is drawn and earned evenly over the loan's life."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from domain.money import round_minor
from finance.books.accruals import Amounts, raised


@dataclass(slots=True)
class DeferredFee:
    """What was taken and what of it is earned, by lender; ``life`` from the first draw to repayment."""

    taken: Amounts = field(default_factory=dict)
    earned: Amounts = field(default_factory=dict)
    life: tuple[date, date] | None = None

    def take(self, lender: str, amount: int) -> None:
        self.taken[lender] = self.taken.get(lender, 0) + amount

    def unearned(self, lender: str) -> int:
        return self.taken.get(lender, 0) - self.earned.get(lender, 0)

    def earn(self, on: date, *, entirely: bool = False) -> Amounts:
        """Earn what the days up to ``on`` come to; what was added, per lender."""
        share = Fraction(1) if entirely else self._life_share(on)
        return raised(self.earned, {lender: round_minor(fee * share) for lender, fee in self.taken.items()})

    def _life_share(self, on: date) -> Fraction:
        if self.life is None:
            return Fraction(1)
        start, end = self.life
        if on >= end:
            return Fraction(1)
        return Fraction(max((on - start).days, 0), max((end - start).days, 1))
