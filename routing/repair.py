"""From an answer that breaks capacities to one that keeps them, and as cheap as simple insertions make it."""

import numpy as np
import numpy.typing as npt

from routing.allocation import Allocation

Integers = npt.NDArray[np.int64]


def repaired(problem: Allocation, choice: Integers) -> Integers:
    """Take orders off overfull resources; put back what is out, dearest to lose first, where it fits."""
    chosen = choice.copy()
    room = problem.capacity.copy()
    for item in chosen[chosen >= 0].tolist():
        _take(problem, item, room, -1)
    _unload(problem, chosen, room)
    for order in sorted(
        np.flatnonzero(chosen < 0).tolist(), key=lambda order: (-_loss(problem, order), order)
    ):
        best = _cheapest_fitting(problem, order, room)
        if best >= 0:
            chosen[order] = best
            _take(problem, best, room, -1)
    return chosen


def _take(problem: Allocation, item: int, room: Integers, sign: int) -> None:
    span = slice(int(problem.use_first[item]), int(problem.use_first[item + 1]))
    room[problem.use_resource[span]] += sign * problem.use_amount[span]


def _loss(problem: Allocation, order: int) -> float:
    return float("inf") if problem.must_serve[order] else float(problem.penalty[order])


def _unload(problem: Allocation, chosen: Integers, room: Integers) -> None:
    """Drop, from each overfull resource, the order that costs least to leave out until it is within."""
    while (room < 0).any():
        over = int(np.argmin(room))
        users = [
            (_loss(problem, order), order)
            for order, item in enumerate(chosen.tolist())
            if item >= 0 and over in dict(problem.uses(item))
        ]
        _, order = min(users)
        _take(problem, int(chosen[order]), room, 1)
        chosen[order] = -1


def _cheapest_fitting(problem: Allocation, order: int, room: Integers) -> int:
    """The cheapest candidate with room on all of its resources, if it beats staying out; else -1."""
    span = range(int(problem.first[order]), int(problem.first[order + 1]))
    limit = None if problem.must_serve[order] else int(problem.penalty[order])
    for item in sorted(span, key=lambda item: (int(problem.cost[item]), item)):
        if limit is not None and int(problem.cost[item]) >= limit:
            return -1
        if all(amount <= room[resource] for resource, amount in problem.uses(item)):
            return item
    return -1
