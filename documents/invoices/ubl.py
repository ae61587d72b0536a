"""Writes an invoice as UBL 2.1 XML in the syntax of EN 16931 (CEN/TS 16931-3-2).

Elements stand in the order of the OASIS schemas UBL-Invoice-2.1 and UBL-CreditNote-2.1. Tests validate
the result against those schemas and the official EN 16931 rules.
"""

from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from documents.invoices.invoice import Invoice, TaxShare, category_of
from documents.invoices.parties import Address, Number
from documents.invoices.shown import EN_16931, Profile, Shown, ShownParty, percent, plain, reason_for
from documents.invoices.units import unit_code
from documents.ubl.elements import AGGREGATE, BASIC, document_namespace
from domain.order import Adjustment, OrderLine

INVOICE_CODE, CREDIT_NOTE_CODE = "380", "381"


def ubl_invoice(invoice: Invoice, profile: Profile = EN_16931) -> bytes:
    """The document as UTF-8 XML."""
    return _Writing(Shown(invoice, profile)).document()


class _Writing:
    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.invoice = shown.invoice
        self.credit = shown.credit
        self.kind = "CreditNote" if self.credit else "Invoice"
        self.root = Element(f"{{{document_namespace(self.kind)}}}{self.kind}")

    def document(self) -> bytes:
        self.head()
        self.references()
        self.party("AccountingSupplierParty", self.shown.seller, is_seller=True)
        self.party("AccountingCustomerParty", self.shown.buyer)
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

    def number(self, parent: Element, name: str, number: Number) -> None:
        scheme = {"schemeID": number.scheme} if number.scheme else {}
        self.text(parent, name, number.value, **scheme)

    def part(self, parent: Element, *names: str) -> Element:
        for name in names:
            parent = SubElement(parent, f"{{{AGGREGATE}}}{name}")
        return parent

    def money(self, parent: Element, name: str, amount_minor: int) -> None:
        self.text(parent, name, self.shown.money(amount_minor), currencyID=self.invoice.currency)

    def head(self) -> None:
        invoice, root = self.invoice, self.root
        self.text(root, "CustomizationID", self.shown.profile.specification)
        self.text(root, "ProfileID", self.shown.profile.process)
        self.text(root, "ID", invoice.number)
        self.text(root, "IssueDate", invoice.issued_on)
        if self.credit:
            self.text(root, "CreditNoteTypeCode", CREDIT_NOTE_CODE)
        else:
            self.text(root, "DueDate", invoice.due_on)
            self.text(root, "InvoiceTypeCode", INVOICE_CODE)
        self.text(root, "Note", invoice.note)
        self.text(root, "DocumentCurrencyCode", invoice.currency)
        self.text(root, "BuyerReference", invoice.buyer_reference)

    def references(self) -> None:
        self.text(self.part(self.root, "OrderReference"), "ID", self.invoice.order)
        if self.credit:
            reference = self.part(self.root, "BillingReference", "InvoiceDocumentReference")
            self.text(reference, "ID", self.invoice.credits)

    def party(self, role: str, party: ShownParty, *, is_seller: bool = False) -> None:
        node = self.part(self.root, role, "Party")
        numbers = party.numbers
        self.number(node, "EndpointID", numbers.endpoint)
        if numbers.other.value:
            self.number(self.part(node, "PartyIdentification"), "ID", numbers.other)
        if party.name:
            self.text(self.part(node, "PartyName"), "Name", party.name)
        self.address(self.part(node, "PostalAddress"), party.address, party.country)
        self.tax_number(node, numbers.vat, "VAT")
        if is_seller:
            self.tax_number(node, numbers.tax, "TAX")
        if party.name or numbers.register.value:
            legal = self.part(node, "PartyLegalEntity")
            self.text(legal, "RegistrationName", party.name)
            self.number(legal, "CompanyID", numbers.register)
        if is_seller and self.invoice.contact:
            self.contact(self.part(node, "Contact"))

    def tax_number(self, party: Element, number: str, scheme: str) -> None:
        if number:
            node = self.part(party, "PartyTaxScheme")
            self.text(node, "CompanyID", number)
            self.text(self.part(node, "TaxScheme"), "ID", scheme)

    def contact(self, node: Element) -> None:
        contact = self.shown.contact
        self.text(node, "Name", contact.name)
        self.text(node, "Telephone", contact.phone)
        self.text(node, "ElectronicMail", contact.mail)

    def address(self, node: Element, address: Address, country: str) -> None:
        self.text(node, "StreetName", address.street)
        self.text(node, "CityName", address.city)
        self.text(node, "PostalZone", address.zone)
        if address.line:
            self.text(self.part(node, "AddressLine"), "Line", address.line)
        if country:
            self.text(self.part(node, "Country"), "IdentificationCode", country)

    def payee(self) -> None:
        """Whom the buyer pays when the claim is assigned (EN 16931 BG-10)."""
        if self.invoice.payee is None:
            return
        payee = self.shown.party(self.invoice.payee)
        node = self.part(self.root, "PayeeParty")
        self.text(self.part(node, "PartyName"), "Name", payee.name)
        if payee.numbers.register.value:
            self.number(self.part(node, "PartyLegalEntity"), "CompanyID", payee.numbers.register)

    def delivery(self) -> None:
        address = self.shown.delivery
        if not (self.invoice.delivered_on or address):
            return
        node = self.part(self.root, "Delivery")
        self.text(node, "ActualDeliveryDate", self.invoice.delivered_on)
        if address:
            where = self.part(node, "DeliveryLocation", "Address")
            self.address(where, address, self.shown.delivery_country)

    def payment(self) -> None:
        invoice = self.invoice
        node = self.part(self.root, "PaymentMeans")
        self.text(node, "PaymentMeansCode", self.shown.means)
        if self.credit:
            self.text(node, "PaymentDueDate", invoice.due_on)
        self.text(node, "PaymentID", invoice.number)
        if self.shown.account:
            self.text(self.part(node, "PayeeFinancialAccount"), "ID", self.shown.account)
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
            self.text(node, "TaxExemptionReason", reason_for(code))
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
