"""Rules of EN 16931 on codes (BR-CL-*), and on the country before a VAT number (BR-CO-09)."""

from collections.abc import Iterator

from documents.bills.paper import Paper, Term
from documents.codes.lists import COUNTRIES_MEANT, codes
from documents.rules.broken import Broken, every_element, named

CODED = """
BR-CL-01 BT-3 document_type
BR-CL-04 BT-5 currency
BR-CL-05 BT-6 currency
BR-CL-14 BG-4/BG-5/BT-40 country
BR-CL-14 BG-7/BG-8/BT-55 country
BR-CL-14 BG-11/BG-12/BT-69 country
BR-CL-14 BG-13/BG-15/BT-80 country
BR-CL-15 BG-25/BT-159 country
BR-CL-16 BG-16/BT-81 payment_means
BR-CL-17 BG-23/BT-118 tax_category
BR-CL-17 BG-20/BT-95 tax_category
BR-CL-17 BG-21/BT-102 tax_category
BR-CL-18 BG-25/BT-151 tax_category
BR-CL-19 BG-20/BT-98 allowance_reason
BR-CL-19 BG-25/BG-27/BT-140 allowance_reason
BR-CL-20 BG-21/BT-105 charge_reason
BR-CL-20 BG-25/BG-28/BT-145 charge_reason
BR-CL-22 BG-23/BT-121 exemption
"""
ATTRIBUTES = """
BR-CL-10 BG-4/BT-29 schemeID register_scheme
BR-CL-10 BG-7/BT-46 schemeID register_scheme
BR-CL-10 BG-10/BT-60 schemeID register_scheme
BR-CL-11 BG-4/BT-30 schemeID register_scheme
BR-CL-11 BG-7/BT-47 schemeID register_scheme
BR-CL-11 BG-10/BT-61 schemeID register_scheme
BR-CL-21 BG-25/BT-157 schemeID register_scheme
BR-CL-26 BG-13/BT-71 schemeID register_scheme
BR-CL-25 BG-4/BT-34 schemeID endpoint_scheme
BR-CL-25 BG-7/BT-49 schemeID endpoint_scheme
BR-CL-23 BG-25/BT-129 unitCode unit
BR-CL-23 BG-25/BT-149 unitCode unit
BR-CL-13 BG-25/BT-158 listID item_class
BR-CL-07 BT-18 schemeID object_scheme
BR-CL-07 BG-25/BT-128 schemeID object_scheme
BR-CL-24 BG-24/BT-125 mimeCode mime
"""
_TAX_POINTS = {"ubl": {"3", "35", "432"}, "cii": {"5", "29", "72"}}


def wrong_codes(paper: Paper) -> Iterator[Broken]:
    """Codes that are not in their list."""
    for row in CODED.split("\n")[1:-1]:
        rule, where, name = row.split()
        for term in paper.top.all(*where.split("/")):
            code = term.upper() if name == "exemption" else term
            if term and code not in codes(name):
                yield _unknown(rule, where, term, str(term))
    for row in ATTRIBUTES.split("\n")[1:-1]:
        rule, where, attribute, name = row.split()
        for term in paper.top.all(*where.split("/")):
            code = term.attributes.get(attribute, "").strip()
            if attribute in term.attributes and code not in codes(name) and code != "SEPA":
                yield _unknown(rule, where, term, code)
    yield from _currencies(paper)
    yield from _tax_points(paper)


def _unknown(rule: str, where: str, term: Term, code: str) -> Broken:
    name = where.rpartition("/")[2]
    name = "BT-130" if rule == "BR-CL-23" else name
    meant = COUNTRIES_MEANT.get(code) if name in ("BT-40", "BT-55", "BT-80") else None
    told = f"; write {meant}" if meant else ""
    problem = f"{named(name)} is {code!r}, which is no code of its list{told}"
    return Broken(rule, name, problem, f"XML line {term.line}")


def _currencies(paper: Paper) -> Iterator[Broken]:
    stated = (node.attributes.get("currencyID") for node in every_element(paper.root))
    for code in dict.fromkeys(code for code in stated if code is not None):
        if code.strip() not in codes("currency"):
            yield Broken("BR-CL-03", "BT-5", f"amounts are in {code!r}, which is no code of the list")


def _tax_points(paper: Paper) -> Iterator[Broken]:
    for term in (*paper.top.all("BT-8"), *paper.top.all("BG-14", "BT-8")):
        if term not in _TAX_POINTS[paper.syntax]:
            yield Broken("BR-CL-06", "BT-8", f"{term} is no code for a tax point")


def vat_prefixes(paper: Paper) -> Iterator[Broken]:
    """A VAT number begins with its country; Greece uses EL, Northern Ireland XI."""
    for where, name in ((("BG-4",), "BT-31"), (("BG-11",), "BT-63"), (("BG-7",), "BT-48")):
        for number in paper.top.all(*where, name):
            if number[:2] not in codes("country") | {"EL", "XI"}:
                yield Broken("BR-CO-09", name, f"{named(name)} {number} does not begin with a country")
