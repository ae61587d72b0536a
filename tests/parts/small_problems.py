"""Random problems small enough to enumerate, and the enumeration."""

import itertools
import random
from fractions import Fraction

from routing.shared.allocation import Allocation, Candidate, Demand, SharedResource, allocation_of
from routing.shared.answer import Allotment, Answer, Status
from routing.shared.certify import exact_cost, exact_loads, violations


def demands_and_resources(
    seed: int, *, flow: bool = False, plain: bool = True
) -> tuple[list[Demand], list[SharedResource]]:
    """Up to 5 orders with up to 4 candidates over up to 4 resources; tight on purpose."""
    dice = random.Random(seed)
    names = [f"r{number}" for number in range(dice.randint(1, 4))]
    grouped = not plain and dice.random() < 0.4
    demands = []
    for number in range(dice.randint(1, 5)):
        splittable = not plain and dice.random() < 0.4
        quantity = dice.randint(1, 3) if splittable else 1
        candidates = []
        for place in range(dice.randint(0 if dice.random() < 0.1 else 1, 4)):
            count = 1 if flow else dice.randint(0, min(3, len(names)))
            used = dice.sample(names, count)
            uses = {name: 1 if flow else dice.randint(1, 3) * quantity for name in used}
            label = dice.choice(["x", "y"]) if grouped else ""
            candidates.append(Candidate(f"c{place}", dice.randint(-5, 20) * quantity, uses, label))
        penalty = None if dice.random() < 0.5 else dice.randint(0, 30)
        group = dice.choice(["", "g", "h"]) if grouped else ""
        least = dice.randint(1, quantity)
        demands.append(Demand(f"o{number}", candidates, penalty, quantity, splittable, least, group))
    resources = [
        SharedResource(
            name,
            dice.randint(0, 3 if flow else 8),
            0 if plain or dice.random() < 0.5 else dice.randint(1, 10),
            0 if plain or dice.random() < 0.7 else dice.randint(1, 3),
        )
        for name in names
    ]
    return demands, resources


def small_problem(seed: int, *, flow: bool = False, plain: bool = True) -> Allocation:
    return allocation_of(*demands_and_resources(seed, flow=flow, plain=plain))


def _ways(problem: Allocation, order: int) -> list[tuple[Allotment, ...]]:
    """Every way to serve one order, and not serving it."""
    span = range(int(problem.first[order]), int(problem.first[order + 1]))
    quantity = int(problem.quantity[order])
    ways: list[tuple[Allotment, ...]] = [()]
    if not problem.splittable[order]:
        return ways + [(Allotment(order, candidate, quantity),) for candidate in span]
    for parts in itertools.product(range(quantity + 1), repeat=len(span)):
        if sum(parts) == quantity:
            ways.append(
                tuple(Allotment(order, item, units) for item, units in zip(span, parts, strict=True) if units)
            )
    return ways


def cheapest_by_enumeration(problem: Allocation) -> Fraction | None:
    """The least cost over every possible answer; None when there is none."""
    best = None
    for ways in itertools.product(*(_ways(problem, order) for order in range(len(problem.orders)))):
        shares = tuple(itertools.chain.from_iterable(ways))
        cost = exact_cost(problem, shares, exact_loads(problem, shares))
        if best is not None and cost >= best:
            continue
        if not violations(problem, Answer(Status.FEASIBLE, shares, cost, None, "enumeration", "search")):
            best = cost
    return best
