"""The prices that prove a circulation to be the greatest: one whole number for each firm.

For any prices p and any circulation x, the worth of x is the sum of x (v + p[tail] - p[head]), since what
goes in goes out; so it is at most the sum of capacity times what of v + p[tail] - p[head] is above zero. A
circulation that reaches this bound is the greatest. Prices that reach it are distances in the residual graph
(Ahuja, Magnanti, Orlin, Network Flows, section 9.3).
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from domain.errors import NetError
from finance.clearing.circulation import Circulation, Integers

COMPILED_ARCS = 30_000
"""From so many arcs on the compiled search is worth its start."""


def prices(problem: Circulation, flow: Integers) -> Integers:
    """Prices under which the flow reaches its bound; NetError when a greater one exists."""
    first, head, cost = _residual(problem, flow)
    found = np.zeros(problem.firms, dtype=np.int64)
    if not _search(len(head))(first, head, cost, found):
        raise NetError("the solver's set-off is not the greatest", "send the debts with a report")
    return -found


def _residual(problem: Circulation, flow: Integers) -> tuple[Integers, Integers, Integers]:
    """The arcs on which more, or less, can go: where each firm's begin, whither, at what cost."""
    more, less = flow < problem.capacity, flow > 0
    tail = np.concatenate([problem.tail[more], problem.head[less]])
    head = np.concatenate([problem.head[more], problem.tail[less]])
    cost = np.concatenate([-problem.value[more], problem.value[less]])
    order = np.argsort(tail, kind="stable")
    first = np.zeros(problem.firms + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=problem.firms), out=first[1:])
    return first, head[order], cost[order]


def _search(arcs: int) -> Callable[..., bool]:
    if arcs < COMPILED_ARCS:
        return _in_python
    from numba import njit

    return cast(Callable[..., bool], njit(cache=True)(_distances))


def _in_python(first: Integers, head: Integers, cost: Integers, distance: Integers) -> bool:
    found = distance.tolist()
    settled = _distances(first.tolist(), head.tolist(), cost.tolist(), found)
    distance[:] = found
    return settled


def _distances(first: Any, head: Any, cost: Any, distance: Any) -> bool:
    """Shorten every distance as far as it goes, firm by firm from a queue; False in a circle below zero."""
    firms = len(distance)
    queue = list(range(firms))
    waiting = [True] * firms
    hops = [0] * firms
    place = 0
    while place < len(queue):
        firm = queue[place]
        place += 1
        waiting[firm] = False
        for arc in range(first[firm], first[firm + 1]):
            other = head[arc]
            if distance[firm] + cost[arc] < distance[other]:
                distance[other] = distance[firm] + cost[arc]
                hops[other] = hops[firm] + 1
                if hops[other] > firms:
                    return False
                if not waiting[other]:
                    waiting[other] = True
                    queue.append(other)
    return True
