"""``net order next``: the exact next command of an order, and all that follow as planned."""

import typer

from cli.options import Asked, command
from cli.pages.recorded import OrderArgument
from cli.screen.output import answer


def register(app: typer.Typer) -> None:
    """Add the command to ``net order``."""
    command(app, "next", example="net order next PO-2026-0017\nnet order next PO-2026-0017 --json")(
        next_of_order
    )


def next_of_order(asked: Asked, order: OrderArgument) -> None:
    """Say what comes next for an order: the exact command, the day planned for it, whom it waits for.

    The commands that follow are shown as the plan has them. What happened on another day is stated with
    that day.
    """
    from cli.pages.next_page import render_steps, steps_document
    from flows.orders.find import find_order
    from flows.overview.next_step import next_steps

    with asked.session() as session:
        placed = find_order(session.ledger, order)
        steps = next_steps(session.ledger, placed, practice=session.ledger.practice)
        today = session.day_of(placed.on)
    state = placed.state.value
    document = {"order": placed.id, "state": state, "next": steps_document(steps)}
    answer(asked, "order-next", document, lambda screen: render_steps(screen, placed.id, state, steps, today))
