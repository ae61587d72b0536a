"""An independent check of an answer: every constraint and the objective again, exactly, from the shares.

It shares no code with the solvers and uses no floats. What it proves: the answer is possible and costs what
it says; and, by ``price_bound``, that no answer can cost less than the bound of these prices (weak duality).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np

from routing.shared.allocation import Allocation
from routing.shared.answer import Allotment, Answer, Status

UNSERVED_PRICE = -1
"""The key under which ``prices`` holds the price of the limit on unserved orders."""


def violations(problem: Allocation, answer: Answer) -> list[str]:
    """Everything about the answer that is not so, in words; empty for a correct answer."""
    found = _share_faults(problem, answer.shares)
    if found:
        return found
    found += _service_faults(problem, answer.shares)
    found += _group_faults(problem, answer.shares)
    loads = exact_loads(problem, answer.shares)
    found += _load_faults(problem, loads)
    cost = exact_cost(problem, answer.shares, loads)
    if cost != answer.objective:
        found.append(f"the objective is {cost}, not {answer.objective}")
    return [*found, *_bound_faults(problem, answer)]


def exact_loads(problem: Allocation, shares: Sequence[Allotment]) -> dict[int, Fraction]:
    """What the shares use of each resource; resources that nobody uses are absent."""
    starts, resources = problem.use_first.tolist(), problem.use_resource.tolist()
    amounts, quantities = problem.use_amount.tolist(), problem.quantity.tolist()
    whole: dict[int, int] = defaultdict(int)
    loads: dict[int, Fraction] = defaultdict(Fraction)
    for share in shares:
        quantity = quantities[share.order]
        for place in range(starts[share.candidate], starts[share.candidate + 1]):
            if share.units == quantity:
                whole[resources[place]] += amounts[place]
            else:
                loads[resources[place]] += Fraction(amounts[place] * share.units, quantity)
    for resource, amount in whole.items():
        loads[resource] += amount
    return {resource: load for resource, load in loads.items() if load}


def exact_cost(problem: Allocation, shares: Sequence[Allotment], loads: Mapping[int, Fraction]) -> Fraction:
    """Cost of the shares, of the opened resources and of the orders left out."""
    total = Fraction(0)
    for share in shares:
        total += Fraction(
            int(problem.cost[share.candidate]) * share.units, int(problem.quantity[share.order])
        )
    total += sum(int(problem.fixed_cost[resource]) for resource in loads)
    served = {share.order for share in shares}
    for order in range(len(problem.orders)):
        if order not in served and not problem.must_serve[order]:
            total += int(problem.penalty[order])
    return total


def price_bound(problem: Allocation, prices: Mapping[int, Fraction]) -> Fraction:
    """A cost that no answer can beat, from non-negative prices per resource (Lagrange, weak duality)."""
    if min(prices.values(), default=0) < 0:
        raise ValueError("a price is negative")
    whole = lcm(*(price.denominator for price in prices.values()))
    scaled = {resource: int(price * whole) for resource, price in prices.items()}
    skip_price = scaled.get(UNSERVED_PRICE, 0)
    bound = Fraction(-skip_price * (problem.unserved_at_most or 0))
    steps = _whole_steps(problem) if not problem.splittable.any() else _load_steps(problem, scaled)
    for resource, fixed in enumerate(problem.fixed_cost.tolist()):
        room = Fraction(int(problem.capacity[resource]))
        room -= room % steps[resource] if steps.get(resource) else 0
        bound += min(Fraction(0), fixed * whole - scaled.get(resource, 0) * room)
    if _fits_64_bits(problem, scaled, whole):
        bound += _cheapest_in_sum(problem, scaled, whole, skip_price)
    else:
        bound += sum(_cheapest_ways(problem, scaled, whole, skip_price))
    return bound / whole


def _whole_steps(problem: Allocation) -> dict[int, Fraction]:
    """As ``_load_steps`` for orders that are not split: the greatest common divisor of the amounts."""
    if not len(problem.use_amount):
        return {}
    by = np.argsort(problem.use_resource, kind="stable")
    resources, starts = np.unique(problem.use_resource[by], return_index=True)
    divisors = np.gcd.reduceat(problem.use_amount[by], starts)
    return {
        resource: Fraction(divisor)
        for resource, divisor in zip(resources.tolist(), divisors.tolist(), strict=True)
    }


def _fits_64_bits(problem: Allocation, scaled: Mapping[int, int], whole: int) -> bool:
    """Whether every sum below stays an exact 64-bit integer."""
    if problem.cost.dtype == object or problem.penalty.dtype == object or not len(problem.use_amount):
        return False
    widest = int(np.diff(problem.use_first).max())
    dearest = max(int(np.abs(column).max()) for column in (problem.cost, problem.penalty) if len(column))
    highest = dearest * whole + max(scaled.values(), default=0) * int(problem.use_amount.max()) * widest
    return highest * (len(problem.orders) + 1) < 2**62


def _cheapest_in_sum(problem: Allocation, scaled: Mapping[int, int], whole: int, skip_price: int) -> int:
    """The sum of ``_cheapest_ways`` in 64-bit integers: differences of running sums are exact even where the
    running sum itself wraps around."""
    price = np.zeros(len(problem.resources), dtype=np.int64)
    for resource, value in scaled.items():
        if resource >= 0:
            price[resource] = value
    running = np.concatenate([[0], np.cumsum(price[problem.use_resource] * problem.use_amount)])
    paid = problem.cost * whole + running[problem.use_first[1:]] - running[problem.use_first[:-1]]
    has = np.diff(problem.first) > 0
    best = problem.penalty * whole + skip_price
    least = np.minimum.reduceat(paid, problem.first[:-1][has])
    best[has] = np.where(problem.must_serve[has], least, np.minimum(least, best[has]))
    best[problem.must_serve & ~has] = 0
    return int(best.sum())


def _load_steps(problem: Allocation, scaled: Mapping[int, int]) -> dict[int, Fraction]:
    """Of each priced resource the step of which every load is a multiple: no more of it can be used."""
    steps: dict[int, Fraction] = {}
    owners, resources, amounts = (
        column.tolist() for column in (problem.owner, problem.use_resource, problem.use_amount)
    )
    starts, splits = problem.use_first.tolist(), problem.splittable.tolist()
    seen: set[tuple[int, int, int]] = set()
    for candidate, order in enumerate(owners):
        parts = int(problem.quantity[order]) if splits[order] else 1
        for place in range(starts[candidate], starts[candidate + 1]):
            key = (resources[place], amounts[place], parts)
            if key[0] in scaled and key not in seen:
                seen.add(key)
                steps[key[0]] = _common_step(steps.get(key[0], Fraction(0)), Fraction(key[1], parts))
    return steps


def _common_step(one: Fraction, other: Fraction) -> Fraction:
    shared = one.denominator * other.denominator
    return Fraction(gcd(int(one * shared), int(other * shared)), shared)


def _cheapest_ways(
    problem: Allocation, scaled: Mapping[int, int], whole: int, skip_price: int
) -> Iterator[int]:
    """Per order the least that any way of treating it costs at these prices."""
    costs, penalties, firsts = problem.cost.tolist(), problem.penalty.tolist(), problem.first.tolist()
    starts, resources = problem.use_first.tolist(), problem.use_resource.tolist()
    amounts, must = problem.use_amount.tolist(), problem.must_serve.tolist()
    for order in range(len(problem.orders)):
        options = [] if must[order] else [penalties[order] * whole + skip_price]
        for candidate in range(firsts[order], firsts[order + 1]):
            paid = costs[candidate] * whole
            for place in range(starts[candidate], starts[candidate + 1]):
                paid += scaled.get(resources[place], 0) * amounts[place]
            options.append(paid)
        yield min(options, default=0)


def _share_faults(problem: Allocation, shares: Sequence[Allotment]) -> list[str]:
    found = []
    seen = set()
    for share in shares:
        if not 0 <= share.order < len(problem.orders):
            found.append(f"there is no order number {share.order}")
            continue
        name = problem.orders[share.order]
        if not problem.first[share.order] <= share.candidate < problem.first[share.order + 1]:
            found.append(f"order {name}: candidate number {share.candidate} is not one of its own")
        elif (share.order, share.candidate) in seen:
            found.append(f"order {name}: one candidate is given two shares")
        seen.add((share.order, share.candidate))
        if share.units < problem.minimum_share[share.order]:
            found.append(f"order {name}: a share of {share.units} is below the smallest share")
    return found


def _service_faults(problem: Allocation, shares: Sequence[Allotment]) -> list[str]:
    units: dict[int, int] = defaultdict(int)
    parts: dict[int, int] = defaultdict(int)
    for share in shares:
        units[share.order] += share.units
        parts[share.order] += 1
    found = []
    unserved = 0
    for order, name in enumerate(problem.orders):
        if order not in units:
            unserved += 1
            if problem.must_serve[order]:
                found.append(f"order {name} must be served and is not")
            continue
        if units[order] != problem.quantity[order]:
            found.append(f"order {name}: {units[order]} of {problem.quantity[order]} units are served")
        if parts[order] > 1 and not problem.splittable[order]:
            found.append(f"order {name} is split and may not be")
    limit = problem.unserved_at_most
    if limit is not None and unserved > limit:
        found.append(f"{unserved} orders are left out and at most {limit} may be")
    return found


def _group_faults(problem: Allocation, shares: Sequence[Allotment]) -> list[str]:
    labels: dict[int, set[int]] = defaultdict(set)
    for share in shares:
        labels[share.order].add(int(problem.label[share.candidate]))
    members: dict[int, list[int]] = defaultdict(list)
    for order, group in enumerate(problem.group.tolist()):
        if group >= 0:
            members[group].append(order)
    found = []
    for orders in members.values():
        taken = [labels.get(order, set()) for order in orders]
        if any(taken) and (not all(taken) or len(set().union(*taken)) != 1):
            names = ", ".join(problem.orders[order] for order in orders)
            found.append(f"orders {names} belong together and are not")
    return found


def _load_faults(problem: Allocation, loads: Mapping[int, Fraction]) -> Iterator[str]:
    for resource, load in sorted(loads.items()):
        name = problem.resources[resource]
        if load > int(problem.capacity[resource]):
            yield f"{name} carries {load} and has {problem.capacity[resource]}"
        if load < int(problem.minimum[resource]):
            yield f"{name} carries {load}, below its minimum of {problem.minimum[resource]}"


def _bound_faults(problem: Allocation, answer: Answer) -> Iterator[str]:
    if answer.bound is not None and answer.bound > answer.objective:
        yield f"the bound {answer.bound} is above the objective {answer.objective}"
    if answer.status is Status.OPTIMAL and answer.bound != answer.objective:
        yield "it claims to be optimal and its bound does not meet its objective"
    if answer.proof == "prices" and answer.bound != price_bound(problem, answer.prices):
        yield "its prices do not prove its bound"
