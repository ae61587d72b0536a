"""An order from what a person typed: flags or the answers of a dialogue, read like any other document."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from documents.files.findings import Findings
from documents.maps.csv import payment_of
from documents.orders.assemble import order_of
from domain.errors import InputDefectsError
from domain.order import Order
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
    if order is None:
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
    from domain.money import format_minor

    def money(minor: int) -> str:
        return format_minor(minor, order.currency)

    plain = to_plain(order)
    lines = [
        {
            "number": line.number,
            "product": line.product,
            "quantity": str(line.quantity),
            "unit": line.unit,
            "unit_price": str(line.unit_price),
            "net": money(line.net_minor),
            "adjustment": money(line.adjustment_minor),
            "description": line.description,
            "tax_rate": share(line.tax_rate),
            "tax_category": line.tax_category,
            "weight_kg": None if line.weight_kg is None else str(line.weight_kg),
            "due_on": plain_date(line.due_on),
            "destination": line.destination,
        }
        for line in order.lines
    ]
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
        "lines": [_without_empty(line) for line in lines],
        "payment": [
            {**term, "share": share(each.share)}
            for term, each in zip(plain["payment"], order.payment, strict=True)
        ],
        "adjustments": [
            {
                "reason": each.reason,
                "amount": money(each.amount_minor),
                "tax_rate": share(each.tax_rate),
                "tax_category": each.tax_category,
            }
            for each in order.adjustments
        ],
    }


def _without_empty(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if value not in (None, "")}


def plain_date(day: Any) -> str | None:
    return day.isoformat() if day else None
