"""How a firm is asked for: by ``--set FIELD=VALUE``, and in a terminal by one question a field."""

import sys
from typing import Any

import typer

from domain.errors import UsageError
from domain.money import MoneyError
from flows.desk.network import Question, value_of


def answers(asked: tuple[Question, ...], given: list[str], *, ask: bool | None = None) -> dict[str, Any]:
    """The fields of a firm; what is neither given nor usual is asked for, or wrong usage in a pipe."""
    values = _given(asked, given)
    interactive = sys.stdin.isatty() and not given if ask is None else ask
    if interactive:
        typer.echo("Enter takes the answer in brackets; Ctrl-C stops, and nothing is written.", err=True)
    missing = [one.path for one in asked if one.path not in values and one.usual is None]
    if missing and not interactive:
        raise UsageError(
            f"{', '.join(missing)} must be given", "give each as --set FIELD=VALUE, or answer in a terminal"
        )
    for question in asked:
        if question.path not in values:
            values[question.path] = (
                _ask(question) if interactive else value_of(question, question.usual or "")
            )
    return {one.path: values[one.path] for one in asked}


def _given(asked: tuple[Question, ...], given: list[str]) -> dict[str, Any]:
    known = {one.path: one for one in asked}
    values: dict[str, Any] = {}
    for each in given:
        path, sign, text = each.partition("=")
        if not sign or path not in known:
            raise UsageError(f"--set {each}: {path!r} is no field here", f"fields are {', '.join(known)}")
        try:
            values[path] = value_of(known[path], text)
        except (ValueError, MoneyError) as wrong:
            raise UsageError(f"--set {each}: {wrong}", "give another value") from None
    return values


def _ask(question: Question) -> Any:
    while True:
        said = typer.prompt(
            question.asks, default=question.usual, show_default=bool(question.usual), err=True
        )
        try:
            return value_of(question, str(said))
        except (ValueError, MoneyError) as wrong:
            typer.echo(f"  {wrong}", err=True)
