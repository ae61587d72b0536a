"""``net lender``: the firms whose money one trades on."""

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Asked, command, group
from cli.pages.next_page import render_next
from cli.screen.completion import complete_lender
from cli.screen.output import amount, answer, note, table
from domain.errors import UsageError
from domain.rates import share

if TYPE_CHECKING:
    from rich.console import Console

app = group("The firms whose money you trade on: list, add, check.")


@command(app, "list", example="net lender list\nnet lender list --json")
def list_lenders(asked: Asked) -> None:
    """List the lenders of the network file with their products, advance rates, prices and limits."""
    from flows.desk.network import products_of

    with asked.session() as session:
        network = session.network
    rows = []
    for lender in network.lenders:
        for product in products_of(network, lender):
            limit = product.limit_minor if product.limit_minor is not None else lender.limit_minor
            rows.append(
                (
                    lender.id,
                    product.id,
                    product.role.value,
                    f"{_percent(product.advance_rate)} of {product.advance_base.value}",
                    _percent(product.price.rate_annual) if not product.price.steps else "by steps",
                    ", ".join(f"{_percent(fee.rate)} of {fee.basis.value}" for fee in product.fees),
                    "" if limit is None else amount(limit, product.currency),
                    product.currency,
                )
            )
    names = ("lender", "product", "role", "advances", "rate", "fees", "limit", "currency")
    answer(
        asked,
        "lender-list",
        {"lenders": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("", names, rows, right="limit, rate")),
    )


def _percent(rate: Fraction) -> str:
    return f"{share(rate * 100)}%"


@command(app, "add", example="net lender add\nnet lender add --set id=quay --set name='Quay Finance' --set product.id=quay-loan --set product.name='Order loan' --set product.advance_rate=75% --set product.rate=12%")  # noqa: E501  # fmt: skip
def add(
    asked: Asked,
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A field; the rest as usual.")
    ] = None,
) -> None:
    """Add a lender with one product to your network file; asks what is needed when run in a terminal."""
    from cli.screen.firm_dialogue import answers
    from flows.desk.network import add_firm, questions
    from flows.overview.set_up import set_up_step

    values = answers(questions("lender"), given or [])
    with asked.session() as session:
        path, added = add_firm(session, "lender", values)
        step = set_up_step(session)
    note(f"added to {path}")

    def screen_of(screen: "Console") -> None:
        screen.print(added)
        render_next(screen, step)

    answer(asked, "lender-add", {"file": path, "added": added, "next": step.command}, screen_of)


@command(app, "check", example="net lender check harbour")
def check(
    asked: Asked, name: Annotated[str, typer.Argument(metavar="LENDER", autocompletion=complete_lender)]
) -> None:
    """Check that what a lender offers can be used: currency, take-out, conditions, shares, limits."""
    from flows.desk.network import check_lender

    with asked.session() as session:
        rules = check_lender(session, name)
    rows = [("pass" if rule.passed else "fail", rule.name, rule.told) for rule in rules]
    answer(
        asked,
        "lender-check",
        {"lender": name, "rules": [{"rule": r.name, "passed": r.passed, "told": r.told} for r in rules]},
        lambda screen: screen.print(table("", ("", "rule", "found"), rows)),
    )
    failed = [rule.name for rule in rules if not rule.passed]
    if failed:
        raise UsageError(f"{name}: {len(failed)} of {len(rules)} rules fail", "mend the network file")
