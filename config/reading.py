"""Reading TOML tables with every defect collected: each with file, line, field, problem and remedy.

Numbers are read as exact decimals. A name that nobody asked for is a defect, so that a misspelt field is
not silently left out.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import tomli

from domain.errors import Defect, InputDefectsError, NotFoundError
from domain.money import CURRENCY_EXPONENTS, MoneyError, minor_of, parse_decimal
from domain.near import meant

Choice = TypeVar("Choice", bound=Enum)
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+|\"[^\"]+\")\s*=")
WHOLE_MAXIMUM = 2**53
SIZE_MAXIMUM = 50_000_000
"""Bytes; a larger settings or network file is refused before it is read."""


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables; NotFoundError or InputDefectsError says why it cannot be read."""
    if not path.is_file():
        raise NotFoundError(
            f"there is no file {path}", "net init writes one to edit, or name one with --config"
        )
    if path.stat().st_size > SIZE_MAXIMUM:
        raise _unreadable(path, 0, f"larger than {SIZE_MAXIMUM} bytes", "split it or remove what is not used")
    try:
        return tomli.loads(path.read_bytes().decode("utf-8"), parse_float=Decimal)
    except UnicodeDecodeError:
        raise _unreadable(path, 0, "is not UTF-8 text", "save it as UTF-8") from None
    except tomli.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else 0
        raise _unreadable(path, line, f"is not TOML: {error}", "mend the syntax") from None


def _unreadable(path: Path, line: int, problem: str, remedy: str) -> InputDefectsError:
    return InputDefectsError([Defect(str(path), line, "file", problem, remedy)])


def line_index(text: str) -> dict[str, int]:
    """Line of each ``table.0.key``; best effort for hand-written TOML, enclosing table where unknown."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            prefix = _enter(header.group(2), header.group(1) == "[[", counts)
            lines[prefix] = number
        elif key := _KEY.match(line):
            name = key.group(1).strip('"')
            lines.setdefault(f"{prefix}.{name}" if prefix else name, number)
    return lines


def _enter(dotted: str, is_array: bool, counts: dict[str, int]) -> str:
    path = ""
    parts = [part.strip().strip('"') for part in dotted.split(".")]
    for depth, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        if is_array and depth == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}.{counts[path]}"
    return path


def counted(place: str) -> str:
    """``factory.0.product.1.line`` as people count: ``factory[1].product[2].line``."""
    return re.sub(r"\.(\d+)(?=\.|$)", lambda found: f"[{int(found[1]) + 1}]", place)


class Collector:
    """Where the defects of one file gather."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.defects: list[Defect] = []
        self._lines: dict[str, int] | None = None

    def add(self, place: str, problem: str, remedy: str) -> None:
        self.defects.append(Defect(str(self.path), self.line_of(place), counted(place), problem, remedy))

    def add_named(self, name: str, problem: str, remedy: str) -> None:
        """A defect of what goes by this id or kind; where several do, the last is meant."""
        self.defects.append(Defect(str(self.path), self._line_named(name), name, problem, remedy))

    def _line_named(self, name: str) -> int:
        text = self.path.read_text("utf-8") if self.path.is_file() else ""
        named = re.compile(rf"""\b(id|kind|group)\s*=\s*["']{re.escape(name)}["']""")
        lines = [number for number, line in enumerate(text.splitlines(), start=1) if named.search(line)]
        return max(lines, default=0)

    def line_of(self, place: str) -> int:
        if self._lines is None:
            text = self.path.read_text("utf-8") if self.path.is_file() else ""
            self._lines = line_index(text)
        while place:
            if place in self._lines:
                return self._lines[place]
            place = place.rpartition(".")[0]
        return 0

    def finish(self) -> None:
        """InputDefectsError with everything found; nothing when the file is sound."""
        if self.defects:
            raise InputDefectsError(sorted(self.defects, key=lambda defect: (defect.line, defect.field)))


class TomlTable:
    """One TOML table being read; ``done`` reports the names nobody asked for."""

    def __init__(self, data: Mapping[str, Any], place: str, collector: Collector) -> None:
        self.data = data
        self.place = place
        self.collector = collector
        self._asked: set[str] = set()

    def at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def defect(self, key: str, problem: str, remedy: str) -> None:
        self.collector.add(self.at(key), problem, remedy)

    def has(self, key: str) -> bool:
        self._asked.add(key)
        return key in self.data

    def _value(self, key: str, required: bool = False) -> Any:
        self._asked.add(key)
        value = self.data.get(key)
        if value is None and required:
            self.defect(key, "is missing", f"add {key} = ...")
        return value

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        value = self._value(key, required)
        if value is None:
            return default
        if not isinstance(value, str) or (required and not value.strip()):
            self.defect(key, f"{shown(value)} is not a text", "write it in quotes")
            return default
        return value

    def whole(self, key: str, default: int = 0, *, least: int = 0, most: int = WHOLE_MAXIMUM) -> int:
        value = self._value(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            limits = f"at least {least}" if most == WHOLE_MAXIMUM else f"{least} to {most}"
            self.defect(key, f"{shown(value)} is not a whole number of {limits}", "write it without decimals")
            return default
        return value

    def optional_whole(self, key: str) -> int | None:
        return self.whole(key) if self.has(key) else None

    def flag(self, key: str, default: bool = False) -> bool:
        value = self._value(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.defect(key, f"{shown(value)} is neither true nor false", "write true or false")
            return default
        return value

    def decimal(self, key: str, default: Decimal = Decimal(0), *, required: bool = False) -> Decimal:
        """A number of zero or more, exact, from TOML number or text."""
        value = self._value(key, required)
        if value is None:
            return default
        try:
            number = _exact(value)
        except MoneyError as error:
            self.defect(key, str(error), 'write it as 12.50 or "12.50"')
            return default
        if number < 0:
            self.defect(key, f"{number} is negative", "prices and quantities are zero or more")
            return default
        return number

    def rate(self, key: str, default: Fraction = Fraction(0), *, most: Fraction | None = None) -> Fraction:
        """``"13%"`` or ``0.13`` as an exact share; zero or more, and at most ``most``."""
        value = self._value(key)
        if value is None:
            return default
        try:
            share = parse_share(value)
        except MoneyError as error:
            self.defect(key, str(error), 'write it as "13%" or 0.13')
            return default
        if share < 0 or (most is not None and share > most):
            limits = "negative" if share < 0 else f"more than {float(most or 0):.0%}"
            self.defect(key, f"{value} is {limits}", 'write it as "13%" or 0.13')
            return default
        return share

    def amount(self, key: str, currency: str, default: int = 0) -> int:
        """An amount of ``currency`` in minor units, zero or more."""
        value = self._value(key)
        if value is None:
            return default
        try:
            amount = minor_of(_exact(value), currency)
        except MoneyError as error:
            self.defect(key, str(error), f"write an amount of {currency} such as 1000.00")
            return default
        if amount < 0:
            self.defect(key, f"{value} is negative", "write zero or more")
            return default
        return amount

    def optional_amount(self, key: str, currency: str) -> int | None:
        return self.amount(key, currency) if self.has(key) else None

    def country(self, key: str, default: str = "") -> str:
        """A two-letter country of ISO 3166: its calendar and its taxes hang on it."""
        code = self.text(key, default)
        if code and not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
            self.defect(key, f"{code!r} is not a two-letter country code", "write a code such as CN")
            return ""
        return code

    def currency(self, key: str, default: str) -> str:
        code = self.text(key, default)
        if code not in CURRENCY_EXPONENTS:
            self.defect(key, f"{code!r} is not an ISO 4217 currency code", "write CNY, EUR, USD ...")
            return default if default in CURRENCY_EXPONENTS else "USD"
        return code

    def choice(self, key: str, kind: type[Choice], default: Choice | None) -> Choice | None:
        value = self._value(key, required=default is None)
        if value is None:
            return default
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(str(one.value) for one in kind)
            near = meant(str(value), (str(one.value) for one in kind))
            self.defect(key, f"{shown(value)} is not known", f"{near}choose one of {known}")
            return default

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._value(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.defect(key, "is not a list of texts", 'write ["one", "two"]')
            return ()
        return tuple(value)

    def day(self, key: str) -> date | None:
        value = self._value(key)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        self.defect(key, f"{value!r} is not a date", "write 2026-05-01, without quotes")
        return None

    def dates(self, key: str) -> frozenset[date]:
        value = self._value(key)
        if value is None:
            return frozenset()
        good = isinstance(value, list) and all(
            isinstance(one, date) and not isinstance(one, datetime) for one in value
        )
        if not good:
            self.defect(key, "is not a list of dates", "write [2026-05-01, 2026-05-02]")
            return frozenset()
        return frozenset(value)

    def free(self, key: str) -> dict[str, Any]:
        """A table kept as it is, decimals as text."""
        value = self._value(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.defect(key, "is not a table", f"write [{self.at(key)}]")
            return {}
        return {name: _without_decimals(item) for name, item in value.items()}

    def table(self, key: str) -> "TomlTable | None":
        value = self._value(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.defect(key, "is not a table", f"write [{self.at(key)}]")
            return None
        return TomlTable(value, self.at(key), self.collector)

    def tables(self, key: str) -> list["TomlTable"]:
        value = self._value(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.defect(key, "is not a list of tables", f"write [[{self.at(key)}]]")
            return []
        return [TomlTable(one, f"{self.at(key)}.{place}", self.collector) for place, one in enumerate(value)]

    def done(self) -> None:
        for key in self.data:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                near = meant(key, self._asked)
                self.defect(key, "is not a field of this table", f"{near}fields are: {known}")


def shown(value: Any) -> str:
    """A value of the file as its writer knows it."""
    return str(value) if isinstance(value, Decimal | date) else repr(value)


def _exact(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise MoneyError(f"{shown(value)} is not a number")
    return parse_decimal(str(value) if not isinstance(value, Decimal) else format(value, "f"))


def parse_share(value: Any) -> Fraction:
    """``"13%"``, ``"0.13"``, ``0.13`` or ``"1/3"`` as an exact fraction; MoneyError for anything else."""
    if isinstance(value, str) and value.strip().endswith("%"):
        return Fraction(parse_decimal(value.strip()[:-1])) / 100
    if isinstance(value, str) and re.fullmatch(r"\d+/[1-9]\d*", value.strip()):
        return Fraction(value.strip())
    return Fraction(_exact(value))


def _without_decimals(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _without_decimals(item) for name, item in value.items()}
    return [_without_decimals(item) for item in value] if isinstance(value, list) else value
