"""Writes an invoice as a PDF page for people, by ReportLab.

Latin text is set in Helvetica; other scripts in the Adobe CID fonts that PDF readers bring along, so that no
font has to be shipped; a letter that none of them has is shown without its marks, and
``missing_letters`` names it. The same invoice gives the same bytes.
"""

import unicodedata
from io import BytesIO
from typing import Any, Literal
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from documents.invoices.invoice import EXEMPTIONS, Invoice
from documents.invoices.shown import percent, plain
from domain.money import format_minor
from domain.order import Party

LATIN, HAN, KANA, HANGUL = "Helvetica", "STSong-Light", "HeiseiMin-W3", "HYSMyeongJo-Medium"
FONTS = ((LATIN, "cp1252"), (HAN, "gbk"), (KANA, "shift_jis"), (HANGUL, "euc_kr"))
"""Fonts with the character set that each covers."""
_BARE = {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ı": "i", "Ħ": "H", "ħ": "h", "ς": "σ"}
_GREY = HexColor("#555555")
_RULE = HexColor("#BBBBBB")


def pdf_invoice(invoice: Invoice) -> bytes:
    """The document as PDF, on as many A4 pages as its lines need."""
    for font in (HAN, KANA, HANGUL):
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    out = BytesIO()
    title = f"{_title(invoice)} {invoice.number}"
    document = SimpleDocTemplate(
        out, pagesize=A4, title=title, author=invoice.seller.name, invariant=1, subject=invoice.order,
        leftMargin=20 * mm, rightMargin=20 * mm, topMargin=20 * mm, bottomMargin=20 * mm,
    )  # fmt: skip
    document.build(_story(invoice), onFirstPage=_number_page, onLaterPages=_number_page)
    return out.getvalue()


def _title(invoice: Invoice) -> str:
    return "Credit note" if invoice.credits else "Invoice"


def _number_page(canvas: Any, document: Any) -> None:
    canvas.setFont(LATIN, 8)
    canvas.setFillColor(_GREY)
    canvas.drawRightString(A4[0] - 20 * mm, 12 * mm, f"{document.title}   {document.page}")


def _style(size: int = 9, *, bold: bool = False, right: bool = False) -> ParagraphStyle:
    font = "Helvetica-Bold" if bold else LATIN
    alignment: Literal[0, 2] = 2 if right else 0
    name = f"{size}{bold}{right}"
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * 1.35, alignment=alignment)


def fitted(letter: str) -> tuple[str, str]:
    """The font that has the letter, and the letter; without its marks, or as ``?``, where none has it."""
    for font, coverage in FONTS:
        if letter.encode(coverage, "ignore"):
            return font, letter
    plain_letter = _BARE.get(letter) or unicodedata.normalize("NFKD", letter)[0]
    if plain_letter != letter:
        return fitted(plain_letter)
    return LATIN, "?"


def missing_letters(invoice: Invoice) -> str:
    """Letters of the invoice that the PDF has to show without their marks or as ``?``."""
    parties = [invoice.seller, invoice.buyer, *filter(None, [invoice.payee])]
    words = [word for party in parties for word in (party.name, party.address)]
    words += [word for line in invoice.lines for word in (line.product, line.description)]
    letters = sorted(set("".join((*words, invoice.note, invoice.destination, invoice.terms))))
    return "".join(letter for letter in letters if not letter.isspace() and fitted(letter)[1] != letter)


def set_text(text: str) -> str:
    """Paragraph markup in which each run of letters stands in a font that has it."""
    runs: list[tuple[str, str]] = []
    for letter in text:
        font, shown = (LATIN, letter) if letter.isspace() else fitted(letter)
        if runs and runs[-1][0] == font:
            runs[-1] = (font, runs[-1][1] + shown)
        else:
            runs.append((font, shown))
    return "".join(
        escape(run) if font == LATIN else f'<font name="{font}">{escape(run)}</font>' for font, run in runs
    ).replace("\n", "<br/>")


def _cell(text: str, **style: Any) -> Paragraph:
    return Paragraph(set_text(text), _style(**style))


def _story(invoice: Invoice) -> list[Any]:
    return [
        _cell(f"{_title(invoice)} {invoice.number}", size=16, bold=True),
        Spacer(1, 6 * mm),
        _heads(invoice),
        Spacer(1, 8 * mm),
        _lines(invoice),
        Spacer(1, 4 * mm),
        _totals(invoice),
        Spacer(1, 8 * mm),
        *(_cell(text) for text in _foot(invoice)),
    ]


def _heads(invoice: Invoice) -> Table:
    dates = [("Date", invoice.issued_on), ("Due", invoice.due_on), ("Delivered", invoice.delivered_on)]
    facts = [f"{name}: {day}" for name, day in dates if day]
    facts.append(f"Order: {invoice.order}")
    if invoice.credits:
        facts.append(f"Corrects invoice: {invoice.credits}")
    if invoice.destination:
        facts.append(f"To: {invoice.destination}")
    columns = [_party("Seller", invoice.seller), _party("Buyer", invoice.buyer), "\n".join(facts)]
    head = Table([[_cell(column) for column in columns]], colWidths=[56 * mm, 56 * mm, 58 * mm])
    head.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]))
    return head


def _party(role: str, party: Party) -> str:
    return "\n".join(filter(None, (role, party.name, party.address, party.country, party.identifier)))


def _lines(invoice: Invoice) -> Table:
    header = ("", "What", "Quantity", "Price", "Tax", f"Net {invoice.currency}")
    rows: list[list[Any]] = [[_cell(name, bold=True, right=place > 1) for place, name in enumerate(header)]]
    for line in invoice.lines:
        told = f"{line.product}\n{line.description}" if line.description else line.product
        amounts = (
            f"{plain(line.quantity)} {line.unit}",
            plain(line.unit_price),
            f"{percent(line.tax_rate)}%",
            format_minor(line.net_minor, invoice.currency, grouped=True),
        )
        rows.append([_cell(line.number), _cell(told), *(_cell(amount, right=True) for amount in amounts)])
    for item in invoice.adjustments:
        tax = _cell(f"{percent(item.tax_rate)}%", right=True)
        amount = _cell(format_minor(item.amount_minor, invoice.currency, grouped=True), right=True)
        rows.append(["", _cell(item.reason or "Adjustment"), "", "", tax, amount])
    made = Table(rows, colWidths=[10 * mm, 62 * mm, 28 * mm, 22 * mm, 16 * mm, 32 * mm], repeatRows=1)
    made.setStyle(
        TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    )
    return made


def _totals(invoice: Invoice) -> Table:
    rows = [("Without tax", invoice.net_minor)]
    for share in invoice.taxes:
        reason = EXEMPTIONS.get(share.category, "")
        label = (
            f"Tax {percent(share.rate)}% of {format_minor(share.base_minor, invoice.currency, grouped=True)}"
        )
        rows.append((f"{label} ({reason})" if reason else label, share.tax_minor))
    rows.append(("With tax", invoice.gross_minor))
    if invoice.prepaid_minor:
        rows.append(("Received before", -invoice.prepaid_minor))
    if invoice.rounding_minor:
        rows.append(("Rounding", invoice.rounding_minor))
    payable = f"{'To be credited' if invoice.credits else 'To be paid'} {invoice.currency}"
    cells = [
        [_cell(label, right=True), _cell(format_minor(minor, invoice.currency, grouped=True), right=True)]
        for label, minor in rows
    ]
    total = format_minor(invoice.payable_minor, invoice.currency, grouped=True)
    cells.append([_cell(payable, bold=True, right=True), _cell(total, bold=True, right=True)])
    made = Table(cells, colWidths=[138 * mm, 32 * mm])
    made.setStyle(TableStyle([("LINEABOVE", (1, -1), (1, -1), 0.8, _GREY)]))
    return made


def _foot(invoice: Invoice) -> list[str]:
    found = []
    if invoice.terms:
        found.append(f"Terms: {invoice.terms}")
    if invoice.account:
        payee = f" of {invoice.payee.name}" if invoice.payee else ""
        found.append(f"Pay to account {invoice.account}{payee}, naming {invoice.number}.")
    if invoice.payee:
        found.append(
            f"This claim is assigned to {invoice.payee.name}: only payment to that account discharges it."
        )
    return [*found, invoice.note] if invoice.note else found
