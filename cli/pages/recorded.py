"""What a command about money recorded, or with ``--dry-run`` would record."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked
from cli.pages.next_page import next_command, render_next, step_after
from cli.screen.completion import complete_order
from cli.screen.output import amount, answer, note, table
from domain.money import format_minor, parse_minor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from flows.books.record import Recorded
    from flows.overview.next_step import NextStep
    from ledger.store import Ledger

OrderArgument = Annotated[
    str, typer.Argument(metavar="ORDER", help="The order's reference.", autocompletion=complete_order)
]
AmountArgument = Annotated[
    str, typer.Argument(metavar="AMOUNT", help="Such as 1130.00, in the currency of who is paid or pays.")
]
OptionalAmount = Annotated[
    str | None,
    typer.Argument(metavar="[AMOUNT]", help="In the currency of who is paid.", show_default=False),
]
CostOption = Annotated[
    str | None,
    typer.Option(
        "--cost",
        metavar="AMOUNT",
        help="What the bank took of the order's own currency; the day's rate says it when left out.",
        show_default=False,
    ),
]
BookingArgument = Annotated[
    str, typer.Argument(metavar="BOOKING", help="The provider, as net finance show lists it.")
]
ReferenceOption = Annotated[
    str,
    typer.Option("--reference", metavar="TEXT", help="Tells apart what happens twice on one day."),
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


def record(
    asked: Asked,
    order: str,
    kind: str,
    data: "Mapping[str, Any]",
    money: "Mapping[str, str | None] | None" = None,
) -> None:
    """Record what was stated, a fact of that ``kind``, and show what it posts; ``money`` are amounts as
    typed, in major units."""
    from finance.agreed.facts import FactKind
    from flows.books.acceptance import read_contract
    from flows.books.record import record_fact
    from flows.orders.find import find_order

    with asked.session() as session:
        ledger = session.ledger
        content = {name: value for name, value in data.items() if value not in (None, "", [], False)}
        if data.get("quantity") is not None:
            content["quantity"] = quantity_text(str(data["quantity"]))
        if "passed" in data:
            content["passed"] = data["passed"]
        order = find_order(ledger, order).id
        contract = read_contract(ledger, order)
        subject = next((str(data[name]) for name in SUBJECTS if data.get(name)), "")
        for name, text in (money or {}).items():
            if text is not None:
                currency = contract.currency if name in IN_ORDER_CURRENCY else contract.currency_of(subject)
                content[name] = minor_text(text, currency)
        stated = asked.statement(session.on)
        recorded = record_fact(ledger, order, FactKind(kind), stated, content, dry_run=asked.dry_run)
        step = step_after(session, order, dry_run=asked.dry_run)
    show(asked, recorded, step)


SUBJECTS = ("facility", "payee", "booking")
"""Whose currency an amount is in: a payment's payee, a refund's provider, a draw's facility."""
IN_ORDER_CURRENCY = frozenset({"cost"})


SHORT = "shortfall: {party} is owed {amount} {currency} for slots given back; the order has nothing to pay it"


def shortfall_rows(ledger: "Ledger", order: str) -> list[dict[str, str]]:
    """What firms are owed for slots given back where nothing is agreed any more; empty for other orders."""
    from flows.books.acceptance import acceptance
    from flows.firms.given_back import shortfall

    if acceptance(ledger, order) is not None:
        return []
    return [
        {"party": entity.partition(":")[2] or entity, "amount": format_minor(minor, code), "currency": code}
        for (entity, code), minor in shortfall(ledger, order).items()
    ]


def minor_text(text: str, currency: str) -> str:
    """An amount as typed, as minor units; UsageError when it is none, or below zero."""
    from domain.errors import UsageError
    from domain.money import MoneyError

    remedy = f"write it as 1130.00 in {currency}"
    try:
        found = parse_minor(text, currency)
    except MoneyError as error:
        raise UsageError(str(error), remedy) from None
    if found < 0:
        raise UsageError(f"{text!r} is below zero: what a command is about says which way money goes", remedy)
    return str(found)


def quantity_text(text: str) -> str:
    """A quantity as typed: a number above zero, with a point; UsageError when it is none."""
    from decimal import Decimal, InvalidOperation

    from domain.errors import UsageError

    try:
        found = Decimal(text.strip()) if text.isascii() else Decimal("nan")
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite() or found <= 0 or not set(text.strip()) <= set("0123456789."):
        raise UsageError(
            f"{text!r} is no quantity", "write a number above zero with a point, such as 1000 or 12.5"
        )
    return text.strip()


def show(asked: Asked, recorded: "Recorded", step: "NextStep | None" = None) -> None:
    """Print it: the postings, the corrections, what changed, and which command comes next."""
    if recorded.repeated:
        note("this was recorded before; nothing changed")

    def screen_of(screen: "Console") -> None:
        render(screen, recorded)
        render_next(screen, step)

    answer(asked, "recorded", {**document(recorded), "next": next_command(step)}, screen_of)


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
                "legs": [leg_document(posting, currency) for posting in journal.postings],
            }
            for some, correcting in ((recorded.journals, False), (recorded.corrections, True))
            for journal in some
        ],
        "claims": {
            party: _claim(party, minor, currency) for party, minor in recorded.claims.items() if minor
        },
        "cash": format_minor(recorded.cash, currency),
        **_foreign_cash(recorded),
    }


def leg_document(posting: tuple[str, str, int], home: str) -> dict[str, str]:
    """One leg for programs; its currency is named where it is not the order's."""
    from domain.accounts import account_and_currency

    entity, account, minor = posting
    code, currency = account_and_currency(account, home)
    leg = {"entity": entity, "account": code, "amount": format_minor(minor, currency)}
    return leg if currency == home else {**leg, "currency": currency}


def _claim(party: str, minor: int, home: str) -> str:
    from domain.accounts import party_and_currency

    return format_minor(minor, party_and_currency(party)[1] or home)


def _foreign_cash(recorded: "Recorded") -> dict[str, dict[str, str]]:
    """What the account holds of other currencies, where the order has any."""
    position = recorded.position
    held = {
        currency: format_minor(position.cash_in(currency), currency)
        for currency in position.contract.currencies
        if position.cash_in(currency)
    }
    return {"cash_abroad": held} if held else {}


def render(screen: "Console", recorded: "Recorded") -> None:
    from domain.accounts import party_and_currency

    rows = rows_of(recorded)
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
            name, currency = party_and_currency(party)
            told = amount(abs(minor), currency or recorded.currency)
            screen.print(f"after corrections {name} {owes} {told} {currency}".rstrip())
    held = f"{amount(recorded.cash, recorded.currency)} {recorded.currency}"
    for currency, minor_text_of in _foreign_cash(recorded).get("cash_abroad", {}).items():
        held += f", {minor_text_of} {currency}"
    screen.print(f"in the order's account: {held}")


def rows_of(recorded: "Recorded") -> list[tuple[str, ...]]:
    """Corrections and journals as lines of a table; promises (memo accounts) are left out."""
    from domain.accounts import account_and_currency, is_memo
    from finance.books.chart import account_name

    rows: list[tuple[str, ...]] = []
    for some, sign in ((recorded.corrections, "corrects "), (recorded.journals, "")):
        for journal in some:
            told = (journal.on.isoformat(), sign + journal.kind.replace("_", " "))
            for entity, account, minor in journal.postings:
                if is_memo(account):
                    continue
                code, currency = account_and_currency(account, recorded.currency)
                figure = amount(abs(minor), currency)
                if currency != recorded.currency:
                    figure += f" {currency}"
                debit, credit = (figure, "") if minor > 0 else ("", figure)
                rows.append((*told, entity, f"{code} {account_name(code)}", debit, credit))
                told = ("", "")
    return rows
