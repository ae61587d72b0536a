"""Prices of resources by Lagrange multipliers, compiled: the dual bound of problems too big for an LP.

Subgradient steps in a smoothed direction with Polyak's length (Camerini, Fratta, Maffioli 1975). The bound
reported is not the one computed here in doubles but the exact one that the rounded prices prove.
"""

import numpy as np
import numpy.typing as npt

from routing.solvers.compiled import compiled

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@compiled()
def _relaxed(
    first: Integers,
    cost: Floats,
    use_first: Integers,
    use_resource: Integers,
    use_amount: Integers,
    skip: Floats,
    price: Floats,
    load: Floats,
) -> float:
    """The relaxed cost at these prices; fills ``load`` with what the cheapest ways use."""
    total = 0.0
    load[:] = 0.0
    for order in range(len(first) - 1):
        cheapest = skip[order]
        taken = -1
        for item in range(first[order], first[order + 1]):
            paid = cost[item]
            for place in range(use_first[item], use_first[item + 1]):
                paid += price[use_resource[place]] * use_amount[place]
            if paid < cheapest:
                cheapest = paid
                taken = item
        total += cheapest
        if taken >= 0:
            for place in range(use_first[taken], use_first[taken + 1]):
                load[use_resource[place]] += use_amount[place]
    return total


@compiled()
def ascend(
    first: Integers,
    cost: Floats,
    use_first: Integers,
    use_resource: Integers,
    use_amount: Integers,
    skip: Floats,
    capacity: Floats,
    price: Floats,
    target: float,
    steps: int,
    patience: int,
    length: float,
) -> tuple[float, float]:
    """Improve ``price`` in place for so many steps; the best bound and the step length it ended with.

    ``target`` is a cost above the optimum; ``length`` halves after ``patience`` steps without a better bound.
    """
    load = np.zeros(len(capacity))
    direction = np.zeros(len(capacity))
    best_price = price.copy()
    best = -np.inf
    waited = 0
    for _ in range(steps):
        bound = _relaxed(first, cost, use_first, use_resource, use_amount, skip, price, load)
        for resource in range(len(capacity)):
            bound -= price[resource] * capacity[resource]
        if bound > best:
            if bound > best + 1e-6 * abs(best):
                waited = 0
            best = bound
            best_price[:] = price
        waited += 1
        if waited > patience:
            waited = 0
            length *= 0.7
            price[:] = best_price
            direction[:] = 0.0
            if length < 1e-4:
                break
            continue
        size = 0.0
        for resource in range(len(capacity)):
            slope = load[resource] - capacity[resource]
            direction[resource] = 0.3 * slope + 0.7 * direction[resource]
            if price[resource] <= 0 and direction[resource] < 0:
                direction[resource] = 0.0
            size += direction[resource] * direction[resource]
        if size < 1e-12:
            break
        step = length * max(target - bound, 1e-9 * abs(target)) / size
        for resource in range(len(capacity)):
            price[resource] = max(0.0, price[resource] + step * direction[resource])
    price[:] = best_price
    return best, length
