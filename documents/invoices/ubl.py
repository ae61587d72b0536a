"""Writes an invoice as UBL 2.1 XML in the syntax of EN 16931 (CEN/TS 16931-3-2).

Elements stand in the order of the OASIS schemas UBL-Invoice-2.1 and UBL-CreditNote-2.1. Tests validate
the result against those schemas and the official EN 16931 rules.
"""

import re
from decimal import Decimal
from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from documents.invoices.invoice import EXEMPTIONS, Invoice, TaxShare, category_of
from documents.invoices.units import unit_code
from documents.ubl.elements import AGGREGATE, BASIC, document_namespace
from domain.money import exponent_of, format_minor
from domain.order import Adjustment, OrderLine, Party

CUSTOMIZATION = "urn:cen.eu:en16931:2017"
INVOICE_CODE, CREDIT_NOTE_CODE = "380", "381"
CREDIT_TRANSFER, NO_INSTRUMENT = "30", "1"
_VAT_NUMBER = re.compile(r"[A-Z]{2}[0-9A-Z]{2,20}")


def ubl_invoice(invoice: Invoice) -> bytes:
    """The document as UTF-8 XML."""
    return _Writing(invoice).document()


class _Writing:
    def __init__(self, invoice: Invoice) -> None:
        self.invoice = invoice
        self.credit = bool(invoice.credits)
        self.kind = "CreditNote" if self.credit else "Invoice"
        self.root = Element(f"{{{document_namespace(self.kind)}}}{self.kind}")

    def document(self) -> bytes:
        self.head()
        self.references()
        self.party("AccountingSupplierParty", self.invoice.seller, is_seller=True)
        self.party("AccountingCustomerParty", self.invoice.buyer)
        self.payee()
        self.delivery()
        self.payment()
        for item in self.invoice.adjustments:
            self.adjustment(self.root, item)
        self.taxes()
        self.totals()
        for line in self.invoice.lines:
            self.line(line)
        ElementTree.register_namespace("", document_namespace(self.kind))
        ElementTree.register_namespace("cac", AGGREGATE)
        ElementTree.register_namespace("cbc", BASIC)
        ElementTree.indent(self.root)
        written: bytes = ElementTree.tostring(self.root, encoding="utf-8", xml_declaration=True)
        return written + b"\n"

    def text(self, parent: Element, name: str, value: object, **attributes: str) -> None:
        """A basic element; none where there is nothing to say."""
        if value not in ("", None):
            SubElement(parent, f"{{{BASIC}}}{name}", attributes).text = str(value)

    def part(self, parent: Element, *names: str) -> Element:
        for name in names:
            parent = SubElement(parent, f"{{{AGGREGATE}}}{name}")
        return parent

    def money(self, parent: Element, name: str, amount_minor: int) -> None:
        currency = self.invoice.currency
        self.text(parent, name, format_minor(amount_minor, currency), currencyID=currency)

    def head(self) -> None:
        invoice, root = self.invoice, self.root
        self.text(root, "CustomizationID", CUSTOMIZATION)
        self.text(root, "ID", invoice.number)
        self.text(root, "IssueDate", invoice.issued_on)
        if self.credit:
            self.text(root, "CreditNoteTypeCode", CREDIT_NOTE_CODE)
        else:
            self.text(root, "DueDate", invoice.due_on)
            self.text(root, "InvoiceTypeCode", INVOICE_CODE)
        self.text(root, "Note", invoice.note)
        self.text(root, "DocumentCurrencyCode", invoice.currency)

    def references(self) -> None:
        self.text(self.part(self.root, "OrderReference"), "ID", self.invoice.order)
        if self.credit:
            reference = self.part(self.root, "BillingReference", "InvoiceDocumentReference")
            self.text(reference, "ID", self.invoice.credits)

    def party(self, role: str, party: Party, *, is_seller: bool = False) -> None:
        node = self.part(self.root, role, "Party")
        self.text(self.part(node, "PartyName"), "Name", party.name)
        address = self.part(node, "PostalAddress")
        if party.address:
            self.text(self.part(address, "AddressLine"), "Line", party.address)
        if party.country:
            self.text(self.part(address, "Country"), "IdentificationCode", party.country)
        number = party.identifier.rpartition(":")[2].replace(" ", "")
        if number and (is_seller or is_tax_number(number, party.country)):
            scheme = self.part(node, "PartyTaxScheme")
            self.text(scheme, "CompanyID", number)
            named = "VAT" if is_tax_number(number, party.country) else "TAX"
            self.text(self.part(scheme, "TaxScheme"), "ID", named)
        legal = self.part(node, "PartyLegalEntity")
        self.text(legal, "RegistrationName", party.name)
        self.text(legal, "CompanyID", number)

    def payee(self) -> None:
        """Whom the buyer pays when the claim is assigned (EN 16931 BG-10)."""
        if self.invoice.payee is None:
            return
        node = self.part(self.root, "PayeeParty")
        self.text(self.part(node, "PartyName"), "Name", self.invoice.payee.name)
        if self.invoice.payee.identifier:
            self.text(self.part(node, "PartyLegalEntity"), "CompanyID", self.invoice.payee.identifier)

    def delivery(self) -> None:
        invoice = self.invoice
        if not (invoice.delivered_on or invoice.country):
            return
        node = self.part(self.root, "Delivery")
        self.text(node, "ActualDeliveryDate", invoice.delivered_on)
        if invoice.country:
            address = self.part(node, "DeliveryLocation", "Address")
            self.text(address, "CityName", invoice.destination)
            self.text(self.part(address, "Country"), "IdentificationCode", invoice.country)

    def payment(self) -> None:
        invoice = self.invoice
        node = self.part(self.root, "PaymentMeans")
        self.text(node, "PaymentMeansCode", CREDIT_TRANSFER if invoice.account else NO_INSTRUMENT)
        if self.credit:
            self.text(node, "PaymentDueDate", invoice.due_on)
        self.text(node, "PaymentID", invoice.number)
        if invoice.account:
            self.text(self.part(node, "PayeeFinancialAccount"), "ID", invoice.account)
        if invoice.terms:
            self.text(self.part(self.root, "PaymentTerms"), "Note", invoice.terms)

    def adjustment(self, parent: Element, item: Adjustment, *, in_line: bool = False) -> None:
        charge = item.amount_minor > 0
        node = self.part(parent, "AllowanceCharge")
        self.text(node, "ChargeIndicator", "true" if charge else "false")
        self.text(node, "AllowanceChargeReason", item.reason or ("Charge" if charge else "Allowance"))
        self.money(node, "Amount", abs(item.amount_minor))
        if not in_line:
            self.category(node, "TaxCategory", item.tax_category, item.tax_rate)

    def category(
        self, parent: Element, name: str, category: str, rate: Fraction, *, reason: bool = False
    ) -> None:
        code = category_of(category, rate)
        node = self.part(parent, name)
        self.text(node, "ID", code)
        if code != "O":
            self.text(node, "Percent", percent(rate))
        if reason:
            self.text(node, "TaxExemptionReason", EXEMPTIONS.get(code, ""))
        self.text(self.part(node, "TaxScheme"), "ID", "VAT")

    def taxes(self) -> None:
        node = self.part(self.root, "TaxTotal")
        self.money(node, "TaxAmount", self.invoice.tax_minor)
        for share in self.invoice.taxes:
            self.tax_share(node, share)

    def tax_share(self, parent: Element, share: TaxShare) -> None:
        node = self.part(parent, "TaxSubtotal")
        self.money(node, "TaxableAmount", share.base_minor)
        self.money(node, "TaxAmount", share.tax_minor)
        self.category(node, "TaxCategory", share.category, share.rate, reason=True)

    def totals(self) -> None:
        invoice = self.invoice
        node = self.part(self.root, "LegalMonetaryTotal")
        self.money(node, "LineExtensionAmount", invoice.lines_minor)
        self.money(node, "TaxExclusiveAmount", invoice.net_minor)
        self.money(node, "TaxInclusiveAmount", invoice.gross_minor)
        for name, amount_minor in (
            ("AllowanceTotalAmount", invoice.allowances_minor),
            ("ChargeTotalAmount", invoice.charges_minor),
            ("PrepaidAmount", invoice.prepaid_minor),
            ("PayableRoundingAmount", invoice.rounding_minor),
        ):
            if amount_minor:
                self.money(node, name, amount_minor)
        self.money(node, "PayableAmount", invoice.payable_minor)

    def line(self, line: OrderLine) -> None:
        node = self.part(self.root, f"{self.kind}Line")
        self.text(node, "ID", line.number)
        quantity = "CreditedQuantity" if self.credit else "InvoicedQuantity"
        self.text(node, quantity, plain(line.quantity), unitCode=unit_code(line.unit))
        self.money(node, "LineExtensionAmount", line.net_minor)
        self.text(self.part(node, "OrderLineReference"), "LineID", line.number)
        if line.adjustment_minor:
            self.adjustment(node, Adjustment("", line.adjustment_minor), in_line=True)
        item = self.part(node, "Item")
        self.text(item, "Description", line.description)
        self.text(item, "Name", line.product)
        self.text(self.part(item, "SellersItemIdentification"), "ID", line.product)
        self.category(item, "ClassifiedTaxCategory", line.tax_category, line.tax_rate)
        price = self.part(node, "Price")
        self.text(price, "PriceAmount", plain(line.unit_price), currencyID=self.invoice.currency)


def is_tax_number(number: str, country: str) -> bool:
    """A number with its country's prefix, as EN 16931 BR-CO-09 asks of a VAT identifier."""
    prefix = "EL" if country == "GR" else country
    return bool(_VAT_NUMBER.fullmatch(number)) and bool(prefix) and number.startswith(prefix)


def percent(rate: Fraction) -> str:
    """The rate in percent, to at most four decimals."""
    return plain(Decimal(round(rate * 1_000_000)) / 10_000)


def plain(number: Decimal) -> str:
    """The number without an exponent and without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def fits_en_16931(invoice: Invoice) -> list[str]:
    """What a receiver that checks EN 16931 would miss, in words; empty when nothing."""
    found = []
    if not invoice.seller.name:
        found.append("the seller's name (BR-06)")
    if not invoice.seller.country:
        found.append("the seller's country (BR-09)")
    if not invoice.buyer.country:
        found.append("the buyer's country (BR-11)")
    if any(share.rate > 0 for share in invoice.taxes) and not invoice.seller.identifier:
        found.append("the seller's tax number (BR-S-02)")
    if exponent_of(invoice.currency) > 2:
        found.append(f"amounts with two decimals, which {invoice.currency} exceeds (BR-DEC)")
    return found
