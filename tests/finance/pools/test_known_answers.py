"""Published and worked figures: Basel risk weights, a pool's loss, a voucher's gain, a syndicate's book."""

from datetime import date
from fractions import Fraction

import pytest

from domain.errors import NoCreditError, RefusedError, StateError, UsageError
from finance.pools.capital import capital_share, correlation, risk_weight
from finance.pools.gains import TierPart, gains, total
from finance.pools.near_breach import Covenant, warnings
from finance.pools.syndicate import Bid, fill
from finance.pools.units import JUNIOR, SENIOR, PoolTerms, UnitPool

DAY = date(2026, 3, 5)


@pytest.mark.parametrize(("pd", "weight"), [(0.0003, 14.44), (0.0025, 49.47), (0.01, 92.32), (0.02, 114.85)])
def test_risk_weight_of_the_basel_table(pd: float, weight: float) -> None:
    """The illustrative table for corporates, loss given default 45%, maturity 2.5 years."""
    assert round(100 * risk_weight(pd, 0.45), 2) == weight


def test_capital_at_its_ends() -> None:
    assert risk_weight(0.0, 0.45) == risk_weight(0.0003, 0.45)
    assert capital_share(1.0, 0.45) == 0.0
    assert correlation(0.0) == pytest.approx(0.24)
    assert correlation(1.0) == pytest.approx(0.12)
    assert risk_weight(0.01, 0.45, 5) > risk_weight(0.01, 0.45) > risk_weight(0.01, 0.45, 0.1)
    assert risk_weight(0.01, 0.45, 0.1) == risk_weight(0.01, 0.45, 1)
    assert risk_weight(0.01, 0.9) == pytest.approx(2 * risk_weight(0.01, 0.45))


def pool(senior_most: str = "9/10") -> UnitPool:
    """Ten million, 15% of it junior."""
    made = UnitPool(PoolTerms("EAST", "CNY", Fraction(senior_most)))
    made.subscribe("junior investor", JUNIOR, 1_500_000_00, DAY)
    made.subscribe("senior investor", SENIOR, 8_500_000_00, DAY)
    return made


def test_the_worked_loss_falls_on_the_junior_layer_and_stops_lending() -> None:
    east = pool()
    assert east.may_lend
    assert east.mark(DAY, -694_109_14, 0) == {JUNIOR: -694_109_14, SENIOR: 0}
    assert east.layers[JUNIOR].worth == 805_890_86
    assert east.layers[SENIOR].worth == 8_500_000_00
    assert f"{float(east.senior_ratio):.2%}" == "91.34%"
    assert not east.may_lend
    with pytest.raises(RefusedError, match=r"91\.3"):
        east.subscribe("another", SENIOR, 1_00, DAY)
    with pytest.raises(RefusedError, match="senior layer would be"):
        east.redeem("junior investor", JUNIOR, 1_000_000, DAY)
    assert east.faults() == []


def test_a_loss_beyond_the_junior_layer_falls_on_the_senior_and_comes_back_to_it_first() -> None:
    east = pool()
    east.mark(DAY, -2_000_000_00, 0)
    assert (east.layers[JUNIOR].worth, east.layers[SENIOR].worth) == (0, 8_000_000_00)
    east.mark(DAY, -1_400_000_00, 0)
    assert (east.layers[JUNIOR].worth, east.layers[SENIOR].worth) == (100_000_00, 8_500_000_00)
    east.mark(DAY, 1_000_000_00, 0)
    assert (east.layers[JUNIOR].worth, east.layers[SENIOR].worth) == (1_650_000_00, 9_350_000_00)
    assert east.faults() == []


def test_nobody_loses_more_than_the_pool_has() -> None:
    east = pool()
    east.mark(DAY, -12_000_000_00, 0)
    assert east.worth == 0
    with pytest.raises(StateError, match="lost whole"):
        east.subscribe("late", JUNIOR, 1_00, DAY)


def test_a_stale_worth_prices_nothing() -> None:
    east = pool()
    with pytest.raises(StateError, match="prices nothing on 2026-03-07"):
        east.subscribe("late", JUNIOR, 1_00, date(2026, 3, 7))
    with pytest.raises(StateError, match="prices nothing"):
        east.redeem("junior investor", JUNIOR, 1, date(2026, 3, 4))
    assert east.subscribe("in time", JUNIOR, 1_00, date(2026, 3, 6)) == 1_000_000


def test_what_is_lent_out_is_not_paid_out() -> None:
    east = pool()
    east.mark(DAY, 0, 9_999_999_00)
    with pytest.raises(RefusedError, match="not lent out"):
        east.redeem("senior investor", SENIOR, 2 * 10**6, DAY)
    assert east.redeem("senior investor", SENIOR, 10**6, DAY) == 1_00


def test_money_in_later_buys_at_the_days_worth() -> None:
    east = pool()
    east.mark(DAY, 1_000_000_00, 0)
    assert east.subscribe("late", JUNIOR, 110_00, DAY) == 100 * 10**6
    paid = east.distribute(1_000_01, DAY)
    assert sum(paid.values()) == 1_000_01
    assert east.faults() == []


def test_a_closed_pool_takes_nothing_and_pays_out_all() -> None:
    east = pool()
    east.close()
    with pytest.raises(StateError, match="closed"):
        east.subscribe("late", JUNIOR, 1_00, DAY)
    for name, layer in east.layers.items():
        for holder, units in dict(layer.holders).items():
            east.redeem(holder, name, units, DAY)
    assert (east.cash, east.worth) == (0, 0)


def test_who_gains_from_a_voucher_of_three_tiers() -> None:
    """1,130,000 at 60 days, kept 730,000 / 250,000 / 150,000; own rates 8, 12, 15%, the buyer's 5%."""
    tiers = [
        TierPart("one", 730_000_00, Fraction(8, 100)),
        TierPart("two", 250_000_00, Fraction(12, 100)),
        TierPart("three", 150_000_00, Fraction(15, 100)),
    ]
    found = gains(tiers, Fraction(5, 100), 60)
    assert (total(found).own_cost, total(found).voucher_cost) == (18_483_33, 9_416_67)
    assert [one.saved for one in found] == [3_650_00, 2_916_67, 2_500_00]
    assert total(found).saved == sum(one.saved for one in found) == 9_066_67


def test_a_tier_with_cheaper_money_than_the_buyer_loses() -> None:
    assert gains([TierPart("rich", 100_00, Fraction(1, 100))], Fraction(5, 100), 360)[0].saved == -4_00


def test_a_syndicate_fills_at_the_lowest_rate_pro_rata_at_the_margin() -> None:
    bids = [
        Bid("a", 400_00, Fraction(5, 100)),
        Bid("b", 300_01, Fraction(6, 100)),
        Bid("c", 200_00, Fraction(6, 100)),
        Bid("d", 900_00, Fraction(9, 100)),
    ]
    found = fill(600_00, bids)
    assert found.rate_annual == Fraction(6, 100)
    assert {one.lender: one.amount_minor for one in found.allotments} == {
        "a": 400_00,
        "b": 120_00,
        "c": 80_00,
    }
    assert fill(600_00, bids[::-1]) == found
    assert fill(400_00, bids).rate_annual == Fraction(5, 100)
    with pytest.raises(NoCreditError, match="not bid for"):
        fill(10_000_00, bids)
    with pytest.raises(UsageError, match="twice"):
        fill(1, [bids[0], bids[0]])


def test_a_covenant_warns_before_it_breaks() -> None:
    found = warnings(
        [
            Covenant("senior ratio", Fraction(85, 100), Fraction(90, 100)),
            Covenant("buyer", Fraction(5), Fraction(10)),
            Covenant("cover", Fraction(104, 100), Fraction(105, 100), least=True),
            Covenant("nothing allowed", Fraction(1), Fraction(0)),
        ]
    )
    assert [(one.name, one.state) for one in found] == [
        ("nothing allowed", "broken"),
        ("cover", "broken"),
        ("senior ratio", "near"),
    ]
