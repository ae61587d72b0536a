"""Covenants and limits before they break: how much room is left, and which are near their end."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

NEAR = Fraction(9, 10)
"""From this share of a limit on it is near."""


@dataclass(frozen=True, slots=True)
class Covenant:
    """Something measured against what is agreed: at most ``limit``, or at least it where ``least``."""

    name: str
    measured: Fraction
    limit: Fraction
    least: bool = False

    @property
    def used(self) -> Fraction:
        """How much of the room is used: one at the limit, more beyond it."""
        if self.least:
            return self.limit / self.measured if self.measured > 0 else Fraction(10)
        return self.measured / self.limit if self.limit > 0 else Fraction(10 if self.measured > 0 else 0)

    @property
    def state(self) -> str:
        """``kept``, ``near`` or ``broken``."""
        if self.used > 1:
            return "broken"
        return "near" if self.used >= NEAR else "kept"


def warnings(covenants: Iterable[Covenant]) -> list[Covenant]:
    """Those that are near or broken, the nearest to breaking first."""
    return sorted((one for one in covenants if one.state != "kept"), key=lambda one: (-one.used, one.name))
