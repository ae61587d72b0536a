"""UBL 2.x Order XML, with any prefix, into the fields of an order.

OASIS UBL 2.1 (schema UBL-Order-2.1) and Peppol BIS Ordering 3; how contradictions between stated totals
are treated is in docs/reference/order-files.md.
"""

from fractions import Fraction
from typing import Any

from documents.files.findings import Findings, refuse
from documents.files.section import Numeral, decimal_of, plain_text
from documents.files.xml_tree import XmlElement
from documents.ubl.elements import Places, address_of, currency_of, document_namespace, is_true, party_of
from documents.ubl.tax import TaxReading, number
from documents.ubl.terms import payment_of
from domain.money import MoneyError

WEIGHT_DECIMALS = 6
_PERIOD_ENDS = (
    ("RequestedDeliveryPeriod", "EndDate"),
    ("LatestDeliveryDate",),
    ("RequestedDeliveryPeriod", "StartDate"),
    ("PromisedDeliveryPeriod", "EndDate"),
    ("PromisedDeliveryPeriod", "StartDate"),
)


def check_root(root: XmlElement, file: str) -> None:
    """Refuse whatever is not a UBL Order before reading any of it."""
    if root.namespace == document_namespace("Order") and root.name == "Order":
        return
    ubl = root.namespace.startswith("urn:oasis:names:specification:ubl:")
    kind = f"a UBL {root.name}" if ubl else f"{root.name[:60]!r}"
    problem = f"is {kind}, not a UBL 2 Order"
    raise refuse(file, root.line, "file", problem, "send the Order document")


def document_of(root: XmlElement, findings: Findings, places: Places) -> dict[str, Any]:
    """The fields of the order; line numbers of what they were read from go into ``places``."""
    return _UblReading(root, findings, places).document()


class _UblReading:
    def __init__(self, root: XmlElement, findings: Findings, places: Places) -> None:
        self.root = root
        self.findings = findings
        self.places = places

    def text(self, name: str, node: XmlElement, *path: str) -> str:
        """The text at the path, remembering for the field ``name`` where it stands."""
        found = node.first(*path)
        self.places.lines[name] = found.line if found else node.line
        return found.text.strip() if found else ""

    def document(self) -> dict[str, Any]:
        root = self.root
        delivery = self.deliveries()
        self.places.lines[""] = root.line
        document: dict[str, Any] = {
            "reference": self.text("reference", root, "ID"),
            "issued_on": self.day("issued_on", root, "IssueDate"),
            "currency": currency_of(root, self.findings),
            "due_on": delivery.get("due_on", ""),
            "destination": delivery.get("destination", ""),
            "country": delivery.get("country", ""),
            "note": "\n".join(note.text.strip() for note in root.each("Note")),
            "buyer": self.party("buyer", "BuyerCustomerParty"),
            "seller": self.party("seller", "SellerSupplierParty"),
            "adjustments": self.adjustments(),
            "payment": payment_of(root, self.findings),
            "extra": self.extra(delivery),
        }
        items = self.items()
        document["lines"] = [self.line(item, place) for place, item in enumerate(items, start=1)]
        taxes = TaxReading(root, self.findings, self.places)
        taxes.settle(document, items)
        return document

    def day(self, name: str, node: XmlElement, *path: str) -> str:
        """A day without the time zone that xsd:date allows behind it."""
        text = self.text(name, node, *path)
        return text[:10] if len(text) > 10 and text[10:11] in "Z+-" else text

    def party(self, name: str, role: str) -> dict[str, str]:
        node = self.root.first(role)
        self.places.lines[name] = node.line if node else self.root.line
        return party_of(node.first("Party") if node else None)

    def items(self) -> list[XmlElement]:
        """Line items that are ordered: a cancelled line is left out, with a remark."""
        found = []
        for item in self.root.each("OrderLine", "LineItem"):
            if item.words("LineStatusCode").lower() == "cancelled":
                self.findings.remark(f"line {item.words('ID')} is cancelled and left out")
            elif number(item.words("Quantity")) == 0 and not number(item.words("LineExtensionAmount")):
                self.findings.remark(f"line {item.words('ID')} orders a quantity of 0 and is left out")
            else:
                found.append(item)
        return found

    def deliveries(self) -> dict[str, Any]:
        """Due day, place and country of the whole order; the earliest of several deliveries counts."""
        read = [self.delivery("due_on", node) for node in self.root.each("Delivery")]
        dues = sorted(found["due_on"] for found in read if found["due_on"])
        places = list(dict.fromkeys(found["address"] for found in read if found["address"]))
        first = next((found for found in read if found["address"]), read[0] if read else {})
        if len(places) > 1:
            self.findings.remark(
                f"{len(places)} delivery addresses; {first['destination']} stands for the order"
            )
        country = first.get("country") or self.root.words(
            "BuyerCustomerParty", "Party", "PostalAddress", "Country", "IdentificationCode"
        )
        return first | {"due_on": dues[0] if dues else "", "places": places, "country": country}

    def delivery(self, name: str, node: XmlElement) -> dict[str, str]:
        due_on = next((day for path in _PERIOD_ENDS if (day := self.day(name, node, *path))), "")
        if due_on:
            self.places.lines[name] = node.line
        location = node.first("DeliveryLocation")
        address = node.first("DeliveryAddress") or (location.first("Address") if location else None)
        return {
            "due_on": due_on,
            "destination": (address.words("CityName") if address else "")
            or (location.words("Name") or location.words("ID") if location else ""),
            "country": address.words("Country", "IdentificationCode") if address else "",
            "address": address_of(address),
        }

    def adjustments(self) -> list[dict[str, str]]:
        found = []
        for place, node in enumerate(self.root.each("AllowanceCharge"), start=1):
            name = f"adjustments[{place}]"
            self.places.lines[name] = node.line
            found.append(
                {
                    "reason": node.words("AllowanceChargeReason") or node.words("AllowanceChargeReasonCode"),
                    "amount": self.signed(f"{name}.amount", node),
                    "tax_rate": self.percent(node.words("TaxCategory", "Percent")),
                    "tax_category": node.words("TaxCategory", "ID"),
                }
            )
        return found

    def signed(self, name: str, node: XmlElement) -> str:
        """The amount of an allowance (negative) or a charge (positive)."""
        text = self.text(name, node, "Amount")
        if text.startswith("-"):
            remedy = "give the amount without a sign and set ChargeIndicator"
            self.findings.add(name, f"{text[:40]} is negative (Peppol T01-R032)", remedy)
        self.check_multiplier(name, node, text)
        charge = is_true(node.words("ChargeIndicator"))
        return text if charge or not text else f"-{text.lstrip('-')}"

    def check_multiplier(self, name: str, node: XmlElement, amount: str) -> None:
        """The amount must be its base times its factor, given as percent or as a share."""
        factor, base = node.words("MultiplierFactorNumeric"), node.words("BaseAmount")
        try:
            exact = decimal_of(factor) * decimal_of(base)
            off = min(abs(decimal_of(amount) - exact / 100), abs(decimal_of(amount) - exact))
        except MoneyError:
            return
        if off > 1:
            self.findings.add(name, f"{amount} is not {factor} of {base}", "mend the amount or its base")

    def percent(self, text: str) -> str:
        return f"{text}%" if text else ""

    def line(self, item: XmlElement, place: int) -> dict[str, Any]:
        name = f"lines[{place}]"
        self.places.lines[name] = item.line
        delivery = self.line_delivery(name, item)
        quantity = item.first("Quantity")
        fields: dict[str, Any] = {
            "number": self.text(f"{name}.number", item, "ID"),
            "product": self.product(name, item),
            "quantity": self.text(f"{name}.quantity", item, "Quantity"),
            "unit": quantity.attributes.get("unitCode", "") if quantity else "",
            "unit_price": self.text(f"{name}.unit_price", item, "Price", "PriceAmount"),
            "price_quantity": self.price_quantity(f"{name}.price_quantity", item),
            "net": self.text(f"{name}.net", item, "LineExtensionAmount"),
            "description": item.words("Item", "Description") or item.words("Item", "Name"),
            "due_on": delivery.get("due_on", ""),
            "destination": delivery.get("destination", ""),
            "adjustment": self.line_adjustment(name, item),
            "weight_kg": self.weight(item),
        }
        return {key: Numeral(value) for key, value in fields.items() if value}

    def price_quantity(self, name: str, item: XmlElement) -> str:
        """How many ordered units the price is for; some orders price in another unit (OIOUBL G26).

        The factor from ordered units to priced units counts where it gives the stated amount.
        """
        base = self.text(name, item, "Price", "BaseQuantity")
        texts = (base or "1", item.words("Price", "OrderableUnitFactorRate"), item.words("Quantity"))
        try:
            per, factor, quantity = (Fraction(decimal_of(text)) for text in texts)
            price = Fraction(decimal_of(item.words("Price", "PriceAmount")))
            stated = Fraction(decimal_of(item.words("LineExtensionAmount")))
        except MoneyError:
            return base
        if per <= 0 or factor <= 0 or price * quantity / per == stated:
            return base
        if price * quantity * factor / per != stated:
            return base
        return plain_text(per / factor)

    def line_delivery(self, name: str, item: XmlElement) -> dict[str, str]:
        read = [self.delivery(f"{name}.due_on", node) for node in item.each("Delivery")]
        dues = sorted(found["due_on"] for found in read if found["due_on"])
        if len(read) > 1:
            self.findings.remark(f"{name} is delivered in {len(read)} parts; the earliest day stands")
        return (read[0] if read else {}) | {"due_on": dues[0] if dues else ""}

    def product(self, name: str, item: XmlElement) -> str:
        """The seller's own number, else a standard one, the buyer's, the maker's, or the name."""
        for kind in ("Sellers", "Standard", "Buyers", "Manufacturers"):
            if found := item.words("Item", f"{kind}ItemIdentification", "ID"):
                return found
        return self.text(f"{name}.product", item, "Item", "Name") or item.words("Item", "Description")

    def line_adjustment(self, name: str, item: XmlElement) -> str:
        """Allowances and charges of the line in one sum; those of the price are in the price already."""
        total = Fraction(0)
        nodes = list(item.each("AllowanceCharge"))
        for node in nodes:
            text = self.signed(f"{name}.adjustment", node)
            try:
                total += Fraction(decimal_of(text))
            except MoneyError as error:
                self.findings.add(f"{name}.adjustment", str(error), "give the amount as a decimal number")
        return plain_text(total) if nodes else ""

    def weight(self, item: XmlElement) -> str:
        """Gross weight of the line in kilograms, where it is stated in kilograms, grams or tonnes."""
        node = item.first("Delivery", "Shipment", "GrossWeightMeasure") or item.first(
            "Item", "GrossWeightMeasure"
        )
        if node is None:
            return ""
        scale = {"KGM": Fraction(1), "GRM": Fraction(1, 1000), "TNE": Fraction(1000)}
        factor = scale.get(node.attributes.get("unitCode", ""))
        try:
            weight = decimal_of(node.text)
        except MoneyError:
            return ""
        return plain_text(Fraction(weight) * factor, WEIGHT_DECIMALS) if factor else ""

    def extra(self, delivery: dict[str, Any]) -> dict[str, Any]:
        root = self.root
        found = {
            "order_type": root.words("OrderTypeCode"),
            "contract": root.words("Contract", "ID"),
            "quotation": root.words("QuotationDocumentReference", "ID"),
            "customer_reference": root.words("CustomerReference"),
            "valid_until": root.words("ValidityPeriod", "EndDate"),
            "delivery_terms": root.words("DeliveryTerms", "ID"),
            "special_terms": root.words("DeliveryTerms", "SpecialTerms"),
            "payment_terms": root.words("PaymentTerms", "Note"),
            "delivery_address": delivery.get("address", ""),
            "delivery_addresses": delivery["places"] if len(delivery["places"]) > 1 else [],
            "prepaid": root.words("AnticipatedMonetaryTotal", "PrepaidAmount"),
            "ubl_version": root.words("UBLVersionID"),
        }
        return {key: value for key, value in found.items() if value}
