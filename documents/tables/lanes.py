"""Freight by weight band: the cheapest lane of a provider's ports, max(minimum charge, rate x weight)."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from documents.tables.table_map import LaneTable


class _Rows(Protocol):
    rows: list[tuple[int, Mapping[str, str]]]

    def number(self, line: int, cells: Mapping[str, str], column: str) -> Decimal: ...


class Open(Protocol):
    """Opens a CSV file that must have the columns named."""

    def __call__(self, file: Path, *columns: str) -> _Rows: ...


Band = tuple[Decimal, Decimal, Decimal, Decimal]
"""Least and most weight (both included), minimum charge, rate."""


class Lanes:
    """Every band by origin, destination and service; where bands overlap the cheapest wins."""

    def __init__(self, table: LaneTable, open_table: Open) -> None:
        self.table = table
        self.bands: dict[tuple[str, str, str], list[Band]] = {}
        columns = (table.origin, table.destination, table.service, table.least, table.most)
        filters = tuple(wanted.column for wanted in table.only)
        opened = open_table(table.file, *columns, table.minimum, table.rate, *filters)
        for line, cells in opened.rows:
            if not all(cells[wanted.column] in wanted.values for wanted in table.only):
                continue
            service = cells[table.service] if table.service else ""
            numbers = (table.least, table.most, table.minimum, table.rate)
            least, most, minimum, rate = (opened.number(line, cells, column) for column in numbers)
            key = (cells[table.origin], cells[table.destination], service)
            bands = self.bands.setdefault(key, [])
            if (least, most, minimum, rate) not in bands:
                bands.append((least, most, minimum, rate))
        self.ports: dict[str, list[str]] = {}
        for _, cells in open_table(table.ports, table.port_provider, table.port).rows:
            self.ports.setdefault(cells[table.port_provider], []).append(cells[table.port])
        self.known: dict[tuple[str, str, str, Decimal], Decimal | None] = {}

    def cheapest(self, provider: str, fields: Mapping[str, str], weight: Decimal) -> Decimal | None:
        """The charge of the cheapest lane whose band holds the weight; None where there is none."""
        if any(fields[name] in values for name, values in self.table.free.items()):
            return Decimal(0)
        service = fields[self.table.order_service] if self.table.order_service else ""
        key = (provider, fields[self.table.order_destination], service, weight)
        if key not in self.known:
            self.known[key] = self._cheapest(*key)
        found = self.known[key]
        return Decimal(0) if found is None and self.table.no_lane_is_free else found

    def _cheapest(self, provider: str, destination: str, service: str, weight: Decimal) -> Decimal | None:
        charges = [
            max(minimum, rate * weight)
            for port in self.ports.get(provider, ())
            for least, most, minimum, rate in self.bands.get((port, destination, service), ())
            if least <= weight <= most
        ]
        return min(charges, default=None)
