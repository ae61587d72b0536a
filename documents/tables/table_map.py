"""The map of outside tables to a many-orders problem; documented in docs/reference/routing-maps.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from documents.files import toml as toml_order
from documents.files.findings import Findings
from documents.files.opening import decode, read_document
from documents.files.section import Section
from domain.errors import InputDefectsError, UsageError

SCHEMA = "net/routing-map/1"
OBJECTIVES = ("least-cost", "most-served", "most-profit")
LAYOUTS = ("tables", "assignment", "location")
UNLISTED = ("refused", "serves all")
NO_LANE = ("refused", "free")
ROW_NUMBER = "#row"
"""Instead of a column: the number of the row, from 1."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Rows whose cell in ``column`` is one of ``values`` (trimmed)."""

    column: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class OrderTable:
    """``fields`` are words that rules and lanes compare; ``skip`` and ``take`` count rows, 0 takes all.

    With ``split`` an order may be shared out over providers in whole units of its quantity. Orders with the
    same cell in ``group`` go to one provider together, or not at all.
    """

    file: Path
    name: str
    quantity: str
    weight: str
    fields: Mapping[str, str]
    only: tuple[Filter, ...]
    skip: int
    take: int
    split: bool
    group: str
    penalty: Decimal | None


@dataclass(frozen=True, slots=True)
class ProviderTable:
    """``each`` is ``order`` or ``quantity``: what one order takes of the capacity."""

    file: Path
    name: str
    capacity: str
    fixed_cost: str
    minimum: str
    each: str
    times: int
    without: frozenset[str]


@dataclass(frozen=True, slots=True)
class RateTable:
    file: Path
    name: str
    rate: str
    per: str


@dataclass(frozen=True, slots=True)
class PairRule:
    """Which provider may serve which value of an order's field.

    A provider without any row is ``refused`` or ``serves all``; ``forbids`` makes the list one of forbidden
    pairs.
    """

    title: str
    file: Path
    provider: str
    value: str
    field: str
    serves_all_unlisted: bool
    forbids: bool


@dataclass(frozen=True, slots=True)
class LaneTable:
    """Rates by weight band from a provider's ports to the order's destination at its service level."""

    file: Path
    origin: str
    destination: str
    service: str
    least: str
    most: str
    minimum: str
    rate: str
    only: tuple[Filter, ...]
    ports: Path
    port_provider: str
    port: str
    order_destination: str
    order_service: str
    free: Mapping[str, frozenset[str]]
    no_lane_is_free: bool


@dataclass(frozen=True, slots=True)
class RoutingMap:
    """A checked map; ``layout`` other than ``tables`` reads one file of bare numbers."""

    name: str
    objective: str
    all_served: bool
    layout: str
    numbers: Path
    problem: int
    capacity: Decimal | None
    orders: OrderTable | None
    providers: ProviderTable | None
    rates: RateTable | None
    rules: tuple[PairRule, ...]
    lanes: LaneTable | None


def load_routing_map(
    path: str | Path, *, data: str | Path | None = None, changes: Sequence[str] = ()
) -> RoutingMap:
    """The map in the file; its files lie in ``data``, else beside it. InputDefectsError with every defect.

    ``changes`` such as ``providers.times=1`` or ``providers.without=["A"]`` replace single values of the map.
    """
    file = Path(path)
    text = decode(read_document(file), str(file))
    findings = Findings(str(file), toml_order.Locator(text))
    table = toml_order.parse(text, str(file))
    for change in changes:
        _change(table, change)
    top = Section(table, "", findings)
    found = _MapReader(top, Path(data) if data is not None else file.parent, file.stem).whole()
    findings.raise_any()
    return found


def _change(table: dict[str, Any], change: str) -> None:
    """Put one value in its place; the value is TOML, or a text where it is not."""
    path, sign, written = change.partition("=")
    if not sign or not path.strip():
        raise UsageError(f"{change!r} changes nothing", "write it as providers.times=1")
    try:
        value = toml_order.parse(f"value = {written}", change)["value"]
    except InputDefectsError:
        value = written.strip()
    *tables, key = path.strip().split(".")
    for name in tables:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise UsageError(f"{path}: {name} is not a table of the map", "name a table of the map")
    table[key] = value


class _MapReader:
    def __init__(self, top: Section, folder: Path, title: str) -> None:
        self.top = top
        self.title = title
        self.folder = folder

    def whole(self) -> RoutingMap:
        top = self.top
        if (schema := top.text("schema", needed=True)) and schema != SCHEMA:
            top.wrong("schema", f"{schema!r} is not known", f'write schema = "{SCHEMA}"')
        layout = self.word(top, "layout", LAYOUTS)
        tables = layout == "tables"
        numbers = self.file(top, "numbers") if not tables else Path()
        found = RoutingMap(
            name=top.text("name") or self.title,
            objective=self.word(top, "objective", OBJECTIVES),
            all_served=top.flag("all_served"),
            layout=layout,
            numbers=numbers,
            problem=top.integer("problem", 1, 10_000),
            capacity=top.decimal("capacity"),
            orders=self.orders(self.needed("orders")) if tables else None,
            providers=self.providers(self.needed("providers")) if tables else None,
            rates=self.rates(top.section("rates")),
            rules=tuple(self.rule(section) for section in top.sections("rule", 100)),
            lanes=self.lanes(top.section("lanes")),
        )
        top.finish()
        return found

    def needed(self, key: str) -> Section:
        section = self.top.section(key)
        if section is None:
            self.top.wrong(key, "is missing", f"describe the table under [{key}]")
            return Section({}, key, self.top.findings)
        return section

    def word(self, section: Section, key: str, known: tuple[str, ...]) -> str:
        word = section.text(key) or known[0]
        if word not in known:
            section.wrong(key, f"{word!r} is not known", f"use one of: {', '.join(known)}")
        return word

    def file(self, section: Section, key: str) -> Path:
        return self.folder / section.text(key, needed=True)

    def names(self, section: Section, key: str) -> tuple[str, ...]:
        value = section.value(key)
        entries = [value] if isinstance(value, str) else (value or [])
        if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
            section.wrong(key, "is not a list of texts", 'write it as ["a", "b"]')
            return ()
        return tuple(entry.strip() for entry in entries)

    def words(self, section: Section, key: str) -> dict[str, tuple[str, ...]]:
        """A table of texts or of lists of texts."""
        inner = section.section(key)
        if inner is None:
            return {}
        found = {name: self.names(inner, name) for name in inner.table}
        inner.finish()
        return found

    def filters(self, section: Section, key: str) -> tuple[Filter, ...]:
        return tuple(Filter(column, frozenset(values)) for column, values in self.words(section, key).items())

    def orders(self, section: Section) -> OrderTable:
        fields = {name: values[0] for name, values in self.words(section, "fields").items() if values}
        found = OrderTable(
            file=self.file(section, "file"),
            name=section.text("name", needed=True),
            quantity=section.text("quantity"),
            weight=section.text("weight"),
            fields=fields,
            only=self.filters(section, "only"),
            skip=section.integer("skip", 0, 10**9),
            take=section.integer("take", 0, 10**9),
            split=section.flag("split"),
            group=section.text("group"),
            penalty=section.decimal("penalty"),
        )
        section.finish()
        return found

    def providers(self, section: Section) -> ProviderTable:
        times = section.value("times")
        if times == "smallest":
            times = 0
        elif times is None:
            times = 1
        elif not (isinstance(times, int) or str(times).isdigit()) or int(times) < 1:
            section.wrong("times", f"{times!r} is not known", 'write a whole number or "smallest"')
            times = 1
        found = ProviderTable(
            file=self.file(section, "file"),
            name=section.text("name", needed=True),
            capacity=section.text("capacity", needed=True),
            fixed_cost=section.text("fixed_cost"),
            minimum=section.text("minimum"),
            each=self.word(section, "each", ("order", "quantity")),
            times=int(times),
            without=frozenset(self.names(section, "without")),
        )
        section.finish()
        return found

    def rates(self, section: Section | None) -> RateTable | None:
        if section is None:
            return None
        found = RateTable(
            file=self.file(section, "file"),
            name=section.text("name", needed=True),
            rate=section.text("rate", needed=True),
            per=self.word(section, "per", ("quantity", "order", "weight")),
        )
        section.finish()
        return found

    def rule(self, section: Section) -> PairRule:
        found = PairRule(
            title=section.text("title", needed=True),
            file=self.file(section, "file"),
            provider=section.text("provider", needed=True),
            value=section.text("value", needed=True),
            field=section.text("field", needed=True),
            serves_all_unlisted=self.word(section, "unlisted", UNLISTED) == "serves all",
            forbids=section.flag("forbids"),
        )
        section.finish()
        return found

    def lanes(self, section: Section | None) -> LaneTable | None:
        if section is None:
            return None
        found = LaneTable(
            file=self.file(section, "file"),
            origin=section.text("origin", needed=True),
            destination=section.text("destination", needed=True),
            service=section.text("service"),
            least=section.text("least", needed=True),
            most=section.text("most", needed=True),
            minimum=section.text("minimum", needed=True),
            rate=section.text("rate", needed=True),
            only=self.filters(section, "only"),
            ports=self.file(section, "ports"),
            port_provider=section.text("port_provider", needed=True),
            port=section.text("port", needed=True),
            order_destination=section.text("order_destination", needed=True),
            order_service=section.text("order_service"),
            free={name: frozenset(values) for name, values in self.words(section, "free").items()},
            no_lane_is_free=self.word(section, "no_lane", NO_LANE) == "free",
        )
        section.finish()
        return found
