"""The rows of a table in which each row stands by itself, as a map keeps them: bank entries, outcomes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from documents.files.findings import refuse
from documents.files.opening import fitting_encoding, opened_text
from documents.maps.csv import Row, rows
from documents.maps.order_map import RowRule
from documents.maps.source import Field, Source


class FlatTable(Protocol):
    """What a map says of the table as a whole."""

    @property
    def encodings(self) -> tuple[str, ...]: ...
    @property
    def separator(self) -> str: ...
    @property
    def skipped(self) -> int: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def rules(self) -> tuple[RowRule, ...]: ...


def kept_rows(file: Path, table: FlatTable, fields: Iterable[Field]) -> Iterator[Row]:
    """Rows that no rule leaves out; InputDefectsError when a column that a field or rule reads is missing."""
    encoding = fitting_encoding(file, table.encodings)
    with opened_text(file, (encoding,)) as text:
        every = rows(text, str(file), table.separator, skipped=table.skipped, columns=table.columns)
        for number, row in enumerate(every):
            if number == 0:
                _check_columns(row, table.rules, fields, file)
            if not any(rule.holds(row.cells) for rule in table.rules):
                yield row


def _check_columns(row: Row, rules: Sequence[RowRule], fields: Iterable[Field], file: Path) -> None:
    named = [column for field in fields for way in field.ways for column in way.columns]
    named += [rule.column for rule in rules]
    missing = [column for column in dict.fromkeys(named) if column not in row.cells]
    if missing:
        raise refuse(str(file), 1, ", ".join(missing), "is missing in the table", "add it, or mend the map")


def unshared(_source: Source, _cells: Mapping[str, str]) -> str | None:
    """Rows that stand by themselves share no values."""
    return None
