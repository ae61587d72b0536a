"""What was drawn on one day, and each lender's participation in it: owed now, and until when before."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from finance.agreed.contract import Share

Cost = Callable[[date, int, date], Fraction]
"""What an amount costs from the day it was drawn until another."""


@dataclass(slots=True)
class LenderPart:
    """One lender's part of a drawing; ``repaid`` are amounts of principal, each with its last day."""

    share: Share
    principal: int = 0
    drawn: int = 0
    repaid: list[tuple[int, date]] = field(default_factory=list)

    def repay(self, amount: int, on: date) -> None:
        self.repaid.append((amount, on))
        self.principal -= amount

    def layers(self, on: date) -> Iterator[tuple[int, date]]:
        """Each amount of principal with the day until which it has been owed, open ones until ``on``."""
        yield from self.repaid
        if self.principal:
            yield self.principal, on


@dataclass(slots=True)
class Drawing:
    """What is owed from ``on``; ``parts`` by lender."""

    on: date
    parts: dict[str, LenderPart]

    @property
    def principal(self) -> int:
        return sum(part.principal for part in self.parts.values())

    def exact(self, end: date, cost: Cost) -> dict[str, Fraction]:
        """What each lender's participation has cost up to a day, not rounded."""
        return {
            lender: sum((cost(self.on, amount, until) for amount, until in part.layers(end)), Fraction(0))
            for lender, part in self.parts.items()
        }
