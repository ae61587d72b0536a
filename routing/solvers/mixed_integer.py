"""The whole problem handed to HiGHS: exact search for what is small enough, and linear prices.

The solver computes in doubles; what leaves this file is exact again: the objective is recomputed from the
shares, and a bound from the tree is lowered by the solver's tolerance, then raised to the next cost that
exists at all (every cost is a multiple of one grain). A result is called optimal only if that meets the
objective.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, gcd, isfinite, lcm
from time import monotonic

import highspy
import numpy as np
import numpy.typing as npt

from routing.shared.allocation import Allocation
from routing.shared.answer import Allotment, Answer, Status
from routing.shared.certify import UNSERVED_PRICE, exact_cost, exact_loads, price_bound, violations
from routing.solvers.flow import flow_form, solve_flow
from routing.solvers.model import Columns, Model, build_model

_TOLERANCE = Fraction(1, 10**8)
"""Relative: below this the solver's doubles say nothing."""


def grain(problem: Allocation) -> Fraction:
    """The largest number of which every possible total cost is a multiple; 0 when all costs are 0."""
    common = lcm(*{int(quantity) for quantity in problem.quantity[problem.splittable]}, 1)
    total = 0
    factors = np.where(problem.splittable, problem.quantity, 1).tolist()
    for order, cost in zip(problem.owner.tolist(), problem.cost.tolist(), strict=True):
        total = gcd(total, cost * (common // factors[order]))
    for cost in (*problem.penalty.tolist(), *problem.fixed_cost.tolist()):
        total = gcd(total, cost * common)
    return Fraction(total, common)


class SilentHighs(highspy.Highs):
    """HiGHS that never prints: 1.16 writes its banner when it is given its callbacks, which is before a
    caller can set an option of the new solver."""

    def enableCallbacks(self) -> None:  # noqa: N802
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def load_model(model: Model, *, whole: bool) -> highspy.Highs:
    """The model in a silent solver, ready to run."""
    program = highspy.HighsLp()
    program.num_col_ = len(model.costs)
    program.num_row_ = len(model.row_lower)
    program.col_cost_ = np.array(model.costs)
    program.col_lower_ = np.zeros(len(model.costs))
    program.col_upper_ = np.array(model.upper)
    program.row_lower_ = np.array(model.row_lower)
    program.row_upper_ = np.array(model.row_upper)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = np.array(model.starts, dtype=np.int32)
    program.a_matrix_.index_ = np.array(model.indices, dtype=np.int32)
    program.a_matrix_.value_ = np.array(model.values)
    if whole:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        program.integrality_ = [kinds[flag] for flag in model.whole]
    solver = SilentHighs()  # type: ignore[no-untyped-call]
    solver.passModel(program)
    return solver


def solve_mixed(
    problem: Allocation, *, time_limit: float, relative_gap: float = 0.0, start: Answer | None = None
) -> Answer:
    """The best answer within the time with the bound of the search tree; ``start`` is where it begins."""
    end = monotonic() + time_limit
    # with smallest shares in continuous parts HiGHS 1.10 to 1.15 loses answers in presolve: count units
    counted_first = bool((problem.minimum_share > 1).any())
    answer = _search(problem, time_limit, relative_gap, start, units=counted_first)
    if answer is not None and (answer.status is not Status.FEASIBLE or not problem.splittable.any()):
        return answer
    if answer is not None and (answer.gap or 0.0) <= relative_gap:
        return answer
    # shares in parts of an order were not whole units: count them
    left = max(1.0, end - monotonic())
    counted = _search(problem, left, relative_gap, answer or start, units=True)
    return counted or answer or Answer(Status.UNKNOWN, (), Fraction(0), None, "branch and bound", "search")


def _search(
    problem: Allocation, time_limit: float, relative_gap: float, start: Answer | None, *, units: bool
) -> Answer | None:
    """None: the shares found are not whole units, or break something once they are rounded."""
    model, columns = build_model(problem, whole=True, units=units)
    solver = load_model(model, whole=True)
    smallest = grain(problem)
    solver.setOptionValue("time_limit", float(time_limit))
    solver.setOptionValue("mip_rel_gap", float(relative_gap))
    absolute_gap = float(smallest / model.scale) * 0.99 if smallest else 1e-6
    solver.setOptionValue("mip_abs_gap", absolute_gap)
    if start is not None and start.shares:
        solver.setSolution(_start_point(problem, model, columns, start, units=units))
    solver = _run(solver, model, time_limit)
    state = solver.getModelStatus()
    if state == highspy.HighsModelStatus.kInfeasible:
        return Answer(Status.INFEASIBLE, (), Fraction(0), None, "branch and bound", "search")
    info = solver.getInfo()
    value = info.mip_dual_bound
    if state == highspy.HighsModelStatus.kOptimal:
        value = max(value, _stopping_bound(info.objective_function_value, relative_gap, absolute_gap))
    bound = _tree_bound(value, model.scale, smallest)
    if info.primal_solution_status != int(highspy.SolutionStatus.kSolutionStatusFeasible):
        return Answer(Status.UNKNOWN, (), Fraction(0), bound, "branch and bound", "search")
    values = np.array(solver.getSolution().col_value)
    shares = _shares(problem, columns, values, units=units)
    if shares is None:
        return None
    return _finish(problem, shares, bound)


def _run(solver: highspy.Highs, model: Model, time_limit: float) -> highspy.Highs:
    """The solver that has run; HiGHS 1.15 calls some problems with answers infeasible in presolve: then it is
    asked again without."""
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        solver = load_model(model, whole=True)
        solver.setOptionValue("presolve", "off")
        solver.setOptionValue("time_limit", float(time_limit))
        solver.run()
    return solver


def _finish(problem: Allocation, shares: Sequence[Allotment], bound: Fraction | None) -> Answer | None:
    cost = exact_cost(problem, shares, exact_loads(problem, shares))
    if bound is not None and bound >= cost:
        bound = cost
    status = Status.OPTIMAL if bound == cost else Status.FEASIBLE
    answer = Answer(status, tuple(shares), cost, bound, "branch and bound", "search")
    return None if violations(problem, answer) else answer


def _stopping_bound(objective: float, relative_gap: float, absolute_gap: float) -> float:
    """What the solver has proven by stopping; it does not always report it (a tree closed in presolve)."""
    return objective - max(relative_gap * abs(objective), absolute_gap)


def _tree_bound(value: float, scale: int, smallest: Fraction) -> Fraction | None:
    """The tree's bound, safe against rounding: lowered by the tolerance, raised to the next possible cost."""
    if not isfinite(value):
        return None
    bound = Fraction(value) * scale
    bound -= abs(bound) * _TOLERANCE
    return ceil(bound / smallest) * smallest if smallest else Fraction(0)


def _shares(
    problem: Allocation, columns: Columns, values: npt.NDArray[np.float64], *, units: bool
) -> tuple[Allotment, ...] | None:
    """Whole shares from the solver's numbers; with split orders by an exact flow over what was opened."""
    if problem.splittable.any() and not units:
        opened = {resource for resource, column in columns.opening.items() if values[column] > 0.5}
        fixed = with_opened(problem, opened)
        form = flow_form(fixed)
        if form is not None:
            answer = solve_flow(fixed, form)
            return tuple(answer.shares) if answer.status is Status.OPTIMAL else None
    found = []
    for candidate, order in enumerate(problem.owner.tolist()):
        quantity = int(problem.quantity[order])
        counted = units or not problem.splittable[order]
        part = float(values[candidate]) * (1 if counted else quantity)
        amount = round(part)
        if abs(part - amount) > 1e-4:
            return None
        if amount:
            found.append(Allotment(order, candidate, amount if problem.splittable[order] else quantity))
    return tuple(found)


def with_opened(problem: Allocation, opened: Iterable[int]) -> Allocation:
    """The problem with these resources open at no price, the other priced ones shut."""
    priced = (problem.fixed_cost != 0) | (problem.minimum > 0)
    keep = np.zeros(len(problem.resources), dtype=np.bool_)
    keep[list(opened)] = True
    capacity = np.where(priced & ~keep, 0, problem.capacity)
    nothing = np.zeros_like(problem.minimum)
    return replace(problem, capacity=capacity, fixed_cost=nothing, minimum=nothing)


def _start_point(
    problem: Allocation, model: Model, columns: Columns, start: Answer, *, units: bool
) -> highspy.HighsSolution:
    values = np.zeros(len(model.costs))
    served = set()
    for share in start.shares:
        served.add(share.order)
        counted = units and problem.splittable[share.order]
        values[share.candidate] = share.units / (1 if counted else int(problem.quantity[share.order]))
    for order, column in enumerate(columns.skip):
        if column >= 0 and order not in served:
            values[column] = 1.0
    for resource in exact_loads(problem, start.shares):
        if resource in columns.opening:
            values[columns.opening[resource]] = 1.0
    point = highspy.HighsSolution()
    point.col_value = values.tolist()
    return point


def linear_prices(problem: Allocation) -> tuple[dict[int, Fraction], Fraction] | None:
    """Prices of the linear relaxation and the bound they prove exactly; None when even that is infeasible.

    The prices are the solver's, rounded to thousandths of the costs' unit, so the bound is a true one.
    """
    model, columns = build_model(problem, whole=False)
    solver = load_model(model, whole=False)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    duals = solver.getSolution().row_dual
    rows = dict(columns.resource_row)
    if columns.skip_row >= 0:
        rows[UNSERVED_PRICE] = columns.skip_row
    prices = {
        resource: price
        for resource, row in rows.items()
        if (price := Fraction(round(-duals[row] * model.scale * 1000), 1000)) > 0
    }
    return prices, price_bound(problem, prices)
