"""One table of a document, read field by field; every mistake is noted and reading goes on."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from itertools import islice
from typing import Any, TypeVar

from documents.files.findings import DEFECTS_SHOWN, Findings
from domain.money import MoneyError, minor_of, round_minor
from domain.near import meant

NAME_LENGTH = 1_000
NOTE_LENGTH = 10_000
DIGITS = 36
DECIMALS = 18
FIRST_YEAR, LAST_YEAR = 1900, 2200

Choice = TypeVar("Choice", bound=Enum)

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}([,' ]\d{3})+(\.\d+)?|[+-]?\d+,\d+", re.ASCII)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Also what turns the direction of writing: a reference must not read otherwise than it is."""
_BREAK = re.compile(r"\s*[\t\n\r\x85\u2028\u2029]+\s*")


class Numeral(str):
    """A number as it is written in the file, so that no digit of it is lost."""

    __slots__ = ()


def decimal_of(text: str, decimals_allowed: int = DECIMALS) -> Decimal:
    """An exact number; MoneyError says what is wrong with the text."""
    cleaned = text.strip()
    if not _PLAIN.fullmatch(cleaned):
        if _GROUPED.fullmatch(cleaned):
            raise MoneyError(f"{cleaned!r} has separators: write it as 1234.56, or read it through a map")
        raise MoneyError(f"{cleaned[:40]!r} is not a plain decimal number")
    whole, _, decimals = cleaned.lstrip("+-").partition(".")
    decimals = decimals.rstrip("0")
    whole = whole.lstrip("0")
    if len(decimals) > decimals_allowed or len(whole) + len(decimals) > DIGITS:
        raise MoneyError(f"a number of {len(cleaned)} digits is more than an order can mean")
    return Decimal(cleaned)


def plain_text(exact: Fraction, decimals: int = DECIMALS) -> str:
    """The number with so many decimals, halves away from zero; built from digits, no context rounds it."""
    units = round_minor(exact * 10**decimals)
    if not decimals:
        return str(units)
    digits = f"{abs(units):0{decimals + 1}d}"
    return f"{'-' if units < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


def day_of(text: str) -> date:
    """An ISO day within the years of trade; ValueError otherwise."""
    if not _ISO_DAY.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a day like 2026-03-02")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day of the calendar") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"{text} is outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return day


def share_of(text: str) -> Fraction:
    """``13%`` and ``0.13`` as a fraction; MoneyError outside 0 to 1."""
    cleaned = text.strip()
    percent = cleaned.endswith("%")
    value = Fraction(decimal_of(cleaned.removesuffix("%"))) / (100 if percent else 1)
    if not 0 <= value <= 1:
        raise MoneyError(f"{cleaned} is not between 0 and 1: write a share as 0.13 or 13%")
    return value


def _as_text(value: Any) -> str | None:
    """Text, or a whole number that stands where text is meant (an order number written bare)."""
    if isinstance(value, str):
        return str(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole and abs(value) < 10**DIGITS else None


class Section:
    """A table at ``path`` of the document; its readers return None where the field is absent or wrong."""

    def __init__(self, table: Mapping[str, Any], path: str, findings: Findings) -> None:
        self.table = table
        self.path = path
        self.findings = findings
        self.read: set[str] = set()

    def name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, problem: str, remedy: str) -> None:
        self.findings.add(self.name(key), problem, remedy)

    def value(self, key: str, *, needed: bool = False) -> Any:
        self.read.add(key)
        value = self.table.get(key)
        if isinstance(value, str):
            value = type(value)(value.strip())
        if value is None or value == "":
            if needed:
                self.wrong(key, "is missing", f"give {self.name(key)}")
            return None
        return value

    def text(self, key: str, *, needed: bool = False, limit: int = NAME_LENGTH) -> str:
        value = self.value(key, needed=needed)
        if value is None:
            return ""
        text = _as_text(value)
        if text is None:
            self.wrong(key, "is not text", 'write it as "text"')
            return ""
        if len(text) > limit:
            self.wrong(key, f"has {len(text):,} characters", f"use at most {limit:,}")
        elif bad := _CONTROL.search(text):
            self.wrong(key, f"holds the control character {bad.group()!a}", "remove it")
        else:
            return text if limit > NAME_LENGTH else _BREAK.sub(" ", text)
        return ""

    def decimal(self, key: str, *, needed: bool = False) -> Decimal | None:
        value = self.value(key, needed=needed)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self.wrong(key, "is not a number", "write a plain decimal number")
            return None
        try:
            return decimal_of(str(value))
        except (MoneyError, ValueError) as error:
            self.wrong(key, str(error), "write a plain decimal number")
            return None

    def amount(self, key: str, currency: str, *, needed: bool = False) -> int | None:
        """Minor units; a currency that is unknown has been noted already, so nothing is noted here."""
        number = self.decimal(key, needed=needed)
        if number is None or not currency:
            return None
        try:
            return minor_of(number, currency)
        except MoneyError as error:
            self.wrong(key, str(error), "write whole minor units, as 12.34 for cents")
            return None

    def share(self, key: str, *, needed: bool = False) -> Fraction | None:
        value = self.value(key, needed=needed)
        if value is None or isinstance(value, Fraction):
            return value
        try:
            if isinstance(value, bool) or not isinstance(value, (str, int)):
                raise MoneyError("is not a share")
            return share_of(str(value))
        except (MoneyError, ValueError) as error:
            self.wrong(key, str(error), "write a share such as 13% or 0.13")
            return None

    def day(self, key: str, *, needed: bool = False) -> date | None:
        value = self.value(key, needed=needed)
        if value is None:
            return None
        try:
            if isinstance(value, datetime) or not isinstance(value, (str, date)):
                raise ValueError("is not a day without a time")
            return day_of(value.isoformat() if isinstance(value, date) else value)
        except ValueError as error:
            self.wrong(key, str(error), "write a day as 2026-03-02")
            return None

    def integer(self, key: str, default: int, limit: int) -> int:
        """A whole number from zero to the limit."""
        number = self.decimal(key)
        if number is None:
            return default
        if number != number.to_integral_value() or not 0 <= number <= limit:
            self.wrong(key, f"{number} is not a whole number from 0 to {limit}", "write a whole number")
            return default
        return int(number)

    def flag(self, key: str) -> bool:
        value = self.value(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.wrong(key, "is neither true nor false", "write true or false")
        return False

    def choice(self, key: str, kind: type[Choice], default: Choice | None = None) -> Choice | None:
        value = self.value(key, needed=default is None)
        if value is None:
            return default
        if isinstance(value, str):
            for member in kind:
                if member.value == value:
                    return member
        known = ", ".join(str(member.value) for member in kind)
        near = meant(str(value), (str(member.value) for member in kind))
        self.wrong(key, f"{str(value)[:40]!r} is not known", f"{near}use one of: {known}")
        return default

    def section(self, key: str) -> "Section | None":
        value = self.value(key)
        if value is None:
            return None
        if isinstance(value, Mapping):
            return Section(value, self.name(key), self.findings)
        self.wrong(key, "is not a table", "write it as a table of fields")
        return None

    def sections(self, key: str, limit: int) -> "list[Section]":
        value = self.value(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self.wrong(key, "is not a list of tables", "write one table for each")
            return []
        if len(value) > limit:
            self.wrong(key, f"has {len(value):,} entries", f"use at most {limit:,}")
            return []
        return [
            Section(item, f"{self.name(key)}[{place}]", self.findings)
            for place, item in enumerate(value, start=1)
        ]

    def finish(self) -> None:
        """Note the names that nothing has read: a misspelt field must not be left out in silence."""
        known = ", ".join(sorted(self.read))
        unknown = (key for key in self.table if key not in self.read)
        for key in islice(unknown, DEFECTS_SHOWN + 1):
            near = meant(str(key), self.read)
            self.wrong(str(key)[:80], "is not a field here", f"{near}use one of: {known}")
