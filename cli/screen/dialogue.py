"""The short dialogue of ``net order new``: one question a field, asked again when the answer cannot be."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import typer

from domain.money import CURRENCY_EXPONENTS, MoneyError, parse_decimal


def ask_order(on: date) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of an order and of its one line, as a person answered; enter takes what stands in []."""
    typer.echo(
        "A new order. Enter takes the answer in brackets; Ctrl-C stops, and nothing is written.", err=True
    )
    order: dict[str, Any] = {
        "reference": _ask("Buyer's order number", _not_empty),
        "buyer": _ask("Buyer", _not_empty),
    }
    line = {
        "product": _ask("Product, as the network file names it", _not_empty),
        "quantity": _ask("Quantity", _positive),
    }
    order["currency"] = _ask("Currency", _currency, "CNY")
    line["unit_price"] = _ask("Price of one, before tax", _positive)
    line["tax_rate"] = _ask("Tax that is added", _percent, "13%")
    order["destination"] = _ask("Destination, as the network file names it", str, "")
    order["due_on"] = _ask("Due there (DATE, or nothing)", _day, "")
    order["payment"] = _ask("Buyer pays", str, "100% invoice+60")
    order["issued_on"] = _ask("Day of the order", _day, on.isoformat())
    return {name: value for name, value in order.items() if value}, line


def _ask(question: str, read: Callable[[str], str], usual: str | None = None) -> str:
    while True:
        said = typer.prompt(question, default=usual, show_default=bool(usual), err=True)
        try:
            return read(str(said).strip())
        except (ValueError, MoneyError) as wrong:
            typer.echo(f"  {wrong}", err=True)


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("please say something")
    return text


def _positive(text: str) -> str:
    if parse_decimal(text) <= Decimal(0):
        raise ValueError("it must be more than zero")
    return text


def _currency(text: str) -> str:
    code = text.upper()
    if code not in CURRENCY_EXPONENTS:
        raise ValueError(f"{text!r} is not an ISO 4217 code; write one such as CNY or EUR")
    return code


def _percent(text: str) -> str:
    parse_decimal(text.removesuffix("%"))
    return text if text.endswith("%") else f"{text}%"


def _day(text: str) -> str:
    if text:
        try:
            date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a date; write it as 2026-05-20") from None
    return text
