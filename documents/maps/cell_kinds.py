"""How the text of a cell is read: dates in several styles, numbers with their own marks."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from documents.files.section import DECIMALS, DIGITS, decimal_of, plain_text
from documents.maps.numerals import in_chinese, narrow, plain_date, plain_number
from domain.money import MoneyError

EXCEL_START = date(1899, 12, 30)
"""Day 0 of the day numbers that spreadsheets write for dates."""


def folded(text: str) -> str:
    """The text as a person compares it: case, width, kinds of apostrophe and runs of spaces do not count."""
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u00b4", "'")
    return " ".join(plain.split()).casefold()


@dataclass(frozen=True)
class Kind:
    """How to read a cell; ``absent`` are the texts that stand for no value."""

    read: str = "text"
    styles: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""
    remove: tuple[str, ...] = ()
    decimals: int | None = None
    absent: frozenset[str] = frozenset()

    def is_absent(self, text: str) -> bool:
        return not text or folded(text) in self.absent

    def canonical(self, text: str) -> str:
        """The text as an order file would write it; ValueError says why it cannot be read so."""
        if self.read == "date":
            return self.day(text).isoformat()
        if self.read == "number":
            return self.number(text)
        return text

    def day(self, text: str) -> date:
        """The day by the first style that fits; width does not count, nor do Chinese numerals."""
        plain = plain_date(text)
        for style in self.styles:
            found = _day(plain, style)
            if found is not None:
                return found
        raise ValueError(f"fits none of the date styles {', '.join(self.styles)}")

    def number(self, text: str) -> str:
        plain = narrow(text)
        for mark in () if in_chinese(text) else self.remove:
            plain = plain.replace(narrow(mark), "")
        plain = plain_number(plain, self.decimal, self.thousands)
        try:
            value = decimal_of(plain, DIGITS if self.decimals is not None else DECIMALS)
        except MoneyError as error:
            raise ValueError(f"is no number: {error}") from None
        return plain if self.decimals is None else plain_text(Fraction(value), self.decimals)


TEXT = Kind()


def _day(text: str, style: str) -> date | None:
    if style == "excel":
        whole = text.split(".")[0]
        return EXCEL_START + timedelta(days=int(whole)) if whole.isdigit() and len(whole) < 6 else None
    try:
        return datetime.strptime(text, style).date()
    except ValueError:
        return None
