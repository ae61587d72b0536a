"""Problems that are a flow: each unit of an order uses one unit of at most one scarce resource.

Solved exactly in Python integers by successive shortest paths over the resources (not the orders): everything
starts on its cheapest node, then what is too much moves on along the cheapest chain of moves. With all
residual arcs of non-negative length before and after each step the flow stays least cost for its loads
(Ahuja, Magnanti, Orlin, Network Flows, section 9.7), and the final distances are exact shadow prices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from math import lcm
from time import monotonic

import numpy as np

from routing.shared.allocation import Allocation
from routing.shared.answer import Allotment, Answer, Cause, Status
from routing.shared.certify import UNSERVED_PRICE
from routing.shared.scarcity import scarce_resources

Option = tuple[int, int, int]
"""Node, cost of one unit there, candidate (or -1 for staying unserved)."""


@dataclass(frozen=True, slots=True)
class FlowForm:
    """The same problem as a flow: nodes are the resources, then ``unserved``, then ``unlimited``.

    Costs per unit are the true ones times ``scale``; one unit uses ``step`` of the true capacity.
    """

    options: Sequence[Sequence[Option]]
    units: Sequence[int]
    capacity: Sequence[int | None]
    scale: int
    step: int


def flow_form(problem: Allocation) -> FlowForm | None:
    """The flow behind the problem, or None where it has none."""
    if problem.has_opening or (problem.group >= 0).any() or (problem.minimum_share > 1).any():
        return None
    if problem.unserved_at_most is not None and problem.splittable.any():
        return None
    scarce = scarce_resources(problem)
    used = _single_uses(problem, scarce)
    if used is None:
        return None
    units, step = _units(problem, used)
    if units is None:
        return None
    scale = lcm(*set(units)) if units else 1
    capacity: list[int | None] = [int(value) // step for value in problem.capacity]
    capacity += [problem.unserved_at_most, None]
    return FlowForm(_options(problem, used, units, scale), units, capacity, scale, step)


def _single_uses(problem: Allocation, scarce: Sequence[bool]) -> list[tuple[int, int]] | None:
    """Per candidate its one scarce resource with the amount; ``unlimited`` with 0 where it uses none."""
    starts, resources, amounts = (
        column.tolist() for column in (problem.use_first, problem.use_resource, problem.use_amount)
    )
    unlimited = len(problem.resources) + 1
    used = [(unlimited, 0)] * len(problem.candidates)
    for candidate in range(len(problem.candidates)):
        for place in range(starts[candidate], starts[candidate + 1]):
            if amounts[place] and scarce[resources[place]]:
                if used[candidate][1]:
                    return None
                used[candidate] = (resources[place], amounts[place])
    return used


def _units(problem: Allocation, used: Sequence[tuple[int, int]]) -> tuple[list[int] | None, int]:
    """Units per order and the capacity that one unit uses; None where units would not be whole."""
    amounts: dict[int, set[int]] = {}
    for order, (_, amount) in zip(problem.owner.tolist(), used, strict=True):
        if amount:
            amounts.setdefault(order, set()).add(amount)
    if any(len(values) > 1 for values in amounts.values()):
        return None, 1
    amount_of = {order: next(iter(values)) for order, values in amounts.items()}
    if problem.splittable.any():
        return _split_units(problem, amount_of)
    if len(set(amount_of.values())) > 1:
        return None, 1
    return [1] * len(problem.orders), next(iter(amount_of.values()), 1)


def _split_units(problem: Allocation, amount_of: dict[int, int]) -> tuple[list[int] | None, int]:
    quantities = problem.quantity.tolist()
    units = [quantity if problem.splittable[order] else 1 for order, quantity in enumerate(quantities)]
    steps = {Fraction(amount, units[order]) for order, amount in amount_of.items()}
    if len(steps) > 1 or any(step.denominator != 1 for step in steps) or not problem.must_serve.all():
        return None, 1
    return units, int(next(iter(steps), Fraction(1)))


def _options(
    problem: Allocation, used: Sequence[tuple[int, int]], units: Sequence[int], scale: int
) -> list[list[Option]]:
    """Per order its cheapest candidate on each node, cheapest first; ties go to the earlier name."""
    first, costs, penalties = problem.first.tolist(), problem.cost.tolist(), problem.penalty.tolist()
    unserved = len(problem.resources)
    found = []
    for order in range(len(problem.orders)):
        factor = scale // units[order]
        best: dict[int, Option] = {}
        for candidate in range(first[order], first[order + 1]):
            node = used[candidate][0]
            cost = costs[candidate] * factor
            if node not in best or cost < best[node][1]:
                best[node] = (node, cost, candidate)
        if not problem.must_serve[order]:
            best[unserved] = (unserved, penalties[order] * factor, -1)
        found.append(sorted(best.values(), key=lambda option: (option[1], option[0])))
    return found


def solve_flow(problem: Allocation, form: FlowForm, deadline: float | None = None) -> Answer:
    """The proven optimum with exact prices; INFEASIBLE names the nodes that are too small together.

    ``deadline`` (monotonic seconds) passed: UNKNOWN, since no step before the last is within capacity.
    """
    for order, options in enumerate(form.options):
        if not options:
            name = problem.orders[order]
            return _impossible(Cause("no candidate at all", orders=(name,)))
    if _suits_compiled(form):
        return _solve_compiled(problem, form)
    network = _Network(form)
    stuck = network.settle(deadline)
    if stuck is None:
        return Answer(Status.UNKNOWN, (), Fraction(0), None, "flow")
    if stuck:
        return _impossible(_cause(problem, network, stuck))
    prices = _prices(problem, form, network.distances_from_sink()[:-1])
    shares = network.shares(problem.quantity.tolist())
    return _proven(shares, Fraction(network.cost(), form.scale), prices)


COMPILED_OPTIONS = 20_000
"""From so many options on the compiled solver is worth its start."""


def _suits_compiled(form: FlowForm) -> bool:
    """Whole orders, many options, and costs whose sums stay far within 64 bits."""
    count = sum(len(options) for options in form.options)
    if count < COMPILED_OPTIONS or any(units != 1 for units in form.units):
        return False
    largest = max(abs(cost) for options in form.options for _, cost, _ in options)
    return largest * (2 * len(form.capacity) + 2) < 2**60


def _solve_compiled(problem: Allocation, form: FlowForm) -> Answer:
    from routing.solvers.unit_flow import assign, worth_of_one_more

    counts = [len(options) for options in form.options]
    flat = np.array([option for options in form.options for option in options], dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    orders, nodes = len(counts), len(form.capacity)
    owner = np.repeat(np.arange(orders), counts)
    room = [orders if size is None else min(size, orders) for size in form.capacity]
    capacity = np.array(room, dtype=np.int64)
    base = np.concatenate([[0], np.cumsum(capacity)])[:-1].astype(np.int64)
    member = np.zeros(int(capacity.sum()), dtype=np.int64)
    load, price = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
    taken, done = np.full(orders, -1, dtype=np.int64), np.zeros(nodes, dtype=np.bool_)
    node, cost = np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1])
    stuck = assign(first, node, cost, owner, capacity, base, member, load, price, taken, done)
    if stuck >= 0:
        confined = [stuck, *(order for order in range(stuck) if done[node[taken[order]]])]
        return _impossible(_confined(problem, form, sorted(confined), np.flatnonzero(done).tolist()))
    worth = worth_of_one_more(first, node, cost, base, member, load, price, taken).tolist()
    prices = _prices(problem, form, [-value for value in worth[:-1]])
    quantities = problem.quantity.tolist()
    shares = tuple(
        Allotment(order, int(flat[option, 2]), quantities[order])
        for order, option in enumerate(taken.tolist())
        if flat[option, 2] >= 0
    )
    return _proven(shares, Fraction(int(cost[taken].sum()), form.scale), prices)


def _prices(problem: Allocation, form: FlowForm, lengths: Sequence[int | None]) -> dict[int, Fraction]:
    """Exact prices by resource from the nodes' distances, where those are below zero."""
    unserved = len(problem.resources)
    return {
        UNSERVED_PRICE if node == unserved else node: _price(form, node, length)
        for node, length in enumerate(lengths)
        if length is not None and length < 0
    }


def _proven(shares: tuple[Allotment, ...], cost: Fraction, prices: dict[int, Fraction]) -> Answer:
    return Answer(Status.OPTIMAL, shares, cost, cost, "flow", "prices", prices)


def _confined(problem: Allocation, form: FlowForm, orders: list[int], nodes: list[int]) -> Cause:
    need = form.step * len(orders)
    have = sum(int(problem.capacity[node]) for node in nodes if node < len(problem.resources))
    names = tuple(problem.resources[node] for node in nodes if node < len(problem.resources))
    reason = f"they need {need} and these resources hold {have} together"
    return Cause(reason, tuple(problem.orders[order] for order in orders), names, need, have)


def _price(form: FlowForm, node: int, length: int) -> Fraction:
    """Per unit of the true capacity; the limit on unserved orders counts orders."""
    counts_orders = node == len(form.capacity) - 2
    return Fraction(-length, form.scale * (1 if counts_orders else form.step))


def _impossible(cause: Cause) -> Answer:
    return Answer(Status.INFEASIBLE, (), Fraction(0), None, "flow", causes=(cause,))


def _cause(problem: Allocation, network: "_Network", nodes: set[int]) -> Cause:
    """Hall's condition broken: these orders can go nowhere but to these nodes, and the nodes hold fewer."""
    orders = tuple(problem.orders[order] for order in sorted(network.orders_within(nodes)))
    names = tuple(problem.resources[node] for node in sorted(nodes) if node < len(problem.resources))
    step = network.form.step
    need = step * sum(sum(network.flow[order].values()) for order in network.orders_within(nodes))
    have = sum(
        int(problem.capacity[node]) if node < len(problem.resources) else step * (network.capacity[node] or 0)
        for node in nodes
    )
    reason = f"they need {need} and these resources hold {have} together"
    return Cause(reason, orders, names, need, have)


class _Network:
    """The residual graph over nodes; ``flow[order][node]`` is what of the order lies there, in units."""

    def __init__(self, form: FlowForm) -> None:
        self.form = form
        self.capacity = form.capacity
        count = len(form.capacity)
        self.load = [0] * count
        self.flow: list[dict[int, int]] = []
        self.cost_at = [{node: cost for node, cost, _ in options} for options in form.options]
        self.heaps: list[dict[int, list[tuple[int, int]]]] = [{} for _ in range(count)]
        self.potential = [0] * count
        for order, options in enumerate(form.options):
            node = options[0][0]
            self.flow.append({node: form.units[order]})
            self.load[node] += form.units[order]
            self._offer(order, node, heapify_later=True)
        for row in self.heaps:
            for heap in row.values():
                heapify(heap)

    def _offer(self, order: int, node: int, *, heapify_later: bool = False) -> None:
        """Put the moves of an order away from a node on the heaps of the arcs."""
        here = self.cost_at[order][node]
        row = self.heaps[node]
        for other, cost, _ in self.form.options[order]:
            if other == node:
                continue
            heap = row.setdefault(other, [])
            if heapify_later:
                heap.append((cost - here, order))
            else:
                heappush(heap, (cost - here, order))

    def _slack(self, node: int) -> int | None:
        capacity = self.capacity[node]
        return None if capacity is None else capacity - self.load[node]

    def _arcs(self, node: int) -> list[tuple[int, int, int]]:
        """The cheapest move from the node to every other: (other, length, order)."""
        found = []
        for other, heap in self.heaps[node].items():
            while heap and not self.flow[heap[0][1]].get(node):
                heappop(heap)
            if heap:
                found.append((other, heap[0][0], heap[0][1]))
        return found

    def settle(self, deadline: float | None) -> set[int] | None:
        """Move every excess to free room; the nodes that cannot be relieved, empty when all is well."""
        for source in range(len(self.load)):
            while (self._slack(source) or 0) < 0:
                if deadline is not None and monotonic() > deadline:
                    return None
                reached = self._augment(source)
                if reached is not None:
                    return reached
        return set()

    def _augment(self, source: int) -> set[int] | None:
        """Move what fits along the shortest path to a node with room; the nodes reached if there is none."""
        distance: dict[int, int] = {source: 0}
        parent: dict[int, tuple[int, int]] = {}
        done: set[int] = set()
        queue = [(0, source)]
        while queue:
            length, node = heappop(queue)
            if node in done:
                continue
            slack = self._slack(node)
            if slack is None or slack > 0:
                self._raise_potentials(distance, done, length)
                self._push(source, node, parent)
                return None
            done.add(node)
            for other, cost, order in self._arcs(node):
                reached = length + cost + self.potential[node] - self.potential[other]
                if other not in done and (other not in distance or reached < distance[other]):
                    distance[other] = reached
                    parent[other] = (node, order)
                    heappush(queue, (reached, other))
        return done

    def _raise_potentials(self, distance: dict[int, int], done: set[int], length: int) -> None:
        """Keep every residual arc non-negative: settled nodes move by what they are nearer than the end."""
        for node in done:
            self.potential[node] += distance[node] - length

    def _push(self, source: int, sink: int, parent: dict[int, tuple[int, int]]) -> None:
        steps = []
        node = sink
        while node != source:
            before, order = parent[node]
            steps.append((before, node, order))
            node = before
        amount = -(self._slack(source) or 0)
        room = self._slack(sink)
        amount = min([amount, *([] if room is None else [room])])
        amount = min(amount, *(self.flow[order][before] for before, _, order in steps))
        for before, after, order in steps:
            self._shift(order, before, after, amount)
        self.load[source] -= amount
        self.load[sink] += amount

    def _shift(self, order: int, before: int, after: int, amount: int) -> None:
        flow = self.flow[order]
        flow[before] -= amount
        if not flow[before]:
            del flow[before]
        new = not flow.get(after)
        flow[after] = flow.get(after, 0) + amount
        if new:
            self._offer(order, after)

    def orders_within(self, nodes: set[int]) -> list[int]:
        return [order for order, flow in enumerate(self.flow) if nodes.issuperset(flow)]

    def distances_from_sink(self) -> list[int | None]:
        """Length of the cheapest chain of moves that ends at each node, starting anywhere (Bellman, Ford).

        Minus this is what one more unit of the node saves: it lets such a chain happen.
        """
        count = len(self.capacity)
        distance: list[int | None] = [0 if self.load[node] else None for node in range(count)]
        arcs = [self._arcs(node) for node in range(count)]
        waiting = [node for node in range(count) if distance[node] is not None]
        while waiting:
            later: dict[int, None] = {}
            for node in waiting:
                here = distance[node]
                for other, cost, _ in arcs[node]:
                    there = distance[other]
                    if here is not None and (there is None or here + cost < there):
                        distance[other] = here + cost
                        later[other] = None
            waiting = list(later)
        return distance

    def cost(self) -> int:
        return sum(
            self.cost_at[order][node] * amount
            for order, flow in enumerate(self.flow)
            for node, amount in flow.items()
        )

    def shares(self, quantities: Sequence[int]) -> tuple[Allotment, ...]:
        """The flow as shares of the orders' own quantities; whole orders take all of theirs."""
        found = []
        for order, flow in enumerate(self.flow):
            candidate_at = {node: candidate for node, _, candidate in self.form.options[order]}
            found += [
                Allotment(order, candidate_at[node], amount * quantities[order] // self.form.units[order])
                for node, amount in sorted(flow.items())
                if candidate_at[node] >= 0
            ]
        return tuple(found)
