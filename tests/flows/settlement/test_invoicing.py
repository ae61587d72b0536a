"""Invoices of a real order's books: what was delivered, to whom the claim is assigned, what was credited."""

from datetime import date

import pytest

from documents.invoices.ubl import ubl_invoice
from domain.errors import StateError
from domain.order import Order, Party
from finance.agreed.facts import FactKind
from flows.books.advance import advance
from flows.books.record import record_fact
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.orders.statement import Statement
from flows.settlement.invoicing import Billing, invoices, note_written

DELIVERED = date(2026, 4, 20)


def run_to(session: Session, order: Order, day: date) -> str:
    placed = run_order(session, order).placed
    advance(session.ledger, placed.id, day, as_planned=True)
    return placed.id


def test_invoice_follows_the_delivery_and_names_the_factor(session: Session, lamp_order: Order) -> None:
    """The worked example: 1,130,000.00 by 22 June, assigned to the factor."""
    order = run_to(session, lamp_order, date(2026, 4, 25))
    (one,) = invoices(session.ledger, session.network, order, date(2026, 4, 25), Billing("CN12"))
    assert (one.number, one.issued_on, one.due_on) == (f"INV-{order}", DELIVERED, date(2026, 6, 22))
    assert (one.net_minor, one.tax_minor, one.payable_minor) == (100_000_000, 13_000_000, 113_000_000)
    assert one.payee is not None
    assert one.payee.name == session.network.lender("pearl").name  # type: ignore[union-attr]
    assert (one.account, one.terms, one.delivered_on) == ("CN12", "100% 60 days after invoice", DELIVERED)


def test_nothing_is_invoiced_before_delivery(session: Session, lamp_order: Order) -> None:
    order = run_to(session, lamp_order, date(2026, 4, 10))
    with pytest.raises(StateError, match="nothing of order"):
        invoices(session.ledger, session.network, order, date(2026, 4, 10), Billing())


def test_partial_deliveries_are_invoiced_in_parts_that_sum_to_the_order(
    session: Session, lamp_order: Order
) -> None:
    """A third, another third and the rest of 10,000 lamps, each to the cent of the books."""
    order = run_to(session, lamp_order, date(2026, 4, 19))
    days = (date(2026, 4, 20), date(2026, 4, 27), date(2026, 5, 4))
    for day, quantity in zip(days, ("3333", "3333", "3334"), strict=True):
        delivered = {"name": "delivery", "quantity": quantity}
        record_fact(session.ledger, order, FactKind.MILESTONE, Statement(day, "carrier"), delivered)
    found = invoices(session.ledger, session.network, order, days[-1], Billing())
    assert [one.number for one in found] == [f"INV-{order}", f"INV-{order}-2", f"INV-{order}-3"]
    assert [one.issued_on for one in found] == list(days)
    assert [one.lines[0].quantity for one in found] == [3333, 3333, 3334]
    assert sum(one.payable_minor for one in found) == 113_000_000


def test_deposit_is_taken_off_the_invoice(session: Session, lamp_order: Order) -> None:
    order = run_to(session, lamp_order, date(2026, 4, 10))
    record_fact(
        session.ledger, order, FactKind.RECEIPT, Statement(date(2026, 4, 11), "bank"), {"amount": "5000000"}
    )
    advance(session.ledger, order, date(2026, 4, 20), as_planned=True)
    (one,) = invoices(session.ledger, session.network, order, date(2026, 4, 20), Billing())
    assert (one.prepaid_minor, one.payable_minor) == (5_000_000, 108_000_000)


def test_credit_note_follows_the_credited_quantity(session: Session, lamp_order: Order) -> None:
    order = run_to(session, lamp_order, date(2026, 6, 21))
    record_fact(
        session.ledger, order, FactKind.DISPUTE, Statement(date(2026, 6, 22), "buyer"), {"quantity": "800"}
    )
    record_fact(
        session.ledger,
        order,
        FactKind.CREDIT_NOTE,
        Statement(date(2026, 7, 15), "trader"),
        {"quantity": "500"},
    )
    _, note = invoices(session.ledger, session.network, order, date(2026, 7, 15), Billing())
    assert (note.number, note.credits) == (f"CN-{order}", f"INV-{order}")
    assert (note.net_minor, note.tax_minor, note.payee) == (5_000_000, 650_000, None)


def test_given_seller_fills_what_the_order_leaves_open(session: Session, lamp_order: Order) -> None:
    order = run_to(session, lamp_order, date(2026, 4, 25))
    billing = Billing(number="2026-001", seller=Party("", "CN91310000", "", "Bund 1"))
    (one,) = invoices(session.ledger, session.network, order, date(2026, 4, 25), billing)
    assert (one.number, one.seller.name, one.seller.identifier) == (
        "2026-001",
        "Lantern Trading",
        "CN91310000",
    )
    assert (one.seller.country, one.seller.address) == ("CN", "Bund 1")


def test_digest_of_each_document_is_kept_once(session: Session, lamp_order: Order) -> None:
    order = run_to(session, lamp_order, date(2026, 4, 25))
    (one,) = invoices(session.ledger, session.network, order, date(2026, 4, 25), Billing())
    for _ in range(2):
        note_written(session.ledger, order, one, {"invoice.xml": ubl_invoice(one)})
    records = list(session.ledger.records(order=order, kind="invoice-written"))
    assert len(records) == 1
    assert len(records[0].body["sha256"]["invoice.xml"]) == 64
