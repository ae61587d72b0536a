"""``net finance``, when a loan goes wrong or changes hands: guarantees, defaults, transfers."""

from typing import Annotated

import typer

from cli.options import Asked, command
from cli.pages.recorded import OptionalAmount, OrderArgument, record

FacilityArgument = Annotated[
    str, typer.Argument(metavar="FACILITY", help="The lender's product, as net finance show lists it.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``net finance``."""
    for name, example, function in COMMANDS:
        command(app, name, example=example, stated=True)(function)


def guarantee(
    asked: Asked,
    order: OrderArgument,
    money: OptionalAmount = None,
    booking: Annotated[
        str,
        typer.Option("--booking", metavar="BOOKING", help="The failed provider whose deposit is guaranteed."),
    ] = "",
    facility: Annotated[str, typer.Option("--facility", metavar="FACILITY", help="Which loan it pays.")] = "",
    guarantor: Annotated[str, typer.Option("--guarantor", metavar="NAME", help="Who pays.")] = "guarantor",
) -> None:
    """Record that a guarantor pays a lender: the guaranteed share of a deposit, when no amount is given."""
    entity = guarantor if guarantor.startswith("guarantor") else f"guarantor:{guarantor}"
    data = {"booking": booking, "facility": facility, "guarantor": entity}
    record(asked, order, "guarantee", data, {"amount": money})


def default(
    asked: Asked,
    order: OrderArgument,
    facility: FacilityArgument,
) -> None:
    """Strike a lender's claim: interest stops, the account is swept, the first-loss guarantee called."""
    record(asked, order, "default", {"facility": facility})


def _require_lender(asked: Asked, name: str) -> None:
    from domain.errors import NotFoundError
    from domain.near import meant

    with asked.session() as session:
        known = [one.id for one in session.network.lenders]
    if name not in known:
        hint = f"{meant(name, known)}the network file has: {', '.join(known)}"
        raise NotFoundError(f"there is no lender {name!r}", hint)


def transfer(
    asked: Asked,
    order: OrderArgument,
    facility: FacilityArgument,
    seller: Annotated[str, typer.Argument(metavar="SELLER", help="The lender that leaves.")],
    buyer: Annotated[str, typer.Argument(metavar="BUYER", help="The lender that takes its place.")],
    price: Annotated[
        str | None, typer.Option("--price", metavar="AMOUNT", help="What is owed, when not given.")
    ] = None,
) -> None:
    """Record that a lender sells its place in a facility to another at a price."""
    _require_lender(asked, buyer)
    data = {"facility": facility, "seller": seller, "buyer": buyer}
    record(asked, order, "transfer", data, {"price": price})


COMMANDS = (
    (
        "guarantee",
        "net finance guarantee PO-2026-0017 --booking zhongshan-lamps --guarantor bank --on 2026-04-01",
        guarantee,
    ),
    ("default", "net finance default PO-2026-0017 harbour-order --on 2026-04-01", default),
    ("transfer", "net finance transfer PO-2026-0017 harbour-order harbour delta --on 2026-04-01", transfer),
)
