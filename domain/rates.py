"""Rates and shares for people and files."""

from decimal import Decimal
from fractions import Fraction


def share(rate: Fraction) -> str | Fraction:
    """The rate as decimal text where that is exact (``0.13``), else as it is (a third)."""
    scaled = rate * 10**12
    if scaled.denominator != 1:
        return rate
    return format((Decimal(scaled.numerator) / 10**12).normalize(), "f")
