"""``net milestone``: what happened to the goods, and who says so."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, group
from cli.pages.next_page import step_after
from cli.pages.recorded import (
    BookingArgument,
    BookingOption,
    OrderArgument,
    QuantityOption,
    record,
    show,
)
from cli.screen.output import answer, table

if TYPE_CHECKING:
    from finance.agreed.facts import Fact

app = group("What happened to the goods, and who says so.")


@command(
    app,
    "record",
    example="""
    net milestone record PO-2026-0017 inspection --on 2026-04-09 --by inspector --evidence report-12
    net milestone record PO-2026-0017 delivery --quantity 9000 --on 2026-04-20
    """,
    stated=True,
)
def record_milestone(
    asked: Asked,
    order: OrderArgument,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="production_start, production_end, inspection, departure, arrival, "
            "service_end, delivery or invoice.",
        ),
    ],
    booking: BookingOption = "",
    quantity: QuantityOption = None,
    failed: Annotated[bool, typer.Option("--failed", help="The inspection was not passed.")] = False,
) -> None:
    """Record a milestone: bills, sales and due dates follow from it.

    A delivery may be of part of the order. A date in the past replays the books from that day.
    """
    from domain.terms import Event

    clean = name.replace("-", "_")
    if clean == Event.INVOICE.value:
        record(asked, order, "invoice", {})
        return
    data: dict[str, object] = {"name": clean, "booking": booking, "quantity": quantity}
    if failed:
        data["passed"] = False
    record(asked, order, "milestone", data)


@command(
    app,
    "fail",
    example="net milestone fail PO-2026-0017 zhongshan-lamps --on 2026-03-25 --evidence notice",
    stated=True,
)
def fail(
    asked: Asked,
    order: OrderArgument,
    booking: BookingArgument,
) -> None:
    """Record that a provider cannot deliver: its slot is released, what it was prepaid is claimed back."""
    record(asked, order, "provider_failed", {"booking": booking})


@command(
    app,
    "close",
    example="net milestone close PO-2026-0017 --on 2026-05-12 --evidence buyers-letter",
    stated=True,
)
def close(asked: Asked, order: OrderArgument) -> None:
    """Record that no more is delivered and the buyer lets it be: what came is the whole sale.

    What it paid for goods that never came is owed back to it; what was made for them is a cost.
    """
    record(asked, order, "closed_short", {})


@command(
    app,
    "retract",
    example="""
    net milestone list PO-2026-0017
    net milestone retract PO-2026-0017 receipt-a0309f7702 --evidence "another order's" --dry-run
    """,
    stated=True,
)
def retract_statement(
    asked: Asked,
    order: OrderArgument,
    fact: Annotated[str, typer.Argument(metavar="FACT", help="Its name, as net milestone list has it.")],
) -> None:
    """Take back a statement that was wrong: a payment that never came, a milestone of another day.

    What followed from it is corrected on its own dates, never edited. Money that moved because of later
    statements stays where it is; the difference is a claim or a credit. State what is right afterwards.
    """
    from flows.books.record import retract
    from flows.orders.find import find_order

    with asked.session() as session:
        known = find_order(session.ledger, order)
        done = retract(
            session.ledger,
            known.id,
            fact,
            by=asked.by,
            evidence=asked.evidence,
            dry_run=asked.dry_run,
        )
        step = step_after(session, known.id, dry_run=asked.dry_run)
    show(asked, done, step)


@command(app, "list", example="net milestone list PO-2026-0017")
def list_milestones(asked: Asked, order: OrderArgument) -> None:
    """List what was stated about an order, by whom and on what evidence, and what was only assumed."""
    from flows.books.order_book import read_book

    with asked.session() as session:
        facts = sorted(read_book(session.ledger, order).facts, key=lambda fact: fact.place)
    document = [_fact_document(fact) for fact in facts]
    rows = [_row(fact) for fact in facts]
    answer(
        asked,
        "milestone-list",
        {"order": order, "facts": document},
        lambda screen: screen.print(table("", ("on", "what", "of", "stated by", "evidence", "name"), rows)),
    )


def _fact_document(fact: "Fact") -> dict[str, Any]:
    return {
        "on": fact.on,
        "id": fact.id,
        "kind": fact.kind.value,
        "by": fact.by,
        "evidence": fact.evidence,
        "assumed": fact.assumed,
        "data": dict(fact.data),
    }


def _row(fact: "Fact") -> tuple[str, ...]:
    return (
        fact.on.isoformat(),
        fact.text("name") or fact.kind.value,
        fact.text("booking") or fact.text("payee") or fact.text("facility"),
        fact.by,
        "assumed" if fact.assumed else fact.evidence,
        fact.id,
    )
