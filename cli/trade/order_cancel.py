"""``net order cancel``: call an order off, at what it costs."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Asked, command
from cli.pages.recorded import SHORT, OrderArgument, minor_text, shortfall_rows, show
from cli.screen.output import answer, note

if TYPE_CHECKING:
    from flows.orders.find import Placed
    from ledger.store import Ledger


def register(app: typer.Typer) -> None:
    """Add the command to ``net order``."""
    command(
        app,
        "cancel",
        example="""
        net order cancel PO-2026-0017 --dry-run
        net order cancel PO-2026-0017 --fee zhongshan-lamps=38000.00 --evidence "buyer's letter"
        """,
        stated=True,
    )(cancel)


def cancel(
    asked: Asked,
    order: OrderArgument,
    fee: Annotated[
        list[str] | None,
        typer.Option("--fee", metavar="BOOKING=AMOUNT", help="What a provider asks, where not its terms."),
    ] = None,
) -> None:
    """Call an order off: free of charge while nothing is committed, else at the cancellation terms.

    Providers keep or are owed their fees; what they were prepaid beyond them is claimed back; holds, credit
    and the registry's claim are released. Delivered goods are not cancelled: a credit note takes them back.
    """
    from flows.books.record import Recorded
    from flows.deals.cancel import call_off
    from flows.orders.find import find_order, latest_day

    with asked.session() as session:
        known = find_order(session.ledger, order)
        short = shortfall_rows(session.ledger, known.id)
        done = call_off(
            session.ledger,
            known.id,
            asked.statement(session.day_of(latest_day(session.ledger, known))),
            firms=session.firms,
            fees=dict(_fee(session.ledger, known, text) for text in fee or []),
            dry_run=asked.dry_run,
        )
    if isinstance(done, Recorded):
        show(asked, done)
        return
    if done.repeated:
        note("it was cancelled before; nothing changed")
    for row in short:
        note(SHORT.format(**row))
    answer(
        asked,
        "order-cancelled",
        {"order": done.id, "state": done.state.value, "dry_run": asked.dry_run, "shortfall": short},
        lambda screen: screen.print(
            f"{done.id} costs nothing to cancel" if asked.dry_run else f"{done.id}  {done.state.value}"
        ),
    )


def _fee(ledger: "Ledger", known: "Placed", text: str) -> tuple[str, int]:
    """Whose fee, and how much in minor units of what that firm is paid in."""
    from domain.errors import UsageError

    name, found, figure = text.partition("=")
    if not found:
        raise UsageError(f"{text!r} is not BOOKING=AMOUNT", "for example --fee zhongshan-lamps=100.00")
    return name, int(minor_text(figure, _currency_of(ledger, known, name)))


def _currency_of(ledger: "Ledger", known: "Placed", booking: str) -> str:
    """What a firm is paid in: its booking's currency, else the order's."""
    from flows.books.acceptance import acceptance, read_contract

    if acceptance(ledger, known.id) is None:
        return known.order.currency
    return read_contract(ledger, known.id).currency_of(booking)
