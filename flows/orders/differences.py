"""What differs between two versions of an order, in the words that a trader uses."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.money import format_minor
from domain.order import Adjustment, Order, OrderLine, Party
from domain.terms import PaymentTerm

SILENT = ("source", "extra", "lines", "buyer", "seller", "adjustments")
"""Told by functions of their own, or no matter: where an order was read from."""
LONGEST = 80
NOTHING = "nothing"


def differences(before: Order, after: Order) -> list[str]:
    """Field by field; where the order was read from is no matter."""
    found = list(_changed("", before, after, before.currency, after.currency))
    for role in ("buyer", "seller"):
        found += _party(role, getattr(before, role), getattr(after, role))
    if before.adjustments != after.adjustments:
        was, now = (_adjustments(order.adjustments, order.currency) for order in (before, after))
        found.append(f"allowances and charges: {was}, now {now}")
    for old, new in zip(before.lines, after.lines, strict=False):
        found += _changed(f"line {old.number} ", old, new, before.currency, after.currency)
    if len(before.lines) != len(after.lines):
        found.append(f"lines: {len(before.lines)}, now {len(after.lines)}")
    return found


def _changed(
    prefix: str, old: Order | OrderLine, new: Order | OrderLine, old_currency: str, new_currency: str
) -> Iterator[str]:
    for name in type(old).__dataclass_fields__:
        was, now = getattr(old, name), getattr(new, name)
        if name in SILENT or was == now:
            continue
        words = name.removesuffix("_minor").replace("_", " ")
        yield f"{prefix}{words}: {_told(name, was, old_currency)}, now {_told(name, now, new_currency)}"


def _party(role: str, old: Party, new: Party) -> Iterator[str]:
    for name in Party.__dataclass_fields__:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            words = role if name == "name" else f"{role}'s {name}"
            yield f"{words}: {_cut(was)}, now {_cut(now)}"


def _told(name: str, value: Any, currency: str) -> str:
    if name.endswith("_minor"):
        return f"{format_minor(value, currency)} {currency}"
    if name == "tax_rate":
        return percent(value)
    if isinstance(value, tuple):
        return _cut(", ".join(terms_short(term) for term in value))
    if isinstance(value, date | Decimal):
        return str(value)
    return _cut(str(value) if value is not None else "")


def _cut(text: str) -> str:
    if not text:
        return NOTHING
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _adjustments(some: tuple[Adjustment, ...], currency: str) -> str:
    told = (
        f"{one.reason or 'without a reason'} {format_minor(one.amount_minor, currency)} {currency}"
        f" at {percent(one.tax_rate)} tax"
        for one in some
    )
    return _cut("; ".join(told))


def percent(rate: Fraction) -> str:
    """``13%``; a rate that is no plain percentage as its fraction."""
    hundredfold = rate * 100
    if hundredfold.denominator == 1:
        return f"{hundredfold.numerator}%"
    exact = Decimal(hundredfold.numerator) / Decimal(hundredfold.denominator)
    return f"{exact:f}%" if Fraction(exact) == hundredfold else str(rate)


def terms_short(term: PaymentTerm) -> str:
    """``30% invoice+60``, as the flag ``--payment`` reads it."""
    days = f"+{term.days}" if term.days else ""
    return f"{percent(term.share)} {term.event.value}{days}{' month end' if term.month_end else ''}"
