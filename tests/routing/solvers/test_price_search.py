"""The search by prices: possible answers, true bounds, the same answer again, and near the optimum."""

import random
from dataclasses import replace
from time import monotonic

import numpy as np
import pytest

from routing.many.router import SEARCHED_WHOLE, route
from routing.shared.allocation import Candidate, Demand, SharedResource, allocation_of
from routing.shared.answer import Status
from routing.shared.certify import price_bound, violations
from routing.solvers.mixed_integer import solve_mixed
from routing.solvers.price_search import price_out, search_by_prices
from routing.solvers.repair import repaired
from tests.parts.small_problems import cheapest_by_enumeration, small_problem


def crowded(orders, candidates, seed, *, must=False):
    """Orders of one to nine units over 20 resources, some of them short."""
    dice = random.Random(seed)
    names = [f"r{number:02d}" for number in range(20)]
    demands = []
    load = 0
    for number in range(orders):
        size = dice.randint(1, 9)
        load += size
        options = [
            Candidate(
                f"{place:03d}", dice.randint(50, 300) * size, dict.fromkeys(dice.sample(names, 2), size)
            )
            for place in range(candidates)
        ]
        demands.append(Demand(f"{number:04d}", options, None if must else 2000 * size))
    room = 2 * load / len(names) * 1.2
    resources = [SharedResource(name, round(room * dice.uniform(0.7, 1.3))) for name in names]
    return allocation_of(demands, resources)


@pytest.mark.parametrize("must", [False, True])
def test_price_search_is_possible_proven_and_near_the_optimum(must):
    problem = crowded(60, 12, 3, must=must)
    answer = search_by_prices(problem, time_limit=3.0, relative_gap=0.0, seed=1)
    assert violations(problem, answer) == []
    assert answer.bound == price_bound(problem, answer.prices)
    best = solve_mixed(problem, time_limit=20)
    assert answer.bound <= best.bound <= best.objective <= answer.objective
    assert answer.objective <= best.objective * 106 / 100


def test_price_search_never_beats_enumeration_nor_claims_more_than_it_proves():
    for seed in range(40):
        problem = small_problem(seed)
        best = cheapest_by_enumeration(problem)
        answer = search_by_prices(problem, time_limit=0.05, relative_gap=0.0, seed=1)
        if answer.status is Status.UNKNOWN:
            continue
        assert best is not None, seed
        assert answer.bound <= best <= answer.objective, seed


def test_router_takes_the_search_for_what_is_too_big_to_search_whole():
    problem = crowded(80, 80, 5)
    assert len(problem.candidates) > SEARCHED_WHOLE
    answer = route(problem, time_limit=2.0)
    assert answer.method == "prices and search"
    assert violations(problem, answer) == []
    assert answer.gap is not None
    assert answer.gap < 0.05


def test_price_search_stops_once_the_gap_is_reached_and_keeps_its_time():
    problem = crowded(80, 80, 5)
    search_by_prices(problem, time_limit=0.2, relative_gap=0.0, seed=1)
    start = monotonic()
    answer = search_by_prices(problem, time_limit=120, relative_gap=0.5, seed=1)
    assert answer.gap <= 0.5
    assert monotonic() - start < 60


def test_prices_prove_a_bound_in_64_bits_and_beyond_alike():
    problem = crowded(30, 10, 9)
    priced = price_out(problem, monotonic() + 10)
    long = replace(problem, cost=problem.cost.astype(object), penalty=problem.penalty.astype(object))
    assert price_bound(long, priced.exact) == priced.bound


def test_repaired_keeps_every_capacity():
    problem = crowded(50, 8, 2)
    chosen = np.array([int(problem.first[order]) for order in range(50)])
    choice = repaired(problem, chosen)
    load = np.zeros(len(problem.resources), dtype=np.int64)
    for item in choice[choice >= 0].tolist():
        for resource, amount in problem.uses(item):
            load[resource] += amount
    assert (load <= problem.capacity).all()
    assert (choice >= 0).sum() > 25
