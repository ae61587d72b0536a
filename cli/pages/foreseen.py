"""What a command that books would commit: shown by a dry run, and asked about on a real ledger."""

import sys
from typing import TYPE_CHECKING, Any

import typer

from cli.options import Asked
from cli.screen.output import amount, answer, note
from domain.errors import RefusedError
from domain.money import format_minor
from domain.plain import to_plain

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

    from flows.deals.foreseen import Foreseen
    from flows.deals.run import Way
    from flows.desk.session import Session
    from flows.orders.find import Placed


def tell_foreseen(asked: Asked, session: "Session", known: "Placed", on: "date") -> None:
    """``net order run --dry-run``: the plan and what it would book; nothing is written."""
    from flows.deals.foreseen import foresee

    found = foresee(session, known, on)
    if found is None:
        document: dict[str, Any] = {"order": known.id, "state": known.state.value, "plan": None}
        answer(
            asked,
            "order-run-foreseen",
            document,
            lambda screen: screen.print(f"{known.id} is {known.state.value}: nothing more would be booked"),
        )
        return
    answer(
        asked,
        "order-run-foreseen",
        _document(known, found),
        lambda screen: _render(screen, known, found),
    )


def _document(known: "Placed", found: "Foreseen") -> dict[str, Any]:
    plan = found.plan
    return {
        "order": known.id,
        "state": known.state.value,
        "plan": to_plain(plan),
        "bookings": found.bookings,
        "firms": list(found.firms),
        "credit": [
            {"lender": lender, "amount": format_minor(minor, plan.currency)} for lender, minor in found.credit
        ],
        "refusing": list(found.refusing),
        "zeros": list(found.zeros),
    }


def _render(screen: "Console", known: "Placed", found: "Foreseen") -> None:
    from cli.pages.way import render_plan_tables

    screen.print(f"{known.id}  {known.state.value}  (nothing is written)", style="bold")
    render_plan_tables(screen, found.plan)
    screen.print(f"would book {_commits(found)}")
    for told in found.refusing:
        screen.print(f"refuses, so another is looked for: {told}")
    for told in found.zeros:
        screen.print(f"rests on a zero: {told}")


def _commits(found: "Foreseen") -> str:
    credit = ", ".join(f"{amount(minor, found.plan.currency)} of {lender}" for lender, minor in found.credit)
    slots = f"{found.bookings} slot{'s' if found.bookings != 1 else ''} at {', '.join(found.firms)}"
    return f"{slots}; credit: {credit or 'none'} {found.plan.currency if credit else ''}".rstrip()


def agree(asked: Asked, session: "Session", known: "Placed", on: "date", *, yes: bool) -> None:
    """On a real ledger, in a terminal: say what will be committed and ask; RefusedError at a no."""
    from flows.deals.foreseen import foresee

    if yes or asked.json or session.ledger.practice or not sys.stdin.isatty():
        return
    found = foresee(session, known, on)
    if found is None:
        return
    plan = found.plan
    note(f"{known.id} on the ledger {session.ledger_url}: profit {amount(plan.profit_minor, plan.currency)}")
    note(f"this books {_commits(found)}")
    for told in found.zeros:
        note(f"rests on a zero: {told}")
    if not typer.confirm("Book it?", err=True):
        raise RefusedError(f"nothing is booked for {known.id}", f"net order run {known.id} asks again")


def tell_zeros(session: "Session", known: "Placed", way: "Way") -> None:
    """Where the order was just planned: the zeros that its plan rests on."""
    from flows.plans.zeros import zeros

    if way.repeated:
        return
    firms = list(dict.fromkeys(leg.provider for leg in way.plan.legs))
    for told in zeros(known.order, firms, session.network):
        note(f"rests on a zero: {told}")
