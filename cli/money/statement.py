"""``net statement FILE``: a bank statement against the orders."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, single
from cli.screen.output import amount, answer, note, table
from domain.money import format_minor

if TYPE_CHECKING:
    from flows.settlement.bank_statement import Line

app = single()


@command(
    app,
    "statement",
    example="""
    net statement examples/statements/june.xml --dry-run
    net statement examples/statements/june.csv --map examples/maps/bank.toml
    net statement examples/statements/june.xml --assign 2026062200017=PO-2026-0017
    """,
)
def statement(
    asked: Asked,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="camt, MT940, OFX, or a table with --map.")],
    statement_map: Annotated[
        Path | None,
        typer.Option("--map", metavar="MAP", help="How to read the table: docs/reference/statements.md."),
    ] = None,
    assign: Annotated[
        list[str] | None,
        typer.Option("--assign", metavar="REFERENCE=ORDER", help="The order of an entry, by hand."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the matches; record nothing.")] = False,
) -> None:
    """Match a bank statement to orders, and record the receipts and payments that stand out.

    An entry is matched by the order or invoice it names, else by its party or account and amount. What does
    not stand out is shown with the orders that come near; --assign settles it by hand. Recording the same
    statement again changes nothing.
    """
    assigned = dict(_pair(text) for text in assign or [])
    from flows.settlement.bank_statement import joins, read_statements, work_through

    statements = read_statements(file, statement_map)
    with asked.session() as session:
        statements = joins(session.ledger, statements)
        lines = list(
            work_through(session.ledger, session.network, statements, assigned=assigned, dry_run=dry_run)
        )
    for one in statements:
        for remark in one.remarks:
            note(f"statement {one.id}: {remark}")
    totals = Counter(line.outcome for line in lines)
    remarks = [remark for one in statements for remark in one.remarks]
    document = {"entries": [_plain(line) for line in lines], "outcomes": dict(totals), "remarks": remarks}
    answer(asked, "statement", document, lambda screen: _render(screen, lines, totals))


def _pair(text: str) -> tuple[str, str]:
    reference, found, order = text.rpartition("=")
    if not found or not reference or not order:
        raise typer.BadParameter(f"{text!r} is not REFERENCE=ORDER")
    return reference, order


def _plain(line: "Line") -> dict[str, Any]:
    entry = line.entry
    return {
        "reference": entry.reference,
        "account": entry.account,
        "booked_on": entry.booked_on,
        "amount": format_minor(entry.amount_minor, entry.currency),
        "currency": entry.currency,
        "party": entry.party,
        "text": entry.text,
        "outcome": line.outcome,
        "orders": [
            {
                "order": part.item.order,
                "item": part.item.id,
                "amount": format_minor(part.amount_minor, entry.currency),
            }
            for part in line.parts
        ],
        "reasons": list(line.reasons),
        "candidates": list(line.candidates),
    }


def _render(screen: Any, lines: "list[Line]", totals: Counter[str]) -> None:
    rows = [
        (
            line.entry.booked_on,
            amount(line.entry.amount_minor, line.entry.currency),
            line.entry.currency,
            line.entry.party or line.entry.text,
            line.outcome,
            ", ".join(dict.fromkeys(part.item.order for part in line.parts)) or ", ".join(line.candidates),
            "; ".join(line.reasons),
            line.entry.reference,
        )
        for line in lines
    ]
    names = ("booked", "amount", "", "with", "outcome", "order", "because", "reference")
    screen.print(table("", names, rows, right="amount") if rows else "the statement has no entries")
    screen.print(", ".join(f"{count} {outcome}" for outcome, count in totals.items()))
