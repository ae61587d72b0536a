"""``net slot``: slots of factories, warehouses and carriers."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, group
from cli.pages.next_page import step_after
from cli.pages.recorded import OrderArgument
from cli.screen.fitting import TIGHT
from cli.screen.output import amount, answer, table
from cli.trade.slot_resolve import register as register_resolve

if TYPE_CHECKING:
    from rich.console import Console

    from flows.slots.calendar import FreeDays, HeldSlot

app = group("Slots of factories, warehouses and carriers: free, held, booked.")


@command(app, "list", example="net slot list\nnet slot list PO-2026-0017 --all --json")
def list_slots(
    asked: Asked,
    order: Annotated[str | None, typer.Argument(metavar="[ORDER]", help="Only this order's.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also what was released, cancelled or used up.")
    ] = False,
) -> None:
    """List what is held and booked: which order, at whom, on which day, how much, until when.

    A line of credit is held like a slot; --json gives it in minor units of its currency.
    """
    from flows.orders.find import find_order
    from flows.slots.calendar import held_slots

    with asked.session() as session:
        if order is not None:
            find_order(session.ledger, order)
        found = list(held_slots(session.ledger, order, live=not every))
    rows = [_held_row(slot) for slot in found]
    shown = [(*row[:3], _quantity(s), *row[4:6]) for row, s in zip(rows, found, strict=True)]
    names = ("order", "slot", "day", "quantity", "status", "until", "currency")
    answer(
        asked,
        "slot-list",
        {"slots": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(
            table("", names[:-1], shown, right="quantity", spare="until" if order is None else "order, until")
            if rows
            else "nothing is held or booked"
        ),
    )


def _held_row(slot: "HeldSlot") -> tuple[str, ...]:
    until = f"{slot.until:%Y-%m-%d %H:%M} UTC" if slot.until else ""
    return slot.order, slot.resource, slot.period, str(slot.quantity), slot.status, until, slot.currency


def _quantity(slot: "HeldSlot") -> str:
    """Units of goods or of work; of credit the amount with its currency."""
    if slot.currency:
        return f"{amount(slot.quantity, slot.currency)} {slot.currency}"
    return f"{slot.quantity:,}"


@command(
    app,
    "calendar",
    example="""
    net slot calendar --on 2026-03-09
    net slot calendar --provider zhongshan-lamps --days 14 --json
    """,
)
def show_calendar(
    asked: Asked,
    provider: Annotated[str | None, typer.Option("--provider", metavar="ID", help="Only this firm.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days from --on.")] = 7,
) -> None:
    """Show what is free on which day, of everything in the network that can run out.

    A dash is a day on which the firm does not work.
    """
    from flows.desk.network import find_provider
    from flows.slots.calendar import calendar

    with asked.session() as session:
        if provider is not None:
            find_provider(session.network, provider)
        wanted, found = calendar(session.ledger, session.network, session.on, days, provider)
    document = {"days": wanted, "resources": [_free_document(each) for each in found]}
    heads = [f"{day:%a}\n{day:%d %b}" for day in wanted]
    rows = [
        (
            each.resource.provider,
            each.resource.name,
            f"{each.resource.capacity:,}",
            *("-" if free is None else f"{free:,}" for free in each.free),
        )
        for each in found
    ]
    answer(
        asked,
        "slot-calendar",
        document,
        lambda screen: _render_calendar(screen, heads, rows),
    )


def _free_document(each: "FreeDays") -> dict[str, Any]:
    return {
        "provider": each.resource.provider,
        "resource": each.resource.name,
        "capacity": str(each.resource.capacity),
        "free": [None if free is None else str(free) for free in each.free],
    }


def _render_calendar(screen: "Console", heads: list[str], rows: list[tuple[str, ...]]) -> None:
    """As many days beside one another as the screen takes, the rest below."""
    screen.print("Free each day (-: closed)", style="bold")
    columns = zip(("firm", "slot", "of", *("09 Mar",) * len(heads)), *rows, strict=True)
    widths = [max(map(len, column)) + TIGHT for column in columns]
    fitting = (screen.width - sum(widths[:3])) // max(widths[3:])
    step = max(1, min(fitting, len(heads)))
    for first in range(0, len(heads), step):
        some = heads[first : first + step]
        cells = [(*row[:3], *row[3 + first : 3 + first + step]) for row in rows]
        screen.print(table("", ("firm", "slot", "of", *some), cells, right=", ".join(("of", *some))))


@command(app, "reserve", example="net slot reserve PO-7 --on 2026-03-02")
def reserve(
    asked: Asked,
    order: OrderArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Book without asking.")] = False,
) -> None:
    """Book every slot and the credit that the order's plan stands on, all together or not at all.

    When a firm declines, the next best plan that keeps what is held already is tried first. The same command
    again goes on after an interruption and never books twice.
    """
    from cli.pages.foreseen import agree
    from cli.pages.way import tell_way
    from flows.deals.run import reserve_order
    from flows.orders.find import find_order
    from flows.settlement.owed import standing_at

    with asked.session() as session:
        known = find_order(session.ledger, order)
        on = session.day_of(known.on)
        agree(asked, session, known, on, yes=yes)
        way = reserve_order(session, known, on)
        standing = standing_at(session.ledger, known.id, way.plan.planned_on, way.plan, book=way.book)
        step = step_after(session, known.id)
    tell_way(asked, way, standing, step)


@command(app, "release", example="net slot release PO-7 --dry-run\nnet slot release PO-7")
def release(
    asked: Asked,
    order: OrderArgument,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it costs; release nothing.")] = False,
) -> None:
    """Give back every slot and the credit of an order on which no money has moved.

    What firms keep for that stands in their cancellation terms. The order can be amended and planned again.
    """
    from cli.pages.way import tell_given_back
    from flows.deals.unreserve import give_back_slots
    from flows.orders.find import find_order

    with asked.session() as session:
        known = find_order(session.ledger, order)
        found = give_back_slots(session, known.id, session.day_of(known.on), dry_run=dry_run)
        step = step_after(session, known.id, dry_run=dry_run)
    tell_given_back(asked, found, step)


@command(app, "sweep", example="net slot sweep")
def sweep_slots(asked: Asked) -> None:
    """Put away what is left over: holds whose time is over, and calls to firms that were given up."""
    from flows.calls.sweep import describe, sweep

    with asked.session() as session:
        swept = sweep(session.ledger, session.firms, session.on)
    answer(
        asked,
        "slot-sweep",
        {"expired": swept.expired, "closed": swept.closed, "left": swept.left},
        lambda screen: screen.print("\n".join(describe(swept)) or "nothing was left over"),
    )


register_resolve(app)
