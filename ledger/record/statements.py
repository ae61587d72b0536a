"""The texts of questions that depend on what is asked: filters of records, balances now and at a date.

Each function gives a statement, or clauses of one, with its parameters; names in them are never a user's.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any


def clauses_of(wanted: Mapping[str, Any], joined: str) -> tuple[str, list[Any]]:
    """Clauses for what is not None; keys are a column and its comparison, never user's text."""
    given = {name: value for name, value in wanted.items() if value is not None}
    if not given:
        return "", []
    return f"{joined} " + " AND ".join(f"{name} ?" for name in given), list(given.values())


def record_filter(
    order: str | None, kind: str | None, since: date | None, until: date | None
) -> tuple[str, list[Any]]:
    clauses, parameters = clauses_of(
        {
            "order_reference =": order,
            # one order has few records, one kind may have most of them: never look a kind up within an order
            ("kind =" if order is None else "kind || '' ="): kind,
            "trade_date >=": since and since.isoformat(),
            "trade_date <=": until and until.isoformat(),
        },
        joined=" AND",
    )
    return clauses, parameters


def total_statement(wanted: Mapping[str, Any], on: date | None, table: str) -> tuple[str, list[Any]]:
    where, parameters = clauses_of(
        {
            **{f"{name} =": value for name, value in wanted.items()},
            "trade_date <=": on and on.isoformat(),
        },
        joined="WHERE",
    )
    return (
        f"SELECT entity, account, currency, SUM(amount_minor) FROM {table} {where}"  # noqa: S608
        " GROUP BY entity, account, currency ORDER BY entity, account, currency",
        parameters,
    )


def order_statement(wanted: Mapping[str, Any], order: str) -> tuple[str, list[Any]]:
    where, parameters = clauses_of(
        {"order_reference =": order, **{f"{name} =": value for name, value in wanted.items()}},
        joined="WHERE",
    )
    return (
        f"SELECT entity, account, currency, amount_minor FROM balance {where}"  # noqa: S608
        " ORDER BY entity, account, currency",
        parameters,
    )


def order_at_date_statement(wanted: Mapping[str, Any], order: str, on: date) -> tuple[str, list[Any]]:
    where, parameters = clauses_of(
        {
            "record.order_reference =": order,
            "record.trade_date <=": on.isoformat(),
            **{f"leg.{name} =": value for name, value in wanted.items()},
        },
        joined="WHERE",
    )
    return (
        "SELECT leg.entity, leg.account, leg.currency, SUM(leg.amount_minor)"  # noqa: S608
        f" FROM record JOIN leg ON leg.sequence = record.sequence {where}"
        " GROUP BY leg.entity, leg.account, leg.currency ORDER BY leg.entity, leg.account, leg.currency",
        parameters,
    )
