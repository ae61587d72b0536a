"""``net bill FILE``: a provider's invoice or credit note, checked and held against what was booked."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, single
from cli.screen.output import amount, answer, table
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console

    from documents.bills.bill import Bill
    from documents.rules.broken import Broken
    from flows.settlement.bills import BillDifference

app = single()


@command(
    app,
    "bill",
    example="""
    net bill examples/bill.xml
    net bill examples/bill.xml --order PO-2026-0017 --booking zhongshan-lamps
    """,
)
def bill(
    asked: Asked,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A UBL or Cross Industry Invoice.")],
    order: Annotated[str, typer.Option("--order", metavar="ORDER", help="The order it is for.")] = "",
    booking: Annotated[str, typer.Option("--booking", metavar="BOOKING", help="Of which booking.")] = "",
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="FOLDER", help="Run the official rules in it too.")
    ] = None,
) -> None:
    """Read a provider's invoice or credit note, check its rules, and hold it against what was booked.

    With an order and a booking it is compared with the price, with the delivery and with the quantity; what
    differs is shown. Nothing is recorded and nothing is paid.
    """
    from documents.bills.bill import bill_of
    from documents.bills.syntaxes import paper_of
    from documents.files.opening import opened
    from documents.rules.check import check
    from documents.rules.official import official_rules

    if bool(order) is not bool(booking):
        raise typer.BadParameter("--order and --booking go together")
    with opened(file) as stream:
        content = stream.read()
    paper = paper_of(content, str(file))
    read = bill_of(paper, str(file))
    broken = check(paper) + (official_rules(rules, paper.syntax, content) if rules else [])
    differing = _differing(asked, order, booking, read) if order else None
    answer(
        asked,
        "bill",
        _document(read, broken, differing),
        lambda screen: _render(screen, read, broken, differing),
    )


def _differing(asked: Asked, order: str, booking: str, read: "Bill") -> "list[BillDifference]":
    from flows.settlement.bills import differences

    with asked.session() as session:
        return differences(session.ledger, order, booking, read, session.on)


def _document(
    read: "Bill", broken: "list[Broken]", differing: "list[BillDifference] | None"
) -> dict[str, Any]:
    told = {name: format_minor(getattr(read, f"{name}_minor"), read.currency) for name in _SUMS}
    return {
        "number": read.number,
        "credit_note": read.is_credit_note,
        "seller": read.seller,
        "buyer": read.buyer,
        "order": read.order,
        "currency": read.currency,
        **told,
        "account": read.account,
        "broken": [
            {"rule": one.rule, "term": one.term, "problem": one.problem, "warning": one.warning}
            for one in broken
        ],
        "differences": None
        if differing is None
        else [{"what": one.what, "billed": one.billed, "agreed": one.agreed} for one in differing],
    }


_SUMS = ("net", "tax", "gross")


def _render(
    screen: "Console", read: "Bill", broken: "list[Broken]", differing: "list[BillDifference] | None"
) -> None:
    kind = "credit note" if read.is_credit_note else "invoice"
    gross = amount(read.gross_minor, read.currency)
    screen.print(f"{kind} {read.number} of {read.seller}: {gross} {read.currency}")
    for one in broken:
        screen.print(
            f"{'warning ' if one.warning else ''}{one.rule} {one.place}: {one.problem}", markup=False
        )
    if differing:
        rows = [(one.what, one.billed, one.agreed) for one in differing]
        screen.print(table("What differs", ("what", "billed", "agreed"), rows, right="billed, agreed"))
    elif differing is not None:
        screen.print("agrees with the booking, the delivery and the price; nothing was paid")
