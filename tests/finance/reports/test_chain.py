"""The length of a chain: the ratios of the literature, sums to the cent, days that each count once."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.locations import shipped_example, shipped_network
from config.network import load_network
from documents.orders.reading import read
from domain.network import Policy
from domain.plan import Plan
from finance.reports.chain import Middleman, chain_of, explained, through, wholesale_ratio
from routing.offers.situation import Situation
from routing.plans.choose import choose


@pytest.fixture(scope="module")
def plan() -> Plan:
    found = choose(Situation(read(shipped_example()), load_network(shipped_network()), Policy()))
    assert isinstance(found, Plan)
    return found


@pytest.mark.parametrize(
    ("prices", "ratio"),
    [
        ((100, 120, 156), "0.77"),
        ((100, 120, 140, 160, 208), "2.02"),
        ((0, 60, 100), "0.60"),
        ((0, 60, 80, 100), "1.40"),
        ((0, 100), "0.00"),
    ],
)
def test_the_ratio_of_sales_between_firms_to_the_last_sale(prices: tuple[int, ...], ratio: str) -> None:
    assert f"{float(wholesale_ratio(prices)):.2f}" == ratio


def test_what_the_steps_of_the_lamp_order_add_is_a_million(plan: Plan) -> None:
    found = chain_of(plan)
    assert found.final_minor == 100_000_000
    assert sum(step.adds_minor for step in found.steps) == found.final_minor == found.steps[-1].price_minor
    assert (found.transfers, found.sales) == (2, (76_000_000, 100_000_000))
    assert found.ratio == Fraction(76, 100)
    assert found.steps[-1].party == "trader"


def test_each_day_of_the_goods_is_somebodys_once(plan: Plan) -> None:
    found = chain_of(plan)
    assert found.goods_days == (date(2026, 4, 20) - date(2026, 3, 5)).days == 46
    assert sum(step.goods_days for step in found.steps) == found.goods_days
    assert found.money_days == (date(2026, 6, 22) - date(2026, 3, 5)).days


def test_who_carries_the_days_by_hand(plan: Plan) -> None:
    """257,640.00 from 03-05 and 606,460.00 from 04-09 to 04-22; 953,720.00 from then to 06-22."""
    carried = {one.party: one.money_days for one in chain_of(plan).carriers}
    assert carried["lender:harbour"] == 25_764_000 * 48 + 60_646_000 * 13
    assert carried["lender:pearl"] == 95_372_000 * 61
    assert carried["provider:nansha-store"] == 1_590_000 * 60
    assert "buyer" not in carried


def test_the_same_goods_through_an_importer_and_wholesalers_by_hand(plan: Plan) -> None:
    ours = chain_of(plan)
    firms = [
        Middleman("importer", Fraction(14, 100), 900_000, 35, 60),
        Middleman("national", Fraction(11, 100), 0, 30, 45),
        Middleman("regional", Fraction(10, 100), 0, 21, 30),
    ]
    theirs = through(ours, firms, "importer")
    assert theirs.sales == (76_000_000, 87_540_000, 97_169_400, 106_886_340)
    assert theirs.ratio == Fraction(76_000_000 + 87_540_000 + 97_169_400, 106_886_340)
    assert (theirs.transfers, theirs.goods_days, theirs.money_days) == (4, 33 + 86, 135)
    gaps = explained(ours, theirs)
    assert sum(gap.amount_minor for gap in gaps) == theirs.final_minor - ours.final_minor == 6_886_340
    assert all(gap.party != "provider:zhongshan-lamps" for gap in gaps)


@given(st.lists(st.tuples(st.fractions(0, 1), st.integers(0, 10**6)), min_size=1, max_size=6))
def test_the_difference_is_explained_to_the_cent(parts: list[tuple[Fraction, int]]) -> None:
    found = choose(Situation(read(shipped_example()), load_network(shipped_network()), Policy()), brief=True)
    assert isinstance(found, Plan)
    ours = chain_of(found)
    theirs = through(ours, [Middleman(f"m{n}", rate, fixed) for n, (rate, fixed) in enumerate(parts)], "t")
    gaps = explained(ours, theirs)
    assert sum(gap.amount_minor for gap in gaps) == theirs.final_minor - ours.final_minor
    assert theirs.steps[-1].price_minor == theirs.final_minor


def test_a_deposit_of_the_buyer_is_money_that_he_carries(plan: Plan) -> None:
    deposit = replace(plan.buyer[0], due_on=date(2026, 4, 10), amount_minor=1_000)
    carried = {one.party: one.money_days for one in chain_of(replace(plan, buyer=(deposit,))).carriers}
    assert carried["buyer"] == 10 * 1_000
