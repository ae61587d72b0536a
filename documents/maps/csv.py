"""Orders in CSV with the columns of docs/reference/order-files.md; rows stream, one order at a time."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from documents.files.findings import Findings, refuse
from documents.files.section import Numeral
from domain.near import meant

ROW_LENGTH = 2**20
COLUMNS_READ = 1_000
_SEPARATORS = ",;\t|"
_TERM = re.compile(r"(?P<share>[\d.]+%?) +(?P<event>[a-z_]+) *(?:\+ *(?P<days>\d+))?(?P<end> +month end)?")

_ORDER = ("reference", "issued_on", "currency", "due_on", "destination", "country", "note")
_PARTY = ("name", "identifier", "country", "address", "account")
_LINE = {
    "number": "number",
    "product": "product",
    "quantity": "quantity",
    "unit": "unit",
    "unit_price": "unit_price",
    "price_quantity": "price_quantity",
    "net": "net",
    "description": "description",
    "tax_rate": "tax_rate",
    "tax_category": "tax_category",
    "weight_kg": "weight_kg",
    "line_due_on": "due_on",
    "line_destination": "destination",
    "adjustment": "adjustment",
}
_PARTIES = tuple(f"{party}_{field}" for party in ("buyer", "seller") for field in _PARTY)
COLUMNS = frozenset((*_ORDER, "buyer", "seller", "payment", *_LINE, *_PARTIES))
"""Every column that an order in CSV may have."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row by column; ``line`` is where it starts in the file."""

    line: int
    cells: dict[str, str]


def order_rows(text: TextIO, file: str) -> Iterator[Row]:
    """Rows of a table with the columns of an order file; its names may have capitals and blanks."""
    return rows(text, file, check=lambda header, line: _known_names(header, file, line))


def _known_names(header: list[str], file: str, line: int) -> list[str]:
    plain = [re.sub(r"[\s\-]+", "_", name).casefold() for name in header]
    names = [other if other in COLUMNS else name for name, other in zip(header, plain, strict=True)]
    _unknown_columns(names, file, line).raise_any()
    return names


def rows(
    text: TextIO,
    file: str,
    separator: str = "",
    *,
    skipped: int = 0,
    columns: Sequence[str] = (),
    check: Callable[[list[str], int], list[str]] = lambda header, _line: header,
) -> Iterator[Row]:
    """Rows under the header; raises for what ends the reading: bad quoting, a row without end, encoding.

    ``skipped`` lines stand before the header; with ``columns`` the file has no header of its own. ``check``
    may refuse the header, or give the names that its columns go by.
    """
    lines = bounded_lines(text, file)
    for _ in range(skipped):
        next(lines, "")
    header = [name.strip() for name in columns]
    start = skipped + 1
    if not header:
        header_line = "\n"
        while header_line and not header_line.strip():
            header_line = next(lines, "")
            start += 1
        separator = separator or max(_SEPARATORS, key=header_line.count)
        header = [name.strip() for name in next(csv.reader([header_line], delimiter=separator), [])]
    _check_header(header, file, max(start - 1, 1))
    if not columns:
        header = check(header, start - 1)
    reader = csv.reader(lines, delimiter=separator or ",", strict=True)
    line = start
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = f"this row cannot be read: {error}"
            raise refuse(file, line, "row", problem, "close its quotation marks") from None
        if any(cells):
            yield Row(line, _named(header, cells, file, line))
        line = start + reader.line_num


def _named(header: list[str], cells: list[str], file: str, line: int) -> dict[str, str]:
    if len(cells) > len(header) and any(cells[len(header) :]):
        problem = f"has {len(cells)} cells under {len(header)} columns"
        raise refuse(file, line, "row", problem, "quote a cell that holds the separator")
    return dict(zip(header, cells, strict=False))


def _check_header(header: list[str], file: str, line: int) -> None:
    if not any(header):
        raise refuse(file, line, "header", "names no columns", "let the first line name the columns")
    if len(header) > COLUMNS_READ:
        problem = f"names {len(header):,} columns"
        raise refuse(file, line, "header", problem, f"send at most {COLUMNS_READ:,}")
    twice = {name for name, times in Counter(header).items() if name and times > 1}
    if twice:
        problem = f"names a column twice: {', '.join(sorted(twice))}"
        raise refuse(file, line, "header", problem, "name each column once")


def bounded_lines(text: TextIO, file: str) -> Iterator[str]:
    """Lines of bounded length, so that a file without line ends is not read into memory."""
    number = 0
    try:
        while line := text.readline(ROW_LENGTH + 1):
            number += 1
            if len(line) > ROW_LENGTH:
                raise refuse(file, number, "row", "is longer than 1 MiB", "check its line ends and quotes")
            if "\0" in line:
                raise refuse(file, number, "row", "holds a NUL byte", "send the file as text")
            yield line
    except UnicodeDecodeError as error:
        problem = f"is not {error.encoding.upper()} text"
        remedy = "save it as UTF-8, or name its encoding in a map"
        raise refuse(file, number + 1, "row", problem, remedy) from None


def _unknown_columns(header: Sequence[str], file: str, line: int) -> Findings:
    """Columns that no order has, noted once for the file."""
    findings = Findings(file, lambda _name: line)
    for name in header:
        if name and name not in COLUMNS:
            remedy = f"{meant(name, COLUMNS)}rename or remove it, or read it with a map"
            findings.add(name, "is not a column of an order file", remedy)
    if any(header) and "reference" not in header:
        findings.add("reference", "the column is missing", "add it, or read the file with a map")
    return findings


def grouped(every: Iterator[Row], limit: int, file: str) -> Iterator[list[Row]]:
    """Rows that follow one another with the same reference: one order each."""
    group: list[Row] = []
    for row in every:
        if group and row.cells.get("reference", "").strip() != group[0].cells.get("reference", "").strip():
            yield group
            group = []
        group.append(row)
        if len(group) > limit:
            problem = f"one order has more than {limit:,} rows"
            raise refuse(file, group[0].line, "reference", problem, "split the order")
    if group:
        yield group


def document_of(group: list[Row], findings: Findings) -> dict[str, Any]:
    """The fields of an order from its rows; columns of the order may be empty after the first row."""
    merged = _merged(group, findings)
    document: dict[str, Any] = {key: merged[key] for key in _ORDER if key in merged}
    for party in ("buyer", "seller"):
        fields = {field: merged[f"{party}_{field}"] for field in _PARTY if f"{party}_{field}" in merged}
        if party in merged:
            fields.setdefault("name", merged[party])
        if fields:
            document[party] = fields
    if "payment" in merged:
        document["payment"] = payment_of(merged["payment"], findings)
    document["lines"] = [_line(row) for row in group]
    return document


def _line(row: Row) -> dict[str, str]:
    return {
        field: Numeral(row.cells[column])
        for column, field in _LINE.items()
        if row.cells.get(column, "").strip()
    }


def _merged(group: list[Row], findings: Findings) -> dict[str, str]:
    merged: dict[str, str] = {}
    for row in group:
        for column, cell in row.cells.items():
            value = cell.strip()
            if column in _LINE or not value:
                continue
            first = merged.setdefault(column, value)
            if first != value:
                problem = f"is {value[:40]!r} on line {row.line}, but {first[:40]!r} before"
                findings.add(column, problem, "let the rows of one order agree, or number the orders apart")
    return merged


def payment_of(text: str, findings: Findings) -> list[dict[str, Any]]:
    """``30% order, 70% delivery+30`` as payment terms."""
    terms = []
    for part in re.split(r"[,;]", text):
        found = _TERM.fullmatch(part.strip())
        if found is None:
            findings.add(
                "payment", f"{part.strip()[:60]!r} is no payment term", "write it as 70% delivery+30"
            )
            continue
        term: dict[str, Any] = {"share": found["share"], "event": found["event"]}
        terms.append(term | {"days": found["days"] or "0", "month_end": bool(found["end"])})
    return terms
