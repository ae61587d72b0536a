"""The many-orders problem: each order takes one of its candidates, all of them share scarce resources.

A resource is whatever runs out: a factory on a day, a lane on a day, a lender's limit, the share of one
buyer. A candidate has a cost for the whole order (profit is a negative cost) and uses whole amounts of
several resources. An order that takes none pays its penalty; without a penalty it must be served.

Columns instead of objects: a network of 10,000 orders has more than a million candidates. ``allocation_of``
sorts orders, candidates and resources by name, so that the order of the input cannot change the answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Exact = npt.NDArray[Any]
"""Costs: 64-bit integers, or Python integers in an object array where decimals made them longer."""

AMOUNT_MAXIMUM = 2**52
"""The largest amount, capacity or quantity: a solver's doubles hold it exactly."""


class AllocationError(ValueError):
    """A problem that contradicts itself; the message names the part."""


@dataclass(frozen=True, slots=True)
class SharedResource:
    """``capacity`` None is unlimited; used at all it costs ``fixed_cost`` and must carry ``minimum``."""

    name: str
    capacity: int | None
    fixed_cost: int = 0
    minimum: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """Cost and amounts are for the whole order; ``together`` is what the orders of a group agree on."""

    name: str
    cost: int
    uses: Mapping[str, int]
    together: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """One order. A splittable one may be shared out in whole units of ``quantity``.

    Each share has at least ``minimum_share`` units; cost and amounts are taken in proportion. ``penalty``
    None: it must be served. Orders of one ``group`` take candidates with one ``together`` label, or none is
    served.
    """

    name: str
    candidates: Sequence[Candidate]
    penalty: int | None = None
    quantity: int = 1
    splittable: bool = False
    minimum_share: int = 1
    group: str = ""


@dataclass(frozen=True, slots=True)
class Allocation:
    """The problem in columns; order ``i`` has candidates ``first[i]`` to ``first[i + 1]``, and so on below.

    ``must_serve[i]`` makes the penalty of ``i`` meaningless. ``unserved_at_most`` bounds how many orders may
    stay out, on top of the penalties. Labels and groups are -1 where there is none.
    """

    orders: Sequence[str]
    resources: Sequence[str]
    candidates: Sequence[str]
    capacity: Integers
    first: Integers
    cost: Exact
    use_first: Integers
    use_resource: Integers
    use_amount: Integers
    penalty: Exact
    must_serve: npt.NDArray[np.bool_]
    quantity: Integers
    splittable: npt.NDArray[np.bool_]
    minimum_share: Integers
    group: Integers
    label: Integers
    fixed_cost: Exact
    minimum: Integers
    unserved_at_most: int | None = None
    labels: Sequence[str] = ()
    owner: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    """The order of each candidate."""

    @property
    def has_opening(self) -> bool:
        """Whether some resource has a price or a minimum for being used at all."""
        return bool(np.any(self.fixed_cost != 0) or np.any(self.minimum > 0))

    @property
    def is_plain(self) -> bool:
        """Whole orders, no groups, no openings: only capacities bind."""
        return not (
            self.has_opening
            or bool(np.any(self.splittable))
            or bool(np.any(self.group >= 0))
            or self.unserved_at_most is not None
        )

    def uses(self, candidate: int) -> list[tuple[int, int]]:
        """The resources of a candidate with the amount of each."""
        span = slice(int(self.use_first[candidate]), int(self.use_first[candidate + 1]))
        return list(zip(self.use_resource[span].tolist(), self.use_amount[span].tolist(), strict=True))


def exact_column(values: Sequence[int]) -> Exact:
    """A column of integers: 64 bits where sums of them stay in range, Python integers otherwise."""
    largest = max((abs(value) for value in values), default=0)
    if largest * max(1, len(values)) < 2**62:
        return np.array(values, dtype=np.int64)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def allocation_of(
    demands: Iterable[Demand], resources: Iterable[SharedResource], *, unserved_at_most: int | None = None
) -> Allocation:
    """The problem in columns and in canonical order; AllocationError names what contradicts itself."""
    demand_list, resource_list = _in_order(demands, resources)
    place = {resource.name: index for index, resource in enumerate(resource_list)}
    ordered = [sorted(demand.candidates, key=lambda item: item.name) for demand in demand_list]
    flat = [candidate for candidates in ordered for candidate in candidates]
    uses = [
        sorted((_place(place, name, item), amount) for name, amount in item.uses.items()) for item in flat
    ]
    groups = _codes(demand.group for demand in demand_list)
    labels = _codes(candidate.together for candidate in flat)
    unlimited = _unlimited(ordered)
    return Allocation(
        orders=[demand.name for demand in demand_list],
        resources=[resource.name for resource in resource_list],
        candidates=[candidate.name for candidate in flat],
        capacity=_column(
            [unlimited if item.capacity is None else item.capacity for item in resource_list], "capacity"
        ),
        first=_offsets([len(candidates) for candidates in ordered]),
        cost=exact_column([candidate.cost for candidate in flat]),
        use_first=_offsets([len(pairs) for pairs in uses]),
        use_resource=_column([resource for pairs in uses for resource, _ in pairs], "resource"),
        use_amount=_column([amount for pairs in uses for _, amount in pairs], "amount"),
        penalty=exact_column([demand.penalty or 0 for demand in demand_list]),
        must_serve=np.array([demand.penalty is None for demand in demand_list], dtype=np.bool_),
        quantity=_column([demand.quantity for demand in demand_list], "quantity"),
        splittable=np.array([demand.splittable for demand in demand_list], dtype=np.bool_),
        minimum_share=_column([demand.minimum_share for demand in demand_list], "minimum share"),
        group=_column([groups.get(demand.group, -1) for demand in demand_list], "group"),
        label=_column([labels.get(candidate.together, -1) for candidate in flat], "label"),
        fixed_cost=exact_column([resource.fixed_cost for resource in resource_list]),
        minimum=_column([resource.minimum for resource in resource_list], "minimum"),
        unserved_at_most=unserved_at_most,
        labels=list(labels),
        owner=np.repeat(np.arange(len(ordered)), [len(candidates) for candidates in ordered]),
    )


def _in_order(
    demands: Iterable[Demand], resources: Iterable[SharedResource]
) -> tuple[list[Demand], list[SharedResource]]:
    """Both by name, checked."""
    demand_list = sorted(demands, key=lambda demand: demand.name)
    resource_list = sorted(resources, key=lambda resource: resource.name)
    _refuse_repeats("order", [demand.name for demand in demand_list])
    _refuse_repeats("resource", [resource.name for resource in resource_list])
    for demand in demand_list:
        _check_demand(demand)
    return demand_list, resource_list


def _refuse_repeats(kind: str, names: Sequence[str]) -> None:
    for earlier, later in pairwise(names):
        if earlier == later:
            raise AllocationError(f"{kind} {later!r} is given twice")


def _check_demand(demand: Demand) -> None:
    who = f"order {demand.name!r}"
    if demand.quantity < 1 or not 1 <= demand.minimum_share <= demand.quantity:
        raise AllocationError(f"{who}: quantity and minimum share must be positive and agree")
    _refuse_repeats(f"{who}: candidate", sorted(item.name for item in demand.candidates))
    for candidate in demand.candidates:
        if min(candidate.uses.values(), default=0) < 0:
            raise AllocationError(f"{who}: candidate {candidate.name!r} uses a negative amount")


def _place(place: Mapping[str, int], name: str, candidate: Candidate) -> int:
    if name not in place:
        raise AllocationError(f"candidate {candidate.name!r} uses {name!r}, which is no resource")
    return place[name]


def _unlimited(ordered: Sequence[Sequence[Candidate]]) -> int:
    """An amount that all orders together cannot exceed."""
    return sum(
        max((amount for item in candidates for amount in item.uses.values()), default=0)
        for candidates in ordered
    )


def _codes(values: Iterable[str]) -> dict[str, int]:
    return {value: code for code, value in enumerate(sorted(set(values) - {""}))}


def _offsets(lengths: Sequence[int]) -> Integers:
    return np.concatenate([[0], np.cumsum(np.array(lengths, dtype=np.int64))]).astype(np.int64)


def _column(values: Sequence[int], what: str) -> Integers:
    for value in values:
        if not -1 <= value <= AMOUNT_MAXIMUM:
            raise AllocationError(f"{what} {value} is out of range")
    return np.array(values, dtype=np.int64)
