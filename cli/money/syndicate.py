"""``net syndicate``: the book of a loan that several lenders share."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Asked, command, group
from cli.screen.output import amount, answer, table
from domain.money import format_minor

app = group("Loans that several lenders share: fill the book.")


@command(app, "fill", example="net syndicate fill 600.00 examples/clearing/bids.csv")
def fill(
    asked: Asked,
    much: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much is to be lent.")],
    bids: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV file: lender, amount, rate; one line for each bid.")
    ],
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="The loan's currency.")] = "CNY",
) -> None:
    """Fill a loan from bids: from the lowest rate up, all at the rate of the last one needed.

    Bids at the margin share what is left pro rata. Too few bids end with exit code 5.
    """
    from finance.pools.syndicate import fill as fill_book
    from flows.bank.bids import read_bids
    from flows.clearing.debts import amount_in

    found = fill_book(amount_in(much, currency), read_bids(bids, currency))
    rate = f"{float(found.rate_annual):.4%}"
    shares = [(one.lender, one.amount_minor, f"{float(one.asked_annual):.4%}") for one in found.allotments]
    document = {
        "currency": currency,
        "rate": str(found.rate_annual),
        "offered": format_minor(found.offered_minor, currency),
        "shares": [
            {"lender": name, "amount": format_minor(minor, currency), "asked": asked_rate}
            for name, minor, asked_rate in shares
        ],
    }
    rows = [(name, amount(minor, currency), asked_rate) for name, minor, asked_rate in shares]
    answer(
        asked, "syndicate", document,
        lambda screen: screen.print(
            table(f"all at {rate}", ("lender", currency, "asked"), rows, right=f"{currency}, asked")
        ),
    )  # fmt: skip
