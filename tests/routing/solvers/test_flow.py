"""Flow problems: the optimum, the prices and the cause of an impossible one, against enumeration."""

from dataclasses import replace
from fractions import Fraction

import pytest

from routing.shared.allocation import Candidate, Demand, SharedResource, allocation_of
from routing.shared.answer import Status
from routing.shared.certify import price_bound, violations
from routing.solvers import flow
from routing.solvers.flow import flow_form, solve_flow
from tests.parts.small_problems import cheapest_by_enumeration, small_problem


@pytest.mark.parametrize("block", range(10))
def test_flow_optimum_equals_enumeration(block):
    for seed in range(block * 120, block * 120 + 120):
        problem = small_problem(seed, flow=True)
        form = flow_form(problem)
        assert form is not None
        answer = solve_flow(problem, form)
        best = cheapest_by_enumeration(problem)
        if best is None:
            assert answer.status is Status.INFEASIBLE, seed
            assert answer.causes, seed
        else:
            assert (answer.status, answer.objective) == (Status.OPTIMAL, best), seed
            assert violations(problem, answer) == [], seed
            assert price_bound(problem, answer.prices) == best, seed


def test_flow_price_is_what_one_more_unit_saves():
    for seed in range(300):
        problem = small_problem(seed, flow=True)
        form = flow_form(problem)
        answer = solve_flow(problem, form)
        if answer.status is not Status.OPTIMAL:
            continue
        for resource in range(len(problem.resources)):
            capacity = problem.capacity.copy()
            capacity[resource] += 1
            wider = replace(problem, capacity=capacity)
            saved = answer.objective - solve_flow(wider, flow_form(wider)).objective
            assert saved == answer.prices.get(resource, 0), (seed, resource)


def test_flow_splits_an_order_over_two_resources():
    candidates = [Candidate("near", 30, {"near": 3}), Candidate("far", 60, {"far": 3})]
    demands = [Demand("order", candidates, quantity=3, splittable=True)]
    problem = allocation_of(demands, [SharedResource("near", 2), SharedResource("far", 5)])
    answer = solve_flow(problem, flow_form(problem))
    assert {(problem.candidates[share.candidate], share.units) for share in answer.shares} == {
        ("near", 2),
        ("far", 1),
    }
    assert answer.objective == 40
    assert answer.prices == {problem.resources.index("near"): Fraction(10)}


def test_flow_names_orders_and_resources_that_cannot_go_together():
    demands = [Demand(f"order {n}", [Candidate("c", n, {"small": 1})]) for n in range(3)]
    demands.append(Demand("free", [Candidate("c", 1, {"large": 1})]))
    problem = allocation_of(demands, [SharedResource("small", 2), SharedResource("large", 9)])
    answer = solve_flow(problem, flow_form(problem))
    assert answer.status is Status.INFEASIBLE
    (cause,) = answer.causes
    assert cause.orders == ("order 0", "order 1", "order 2")
    assert cause.resources == ("small",)
    assert cause.reason == "they need 3 and these resources hold 2 together"


def test_flow_handles_costs_longer_than_64_bits_exactly():
    large = 10**40
    demands = [
        Demand("a", [Candidate("one", large, {"one": 1}), Candidate("two", large + 2, {"two": 1})]),
        Demand("b", [Candidate("one", large, {"one": 1}), Candidate("two", large + 1, {"two": 1})]),
    ]
    problem = allocation_of(demands, [SharedResource("one", 1), SharedResource("two", 1)])
    assert solve_flow(problem, flow_form(problem)).objective == 2 * large + 1


def test_flow_sees_through_resources_that_cannot_bind():
    candidates = [Candidate(name, cost, {name: 1, "yard": 1}) for name, cost in (("x", 1), ("y", 5))]
    demands = [Demand(f"o{n}", candidates) for n in range(3)]
    problem = allocation_of(
        demands, [SharedResource("x", 1), SharedResource("y", 3), SharedResource("yard", 3)]
    )
    form = flow_form(problem)
    assert form is not None
    assert solve_flow(problem, form).objective == 11
    tight = allocation_of(
        demands, [SharedResource("x", 1), SharedResource("y", 3), SharedResource("yard", 2)]
    )
    assert flow_form(tight) is None


def test_flow_leaves_out_what_the_limit_allows_and_no_more():
    demands = [Demand(f"o{n}", [Candidate("c", 10 + n, {"r": 1})], penalty=0) for n in range(4)]
    problem = allocation_of(demands, [SharedResource("r", 3)], unserved_at_most=2)
    answer = solve_flow(problem, flow_form(problem))
    assert answer.objective == 10 + 11
    assert violations(problem, answer) == []
    assert price_bound(problem, answer.prices) == answer.objective


def test_compiled_flow_gives_the_same_optimum_prices_and_causes(monkeypatch):
    monkeypatch.setattr(flow, "COMPILED_OPTIONS", 0)
    infeasible = 0
    for seed in range(600):
        problem = small_problem(seed, flow=True)
        form = flow_form(problem)
        if not form.options or not all(form.options):
            continue
        answer = flow._solve_compiled(problem, form)
        monkeypatch.setattr(flow, "_suits_compiled", lambda _: False)
        plain = solve_flow(problem, form)
        assert (answer.status, answer.objective, answer.prices) == (
            plain.status,
            plain.objective,
            plain.prices,
        ), seed
        if answer.status is Status.OPTIMAL:
            assert violations(problem, answer) == [], seed
        else:
            infeasible += 1
            assert answer.causes[0].need > answer.causes[0].have, seed
    assert infeasible > 20
