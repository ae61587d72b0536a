"""The most that can be set off among firms without anybody owing a new debtor, with its proof."""

from dataclasses import dataclass

import numpy as np

from domain.errors import NetError
from finance.clearing.certificate import prices as prices_of
from finance.clearing.check import faults
from finance.clearing.circulation import (
    Circulation,
    Integers,
    in_circles,
    merged,
    net_positions,
    shared_out,
)
from finance.clearing.solvers import solve


@dataclass(frozen=True, slots=True)
class SetOff:
    """What is set off of each arc, and a price for each firm, which together prove that it is the most.

    ``total``, ``cleared`` and ``residual`` are minor units and add up; no set-off leaves less than
    ``net_debt``, the sum of what the firms owe on balance.
    """

    flow: Integers
    prices: Integers
    total: int
    cleared: int
    residual: int
    net_debt: int


def set_off(problem: Circulation, before: Integers | None = None, solver: str = "") -> SetOff:
    """The greatest set-off of the debts, checked; it does not depend on the order they came in.

    Of several debts between two firms that with the lesser ``before`` (a day, say) is set off first.
    """
    flow, prices = proven(problem, before, solver)
    total, cleared = int(problem.capacity.sum()), int(flow.sum())
    positions = net_positions(problem, problem.capacity)
    return SetOff(flow, prices, total, cleared, total - cleared, int(positions[positions > 0].sum()))


def proven(
    problem: Circulation, before: Integers | None = None, solver: str = ""
) -> tuple[Integers, Integers]:
    """The flow of greatest worth with its prices; NetError unless the independent check accepts them."""
    whole = merged(problem, before)
    arcs = whole.problem
    solved = _solved(arcs, solver)
    prices = prices_of(arcs, solved)
    wrong = faults(arcs.firms, arcs.tail, arcs.head, arcs.capacity, arcs.value, solved, prices)
    if wrong:
        raise NetError(f"the solver's set-off does not hold: {'; '.join(wrong)}", "report this error")
    return shared_out(whole, solved, problem.capacity), prices


def _solved(arcs: Circulation, solver: str) -> Integers:
    kept = in_circles(arcs)
    part = Circulation(arcs.firms, arcs.tail[kept], arcs.head[kept], arcs.capacity[kept], arcs.value[kept])
    flow = np.zeros(len(arcs.tail), dtype=np.int64)
    flow[kept] = solve(part, solver)
    return flow
