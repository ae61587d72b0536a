"""Invoices in any syntax that is read: which one a document is, and its terms."""

from documents.bills.cii_terms import cii_paper
from documents.bills.paper import Paper
from documents.bills.ubl_terms import ubl_paper
from documents.files.findings import refuse
from documents.files.xml_tree import XmlElement, parse_content
from documents.ubl.elements import document_namespace

CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
SYNTAXES = {
    document_namespace("Invoice"): ubl_paper,
    document_namespace("CreditNote"): ubl_paper,
    CII: cii_paper,
}


def paper_of(content: bytes, name: str) -> Paper:
    """The invoice that the bytes hold; an input error naming ``name`` when they hold none."""
    return paper_from(parse_content(content, name), name)


def paper_from(root: XmlElement, name: str) -> Paper:
    read = SYNTAXES.get(root.namespace)
    if read is None:
        problem = f"is {root.name[:60]!r}, not an invoice"
        raise refuse(name, root.line, "file", problem, "send a UBL or Cross Industry Invoice")
    return read(root)
