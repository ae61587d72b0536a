"""``net invoice ORDER``: the invoice of what was delivered, in the forms that buyers ask for."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, single
from cli.screen.output import amount, answer, note, table
from domain.money import format_minor

if TYPE_CHECKING:
    from documents.invoices.invoice import Invoice

app = single()
"""Of a country's code in ISO 3166."""


def _told(flag: str, told: str, metavar: str = "TEXT") -> Any:
    return typer.Option(flag, help=told, metavar=metavar, show_default=False)


@command(
    app,
    "invoice",
    example="""
    net invoice PO-2026-0017
    net invoice PO-2026-0017 --out invoices --account DE89370400440532013000 --seller-number CN91310000MA1K
    net invoice PO-2026-0017 --form peppol --buyer-reference 04011000-12345-67
    net invoice PO-2026-0017 --dry-run --json
    """,
)
def invoice(
    asked: Asked,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's reference.")],
    out: Annotated[Path, _told("--out", "Where to write the files.", "FOLDER")] = Path(),
    form: Annotated[
        str,
        _told("--form", "ubl, cii, peppol, xrechnung, xrechnung-cii, pdf, or both (ubl and pdf).", "FORM"),
    ] = "both",
    account: Annotated[str, _told("--account", "The collection account to pay to.", "IBAN")] = "",
    number: Annotated[str, _told("--number", "The first invoice's number; INV-ORDER when not given.")] = "",
    seller: Annotated[str, _told("--seller", "Who sells; the order's seller when not given.")] = "",
    seller_number: Annotated[
        str,
        _told("--seller-number", "The seller's VAT or tax number; with a scheme before it, another number."),
    ] = "",
    seller_country: Annotated[str, _told("--seller-country", "The seller's country.", "CODE")] = "",
    seller_address: Annotated[str, _told("--seller-address", "The seller's address.")] = "",
    buyer_reference: Annotated[
        str, _told("--buyer-reference", "What the buyer wants to find on it (a Leitweg-ID, a cost centre).")
    ] = "",
    contact: Annotated[str, _told("--contact", "Whom to ask: name, telephone, e-mail.")] = "",
    rules: Annotated[
        Path | None, _told("--rules", "Run the official rules (.xslt) in this folder too.", "FOLDER")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the sums; write nothing.")] = False,
) -> None:
    """Write the invoices and credit notes of what was delivered, as XML for the buyer's system and as PDF.

    The sums are those of EN 16931; what a document breaks of its rules is told with the rule and the field to
    mend. The ledger keeps the digest of each file. When the claim is assigned to a financier, the invoice
    says whom the buyer must pay.
    """
    from domain.order import Party
    from flows.settlement.invoicing import Billing, invoices, note_written

    forms = _forms(form)
    country = _country(seller_country.upper())
    party = Party(seller, seller_number, country, seller_address)
    billing = Billing(_account(account), number, party, buyer_reference, contact)
    with asked.session() as session:
        found = invoices(session.ledger, session.network, order, session.on, billing)
        files: dict[str, list[str]] = {}
        for one in found:
            documents = {} if dry_run else _documents(one, forms)
            files[one.number] = [str(_write(out, name, content)) for name, content in documents.items()]
            if documents:
                note_written(session.ledger, order, one, documents)
    for one in found:
        _check(one, forms, rules)
    _tell(asked, found, files)


def _forms(form: str) -> list[str]:
    """The names of the forms asked for; wrong usage for any other."""
    from documents.invoices.formats import XML_FORMS

    if form == "both":
        return ["ubl", "pdf"]
    if form not in (*XML_FORMS, "pdf"):
        raise typer.BadParameter(f"{form!r} is not one of {', '.join(XML_FORMS)}, pdf, both")
    return [form]


def _country(code: str) -> str:
    from documents.codes.lists import codes, country_code

    if code and code not in codes("country"):
        meant = country_code(code)
        remedy = f"write {meant}" if meant != code else "write a code of ISO 3166-1 such as CN"
        raise typer.BadParameter(f"{code!r} is no country: {remedy}")
    return code


def _account(account: str) -> str:
    from domain.iban import account_written, iban_fault

    if fault := iban_fault(account):
        raise typer.BadParameter(fault)
    return account_written(account)


def _check(one: "Invoice", forms: list[str], rules: Path | None) -> None:
    """Tell what the documents break of the rules that they name, and what else a reader should know."""
    from documents.bills.syntaxes import paper_of
    from documents.invoices.formats import XML_FORMS
    from documents.invoices.units import mistaken
    from documents.rules.check import check
    from documents.rules.official import official_rules
    from domain.iban import iban_fault

    for form in [form for form in forms if form in XML_FORMS] or ["ubl"]:
        document = XML_FORMS[form].write(one)
        paper = paper_of(document, one.number)
        for broken in check(paper):
            if not broken.warning:
                note(f"{one.number}: {broken}")
        for broken in official_rules(rules, paper.syntax, document) if rules else ():
            note(f"{one.number}: official {'warning' if broken.warning else 'rule'} {broken}")
    told = [iban_fault(one.account), *(mistaken(line.unit) for line in one.lines)]
    for text in dict.fromkeys(filter(None, told)):
        note(f"{one.number}: {text}")


def _documents(one: "Invoice", forms: list[str]) -> dict[str, bytes]:
    from documents.invoices.formats import XML_FORMS

    stem = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in one.number)
    found = {
        f"{stem}{XML_FORMS[form].suffix}": XML_FORMS[form].write(one) for form in forms if form in XML_FORMS
    }
    if "pdf" in forms:
        from documents.invoices.pdf import missing_letters, pdf_invoice

        found[f"{stem}.pdf"] = pdf_invoice(one)
        if letters := missing_letters(one):
            note(f"{one.number}: the PDF has no letters for {letters}; the XML has them")
    return found


def _write(folder: Path, name: str, content: bytes) -> Path:
    """Write beside and rename, so that a file is whole or not there."""
    from domain.errors import UsageError

    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{name}.part")
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "choose another --out") from None
    return path


def _tell(asked: Asked, found: "list[Invoice]", files: dict[str, list[str]]) -> None:
    rows = [
        (
            one.number,
            one.issued_on,
            one.due_on or "",
            amount(one.net_minor, one.currency),
            amount(one.tax_minor, one.currency),
            amount(one.payable_minor, one.currency),
            one.currency,
            "\n".join(files[one.number]),
        )
        for one in found
    ]
    names = ("number", "date", "due", "net", "tax", "payable", "", "written")
    document = {"invoices": [_plain(one, files[one.number]) for one in found]}
    answer(
        asked,
        "invoice",
        document,
        lambda screen: screen.print(table("", names, rows, right="net, tax, payable")),
    )


def _plain(one: "Invoice", written: list[str]) -> dict[str, Any]:
    def told(minor: int) -> str:
        return format_minor(minor, one.currency)

    return {
        "number": one.number,
        "credits": one.credits or None,
        "order": one.order,
        "issued_on": one.issued_on,
        "due_on": one.due_on,
        "currency": one.currency,
        "net": told(one.net_minor),
        "tax": told(one.tax_minor),
        "gross": told(one.gross_minor),
        "prepaid": told(one.prepaid_minor),
        "payable": told(one.payable_minor),
        "payee": one.payee.name if one.payee else None,
        "files": written,
    }
