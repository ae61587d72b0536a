"""The worked example's contract as fixtures, and facts numbered as they are made."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from finance.agreed.contract import Contract, Share
from finance.agreed.facts import Fact, FactKind
from tests.parts.worked_example import lamp_contract, lamp_facilities


@pytest.fixture
def contract() -> Contract:
    return lamp_contract()


@pytest.fixture
def syndicated() -> Contract:
    """The same with two lenders in the purchase-order loan, 60 to 40."""
    shares = (Share("harbour", Fraction(3, 5)), Share("delta", Fraction(2, 5)))
    return replace(lamp_contract(), facilities=lamp_facilities(shares))


@pytest.fixture
def fact() -> Callable[..., Fact]:
    """Make facts numbered in the order in which they are made."""
    made: list[int] = []

    def make(kind: FactKind, on: str, **data: object) -> Fact:
        made.append(1)
        number = 1000 + len(made)
        return Fact(kind, date.fromisoformat(on), f"f{number}", number, "test", data=data)

    return make
