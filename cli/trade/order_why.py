"""``net order why``: every refusal of an order, why, and what would change it."""

from typing import Any

import typer

from cli.options import Asked, command
from cli.pages.recorded import OrderArgument
from cli.screen.output import answer, table


def register(app: typer.Typer) -> None:
    """Add the command to ``net order``."""
    command(app, "why", example="net order why PO-2026-0017\nnet order why PO-2026-0017 --json")(why)


def why(asked: Asked, order: OrderArgument) -> None:
    """Say why an order was refused: who said no and why, on which day, and what would change it.

    Newest first, as it was told on that day; net order next says what to do now.
    """
    from flows.orders.find import find_order
    from flows.orders.refusal import refusals

    with asked.session() as session:
        placed = find_order(session.ledger, order)
        found = refusals(session.ledger, placed.id)[::-1]
    kept: list[dict[str, Any]] = [
        {"on": one.on, "error": one.kind, "reason": one.reason, "way_out": one.way_out} for one in found
    ]
    rows = [(one.on, one.reason, one.way_out) for one in found]
    document = {"order": placed.id, "state": placed.state.value, "refusals": kept}
    answer(
        asked,
        "order-why",
        document,
        lambda screen: screen.print(
            table("", ("on", "why", "what would change it"), rows)
            if rows
            else f"{placed.id} was never refused; it is {placed.state.value}"
        ),
    )
