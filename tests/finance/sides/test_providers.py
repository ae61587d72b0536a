"""Cancellation terms by state; damages that a firm owes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from domain.accounts import Account
from domain.terms import CancellationTerm
from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind
from finance.fold.fold import fold
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


def test_damages_beyond_the_price_are_compensation_without_tax(
    contract: Contract, fact: Callable[..., Fact]
) -> None:
    """The carrier's price is 27,250.00, of it 2,250.00 tax. It lost goods and owes 760,000.00: its price goes
    to nothing, 25,000.00 net and 2,250.00 tax; 760,000.00 - 27,250.00 = 732,750.00 is compensation."""
    lost = fact(FactKind.DAMAGES, "2026-04-14", booking="carrier", amount="76000000")
    accepted = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")
    books = fold(contract, [accepted, lost], date(2026, 4, 14)).position.books
    assert books.own("1240") == 76_000_000
    assert books.own(Account.INPUT_TAX) == -225_000
    assert books.own(Account.INDEMNITY) == -73_275_000
    assert books.balance("provider:carrier", Account.OUTPUT_TAX) == 225_000


def test_a_second_claim_counts_what_the_first_took_off_the_price(
    contract: Contract, fact: Callable[..., Fact]
) -> None:
    """20,000.00 and 10,000.00 on a price of 27,250.00: 2,750.00 of the second is beyond it."""
    accepted = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")
    claims = [
        fact(FactKind.DAMAGES, day, booking="carrier", amount=amount)
        for day, amount in (("2026-04-14", "2000000"), ("2026-04-15", "1000000"))
    ]
    books = fold(contract, [accepted, *claims], date(2026, 4, 15)).position.books
    assert books.own(Account.INDEMNITY) == -275_000
