"""Exchange rates: exact decimals between two currencies on a day, and what an order may count on of them.

A rate is data that somebody states: so many units of ``target`` for one of ``source``. It is read both
ways round; a rate between two currencies is never put together from two others. An amount is converted
once and rounded once, halves away from zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.money import exponent_of, round_minor


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of ``source`` in units of ``target`` on a day, as ``by`` published it."""

    source: str
    target: str
    rate: Decimal
    on: date
    by: str = ""

    @property
    def pair(self) -> frozenset[str]:
        return frozenset((self.source, self.target))

    def factor(self, source: str, target: str) -> Fraction:
        """Minor units of ``target`` for one minor unit of ``source``, exact, in either direction."""
        direct = (self.source, self.target) == (source, target)
        return (Fraction(self.rate) if direct else 1 / Fraction(self.rate)) * minor_scale(source, target)


@dataclass(frozen=True, slots=True)
class Dealing:
    """How an order's money is changed: minor units of the order's currency for one of ``currency``.

    ``buy`` is what one costs and ``sell`` what one brings, the haircut included. A rate that ``fixed_by``
    has promised is the same both ways and holds until ``until``; no stress moves it.
    """

    currency: str
    buy: Fraction
    sell: Fraction
    fixed_by: str = ""
    until: date | None = None

    def moved(self, share: Fraction) -> "Dealing":
        """The dealing when the foreign currency is dearer by ``share``; a fixed one stays."""
        if self.fixed_by or not share:
            return self
        return Dealing(self.currency, self.buy * (1 + share), self.sell * (1 + share))


def minor_scale(source: str, target: str) -> Fraction:
    """Minor units of ``target`` in one of ``source`` where a unit of each is worth the same."""
    return Fraction(10) ** (exponent_of(target) - exponent_of(source))


def converted(amount_minor: int, factor: Fraction) -> int:
    """The amount at the factor, rounded once, halves away from zero."""
    return round_minor(amount_minor * factor)


def converted_up(amount_minor: int, factor: Fraction) -> int:
    """The amount at the factor, rounded up: what must at least be had."""
    return -(-(amount_minor * factor.numerator) // factor.denominator)


def newest(rates: Iterable[Rate], source: str, target: str, on: date) -> Rate | None:
    """The newest rate between the two on or before the day; of one day the one stated last."""
    found: Rate | None = None
    pair = frozenset((source, target))
    for rate in rates:
        if rate.pair == pair and rate.on <= on and (found is None or rate.on >= found.on):
            found = rate
    return found
