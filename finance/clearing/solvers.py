"""The greatest circulation, by a library: OR-Tools where it is installed, else HiGHS.

Neither is believed: whoever uses the flow has it checked (``finance/clearing/check.py``).
"""

from importlib import import_module
from importlib.util import find_spec

import numpy as np

from domain.errors import NetError, UsageError
from finance.clearing.circulation import Circulation, Integers

ORTOOLS, HIGHS = "ortools", "highs"


def solver_here() -> str:
    """Which solver is used when none is named; OR-Tools comes with ``pip install 'net[clearing]'``."""
    return ORTOOLS if find_spec("ortools") else HIGHS


def solve(problem: Circulation, solver: str = "") -> Integers:
    """Minor units on each arc of a circulation of the greatest worth; NetError when the library fails."""
    if not len(problem.tail):
        return np.zeros(0, dtype=np.int64)
    named = solver or solver_here()
    if named == ORTOOLS:
        return _by_ortools(problem)
    if named == HIGHS:
        return _by_highs(problem)
    raise UsageError(f"{named!r} is no solver", f"there are {ORTOOLS} and {HIGHS}")


def _by_ortools(problem: Circulation) -> Integers:
    # by name, since the library need not be installed and carries no types
    flow = import_module("ortools.graph.python.min_cost_flow").SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(problem.tail, problem.head, problem.capacity, -problem.value)
    nodes = np.arange(problem.firms, dtype=np.int64)
    flow.set_nodes_supplies(nodes, np.zeros(problem.firms, dtype=np.int64))
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise NetError(f"OR-Tools ended with {status}", "send the debts with a report of this error")
    return np.asarray(flow.flows(np.arange(len(problem.tail))), dtype=np.int64)


def _by_highs(problem: Circulation) -> Integers:
    """As a linear programme: its vertices are whole, since the matrix is that of a network."""
    import highspy

    arcs, firms = len(problem.tail), problem.firms
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = arcs, firms
    model.col_cost_ = -problem.value.astype(np.float64)
    model.col_lower_, model.col_upper_ = np.zeros(arcs), problem.capacity.astype(np.float64)
    model.row_lower_ = model.row_upper_ = np.zeros(firms)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.arange(0, 2 * arcs + 1, 2, dtype=np.int32)
    model.a_matrix_.index_ = np.stack([problem.tail, problem.head], 1).ravel().astype(np.int32)
    model.a_matrix_.value_ = np.tile([1.0, -1.0], arcs)
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.passModel(model)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise NetError(f"HiGHS ended with {highs.getModelStatus()}", "send the debts with a report")
    found: Integers = np.rint(np.asarray(highs.getSolution().col_value)).astype(np.int64)
    return found
