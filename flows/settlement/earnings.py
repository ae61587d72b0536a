"""Who earned what, of one order or of many."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from domain.errors import NotFoundError
from domain.record_kinds import RecordKind
from finance.agreed.contract import TRADER
from finance.reports.attribution import Attribution, Part, attribute, combined
from flows.books.acceptance import acceptance
from flows.books.order_book import read_book
from flows.books.record import fold_at
from ledger.book.reading import Reading


@dataclass(frozen=True, slots=True)
class ProfitReport:
    """Orders of one currency together; ``parts`` sum to ``net_minor``."""

    currency: str
    orders: tuple[Attribution, ...]
    parts: tuple[Part, ...]
    net_minor: int


def profit_of(reading: Reading, order: str, on: date) -> Attribution:
    """Who earned what of one order, up to and including a day."""
    folded = fold_at(read_book(reading, order), on)
    return attribute(folded.position, on)


def profits(reading: Reading, on: date, orders: Sequence[str] = ()) -> list[ProfitReport]:
    """One report per currency over the orders named, or over every financed order."""
    by_currency: dict[str, list[Attribution]] = {}
    for order in orders or list(financed_orders(reading)):
        found = profit_of(reading, order, on)
        by_currency.setdefault(found.currency, []).append(found)
    if not by_currency:
        raise NotFoundError("no order is financed yet", "net order run FILE takes one the whole way")
    return [
        ProfitReport(
            currency,
            tuple(found),
            tuple(combined(found)),
            sum(one.net_minor for one in found),
        )
        for currency, found in sorted(by_currency.items())
    ]


def financed_orders(reading: Reading) -> Iterator[str]:
    """Every order whose finance was accepted, in the order in which it was."""
    for record in reading.records(kind=RecordKind.FINANCE_ACCEPTED):
        newest = acceptance(reading, record.order) if record.order else None
        if record.order and newest is not None and newest.sequence == record.sequence:
            yield record.order


def by_month(reading: Reading, on: date, reports: Sequence[ProfitReport]) -> dict[str, dict[str, int]]:
    """The trader's profit by currency and month in which an order's last fact fell; settled orders alone."""
    found: dict[str, dict[str, int]] = {}
    for report in reports:
        months: dict[str, int] = {}
        for one in report.orders:
            if one.settled:
                book = read_book(reading, one.order)
                last = max((fact.on for fact in book.facts if fact.on <= on), default=on)
                profit = sum(part.amount_minor for part in one.parts if part.party == TRADER)
                month = last.strftime("%Y-%m")
                months[month] = months.get(month, 0) + profit
        found[report.currency] = dict(sorted(months.items()))
    return found
