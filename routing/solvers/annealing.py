"""Simulated annealing over orders and candidates, compiled: some five million moves a second on one core.

Loads may exceed capacities on the way, at a price per unit (``weight``) that the caller raises. A move takes
an order to another candidate; where that overfills a resource, half of the time another order on this
resource moves on in the same step (an ejection). Candidates come cheapest first by reduced cost, and are
drawn with a bias to the front. What a move calls is inlined: calls would cost more than half of the speed.
"""

import numpy as np
import numpy.typing as npt

from routing.solvers.compiled import compiled

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]
Amounts = npt.NDArray[np.int64]

BEST, CURRENT, EXCESS = 0, 1, 2
"""Places in ``state``: cost of the best answer, cost now, units over capacity now."""

_SAMPLES = 4
_EJECTIONS = 0.5


Room = tuple[Indices, Amounts, Amounts, Floats, Amounts]
"""Resource and amount that each candidate takes, row by row; per resource its capacity, the price of a unit
over it, and the load now."""
Seats = tuple[Amounts, Indices, Amounts, Indices]
"""Which orders lie on which resource: from ``base`` on in ``member``, as order x width + place, ``filled`` of
them; ``seat`` is where each place of an order stands there. The last resource is nowhere."""
Pool = tuple[Amounts, Floats, npt.NDArray[np.uint64], float]
"""What is drawn from: where the candidates of each order begin, their cost; the generator's word, and the
power that favours the front.

Plain tuples: the compiler's cache keeps the names of classes, and could not be read once one is renamed."""


@compiled()
def _uniform(random: npt.NDArray[np.uint64]) -> float:
    """The next number in [0, 1) of a xorshift generator kept in ``random[0]``."""
    word = random[0]
    word ^= word << np.uint64(13)
    word ^= word >> np.uint64(7)
    word ^= word << np.uint64(17)
    random[0] = word
    return float((word >> np.uint64(11)) * (1.0 / 9007199254740992.0))


@compiled(inline="always")
def _leave(item: int, room: Room) -> tuple[float, int]:
    """Take a candidate's amounts off the loads; the change of the weighted and of the plain excess."""
    resource, amount, capacity, weight, load = room
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


@compiled(inline="always")
def _enter(item: int, room: Room) -> tuple[float, int]:
    """Put a candidate's amounts on the loads; the change of the weighted and of the plain excess."""
    resource, amount, capacity, weight, load = room
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


@compiled(inline="always")
def _would_cost(item: int, room: Room) -> float:
    """What entering would add to the weighted excess."""
    resource, amount, capacity, weight, load = room
    change = 0.0
    for place in range(resource.shape[1]):
        there = resource[item, place]
        over = load[there] + amount[item, place] - capacity[there]
        if over > 0:
            change += weight[there] * min(over, amount[item, place])
    return change


@compiled()
def _shift_loads(old: int, new: int, room: Room) -> None:
    resource, amount, load = room[0], room[1], room[4]
    for place in range(resource.shape[1]):
        load[resource[old, place]] -= amount[old, place]
        load[resource[new, place]] += amount[new, place]


@compiled()
def _enlist(order: int, old: int, new: int, resource: Indices, seats: Seats) -> None:
    """Keep the lists of which orders lie on which resource."""
    base, member, filled, seat = seats
    width = resource.shape[1]
    nowhere = len(filled) - 1
    if old >= 0:
        for place in range(width):
            there = resource[old, place]
            if there == nowhere:
                continue
            filled[there] -= 1
            last = member[base[there] + filled[there]]
            spot = seat[order, place]
            member[base[there] + spot] = last
            seat[last // width, last % width] = spot
    for place in range(width):
        there = resource[new, place]
        if there == nowhere:
            continue
        seat[order, place] = filled[there]
        member[base[there] + filled[there]] = order * width + place
        filled[there] += 1


@compiled()
def seat_all(choice: Indices, room: Room, seats: Seats) -> None:
    """Fill loads and lists from a choice."""
    resource, amount, load = room[0], room[1], room[4]
    for order in range(len(choice)):
        for place in range(resource.shape[1]):
            load[resource[choice[order], place]] += amount[choice[order], place]
        _enlist(order, -1, choice[order], resource, seats)


@compiled(inline="always")
def _drawn(order: int, pool: Pool) -> int:
    """A candidate of the order."""
    first, random, bias = pool[0], pool[2], pool[3]
    start: int = first[order]
    return start + int(_uniform(random) ** bias * (first[order + 1] - start))


@compiled(inline="always")
def _crowded(item: int, room: Room, random: npt.NDArray[np.uint64]) -> int:
    """A resource that the candidate would overfill, each with the same chance; -1 where none."""
    resource, amount, capacity, load = room[0], room[1], room[2], room[4]
    crowded = -1
    found = 0
    for place in range(resource.shape[1]):
        there = resource[item, place]
        if load[there] + amount[item, place] > capacity[there]:
            found += 1
            if _uniform(random) * found < 1.0:
                crowded = there
    return crowded


@compiled(inline="always")
def _elsewhere(order: int, old: int, room: Room, pool: Pool) -> int:
    """The cheapest of a few other candidates of an order that was taken off; -1 where none was drawn."""
    cost = pool[1]
    cheapest = np.inf
    best = -1
    for _ in range(_SAMPLES):
        item = _drawn(order, pool)
        if item != old:
            price = cost[item] + _would_cost(item, room)
            if price < cheapest:
                cheapest = price
                best = item
    return best


@compiled(inline="always")
def _neighbour(crowded: int, order: int, width: int, pool: Pool, seats: Seats) -> int:
    """Some other order on the resource that has a choice; -1 where the one drawn has none."""
    base, member, filled = seats[0], seats[1], seats[2]
    first, random = pool[0], pool[2]
    other: int = member[base[crowded] + int(_uniform(random) * filled[crowded])] // width
    return -1 if other == order or first[other + 1] - first[other] < 2 else other


@compiled(nogil=True)
def anneal(
    pool: Pool,
    room: Room,
    seats: Seats,
    choice: Indices,
    temperature: float,
    moves: int,
    state: Floats,
    best: Indices,
) -> int:
    """Try ``moves`` moves at one temperature; ``best`` keeps the cheapest choice without excess."""
    resource = room[0]
    filled = seats[2]
    first, cost, random = pool[0], pool[1], pool[2]
    accepted = 0
    for _ in range(moves):
        order = int(_uniform(random) * (len(first) - 1))
        new, old = _drawn(order, pool), choice[order]
        if new == old:
            continue
        change, excess = _leave(old, room)
        crowded = _crowded(new, room, random)
        added, more = _enter(new, room)
        change += added + cost[new] - cost[old]
        excess += more
        other = other_old = other_new = -1
        if crowded >= 0 and filled[crowded] > 0 and change > 0 and _uniform(random) < _EJECTIONS:
            other = _neighbour(crowded, order, resource.shape[1], pool, seats)
        if other >= 0:
            other_old = choice[other]
            freed, less = _leave(other_old, room)
            other_new = _elsewhere(other, other_old, room, pool)
            if other_new < 0:
                _enter(other_old, room)
                other = -1
            else:
                added, more = _enter(other_new, room)
                change += freed + added + cost[other_new] - cost[other_old]
                excess += less + more
        if change <= 0 or _uniform(random) < np.exp(-change / temperature):
            accepted += 1
            choice[order] = new
            state[CURRENT] += cost[new] - cost[old]
            state[EXCESS] += excess
            _enlist(order, old, new, resource, seats)
            if other >= 0:
                choice[other] = other_new
                state[CURRENT] += cost[other_new] - cost[other_old]
                _enlist(other, other_old, other_new, resource, seats)
            if state[EXCESS] < 0.5 and state[CURRENT] < state[BEST] - 1e-9 * abs(state[BEST]):
                state[BEST] = state[CURRENT]
                best[:] = choice
        else:
            if other >= 0:
                _shift_loads(other_new, other_old, room)
            _shift_loads(new, old, room)
    return accepted
