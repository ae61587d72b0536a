"""What a command about money recorded, or with ``--dry-run`` would record."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, parse_date
from cli.output import amount, answer, note, table
from domain.money import format_minor, parse_minor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from finance.facts import FactKind
    from flows.fulfil import Recorded

OrderArgument = Annotated[str, typer.Argument(metavar="ORDER", help="The order's reference.")]
AmountArgument = Annotated[
    str, typer.Argument(metavar="AMOUNT", help="In the order's currency, such as 1130.00.")
]
OptionalAmount = Annotated[
    str | None, typer.Argument(metavar="[AMOUNT]", help="In the order's currency.", show_default=False)
]
BookingArgument = Annotated[
    str, typer.Argument(metavar="BOOKING", help="The provider, as net finance show lists it.")
]
ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who states it.")]
EvidenceOption = Annotated[
    str, typer.Option("--evidence", metavar="TEXT", help="On what evidence: a document, a bank reference.")
]
ReferenceOption = Annotated[
    str,
    typer.Option("--reference", metavar="TEXT", help="Tells apart what happens twice on one day."),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show the postings before they are made; write nothing.")
]
QuantityOption = Annotated[
    str | None,
    typer.Option("--quantity", metavar="NUMBER", help="So many units of the order.", show_default=False),
]
AmountOption = Annotated[
    str | None, typer.Option("--amount", metavar="AMOUNT", help="With tax.", show_default=False)
]
BookingOption = Annotated[
    str, typer.Option("--booking", metavar="BOOKING", help="Whose; needed where several could be meant.")
]
DayOption = Annotated[
    date, typer.Option("--to", metavar="DATE", parser=parse_date, help="Up to the end of this day.")
]


def record(
    asked: Asked,
    order: str,
    kind: "FactKind",
    data: "Mapping[str, Any]",
    *,
    money: "Mapping[str, str | None] | None" = None,
    by: str = "",
    evidence: str = "",
    dry_run: bool = False,
) -> None:
    """Record one fact and show what it posts; ``money`` are amounts as typed, in major units."""
    from flows.acceptance import read_contract
    from flows.fulfil import record_fact
    from flows.place import find_order

    with asked.session() as session:
        ledger = session.ledger
        content = {name: value for name, value in data.items() if value not in (None, "", [], False)}
        if "passed" in data:
            content["passed"] = data["passed"]
        order = find_order(ledger, order).id
        currency = read_contract(ledger, order).currency
        for name, text in (money or {}).items():
            if text is not None:
                content[name] = minor_text(text, currency)
        recorded = record_fact(
            ledger, order, kind, session.on, content, by=by, evidence=evidence, dry_run=dry_run
        )
    show(asked, recorded)


def minor_text(text: str, currency: str) -> str:
    """An amount as typed, as minor units; UsageError when it is none."""
    from domain.errors import UsageError
    from domain.money import MoneyError

    try:
        return str(parse_minor(text, currency))
    except MoneyError as error:
        raise UsageError(str(error), f"write it as 1130.00 in {currency}") from None


def show(asked: Asked, recorded: "Recorded") -> None:
    """Print it: the postings, the corrections, and what changed."""
    if recorded.repeated:
        note("this was recorded before; nothing changed")
    answer(asked, "recorded", document(recorded), lambda screen: render(screen, recorded))


def document(recorded: "Recorded") -> dict[str, Any]:
    currency = recorded.currency
    return {
        "order": recorded.order,
        "currency": currency,
        "dry_run": recorded.dry_run,
        "repeated": recorded.repeated,
        "state_before": recorded.state_before.value,
        "state": recorded.state.value,
        "facts": [
            {
                "kind": fact.kind.value,
                "on": fact.on,
                "id": fact.id,
                "by": fact.by,
                "evidence": fact.evidence,
                "assumed": fact.assumed,
                "data": dict(fact.data),
            }
            for fact in recorded.facts
        ],
        "postings": [
            {
                "on": journal.on,
                "kind": journal.kind,
                "party": journal.party,
                "corrects": correcting,
                "legs": [
                    {"entity": entity, "account": code, "amount": format_minor(minor, currency)}
                    for entity, code, minor in journal.postings
                ],
            }
            for some, correcting in ((recorded.journals, False), (recorded.corrections, True))
            for journal in some
        ],
        "claims": {party: format_minor(minor, currency) for party, minor in recorded.claims.items() if minor},
        "cash": format_minor(recorded.cash, currency),
    }


def render(screen: "Console", recorded: "Recorded") -> None:
    rows = _rows(recorded)
    title = "would be posted" if recorded.dry_run else ""
    if rows:
        screen.print(
            table(title, ("on", "what", "books of", "account", "debit", "credit"), rows, right="debit,credit")
        )
    assumed = sum(fact.assumed for fact in recorded.facts)
    if assumed:
        screen.print(f"{assumed} facts were assumed as planned")
    if recorded.state is not recorded.state_before:
        screen.print(f"{recorded.order}: {recorded.state_before} -> {recorded.state}")
    for party, minor in recorded.claims.items():
        if minor:
            owes = "owes the order" if minor > 0 else "is owed by the order"
            screen.print(f"after corrections {party} {owes} {amount(abs(minor), recorded.currency)}")
    screen.print(f"in the order's account: {amount(recorded.cash, recorded.currency)} {recorded.currency}")


def _rows(recorded: "Recorded") -> list[tuple[str, ...]]:
    from finance.chart import account_name

    rows: list[tuple[str, ...]] = []
    for some, sign in ((recorded.corrections, "corrects "), (recorded.journals, "")):
        for journal in some:
            told = (journal.on.isoformat(), sign + journal.kind.replace("_", " "))
            for entity, code, minor in journal.postings:
                if code.startswith("9"):
                    continue
                figure = amount(abs(minor), recorded.currency)
                debit, credit = (figure, "") if minor > 0 else ("", figure)
                rows.append((*told, entity, f"{code} {account_name(code)}", debit, credit))
                told = ("", "")
    return rows
