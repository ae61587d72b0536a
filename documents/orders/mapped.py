"""Orders from any table by its map; rows stream, or are sorted on disk where an order is scattered."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from documents.files.findings import Findings, refuse
from documents.files.opening import fitting_encoding, opened_text
from documents.maps.csv import Row, rows
from documents.maps.order_map import OrderMap
from documents.maps.source import CellError, Cells, Field, Source
from documents.orders.assemble import LINES, order_of
from documents.orders.shared_values import SharedValues
from domain.errors import Defect
from domain.order import Order


@dataclass(slots=True)
class RowCount:
    """What became of the rows of a table; ignored rows by their reason."""

    rows: int = 0
    ignored: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappedRow:
    """The outcome for one order of a table: the order, or the defects that refuse it."""

    reference: str
    line: int
    outcome: Order | tuple[Defect, ...]


def mapped_orders(path: Path, order_map: OrderMap, count: RowCount | None = None) -> Iterator[MappedRow]:
    """Every order of the table in turn; ``count`` is filled while they come."""
    run = _Import(path, order_map, count or RowCount())
    try:
        yield from run.orders()
    finally:
        run.close()


class _Import:
    def __init__(self, path: Path, order_map: OrderMap, count: RowCount) -> None:
        self.path = path
        self.map = order_map
        self.count = count
        self.encoding = fitting_encoding(path, order_map.encodings)
        self.shared: SharedValues | None = None

    def close(self) -> None:
        if self.shared is not None:
            self.shared.close()

    def rows(self) -> Iterator[Row]:
        with opened_text(self.path, (self.encoding,)) as text:
            yield from rows(
                text,
                str(self.path),
                self.map.separator,
                skipped=self.map.skipped,
                columns=self.map.columns,
            )

    def kept(self) -> Iterator[Row]:
        """Rows that no rule leaves out."""
        for row in self.rows():
            self.count.rows += 1
            rule = next((rule for rule in self.map.rules if not rule.refuse and rule.holds(row.cells)), None)
            if rule is None:
                yield row
            else:
                self.count.ignored[rule.reason] = self.count.ignored.get(rule.reason, 0) + 1

    def orders(self) -> Iterator[MappedRow]:
        self.check_columns()
        if sources := self.map.sharing():
            self.shared = SharedValues(sources, self.map.identity)
            self.shared.gather(self.rows())
        for group in self.groups():
            yield self.order(group)

    def check_columns(self) -> None:
        """Every column that the map names must be there; all that are missing are told at once."""
        first = next(self.rows(), None)
        if first is None:
            raise refuse(str(self.path), 1, "file", "has no rows under its header", "send the rows")
        findings = Findings(str(self.path), lambda _name: 1)
        for column in self.map.used_columns():
            if column not in first.cells:
                findings.add(column, "the column is missing", "add it, or mend the map")
        findings.raise_any()

    def groups(self) -> Iterator[list[Row]]:
        if self.map.rows == "each":
            for row in self.kept():
                yield [row]
        elif self.map.rows == "together":
            yield from self.together(self.kept())
        else:
            yield from self.together(self.gathered())

    def key(self, row: Row) -> str:
        return "\x1f".join(row.cells.get(column, "").strip() for column in self.map.by)

    def continues(self, row: Row) -> bool:
        """A row without a key of its own belongs to the order above it."""
        return self.map.empty_repeats and not any(row.cells.get(name, "").strip() for name in self.map.by)

    def together(self, every: Iterator[Row]) -> Iterator[list[Row]]:
        group: list[Row] = []
        for row in every:
            if group and self.key(row) != self.key(group[0]) and not self.continues(row):
                yield group
                group = []
            group.append(row)
            if len(group) > LINES:
                problem = f"one order has more than {LINES:,} rows"
                raise refuse(str(self.path), group[0].line, self.map.by[0], problem, "check the map's by")
        if group:
            yield group

    def gathered(self) -> Iterator[Row]:
        """Rows in the order in which their orders first appear, sorted on disk."""
        database = sqlite3.connect("")
        try:
            database.execute("CREATE TABLE first (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
            database.execute("CREATE TABLE row (first INTEGER, line INTEGER, cells TEXT)")
            for row in self.kept():
                database.execute("INSERT OR IGNORE INTO first VALUES (?, ?)", (self.key(row), row.line))
                database.execute(
                    "INSERT INTO row SELECT line, ?, ? FROM first WHERE key = ?",
                    (row.line, json.dumps(row.cells), self.key(row)),
                )
            for line, cells in database.execute("SELECT line, cells FROM row ORDER BY first, line"):
                yield Row(line, json.loads(cells))
        finally:
            database.close()

    def filled(self, group: list[Row]) -> list[Row]:
        """Empty cells on further rows of an order repeat those of its first, unless the map forbids it."""
        if not self.map.empty_repeats:
            return group
        first = group[0].cells
        return [
            Row(
                row.line,
                {name: cell if cell.strip() else first.get(name, "") for name, cell in row.cells.items()},
            )
            for row in group
        ]

    def order(self, group: list[Row]) -> MappedRow:
        first = group[0]
        findings = Findings(str(self.path), lambda name: _line_of(name, group))
        for row in group:
            for rule in self.map.rules:
                if rule.refuse and rule.holds(row.cells):
                    findings.add(rule.column, rule.reason, "refused by a rule of the map")
        reading = _OrderReading(self.shared, findings)
        document = self.document(group, reading)
        source = f"{self.path}:{first.line}"
        order = None
        if not findings.defects:
            order = order_of(document, findings, source, stated_amounts=self.map.stated_amounts)
        outcome = order if order is not None else tuple(findings.defects)
        return MappedRow(str(document.get("reference", ""))[:200], first.line, outcome)

    def document(self, group: list[Row], reading: "_OrderReading") -> dict[str, Any]:
        document: dict[str, Any] = reading.table("", self.map.order, group[0].cells)
        for party, fields in (("buyer", self.map.buyer), ("seller", self.map.seller)):
            if fields:
                document[party] = reading.table(party, fields, group[0].cells)
        filled = self.filled(group)
        self.check_agreement(filled, reading)
        self.check_rows(group, reading)
        document["payment"] = self.payment(group[0], reading)
        for term in document["payment"]:
            if "month_end" in term:
                term["month_end"] = term["month_end"] == "true"
        document["lines"] = [
            reading.table(f"lines[{place}]", self.map.line, row.cells)
            for place, row in enumerate(group, start=1)
        ]
        document["adjustments"] = self.adjustments(filled, reading)
        document["extra"] = reading.table("extra", self.map.extra, group[0].cells)
        return document

    def payment(self, row: Row, reading: "_OrderReading") -> list[dict[str, Any]]:
        return [
            reading.table(f"payment[{place}]", fields, row.cells)
            for place, fields in enumerate(self.map.payment, start=1)
        ]

    def whole(self, row: Row, reading: "_OrderReading") -> dict[str, str]:
        """Every field of the row that belongs to the order as a whole, by its path."""
        found = reading.table("", self.map.order, row.cells)
        tables = [("buyer", self.map.buyer), ("seller", self.map.seller), ("extra", self.map.extra)]
        tables += [(f"payment[{place}]", fields) for place, fields in enumerate(self.map.payment, start=1)]
        for path, fields in tables:
            table = reading.table(path, fields, row.cells)
            found |= {f"{path}.{name}": value for name, value in table.items()}
        return found

    def check_agreement(self, group: list[Row], reading: "_OrderReading") -> None:
        """What belongs to the order as a whole must be the same on all of its rows."""
        if len(group) == 1:
            return
        quiet = _OrderReading(self.shared, Findings(reading.findings.file))
        first = self.whole(group[0], quiet)
        for row in group[1:]:
            self.compare(first, self.whole(row, quiet), (group[0].line, row.line), reading.findings)
        reading.findings.defects += quiet.findings.defects

    def compare(
        self,
        first: Mapping[str, str],
        other: Mapping[str, str],
        lines: tuple[int, int],
        findings: Findings,
    ) -> None:
        for name in dict.fromkeys((*first, *other)):
            here, there = other.get(name, ""), first.get(name, "")
            if here != there:
                problem = f"is {here!r} on line {lines[1]}, but {there!r} on line {lines[0]}"
                findings.add(name, problem, "map it for the line, or group by it")

    def check_rows(self, group: list[Row], reading: "_OrderReading") -> None:
        """What the map says must agree on every row, such as an amount in figures and in words."""
        for agreement in self.map.agreements:
            for place, row in enumerate(group, start=1):
                found = reading.table(f"lines[{place}]", agreement.fields, row.cells)
                one, other = found.get("one", ""), found.get("other", "")
                if one and other and _comparable(one) != _comparable(other):
                    problem = f"{agreement.reason}: {one} and {other} on line {row.line}"
                    reading.findings.add(f"lines[{place}].agree", problem, "ask which of them is meant")

    def adjustments(self, group: list[Row], reading: "_OrderReading") -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for adjustment in self.map.adjustments:
            entries = [
                reading.table(f"adjustments[{len(found) + 1}]", adjustment.fields, row.cells) for row in group
            ]
            if not adjustment.per_row:
                self.once(entries, group, f"adjustments[{len(found) + 1}]", reading.findings)
                entries = entries[:1]
            found += [entry for entry in entries if entry.get("amount", "").strip("-0.")]
        return found

    def once(self, entries: list[dict[str, str]], group: list[Row], path: str, findings: Findings) -> None:
        """An adjustment of the order stands alike on all of its rows."""
        for row, entry in zip(group[1:], entries[1:], strict=True):
            if entry != entries[0]:
                here, there = entry.get("amount", ""), entries[0].get("amount", "")
                problem = f"is {here!r} on line {row.line}, but {there!r} on line {group[0].line}"
                findings.add(f"{path}.amount", problem, 'write per = "row" where each row has its own')
                return


def _comparable(text: str) -> Fraction | str:
    try:
        return Fraction(text)
    except ValueError:
        return text


def _line_of(name: str, group: list[Row]) -> int:
    if name.startswith("lines["):
        return group[int(name[6 : name.index("]")]) - 1].line
    return group[0].line


class _OrderReading:
    """Fields of a row, with unreadable cells noted."""

    def __init__(self, shared: SharedValues | None, findings: Findings) -> None:
        self.shared = shared
        self.findings = findings

    def table(self, path: str, fields: Mapping[str, Field], cells: Cells) -> dict[str, str]:
        found = {}
        for name, source in fields.items():
            value = self.value(f"{path}.{name}" if path else name, source, cells)
            if value:
                found[name] = value
        return found

    def value(self, name: str, source: Field, cells: Cells) -> str:
        try:
            return source.found(cells, self.part, self.findings.remark)
        except CellError as error:
            self.findings.add(name, str(error), "mend the cell, or say in the map how it is read")
            return ""

    def part(self, source: Source, cells: Cells) -> str | None:
        return self.shared.part(source, cells) if self.shared is not None else None
