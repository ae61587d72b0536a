"""Late interest is counted once: per amount and due day, also after payment, never on itself."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind
from finance.agreed.late_payment import late_payment_law
from finance.books.position import Position
from finance.fold.expectations import Expectations
from finance.fold.fold import fold
from finance.sides.late_interest import late_interest_due
from tests.parts.worked_example import lamp_contract

CN = Fraction(5, 10_000)
ACCEPTED = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")


def until(contract: Contract, day: str) -> list[Fact]:
    facts = [ACCEPTED]
    return facts + fold(contract, facts, date.fromisoformat(day), Expectations(contract, facts)).assumed


def lamp(lump: int = 0) -> Contract:
    contract = lamp_contract()
    return replace(contract, sale=replace(contract.sale, late_rate_daily=CN, late_lump_minor=lump))


def said(kind: FactKind, on: str, number: int, **data: object) -> Fact:
    return Fact(kind, date.fromisoformat(on), f"f{number}", 1000 + number, "test", data=data)


def at(contract: Contract, facts: list[Fact], on: str) -> Position:
    return fold(contract, facts, date.fromisoformat(on)).position


def charged(contract: Contract, facts: list[Fact], on: str = "2026-12-31") -> int:
    return -at(contract, facts, on).books.own("4310")


def test_charging_twice_is_charging_once() -> None:
    """1,130,000.00 due 22 June: 45 days to 6 August 25,425.00, 59 days to 20 August 33,335.00 in all.

    Decree 728 (2020), article 15: 0.05% a day.
    """
    contract = lamp()
    facts = until(contract, "2026-06-21")
    facts += [said(FactKind.LATE_INTEREST, "2026-08-06", 1)]
    assert charged(contract, facts) == 25_425_00
    facts += [said(FactKind.LATE_INTEREST, "2026-08-20", 2)]
    assert charged(contract, facts) == 33_335_00


def test_each_delivery_bears_interest_from_its_own_due_day() -> None:
    """1,017,000.00 from 22 June, 45 days: 22,882.50; 113,000.00 from 24 July, 13 days: 734.50."""
    contract = lamp()
    facts = until(contract, "2026-04-19")
    facts += [
        said(FactKind.MILESTONE, "2026-04-20", 1, name="delivery", quantity="9000"),
        said(FactKind.MILESTONE, "2026-05-25", 2, name="delivery", quantity="1000"),
        said(FactKind.LATE_INTEREST, "2026-08-06", 3),
    ]
    assert charged(contract, facts) == 23_617_00


def test_what_was_late_is_owed_after_it_was_paid() -> None:
    """Paid 45 days late on 6 August; stated on 10 August: 25,425.00, and nothing more later."""
    contract = lamp()
    facts = until(contract, "2026-06-21")
    facts += [
        said(FactKind.RECEIPT, "2026-08-06", 1, amount="113000000"),
        said(FactKind.LATE_INTEREST, "2026-08-10", 2),
        said(FactKind.LATE_INTEREST, "2026-09-30", 3),
    ]
    assert charged(contract, facts) == 25_425_00


def test_a_part_that_was_paid_bears_no_more() -> None:
    """400,000.00 paid after 10 days: 1,130,000.00 x 10 + 730,000.00 x 20 = 25.9 m; at 0.05%: 12,950.00."""
    contract = lamp()
    facts = until(contract, "2026-06-21")
    facts += [
        said(FactKind.RECEIPT, "2026-07-02", 1, amount="40000000"),
        said(FactKind.LATE_INTEREST, "2026-07-22", 2),
    ]
    assert charged(contract, facts) == 12_950_00


def test_a_credited_part_was_never_late() -> None:
    """100,000.00 credited: 1,030,000.00 x 30 days x 0.05% = 15,450.00."""
    contract = lamp()
    facts = until(contract, "2026-06-21")
    facts += [
        said(FactKind.CREDIT_NOTE, "2026-07-01", 1, amount="10000000"),
        said(FactKind.LATE_INTEREST, "2026-07-22", 2),
    ]
    assert charged(contract, facts) == 15_450_00


def test_the_lump_sum_is_owed_once_for_an_invoice() -> None:
    """1,130,000.00 x 10 days x 0.05% = 5,650.00 and 40.00; ten days later 5,650.00 more, no second 40.00."""
    contract = lamp(lump=40_00)
    facts = until(contract, "2026-06-21")
    assert late_interest_due(at(contract, facts, "2026-06-22"), date(2026, 6, 22)) == 0
    facts += [said(FactKind.LATE_INTEREST, "2026-07-02", 1), said(FactKind.LATE_INTEREST, "2026-07-12", 2)]
    assert charged(contract, facts, "2026-07-02") == 5_690_00
    assert charged(contract, facts) == 11_340_00


@pytest.mark.parametrize(
    ("country", "currency", "due", "gross", "rate", "lump"),
    [
        ("CN", "CNY", "2026-06-22", 100_000, Fraction(5, 10_000), 0),
        # Directive 2011/7/EU: 2.15% + 8 points = 10.15% a year, EUR 40
        ("FR", "EUR", "2026-05-01", 100_000, Fraction(1015, 10_000) / 365, 40_00),
        ("FR", "USD", "2026-05-01", 100_000, Fraction(1015, 10_000) / 365, 0),
        # German Civil Code 288(2): 1.27% + 9 points = 10.27%
        ("DE", "EUR", "2025-09-01", 100_000, Fraction(1027, 10_000) / 365, 40_00),
        # Act of 1998: 4.75% + 8 points = 12.75%; GBP 40 below 1,000.00, 70 below 10,000.00, else 100
        ("GB", "GBP", "2025-03-31", 999_99, Fraction(1275, 10_000) / 365, 40_00),
        ("GB", "GBP", "2025-03-31", 1_000_00, Fraction(1275, 10_000) / 365, 70_00),
        ("GB", "GBP", "2025-03-31", 10_000_00, Fraction(1275, 10_000) / 365, 100_00),
        ("XX", "EUR", "2026-05-01", 100_000, Fraction(0), 0),
    ],
)
def test_the_laws_rate_by_country(
    country: str, currency: str, due: str, gross: int, rate: Fraction, lump: int
) -> None:
    found = late_payment_law(country, currency, date.fromisoformat(due), gross)
    assert (found.rate_daily, found.lump_minor) == (rate, lump)
    assert bool(found.source) is (country != "XX")
