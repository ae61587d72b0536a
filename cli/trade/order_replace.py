"""``net order replace``: a provider fails, and the rest of the chain is planned again with another."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command
from cli.pages.next_page import next_command, render_next, step_after
from cli.pages.recorded import OrderArgument, document, render
from cli.screen.output import amount, answer

if TYPE_CHECKING:
    from rich.console import Console

    from flows.deals.replace_firm import Replaced


def register(app: typer.Typer) -> None:
    """Add the command to ``net order``."""
    command(
        app,
        "replace",
        example="""
        net order replace PO-2026-0017 zhongshan-lamps --on 2026-03-25 --dry-run
        net order replace PO-2026-0017 zhongshan-lamps --on 2026-03-25 --evidence "letter of 25 March"
        """,
        stated=True,
    )(replace)


def replace(
    asked: Asked,
    order: OrderArgument,
    booking: Annotated[
        str, typer.Argument(metavar="BOOKING", help="The provider that fails, as net finance show lists it.")
    ],
) -> None:
    """Record that a provider fails and put another in its place, if the order still needs no own cash.

    What it was prepaid is claimed back. The rest of the chain is planned again without it, with what is
    owed from before; lenders are asked again; what is held and still fits stays held. When no plan passes,
    the reasons are told and the order is called off at the terms of the others.
    """
    from flows.deals.replace_firm import replace_provider

    with asked.session() as session:
        stated = asked.statement(session.on)
        done = replace_provider(session, order, booking, stated, dry_run=asked.dry_run)
        step = step_after(session, done.order, dry_run=asked.dry_run)

    def screen_of(screen: "Console") -> None:
        _render(screen, done)
        render_next(screen, step)

    answer(asked, "order-replaced", {**_document(done), "next": next_command(step)}, screen_of)


def _document(done: "Replaced") -> dict[str, Any]:
    from flows.books.record import Recorded

    ended = done.ended
    return {
        "order": done.order,
        "booking": done.booking,
        "dry_run": done.dry_run,
        "replaced": done.plan is not None,
        "failure": document(done.failure),
        "change": document(done.change) if done.change is not None else None,
        "kept": list(done.kept),
        "new": list(done.new),
        "dropped": list(done.dropped),
        "notes": list(done.notes),
        "guaranteed": _money(done, done.guaranteed_minor),
        "profit": _money(done, done.plan.profit_minor if done.plan is not None else None),
        "reasons": list(done.reasons),
        "ended": document(ended) if isinstance(ended, Recorded) else None,
    }


def _money(done: "Replaced", minor: int | None) -> str | None:
    from domain.money import format_minor

    return None if minor is None else format_minor(minor, done.failure.currency)


def _render(screen: "Console", done: "Replaced") -> None:
    from flows.books.record import Recorded

    becomes = "would be" if done.dry_run else "is"
    screen.print(f"{done.booking} fails")
    render(screen, done.failure)
    if done.plan is None:
        screen.print("no other plan passes without own cash:")
        for reason in done.reasons:
            screen.print(f"  {reason}")
        screen.print(f"the order {becomes} called off")
        if isinstance(done.ended, Recorded):
            render(screen, done.ended)
        screen.print(f"next: net finance show {done.order} says what is still owed")
        return
    for told, names in (("kept", done.kept), ("new", done.new), ("given back", done.dropped)):
        screen.print(f"{told}: {', '.join(names) or 'none'}")
    if done.change is not None:
        render(screen, done.change)
    plan = done.plan
    lowest = f"{amount(plan.minimum_minor, plan.currency)} {plan.currency} on {plan.minimum_on}"
    screen.print(f"the order's account is never below zero; its lowest from the take-out on: {lowest}")
    screen.print(f"now the profit {becomes} {amount(plan.profit_minor, plan.currency)} {plan.currency}")
    if done.guaranteed_minor:
        counted = amount(done.guaranteed_minor, plan.currency)
        screen.print(f"the proof counts on the guarantor's {counted} {plan.currency}: when it is paid,")
        screen.print(f"  net finance guarantee {done.order} --booking {done.booking}")
    for note in done.notes:
        screen.print(note)
