"""The official rules as oracles: compiled schematrons and schemas beside the checkout, run by saxonche."""

from collections.abc import Callable
from pathlib import Path

import pytest
import saxonche
from lxml import etree

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
SCHEMAS = {
    "Invoice": "ubl21_xsd/maindoc/UBL-Invoice-2.1.xsd",
    "CreditNote": "ubl21_xsd/maindoc/UBL-CreditNote-2.1.xsd",
    "CrossIndustryInvoice": "cii_d16b/CII/uncefact/data/standard/CrossIndustryInvoice_100pD16B.xsd",
}


@pytest.fixture(scope="session")
def officially_broken() -> Callable[[bytes], set[str]]:
    """Ids of the fatal rules that a document breaks, after its schema has been checked."""
    if not DATA.is_dir():
        pytest.skip("the shared data is not here")
    processor = saxonche.PySaxonProcessor(license=False)
    sheets = {
        syntax: processor.new_xslt30_processor().compile_stylesheet(
            stylesheet_file=str(next((DATA / "en16931" / syntax / "xslt").glob("*.xslt")))
        )
        for syntax in ("ubl", "cii")
    }
    schemas = {kind: etree.XMLSchema(etree.parse(DATA / path)) for kind, path in SCHEMAS.items()}

    def check(document: bytes) -> set[str]:
        root = etree.fromstring(document)
        kind = etree.QName(root).localname
        schemas[kind].assertValid(root)
        sheet = sheets["cii" if kind.startswith("Cross") else "ubl"]
        report = etree.fromstring(
            sheet.transform_to_string(xdm_node=processor.parse_xml(xml_text=document.decode())).encode()
        )
        failed = report.iter(f"{SVRL}failed-assert")
        return {node.get("id") for node in failed if node.get("flag") == "fatal"}

    return check
