"""The forms in which an invoice goes out: a name, how the file's name ends, a writer.

The next form is one file with a writer, and one row here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from documents.invoices.cii import cii_invoice
from documents.invoices.invoice import Invoice
from documents.invoices.shown import PEPPOL, XRECHNUNG
from documents.invoices.ubl import ubl_invoice


@dataclass(frozen=True, slots=True)
class Form:
    """``suffix`` ends the file's name; ``write`` gives the bytes of an XML that the rules are checked on."""

    name: str
    suffix: str
    caption: str
    write: Callable[[Invoice], bytes]


XML_FORMS = {
    form.name: form
    for form in (
        Form("ubl", ".xml", "UBL 2.1, EN 16931", ubl_invoice),
        Form("cii", ".cii.xml", "UN/CEFACT Cross Industry Invoice D16B, EN 16931", cii_invoice),
        Form("peppol", ".peppol.xml", "Peppol BIS Billing 3", lambda one: ubl_invoice(one, PEPPOL)),
        Form("xrechnung", ".xrechnung.xml", "XRechnung 3.0 as UBL", lambda one: ubl_invoice(one, XRECHNUNG)),
        Form(
            "xrechnung-cii",
            ".xrechnung-cii.xml",
            "XRechnung 3.0 as CII",
            lambda one: cii_invoice(one, XRECHNUNG),
        ),
    )
}
"""Forms that are XML, by the name that ``--form`` takes."""
