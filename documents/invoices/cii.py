"""Writes an invoice as UN/CEFACT Cross Industry Invoice D16B in the syntax of EN 16931 (CEN/TS 16931-3-3).

Elements stand in the order of the schema CrossIndustryInvoice_100pD16B; it is also the XML inside a
Factur-X PDF.
"""

from datetime import date
from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from documents.bills.syntaxes import CII
from documents.invoices.invoice import Invoice, TaxShare, category_of
from documents.invoices.parties import Address, Number
from documents.invoices.shown import EN_16931, Profile, Shown, ShownParty, percent, plain, reason_for
from documents.invoices.units import unit_code
from domain.iban import is_iban
from domain.order import Adjustment, OrderLine

_DATA = "urn:un:unece:uncefact:data:standard:"
RAM = f"{_DATA}ReusableAggregateBusinessInformationEntity:100"
UDT = f"{_DATA}UnqualifiedDataType:100"
INVOICE_CODE, CREDIT_NOTE_CODE = "380", "381"
DAY_FORMAT = "102"


def cii_invoice(invoice: Invoice, profile: Profile = EN_16931) -> bytes:
    """The document as UTF-8 XML."""
    return _Writing(Shown(invoice, profile)).document()


class _Writing:
    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.invoice = shown.invoice
        self.root = Element(f"{{{CII}}}CrossIndustryInvoice")

    def document(self) -> bytes:
        self.context()
        self.head()
        trade = SubElement(self.root, f"{{{CII}}}SupplyChainTradeTransaction")
        for line in self.invoice.lines:
            self.line(trade, line)
        self.agreement(self.part(trade, "ApplicableHeaderTradeAgreement"))
        self.delivery(self.part(trade, "ApplicableHeaderTradeDelivery"))
        self.settlement(self.part(trade, "ApplicableHeaderTradeSettlement"))
        for prefix, namespace in (("rsm", CII), ("ram", RAM), ("udt", UDT)):
            ElementTree.register_namespace(prefix, namespace)
        ElementTree.indent(self.root)
        written: bytes = ElementTree.tostring(self.root, encoding="utf-8", xml_declaration=True)
        return written + b"\n"

    def text(self, parent: Element, name: str, value: object, **attributes: str) -> None:
        """A leaf; none where there is nothing to say."""
        if value not in ("", None):
            SubElement(parent, f"{{{RAM}}}{name}", attributes).text = str(value)

    def number(self, parent: Element, name: str, number: Number) -> None:
        scheme = {"schemeID": number.scheme} if number.scheme else {}
        self.text(parent, name, number.value, **scheme)

    def part(self, parent: Element, *names: str) -> Element:
        for name in names:
            parent = SubElement(parent, f"{{{RAM}}}{name}")
        return parent

    def money(self, parent: Element, name: str, amount_minor: int) -> None:
        self.text(parent, name, self.shown.money(amount_minor))

    def day(self, parent: Element, name: str, day: date | None) -> None:
        if day:
            node = SubElement(self.part(parent, name), f"{{{UDT}}}DateTimeString", {"format": DAY_FORMAT})
            node.text = f"{day:%Y%m%d}"

    def context(self) -> None:
        node = SubElement(self.root, f"{{{CII}}}ExchangedDocumentContext")
        profile = self.shown.profile
        if profile.process:
            self.text(
                self.part(node, "BusinessProcessSpecifiedDocumentContextParameter"), "ID", profile.process
            )
        self.text(self.part(node, "GuidelineSpecifiedDocumentContextParameter"), "ID", profile.specification)

    def head(self) -> None:
        node = SubElement(self.root, f"{{{CII}}}ExchangedDocument")
        self.text(node, "ID", self.invoice.number)
        self.text(node, "TypeCode", CREDIT_NOTE_CODE if self.shown.credit else INVOICE_CODE)
        self.day(node, "IssueDateTime", self.invoice.issued_on)
        if self.invoice.note:
            self.text(self.part(node, "IncludedNote"), "Content", self.invoice.note)

    def agreement(self, node: Element) -> None:
        self.text(node, "BuyerReference", self.invoice.buyer_reference)
        self.party(self.part(node, "SellerTradeParty"), self.shown.seller, is_seller=True)
        self.party(self.part(node, "BuyerTradeParty"), self.shown.buyer)
        self.text(self.part(node, "BuyerOrderReferencedDocument"), "IssuerAssignedID", self.invoice.order)

    def party(self, node: Element, party: ShownParty, *, is_seller: bool = False) -> None:
        numbers = party.numbers
        self.number(node, "GlobalID" if numbers.other.scheme else "ID", numbers.other)
        self.text(node, "Name", party.name)
        if numbers.register.value:
            self.number(self.part(node, "SpecifiedLegalOrganization"), "ID", numbers.register)
        if is_seller and self.invoice.contact:
            self.contact(self.part(node, "DefinedTradeContact"))
        self.address(self.part(node, "PostalTradeAddress"), party.address, party.country)
        if numbers.endpoint.value:
            self.number(self.part(node, "URIUniversalCommunication"), "URIID", numbers.endpoint)
        if numbers.vat:
            self.text(self.part(node, "SpecifiedTaxRegistration"), "ID", numbers.vat, schemeID="VA")
        if is_seller and numbers.tax:
            self.text(self.part(node, "SpecifiedTaxRegistration"), "ID", numbers.tax, schemeID="FC")

    def contact(self, node: Element) -> None:
        contact = self.shown.contact
        self.text(node, "PersonName", contact.name)
        if contact.phone:
            self.text(self.part(node, "TelephoneUniversalCommunication"), "CompleteNumber", contact.phone)
        if contact.mail:
            self.text(self.part(node, "EmailURIUniversalCommunication"), "URIID", contact.mail)

    def address(self, node: Element, address: Address, country: str) -> None:
        self.text(node, "PostcodeCode", address.zone)
        self.text(node, "LineOne", address.street or address.line)
        self.text(node, "CityName", address.city)
        self.text(node, "CountryID", country)

    def delivery(self, node: Element) -> None:
        if address := self.shown.delivery:
            where = self.part(node, "ShipToTradeParty", "PostalTradeAddress")
            self.address(where, address, self.shown.delivery_country)
        if self.invoice.delivered_on:
            event = self.part(node, "ActualDeliverySupplyChainEvent")
            self.day(event, "OccurrenceDateTime", self.invoice.delivered_on)

    def settlement(self, node: Element) -> None:
        invoice = self.invoice
        self.text(node, "PaymentReference", invoice.number)
        self.text(node, "InvoiceCurrencyCode", invoice.currency)
        if invoice.payee:
            payee = self.shown.party(invoice.payee)
            party = self.part(node, "PayeeTradeParty")
            self.text(party, "Name", payee.name)
            if payee.numbers.register.value:
                self.number(self.part(party, "SpecifiedLegalOrganization"), "ID", payee.numbers.register)
        self.means(self.part(node, "SpecifiedTradeSettlementPaymentMeans"))
        for share in invoice.taxes:
            self.tax_share(node, share)
        for item in invoice.adjustments:
            self.adjustment(node, item)
        self.terms(node)
        self.totals(self.part(node, "SpecifiedTradeSettlementHeaderMonetarySummation"))
        if invoice.credits:
            self.text(self.part(node, "InvoiceReferencedDocument"), "IssuerAssignedID", invoice.credits)

    def means(self, node: Element) -> None:
        self.text(node, "TypeCode", self.shown.means)
        if account := self.shown.account:
            name = "IBANID" if is_iban(account) else "ProprietaryID"
            self.text(self.part(node, "PayeePartyCreditorFinancialAccount"), name, account)

    def terms(self, node: Element) -> None:
        """When to pay; a credit note, which has no due day, says what becomes of it (BR-CO-25)."""
        words = self.invoice.terms or (f"Set off against {self.invoice.credits}" if self.shown.credit else "")
        if words or self.invoice.due_on:
            terms = self.part(node, "SpecifiedTradePaymentTerms")
            self.text(terms, "Description", words)
            self.day(terms, "DueDateDateTime", self.invoice.due_on)

    def category(self, node: Element, category: str, rate: Fraction) -> None:
        code = category_of(category, rate)
        self.text(node, "TypeCode", "VAT")
        self.text(node, "CategoryCode", code)
        if code != "O":
            self.text(node, "RateApplicablePercent", percent(rate))

    def tax_share(self, parent: Element, share: TaxShare) -> None:
        node = self.part(parent, "ApplicableTradeTax")
        self.money(node, "CalculatedAmount", share.tax_minor)
        self.text(node, "TypeCode", "VAT")
        self.text(node, "ExemptionReason", reason_for(share.category))
        self.money(node, "BasisAmount", share.base_minor)
        self.text(node, "CategoryCode", share.category)
        if share.category != "O":
            self.text(node, "RateApplicablePercent", percent(share.rate))

    def adjustment(self, parent: Element, item: Adjustment, *, in_line: bool = False) -> None:
        charge = item.amount_minor > 0
        node = self.part(parent, "SpecifiedTradeAllowanceCharge")
        indicator = SubElement(self.part(node, "ChargeIndicator"), f"{{{UDT}}}Indicator")
        indicator.text = "true" if charge else "false"
        self.money(node, "ActualAmount", abs(item.amount_minor))
        self.text(node, "Reason", item.reason or ("Charge" if charge else "Allowance"))
        if not in_line:
            self.category(self.part(node, "CategoryTradeTax"), item.tax_category, item.tax_rate)

    def totals(self, node: Element) -> None:
        invoice = self.invoice
        self.money(node, "LineTotalAmount", invoice.lines_minor)
        for name, amount_minor in (
            ("ChargeTotalAmount", invoice.charges_minor),
            ("AllowanceTotalAmount", invoice.allowances_minor),
        ):
            if amount_minor:
                self.money(node, name, amount_minor)
        self.money(node, "TaxBasisTotalAmount", invoice.net_minor)
        tax = self.shown.money(invoice.tax_minor)
        self.text(node, "TaxTotalAmount", tax, currencyID=invoice.currency)
        if invoice.rounding_minor:
            self.money(node, "RoundingAmount", invoice.rounding_minor)
        self.money(node, "GrandTotalAmount", invoice.gross_minor)
        if invoice.prepaid_minor:
            self.money(node, "TotalPrepaidAmount", invoice.prepaid_minor)
        self.money(node, "DuePayableAmount", invoice.payable_minor)

    def line(self, trade: Element, line: OrderLine) -> None:
        node = self.part(trade, "IncludedSupplyChainTradeLineItem")
        self.text(self.part(node, "AssociatedDocumentLineDocument"), "LineID", line.number)
        product = self.part(node, "SpecifiedTradeProduct")
        self.text(product, "SellerAssignedID", line.product)
        self.text(product, "Name", line.product)
        self.text(product, "Description", line.description)
        agreement = self.part(node, "SpecifiedLineTradeAgreement")
        self.text(self.part(agreement, "BuyerOrderReferencedDocument"), "LineID", line.number)
        price = self.part(agreement, "NetPriceProductTradePrice")
        self.text(price, "ChargeAmount", plain(line.unit_price))
        unit = unit_code(line.unit)
        delivery = self.part(node, "SpecifiedLineTradeDelivery")
        self.text(delivery, "BilledQuantity", plain(line.quantity), unitCode=unit)
        settlement = self.part(node, "SpecifiedLineTradeSettlement")
        self.category(self.part(settlement, "ApplicableTradeTax"), line.tax_category, line.tax_rate)
        if line.adjustment_minor:
            self.adjustment(settlement, Adjustment("", line.adjustment_minor), in_line=True)
        sums = self.part(settlement, "SpecifiedTradeSettlementLineMonetarySummation")
        self.money(sums, "LineTotalAmount", line.net_minor)
