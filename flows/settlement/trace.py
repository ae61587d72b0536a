"""One order's life as the ledger tells it: what happened, who said so, and where the money went."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from domain.accounts import Account
from domain.errors import NotFoundError
from domain.money import format_minor
from domain.slots import CREDIT_PERIOD
from finance.books.chart import account_name
from flows.orders.find import currency_of_order
from ledger.record import kinds
from ledger.record.records import Record
from ledger.store import Ledger

LOOP = "trader"


@dataclass(frozen=True, slots=True)
class Movement:
    """Cash of one entity, in minor units; for the trader it is the order's closed loop."""

    entity: str
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One record of an order. ``loop_minor`` is what the closed loop holds after it, per currency."""

    sequence: int
    on: date
    what: str
    state: str | None
    stated_by: str
    cash: tuple[Movement, ...] = ()
    loop_minor: Mapping[str, int] = field(default_factory=dict)
    postings: tuple[tuple[str, str, str, int], ...] = ()


def trace(ledger: Ledger, order: str) -> list[TraceEntry]:
    """Every step of ``order`` in the order written; ``NotFoundError`` when the ledger does not know it."""
    steps = list(_steps(ledger.records(order=order), currency_of_order(ledger, order)))
    if not steps:
        raise NotFoundError(f"there is no order {order!r} in the ledger", "net order list shows them")
    return steps


def _steps(records: Iterator[Record], currency: str) -> Iterator[TraceEntry]:
    loop: dict[str, int] = defaultdict(int)
    lines: dict[str, str] = {}
    for record in records:
        moved: dict[tuple[str, str], int] = defaultdict(int)
        for leg in record.legs:
            if leg.account == Account.CASH:
                moved[leg.entity, leg.currency] += leg.amount_minor
                if leg.entity == LOOP:
                    loop[leg.currency] += leg.amount_minor
        fact = record.body.get("fact")
        given = fact if isinstance(fact, Mapping) else {}
        yield TraceEntry(
            record.sequence,
            record.on,
            _what(record, given, lines, currency),
            record.body.get("state") if isinstance(record.body.get("state"), str) else None,
            f"{given.get('by', '')}{' (assumed)' if given.get('assumed') else ''}",
            tuple(Movement(*place, amount) for place, amount in moved.items() if amount),
            dict(loop) if any(entity == LOOP for entity, _ in moved) else {},
            tuple(
                (leg.entity, f"{leg.account} {account_name(leg.account)}", leg.currency, leg.amount_minor)
                for leg in record.legs
            ),
        )


def _what(record: Record, fact: Mapping[str, Any], lines: dict[str, str], currency: str) -> str:
    """The record in words; ``lines`` remembers what each hold is of."""
    if record.kind.startswith("capacity."):
        return _capacity(record, lines, currency)
    if record.kind.startswith("claim."):
        return f"finance claim {record.kind.removeprefix('claim.')}"
    if record.kind.startswith("call."):
        return f"call {record.kind.removeprefix('call.')}: {record.body.get('operation', '')}"
    words = record.kind.replace(".", " ").replace("-", " ").replace("_", " ")
    data = fact.get("data")
    if not isinstance(data, Mapping):
        return words
    details = [
        _detail(data[name]) for name in ("name", "facility", "payee", "booking", "from") if name in data
    ]
    return f"{words}: {', '.join(details)}" if details else words


def _detail(value: Any) -> str:
    return str(value).replace("_", " ")


def _capacity(record: Record, lines: dict[str, str], currency: str) -> str:
    name = record.body.get("hold", "")
    if record.kind == kinds.CAPACITY_HELD:
        lines[name] = _lines(record.body["lines"], currency)
    return f"{record.kind.removeprefix('capacity.')} {lines.get(name, name)}"


def _lines(rows: list[list[str]], currency: str) -> str:
    """Lines of a hold by resource: the days they span and the quantity in all; of credit, the amount."""
    by_resource: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for resource, period, quantity in rows:
        by_resource[resource].append((period, int(quantity)))
    return "; ".join(
        f"{resource} {_span([period for period, _ in found])}: {_sum_of(found, currency)}"
        for resource, found in by_resource.items()
    )


def _sum_of(found: list[tuple[str, int]], currency: str) -> str:
    total = sum(quantity for _, quantity in found)
    if currency and found[0][0] == CREDIT_PERIOD:
        return f"{format_minor(total, currency, grouped=True)} {currency}"
    return f"{total:,}"


def _span(periods: list[str]) -> str:
    return periods[0] if len(periods) == 1 else f"{min(periods)} to {max(periods)}"
