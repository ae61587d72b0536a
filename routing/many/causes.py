"""Why an order, or all of them together, cannot be served: the constraint that causes it, by name."""

from dataclasses import replace
from time import monotonic

import numpy as np
import numpy.typing as npt

from routing.shared.allocation import Allocation
from routing.shared.answer import Answer, Cause, Status


def impossible_alone(problem: Allocation) -> list[Cause]:
    """Orders that must be served and could not be even if they were the only ones."""
    found = []
    use_candidate = np.repeat(np.arange(len(problem.candidates)), np.diff(problem.use_first))
    too_much = problem.use_amount > problem.capacity[problem.use_resource]
    fits = np.bincount(use_candidate[too_much], minlength=len(problem.candidates)) == 0
    can_be_served = np.bincount(problem.owner[fits], minlength=len(problem.orders)) > 0
    for order in np.flatnonzero(problem.must_serve & ~can_be_served).tolist():
        cause = cause_alone(problem, order)
        if cause is not None:
            found.append(cause)
    return found


def cause_alone(problem: Allocation, order: int) -> Cause | None:
    """What keeps an order out without any other order; None when one of its candidates would fit."""
    span = range(int(problem.first[order]), int(problem.first[order + 1]))
    name = problem.orders[order]
    if not len(span):
        return Cause("it has no candidate at all", (name,))
    if problem.splittable[order]:
        return None
    blocking: set[int] = set()
    for candidate in span:
        short = [
            resource for resource, amount in problem.uses(candidate) if amount > problem.capacity[resource]
        ]
        if not short:
            return None
        blocking.update(short)
    names = tuple(problem.resources[resource] for resource in sorted(blocking))
    return Cause("each of its candidates asks one of these for more than it has", (name,), names)


def causes_together(problem: Allocation, *, time_limit: float) -> list[Cause]:
    """A smallest set of constraints that cannot hold together: drop any one of them and an answer exists.

    Found by trying without each resource in turn (deletion filter); what is left when the time runs out is
    still impossible together, only perhaps not smallest.
    """
    from routing.solvers.mixed_integer import solve_mixed

    end = monotonic() + time_limit
    needed = list(range(len(problem.resources)))
    relaxed = problem
    for resource in list(needed):
        if monotonic() > end:
            break
        trial = _without(relaxed, resource)
        if solve_mixed(trial, time_limit=max(1.0, end - monotonic())).status is Status.INFEASIBLE:
            relaxed = trial
            needed.remove(resource)
    names = tuple(problem.resources[resource] for resource in needed)
    orders = tuple(_orders_bound_to(problem, set(needed)))
    words = "these resources are too small together" if names else "the rules of groups and shares contradict"
    if relaxed.unserved_at_most is not None:
        words += f" for leaving out at most {relaxed.unserved_at_most} orders"
    return [Cause(words, orders, names)]


def _without(problem: Allocation, resource: int) -> Allocation:
    capacity, minimum = problem.capacity.copy(), problem.minimum.copy()
    capacity[resource] = max(int(problem.use_amount.sum()), int(capacity[resource]))
    minimum[resource] = 0
    return replace(problem, capacity=capacity, minimum=minimum)


def _orders_bound_to(problem: Allocation, resources: set[int]) -> list[str]:
    """Orders that must be served and have no candidate that avoids all of these resources."""
    found = []
    for order in np.flatnonzero(problem.must_serve).tolist():
        span = range(int(problem.first[order]), int(problem.first[order + 1]))
        if all(any(resource in resources for resource, _ in problem.uses(item)) for item in span):
            found.append(problem.orders[order])
    return found


def left_out(problem: Allocation, answer: Answer) -> dict[str, Cause]:
    """Each order that the answer does not serve, with what keeps it out."""
    served = {share.order for share in answer.shares}
    loads = np.zeros(len(problem.resources), dtype=np.float64)
    for share in answer.shares:
        for resource, amount in problem.uses(share.candidate):
            loads[resource] += amount * share.units / int(problem.quantity[share.order])
    return {
        problem.orders[order]: cause_alone(problem, order) or _crowded_out(problem, order, loads)
        for order in range(len(problem.orders))
        if order not in served
    }


def _crowded_out(problem: Allocation, order: int, loads: npt.NDArray[np.float64]) -> Cause:
    """The resources that stop each of its candidates alone; where no single one does, all that stop one."""
    name = problem.orders[order]
    blocking: set[int] = set()
    always: set[int] | None = None
    for candidate in range(int(problem.first[order]), int(problem.first[order + 1])):
        short = [
            resource
            for resource, amount in problem.uses(candidate)
            if loads[resource] + amount > problem.capacity[resource] + 1e-9
        ]
        if not short:
            return Cause("serving it costs more than leaving it out", (name,))
        blocking.update(short)
        always = set(short) if always is None else always & set(short)
    names = tuple(problem.resources[resource] for resource in sorted(always or blocking))
    return Cause("other orders that are worth more took these", (name,), names)
