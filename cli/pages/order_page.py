"""One order: its fields for programs, its lines and terms for a person."""

from typing import TYPE_CHECKING, Any

from cli.screen.output import amount, table
from domain.money import format_minor
from domain.rates import share

if TYPE_CHECKING:
    from rich.console import Console

    from flows.orders.find import Placed


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
