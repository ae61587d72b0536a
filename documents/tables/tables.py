"""Outside tables read by their map into one many-orders problem; names stay text, numbers stay exact.

Header and cell are trimmed before they are compared ("Daily Capacity ", "AIR   "). Every defect of every
table is told in one go, with file and line.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, localcontext
from pathlib import Path

from documents.files.findings import Findings, refuse
from documents.files.opening import decode, read_document
from documents.tables.lanes import Lanes
from documents.tables.numbers import read_numbers
from documents.tables.routing_case import RoutingCase, TableChoice, TableOrder, TableProvider
from documents.tables.table_map import (
    ROW_NUMBER,
    Filter,
    OrderTable,
    PairRule,
    ProviderTable,
    RateTable,
    RoutingMap,
)

_DIGITS = 200
"""Enough for products of three published numbers; an inexact product is an error, not a rounding."""


@dataclass(slots=True)
class Table:
    """One CSV file; ``rows`` carry their line and cells by trimmed header."""

    file: Path
    findings: Findings
    rows: list[tuple[int, Mapping[str, str]]]

    def number(self, line: int, cells: Mapping[str, str], column: str) -> Decimal:
        """An exact number of at least 0; otherwise a defect, and 0 to go on with."""
        text = cells[column]
        try:
            value = Decimal(text)
            if value.is_finite() and value >= 0:
                return value
        except ArithmeticError:
            pass
        self.wrong(line, column, f"{text[:40]!r} is not a number of 0 or more", "write a plain number")
        return Decimal(0)

    def wrong(self, line: int, column: str, problem: str, remedy: str) -> None:
        self.findings.where = lambda _: line
        self.findings.add(column, problem, remedy)


def read_routing_case(found: RoutingMap) -> RoutingCase:
    """The problem behind the map; InputDefectsError with every defect of its tables."""
    if found.layout != "tables":
        return read_numbers(found)
    with localcontext(Context(prec=_DIGITS, traps=[Inexact])):
        return _CaseReader(found).case()


class _CaseReader:
    def __init__(self, found: RoutingMap) -> None:
        self.map = found
        self.findings: list[Findings] = []

    def case(self) -> RoutingCase:
        orders, providers = self.map.orders, self.map.providers
        assert orders is not None
        assert providers is not None
        provider_list = self.providers(providers)
        rates = self.rates(self.map.rates)
        rules = [self.rule(rule) for rule in self.map.rules]
        lanes = Lanes(self.map.lanes, self.open) if self.map.lanes else None
        self.raise_any()
        allowed = _Allowed([item.name for item in provider_list], rules)
        read = self.orders(orders, rates, allowed, lanes)
        self.raise_any()
        return RoutingCase(
            self.map.name,
            self.map.objective,
            read,
            provider_list,
            splittable=orders.split,
            times=providers.times,
            penalty=orders.penalty,
            all_served=self.map.all_served,
        )

    def open(self, file: Path, *columns: str) -> Table:
        """The rows of a CSV file that has these columns; a missing column ends the reading."""
        findings = Findings(str(file))
        self.findings.append(findings)
        reader = csv.reader(decode(read_document(file), str(file)).splitlines())
        header = [cell.strip() for cell in next(reader, [])]
        for column in columns:
            if column and column != ROW_NUMBER and column not in header:
                raise refuse(str(file), 1, column, "is no column here", f"use one of: {', '.join(header)}")
        rows: list[tuple[int, Mapping[str, str]]] = []
        for cells in reader:
            if not cells:
                continue
            row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            row[ROW_NUMBER] = str(len(rows) + 1)
            rows.append((reader.line_num, row))
            if len(cells) != len(header):
                findings.where = _line(reader.line_num)
                findings.add("row", f"has {len(cells)} cells, not {len(header)}", "mend the row")
                row |= dict.fromkeys(header[len(cells) :], "")
        return Table(file, findings, rows)

    def raise_any(self) -> None:
        every = Findings("")
        for findings in self.findings:
            every.defects += findings.defects
        every.raise_any()

    def providers(self, table: ProviderTable) -> list[TableProvider]:
        opened = self.open(table.file, table.name, table.capacity, table.fixed_cost, table.minimum)
        found = {}
        for line, cells in opened.rows:
            name = cells[table.name]
            if name in found:
                opened.wrong(line, table.name, f"{name!r} stands here twice", "keep one row for each")
            fixed, minimum = (
                opened.number(line, cells, column) if column else Decimal(0)
                for column in (table.fixed_cost, table.minimum)
            )
            found[name] = TableProvider(name, opened.number(line, cells, table.capacity), fixed, minimum)
        for name in table.without - set(found):
            opened.wrong(1, "without", f"{name!r} is none of the providers", "use a name of the table")
        return [item for name, item in found.items() if name not in table.without]

    def rates(self, table: RateTable | None) -> dict[str, Decimal]:
        if table is None:
            return {}
        opened = self.open(table.file, table.name, table.rate)
        return {cells[table.name]: opened.number(line, cells, table.rate) for line, cells in opened.rows}

    def rule(self, rule: PairRule) -> "_Rule":
        opened = self.open(rule.file, rule.provider, rule.value)
        pairs: dict[str, set[str]] = {}
        for _, cells in opened.rows:
            pairs.setdefault(cells[rule.provider], set()).add(cells[rule.value])
        return _Rule(rule, pairs)

    def orders(
        self, table: OrderTable, rates: Mapping[str, Decimal], allowed: "_Allowed", lanes: Lanes | None
    ) -> list[TableOrder]:
        columns = [table.name, table.quantity, table.weight, table.group, *table.fields.values()]
        opened = self.open(table.file, *columns, *(wanted.column for wanted in table.only))
        each, per = self.map.providers, self.map.rates
        pricing = _Pricing(per.per if per else "order", each.each if each else "order", rates, lanes)
        found = []
        seen: dict[str, int] = {}
        stop = table.skip + table.take if table.take else None
        for line, cells in opened.rows[table.skip : stop]:
            if not all(_passes(wanted, cells) for wanted in table.only):
                continue
            name = cells[table.name]
            seen[name] = seen.get(name, 0) + 1
            unique = name if seen[name] == 1 else f"{name} #{seen[name]}"
            quantity, weight = (
                opened.number(line, cells, column) if column else Decimal(1)
                for column in (table.quantity, table.weight)
            )
            fields = {field: cells[column] for field, column in table.fields.items()}
            group = cells[table.group] if table.group else ""
            found.append(_served(unique, quantity, weight, fields, allowed, pricing, group))
        return found


@dataclass(frozen=True, slots=True)
class _Rule:
    rule: PairRule
    pairs: Mapping[str, set[str]]

    def allows(self, provider: str, value: str) -> bool:
        listed = self.pairs.get(provider)
        if self.rule.forbids:
            return listed is None or value not in listed
        return self.rule.serves_all_unlisted if listed is None else value in listed


class _Allowed:
    """Which providers all rules leave to an order; orders with the same fields share the answer."""

    def __init__(self, providers: list[str], rules: list[_Rule]) -> None:
        self.providers = providers
        self.rules = rules
        self.known: dict[tuple[str, ...], tuple[list[str], dict[str, int]]] = {}

    def of(self, fields: Mapping[str, str]) -> tuple[list[str], dict[str, int]]:
        """The providers left, and how many each rule took, each counted with the first rule that does."""
        key = tuple(fields[item.rule.field] for item in self.rules)
        if key not in self.known:
            self.known[key] = self._work_out(key)
        return self.known[key]

    def _work_out(self, key: tuple[str, ...]) -> tuple[list[str], dict[str, int]]:
        left = self.providers
        refusals: dict[str, int] = {}
        for item, value in zip(self.rules, key, strict=True):
            passed = [provider for provider in left if item.allows(provider, value)]
            if len(passed) < len(left):
                refusals[item.rule.title] = len(left) - len(passed)
            left = passed
        return left, refusals


@dataclass(frozen=True, slots=True)
class _Pricing:
    per: str
    each: str
    rates: Mapping[str, Decimal]
    lanes: Lanes | None


def _served(
    name: str,
    quantity: Decimal,
    weight: Decimal,
    fields: Mapping[str, str],
    allowed: _Allowed,
    pricing: _Pricing,
    group: str,
) -> TableOrder:
    providers, refusals = allowed.of(fields)
    choices = []
    times = {"quantity": quantity, "order": Decimal(1), "weight": weight}[pricing.per]
    amount = quantity if pricing.each == "quantity" else Decimal(1)
    for provider in providers:
        freight: Decimal | None = Decimal(0)
        if pricing.lanes is not None:
            freight = pricing.lanes.cheapest(provider, fields, weight)
        if freight is None:
            refusals = refusals | {"no lane": refusals.get("no lane", 0) + 1}
            continue
        store = pricing.rates.get(provider, Decimal(0)) * times
        parts = {"provider": store, "freight": freight}
        choices.append(TableChoice(provider, store + freight, amount, parts))
    return TableOrder(name, choices, quantity, refusals, group)


def _passes(wanted: Filter, cells: Mapping[str, str]) -> bool:
    return cells[wanted.column] in wanted.values


def _line(number: int) -> Callable[[str], int]:
    return lambda _: number
