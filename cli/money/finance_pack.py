"""``net finance pack``: the evidence on one order for a lender, in one signed file."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Asked, command
from cli.pages.recorded import OrderArgument
from cli.screen.output import answer, table

EXAMPLE = "net finance pack PO-2026-0017 --paper examples/lamp-order.toml --to pack.json"


def register(app: typer.Typer) -> None:
    """Add the command to ``net finance``."""
    command(app, "pack", example=EXAMPLE)(pack)


def pack(
    asked: Asked,
    order: OrderArgument,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The file to write.")],
    paper: Annotated[
        list[Path] | None,
        typer.Option("--paper", metavar="FILE", help="A document that is named by its hash; once for each."),
    ] = None,
) -> None:
    """Write the evidence that a lender needs to lend on an order: signed, and checked off line.

    Order and plan as proven records of your ledger, the buyer's payments and the providers' services as it
    has them, claims, conditions with their evidence, papers by hash. Check it with examples/check_pack.py.
    """
    from flows.bank.evidence_pack import PackParts, evidence_pack
    from flows.clearing.files import write_document
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        held = session.keys_folder / "checkpoints"
        parts = PackParts(this_firm(session), session.actor, held, session.on, paper or ())
        made = evidence_pack(session.ledger, order, parts)
        write_document(made, to)
    content = made["content"]
    counts = {
        "records": len(content["records"]),
        "payments": content["buyer"]["count"],
        "services": sum(one["count"] for one in content["providers"]),
        "claims": len(content["claims"]),
        "papers": len(content["papers"]),
    }
    document = {"order": order, "file": to, "order_hash": content["order_hash"], **counts}
    rows = list(counts.items())
    answer(asked, "finance-pack", document, lambda screen: screen.print(table(str(to), ("", "count"), rows)))
