"""How a table fits a screen: roomy, tight, with fewer columns, or one block for each row.

No amount, date or word is cut in two while any of these fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

UNBROKEN = 12
"""A column of cells no longer than this (dates, states, short names) is never wrapped."""
LONGEST_WORD = 28
"""Words up to this many characters are kept whole; longer ones (paths, hashes) may be folded."""
ROOMY, TIGHT = 3, 2
"""Columns of the screen between two cells."""


def cells(text: str) -> int:
    """How many places of the screen a text takes: two for each wide letter, as of Chinese."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


@dataclass(frozen=True, slots=True)
class Column:
    """One column as it would be printed; a heading may have several lines."""

    name: str
    cells: Sequence[str]
    numeric: bool = False

    @property
    def heading(self) -> int:
        return max(map(cells, self.name.split("\n")))

    @property
    def longest(self) -> int:
        return max([self.heading, *map(cells, self.cells)])

    @property
    def whole(self) -> bool:
        return self.numeric or max(map(cells, self.cells), default=0) <= UNBROKEN

    @property
    def least(self) -> int:
        """The fewest characters in which nothing is cut."""
        if self.whole:
            return self.longest
        words = (word for text in (self.name, *self.cells) for word in text.split())
        return max((min(cells(word), LONGEST_WORD) for word in words), default=0)


def kept_columns(columns: Sequence[Column], spare: Sequence[str], width: int) -> list[Column] | None:
    """The columns that stay beside one another on a screen of this width; None when not even those do."""
    kept = list(columns)
    for name in [None, *spare]:
        kept = [column for column in kept if column.name != name]
        if sum(column.least for column in kept) + TIGHT * len(kept) - 1 <= width:
            return kept
    return None


def said(columns: Sequence[Column]) -> list[Column]:
    """Without columns that have neither a heading nor any content."""
    return [column for column in columns if column.name or any(column.cells)]


def fitted(title: str, columns: Sequence[Column], spare: Sequence[str], width: int) -> "Group":
    """The table, under its title."""
    from rich.console import Group
    from rich.text import Text

    told = said(columns)
    kept = kept_columns(told, spare, width)
    shown = _blocks(told) if kept is None else _beside(kept, width)
    return Group(Text(title, style="bold"), shown) if title else Group(shown)


def widths_of(columns: Sequence[Column], room: int) -> list[int]:
    """Each column's width: what it cannot do without, and of the rest as much as it can use.

    Those that lack least are served first, so that few columns fold.
    """
    widths = [column.least for column in columns]
    left = max(0, room - sum(widths))
    lacking = sorted(range(len(columns)), key=lambda place: columns[place].longest - widths[place])
    for count, place in enumerate(lacking):
        share = left // (len(lacking) - count)
        more = min(columns[place].longest - widths[place], share)
        widths[place] += more
        left -= more
    return widths


def _beside(columns: Sequence[Column], width: int) -> "Table":
    from rich import box
    from rich.table import Table

    room = width - ROOMY * len(columns) - 1
    made = Table(box=box.SIMPLE_HEAD)
    if sum(column.least for column in columns) > room:
        room = width - TIGHT * len(columns) + 1
        made = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for column, wide in zip(columns, widths_of(columns, room), strict=True):
        justify: Literal["left", "right"] = "right" if column.numeric else "left"
        made.add_column(column.name, justify=justify, width=wide, overflow="fold")
    for row in zip(*(column.cells for column in columns), strict=True):
        made.add_row(*row)
    return made


def _blocks(columns: Sequence[Column]) -> "Table":
    """Each row as lines of name and cell; what is empty is left out."""
    from rich.table import Table

    made = Table.grid(padding=(0, 2))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for row in zip(*(column.cells for column in columns), strict=True):
        made.add_row("")
        for column, cell in zip(columns, row, strict=True):
            if cell:
                made.add_row(column.name.replace("\n", " "), cell)
    made.add_row("")
    return made
