"""Where a field of an order comes from in a table: columns, a fixed value, or the first that has one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from documents.files.section import decimal_of, plain_text
from documents.maps.cell_kinds import TEXT, Kind, folded
from domain.money import MoneyError

Cells = Mapping[str, str]
DAYS_MOVED = 36_500
TIMES_DECIMALS = 6
"""Decimals kept when a number is multiplied, as in pounds to kilograms."""


class CellError(ValueError):
    """A cell that cannot be read as the map says; the message names the column and its text."""


@dataclass(frozen=True)
class Sharing:
    """A value that stands once for several rows, which refer to the row that has it.

    ``pattern`` finds the identity of that row; the value is divided in proportion to the column ``by``, to
    ``decimals`` places, so that the parts sum to the whole. ``missing`` says what holds when that row is
    not in the file: the value is absent, or the row is refused.
    """

    pattern: re.Pattern[str]
    by: str
    decimals: int
    missing: str


@dataclass(frozen=True)
class Source:
    """One way to find a value; ``remark`` is kept with the order when this way was taken."""

    columns: tuple[str, ...] = ()
    join: str = " "
    value: str = ""
    kind: Kind = TEXT
    pattern: re.Pattern[str] | None = None
    lookup: Mapping[str, str] | None = None
    otherwise: str = "refuse"
    plus_days: str = ""
    times: Fraction | None = None
    default: str = ""
    remark: str = ""
    sharing: Sharing | None = None

    def raw(self, cells: Cells) -> str:
        """The text of its columns before any reading."""
        if self.value:
            return self.value
        return self.join.join(part for column in self.columns if (part := cells.get(column, "").strip()))

    def found(self, cells: Cells, shared: Callable[["Source", Cells], str | None]) -> str:
        """The value as an order file would write it, empty when there is none; CellError when unreadable."""
        raw = self.raw(cells)
        if self.sharing is not None:
            part = shared(self, cells)
            if part is not None:
                return part
        if self.kind.is_absent(raw):
            return self.default
        try:
            return self.changed(self.kind.canonical(self.looked_up(self.taken(raw))), cells)
        except (ValueError, MoneyError) as error:
            raise CellError(f"{' + '.join(self.columns)} holds {raw[:60]!r}, which {error}") from None

    def taken(self, raw: str) -> str:
        """The part of the text that the pattern's first group names."""
        if self.pattern is None:
            return raw
        match = self.pattern.search(raw)
        if match is None:
            raise ValueError(f"does not match {self.pattern.pattern!r}")
        return match[1] if self.pattern.groups else match[0]

    def looked_up(self, text: str) -> str:
        if self.lookup is None or not text:
            return text
        if text in self.lookup:
            return self.lookup[text]
        if (other := self.lookup.get(folded(text))) is not None:
            return other
        if self.otherwise == "refuse":
            raise ValueError("is not in the lookup")
        return text if self.otherwise == "keep" else ""

    def changed(self, text: str, cells: Cells) -> str:
        if not text:
            return self.default
        if self.plus_days:
            column_or_number = cells.get(self.plus_days, self.plus_days).strip()
            return moved(date.fromisoformat(text), column_or_number).isoformat()
        if self.times is not None:
            return plain_text(Fraction(decimal_of(text)) * self.times, TIMES_DECIMALS)
        return text


def moved(day: date, text: str) -> date:
    """The day so many whole days later; ValueError for anything else or a day beyond the calendar."""
    number = decimal_of(text)
    days = int(number)
    if days != number or abs(days) > DAYS_MOVED:
        raise ValueError(f"cannot be moved by {text[:20]!r} days")
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise ValueError("is beyond the calendar") from None


@dataclass(frozen=True)
class Field:
    """The ways to find one field, in their order; the first that gives a value counts."""

    ways: tuple[Source, ...]

    def found(
        self,
        cells: Cells,
        shared: Callable[[Source, Cells], str | None],
        remark: Callable[[str], None],
    ) -> str:
        for way in self.ways:
            value = way.found(cells, shared)
            if value:
                if way.remark:
                    remark(way.remark)
                return value
        return ""
