"""``net order promise``: how soon, at what price, with what certainty, and why not sooner."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command
from cli.screen.output import amount, answer
from domain.money import format_minor

if TYPE_CHECKING:
    from flows.desk.session import Session
    from flows.forecast.promise import Promise


def register(app: typer.Typer) -> None:
    """Add the command to ``net order``."""
    command(
        app,
        "promise",
        example="""
        net order promise examples/lamp-order.toml
        net order promise PO-2026-0017 --on 2026-03-20
        """,
    )(promise)


def promise(
    asked: Asked,
    what: Annotated[str, typer.Argument(metavar="ORDER|FILE", help="A recorded order, or an order file.")],
) -> None:
    """Say how soon the order can be there, at what price, with what certainty, and why not sooner.

    Before anything is reserved: the least due day with a plan that needs no own cash, what the hurry costs
    beside the
    best plan, and the firm whose own time or capacity keeps the day. Under way: the day that follows
    from what has happened, and who is late. The certainty is that of the providers' scorecards (net learn
    lead-time).
    """
    with asked.session() as session:
        found = _promise(session, what)
    answer(asked, "order-promise", _plain(found), lambda screen: screen.print("\n".join(_said(found))))


def _promise(session: "Session", what: str) -> "Promise":
    from flows.desk.start import order_file
    from flows.forecast.promise import promise_new, promise_under_way
    from flows.orders.find import find_order
    from flows.orders.place import UNCOMMITTED
    from flows.plans.compare import read_subject, recorded_subject

    file = order_file(Path(what))
    if file.is_file():
        from documents.orders.reading import read

        return promise_new(session, read_subject(session, read(file)).situation)
    placed = find_order(session.ledger, what)
    if placed.state in UNCOMMITTED:
        return promise_new(session, recorded_subject(session, placed).situation)
    return promise_under_way(session, placed)


def _plain(one: "Promise") -> dict[str, Any]:
    return {
        "order": one.order,
        "under_way": one.under_way,
        "delivery": one.delivery,
        "wanted": one.wanted,
        "planned_delivery": one.best_delivery,
        "currency": one.currency,
        "price": format_minor(one.price_minor, one.currency),
        "profit": format_minor(one.profit_minor, one.currency),
        "hurry": format_minor(one.hurry_minor, one.currency),
        "certain": [{"certainty": f"{level:.2f}", "by": day} for level, day in one.certain],
        "model_until": one.model_until,
        "critical": [
            {"firm": why.firm, "leg": why.leg, "what": why.what, "days": why.days} for why in one.critical
        ],
        "reason": one.reason,
    }


def _said(one: "Promise") -> list[str]:
    wanted = ""
    if one.wanted is not None:
        gap = (one.wanted - one.delivery).days
        wanted = f", {abs(gap)} days {'before' if gap > 0 else 'after'} the day that was asked for"
        wanted = wanted if gap else ", the day that was asked for"
    said = [f"{one.order}: there by {one.delivery} at the earliest{wanted}"]
    if one.under_way:
        said = [f"{one.order}: there by {one.delivery}; planned was {one.best_delivery}"]
    price, currency = amount(one.price_minor, one.currency), one.currency
    hurry = amount(one.hurry_minor, currency)
    if one.hurry_minor:
        said.append(f"at {price} {currency}, {hurry} {currency} less profit than on {one.best_delivery}")
        said.append(f"a price {hurry} {currency} higher pays for the hurry")
    elif not one.under_way:
        said.append(f"at {price} {currency}; the hurry costs nothing")
    said += [f"by {day} with {level:.0%} certainty" for level, day in one.certain]
    if not one.certain and one.model_until is None:
        said.append("how certain: nothing was learned of the providers yet (net learn lead-time)")
    said += [
        f"not sooner because of {why.firm} ({why.leg}): {why.days} days sooner if {why.what}"
        for why in one.critical
        if not one.under_way
    ]
    said.append(f"why: {one.reason}" if one.reason else "why: no earlier day was tried")
    if one.under_way:
        said += [f"waiting for {why.firm} ({why.leg}), {why.days} days late" for why in one.critical]
    return said
