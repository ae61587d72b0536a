"""The cash line drawn in the terminal: the loop's balance by date, and what it would be without lenders."""

from itertools import accumulate
from typing import TYPE_CHECKING

from domain.money import exponent_of
from domain.plan import FlowKind, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

MONEY = frozenset({FlowKind.DRAW, FlowKind.FEE, FlowKind.REPAYMENT})
HEIGHT = 16
LEAST_WIDTH = 60
TICKS = 7


def balances(plan: Plan, *, without_money: bool = False) -> "list[tuple[date, int]]":
    """The balance at the end of each date, in minor units; ``without_money`` leaves out the lenders."""
    sums: dict[date, int] = {}
    for flow in plan.flows:
        counted = 0 if without_money and flow.kind in MONEY else flow.amount_minor
        sums[flow.on] = sums.get(flow.on, 0) + counted
    days = sorted(sums)
    return list(zip(days, accumulate(sums[day] for day in days), strict=True))


def cash_chart(plan: Plan, width: int) -> str:
    """The chart as plain text of at most ``width`` columns; empty for a plan without flows."""
    if not plan.flows:
        return ""
    import plotext  # type: ignore[import-untyped]

    plotext.clear_figure()
    plotext.plot_size(max(LEAST_WIDTH, width), HEIGHT)
    plotext.theme("clear")
    scale = 10 ** exponent_of(plan.currency)
    for label, line, marker in (
        ("with the lenders' money", balances(plan), "hd"),
        ("without it", balances(plan, without_money=True), "dot"),
    ):
        days, amounts = _steps(line)
        plotext.plot(days, [amount / scale for amount in amounts], label=label, marker=marker)
    plotext.xticks(*_ticks(day for day, _ in balances(plan)))
    drawn: str = plotext.uncolorize(plotext.build())
    plotext.clear_figure()
    return "\n".join(line.rstrip() for line in drawn.splitlines())


def _steps(line: "list[tuple[date, int]]") -> tuple[list[int], list[int]]:
    """A balance stands until the next flow: two points for each change."""
    days: list[int] = []
    amounts: list[int] = []
    before = 0
    for day, balance in line:
        days += [day.toordinal(), day.toordinal()]
        amounts += [before, balance]
        before = balance
    return days, amounts


def _ticks(days: "Iterable[date]") -> tuple[list[int], list[str]]:
    every = sorted(set(days))
    step = max(1, -(-len(every) // TICKS))
    shown = every[::step]
    return [day.toordinal() for day in shown], [day.strftime("%m-%d") for day in shown]
