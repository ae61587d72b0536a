"""One order: its fields for programs, its lines and terms for a person."""

from typing import TYPE_CHECKING, Any

from cli.pages.next_page import render_next, steps_document
from cli.screen.output import amount, table
from domain.money import format_minor
from domain.rates import share

if TYPE_CHECKING:
    from rich.console import Console

    from flows.orders.find import Placed
    from flows.overview.one_order import OrderPage, Reached


def order_summary(placed: "Placed") -> dict[str, Any]:
    order = placed.order
    return {
        "order": placed.id,
        "state": placed.state.value,
        "buyer": order.buyer.name,
        "currency": order.currency,
        "net": format_minor(order.net_minor, order.currency),
        "tax": format_minor(order.tax_minor, order.currency),
        "gross": format_minor(order.gross_minor, order.currency),
        "issued_on": order.issued_on,
        "due_on": order.due_on,
    }


def order_document(placed: "Placed") -> dict[str, Any]:
    """The order for programs, in the fields of an order file."""
    from flows.orders.form import fields_of

    fields = fields_of(placed.order)
    return {
        **order_summary(placed),
        "revision": placed.revision,
        "recorded_on": placed.on,
        **{name: fields[name] for name in ("reference", "destination", "country", "note")},
        "buyer": fields["buyer"],
        "seller": fields["seller"],
        "lines": fields["lines"],
        "payment": fields["payment"],
        "adjustments": fields["adjustments"],
    }


def render_order(screen: "Console", placed: "Placed") -> None:
    order = placed.order
    screen.print(f"{placed.id}  {placed.state.value}", style="bold")
    where = f" to {order.destination}" if order.destination else ""
    due = f", due {order.due_on}{where}" if order.due_on else where
    screen.print(f"{order.buyer.name} buys, ordered {order.issued_on}{due}")
    for told in _terms(placed):
        screen.print(told)
    rows = [
        (
            l.number,
            l.product,
            f"{l.quantity:,}",
            l.unit,
            f"{l.unit_price:,}",
            amount(l.net_minor, order.currency),
        )
        for l in order.lines  # noqa: E741
    ]
    rows += [
        ("", each.reason, "", "", "", amount(each.amount_minor, order.currency)) for each in order.adjustments
    ]
    rows.append(("", "tax", "", "", "", amount(order.tax_minor, order.currency)))
    rows.append(("", "with tax", "", "", "", amount(order.gross_minor, order.currency)))
    columns = ("line", "product", "quantity", "unit", "price", order.currency)
    screen.print(table("", columns, rows, right=f"quantity, price, {order.currency}"))


def _terms(placed: "Placed") -> list[str]:
    told = []
    for term in placed.order.payment:
        percent = share(term.share * 100)
        days = f" {term.days} days after" if term.days else " on"
        end = " the end of the month of" if term.month_end else ""
        told.append(f"buyer pays {percent}%{days}{end} {term.event.value.replace('_', ' ')}")
    return told


def page_document(page: "OrderPage") -> dict[str, Any]:
    """The order and how it stands; ``next`` is the command to come, ``steps`` all that follow."""
    from cli.pages.way import standing_document

    return {
        **order_document(page.placed),
        "on": page.on,
        "withdrawn": list(page.withdrawn),
        "events": [
            {"event": one.event, "planned": one.planned, "happened": one.happened} for one in page.way
        ],
        "standing": standing_document(page.standing),
        "held": [
            {"resource": slot.resource, "period": slot.period, "until": slot.until} for slot in page.held
        ],
        "refusals": [{"on": one.on, "reason": one.reason, "way_out": one.way_out} for one in page.refused],
        "next": page.steps[0].command if page.steps else None,
        "steps": steps_document(page.steps),
    }


def render_page(screen: "Console", page: "OrderPage") -> None:
    render_order(screen, page.placed)
    if page.way:
        rows = [
            (
                one.event.replace("_", " "),
                one.planned,
                one.happened or "",
                _lateness(one),
            )
            for one in page.way
        ]
        screen.print(table("The way", ("event", "planned", "happened", "late"), rows, right="late"))
    _render_money(screen, page)
    if page.held:
        held = [(slot.resource, slot.period, f"{slot.until:%Y-%m-%d %H:%M}") for slot in page.held]
        screen.print(table("Held, not booked yet", ("slot", "day", "until (UTC)"), held))
    _render_facts(screen, page)
    if page.refused:
        last = page.refused[-1]
        screen.print(f"refused on {last.on}: {last.reason}")
        screen.print(f"what would change it: {last.way_out}")
    for line in page.withdrawn:
        screen.print(f"note: {line}")
    render_next(screen, page.steps[0] if page.steps else None)


def _lateness(one: "Reached") -> str:
    late = (one.happened - one.planned).days if one.happened else 0
    return f"{late} days" if late > 0 else ""


def _render_money(screen: "Console", page: "OrderPage") -> None:
    from cli.pages.way import owed_table
    from cli.screen.position_page import render_facilities

    if page.position is not None and page.position.debts:
        render_facilities(screen, page.position)
    if page.standing is not None:
        if page.standing.owed:
            screen.print(owed_table(page.standing))
        held = f"{amount(page.standing.cash_minor, page.standing.currency)} {page.standing.currency}"
        screen.print(f"in the order's account on {page.on}: {held}")


def _render_facts(screen: "Console", page: "OrderPage") -> None:
    rows = [
        (
            fact.on,
            (fact.text("name") or fact.kind.value).replace("_", " "),
            fact.text("booking") or fact.text("payee") or fact.text("facility"),
            "assumed" if fact.assumed else fact.by,
        )
        for fact in page.facts
    ]
    if rows:
        screen.print(table("Last stated", ("on", "what", "of", "by"), rows))
