"""``net order``: a buyer's orders from the first line to the last."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, group, parse_date
from cli.pages.next_page import next_command, render_next, step_after
from cli.pages.order_page import order_document, order_summary, page_document, render_order, render_page
from cli.pages.recorded import OrderArgument
from cli.screen.completion import complete_product, complete_state
from cli.screen.output import amount, answer, note, progress, table
from cli.trade import (
    order_cancel,
    order_import,
    order_next,
    order_promise,
    order_replace,
    order_way,
    order_why,
)
from cli.trade.order_way import read_file

if TYPE_CHECKING:
    from rich.console import Console

    from flows.orders.find import Placed
    from flows.overview.agenda import OrdersWanted
    from flows.overview.next_step import NextStep

app = group("A buyer's orders: new, import, run, advance, list, show, amend, cancel.")
order_import.register(app)
order_cancel.register(app)
order_replace.register(app)
order_promise.register(app)

FromOption = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="An order file: TOML, JSON, CSV or UBL XML.")
]
Text = str | None
MOST_ROWS = 1_000
"""Rows of a table for a person, where no other number is asked for."""


def _text(flag: str, told: str, metavar: str = "TEXT") -> Any:
    known = complete_product if flag == "--product" else None
    return typer.Option(flag, help=told, metavar=metavar, show_default=False, autocompletion=known)


def _day(flag: str, told: str) -> Any:
    return typer.Option(flag, help=told, metavar="DATE", parser=parse_date, show_default=False)


@command(
    app,
    "new",
    example="""
    net order new --from examples/lamp-order.toml
    net order new --reference PO-7 --buyer "Meridian Stores" --product desk-lamp --quantity 500 --price 100.00 --currency CNY --destination Shanghai --issued 2026-03-02 --due 2026-05-20 --payment "100% invoice+60"
    net order new
    """,  # noqa: E501
)
def new(
    asked: Asked,
    file: FromOption = None,
    reference: Annotated[Text, _text("--reference", "The buyer's own order number.")] = None,
    buyer: Annotated[Text, _text("--buyer", "Who buys.")] = None,
    product: Annotated[Text, _text("--product", "What, as the network file names it.")] = None,
    quantity: Annotated[Text, _text("--quantity", "How many.", "NUMBER")] = None,
    price: Annotated[Text, _text("--price", "Price of one, before tax.", "AMOUNT")] = None,
    currency: Annotated[Text, _text("--currency", "ISO 4217 code.", "CODE")] = None,
    tax_rate: Annotated[Text, _text("--tax-rate", "Tax that the seller adds, such as 13%.", "RATE")] = None,
    due: Annotated[date | None, _day("--due", "When the goods must be there.")] = None,
    destination: Annotated[Text, _text("--destination", "Where, as the network file names it.")] = None,
    country: Annotated[Text, _text("--country", "Two-letter country of the destination.", "CODE")] = None,
    payment: Annotated[
        Text, _text("--payment", "When the buyer pays: '30% order, 70% invoice+60'.", "TERMS")
    ] = None,
    issued: Annotated[date | None, _day("--issued", "Day of the order; --on when not given.")] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Not agreed yet: net order confirm makes it an order.")
    ] = False,
    stated_amounts: Annotated[
        bool, typer.Option("--stated-amounts", help="A file's line amounts stand where its prices differ.")
    ] = False,
) -> None:
    """Record a buyer's order: from a file, from flags, or by a short dialogue.

    The same order again changes nothing. The same reference with other content is refused. In a terminal
    with nothing given, it asks for what it needs.
    """
    typed = {
        "reference": reference, "buyer": buyer, "currency": currency, "due_on": due,
        "destination": destination, "country": country, "payment": payment, "issued_on": issued,
        "line": {"product": product, "quantity": quantity, "unit_price": price, "tax_rate": tax_rate},
    }  # fmt: skip
    from flows.orders.place import place_order

    with asked.session() as session:
        order = _order_of(typed, file, session.on, stated_amounts=stated_amounts)
        placed = place_order(session.ledger, order, session.day_of(order.issued_on), draft=draft)
        step = step_after(session, placed.id)
    if placed.repeated:
        note(f"order {placed.id} is recorded already, with the same content; nothing changed")
    _show(asked, placed, step)


def _order_of(typed: dict[str, Any], file: Path | None, on: date, *, stated_amounts: bool) -> Any:
    from flows.orders.form import order_from_fields

    line = {name: value for name, value in typed.pop("line").items() if value is not None}
    given = {name: value for name, value in typed.items() if value is not None}
    if file is not None:
        if given or line:
            raise typer.BadParameter("--from FILE takes no other fields of the order")
        return read_file(file, stated_amounts=stated_amounts)
    if not given and not line:
        if not sys.stdin.isatty():
            raise typer.BadParameter("say the order: --from FILE, or its fields (see --help)")
        from cli.screen.dialogue import ask_order

        given, line = ask_order(on)
    given.setdefault("issued_on", on)
    if isinstance(given.get("buyer"), str):
        given["buyer"] = {"name": given["buyer"]}
    days = {name: value.isoformat() for name, value in given.items() if isinstance(value, date)}
    return order_from_fields({**given, **days, "lines": [line]})


@command(
    app,
    "list",
    example="""
    net order list
    net order list --state RESERVED --state FUNDED
    net order list --open --json
    net order list --buyer "Meridian" --product desk-lamp --due-before 2026-05-01
    net order list --search lamp --sort due --limit 20
    net order list --newest --limit 20
    """,
)
def list_orders(
    asked: Asked,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state", metavar="STATE", help="Only orders in this state.", autocompletion=complete_state
        ),
    ] = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="Leave out what is settled or cancelled.")
    ] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    buyer: Annotated[str, _text("--buyer", "Whose name has this in it.")] = "",
    product: Annotated[str, _text("--product", "With a line of it.")] = "",
    search: Annotated[str, _text("--search", "With this in number, buyer, product, place or note.")] = "",
    due_before: Annotated[date | None, _day("--due-before", "Due earlier than this day.")] = None,
    since: Annotated[date | None, _day("--since", "Issued on this day or later.")] = None,
    sort: Annotated[
        str,
        typer.Option(
            "--sort", metavar="BY", help="arrival, due, worth (highest first), buyer, state, order."
        ),
    ] = "arrival",
    newest: Annotated[bool, typer.Option("--newest", help="The last that came in first.")] = False,
) -> None:
    """List orders in the order they came in: buyer, worth, due day, state; search and sort them.

    Texts are found anywhere in the name, in capitals or not.
    """
    from flows.overview.agenda import SORTS, OrdersWanted

    if sort not in SORTS:
        raise typer.BadParameter(f"{sort!r} is no way to sort; there is {', '.join(SORTS)}")
    most = limit if limit or asked.json else MOST_ROWS + 1
    names = [one.value for one in _states(state or [])]
    wanted = OrdersWanted(names, open_only, buyer, product, search, due_before, since, sort, newest, most)
    found = _wanted_orders(asked, wanted)
    if not limit and not asked.json and len(found) > MOST_ROWS:
        note(f"these are the first {MOST_ROWS:,} orders; --limit shows more of them, --json all")
        found = found[:MOST_ROWS]
    rows = [
        (p.id, p.order.buyer.name, amount(p.order.gross_minor, p.order.currency), p.order.currency,
         p.order.due_on or "", p.state.value)
        for p in found
    ]  # fmt: skip
    columns = ("order", "buyer", "with tax", "", "due", "state")
    limited = bool(wanted.clauses()[0])
    answer(
        asked,
        "order-list",
        {"orders": [order_summary(placed) for placed in found]},
        lambda screen: screen.print(
            table("", columns, rows, right="with tax")
            if rows
            else "no orders like that"
            if limited
            else "no orders; net order new records one"
        ),
    )


def _wanted_orders(asked: Asked, wanted: "OrdersWanted") -> "list[Placed]":
    """As they came in, straight from the ledger; whatever is searched or sorted, by the kept agenda."""
    from flows.orders.find import find_order
    from flows.orders.find import list_orders as every
    from flows.overview.agenda import Agenda, OrdersWanted

    plain = OrdersWanted(wanted.states, wanted.open_only, limit=wanted.limit)
    with asked.session() as session:
        if wanted == plain:
            states = _states(list(wanted.states))
            return list(every(session.ledger, states, open_only=wanted.open_only, limit=wanted.limit))
        with progress("orders looked at") as advance, Agenda(session.ledger, advance) as agenda:
            return [find_order(session.ledger, order) for order in agenda.find(wanted)]


def _states(names: list[str]) -> list[Any]:
    from domain.states import OrderState

    known = {state.value for state in OrderState}
    for name in names:
        if name.upper() not in known:
            raise typer.BadParameter(f"{name!r} is no state; states are {', '.join(sorted(known))}")
    return [OrderState(name.upper()) for name in names]


@command(app, "show", example="net order show PO-2026-0017\nnet order show PO-2026-0017 --json")
def show(asked: Asked, order: OrderArgument) -> None:
    """Show one order on one page: who buys what, how far it has come, what is open, and what comes next.

    Events planned and happened, credit drawn and owed, who is owed what by when, holds that end by
    themselves, the last facts stated, refusals. net ledger trace ORDER tells its whole story with amounts.
    """
    from flows.orders.find import find_order
    from flows.overview.one_order import order_page

    with asked.session() as session:
        page = order_page(session, find_order(session.ledger, order))
    answer(asked, "order", page_document(page), lambda screen: render_page(screen, page))


@command(
    app,
    "amend",
    example="""
    net order amend PO-7 --quantity 600 --due 2026-05-30
    net order amend PO-7 --line 1 --price 99.50
    net order amend PO-2026-0017 --from examples/lamp-order.toml
    """,
)
def amend(
    asked: Asked,
    order: OrderArgument,
    file: FromOption = None,
    line: Annotated[
        str, typer.Option("--line", metavar="NUMBER", help="Which line, where there are several.")
    ] = "",
    quantity: Annotated[Text, _text("--quantity", "How many.", "NUMBER")] = None,
    price: Annotated[Text, _text("--price", "Price of one, before tax.", "AMOUNT")] = None,
    product: Annotated[Text, _text("--product", "What.")] = None,
    due: Annotated[date | None, _day("--due", "When the goods must be there.")] = None,
    destination: Annotated[Text, _text("--destination", "Where.")] = None,
    payment: Annotated[Text, _text("--payment", "When the buyer pays.", "TERMS")] = None,
    note_text: Annotated[Text, _text("--note", "Free text kept with the order.")] = None,
) -> None:
    """Change an order while nothing is committed to it. It must be planned again afterwards.

    Once slots are held, release them first; once money is drawn, the order can only be called off.
    """
    from flows.orders.find import find_order
    from flows.orders.form import amended
    from flows.orders.place import amend_order

    changes = {
        "quantity": quantity, "unit_price": price, "product": product, "destination": destination,
        "payment": payment, "due_on": due and due.isoformat(), "note": note_text,
    }  # fmt: skip
    if file is None and not any(changes.values()):
        raise typer.BadParameter("say what changes (see --help)")
    with asked.session() as session:
        known = find_order(session.ledger, order)
        changed = read_file(file) if file is not None else amended(known.order, changes, line)
        placed = amend_order(session.ledger, known.id, changed, session.day_of(known.on))
        step = step_after(session, placed.id)
    _show(asked, placed, step)


@command(app, "confirm", example="net order confirm PO-7")
def confirm(asked: Asked, order: OrderArgument) -> None:
    """Make a draft an order that can be planned."""
    from flows.orders.find import find_order
    from flows.orders.place import confirm_order

    with asked.session() as session:
        known = find_order(session.ledger, order)
        placed = confirm_order(session.ledger, known.id, session.day_of(known.on))
        step = step_after(session, placed.id)
    _show(asked, placed, step)


def _show(asked: Asked, placed: "Placed", step: "NextStep | None") -> None:
    def screen_of(screen: "Console") -> None:
        render_order(screen, placed)
        render_next(screen, step)

    answer(asked, "order", {**order_document(placed), "next": next_command(step)}, screen_of)


order_way.register(app)
order_next.register(app)
order_why.register(app)
