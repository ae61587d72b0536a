"""A lender's book ties to its own accounts at any date, and losses reach the layers in their order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind
from finance.fold.expectations import Expectations
from finance.fold.fold import fold
from finance.reports.lender_book import LenderBook, book_of, lines_of
from finance.reports.tranches import Pool, Tranche, senior_ratio, tranches_of

MakeFact = Callable[..., Fact]
ACCEPTED = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")
POOL = Pool(1_000_000_000, Fraction("0.15"), Fraction("0.9"))


def book(contract: Contract, facts: list[Fact], on: date, lender: str) -> LenderBook:
    mark = Fact(FactKind.ADVANCED, on, "as-at", 1_000_000)
    position = fold(contract, [*facts, mark], on).position
    lines = [line for line in lines_of(position, on, forecast={}) if line.lender == lender]
    return book_of(lender, on, "CNY", lines, POOL)


def stories(contract: Contract, fact: MakeFact) -> dict[str, list[Fact]]:
    known = fold(contract, [ACCEPTED], date(2026, 6, 21), Expectations(contract, [ACCEPTED])).assumed
    early = fold(contract, [ACCEPTED], date(2026, 4, 20), Expectations(contract, [ACCEPTED])).assumed
    insolvent = [
        fact(FactKind.INSOLVENT, "2026-06-22"),
        fact(FactKind.RECOVERY, "2026-12-21", amount="22600000", cost="2260000"),
    ]
    return {
        "paid late": [*known, fact(FactKind.RECEIPT, "2026-08-06", amount="113000000")],
        "insolvent": [*known, *insolvent, fact(FactKind.WRITE_OFF, "2026-12-21")],
        "part paid, then lost": [
            *known,
            fact(FactKind.RECEIPT, "2026-06-22", amount="30000000"),
            fact(FactKind.WRITE_OFF, "2026-12-21"),
        ],
        "sold on the way": [
            *early,
            fact(FactKind.TRANSFER, "2026-04-15", facility="order-loan", seller="harbour", buyer="new",
                 price="87000000"),
        ],
    }  # fmt: skip


@pytest.mark.parametrize("story", ["paid late", "insolvent", "part paid, then lost", "sold on the way"])
def test_net_assets_are_capital_and_what_was_earned_and_lost_on_any_date(
    contract: Contract, fact: MakeFact, story: str
) -> None:
    facts = [ACCEPTED, *stories(contract, fact)[story]]
    for days in range(0, 330, 11):
        on = date(2026, 3, 5) + timedelta(days=days)
        for lender in ("harbour", "meridian", "new"):
            found = book(contract, [one for one in facts if one.on <= on], on, lender)
            assert found.nav == found.cash + found.outstanding + found.accrued - found.allowance
            assert found.net_assets == POOL.capital + found.earned - found.lost


def test_a_seller_keeps_its_history_in_its_book(contract: Contract, fact: MakeFact) -> None:
    facts = [ACCEPTED, *stories(contract, fact)["sold on the way"]]
    seller = book(contract, facts, date(2026, 4, 20), "harbour")
    assert seller.outstanding == 0
    assert seller.cash == POOL.capital - 25_764_000 - 60_646_000 + 87_000_000
    assert seller.earned > 0


def test_the_junior_layer_falls_when_a_loss_is_expected_not_when_it_is_certain(
    contract: Contract, fact: MakeFact
) -> None:
    facts = [ACCEPTED, *stories(contract, fact)["insolvent"]]
    for on, expected, realised in (
        ("2026-06-22", 109_035, 0),
        ("2026-07-23", 8_802_694, 0),
        ("2026-12-21", 0, 69_410_914),
    ):
        day = date.fromisoformat(on)
        found = book(contract, [one for one in facts if one.on <= day], day, "meridian")
        assert (found.tranches[0].expected, found.tranches[0].realised) == (expected, realised)
        assert found.junior == 150_000_000 - expected - realised
        assert found.senior == 850_000_000


def test_income_received_before_does_not_hide_lost_principal(contract: Contract, fact: MakeFact) -> None:
    facts = [ACCEPTED, *stories(contract, fact)["part paid, then lost"]]
    found = book(contract, facts, date(2026, 12, 31), "meridian")
    # 300,000.00 paid the discount of 17,577.15 first
    assert found.realised == 96_050_000 - (30_000_000 - 1_757_715)


@pytest.mark.parametrize(
    ("realised", "expected", "junior", "senior"),
    [
        (0, 0, (0, 0), (0, 0)),
        (10, 20, (10, 20), (0, 0)),
        (100, 80, (100, 50), (0, 30)),
        (200, 80, (150, 0), (50, 80)),
    ],
)
def test_realised_losses_come_before_expected_ones_and_junior_before_senior(
    realised: int, expected: int, junior: tuple[int, int], senior: tuple[int, int]
) -> None:
    layers = tranches_of(Pool(1_000, Fraction("0.15")), realised, expected)
    assert [(one.realised, one.expected) for one in layers] == [junior, senior]
    assert sum(one.value for one in layers) == 1_000 - realised - expected


def test_the_senior_ratio_of_the_worked_example() -> None:
    layers = tranches_of(POOL, 69_410_914, 0)
    assert layers[0].value == 80_589_086
    assert f"{float(senior_ratio(*layers)):.4f}" == "0.9134"
    empty = Tranche("junior", 0, 0, 0)
    assert senior_ratio(empty, replace(empty, name="senior")) == 0
