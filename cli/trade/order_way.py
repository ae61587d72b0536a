"""``net order run|advance|settle``: the way of an order to reserved, through its days, to its end."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, parse_date
from cli.pages.next_page import step_after
from cli.pages.recorded import OrderArgument
from cli.screen.output import note

if TYPE_CHECKING:
    from flows.desk.session import Session
    from flows.orders.find import Placed


def register(app: typer.Typer) -> None:
    """Add the commands to ``net order``."""
    for name, example, function in COMMANDS:
        command(app, name, example=example)(function)


def read_file(file: Path, *, stated_amounts: bool = False) -> Any:
    """The order in the file, or in the shipped example where that is named and is not there."""
    from documents.orders.reading import read
    from flows.desk.start import order_file

    return read(order_file(file), stated_amounts=stated_amounts)


def run_order(
    asked: Asked,
    what: Annotated[str, typer.Argument(metavar="FILE|ORDER", help="An order file, or a recorded order.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan and what it would book; write nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Book without asking.")] = False,
) -> None:
    """Take an order the whole way: record it, plan it, ask every lender, reserve every slot and the credit.

    Shows the chain with dates and prices, whose money it stands on, the cash line, who is paid what and
    when, what is still owed, and the profit. Run again after any interruption, it goes on where it stood.
    Where no ledger is set up and the order is the shipped example, it runs in a practice ledger. On a real
    ledger, in a terminal, it says what it will book and asks first.
    """
    from cli.pages.foreseen import agree, tell_foreseen, tell_zeros
    from cli.pages.way import tell_way
    from flows.deals.run import go_on
    from flows.deals.run import run_order as run
    from flows.desk.start import order_file, practise_if_example
    from flows.settlement.owed import standing_at

    with asked.session() as session:
        file = order_file(Path(what))
        is_file = file.is_file()
        if is_file and not dry_run and practise_if_example(session, file):
            note(f"no ledger is set up, so this is practice, in {session.ledger_url}")
        order = read_file(file) if is_file else None
        known = _as_known(session, order) if order is not None else _recorded(session, what)
        on = session.day_of(order.issued_on if order is not None else known.on)
        if dry_run:
            tell_foreseen(asked, session, known, on)
            return
        agree(asked, session, known, on, yes=yes)
        way = run(session, order) if order is not None else go_on(session, known, on)
        tell_zeros(session, known, way)
        plan = way.plan
        standing = standing_at(session.ledger, way.placed.id, plan.planned_on, plan, book=way.book)
        step = step_after(session, way.placed.id)
    tell_way(asked, way, standing, step)


def _as_known(session: "Session", order: Any) -> "Placed":
    """The order of a file as the ledger has it, or as it would stand there."""
    from flows.deals.foreseen import not_placed_yet
    from flows.orders.place import same_order

    return same_order(session.ledger, order) or not_placed_yet(order, session.day_of(order.issued_on))


def _recorded(session: "Session", what: str) -> "Placed":
    """The order of that name; the hint covers a mistyped file too."""
    from domain.errors import NotFoundError
    from flows.orders.find import find_order

    try:
        return find_order(session.ledger, what)
    except NotFoundError as error:
        if "/" in what or "." in what:
            raise NotFoundError(f"no such file: {what}", "check the path") from None
        raise error


def advance_order(
    asked: Asked,
    order: OrderArgument,
    to: Annotated[
        date, typer.Option("--to", metavar="DATE", parser=parse_date, help="Up to and with this day.")
    ],
    as_planned: Annotated[
        bool,
        typer.Option("--as-planned", help="Play what falls due as planned; on a practice ledger only."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be posted; write nothing.")
    ] = False,
) -> None:
    """Bring an order's books up to a day.

    On a real ledger only what time alone brings is posted: interest, fees, due dates. With --as-planned, on
    a practice ledger, milestones, draws, invoice, take-out, taxes, the buyer's payment and repayments are
    played as the plan has them, each recorded as assumed, until the order is settled.
    """
    from cli.pages.way import tell_advance
    from flows.books.advance import advance
    from flows.orders.find import find_order
    from flows.plans.newest import newest_plan
    from flows.settlement.owed import standing_at

    with asked.session() as session:
        known = find_order(session.ledger, order)
        recorded = advance(session.ledger, known.id, to, as_planned=as_planned, dry_run=dry_run)
        plan = newest_plan(session.ledger, known.id)
        standing = None if dry_run else standing_at(session.ledger, known.id, to, plan)
        step = step_after(session, known.id, dry_run=dry_run)
    tell_advance(asked, recorded, standing, step)


def settle_order(
    asked: Asked,
    order: OrderArgument,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be posted; write nothing.")
    ] = False,
) -> None:
    """Close a paid order: what is left in its loop goes to the trader, every hold ends.

    Refused while anybody is still owed.
    """
    from cli.pages.way import tell_advance
    from flows.books.record import settle
    from flows.orders.find import find_order, latest_day
    from flows.orders.statement import Statement
    from flows.plans.newest import newest_plan
    from flows.settlement.owed import standing_at

    with asked.session() as session:
        known = find_order(session.ledger, order)
        on = session.day_of(latest_day(session.ledger, known))
        recorded = settle(session.ledger, known.id, Statement(on, by), dry_run=dry_run)
        plan = newest_plan(session.ledger, known.id)
        standing = None if dry_run else standing_at(session.ledger, known.id, on, plan)
    if recorded.repeated:
        note(f"order {known.id} is settled already; nothing changed")
    tell_advance(asked, recorded, standing, None)


RUN_EXAMPLES = """
net order run examples/lamp-order.toml
net order run PO-7 --on 2026-03-02
net order run PO-7 --dry-run --on 2026-03-02
"""
COMMANDS = (
    (
        "run",
        RUN_EXAMPLES,
        run_order,
    ),
    (
        "advance",
        "net order advance PO-2026-0017 --to 2026-06-30 --as-planned\nnet order advance PO-7 --to 2026-04-30",
        advance_order,
    ),
    ("settle", "net order settle PO-7 --on 2026-07-01", settle_order),
)
