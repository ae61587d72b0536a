"""Rules of the extensions of XRechnung: lines below lines, third parties (BR-DEX-*), vehicles (CVD)."""

from collections.abc import Iterator
from decimal import Decimal

from documents.bills.paper import Paper, number_of
from documents.codes.lists import codes
from documents.files.xml_tree import XmlElement
from documents.rules.broken import Broken, Rule, every_element, rounded
from documents.rules.xrechnung import EXTENSION, VEHICLES

DIGITAL_HEALTH = frozenset({"XR01", "XR02", "XR03"})
MIMES = codes("mime") | {"application/xml"}
VEHICLE_CLASSES = ("M1", "M2", "M3", "N1", "N2", "N3")
PROPULSION = ("clean", "zero-emission", "other")


def _extended(paper: Paper) -> bool:
    return paper.top.text("BT-24") == EXTENSION


def attachments(paper: Paper) -> Iterator[Broken]:
    """XML may be attached too."""
    if _extended(paper):
        for node in every_element(paper.root):
            kind = node.attributes.get("mimeCode", "")
            if node.name in ("EmbeddedDocumentBinaryObject", "AttachmentBinaryObject") and kind not in MIMES:
                yield Broken("BR-DEX-01", "BT-125", f"{kind!r} is no type of attachment")


def schemes(paper: Paper) -> Iterator[Broken]:
    """Schemes of numbers, with those of digital health applications."""
    if not _extended(paper):
        return
    find = _ubl_scheme if paper.syntax == "ubl" else _cii_scheme
    stack: list[tuple[XmlElement, tuple[str, ...]]] = [(paper.root, ())]
    while stack:
        node, above = stack.pop()
        scheme = node.attributes.get("schemeID")
        rule = find(node.name, above, scheme) if scheme is not None else ""
        known = codes("endpoint_scheme" if rule == "BR-DEX-07" else "register_scheme")
        if rule and scheme is not None and scheme.strip() not in known | DIGITAL_HEALTH:
            yield Broken(rule, "", f"{scheme!r} is no scheme of numbers", f"XML line {node.line}")
        stack.extend((child, (*above, node.name)) for child in node.children)


def _ubl_scheme(name: str, above: tuple[str, ...], scheme: str) -> str:
    parent = above[-1] if above else ""
    if name == "EndpointID":
        return "BR-DEX-07"
    sepa = scheme.strip() == "SEPA" and {"AccountingSupplierParty", "PayeeParty"} & set(above)
    if name == "ID" and parent == "PartyIdentification":
        return "" if sepa else "BR-DEX-04"
    if name == "CompanyID" and parent == "PartyLegalEntity":
        return "BR-DEX-05"
    return {"StandardItemIdentification": "BR-DEX-06", "DeliveryLocation": "BR-DEX-08"}.get(parent, "")


def _cii_scheme(name: str, above: tuple[str, ...], _scheme: str) -> str:
    if name == "URIID" and above[-1] == "URIUniversalCommunication":
        return "BR-DEX-07"
    if name == "GlobalID":
        if above[-1] == "SpecifiedTradeProduct":
            return "BR-DEX-06"
        return "BR-DEX-08" if above[-1] == "ShipToTradeParty" else "BR-DEX-04"
    return "BR-DEX-05" if name == "ID" and "SpecifiedTaxRegistration" not in above else ""


def lines_below(paper: Paper) -> Iterator[Broken]:
    """A line is the sum of the lines below it, each with one tax category."""
    if not _extended(paper) or paper.root.name != "Invoice":
        return
    parents = [node for node in every_element(paper.root) if node.first("SubInvoiceLine")]
    for node in parents:
        below = sum((_amount(child) for child in node.each("SubInvoiceLine")), Decimal(0))
        if _amount(node) != below:
            yield Broken("BR-DEX-02", "BT-131", "a line is not the sum of those below it", warning=True)
        for child in node.each("SubInvoiceLine", "Item"):
            if sum(1 for _ in child.each("ClassifiedTaxCategory")) != 1:
                yield Broken("BR-DEX-03", "BT-151", "a line below another has one tax category")


def _amount(node: XmlElement) -> Decimal:
    return number_of(node.words("LineExtensionAmount")) or Decimal(0)


def third_parties(paper: Paper) -> Iterator[Broken]:
    """What is collected for others says what, how much and for which claim, and is payable too."""
    if not _extended(paper) or paper.root.name not in ("Invoice", "CreditNote"):
        return
    collected = list(paper.root.each("PrepaidPayment"))
    if paper.root.name == "Invoice":
        for node in collected:
            for rule, name in (
                ("BR-DEX-10", "ID"),
                ("BR-DEX-11", "PaidAmount"),
                ("BR-DEX-12", "InstructionID"),
            ):
                if not node.words(name):
                    yield Broken(rule, "", f"{name} of what is collected for others is missing")
            paid = node.first("PaidAmount")
            if paid is not None and len(paid.text.strip().partition(".")[2]) > 2:
                yield Broken("BR-DEX-13", "", "what is collected for others has more than two decimals")
            if paid is None or paid.attributes.get("currencyID") != paper.top.text("BT-5"):
                yield Broken("BR-DEX-14", "", "what is collected for others is in another currency")
    others = sum((number_of(node.words("PaidAmount")) or Decimal(0) for node in collected), Decimal(0))
    for sums in paper.top.each("BG-22"):
        left = rounded(sums.amount("BT-115") - sums.amount("BT-114"))
        if left != rounded(sums.amount("BT-112") - sums.amount("BT-113") + others):
            yield Broken("BR-DEX-09", "BT-115", "what is payable leaves out what is collected for others")


def vehicles(paper: Paper) -> Iterator[Broken]:
    """A sale of vehicles names contract and tender, and of each vehicle its class and propulsion."""
    if paper.top.text("BT-24") != VEHICLES:
        return
    for rule, term in (("BR-DE-CVD-01", "BT-12"), ("BR-DE-CVD-02", "BT-17")):
        if not paper.top.has(term):
            yield Broken(rule, term, "contract or tender of the vehicles is missing")
    whole = 0
    for line in paper.top.each("BG-25"):
        classes = [one for one in line.all("BT-158") if one.attributes.get("listID") == "CVD"]
        drives = [group for group in line.each("BG-32") if group.text("BT-160") == "cva"]
        whole += bool(classes and drives)
        if classes and len(drives) != 1:
            yield Broken("BR-DE-CVD-06-a", "BT-160", "a class of vehicles has one propulsion")
        if drives and len(classes) != 1:
            yield Broken("BR-DE-CVD-06-b", "BT-158", "a propulsion has one class of vehicles")
        if any(one not in VEHICLE_CLASSES for one in classes):
            yield Broken("BR-DE-CVD-04", "BT-158", f"a vehicle is of {', '.join(VEHICLE_CLASSES)}")
        if any(drive.text("BT-161") not in PROPULSION for drive in drives):
            yield Broken("BR-DE-CVD-05", "BT-161", f"a propulsion is {', '.join(PROPULSION)}")
        if any(
            one.attributes.get("listID", "").strip() not in codes("item_class") | {"CVD"}
            for one in line.all("BT-158")
        ):
            yield Broken("BR-TMP-CVD-01", "BT-158", "a class of the item is of no known list")
    if not whole:
        yield Broken("BR-DE-CVD-03", "BT-158", "no line names class and propulsion of a vehicle")


RULES: tuple[Rule, ...] = (attachments, schemes, lines_below, third_parties, vehicles)
