"""Serving most first, and the smallest capacity that serves all, against enumeration."""

from dataclasses import replace

import numpy as np

from routing.many.objectives import scaled_capacities, serve_most, smallest_times
from routing.many.router import route
from routing.shared.allocation import Candidate, Demand, SharedResource, allocation_of
from routing.shared.answer import Status
from routing.shared.certify import violations
from tests.parts.small_problems import cheapest_by_enumeration, small_problem


def fewest_left_out(problem):
    for unserved in range(len(problem.orders) + 1):
        free = replace(
            problem,
            penalty=np.zeros(len(problem.orders), dtype=np.int64),
            must_serve=np.zeros(len(problem.orders), dtype=np.bool_),
            unserved_at_most=unserved,
        )
        best = cheapest_by_enumeration(free)
        if best is not None:
            return unserved, best
    raise AssertionError("leaving everything out is always possible")


def test_serve_most_serves_most_then_costs_least():
    for seed in range(120):
        problem = small_problem(seed, flow=seed % 3 == 0, plain=seed % 3 != 2)
        most = serve_most(problem)
        assert (most.unserved, most.answer.objective) == fewest_left_out(problem), seed
        assert most.unserved_bound == most.unserved, seed
        assert violations(most.problem, most.answer) == [], seed


def test_smallest_times_is_smallest_and_its_refusal_proves_it():
    for seed in range(150):
        problem = small_problem(seed, flow=True)
        everyone = replace(problem, must_serve=np.ones(len(problem.orders), dtype=np.bool_))
        scaled = range(len(problem.resources))
        found = smallest_times(problem, scaled)
        if found is None:
            assert route(scaled_capacities(everyone, scaled, 50)).status is Status.INFEASIBLE, seed
            continue
        assert violations(found.problem, found.answer) == [], seed
        if found.times > 1:
            fewer = scaled_capacities(everyone, scaled, found.times - 1)
            assert route(fewer).status is Status.INFEASIBLE, seed
            base = {name: int(size) for name, size in zip(problem.resources, problem.capacity, strict=True)}
            holds = sum(base[name] for name in found.too_small.resources) * (found.times - 1)
            assert found.too_small.need > holds, seed


def test_smallest_times_steps_straight_to_the_number_that_cures_the_refusal():
    demands = [Demand(f"{n:03d}", [Candidate("c", 1, {"r": 1})]) for n in range(100)]
    found = smallest_times(allocation_of(demands, [SharedResource("r", 3)]), [0])
    assert (found.times, found.too_small.need, found.too_small.have) == (34, 100, 3)


def test_smallest_times_can_leave_aside_what_nobody_may_serve():
    demands = [Demand("a", [Candidate("c", 1, {"r": 1})]), Demand("b", [])]
    problem = allocation_of(demands, [SharedResource("r", 1)])
    assert smallest_times(problem, [0]) is None
    assert smallest_times(problem, [0], servable_only=True).times == 1
