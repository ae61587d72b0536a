"""Cancellation terms by state."""

from dataclasses import replace
from fractions import Fraction

import pytest

from domain.terms import CancellationTerm
from finance.agreed.contract import Contract
from finance.sides.providers import cancellation_fee

TERMS = (
    CancellationTerm("RESERVED", Fraction(1, 20)),
    CancellationTerm("producing", Fraction(3, 5), 1_000),
)


@pytest.mark.parametrize(
    ("state", "fee"),
    [
        ("HELD", 0),
        ("RESERVED", 3_800_000),
        ("FUNDED", 3_800_000),
        ("PRODUCING", 45_601_000),
        ("INSPECTED", 45_601_000),
    ],
)
def test_the_latest_term_reached_counts(contract: Contract, state: str, fee: int) -> None:
    factory = replace(contract.bookings[0], cancellation=TERMS)
    assert cancellation_fee(factory, state) == fee


def test_a_fee_is_never_more_than_the_price(contract: Contract) -> None:
    greedy = replace(contract.bookings[0], cancellation=(CancellationTerm("DRAFT", Fraction(2)),))
    assert cancellation_fee(greedy, "FUNDED") == greedy.net_minor
