"""An order from what a person typed: flags or the answers of a dialogue, read like any other document."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from documents.files.findings import Findings
from documents.maps.csv import payment_of
from documents.orders.assemble import order_of
from domain.errors import InputDefectsError
from domain.money import format_minor
from domain.order import Adjustment, Order, OrderLine
from domain.plain import to_plain
from domain.rates import share

TYPED = "command line"


def order_from_fields(fields: Mapping[str, Any]) -> Order:
    """The order that these fields say, or every defect at once.

    ``payment`` may be a text such as ``30% order, 70% invoice+30``.
    """
    findings = Findings(TYPED)
    document = {name: value for name, value in fields.items() if value not in (None, "", {}, [])}
    if isinstance(document.get("payment"), str):
        document["payment"] = payment_of(document["payment"], findings)
    order = order_of(document, findings, TYPED)
    if order is None or findings.defects:
        raise InputDefectsError(findings.defects, "give what is missing; nothing was written")
    return replace(order, source="")


def amended(order: Order, changes: Mapping[str, Any], line: str = "") -> Order:
    """The order with some fields changed; ``product``, ``quantity`` and ``unit_price`` are those of a line.

    ``line`` names the line by its number; it may be left out where the order has one line only.
    """
    document = fields_of(order)
    for name, value in changes.items():
        if value is None:
            continue
        if name in ("product", "quantity", "unit_price", "tax_rate"):
            _line_of(document, line)[name] = value
            _line_of(document, line).pop("net", None)
        else:
            document[name] = value
    return replace(order_from_fields(document), extra=order.extra, source=order.source)


def _line_of(document: Mapping[str, Any], number: str) -> dict[str, Any]:
    lines: list[dict[str, Any]] = document["lines"]
    if not number and len(lines) == 1:
        return lines[0]
    for each in lines:
        if each["number"] == number:
            return each
    known = ", ".join(each["number"] for each in lines)
    findings = Findings(TYPED)
    findings.add("line", f"{number or 'none'} is no line of the order", f"name one of: {known}")
    raise InputDefectsError(findings.defects)


def fields_of(order: Order) -> dict[str, Any]:
    """The order in the fields of an order file (``docs/reference/order-files.md``)."""
    plain = to_plain(order)
    terms = zip(plain["payment"], order.payment, strict=True)
    return {
        "reference": order.reference,
        "issued_on": order.issued_on.isoformat(),
        "currency": order.currency,
        "due_on": plain_date(order.due_on),
        "destination": order.destination,
        "country": order.country,
        "note": order.note,
        "buyer": _without_empty(plain["buyer"]),
        "seller": _without_empty(plain["seller"]),
        "lines": [_without_empty(_line_fields(line, order.currency)) for line in order.lines],
        "payment": [{**term, "share": share(each.share)} for term, each in terms],
        "adjustments": [_adjustment_fields(each, order.currency) for each in order.adjustments],
    }


def _line_fields(line: OrderLine, currency: str) -> dict[str, Any]:
    return {
        "number": line.number,
        "product": line.product,
        "quantity": str(line.quantity),
        "unit": line.unit,
        "unit_price": str(line.unit_price),
        "net": format_minor(line.net_minor, currency),
        "adjustment": format_minor(line.adjustment_minor, currency),
        "description": line.description,
        "tax_rate": share(line.tax_rate),
        "tax_category": line.tax_category,
        "weight_kg": None if line.weight_kg is None else str(line.weight_kg),
        "due_on": plain_date(line.due_on),
        "destination": line.destination,
    }


def _adjustment_fields(adjustment: Adjustment, currency: str) -> dict[str, Any]:
    return {
        "reason": adjustment.reason,
        "amount": format_minor(adjustment.amount_minor, currency),
        "tax_rate": share(adjustment.tax_rate),
        "tax_category": adjustment.tax_category,
    }


def _without_empty(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if value not in (None, "")}


def plain_date(day: Any) -> str | None:
    return day.isoformat() if day else None
