"""The search against every chain and every mix, worked out a second way."""

from random import Random

from domain.plan import Plan
from routing.offers.situation import Situation
from routing.plans.choose import choose
from tests.parts.planner_reference import best_profit
from tests.parts.random_network import small_network, small_order, small_policy

SHORT = 150
"""Networks tried here; bench/plan_brute_force.py tries thousands."""


def agrees(seed: int) -> bool:
    """Whether planner and reference agree on the seed's network; True when a plan was found."""
    random = Random(seed)
    network, order, policy = small_network(random), small_order(random), small_policy(random)
    found = choose(Situation(order, network, policy), repairs=False, brief=True)
    expected = best_profit(order, network, policy, order.issued_on)
    profit = found.profit_minor if isinstance(found, Plan) else None
    assert profit == expected, f"seed {seed}: planned {profit}, reference {expected}"
    if isinstance(found, Plan):
        assert min(flow.balance_minor for flow in found.flows) >= 0
        assert found.flows[-1].balance_minor == found.profit_minor - found.tax_credit_minor
    return isinstance(found, Plan)


def test_search_finds_the_best_of_everything() -> None:
    plans = sum(agrees(seed) for seed in range(SHORT))
    assert SHORT // 10 < plans < SHORT
