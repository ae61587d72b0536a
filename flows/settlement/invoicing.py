"""Invoices and credit notes of an order, from the order and what its books say was delivered and billed."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from documents.invoices.invoice import Invoice, invoice_of
from documents.invoices.parties import Number, numbers_of
from domain.accounts import Account
from domain.errors import StateError
from domain.network import Network
from domain.order import Order, Party
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from domain.terms import PaymentTerm
from finance.agreed.contract import TRADER
from finance.agreed.facts import Fact, FactKind
from finance.books.position import Position
from flows.books.order_book import read_book
from flows.books.record import position_at
from flows.orders.find import find_order
from ledger.book.reading import Reading
from ledger.store import Ledger

NOBODY = Party("")


@dataclass(frozen=True, slots=True)
class Billing:
    """What an invoice needs beyond the order: the account to pay to, the number, the seller's details.

    ``buyer_reference`` is what the buyer wants to find on it, ``contact`` whom to ask at the seller.
    """

    account: str = ""
    number: str = ""
    seller: Party = NOBODY
    buyer_reference: str = ""
    contact: str = ""


def number_of(order_id: str, place: int, *, credit: bool = False) -> str:
    """``INV-PO-7``, then ``INV-PO-7-2``; ``CN-`` for credit notes."""
    stem = f"{'CN' if credit else 'INV'}-{order_id}"
    return stem if place == 1 else f"{stem}-{place}"


def invoices(reading: Reading, network: Network, order_id: str, on: date, billing: Billing) -> list[Invoice]:
    """Every invoice and credit note that the order's books have at the end of a day.

    StateError while nothing is delivered.
    """
    placed = find_order(reading, order_id)
    position = position_at(reading, order_id, on).position
    if not position.sales.invoices:
        raise StateError(
            f"nothing of order {order_id} is invoiced by {on}",
            f"net milestone record {order_id} delivery --on DATE comes first",
        )
    order = replace(placed.order, seller=_seller(placed.order.seller, billing.seller))
    found = _bills(order, placed.id, position, billing)
    credits = [fact for fact in read_book(reading, order_id).facts if fact.kind is FactKind.CREDIT_NOTE]
    posted = _credited(position)
    for place, fact in enumerate((fact for fact in credits if fact.id in posted), start=1):
        found.append(_credit_note(order, placed.id, fact, place, found[0].number, posted[fact.id]))
    payee = _assignee(position, network)
    return [_finished(one, order, position, billing, payee) for one in found]


def _seller(known: Party, given: Party) -> Party:
    """The seller of the order, with what was given now in its place; a number goes where its scheme says."""
    country = given.country or known.country
    numbers = numbers_of(Party("", given.identifier, country), is_seller=True)
    before = numbers_of(replace(known, country=country), is_seller=True)
    return replace(
        known,
        name=given.name or known.name,
        identifier=given.identifier or known.identifier,
        country=country,
        address=given.address or known.address,
        account=given.account or known.account,
        vat_number=numbers.vat or before.vat,
        tax_number=numbers.tax or before.tax,
        register_number=_text(numbers.register) or _text(before.register),
        location_number=_text(numbers.other) or _text(before.other),
    )


def _text(number: Number) -> str:
    return f"{number.scheme}:{number.value}" if number.scheme else number.value


def _bills(order: Order, order_id: str, position: Position, billing: Billing) -> list[Invoice]:
    """One invoice for each that the books have; a part of the order is billed in proportion."""
    found: list[Invoice] = []
    for place, bill in enumerate(position.sales.invoices, start=1):
        number = billing.number if billing.number and place == 1 else number_of(order_id, place)
        made = invoice_of(order, number, bill.on, share=Fraction(bill.gross, order.gross_minor))
        prepaid = _deposits_used(position, bill.on) - sum(one.prepaid_minor for one in found)
        rounding = bill.gross - made.gross_minor
        found.append(replace(made, due_on=bill.due_on, prepaid_minor=prepaid, rounding_minor=rounding))
    return found


def _deposits_used(position: Position, on: date) -> int:
    """What of the buyer's deposits has gone into sales up to a day."""
    return sum(
        amount
        for journal in position.books.journals
        if journal.kind == "sale" and journal.on <= on
        for entity, account, amount in journal.postings
        if (entity, account) == (TRADER, Account.DEPOSIT)
    )


def _credited(position: Position) -> dict[str, int]:
    """What the books credited the buyer, gross, by the fact that said so."""
    return {
        journal.cause: sum(
            amount
            for entity, account, amount in journal.postings
            if entity == TRADER and account in (Account.SALES, Account.OUTPUT_TAX)
        )
        for journal in position.books.journals
        if journal.kind == "credit_note"
    }


def _credit_note(order: Order, order_id: str, fact: Fact, place: int, invoice: str, gross: int) -> Invoice:
    """The credit note for a quantity of the order, or for an amount; ``gross`` is what the books say."""
    total = sum((Fraction(line.quantity) for line in order.lines), Fraction(0))
    quantity = fact.number("quantity")
    share = Fraction(fact.minor("amount") or 0, order.gross_minor) if quantity is None else quantity / total
    made = invoice_of(order, number_of(order_id, place, credit=True), fact.on, share=share, credits=invoice)
    return replace(made, rounding_minor=gross - made.gross_minor)


def _assignee(position: Position, network: Network) -> Party | None:
    """The financier to whom the claim is assigned: whoever takes the order out."""
    debt = position.take_out()
    if debt is None or not debt.facility.shares:
        return None
    name = debt.facility.shares[0].lender.removeprefix("lender:")
    lender = network.lender(name)
    return Party(lender.name if lender else name, country=lender.country if lender else "")


def _finished(
    invoice: Invoice, order: Order, position: Position, billing: Billing, payee: Party | None
) -> Invoice:
    delivered = position.happened.get("delivery")
    return replace(
        invoice,
        delivered_on=delivered,
        account=billing.account or order.seller.account,
        buyer_reference=billing.buyer_reference or invoice.buyer_reference,
        contact=billing.contact,
        payee=None if invoice.credits else payee,
        terms="" if invoice.credits else "; ".join(terms_in_words(term) for term in order.payment),
    )


def terms_in_words(term: PaymentTerm) -> str:
    """``100% 60 days after invoice``."""
    percent = f"{float(term.share * 100):g}%"
    event = term.event.value.replace("_", " ")
    end = "the end of the month of " if term.month_end else ""
    return f"{percent} {term.days} days after {end}{event}" if term.days else f"{percent} on {end}{event}"


def note_written(ledger: Ledger, order_id: str, invoice: Invoice, documents: dict[str, bytes]) -> None:
    """Record the digests of the documents, once for each content, so that a changed copy is known."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(documents.items())}
    mark = hashlib.sha256("".join(digests.values()).encode()).hexdigest()[:16]
    body = {"number": invoice.number, "gross_minor": str(invoice.gross_minor), "sha256": digests}
    with ledger.write() as transaction:
        key = RecordKey.invoice_written(order_id, invoice.number, mark)
        transaction.append(Entry(RecordKind.INVOICE_WRITTEN, key, invoice.issued_on, order_id, body))
