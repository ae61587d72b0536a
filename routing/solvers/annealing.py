"""Simulated annealing over orders and candidates, compiled: some five million moves a second on one core.

Loads may exceed capacities on the way, at a price per unit (``weight``) that the caller raises. A move takes
an order to another candidate; where that overfills a resource, half of the time another order on this
resource moves on in the same step (an ejection). Candidates come cheapest first by reduced cost, and are
drawn with a bias to the front.
"""

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]
Amounts = npt.NDArray[np.int64]

BEST, CURRENT, EXCESS = 0, 1, 2
"""Places in ``state``: cost of the best answer, cost now, units over capacity now."""

_SAMPLES = 4
_EJECTIONS = 0.5


@numba.njit(cache=True)
def _uniform(random: npt.NDArray[np.uint64]) -> float:
    """The next number in [0, 1) of a xorshift generator kept in ``random[0]``."""
    word = random[0]
    word ^= word << np.uint64(13)
    word ^= word >> np.uint64(7)
    word ^= word << np.uint64(17)
    random[0] = word
    return float((word >> np.uint64(11)) * (1.0 / 9007199254740992.0))


@numba.njit(cache=True)
def _leave(
    item: int, resource: Indices, amount: Amounts, capacity: Amounts, weight: Floats, load: Amounts
) -> tuple[float, int]:
    """Take a candidate's amounts off the loads; the change of the weighted and of the plain excess."""
    change = 0.0
    excess = 0
    for place in range(resource.shape[1]):
        there = resource[item, place]
        over = load[there] - capacity[there]
        load[there] -= amount[item, place]
        if over > 0:
            less = min(over, amount[item, place])
            excess -= less
            change -= weight[there] * less
    return change, excess


@numba.njit(cache=True)
def _enter(
    item: int, resource: Indices, amount: Amounts, capacity: Amounts, weight: Floats, load: Amounts
) -> tuple[float, int]:
    """Put a candidate's amounts on the loads; the change of the weighted and of the plain excess."""
    change = 0.0
    excess = 0
    for place in range(resource.shape[1]):
        there = resource[item, place]
        load[there] += amount[item, place]
        over = load[there] - capacity[there]
        if over > 0:
            more = min(over, amount[item, place])
            excess += more
            change += weight[there] * more
    return change, excess


@numba.njit(cache=True)
def _would_cost(
    item: int, resource: Indices, amount: Amounts, capacity: Amounts, weight: Floats, load: Amounts
) -> float:
    """What entering would add to the weighted excess."""
    change = 0.0
    for place in range(resource.shape[1]):
        there = resource[item, place]
        over = load[there] + amount[item, place] - capacity[there]
        if over > 0:
            change += weight[there] * min(over, amount[item, place])
    return change


@numba.njit(cache=True)
def _shift_loads(old: int, new: int, resource: Indices, amount: Amounts, load: Amounts) -> None:
    for place in range(resource.shape[1]):
        load[resource[old, place]] -= amount[old, place]
        load[resource[new, place]] += amount[new, place]


@numba.njit(cache=True)
def _enlist(
    order: int,
    old: int,
    new: int,
    resource: Indices,
    base: Amounts,
    member: Indices,
    count: Amounts,
    seat: Indices,
) -> None:
    """Keep the lists of which orders lie on which resource; the last resource is nowhere."""
    width = resource.shape[1]
    nowhere = len(count) - 1
    if old >= 0:
        for place in range(width):
            there = resource[old, place]
            if there == nowhere:
                continue
            count[there] -= 1
            last = member[base[there] + count[there]]
            spot = seat[order, place]
            member[base[there] + spot] = last
            seat[last // width, last % width] = spot
    for place in range(width):
        there = resource[new, place]
        if there == nowhere:
            continue
        seat[order, place] = count[there]
        member[base[there] + count[there]] = order * width + place
        count[there] += 1


@numba.njit(cache=True)
def seat_all(
    choice: Indices,
    resource: Indices,
    amount: Amounts,
    load: Amounts,
    base: Amounts,
    member: Indices,
    count: Amounts,
    seat: Indices,
) -> None:
    """Fill loads and lists from a choice."""
    for order in range(len(choice)):
        for place in range(resource.shape[1]):
            load[resource[choice[order], place]] += amount[choice[order], place]
        _enlist(order, -1, choice[order], resource, base, member, count, seat)


@numba.njit(cache=True, nogil=True)
def anneal(  # noqa: C901, PLR0915 - one compiled loop; calls that pass state cost a tenth of the speed
    first: Amounts,
    cost: Floats,
    resource: Indices,
    amount: Amounts,
    capacity: Amounts,
    weight: Floats,
    choice: Indices,
    load: Amounts,
    base: Amounts,
    member: Indices,
    count: Amounts,
    seat: Indices,
    temperature: float,
    moves: int,
    random: npt.NDArray[np.uint64],
    state: Floats,
    best: Indices,
    bias: float,
) -> int:
    """Try ``moves`` moves at one temperature; ``best`` keeps the cheapest choice without excess."""
    orders = len(first) - 1
    accepted = 0
    for _ in range(moves):
        order = int(_uniform(random) * orders)
        start = first[order]
        new = start + int(_uniform(random) ** bias * (first[order + 1] - start))
        old = choice[order]
        if new == old:
            continue
        change, excess = _leave(old, resource, amount, capacity, weight, load)
        crowded = -1
        found = 0
        for place in range(resource.shape[1]):
            there = resource[new, place]
            if load[there] + amount[new, place] > capacity[there]:
                found += 1
                if _uniform(random) * found < 1.0:
                    crowded = there
        added, more = _enter(new, resource, amount, capacity, weight, load)
        change += added + cost[new] - cost[old]
        excess += more
        other = -1
        other_old = -1
        other_new = -1
        if crowded >= 0 and count[crowded] > 0 and change > 0 and _uniform(random) < _EJECTIONS:
            other = member[base[crowded] + int(_uniform(random) * count[crowded])] // resource.shape[1]
            if other == order or first[other + 1] - first[other] < 2:
                other = -1
        if other >= 0:
            other_old = choice[other]
            freed, less = _leave(other_old, resource, amount, capacity, weight, load)
            cheapest = np.inf
            span = first[other + 1] - first[other]
            for _ in range(_SAMPLES):
                item = first[other] + int(_uniform(random) ** bias * span)
                if item != other_old:
                    price = cost[item] + _would_cost(item, resource, amount, capacity, weight, load)
                    if price < cheapest:
                        cheapest = price
                        other_new = item
            if other_new < 0:
                _enter(other_old, resource, amount, capacity, weight, load)
                other = -1
            else:
                added, more = _enter(other_new, resource, amount, capacity, weight, load)
                change += freed + added + cost[other_new] - cost[other_old]
                excess += less + more
        if change <= 0 or _uniform(random) < np.exp(-change / temperature):
            accepted += 1
            choice[order] = new
            state[CURRENT] += cost[new] - cost[old]
            state[EXCESS] += excess
            _enlist(order, old, new, resource, base, member, count, seat)
            if other >= 0:
                choice[other] = other_new
                state[CURRENT] += cost[other_new] - cost[other_old]
                _enlist(other, other_old, other_new, resource, base, member, count, seat)
            if state[EXCESS] < 0.5 and state[CURRENT] < state[BEST] - 1e-9 * abs(state[BEST]):
                state[BEST] = state[CURRENT]
                best[:] = choice
        else:
            if other >= 0:
                _shift_loads(other_new, other_old, resource, amount, load)
            _shift_loads(new, old, resource, amount, load)
    return accepted
