"""The whole problem as one mixed-integer model, rows and columns, for any solver of such models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import inf

from routing.shared.allocation import Allocation

_LINKS_MAXIMUM = 400_000


@dataclass(slots=True)
class Model:
    """Rows and columns as they are collected; ``scale`` brings exact costs near one."""

    scale: int
    costs: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    indices: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def column(self, cost: int, *, whole: bool, upper: int = 1) -> int:
        """A column from 0 to ``upper``; ``cost`` is that of all of it."""
        self.costs.append(float(Fraction(cost, self.scale * upper)))
        self.upper.append(float(upper))
        self.whole.append(whole)
        return len(self.costs) - 1

    def part(self, column: int) -> float:
        """What one unit of the column is of the whole order."""
        return 1.0 / self.upper[column]

    def row(self, lower: float, upper: float, entries: Sequence[tuple[int, float]]) -> int:
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        self.indices += [column for column, value in entries if value]
        self.values += [value for _, value in entries if value]
        self.starts.append(len(self.indices))
        return len(self.row_lower) - 1


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the parts of the problem lie in the model; -1 where there is none."""

    skip: Sequence[int]
    opening: Mapping[int, int]
    resource_row: Mapping[int, int]
    skip_row: int


def _candidate_columns(problem: Allocation, model: Model, *, whole: bool, units: bool) -> None:
    splits, quantities = problem.splittable.tolist(), problem.quantity.tolist()
    for order, cost in zip(problem.owner.tolist(), problem.cost.tolist(), strict=True):
        if splits[order] and units:
            model.column(cost, whole=whole, upper=quantities[order])
        else:
            model.column(cost, whole=whole and not splits[order])
    shares = problem.minimum_share.tolist()
    for candidate, order in enumerate(problem.owner.tolist()):
        if splits[order] and shares[order] > 1:
            chosen = model.column(0, whole=whole)
            entry = (candidate, model.part(candidate))
            model.row(-inf, 0.0, [entry, (chosen, -1.0)])
            model.row(0.0, inf, [entry, (chosen, -shares[order] / quantities[order])])


def _scale(problem: Allocation) -> int:
    largest = max(
        (abs(int(cost)) for cost in (*problem.cost, *problem.penalty, *problem.fixed_cost)), default=1
    )
    return int(10 ** max(0, len(str(largest)) - 7))


def build_model(problem: Allocation, *, whole: bool, units: bool = False) -> tuple[Model, Columns]:
    """The model; ``whole`` False relaxes it, ``units`` counts the shares of split orders in whole units.

    Without ``units`` a split order's share is a continuous part of it.
    """
    model = Model(_scale(problem))
    _candidate_columns(problem, model, whole=whole, units=units)
    skip = [
        -1 if must else model.column(int(cost), whole=whole)
        for must, cost in zip(problem.must_serve.tolist(), problem.penalty.tolist(), strict=True)
    ]
    for order in range(len(problem.orders)):
        span = range(int(problem.first[order]), int(problem.first[order + 1]))
        entries = [(column, model.part(column)) for column in span]
        if skip[order] >= 0:
            entries.append((skip[order], 1.0))
        model.row(1.0, 1.0, entries)
    opening, rows = _resource_rows(problem, model, whole=whole)
    _group_rows(problem, model, skip, whole=whole)
    skip_row = -1
    if problem.unserved_at_most is not None:
        entries = [(column, 1.0) for column in skip if column >= 0]
        skip_row = model.row(-inf, float(problem.unserved_at_most), entries)
    return model, Columns(skip, opening, rows, skip_row)


def _resource_rows(
    problem: Allocation, model: Model, *, whole: bool
) -> tuple[dict[int, int], dict[int, int]]:
    users: dict[int, list[tuple[int, float]]] = {}
    owner = problem.owner.tolist()
    for candidate in range(len(problem.candidates)):
        for resource, amount in problem.uses(candidate):
            if amount:
                users.setdefault(resource, []).append((candidate, amount * model.part(candidate)))
    opening: dict[int, int] = {}
    rows: dict[int, int] = {}
    links = len(problem.use_amount) <= _LINKS_MAXIMUM
    for resource, entries in sorted(users.items()):
        capacity, minimum = int(problem.capacity[resource]), int(problem.minimum[resource])
        fixed = int(problem.fixed_cost[resource])
        if not fixed and not minimum:
            rows[resource] = model.row(-inf, float(capacity), entries)
            continue
        opened = opening[resource] = model.column(fixed, whole=whole)
        rows[resource] = model.row(-inf, 0.0, [*entries, (opened, -float(capacity))])
        if minimum:
            model.row(0.0, inf, [*entries, (opened, -float(minimum))])
        if links:
            _link(model, entries, opened, owner)
    return opening, rows


def _link(model: Model, entries: Sequence[tuple[int, float]], opened: int, owner: Sequence[int]) -> None:
    """No part of an order on a shut resource: a row per order, tighter than the capacity row."""
    by_order: dict[int, list[tuple[int, float]]] = {}
    for candidate, _ in entries:
        by_order.setdefault(owner[candidate], []).append((candidate, model.part(candidate)))
    for columns in by_order.values():
        model.row(-inf, 0.0, [*columns, (opened, -1.0)])


def _group_rows(problem: Allocation, model: Model, skip: Sequence[int], *, whole: bool) -> None:
    members: dict[int, list[int]] = {}
    for order, group in enumerate(problem.group.tolist()):
        if group >= 0:
            members.setdefault(group, []).append(order)
    for orders in members.values():
        by_label: dict[int, dict[int, list[int]]] = {}
        for order in orders:
            for candidate in range(int(problem.first[order]), int(problem.first[order + 1])):
                label = by_label.setdefault(int(problem.label[candidate]), {})
                label.setdefault(order, []).append(candidate)
        for columns in by_label.values():
            chosen = model.column(0, whole=whole)
            for order in orders:
                entries = [(candidate, model.part(candidate)) for candidate in columns.get(order, [])]
                model.row(0.0, 0.0, [*entries, (chosen, -1.0)])
        for earlier, later in pairwise(orders):
            pair = [(skip[earlier], 1.0), (skip[later], -1.0)]
            model.row(0.0, 0.0, [entry for entry in pair if entry[0] >= 0])
