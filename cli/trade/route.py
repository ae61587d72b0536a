"""``net route``: decide many orders together, or the orders of outside tables."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, single
from cli.screen.output import amount, answer, note, table
from domain.errors import BatchRefusedError, UsageError
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console

    from flows.many.route import Committed, Decision, LeftOut, Load, Routed

app = single()
OBJECTIVES = ("profit", "cost", "served")
SHOWN = 20
"""Rows of a table on the screen; ``--json`` has them all."""


@command(
    app,
    "route",
    example="""
    net route --open
    net route examples/three-orders.csv --objective served
    net route --open --commit
    net route --table examples/routing/brunel.toml --data DIR --set providers.times=1
    """,
)
def route(
    asked: Asked,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Orders to decide together.")] = None,
    open_orders: Annotated[
        bool, typer.Option("--open", help="All recorded orders that nothing is reserved for yet.")
    ] = False,
    objective: Annotated[
        str, typer.Option("--objective", help="profit; cost, all served; or served, then cost.")
    ] = "profit",
    time_limit: Annotated[
        float, typer.Option("--time-limit", min=0.1, metavar="SECONDS", help="Then the best so far.")
    ] = 60.0,
    gap: Annotated[
        float, typer.Option("--gap", min=0.0, max=1.0, help="Stop when this near to the bound: 0.01 is 1%.")
    ] = 0.0,
    per_order: Annotated[
        int,
        typer.Option(
            "--plans", min=0, max=1000, help="Plans of each order to consider; 0: as their number allows."
        ),
    ] = 0,
    commit: Annotated[
        bool, typer.Option("--commit/--dry-run", help="Reserve what is decided; only show it.")
    ] = False,
    table_map: Annotated[
        Path | None, typer.Option("--table", metavar="MAP", help="Route outside tables read by this map.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where the tables lie; else beside the map.")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace one value of the map.")
    ] = None,
) -> None:
    """Decide which plan each order gets, all together, under every slot, credit line and buyer's limit.

    Shows the objective with its proven bound and gap, who is left out and why, the load of what is scarce
    and what one more unit of it would earn. What is reserved already is never moved. Nothing is written
    without --commit.
    """
    if objective not in OBJECTIVES:
        raise typer.BadParameter(f"--objective {objective!r}: choose one of {', '.join(OBJECTIVES)}")
    if table_map is not None:
        from cli.screen.route_tables import tell_tables

        tell_tables(asked, table_map, data, changes or [], time_limit, gap)
    elif (file is None) == (not open_orders):
        raise UsageError("say which orders to decide", "net route FILE, net route --open, or --table MAP")
    else:
        _orders(asked, file, objective, time_limit, gap, per_order, commit=commit)


def _orders(
    asked: Asked,
    file: Path | None,
    objective: str,
    time_limit: float,
    gap: float,
    per_order: int,
    *,
    commit: bool,
) -> None:
    from flows.many.route import Terms, given_orders, open_orders, route_orders
    from flows.many.route import commit as commit_orders

    terms = Terms(objective, time_limit, gap, per_order)
    with asked.session() as session:
        if file is None:
            on = session.on
            placed = open_orders(session)
        else:
            orders = _read(file)
            on = session.day_of(max(order.issued_on for order in orders))
            placed = given_orders(session, orders, on, record=commit)
        done = None
        if commit:
            decision, done = commit_orders(session, placed, on, terms, note)
        else:
            decision = route_orders(session, placed, on, terms)
    answer(asked, "route", document(decision, done), lambda screen: _render(screen, decision, done))
    if done is not None and (done.failed or done.left_out):
        names = ", ".join([name for name, _ in done.failed] + [one.order for one in done.left_out])
        raise BatchRefusedError(f"not reserved: {names}", "net route --open tries them again")


def _read(file: Path) -> list[Any]:
    from documents.orders.reading import stream
    from domain.errors import Defect, InputDefectsError
    from domain.order import Order
    from flows.desk.start import order_file

    orders: list[Order] = []
    defects: list[Defect] = []
    for item in stream(order_file(file)):
        if isinstance(item, Order):
            orders.append(item)
        else:
            defects += item.defects
    if defects:
        raise InputDefectsError(defects)
    if not orders:
        raise UsageError(f"{file} holds no order", "give a file of orders")
    return orders


def document(decision: "Decision", done: "Committed | None") -> dict[str, Any]:
    """The decision for programs; amounts are text in major units, prices too."""
    code = decision.currency
    found: dict[str, Any] = {
        "objective": decision.objective,
        "currency": code,
        "status": decision.status.value,
        "value": format_minor(decision.objective_minor, code),
        "bound": None if decision.bound_minor is None else format_minor(decision.bound_minor, code),
        "gap": decision.gap,
        "method": decision.method,
        "proof": decision.proof,
        "plans_considered": decision.plans_considered,
        "routed": [_routed(one) for one in decision.routed],
        "left_out": [_left_out(one) for one in decision.left_out],
        "loads": [_load(one, code) for one in decision.loads],
    }
    if done is not None:
        found["committed"] = {
            "reserved": [way.placed.id for way in done.reserved],
            "declined": [{"order": order, "reason": reason} for order, reason in done.declined],
            "failed": [{"order": order, "reason": reason} for order, reason in done.failed],
            "rerouted": [_routed(one) for one in done.rerouted],
            "left_out": [_left_out(one) for one in done.left_out],
        }
    return found


def _routed(one: "Routed") -> dict[str, Any]:
    plan = one.plan
    return {
        "order": one.order,
        "profit": format_minor(plan.profit_minor, plan.currency),
        "currency": plan.currency,
        "legs": [
            {"kind": leg.kind, "provider": leg.provider, "starts_on": leg.starts_on, "ends_on": leg.ends_on}
            for leg in plan.legs
        ],
        "finance": [facility.product for facility in plan.facilities if not facility.standby],
        "changed": one.changed,
        "change_costs": format_minor(one.change_minor, plan.currency) if one.changed else None,
    }


def _left_out(one: "LeftOut") -> dict[str, Any]:
    return {"order": one.order, "kind": one.kind, "reason": one.reason, "resources": list(one.resources)}


def _load(one: "Load", code: str) -> dict[str, Any]:
    return {
        "resource": one.resource,
        "period": one.period,
        "used": one.used,
        "free": one.free,
        "price": _price(one, code),
    }


def _price(one: "Load", code: str) -> str:
    """Profit of one more unit: of a slot in money, of a credit line per unit of money."""
    if one.credit:
        return f"{float(one.price):.4f}"
    return format_minor(round(one.price), code)


def _render(screen: "Console", decision: "Decision", done: "Committed | None") -> None:
    code = decision.currency
    what = {"profit": "profit", "cost": "cost", "served": "cost, most served"}[decision.objective]
    screen.print(
        f"{len(decision.routed)} orders routed, {len(decision.left_out)} left out: {what}"
        f" {amount(decision.objective_minor, code)} {code}  {_proof(decision)}",
        style="bold",
    )
    _chains(screen, decision)
    if decision.left_out:
        rows = [
            (out.order, f"{out.kind}: {out.reason}", ", ".join(out.resources[:4]))
            for out in decision.left_out[:SHOWN]
        ]
        screen.print(table("Left out", ("Order", "Why left out", "What is short"), rows))
    _scarce(screen, decision)
    if done is not None:
        _committed(screen, done)
    else:
        screen.print("nothing is reserved: --commit does it")


def _proof(decision: "Decision") -> str:
    if decision.status.value == "optimal":
        return "(proven: no better choice among the plans considered)"
    if decision.bound_minor is None:
        return "(best found)"
    bound = amount(decision.bound_minor, decision.currency)
    return f"(at best {bound}, gap {100 * (decision.gap or 0):.2f}%)"


def _chains(screen: "Console", decision: "Decision") -> None:
    if not decision.routed:
        return
    rows = []
    for one in decision.routed[:SHOWN]:
        plan = one.plan
        chain = " > ".join(leg.provider for leg in plan.legs)
        days = f"{min(leg.starts_on for leg in plan.legs)} to {max(leg.ends_on for leg in plan.legs)}"
        money = ", ".join(facility.product for facility in plan.facilities if not facility.standby)
        before = amount(one.before.profit_minor, plan.currency) if one.changed and one.before else ""
        rows.append((one.order, chain, days, money, amount(plan.profit_minor, plan.currency), before))
    columns = ("Order", "Chain", "Days", "Money", "Profit", "Was")
    screen.print(table("Routed", columns, rows, right="Profit, Was"))
    if len(decision.routed) > SHOWN:
        screen.print(f"and {len(decision.routed) - SHOWN} more: --json has them all")


def _scarce(screen: "Console", decision: "Decision") -> None:
    if not decision.loads:
        return
    code = decision.currency
    ranked = sorted(decision.loads, key=lambda one: (-one.price, -Fraction(one.used, max(one.free, 1))))
    rows = []
    for one in ranked[:SHOWN]:
        used, free = (_size(one, size, code) for size in (one.used, one.free))
        rows.append((one.resource, one.period, used, free, _price(one, code) if one.price else ""))
    columns = ("Resource", "Period", "Used", "Free before", "One more is worth")
    screen.print(table("What is scarce", columns, rows, right="Used, Free before, One more is worth"))


def _size(one: "Load", size: int, code: str) -> str:
    return format_minor(size, code, grouped=True) if one.credit else f"{size:,}"


def _committed(screen: "Console", done: "Committed") -> None:
    for way in done.reserved:
        screen.print(f"{way.placed.id}  reserved  profit {amount(way.plan.profit_minor, way.plan.currency)}")
    for order, reason in done.declined:
        screen.print(f"{order}  declined: {reason}")
    for one in done.rerouted:
        screen.print(f"{one.order}  re-routed, costs {amount(one.change_minor, one.plan.currency)} of profit")
    for order, reason in done.failed:
        screen.print(f"{order}  not reserved: {reason}")
