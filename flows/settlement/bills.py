"""Bills of providers against what was booked, what was delivered and the price: told, never paid."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from documents.bills.bill import Bill
from domain.errors import NotFoundError
from domain.iban import iban_fault
from domain.money import format_minor
from finance.agreed.contract import Booking
from finance.books.position import Position
from flows.books.record import position_at
from flows.orders.find import find_order
from ledger.book.reading import Reading


@dataclass(frozen=True, slots=True)
class BillDifference:
    """Where a bill says something else than what was agreed or happened."""

    what: str
    billed: str
    agreed: str


def differences(reading: Reading, order: str, booking: str, bill: Bill, on: date) -> list[BillDifference]:
    """What differs at the end of a day; empty when the bill may be paid as it is.

    NotFoundError for an order or a booking that does not exist.
    """
    placed = find_order(reading, order)
    position = position_at(reading, placed.id, on).position
    account = position.accounts.get(booking)
    if account is None:
        known = ", ".join(sorted(position.accounts))
        raise NotFoundError(f"order {placed.id} has no booking {booking}", f"its bookings: {known}")
    agreed = account.booking
    currency = agreed.currency or position.contract.currency
    found = [*_parties(bill, agreed, placed.order.reference), *_amounts(bill, agreed, currency)]
    found += _delivered(bill, agreed, position)
    if agreed.goods:
        found += _quantities(bill, sum((line.quantity for line in placed.order.lines), Decimal(0)))
    return found


def _parties(bill: Bill, agreed: Booking, order: str) -> Iterator[BillDifference]:
    names = {_folded(name) for name in (agreed.name, agreed.id, agreed.entity.partition(":")[2]) if name}
    if _folded(bill.seller) not in names:
        yield BillDifference("provider", bill.seller, agreed.name or agreed.id)
    if bill.order and _folded(bill.order) != _folded(order):
        yield BillDifference("order", bill.order, order)
    if fault := iban_fault(bill.account):
        yield BillDifference("account", fault, "")


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _amounts(bill: Bill, agreed: Booking, currency: str) -> Iterator[BillDifference]:
    """Price and tax; a credit note is shown beside what was agreed."""
    if bill.currency != currency:
        yield BillDifference("currency", bill.currency, currency)
        return
    if bill.is_credit_note:
        credited = format_minor(bill.gross_minor, currency, grouped=True)
        yield BillDifference("credit note", credited, "a claim: net payment damages records it")
        return
    for what, billed, price in (
        ("net", bill.net_minor, agreed.net_minor),
        ("tax", bill.tax_minor, agreed.tax_minor),
        ("gross", bill.gross_minor, agreed.gross_minor),
    ):
        if billed != price:
            told = [format_minor(minor, currency, grouped=True) for minor in (billed, price)]
            yield BillDifference(what, *told)


def _delivered(bill: Bill, agreed: Booking, position: Position) -> Iterator[BillDifference]:
    if not bill.is_credit_note and position.event_on(agreed.bill_on, agreed) is None:
        yield BillDifference(
            "service", "billed", f"{agreed.bill_on.value.replace('_', ' ')} has not happened"
        )


def _quantities(bill: Bill, ordered: Decimal) -> Iterator[BillDifference]:
    if bill.quantity != ordered and not bill.is_credit_note:
        yield BillDifference("quantity", f"{bill.quantity.normalize():f}", f"{ordered.normalize():f}")
