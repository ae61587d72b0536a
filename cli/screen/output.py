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
    from rich.console import Console, Group

PIPE_WIDTH = 2000
"""Columns in a pipe or file without COLUMNS: wide, so that no cell is wrapped or left out for grep."""


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
    print(
        json.dumps(document, ensure_ascii=_ascii_only(), indent=indent, default=plain), flush=indent is None
    )


def _ascii_only() -> bool:
    """JSON stays JSON where the stream takes no other letters: they are written by number."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") != "utf8"


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


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: str = "", spare: str = ""
) -> "Group":
    """A table that fits the screen; ``right`` names the columns set to the right, separated by commas.

    Where the screen is too narrow the columns of ``spare`` are left out, the first named first, and where
    that is not enough each row stands as a block of its own. No amount and no word is ever cut.
    """
    from cli.screen.fitting import Column, fitted

    aligned = {name.strip() for name in right.split(",")}
    spared = [name.strip() for name in spare.split(",") if name.strip()]
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    shown = [
        Column(name, [row[place] for row in cells], name in aligned) for place, name in enumerate(columns)
    ]
    return fitted(title, shown, spared, console().width)


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
