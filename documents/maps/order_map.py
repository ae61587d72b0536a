"""The map of a table: which column feeds which field of an order, and how each is read.

The format is documented in docs/reference/maps.md. A map is checked whole when it is loaded: every defect in
one go, each with its line.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from documents.files import toml as toml_order
from documents.files.findings import Findings
from documents.files.opening import decode, read_document
from documents.files.section import Section, decimal_of
from documents.maps.cell_kinds import Kind, folded
from documents.maps.source import Field, Sharing, Source
from domain.money import MoneyError
from domain.order import PARTY_NUMBERS

SCHEMA = "net/map/1"
ORDER_FIELDS = ("reference", "issued_on", "currency", "due_on", "destination", "country", "note")
PARTY_FIELDS = ("name", "identifier", "country", "address", "account", *PARTY_NUMBERS)
LINE_FIELDS = (
    "number",
    "product",
    "quantity",
    "unit",
    "unit_price",
    "price_quantity",
    "net",
    "description",
    "tax_rate",
    "tax_category",
    "weight_kg",
    "due_on",
    "destination",
    "adjustment",
)
ADJUSTMENT_FIELDS = ("reason", "amount", "tax_rate", "tax_category")
PAYMENT_FIELDS = ("share", "event", "days", "month_end", "roll")


@dataclass(frozen=True)
class RowRule:
    """Rows to leave out, or to refuse, each with its reason."""

    column: str
    matches: re.Pattern[str]
    reason: str
    refuse: bool

    def holds(self, cells: Mapping[str, str]) -> bool:
        return self.matches.fullmatch(cells.get(self.column, "").strip()) is not None


@dataclass(frozen=True)
class AdjustmentFields:
    """An adjustment of the order, the same on all its rows, or one of each row."""

    fields: Mapping[str, Field]
    per_row: bool


@dataclass(frozen=True)
class Agreement:
    """Two fields, ``one`` and ``other``, that must give the same number or text on every row."""

    fields: Mapping[str, Field]
    reason: str


@dataclass(frozen=True)
class OrderMap:
    """A checked map; ``rows`` says which rows make one order: ``each``, ``together`` or ``anywhere``."""

    name: str
    encodings: tuple[str, ...]
    separator: str
    skipped: int
    columns: tuple[str, ...]
    rows: str
    by: tuple[str, ...]
    empty_repeats: bool
    identity: str
    stated_amounts: bool
    rules: tuple[RowRule, ...]
    order: Mapping[str, Field]
    buyer: Mapping[str, Field]
    seller: Mapping[str, Field]
    extra: Mapping[str, Field]
    line: Mapping[str, Field]
    adjustments: tuple[AdjustmentFields, ...]
    agreements: tuple[Agreement, ...]
    payment: tuple[Mapping[str, Field], ...]

    def fields(self) -> list[Field]:
        tables = (
            self.order,
            self.buyer,
            self.seller,
            self.extra,
            self.line,
            *(adjustment.fields for adjustment in self.adjustments),
            *(agreement.fields for agreement in self.agreements),
            *self.payment,
        )
        return [field for table in tables for field in table.values()]

    def used_columns(self) -> list[str]:
        """Every column that the table must have, in the order of the map."""
        named = [column for field in self.fields() for way in field.ways for column in way.columns]
        shared = [way.sharing.by for field in self.fields() for way in field.ways if way.sharing]
        ruled = [rule.column for rule in self.rules]
        identity = [self.identity] if self.identity else []
        return list(dict.fromkeys((*named, *shared, *ruled, *self.by, *identity)))

    def sharing(self) -> list[Source]:
        return [way for field in self.fields() for way in field.ways if way.sharing]


def load(path: str | Path) -> OrderMap:
    """The map in the file; InputDefectsError with every defect of it."""
    file = Path(path)
    text = decode(read_document(file), str(file))
    findings = Findings(str(file), toml_order.Locator(text))
    found = MapLoading(Section(toml_order.parse(text, str(file)), "", findings)).order_map()
    findings.raise_any()
    return found


class MapLoading:
    """Reads the parts that every map has: kinds, lookups, rules, fields; defects go to the findings."""

    def __init__(self, top: Section) -> None:
        self.top = top
        self.lookups = self.read_lookups()
        self.kinds = self.read_kinds()

    def order_map(self) -> OrderMap:
        top = self.top
        if (schema := top.text("schema", needed=True)) and schema != SCHEMA:
            top.wrong("schema", f"{schema!r} is not known", f'write schema = "{SCHEMA}"')
        table = top.section("table") or Section({}, "table", top.findings)
        order = top.section("order") or Section({}, "order", top.findings)
        line = top.section("line") or Section({}, "line", top.findings)
        found = OrderMap(
            name=top.text("name"),
            encodings=self.encodings(table),
            separator=table.text("separator").replace("\\t", "\t") or _bare(table, "separator"),
            skipped=table.integer("skipped", 0, 10_000),
            columns=self.names(table, "columns"),
            rows=self.word(table, "rows", ("each", "together", "anywhere")),
            by=self.names(table, "by"),
            empty_repeats=table.flag("empty_repeats") if "empty_repeats" in table.table else True,
            identity=table.text("identity"),
            stated_amounts=table.flag("stated_amounts"),
            rules=(*self.rules("ignore", refuse=False), *self.rules("refuse", refuse=True)),
            buyer=self.part(order, "buyer", PARTY_FIELDS),
            seller=self.part(order, "seller", PARTY_FIELDS),
            extra=self.part(order, "extra", ()),
            order=self.fields(order, ORDER_FIELDS),
            line=self.fields(line, LINE_FIELDS),
            adjustments=self.adjustments(),
            agreements=self.agreements(),
            payment=self.parts("payment", PAYMENT_FIELDS),
        )
        self.check(found, table)
        for section in (table, top):
            section.finish()
        return found

    def check(self, found: OrderMap, table: Section) -> None:
        if found.rows != "each" and not found.by:
            table.wrong("by", "is missing", "name the columns that rows of one order share")
        if found.sharing() and not found.identity:
            table.wrong("identity", "is missing", "name the column by which rows refer to another row")
        for fields, path, needed in (
            (found.order, "order", ("reference", "issued_on", "currency")),
            (found.buyer, "order.buyer", ("name",)),
            (found.line, "line", ("product", "quantity")),
        ):
            for name in needed:
                if name not in fields:
                    self.top.findings.add(f"{path}.{name}", "is not mapped", "say where it comes from")

    def encodings(self, table: Section) -> tuple[str, ...]:
        names = self.names(table, "encodings") or ("utf-8",)
        for name in names:
            try:
                "".encode(name)
            except (LookupError, UnicodeError):
                table.wrong("encodings", f"{name!r} is no known encoding", "use a name such as cp1252")
        return names

    def names(self, section: Section, key: str) -> tuple[str, ...]:
        value = section.value(key)
        if value is None:
            return ()
        entries = [value] if isinstance(value, str) else value
        if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
            section.wrong(key, "is not a list of texts", 'write it as ["a", "b"]')
            return ()
        return tuple(entry.strip() for entry in entries)

    def word(self, section: Section, key: str, known: tuple[str, ...]) -> str:
        word = section.text(key) or known[0]
        if word not in known:
            section.wrong(key, f"{word!r} is not known", f"use one of: {', '.join(known)}")
            return known[0]
        return word

    def read_lookups(self) -> dict[str, dict[str, str]]:
        section = self.top.section("lookup")
        found: dict[str, dict[str, str]] = {}
        for name in section.table if section else {}:
            entries = section.section(name) if section else None
            table = {key: entries.text(key) for key in entries.table} if entries else {}
            found[name] = {folded(key): value for key, value in table.items()} | table
        return found

    def read_kinds(self) -> dict[str, Kind]:
        section = self.top.section("kind")
        kinds = {"text": Kind(), "number": Kind("number"), "date": Kind("date", ("%Y-%m-%d",))}
        for name in section.table if section else {}:
            entry = section.section(name) if section else None
            if entry is not None:
                kinds[name] = self.kind(entry)
        return kinds

    def kind(self, entry: Section) -> Kind:
        decimals = entry.integer("decimals", -1, 12)
        found = Kind(
            read=self.word(entry, "read", ("text", "number", "date")),
            styles=self.names(entry, "styles") or ("%Y-%m-%d",),
            decimal=entry.text("decimal") or ".",
            thousands=_bare(entry, "thousands"),
            remove=self.names(entry, "remove"),
            decimals=decimals if decimals >= 0 else None,
            absent=frozenset(folded(text) for text in self.names(entry, "absent")),
        )
        if found.decimal == found.thousands:
            entry.wrong("thousands", "is the same as the decimal mark", "give them different marks")
        entry.finish()
        return found

    def rules(self, key: str, *, refuse: bool) -> list[RowRule]:
        found = []
        for entry in self.top.sections(key, limit=1_000):
            texts = self.names(entry, "equals")
            pattern = "|".join(re.escape(text) for text in texts) if texts else entry.text("matches")
            if entry.flag("empty"):
                pattern = ""
            elif not pattern:
                entry.wrong("matches", "is missing", "give equals, matches or empty = true")
            column = entry.text("column", needed=True)
            matches = self.regex(entry, "matches", pattern) or re.compile("")
            found.append(RowRule(column, matches, entry.text("reason", needed=True), refuse))
            entry.finish()
        return found

    def regex(self, section: Section, key: str, pattern: str) -> re.Pattern[str] | None:
        try:
            return re.compile(pattern)
        except re.error as error:
            section.wrong(key, f"is no regular expression: {error}", "mend the expression")
            return None

    def parts(self, key: str, known: tuple[str, ...]) -> tuple[Mapping[str, Field], ...]:
        return tuple(self.fields(entry, known) for entry in self.top.sections(key, limit=100))

    def adjustments(self) -> tuple[AdjustmentFields, ...]:
        found = []
        for entry in self.top.sections("adjustment", limit=100):
            per = self.word(entry, "per", ("order", "row"))
            found.append(AdjustmentFields(self.fields(entry, ADJUSTMENT_FIELDS), per == "row"))
        return tuple(found)

    def agreements(self) -> tuple[Agreement, ...]:
        found = []
        for entry in self.top.sections("agree", limit=100):
            reason = entry.text("reason", needed=True)
            for name in ("one", "other"):
                if name not in entry.table:
                    entry.wrong(name, "is missing", "name the two fields that must agree")
            found.append(Agreement(self.fields(entry, ("one", "other")), reason))
        return tuple(found)

    def part(self, order: Section, key: str, known: tuple[str, ...]) -> Mapping[str, Field]:
        value = order.table.get(key)
        if isinstance(value, (str, list)) or (isinstance(value, Mapping) and "column" in value):
            order.read.add(key)
            return {"name": self.field(order, key)}
        section = order.section(key)
        return self.fields(section, known) if section else {}

    def fields(self, section: Section, known: tuple[str, ...]) -> dict[str, Field]:
        """One field for each name; any name is allowed where ``known`` is empty."""
        found = {
            name: self.field(section, name) for name in (known or section.table) if name in section.table
        }
        section.finish()
        return found

    def field(self, section: Section, key: str) -> Field:
        value = section.table.get(key)
        section.read.add(key)
        entries = value if isinstance(value, list) else [value]
        return Field(tuple(self.source(section, key, entry) for entry in entries))

    def source(self, section: Section, key: str, entry: Any) -> Source:
        if isinstance(entry, str):
            return Source(columns=(entry.strip(),))
        if not isinstance(entry, Mapping):
            section.wrong(key, "says not where it comes from", 'write "Column" or { column = "Column" }')
            return Source()
        spec = Section(entry, section.name(key), section.findings)
        columns = self.names(spec, "columns") or self.names(spec, "column")
        value = _bare(spec, "value")
        if bool(columns) == bool(value):
            section.wrong(
                key, "needs either a column or a value", 'write { column = "A" } or { value = "x" }'
            )
        kind = self.kind_of(spec)
        pattern = spec.text("pattern")
        lookup = spec.text("lookup")
        if lookup and lookup not in self.lookups:
            spec.wrong("lookup", f"[lookup.{lookup}] is not in this map", "add it")
        found = Source(
            columns=columns,
            join=_bare(spec, "join") or " ",
            value=value,
            kind=kind,
            pattern=self.regex(spec, "pattern", pattern) if pattern else None,
            lookup=self.lookups.get(lookup, {}) if lookup else None,
            otherwise=self.word(spec, "otherwise", ("refuse", "keep", "absent")),
            plus_days=_bare(spec, "plus_days"),
            times=self.times(spec),
            default=_bare(spec, "default"),
            remark=spec.text("remark"),
            sharing=self.sharing(spec),
        )
        spec.finish()
        return found

    def kind_of(self, spec: Section) -> Kind:
        name = spec.text("kind") or "text"
        if name not in self.kinds:
            spec.wrong("kind", f"[kind.{name}] is not in this map", f"use one of: {', '.join(self.kinds)}")
            return Kind()
        kind = self.kinds[name]
        absent = frozenset(folded(text) for text in self.names(spec, "absent"))
        if not absent:
            return kind
        return Kind(**{**_attributes(kind), "absent": kind.absent | absent})

    def times(self, spec: Section) -> Fraction | None:
        text = _bare(spec, "times")
        try:
            return Fraction(decimal_of(text)) if text else None
        except MoneyError as error:
            spec.wrong("times", str(error), "give a plain number")
            return None

    def sharing(self, spec: Section) -> Sharing | None:
        entry = spec.section("shared")
        if entry is None:
            return None
        pattern = self.regex(entry, "pattern", entry.text("pattern", needed=True))
        if pattern is not None and pattern.groups != 1:
            entry.wrong("pattern", "must have one group, the identity of the other row", "put it in ( )")
        found = Sharing(
            pattern or re.compile("()"),
            entry.text("by", needed=True),
            entry.integer("decimals", 2, 12),
            self.word(entry, "missing", ("refuse", "absent")),
        )
        entry.finish()
        return found


def _attributes(kind: Kind) -> dict[str, Any]:
    return {name: getattr(kind, name) for name in Kind.__dataclass_fields__}


def _bare(section: Section, key: str) -> str:
    """A text that may be a blank, a number or true and false, as it stands."""
    section.read.add(key)
    value = section.table.get(key)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int)) else section.text(key)
