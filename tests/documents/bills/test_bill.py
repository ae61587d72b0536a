"""Bills of providers read from both syntaxes, and what cannot be read refused by name."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from documents.bills.bill import bill_of
from documents.bills.syntaxes import paper_of
from documents.invoices.formats import XML_FORMS
from documents.invoices.invoice import invoice_of
from domain.errors import InputDefectsError
from domain.order import Order, OrderLine, Party

LINE = OrderLine("1", "lamp", Decimal(10), Decimal("10.00"), 10_000, tax_rate=Fraction(19, 100))
SELLER = Party("Works", "DE123456789", "DE", "Am Markt 1, 10115 Berlin")
ORDER = Order("PO-1", date(2026, 3, 2), Party("Trader", "", "FR"), SELLER, "EUR", (LINE,))


@pytest.mark.parametrize("form", sorted(XML_FORMS))
@pytest.mark.parametrize("credits", ["", "INV-1"])
def test_a_bill_says_the_same_in_every_form(form: str, credits: str) -> None:
    invoice = invoice_of(ORDER, "B-1", date(2026, 4, 20), credits=credits)
    written = XML_FORMS[form].write(replace(invoice, account="DE89 3704 0044 0532 0130 00"))
    bill = bill_of(paper_of(written, "bill.xml"), "bill.xml")
    assert (bill.number, bill.is_credit_note, bill.seller, bill.buyer) == (
        "B-1",
        bool(credits),
        "Works",
        "Trader",
    )
    assert (bill.order, bill.currency, bill.account) == ("PO-1", "EUR", "DE89370400440532013000")
    assert (bill.net_minor, bill.tax_minor, bill.gross_minor) == (10_000, 1_900, 11_900)
    assert (bill.quantity, bill.lines[0].what, bill.lines[0].unit) == (10, "lamp", "EA")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"<cbc:DocumentCurrencyCode>EUR", b"<cbc:DocumentCurrencyCode>EURO", "no currency"),
        (
            b'TaxExclusiveAmount currencyID="EUR">100.00',
            b'TaxExclusiveAmount currencyID="EUR">1e2',
            "no amount",
        ),
        (
            b'TaxInclusiveAmount currencyID="EUR">119.00',
            b'TaxInclusiveAmount currencyID="EUR">119.001',
            "finer",
        ),
        (b"LegalMonetaryTotal", b"Totals", "no totals"),
    ],
)
def test_what_cannot_be_read_is_refused(old: bytes, new: bytes, told: str) -> None:
    written = XML_FORMS["ubl"].write(invoice_of(ORDER, "B-1", date(2026, 4, 20)))
    assert old in written
    with pytest.raises(InputDefectsError, match=told):
        bill_of(paper_of(written.replace(old, new), "bill.xml"), "bill.xml")


def test_another_document_is_no_invoice() -> None:
    with pytest.raises(InputDefectsError, match="not an invoice"):
        paper_of(b"<Order xmlns='urn:x'/>", "order.xml")
