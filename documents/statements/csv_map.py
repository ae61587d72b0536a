"""Bank statements in CSV, read by a map in the manner of docs/reference/maps.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from documents.files import toml as toml_order
from documents.files.findings import Findings
from documents.files.opening import decode, read_document
from documents.files.section import Section, day_of, decimal_of
from documents.maps.csv import Row
from documents.maps.flat_table import kept_rows, unshared
from documents.maps.order_map import MapLoading, RowRule
from documents.maps.source import CellError, Field
from documents.statements.statement import BankStatement, StatementEntry, with_references
from domain.money import MoneyError, minor_of

SCHEMA = "net/statement-map/1"
FIELDS = (
    "reference",
    "account",
    "booked_on",
    "valued_on",
    "amount",
    "credit",
    "debit",
    "direction",
    "currency",
    "party",
    "party_account",
    "payment_reference",
    "text",
)
_OUT = frozenset({"debit", "dbit", "d", "out", "-", "s", "soll"})
_IN = frozenset({"credit", "crdt", "c", "in", "+", "h", "haben"})


@dataclass(frozen=True)
class StatementMap:
    """A checked map of a bank's table."""

    encodings: tuple[str, ...]
    separator: str
    skipped: int
    columns: tuple[str, ...]
    rules: tuple[RowRule, ...]
    entry: Mapping[str, Field]


def load_statement_map(path: str | Path) -> StatementMap:
    """The map in the file; InputDefectsError with every defect of it."""
    file = Path(path)
    text = decode(read_document(file), str(file))
    findings = Findings(str(file), toml_order.Locator(text))
    top = Section(toml_order.parse(text, str(file)), "", findings)
    if top.text("schema", needed=True) != SCHEMA:
        top.wrong("schema", "is not that of a statement map", f'write schema = "{SCHEMA}"')
    loading = MapLoading(top)
    table = top.section("table") or Section({}, "table", findings)
    entry = top.section("entry") or Section({}, "entry", findings)
    found = StatementMap(
        loading.encodings(table),
        table.text("separator").replace("\\t", "\t"),
        table.integer("skipped", 0, 10_000),
        loading.names(table, "columns"),
        tuple(loading.rules("ignore", refuse=False)),
        loading.fields(entry, FIELDS),
    )
    top.text("name")
    table.finish()
    top.finish()
    for needed in ("booked_on", "currency"):
        if needed not in found.entry:
            findings.add(f"entry.{needed}", "is not mapped", "say where it comes from")
    if not ({"amount"} & set(found.entry) or {"credit", "debit"} <= set(found.entry)):
        findings.add("entry.amount", "is not mapped", "map amount, or credit and debit")
    findings.raise_any()
    return found


def read_statement_csv(path: str | Path, statement_map: StatementMap) -> list[BankStatement]:
    """One statement for each account and currency in the table; InputDefectsError with all defects."""
    file = Path(path)
    findings = Findings(str(file))
    groups: dict[tuple[str, str], list[StatementEntry]] = {}
    for row in kept_rows(file, statement_map, statement_map.entry.values()):
        entry = _entry(row, statement_map, findings)
        if entry is not None:
            groups.setdefault((entry.account, entry.currency), []).append(entry)
    findings.raise_any()
    return [
        BankStatement(file.name, account, currency, with_references(entries))
        for (account, currency), entries in groups.items()
    ]


def _entry(row: Row, statement_map: StatementMap, findings: Findings) -> StatementEntry | None:
    findings.where = lambda _name: row.line
    before = len(findings.defects)
    cells: dict[str, str] = {}
    for name, field in statement_map.entry.items():
        try:
            cells[name] = field.found(row.cells, unshared, findings.remark)
        except CellError as error:
            findings.add(name, str(error), "mend the cell, or say in the map how it is read")
    if len(findings.defects) > before:
        return None
    try:
        return _made(row, cells)
    except (ValueError, MoneyError) as error:
        findings.add("entry", str(error), "mend the row, or say in the map how it is read")
        return None


def _made(row: Row, cells: Mapping[str, str]) -> StatementEntry:
    currency = cells.get("currency", "")
    valued_on = cells.get("valued_on", "")
    payment_reference = cells.get("payment_reference", "")
    return StatementEntry(
        reference=cells.get("reference", ""),
        account=cells.get("account", ""),
        booked_on=day_of(cells.get("booked_on", "")),
        amount_minor=_signed(cells, currency),
        currency=currency,
        valued_on=day_of(valued_on) if valued_on else None,
        party=cells.get("party", ""),
        party_account=cells.get("party_account", ""),
        references=(payment_reference,) if payment_reference else (),
        text=cells.get("text", ""),
        line=row.line,
    )


def _signed(cells: Mapping[str, str], currency: str) -> int:
    """Money in positive, out negative: from a signed amount, a direction, or two columns."""
    if "amount" not in cells:
        credit, debit = (_minor(cells.get(name, ""), currency) for name in ("credit", "debit"))
        return credit - abs(debit)
    amount = _minor(cells["amount"], currency)
    direction = cells.get("direction", "").strip().casefold()
    if not direction:
        return amount
    if direction in _OUT:
        return -abs(amount)
    if direction in _IN:
        return abs(amount)
    raise ValueError(f"the direction {direction[:20]!r} is neither credit nor debit")


def _minor(text: str, currency: str) -> int:
    return minor_of(decimal_of(text), currency) if text else 0
