"""What must hold of every plan on every network: properties over random small networks."""

from dataclasses import replace
from fractions import Fraction
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.network import DrawRule, Network, Policy, Role
from domain.order import Order
from domain.plan import Plan
from routing.offers.situation import Situation
from routing.plans.choose import candidates, choose
from tests.parts.random_network import (
    carrier,
    factory,
    product,
    small_network,
    small_order,
    small_policy,
    warehouse,
)

seeds = st.integers(min_value=10**6, max_value=10**9)
few = settings(max_examples=40, deadline=None)


def situation(seed: int) -> tuple[Random, Network, Order, Policy]:
    random = Random(seed)
    return random, small_network(random), small_order(random), small_policy(random)


def best(order: Order, network: Network, policy: Policy) -> int | None:
    found = choose(Situation(order, network, policy), repairs=False, brief=True)
    return found.profit_minor if isinstance(found, Plan) else None


def not_worse(after: int | None, before: int | None) -> bool:
    return before is None or (after is not None and after >= before)


@few
@given(seeds)
@example(20195729)  # a second contingency facility that is dearer, but comes first
def test_an_added_lender_never_lowers_the_best_profit(seed: int) -> None:
    random, network, order, policy = situation(seed)
    role = random.choice((Role.PRE_SHIPMENT, Role.TAKE_OUT, Role.CONTINGENCY))
    more = replace(network, products=(*network.products, product(random, "added", role)))
    assert not_worse(best(order, more, policy), best(order, network, policy))


@few
@given(seeds)
def test_an_added_provider_never_lowers_the_best_profit(seed: int) -> None:
    random, network, order, policy = situation(seed)
    added = random.choice(
        (factory(random, "added", 50), carrier(random, "added"), warehouse(random, "added"))
    )
    more = replace(network, providers=(*network.providers, added))
    assert not_worse(best(order, more, policy), best(order, network, policy))


@few
@given(seeds)
def test_a_raised_ceiling_never_makes_a_passing_plan_fail(seed: int) -> None:
    random, network, order, policy = situation(seed)
    # a cover asked of the take-out is another ceiling, on what is lent before it
    policy = replace(policy, cover_minimum=Fraction(0))
    optional = [one for one in network.products if one.draw is not DrawRule.FULL]
    before = best(order, network, policy)
    if not optional or before is None:
        return
    chosen = random.choice(optional)
    raised = replace(
        chosen,
        advance_rate=chosen.advance_rate + Fraction(random.randint(1, 50), 100),
        limit_minor=None if chosen.limit_minor is None else chosen.limit_minor * 2,
    )
    more = replace(network, products=tuple(raised if one is chosen else one for one in network.products))
    assert best(order, more, policy) is not None


@few
@given(seeds)
def test_the_order_of_the_input_does_not_matter(seed: int) -> None:
    random, network, order, policy = situation(seed)
    providers, products = list(network.providers), list(network.products)
    random.shuffle(providers)
    random.shuffle(products)
    shuffled = replace(network, providers=tuple(providers), products=tuple(products))
    first = choose(Situation(order, network, policy), repairs=False, brief=True)
    second = choose(Situation(order, shuffled, policy), repairs=False, brief=True)
    assert type(first) is type(second)
    if isinstance(first, Plan) and isinstance(second, Plan):
        assert (first.legs, first.flows) == (second.legs, second.flows)


@few
@given(seeds)
def test_every_candidate_passes_and_they_come_best_first(seed: int) -> None:
    _, network, order, policy = situation(seed)
    plans = candidates(Situation(order, network, policy), limit=6)
    profits = [plan.profit_minor for plan in plans]
    assert profits == sorted(profits, reverse=True)
    for plan in plans:
        assert min(flow.balance_minor for flow in plan.flows) >= 0
        assert sum(each.amount_minor for each in plan.earnings) == plan.net_minor
        assert sum(flow.amount_minor for flow in plan.flows) == plan.profit_minor - plan.tax_credit_minor


@few
@given(seeds, st.integers(1, 40))
def test_a_stress_that_must_pass_is_obeyed(seed: int, days: int) -> None:
    from domain.network import Stress

    _, network, order, policy = situation(seed)
    strict = replace(policy, stresses=(Stress("late", buyer_late_days=days, must_pass=True),))
    found = choose(Situation(order, network, strict), repairs=False)
    free = best(order, network, policy)
    if isinstance(found, Plan):
        assert all(one.passed for one in found.stresses)
        assert free is not None
        assert found.profit_minor <= free
        room = found.headroom.liquidity_days
        assert room is None or room >= days
