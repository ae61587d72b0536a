"""How often an element may stand in a UBL invoice (UBL-SR-*), and what attachments carry (UBL-DT-*).

A row is a rule, where it counts (``/`` for the document), the most that may stand there, and the path.
"""

from collections.abc import Iterator

from documents.bills.paper import Paper
from documents.files.xml_tree import XmlElement
from documents.rules.broken import Broken, every_element

MOST = """
UBL-SR-01 / ContractDocumentReference/ID
UBL-SR-02 / ReceiptDocumentReference/ID
UBL-SR-03 / DespatchDocumentReference/ID
UBL-SR-05 / PaymentTerms/Note
UBL-SR-08 / InvoicePeriod
UBL-SR-09 / AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName
UBL-SR-10 / AccountingSupplierParty/Party/PartyName/Name
UBL-SR-11 / AccountingSupplierParty/Party/PartyLegalEntity/CompanyID
UBL-SR-15 / AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName
UBL-SR-16 / AccountingCustomerParty/Party/PartyIdentification/ID
UBL-SR-17 / AccountingCustomerParty/Party/PartyLegalEntity/CompanyID
UBL-SR-24 / Delivery
UBL-SR-26 PaymentMeans PaymentID
UBL-SR-27 PaymentMeans PaymentMeansCode
UBL-SR-28 PaymentMeans PaymentMandate/ID
UBL-SR-34 Line Note
UBL-SR-35 Line OrderLineReference/LineID
UBL-SR-36 Line InvoicePeriod
UBL-SR-37 Line Price/AllowanceCharge/Amount
UBL-SR-39 / ProjectReference/ID
UBL-SR-40 / AccountingCustomerParty/Party/PartyName/Name
UBL-SR-45 / PaymentMeans/PaymentDueDate
UBL-SR-49 / InvoicePeriod/DescriptionCode
UBL-SR-50 Line Item/Description
UBL-SR-52 Line DocumentReference
UBL-SR-54 / PaymentMeans/CardAccount
UBL-SR-55 / PaymentMeans/PaymentMandate
UBL-SR-56 / OriginatorDocumentReference/ID
"""


def counted(paper: Paper) -> Iterator[Broken]:
    if paper.syntax != "ubl":
        return
    for row in MOST.split("\n")[1:-1]:
        rule, where, path = row.split()
        for node in _places(paper.root, where):
            if sum(1 for _ in node.each(*path.split("/"))) > 1:
                yield Broken(rule, "", f"{path} stands more than once", f"XML line {node.line}")
    yield from _parties(paper.root)
    yield from _references(paper.root)
    for line in _places(paper.root, "Line"):
        if sum(1 for _ in line.each("Item", "ClassifiedTaxCategory")) != 1:
            yield Broken("UBL-SR-48", "BT-151", "a line has one tax category", f"XML line {line.line}")


def _places(root: XmlElement, where: str) -> Iterator[XmlElement]:
    if where == "/":
        yield root
    elif where == "Line":
        yield from root.each("InvoiceLine")
        yield from root.each("CreditNoteLine")
    else:
        yield from root.each(where)


def _parties(root: XmlElement) -> Iterator[Broken]:
    for party in root.each("AccountingSupplierParty", "Party"):
        schemes = [node.words("TaxScheme", "ID").upper() for node in party.each("PartyTaxScheme")]
        if len(schemes) > 2:
            yield Broken("UBL-SR-42", "BT-32", "the seller has more than two tax numbers")
        if schemes.count("VAT") > 1:
            yield Broken("UBL-SR-12", "BT-31", "the seller has more than one VAT number")
        if len(schemes) - schemes.count("VAT") > 1:
            yield Broken(
                "UBL-SR-13", "BT-32", "the seller has more than one tax number beside the VAT number"
            )


def _references(root: XmlElement) -> Iterator[Broken]:
    for node in root.each("AdditionalDocumentReference"):
        kind, number = node.words("DocumentTypeCode"), node.first("ID")
        free = node.first("DocumentTypeCode") is None and (
            number is None or "schemeID" not in number.attributes
        )
        if not (kind == "130" or (root.name == "CreditNote" and kind == "50") or free):
            yield Broken("UBL-SR-43", "BT-122", "a scheme belongs to an object only", f"XML line {node.line}")


def attachments(paper: Paper) -> Iterator[Broken]:
    """Amounts have two decimals, attachments their type and name."""
    if paper.syntax != "ubl":
        return
    stack: list[tuple[XmlElement, bool]] = [(paper.root, False)]
    while stack:
        node, priced = stack.pop()
        amount = node.name.endswith("Amount") and not node.name.endswith("PriceAmount") and not priced
        if amount and len(node.text.strip().partition(".")[2]) > 2:
            problem = f"{node.name} {node.text.strip()} has more than two decimals"
            yield Broken("UBL-DT-01", "", problem, f"XML line {node.line}")
        inside = priced or node.name == "Price"
        stack.extend((child, inside) for child in node.children)
    for node in every_element(paper.root):
        if node.name.endswith("BinaryObject"):
            for rule, name in (("UBL-DT-06", "mimeCode"), ("UBL-DT-07", "filename")):
                if name not in node.attributes:
                    yield Broken(rule, "BT-125", f"an attachment has no {name}", f"XML line {node.line}")
