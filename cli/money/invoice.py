"""``net invoice ORDER``: the invoice of what was delivered, as UBL and PDF."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, single
from cli.screen.output import amount, answer, note, table
from domain.money import format_minor

if TYPE_CHECKING:
    from documents.invoices.invoice import Invoice

app = single()
LETTERS = 2
"""Of a country's code in ISO 3166."""


def _told(flag: str, told: str, metavar: str = "TEXT") -> Any:
    return typer.Option(flag, help=told, metavar=metavar, show_default=False)


@command(
    app,
    "invoice",
    example="""
    net invoice PO-2026-0017
    net invoice PO-2026-0017 --out invoices --account DE89370400440532013000 --seller-number CN91310000MA1K
    net invoice PO-2026-0017 --dry-run --json
    """,
)
def invoice(
    asked: Asked,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's reference.")],
    out: Annotated[Path, _told("--out", "Where to write the files.", "FOLDER")] = Path(),
    form: Annotated[str, _told("--form", "ubl, pdf or both.", "FORM")] = "both",
    account: Annotated[str, _told("--account", "The collection account to pay to.", "IBAN")] = "",
    number: Annotated[str, _told("--number", "The first invoice's number; INV-ORDER when not given.")] = "",
    seller: Annotated[str, _told("--seller", "Who sells; the order's seller when not given.")] = "",
    seller_number: Annotated[str, _told("--seller-number", "The seller's tax number.")] = "",
    seller_country: Annotated[str, _told("--seller-country", "The seller's country.", "CODE")] = "",
    seller_address: Annotated[str, _told("--seller-address", "The seller's address.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the sums; write nothing.")] = False,
) -> None:
    """Write the invoices and credit notes of what was delivered: UBL 2.1 (EN 16931) and PDF.

    The sums are those of EN 16931. The ledger keeps the digest of each file. When the claim is assigned to a
    financier, the invoice says whom the buyer must pay.
    """
    if form not in ("ubl", "pdf", "both"):
        raise typer.BadParameter(f"{form!r} is not ubl, pdf or both")
    if seller_country and not (len(seller_country) == LETTERS and seller_country.isalpha()):
        raise typer.BadParameter(f"{seller_country!r} is not a two-letter country code, such as CN")
    from documents.invoices.ubl import fits_en_16931
    from domain.order import Party
    from flows.settlement.invoicing import Billing, invoices, note_written

    billing = Billing(account, number, Party(seller, seller_number, seller_country.upper(), seller_address))
    with asked.session() as session:
        found = invoices(session.ledger, session.network, order, session.on, billing)
        files: dict[str, list[str]] = {}
        for one in found:
            documents = {} if dry_run else _documents(one, form)
            files[one.number] = [str(_write(out, name, content)) for name, content in documents.items()]
            if documents:
                note_written(session.ledger, order, one, documents)
    for one in found:
        for missing in fits_en_16931(one):
            note(f"{one.number}: a receiver that checks EN 16931 will miss {missing}")
    _tell(asked, found, files)


def _documents(one: "Invoice", form: str) -> dict[str, bytes]:
    stem = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in one.number)
    found = {}
    if form in ("ubl", "both"):
        from documents.invoices.ubl import ubl_invoice

        found[f"{stem}.xml"] = ubl_invoice(one)
    if form in ("pdf", "both"):
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
