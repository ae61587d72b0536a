"""Serial Cournot against the known table, and against firms that look for something better to do."""

from fractions import Fraction

import pytest

from domain.errors import UsageError
from routing.simulate.tiers import DemandCurve, deadly_fee, giant, nodes, nodes_sell_more

DEMAND, COST = DemandCurve(Fraction(100)), Fraction(20)


def cents(value: Fraction) -> str:
    return f"{float(value):.2f}"


def test_the_giant() -> None:
    found = giant(DEMAND, COST)
    assert [cents(one) for one in (found.quantity, found.price, found.profit, found.consumers)] == [
        "40.00", "60.00", "1600.00", "800.00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("firms", "quantity", "price", "profit"),
    [
        ([1], "40.00", "60.00", "1600.00"),
        ([1, 1], "20.00", "80.00", "1200.00"),
        ([3, 3], "45.00", "55.00", "1575.00"),
        ([4, 4, 4], "40.96", "59.04", "1599.08"),
        ([3, 3, 3], "33.75", "66.25", "1560.94"),
        ([1, 1, 1], "10.00", "90.00", "700.00"),
    ],
)
def test_the_known_table(firms: list[int], quantity: str, price: str, profit: str) -> None:
    found = nodes(DEMAND, COST, firms)
    assert [cents(one) for one in (found.quantity, found.price, found.profit)] == [quantity, price, profit]
    assert found.profit == (found.price - COST) * found.quantity
    assert nodes_sell_more(firms) is (found.quantity > giant(DEMAND, COST).quantity)


def test_the_nodes_lose_with_one_firm_a_tier() -> None:
    found = nodes(DEMAND, COST, [1, 1, 1])
    assert found.quantity < giant(DEMAND, COST).quantity
    assert found.consumers < giant(DEMAND, COST).consumers
    assert found.profit < giant(DEMAND, COST).profit


@pytest.mark.parametrize("firms", [[1], [3], [2, 3], [4, 1, 2]])
@pytest.mark.parametrize("fee", [Fraction(0), Fraction(3, 2)])
def test_no_firm_would_rather_sell_another_quantity(firms: list[int], fee: Fraction) -> None:
    """Nash: at each tier's demand, as the tiers below pass it on, its own quantity is the best answer."""
    found = nodes(DEMAND, COST, firms, fee)
    slope, top = DEMAND.slope, DEMAND.highest
    for place, tier in enumerate(found.tiers):
        each, others = found.quantity / tier.firms, found.quantity * (tier.firms - 1) / tier.firms

        def profit(
            own: Fraction,
            others: Fraction = others,
            slope: Fraction = slope,
            top: Fraction = top,
            cost: Fraction = tier.buys_at,
        ) -> Fraction:
            return (top - slope * (others + own) - cost) * own  # fmt: skip

        best = profit(each)
        assert best == tier.profit_each
        assert all(profit(each + Fraction(step, 100)) < best for step in range(-50, 51) if step)
        slope = slope * (tier.firms + 1) / tier.firms
        top -= fee
        if place + 1 < len(firms):
            assert found.tiers[place + 1].sells_at == tier.buys_at - fee
    assert found.tiers[-1].buys_at == COST


def test_the_deadly_fee_takes_all_of_the_gain_and_not_more() -> None:
    fee = deadly_fee(DEMAND, COST, [4, 4, 4])
    assert fee == Fraction(15, 16)
    assert nodes(DEMAND, COST, [4, 4, 4], fee).quantity == giant(DEMAND, COST).quantity
    assert nodes(DEMAND, COST, [4, 4, 4], fee * Fraction(99, 100)).quantity > 40
    assert deadly_fee(DEMAND, COST, [3, 3, 3]) is None
    assert deadly_fee(DEMAND, COST, [4]) is None


def test_money_goes_nowhere_else() -> None:
    found = nodes(DEMAND, COST, [2, 3, 5], Fraction(2))
    assert found.profit + found.fees + COST * found.quantity == found.price * found.quantity


def test_a_fee_above_every_price_ends_the_trade() -> None:
    assert nodes(DEMAND, COST, [2, 2], Fraction(100)).quantity == 0


@pytest.mark.parametrize("firms", [[], [0], [2, -1]])
def test_a_tier_without_firms_is_refused(firms: list[int]) -> None:
    with pytest.raises(UsageError):
        nodes(DEMAND, COST, firms)


def test_demand_below_the_cost_is_refused() -> None:
    with pytest.raises(UsageError):
        giant(DemandCurve(Fraction(10)), COST)
