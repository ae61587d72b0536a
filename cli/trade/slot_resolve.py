"""``net slot resolve``: the calls to firms that only a person can settle, and what the person found out."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command
from cli.screen.output import answer, note
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console

    from flows.calls.resolve import OpenCall
    from flows.desk.session import Session

ANSWERS = "confirmed, declined, not-done; or held, booked, released, never-arrived"


def register(app: typer.Typer) -> None:
    """Add the command to ``net slot``."""
    command(
        app,
        "resolve",
        example="""
        net slot resolve
        net slot resolve PO-2026-0017
        net slot resolve PO-2026-0017 sandbox --as held --reference M-881 --until 2026-03-20 --by 'Li, phone'
        net slot resolve PO-2026-0017 sandbox --as not-done --by 'Li, phone'
        net slot resolve --all --firm sandbox --as confirmed --by 'Li, their list of 3 March'
        """,
    )(resolve_slot)


def resolve_slot(
    asked: Asked,
    order: Annotated[str, typer.Argument(metavar="[ORDER]", help="Only this order's.")] = "",
    leg: Annotated[
        str, typer.Argument(metavar="[FIRM]", help="The firm, leg or call, if several are open.")
    ] = "",
    said: Annotated[str, typer.Option("--as", "--answer", metavar="WHAT", help=f"{ANSWERS}.")] = "",
    reference: Annotated[str, typer.Option("--reference", metavar="TEXT", help="The firm's own.")] = "",
    price: Annotated[str, typer.Option("--price", metavar="AMOUNT", help="If other than planned.")] = "",
    fee: Annotated[str, typer.Option("--fee", metavar="AMOUNT", help="What releasing costs.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Until when it is held.")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it was declined.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who says so, and how they know.")] = "",
    firm: Annotated[str, typer.Option("--firm", metavar="ID", help="Only calls to this firm.")] = "",
    every: Annotated[
        bool, typer.Option("--all", help="Answer every call listed that waits for a person.")
    ] = False,
) -> None:
    """List the calls to firms that have no answer yet, and record what a person found out.

    Without an answer it shows each call with all that is needed to ask the firm. Confirmed means that the
    firm did what it was asked to, not-done that it never did: then it is asked again.
    """
    from domain.errors import UsageError
    from flows.calls.resolve import find_open, open_calls
    from flows.orders.find import find_order

    if not said and (every or by):
        raise UsageError("what the firm answered is missing", f"give --as with one of: {ANSWERS}")
    with asked.session() as session:
        known = find_order(session.ledger, order).id if order else None
        if said:
            wanted = (
                [one for one in _listed(session, known, leg or firm) if one.waits_for_a_person]
                if every
                else [find_open(session.ledger, known, leg or firm)]
            )
            for one in wanted:
                told = _record(session, one, (said, reference, price, fee, until, reason, by))
                note(f"{one.order}, {one.firm}, {one.call.verb}: {told}; run the order again to go on")
        left = [_fields(session, one) for one in open_calls(session.ledger, known) if firm in {"", one.firm}]
    document: dict[str, Any] = {"order": known, "open": left}
    answer(asked, "slot-resolve", document, lambda screen: _render(screen, left))


def _listed(session: "Session", order: str | None, name: str) -> "list[OpenCall]":
    from flows.calls.resolve import open_calls

    return [one for one in open_calls(session.ledger, order) if one.is_called(name)]


def _record(session: "Session", call: "OpenCall", words: tuple[str, ...]) -> str:
    from flows.calls.resolve import resolve
    from flows.calls.stated_answer import Stated, stated_answer

    stated = Stated(*words)
    taken = resolve(
        session.ledger,
        session.on,
        call.operation,
        stated_answer(call, stated),
        stated_by=stated.by,
        evidence=stated.reason,
        now=session.clock(),
    )
    return taken.value


def _fields(session: "Session", one: "OpenCall") -> dict[str, Any]:
    """All that a person needs to ask the firm and to decide."""
    request = one.call.request
    firm = session.network.provider(one.firm) or session.network.lender(one.firm)
    return {
        "order": one.order,
        "firm": one.firm,
        "contact": str(firm.settings.get("contact", "")) if firm else "",
        "asked to": one.call.verb.value,
        "what": [
            {"resource": line.resource, "period": line.period, "quantity": str(line.quantity)}
            for line in request.lines
        ],
        "price": format_minor(request.price_minor, request.currency),
        "currency": request.currency,
        "until": one.call.expires_at,
        "reference": one.call.reference,
        "leg": request.leg,
        "call": one.operation,
        "key": one.call.key,
        "attempts": str(one.attempts),
        "first_asked": one.first_asked,
        "state": one.state,
        "answers": one.fitting,
    }


def _render(screen: "Console", left: list[dict[str, Any]]) -> None:
    if not left:
        screen.print("no call is open")
    for one in left:
        screen.print(f"{one['order']}  {one['firm']} was asked to {one['asked to']}", style="bold")
        when = f", first {one['first_asked']:%Y-%m-%d %H:%M} UTC" if one["first_asked"] else ""
        screen.print(f"  {one['state']}: sent {one['attempts']} times{when}")
        slots = ", ".join(f"{line['quantity']} {line['resource']} {line['period']}" for line in one["what"])
        screen.print(f"  what: {slots}; {one['price']} {one['currency']}")
        if one["contact"]:
            screen.print(f"  ask: {one['contact']}")
        known_as = f", their reference {one['reference']}" if one["reference"] else ""
        screen.print(f"  key: {one['key']}{known_as}", soft_wrap=True)
        answers = "|".join(one["answers"])
        screen.print(
            f"  then: net slot resolve {one['order']} {one['leg']} --as {answers} --by WHO", soft_wrap=True
        )
