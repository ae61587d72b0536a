"""Outcomes in any table by its map: what was promised for which day, and when it came.

The map is documented in docs/reference/forecasts.md; kinds, rules and columns are those of other maps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from documents.files import toml as toml_order
from documents.files.findings import Findings, no_line
from documents.files.opening import decode, read_document
from documents.files.section import Section, decimal_of
from documents.maps.csv import Row
from documents.maps.flat_table import kept_rows, unshared
from documents.maps.order_map import MapLoading, RowRule
from documents.maps.source import CellError, Field
from domain.money import MoneyError, exponent_of, round_minor

SCHEMA = "net/outcome-map/1"
FIELDS = ("id", "asked_on", "due_on", "ended_on", "amount", "currency")
NEEDED = ("id", "asked_on", "due_on", "ended_on")
MOST_GROUPS = 4


@dataclass(frozen=True, slots=True)
class OutcomeMap:
    """A checked map of outcomes; groups narrow in the order of the map."""

    encodings: tuple[str, ...]
    separator: str
    skipped: int
    columns: tuple[str, ...]
    rules: tuple[RowRule, ...]
    outcome: Mapping[str, Field]
    groups: Mapping[str, Field]
    known: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class PromisedRow:
    """One row as the map reads it; ``ended_on`` is None where the cell says that it has not ended."""

    line: int
    id: str
    asked_on: date
    due_on: date
    ended_on: date | None
    amount_minor: int
    groups: tuple[str, ...]
    known: tuple[str, ...]


def load_outcome_map(path: str | Path) -> OutcomeMap:
    """The map in the file; InputDefectsError with every defect of it."""
    file = Path(path)
    text = decode(read_document(file), str(file))
    findings = Findings(str(file), toml_order.Locator(text))
    top = Section(toml_order.parse(text, str(file)), "", findings)
    loading = MapLoading(top)
    found = _read(top, loading, findings)
    findings.raise_any()
    return found


def _read(top: Section, loading: MapLoading, findings: Findings) -> OutcomeMap:
    if (schema := top.text("schema", needed=True)) and schema != SCHEMA:
        top.wrong("schema", f"{schema!r} is not known", f'write schema = "{SCHEMA}"')
    table = top.section("table") or Section({}, "table", findings)
    outcome = top.section("outcome") or Section({}, "outcome", findings)
    found = OutcomeMap(
        encodings=loading.encodings(table),
        separator=table.text("separator").replace("\\t", "\t"),
        skipped=table.integer("skipped", 0, 10_000),
        columns=loading.names(table, "columns"),
        rules=tuple(loading.rules("ignore", refuse=False)),
        groups=loading.part(outcome, "groups", ()),
        known=loading.part(outcome, "known", ()),
        outcome=loading.fields(outcome, FIELDS),
    )
    top.text("name")
    table.finish()
    top.finish()
    _check(found, findings)
    return found


def _check(found: OutcomeMap, findings: Findings) -> None:
    for name in NEEDED:
        if name not in found.outcome:
            findings.add(f"outcome.{name}", "is not mapped", "say where it comes from")
    if not 1 <= len(found.groups) <= MOST_GROUPS:
        problem = f"has {len(found.groups)} groups"
        findings.add("outcome.groups", problem, f"name one to {MOST_GROUPS}, the widest first")


def read_outcomes(path: str | Path, outcome_map: OutcomeMap) -> list[PromisedRow]:
    """Every row of the table; InputDefectsError with all rows that cannot be read."""
    file = Path(path)
    findings = Findings(str(file))
    found = [
        row
        for each in kept_rows(file, outcome_map, _fields(outcome_map))
        if (row := _row(each, outcome_map, findings))
    ]
    findings.where = no_line
    seen: dict[str, int] = {}
    for row in found:
        if seen.setdefault(row.id, row.line) != row.line:
            problem = f"{row.id!r} stands on lines {seen[row.id]} and {row.line}"
            findings.add("id", problem, "give each row its own")
    findings.raise_any()
    return found


def _fields(outcome_map: OutcomeMap) -> list[Field]:
    return [*outcome_map.outcome.values(), *outcome_map.groups.values(), *outcome_map.known.values()]


def _row(row: Row, outcome_map: OutcomeMap, findings: Findings) -> PromisedRow | None:
    findings.where = lambda _name: row.line
    before = len(findings.defects)
    parts: list[dict[str, str]] = []
    for fields in (outcome_map.outcome, outcome_map.groups, outcome_map.known):
        parts.append({})
        for name, field in fields.items():
            try:
                parts[-1][name] = field.found(row.cells, unshared, findings.remark)
            except CellError as error:
                findings.add(name, str(error), "mend the cell, or say in the map how it is read")
    if len(findings.defects) > before:
        return None
    return _made(row.line, parts[0], parts[1], parts[2], findings)


def _made(
    line: int, cells: dict[str, str], groups: dict[str, str], known: dict[str, str], findings: Findings
) -> PromisedRow | None:
    days: dict[str, date | None] = {}
    for name in ("asked_on", "due_on", "ended_on"):
        try:
            days[name] = date.fromisoformat(cells[name]) if cells[name] else None
        except ValueError:
            findings.add(name, f"{cells[name][:40]!r} is no day", "give it the kind of a date in the map")
            return None
    asked, due, ended = days["asked_on"], days["due_on"], days["ended_on"]
    if not cells["id"] or asked is None or due is None:
        missing = next(name for name in NEEDED if not cells[name])
        findings.add(missing, "is empty", "fill it, or let the map ignore such rows")
        return None
    amount = _amount(cells, findings)
    return PromisedRow(
        line, cells["id"], asked, due, ended, amount, tuple(groups.values()), tuple(known.values())
    )


def _amount(cells: dict[str, str], findings: Findings) -> int:
    text = cells.get("amount", "")
    try:
        return (
            round_minor(decimal_of(text) * 10 ** exponent_of(cells.get("currency") or "USD")) if text else 0
        )
    except MoneyError as error:
        findings.add("amount", str(error), "mend the cell, or say in the map how it is read")
        return 0
