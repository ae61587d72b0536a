"""From an answer that breaks capacities to one that keeps them, and as cheap as simple insertions make it."""

from time import monotonic

import numpy as np
import numpy.typing as npt

from routing.shared.allocation import Allocation

Integers = npt.NDArray[np.int64]


def repaired(problem: Allocation, choice: Integers, end: float = float("inf")) -> Integers:
    """Take orders off overfull resources; put back what is out, dearest to lose first, where it fits.

    Where nothing fits, one other order is moved to another of its candidates to make room (until ``end``).
    """
    plan = _Plan(problem, choice)
    plan.unload()
    out = np.flatnonzero(plan.chosen < 0).tolist()
    for order in sorted(out, key=lambda order: (-plan.loss(order), order)):
        item = plan.cheapest_fitting(order)
        if item >= 0:
            plan.put(order, item)
        elif monotonic() < end:
            plan.insert_by_moving(order)
    return plan.chosen


class _Plan:
    """A choice with the room that it leaves and, per resource, the orders on it."""

    def __init__(self, problem: Allocation, choice: Integers) -> None:
        self.problem = problem
        self.chosen = choice.copy()
        self.room = problem.capacity.copy()
        self.users: list[set[int]] = [set() for _ in problem.resources]
        for order, item in enumerate(choice.tolist()):
            if item >= 0:
                self.put(order, item)

    def put(self, order: int, item: int) -> None:
        self.chosen[order] = item
        for resource, amount in self.problem.uses(item):
            self.room[resource] -= amount
            self.users[resource].add(order)

    def take(self, order: int) -> int:
        """Leave the order out; the candidate it had."""
        item = int(self.chosen[order])
        for resource, amount in self.problem.uses(item):
            self.room[resource] += amount
            self.users[resource].discard(order)
        self.chosen[order] = -1
        return item

    def loss(self, order: int) -> float:
        problem = self.problem
        return float("inf") if problem.must_serve[order] else float(problem.penalty[order])

    def unload(self) -> None:
        """Drop, from each overfull resource, the order that costs least to leave out until it is within."""
        while (self.room < 0).any():
            over = int(np.argmin(self.room))
            amount = {
                order: dict(self.problem.uses(int(self.chosen[order])))[over] for order in self.users[over]
            }
            self.take(
                min((order for order in amount if amount[order]), key=lambda one: (self.loss(one), one))
            )

    def _span(self, order: int) -> tuple[int, Integers]:
        """The order's first candidate, and the least room that each would leave on any of its resources."""
        problem = self.problem
        first, last = int(problem.first[order]), int(problem.first[order + 1])
        starts = problem.use_first[first : last + 1]
        uses = slice(int(starts[0]), int(starts[-1]))
        left = self.room[problem.use_resource[uses]] - problem.use_amount[uses]
        least = np.zeros(last - first, dtype=np.int64)
        has = np.diff(starts) > 0
        if has.any():
            least[has] = np.minimum.reduceat(left, (starts[:-1] - starts[0])[has])
        return first, least

    def cheapest_fitting(self, order: int) -> int:
        """The cheapest candidate with room on all of its resources, if it beats staying out; else -1."""
        problem = self.problem
        if problem.first[order] == problem.first[order + 1]:
            return -1
        first, least = self._span(order)
        cost = problem.cost[first : first + len(least)]
        fits = np.flatnonzero(least >= 0)
        if not len(fits):
            return -1
        best = first + int(fits[np.argmin(cost[fits])])
        return best if problem.must_serve[order] or problem.cost[best] < problem.penalty[order] else -1

    def insert_by_moving(self, order: int) -> bool:
        """Serve the order where one other can make room, if both together cost less than leaving out."""
        problem = self.problem
        first, last = int(problem.first[order]), int(problem.first[order + 1])
        by_cost = sorted(range(first, last), key=lambda item: (int(problem.cost[item]), item))
        for item in by_cost:
            gain = self.loss(order) - int(problem.cost[item])
            if gain <= 0:
                return False
            short = [
                (resource, amount) for resource, amount in problem.uses(item) if amount > self.room[resource]
            ]
            if not short:
                continue
            for other in sorted(set.intersection(*(self.users[resource] for resource, _ in short))):
                if self._swap(order, item, other, gain):
                    return True
        return False

    def _swap(self, order: int, item: int, other: int, gain: float) -> bool:
        """Put the order on the candidate and the other one elsewhere; undone unless it fits and gains."""
        old = self.take(other)
        if all(amount <= self.room[resource] for resource, amount in self.problem.uses(item)):
            self.put(order, item)
            new = self.cheapest_fitting(other)
            if new >= 0 and int(self.problem.cost[new]) - int(self.problem.cost[old]) < gain:
                self.put(other, new)
                return True
            self.take(order)
        self.put(other, old)
        return False
