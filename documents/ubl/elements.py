"""Elements that every UBL 2.x document has: namespaces, parties, addresses, currencies, flags."""

from collections.abc import Iterator

from documents.files.field_lines import nearest
from documents.files.findings import Findings
from documents.files.xml_tree import XmlElement
from domain.errors import Defect

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
AGGREGATE = f"{_UBL}CommonAggregateComponents-2"
BASIC = f"{_UBL}CommonBasicComponents-2"
_LOCATION_SCHEMES = frozenset({"0088", "GLN", "EAN"})
NAMESPACES = frozenset({AGGREGATE, BASIC})


def document_namespace(kind: str) -> str:
    return f"{_UBL}{kind}-2"


def is_true(text: str) -> bool:
    """An xsd:boolean, or the yes and no that some systems write."""
    return text.strip().lower() in ("true", "1", "yes")


class Places:
    """On which line each field was found, filled while the tree is read."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}

    def __call__(self, name: str) -> int:
        return nearest(self.lines, name, 1)


def party_of(party: XmlElement | None) -> dict[str, str]:
    """Name, scheme-qualified identifier, country and address of a cac:Party."""
    if party is None:
        return {}
    found = {
        "name": party.words("PartyName", "Name")
        or party.words("PartyLegalEntity", "RegistrationName")
        or party.words("PartyTaxScheme", "RegistrationName")
        or " ".join(filter(None, (party.words("Person", "FirstName"), party.words("Person", "FamilyName")))),
        "identifier": identifier_of(party),
        "country": party.words("PostalAddress", "Country", "IdentificationCode")
        or party.words("PartyLegalEntity", "RegistrationAddress", "Country", "IdentificationCode"),
        "address": address_of(party.first("PostalAddress")),
        "account": party.words("FinancialAccount", "ID"),
        **numbers_of(party),
    }
    found["name"] = found["name"] or found["identifier"]
    return {key: value for key, value in found.items() if value}


def numbers_of(party: XmlElement) -> dict[str, str]:
    """The party's numbers, each by what it is for, with its scheme where it has one."""
    found = {
        "register_number": _qualified(party.first("PartyLegalEntity", "CompanyID")),
        "endpoint": _qualified(party.first("EndpointID")),
    }
    for node in party.each("PartyTaxScheme"):
        number = node.words("CompanyID")
        kind = "vat_number" if node.words("TaxScheme", "ID") in ("VAT", "") else "tax_number"
        found[kind] = found.get(kind) or number
    for node in party.each("PartyIdentification", "ID"):
        if node.attributes.get("schemeID", "").strip() in _LOCATION_SCHEMES:
            found.setdefault("location_number", _qualified(node))
    return found


def _qualified(node: XmlElement | None) -> str:
    if node is None or not node.text.strip():
        return ""
    scheme = node.attributes.get("schemeID", "").strip()
    return f"{scheme}:{node.text.strip()}" if scheme else node.text.strip()


def identifier_of(party: XmlElement) -> str:
    """The number by which the firm is registered, else any that the document gives, with its scheme."""
    for path in (
        ("PartyLegalEntity", "CompanyID"),
        ("PartyTaxScheme", "CompanyID"),
        ("PartyIdentification", "ID"),
        ("EndpointID",),
    ):
        if found := _qualified(party.first(*path)):
            return found
    return ""


def address_of(address: XmlElement | None) -> str:
    """One line, from the street to the country."""
    if address is None:
        return ""
    street = " ".join(filter(None, (address.words("StreetName"), address.words("BuildingNumber"))))
    parts = [
        street,
        address.words("AdditionalStreetName"),
        address.words("BuildingName"),
        *(line.text.strip() for line in address.each("AddressLine", "Line")),
        " ".join(filter(None, (address.words("PostalZone"), address.words("CityName")))),
        address.words("CountrySubentity"),
        address.words("Country", "IdentificationCode"),
    ]
    return ", ".join(part for part in parts if part)


def currency_of(root: XmlElement, findings: Findings) -> str:
    """The currency of the document; amounts in another one are noted, unless they are tax in its own."""
    stated = root.words("DocumentCurrencyCode") or root.words("PricingCurrencyCode")
    tax_currency = root.words("TaxCurrencyCode")
    carried: dict[str, XmlElement] = {}
    for node, under_tax in _amounts(root, False):
        code = node.attributes["currencyID"].strip()
        if not (under_tax and code == tax_currency):
            carried.setdefault(code, node)
    currency = stated or (next(iter(carried)) if len(carried) == 1 else "")
    for code, node in carried.items():
        if code != currency:
            against = currency or ", ".join(sorted(carried))
            problem = f"{node.name} is in {code[:20]!r}, the document in {against}"
            remedy = "state every amount in one currency"
            findings.defects.append(Defect(findings.file, node.line, node.name, problem, remedy))
    return currency


def _amounts(node: XmlElement, under_tax: bool) -> Iterator[tuple[XmlElement, bool]]:
    """Every element with a currency, and whether it stands under a TaxTotal."""
    stack = [(node, under_tax)]
    while stack:
        current, taxed = stack.pop()
        if "currencyID" in current.attributes:
            yield current, taxed
        taxed = taxed or current.name == "TaxTotal"
        stack.extend((child, taxed) for child in reversed(current.children))
