"""Orders from files: one with ``read``, any number with ``stream``."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from documents.files import toml as toml_order
from documents.files import xml_tree
from documents.files.findings import Findings, refuse
from documents.files.opening import decode, opened_text, read_document
from documents.maps import csv as csv_order
from documents.maps.order_map import OrderMap
from documents.orders import json as json_order
from documents.orders.assemble import LINES, order_of
from documents.orders.duplicates import Seen
from documents.orders.mapped import RowCount, mapped_orders
from documents.ubl import elements as ubl
from documents.ubl import order as ubl_order
from domain.errors import Defect, InputDefectsError, UsageError
from domain.order import Order

SHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
ENDINGS = (".toml", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".xml")


@dataclass(frozen=True, slots=True)
class Defects:
    """An order of a batch that cannot be read; the rest of the batch goes on."""

    reference: str
    line: int
    defects: tuple[Defect, ...]

    def error(self) -> InputDefectsError:
        return InputDefectsError(self.defects)


def read(path: str | Path, *, stated_amounts: bool = False) -> Order:
    """The one order in the file; InputDefectsError with every defect, NotFoundError without a file."""
    found = list(_first_two(stream(path, stated_amounts=stated_amounts)))
    if not found:
        raise refuse(str(path), 0, "file", "holds no order", "send the order itself")
    for item in found:
        if isinstance(item, Defects):
            raise item.error()
    if len(found) > 1:
        raise refuse(str(path), 0, "file", "holds more than one order", "run it with net batch run")
    (order,) = found
    assert isinstance(order, Order)
    return order


def _first_two(orders: "Iterator[Order | Defects]") -> "Iterator[Order | Defects]":
    for count, order in enumerate(orders, start=1):
        yield order
        if count == 2:
            return


def stream(
    path: str | Path,
    order_map: OrderMap | None = None,
    *,
    stated_amounts: bool = False,
    count: RowCount | None = None,
) -> "Iterator[Order | Defects]":
    """Every order of the file in turn, or what is wrong with it.

    With ``order_map`` the file is a table read by that map, and ``count`` is told its rows.
    CSV and JSON Lines stream in flat memory. A reference that comes again with other content is a defect.
    Defects that end the reading (broken quoting, another encoding) come as the last item, or are raised as
    InputDefectsError where there was no order before them. NotFoundError and UsageError are for a file that
    cannot be opened at all.
    """
    file = Path(path)
    begun = False
    with Seen() as seen:
        try:
            orders = _mapped(file, order_map, count) if order_map else _orders(file, stated_amounts)
            for found in orders:
                begun = True
                yield _once(found, seen, str(file))
        except InputDefectsError as error:
            if not begun:
                raise
            yield Defects("", error.defects[0].line, error.defects)


def _once(found: "Order | Defects", seen: Seen, file: str) -> "Order | Defects":
    """The order, or the defect that its reference stood before with other content."""
    if isinstance(found, Defects):
        return found
    repeated = seen.other_content(found, file)
    return Defects(found.reference, repeated.line, (repeated,)) if repeated else found


def _mapped(file: Path, order_map: OrderMap, count: RowCount | None) -> "Iterator[Order | Defects]":
    for row in mapped_orders(file, order_map, count):
        outcome = row.outcome
        yield outcome if isinstance(outcome, Order) else Defects(row.reference, row.line, outcome)


def _orders(file: Path, stated: bool) -> "Iterator[Order | Defects]":
    ending = file.suffix.lower()
    if ending in (".csv", ".tsv"):
        yield from _csv(file, stated)
    elif ending in (".jsonl", ".ndjson"):
        yield from _json_lines(file, stated)
    elif ending == ".xml":
        yield _ubl(file, stated)
    elif ending == ".json":
        yield from _json(file, stated)
    elif ending == ".toml":
        yield _toml(file, stated)
    else:
        sheet = "save the sheet as CSV; " if ending in SHEETS else ""
        known = ", ".join(ENDINGS)
        raise UsageError(
            f"{file}: the ending {ending or 'none'} says no kind of order file", f"{sheet}use {known}"
        )


def _outcome(document: Any, findings: Findings, line: int, stated: bool) -> "Order | Defects":
    source = f"{findings.file}:{line}" if line else findings.file
    if not isinstance(document, dict):
        findings.add("file", "is no table of fields", "write the fields of an order")
        return Defects("", line, tuple(findings.defects))
    order = order_of(document, findings, source, stated_amounts=stated)
    if order is not None and not findings.defects:
        return order
    return Defects(str(document.get("reference") or "")[:200], line, tuple(findings.defects))


def _toml(file: Path, stated: bool) -> "Order | Defects":
    text = decode(read_document(file, toml_order.BYTES), str(file))
    document = toml_order.parse(text, str(file))
    return _outcome(document, Findings(str(file), toml_order.Locator(text)), 0, stated)


def _json(file: Path, stated: bool) -> "Iterator[Order | Defects]":
    text = decode(read_document(file, json_order.BYTES), str(file))
    document = json_order.parse(text, str(file))
    where = json_order.locator(text)
    if not isinstance(document, list):
        yield _outcome(document, Findings(str(file), where), 0, stated)
        return
    for place, entry in enumerate(document, start=1):
        prefix = f"[{place}]"
        line = where(prefix)
        findings = Findings(str(file), partial(_prefixed, where, prefix))
        yield _outcome(entry, findings, line, stated)


def _json_lines(file: Path, stated: bool) -> "Iterator[Order | Defects]":
    with opened_text(file) as text:
        for number, line in _bounded_lines(text, str(file)):
            findings = Findings(str(file), partial(_always, number))
            try:
                document = json_order.parse(line, str(file), number)
            except InputDefectsError as error:
                yield Defects("", number, error.defects)
                continue
            yield _outcome(document, findings, number, stated)


def _bounded_lines(text: TextIO, file: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(csv_order.bounded_lines(text, file), start=1):
        if line.strip():
            yield number, line.rstrip("\r\n")


def _csv(file: Path, stated: bool) -> "Iterator[Order | Defects]":
    with opened_text(file) as text:
        rows = csv_order.order_rows(text, str(file))
        for group in csv_order.grouped(rows, LINES, str(file)):
            line = group[0].line
            findings = Findings(str(file), partial(_row_line, group))
            yield _outcome(csv_order.document_of(group, findings), findings, line, stated)


def _always(line: int, _name: str) -> int:
    return line


def _prefixed(where: Callable[[str], int], prefix: str, name: str) -> int:
    return where(f"{prefix}.{name}")


def _row_line(group: list[csv_order.Row], name: str) -> int:
    """The row of an order's line, ``lines[3].quantity``, or its first row."""
    if name.startswith("lines["):
        return group[int(name[6 : name.index("]")]) - 1].line
    return group[0].line


def _ubl(file: Path, stated: bool) -> "Order | Defects":
    root = xml_tree.parse(file, ubl.NAMESPACES)
    ubl_order.check_root(root, str(file))
    places = ubl.Places()
    findings = Findings(str(file), places)
    document = ubl_order.document_of(root, findings, places)
    return _outcome(document, findings, 0, stated)
