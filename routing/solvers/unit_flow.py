"""The flow of whole orders, compiled, for problems with very many options: exact in 64-bit integers.

Orders come in one by one along the shortest augmenting path with prices on the nodes (Jonker and Volgenant
1987, for nodes that hold several orders); after each the assignment is cheapest for the orders in so far.
"""

import numpy as np
import numpy.typing as npt

from routing.solvers.compiled import compiled

Integers = npt.NDArray[np.int64]
FAR = np.int64(2**61)


@compiled()
def _nearest(distance: Integers, done: npt.NDArray[np.bool_]) -> int:
    best = -1
    for node in range(len(distance)):
        if not done[node] and distance[node] < FAR and (best < 0 or distance[node] < distance[best]):
            best = node
    return best


@compiled()
def _spread(
    node: int,
    first: Integers,
    option_node: Integers,
    option_cost: Integers,
    price: Integers,
    member: Integers,
    base: Integers,
    load: Integers,
    taken: Integers,
    distance: Integers,
    done: npt.NDArray[np.bool_],
    mover: Integers,
) -> None:
    """Shorten the distances that lead through moving an order away from the node."""
    for seat in range(base[node], base[node] + load[node]):
        order = member[seat]
        here = option_cost[taken[order]] + price[node]
        for option in range(first[order], first[order + 1]):
            other = option_node[option]
            if not done[other]:
                length = distance[node] + option_cost[option] + price[other] - here
                if length < distance[other]:
                    distance[other] = length
                    mover[other] = option


@compiled()
def assign(  # noqa: C901 - one compiled loop
    first: Integers,
    option_node: Integers,
    option_cost: Integers,
    owner: Integers,
    capacity: Integers,
    base: Integers,
    member: Integers,
    load: Integers,
    price: Integers,
    taken: Integers,
    done: npt.NDArray[np.bool_],
) -> int:
    """Fill ``taken`` (the option of each order) and ``price``; -1, or the order that cannot go in.

    In that case ``done`` marks the full nodes that it and all who could make room for it are confined to.
    ``member`` holds, from ``base[node]`` on, the orders of a node.
    """
    nodes = len(capacity)
    distance = np.empty(nodes, np.int64)
    mover = np.empty(nodes, np.int64)
    for order in range(len(first) - 1):
        distance[:] = FAR
        done[:] = False
        for option in range(first[order], first[order + 1]):
            node = option_node[option]
            length = option_cost[option] + price[node]
            if length < distance[node]:
                distance[node] = length
                mover[node] = option
        end = _nearest(distance, done)
        while end >= 0 and load[end] >= capacity[end]:
            done[end] = True
            _spread(
                end, first, option_node, option_cost, price, member, base, load, taken, distance, done, mover
            )
            end = _nearest(distance, done)
        if end < 0:
            return order
        for node in range(nodes):
            if done[node]:
                price[node] += distance[end] - distance[node]
        node = end
        while True:
            option = mover[node]
            moved = owner[option]
            before = -1 if moved == order else option_node[taken[moved]]
            if before >= 0:
                for seat in range(base[before], base[before] + load[before]):
                    if member[seat] == moved:
                        member[seat] = member[base[before] + load[before] - 1]
                        break
                load[before] -= 1
            member[base[node] + load[node]] = moved
            load[node] += 1
            taken[moved] = option
            if before < 0:
                break
            node = before
    return -1


@compiled()
def worth_of_one_more(
    first: Integers,
    option_node: Integers,
    option_cost: Integers,
    base: Integers,
    member: Integers,
    load: Integers,
    price: Integers,
    taken: Integers,
) -> Integers:
    """Per node what one more unit of it saves: the price less the cheapest way of using that unit."""
    nodes = len(load)
    distance = np.where(load > 0, price, FAR)
    done = np.zeros(nodes, np.bool_)
    mover = np.empty(nodes, np.int64)
    node = _nearest(distance, done)
    while node >= 0:
        done[node] = True
        _spread(
            node, first, option_node, option_cost, price, member, base, load, taken, distance, done, mover
        )
        node = _nearest(distance, done)
    return np.maximum(0, np.where(distance < FAR, price - distance, 0))
