"""The whole router against enumeration, and what must not change an answer."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest

from routing.many.causes import left_out
from routing.many.router import route
from routing.shared.allocation import Candidate, Demand, SharedResource, allocation_of
from routing.shared.answer import Status
from routing.shared.certify import violations
from tests.parts.small_problems import cheapest_by_enumeration, demands_and_resources, small_problem


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("block", range(5))
def test_router_optimum_equals_enumeration(plain, block):
    for seed in range(block * 60, block * 60 + 60):
        problem = small_problem(seed, plain=plain)
        answer = route(problem)
        best = cheapest_by_enumeration(problem)
        if best is None:
            assert answer.status is Status.INFEASIBLE, seed
            assert answer.causes, seed
        else:
            assert (answer.status, answer.objective) == (Status.OPTIMAL, best), seed
            assert violations(problem, answer) == [], seed


def named(problem, answer):
    return {
        (problem.orders[share.order], problem.candidates[share.candidate], share.units)
        for share in answer.shares
    }


def test_router_answer_does_not_depend_on_the_order_of_the_input():
    dice = random.Random(7)
    for seed in range(60):
        demands, resources = demands_and_resources(seed, plain=seed % 2 == 0)
        problem = allocation_of(demands, resources)
        shuffled = [
            replace(demand, candidates=dice.sample(list(demand.candidates), len(demand.candidates)))
            for demand in dice.sample(demands, len(demands))
        ]
        again = allocation_of(shuffled, dice.sample(resources, len(resources)))
        assert named(problem, route(problem)) == named(again, route(again)), seed


def test_router_doubled_capacity_and_a_duplicated_provider_never_cost_more():
    for seed in range(40):
        demands, resources = demands_and_resources(seed)
        base = route(allocation_of(demands, resources))
        if base.status is Status.INFEASIBLE:
            continue
        doubled = [replace(item, capacity=2 * item.capacity) for item in resources]
        wide = route(allocation_of(demands, doubled))
        assert wide.objective <= base.objective, seed
        twins = [
            replace(
                demand,
                candidates=[
                    *demand.candidates,
                    *(
                        replace(
                            item,
                            name=f"{item.name} twin",
                            uses={f"{k} twin": v for k, v in item.uses.items()},
                        )
                        for item in demand.candidates
                    ),
                ],
            )
            for demand in demands
        ]
        copies = [*resources, *(replace(item, name=f"{item.name} twin") for item in resources)]
        twin = route(allocation_of(twins, copies))
        assert wide.objective <= twin.objective <= base.objective, seed


def test_router_scaled_costs_scale_the_answer():
    for seed in range(40):
        demands, resources = demands_and_resources(seed, plain=seed % 2 == 0)
        base = route(allocation_of(demands, resources))
        if base.status is Status.INFEASIBLE:
            continue
        larger = [
            replace(
                demand,
                penalty=None if demand.penalty is None else demand.penalty * 10**15,
                candidates=[replace(item, cost=item.cost * 10**15) for item in demand.candidates],
            )
            for demand in demands
        ]
        priced = [replace(item, fixed_cost=item.fixed_cost * 10**15) for item in resources]
        assert route(allocation_of(larger, priced)).objective == base.objective * 10**15, seed


def test_router_names_the_constraint_that_makes_it_impossible():
    demands = [Demand(f"order {n}", [Candidate("c", 1, {"factory": 2, "lane": 1})]) for n in range(3)]
    resources = [SharedResource("factory", 5), SharedResource("lane", 9)]
    answer = route(allocation_of(demands, resources))
    assert answer.status is Status.INFEASIBLE
    assert [cause.resources for cause in answer.causes] == [("factory",)]


def test_router_names_an_order_that_fits_nowhere():
    answer = route(allocation_of([Demand("big", [Candidate("c", 1, {"r": 7})])], [SharedResource("r", 5)]))
    (cause,) = answer.causes
    assert (cause.orders, cause.resources) == (("big",), ("r",))


def test_left_out_tells_crowded_out_from_too_dear():
    demands = [
        Demand("rich", [Candidate("c", -50, {"r": 3})], penalty=0),
        Demand("poor", [Candidate("c", -5, {"r": 3})], penalty=0),
        Demand("loss", [Candidate("c", 5, {})], penalty=0),
        Demand("none", [], penalty=0),
    ]
    problem = allocation_of(demands, [SharedResource("r", 5)])
    answer = route(problem)
    reasons = {order: (cause.reason, cause.resources) for order, cause in left_out(problem, answer).items()}
    assert reasons == {
        "poor": ("other orders that are worth more took these", ("r",)),
        "loss": ("serving it costs more than leaving it out", ()),
        "none": ("it has no candidate at all", ()),
    }
    assert answer.objective == Fraction(-50)
