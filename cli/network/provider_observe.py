"""``net provider observe``: a network file from orders that were delivered before."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Asked, command
from cli.screen.output import answer


def register(app: typer.Typer) -> None:
    """Put the command into the group ``net provider``."""
    command(
        app,
        "observe",
        example="""
        net provider observe examples/tables/deliveries.csv --map examples/maps/scms.toml --out network.toml
        net provider observe examples/tables/deliveries.csv --map examples/maps/scms.toml --out network.toml --margin 15% --transit Ocean=40
        """,  # noqa: E501
    )(observe)


def observe(
    asked: Asked,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Orders that were delivered before.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The network file to write.")],
    order_map: Annotated[
        Path | None,
        typer.Option("--map", metavar="MAP", help="How to read the table: docs/reference/maps.md."),
    ] = None,
    margin: Annotated[
        str,
        typer.Option("--margin", metavar="RATE", help="Off the prices observed: what the trader keeps."),
    ] = "20%",
    transit: Annotated[
        list[str] | None, typer.Option("--transit", metavar="MODE=DAYS", help="Days on the way by a mode.")
    ] = None,
    country: Annotated[
        str, typer.Option("--country", metavar="CODE", help="Where the trader is taxed and banks.")
    ] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Write over a file that is there.")] = False,
) -> None:
    """Make a network file of factories and lanes with the prices, lead times and freight of past orders.

    The orders must say in their extra fields who made the goods (site) and how they went (mode). Lenders are
    not in such records: add them with net lender add.
    """
    from flows.many.observed_network import observe_orders, write_network

    share = _share(margin)
    found = observe_orders(file, order_map, dict(_pair(text) for text in transit or []))
    name = f"observed in {file.name}"
    write_network(out, found.network(name, country.upper(), share), replace=replace)
    document = {
        "written": str(out),
        "orders": found.orders,
        "refused": found.refused,
        "factories": len(found.made),
        "lanes": len(found.lanes),
        "currency": found.currency,
    }
    answer(
        asked,
        "provider-observe",
        document,
        lambda screen: screen.print(
            f"{out}: {len(found.made)} factories and {len(found.lanes)} lanes from {found.orders:,} orders"
            + (f"; {found.refused:,} could not be read" if found.refused else "")
        ),
    )


def _share(text: str) -> Fraction:
    from documents.files.section import share_of
    from domain.money import MoneyError

    try:
        return share_of(text)
    except MoneyError as error:
        raise typer.BadParameter(f"--margin: {error}") from None


def _pair(text: str) -> tuple[str, int]:
    mode, found, days = text.rpartition("=")
    if not found or not mode or not days.isdigit():
        raise typer.BadParameter(f"{text!r} is not MODE=DAYS")
    return mode.strip().lower(), int(days)
