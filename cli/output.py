"""What a command prints: data to stdout, everything else to stderr.

People get tables by rich; programs get ``--json`` (one document) or ``--jsonl`` (one object a line), with
stable keys, amounts as strings and a schema name with its version. NO_COLOR, COLUMNS and a pipe are
honoured; nothing depends on colour alone.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from cli.options import Asked
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPE_WIDTH = 200
"""Columns in a pipe or file without COLUMNS: wide, so that no cell is cut or wrapped for grep."""


def console(*, stderr: bool = False) -> "Console":
    """A console that writes for a terminal's width, and wide and plain into a pipe."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def answer(
    asked: Asked, schema: str, document: Mapping[str, Any], render: Callable[["Console"], None]
) -> None:
    """Print one answer: the document under ``net.<schema>/1`` for a program, ``render`` for a person."""
    if asked.json or asked.jsonl:
        print_json({"schema": f"net.{schema}/1", **document}, indent=None if asked.jsonl else 2)
    else:
        render(console())


def print_json(document: Any, *, indent: int | None = None) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=indent, default=plain), flush=indent is None)


def plain(value: Any) -> Any:
    """JSON for what json does not know: dates as ISO text, decimals and fractions as strings."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal | Fraction):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "__fspath__"):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a JSON answer")


def amount(amount_minor: int, currency: str) -> str:
    """For people: grouped, without the currency, which the column's title names."""
    return format_minor(amount_minor, currency, grouped=True)


UNBROKEN = 12
"""A column of cells no longer than this (dates, states, short names) is never wrapped."""


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: str = "") -> "Table":
    """A table; ``right`` names the columns set to the right, separated by commas."""
    from rich import box
    from rich.table import Table

    aligned = {name.strip() for name in right.split(",")}
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    longest = [max((len(row[place]) for row in cells), default=0) for place in range(len(columns))]
    made = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column, length in zip(columns, longest, strict=True):
        numeric = column in aligned
        whole = numeric or length <= UNBROKEN
        made.add_column(column, justify="right" if numeric else "left", no_wrap=whole, overflow="fold")
    for row in cells:
        made.add_row(*row)
    return made


def note(text: str) -> None:
    """Something a person should know that is not the answer: to stderr."""
    print(text, file=sys.stderr)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr when that is a terminal, nothing otherwise; yields ``advance(count)``."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.update(task, advance=count)
