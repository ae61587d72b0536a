"""What to strive for, on top of plain cost: serve most first, or the smallest capacity that serves all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from time import monotonic

import numpy as np

from routing.many.causes import impossible_alone
from routing.many.router import SEARCHED_WHOLE, route
from routing.shared.allocation import Allocation, exact_column
from routing.shared.answer import Answer, Cause, Status


@dataclass(frozen=True, slots=True)
class ServedMost:
    """``unserved`` orders are out, ``unserved_bound`` must be; equal when proven. Cost is of the rest."""

    answer: Answer
    problem: Allocation
    unserved: int
    unserved_bound: int


def serve_most(problem: Allocation, *, time_limit: float = 30.0, relative_gap: float = 0.0) -> ServedMost:
    """As many orders as possible, and of these answers the cheapest; penalties play no part.

    Two proofs: first that no fewer orders can stay out, then the least cost with so many out.
    """
    end = monotonic() + time_limit
    counting = replace(
        problem,
        cost=np.zeros(len(problem.candidates), dtype=np.int64),
        penalty=np.ones(len(problem.orders), dtype=np.int64),
        must_serve=np.zeros(len(problem.orders), dtype=np.bool_),
        fixed_cost=np.where(problem.fixed_cost != 0, 0, problem.fixed_cost),
    )
    counted = route(counting, time_limit=time_limit / 2)
    unserved = len(problem.orders) - len({share.order for share in counted.shares})
    least = ceil(counted.bound) if counted.bound is not None else 0
    problem = _with_left_out(problem, unserved)
    answer = route(problem, time_limit=max(0.1, end - monotonic()), relative_gap=relative_gap)
    return ServedMost(answer, problem, unserved, least)


def _with_left_out(problem: Allocation, unserved: int) -> Allocation:
    """At most so many out, at no penalty; a problem too big for that gets penalties that dwarf costs."""
    big = len(problem.candidates) > SEARCHED_WHOLE and problem.is_plain
    free = replace(problem, must_serve=np.zeros(len(problem.orders), dtype=np.bool_))
    limited = replace(
        free,
        penalty=np.zeros(len(problem.orders), dtype=np.int64),
        unserved_at_most=unserved,
    )
    if not big:
        return limited
    from routing.solvers.flow import flow_form

    if flow_form(limited) is not None:
        return limited
    dear = 2 * int(max(abs(int(cost)) for cost in problem.cost)) + 1
    return replace(free, penalty=exact_column([dear] * len(problem.orders)))


@dataclass(frozen=True, slots=True)
class SmallestTimes:
    """The answer at ``times`` the capacities, and why one time fewer is too small."""

    times: int
    answer: Answer
    problem: Allocation
    too_small: Cause | None


def smallest_times(
    problem: Allocation,
    scaled: Sequence[int],
    *,
    servable_only: bool = False,
    time_limit: float = 60.0,
    most: int = 1_000_000,
) -> SmallestTimes | None:
    """The smallest whole number by which these capacities must be taken to serve all, at its least cost.

    Each refusal names orders and resources that do not go together; the next number tried is the least that
    cures this (Newton's step), so the last refusal proves that the answer's number is smallest. None: no
    number up to ``most`` serves all. ``servable_only`` leaves aside the orders that have no candidate at all.
    """
    everything = _all_served(problem, servable_only)
    times, refused = 1, None
    base = {problem.resources[resource]: int(problem.capacity[resource]) for resource in scaled}
    while times <= most:
        wider = scaled_capacities(everything, scaled, times)
        if any(not cause.resources for cause in impossible_alone(wider)):
            return None
        answer = route(wider, time_limit=time_limit)
        if answer.status is not Status.INFEASIBLE:
            return SmallestTimes(times, answer, wider, refused)
        refused = answer.causes[0] if answer.causes else Cause("impossible together")
        if not sum(base.get(name, 0) for name in refused.resources):
            return None
        times = max(times + 1, _curing(refused, base, times))
    return None


def _all_served(problem: Allocation, servable_only: bool) -> Allocation:
    must = np.diff(problem.first) > 0 if servable_only else np.ones(len(problem.orders), dtype=np.bool_)
    nothing = np.zeros(len(problem.orders), dtype=np.int64)
    return replace(problem, must_serve=must, penalty=nothing, unserved_at_most=None)


def _curing(cause: Cause, base: dict[str, int], times: int) -> int:
    """The least number of times at which the cause alone would be gone."""
    if cause.need is None or cause.have is None:
        return times + 1
    grows = sum(base.get(name, 0) for name in cause.resources)
    fixed = cause.have - grows * times
    return ceil(Fraction(cause.need - fixed, grows)) if grows else times + 1


def scaled_capacities(problem: Allocation, scaled: Sequence[int], times: int) -> Allocation:
    """The problem with these capacities taken so many times."""
    capacity = problem.capacity.copy()
    capacity[list(scaled)] *= times
    return replace(problem, capacity=capacity)
