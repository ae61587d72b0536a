"""The worked example of the finance design, to the cent, from the shipped network as data."""

from datetime import date
from fractions import Fraction

from domain.money import parse_minor
from domain.network import Network, Policy, Role
from domain.order import Order
from domain.plain import from_plain, to_plain
from domain.plan import Certificate, Plan
from routing.offers.situation import Situation
from routing.plans.choose import candidates, choose, compare


def cny(text: str) -> int:
    return parse_minor(text, "CNY")


def planned(order: Order, network: Network, policy: Policy) -> Plan:
    found = choose(Situation(order, network, policy))
    assert isinstance(found, Plan)
    return found


def test_plan_b_passes_with_the_figures_of_the_design(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    plan = planned(lamp_order, network, policy)
    assert plan.profit_minor == cny("140388.71")
    assert (plan.minimum_minor, plan.minimum_on) == (cny("14965.86"), date(2026, 5, 15))
    assert plan.peak_minor == cny("921758.00")
    assert plan.finance_cost_minor == cny("41353.29")
    assert plan.unlevered_profit_minor == cny("181742.00")
    assert plan.surcharge_minor == cny("3258.00")
    assert plan.output_tax_due_minor == cny("27150.00")
    assert round(float(plan.cover or 0), 4) == 1.0824
    assert (plan.headroom.profit_days, plan.headroom.recourse_days, plan.headroom.liquidity_days) == (
        326,
        90,
        7,
    )
    assert plan.headroom.days == 7


def test_plan_b_cash_line_by_date(lamp_order: Order, network: Network, policy: Policy) -> None:
    plan = planned(lamp_order, network, policy)
    sums: dict[date, int] = {}
    for flow in plan.flows:
        sums[flow.on] = sums.get(flow.on, 0) + flow.amount_minor
    assert {on: amount for on, amount in sums.items() if amount} == {
        date(2026, 4, 22): cny("953720") - cny("881096.14") - cny("27250"),
        date(2026, 5, 15): -cny("30408"),
        date(2026, 6, 22): cny("151922.85") - cny("10600"),
        date(2026, 6, 29): -cny("15900"),
    }
    assert plan.flows[-1].balance_minor == plan.profit_minor
    assert min(flow.balance_minor for flow in plan.flows) >= 0


def test_plan_b_facilities(lamp_order: Order, network: Network, policy: Policy) -> None:
    plan = planned(lamp_order, network, policy)
    order, factor = plan.facility(Role.PRE_SHIPMENT), plan.facility(Role.TAKE_OUT)
    assert order is not None
    assert factor is not None
    assert order.limit_minor == cny("872828.28")
    assert [(draw.cash_minor, draw.fee_minor) for draw in order.draws] == [
        (cny("257640.00"), cny("8728.28")),
        (cny("606460.00"), 0),
    ]
    assert order.interest_minor == cny("5114.27") + cny("3153.59")
    assert order.repaid_minor == cny("881096.14")
    assert order.cost_minor == cny("16996.14")
    assert (order.xirr, order.apr) == ("0.3526", "0.3021")
    assert factor.draws[0].cash_minor == cny("953720.00")
    assert factor.interest_minor == cny("17577.15")
    assert factor.cost_minor == cny("24357.15")
    assert factor.xirr == "0.1629"
    assert factor.recourse_on == date(2026, 9, 20)
    assert factor.takes_out == order.product


def test_plan_b_earnings_sum_to_the_net_value(lamp_order: Order, network: Network, policy: Policy) -> None:
    plan = planned(lamp_order, network, policy)
    shares = {earning.party: earning.amount_minor for earning in plan.earnings}
    assert sum(shares.values()) == plan.net_minor
    assert {party: round(100 * amount / plan.net_minor, 2) for party, amount in shares.items()} == {
        "provider:zhongshan-lamps": 76.00,
        "provider:delta-freight": 2.50,
        "provider:nansha-store": 1.50,
        "provider:south-inspection": 0.50,
        "network": 0.80,
        "referrer": 0.20,
        "lender:harbour": 1.70,
        "lender:pearl": 2.44,
        "tax": 0.33,
        "trader": 14.04,
    }


def test_plan_a_fails_on_the_first_of_june(
    lamp_order: Order, plan_a_network: Network, policy: Policy
) -> None:
    found = choose(Situation(lamp_order, plan_a_network, policy), repairs=False)
    assert isinstance(found, Certificate)
    assert (found.gap_minor, found.gap_on) == (cny("934.14"), date(2026, 6, 1))
    assert found.best is not None
    assert found.best.unlevered_profit_minor == cny("181742.00")


def test_plan_comes_back_from_plain_data(lamp_order: Order, network: Network, policy: Policy) -> None:
    plan = planned(lamp_order, network, policy)
    assert from_plain(Plan, to_plain(plan)) == plan


def test_candidates_and_compare_start_with_the_best(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    best = planned(lamp_order, network, policy)
    several = candidates(Situation(lamp_order, network, policy), limit=5)
    assert several[0].profit_minor == best.profit_minor
    assert [plan.profit_minor for plan in several] == sorted(
        (plan.profit_minor for plan in several), reverse=True
    )
    assert compare(Situation(lamp_order, network, policy))[0].profit_minor == best.profit_minor


def test_plan_slots_hold_what_each_leg_uses(lamp_order: Order, network: Network, policy: Policy) -> None:
    plan = planned(lamp_order, network, policy)
    made = list(plan.legs[0].slots)
    assert sum(slot.quantity for slot in made) == 10000
    assert max(slot.quantity for slot in made) == 500
    assert len(made) == 20
    assert plan.cover is not None
    assert plan.cover > Fraction(105, 100)
