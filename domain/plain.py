"""Dataclasses to plain JSON data and back, for what is stored in the ledger or hashed.

Fields whose name ends in ``_minor`` become strings (an amount may exceed 2**53), as do fractions,
decimals, dates and enums; other integers stay numbers. No floats.
"""

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar

Kind = TypeVar("Kind")


_AS_IT_IS = frozenset({str, int, bool, type(None)})


def to_plain(value: Any) -> Any:
    """Strings, numbers, booleans, None, lists and dicts with sorted-able string keys.

    TypeError for a float or anything else that has no exact plain form.
    """
    kind: Any = type(value)
    return value if kind in _AS_IT_IS else _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], Any]:
    """How values of the type are written; found once for each type."""
    if issubclass(kind, Enum):
        return _enum_plain
    if issubclass(kind, bool | str | int):
        return _same
    if issubclass(kind, date):
        return date.isoformat
    if issubclass(kind, Fraction | Decimal):
        return str
    if is_dataclass(kind):
        return _dataclass_writer(kind)
    if issubclass(kind, Mapping):
        return _mapping_plain
    if issubclass(kind, set | frozenset):
        return _set_plain
    if issubclass(kind, list | tuple):
        return _list_plain
    raise TypeError(f"{kind.__name__} has no exact plain form")


def _same(value: Any) -> Any:
    return value


def _enum_plain(value: Any) -> Any:
    return value.value


def _mapping_plain(value: Any) -> dict[str, Any]:
    return {str(to_plain(key)): to_plain(item) for key, item in value.items()}


def _set_plain(value: Any) -> list[Any]:
    return sorted(to_plain(item) for item in value)


def _list_plain(value: Any) -> list[Any]:
    return [to_plain(item) for item in value]


def _dataclass_writer(kind: Any) -> Callable[[Any], Any]:
    names = _names(kind)

    def write(value: Any) -> dict[str, Any]:
        plain = {}
        for name, minor in names:
            item = getattr(value, name)
            found: Any = type(item)
            if found in _AS_IT_IS:
                plain[name] = str(item) if minor and found is int else item
            else:
                plain[name] = _writer(found)(item)
        return plain

    return write


@cache
def _names(kind: type) -> tuple[tuple[str, bool], ...]:
    return tuple((part.name, part.name.endswith("_minor")) for part in fields(kind))


def from_plain(kind: type[Kind], data: Any) -> Kind:
    """The dataclass that ``to_plain`` made ``data`` of; absent keys take the field's default."""
    return typing.cast(Kind, _reader(typing.cast(Any, kind))(data))


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_reader(kind)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _optional_reader(kind)
    if origin is not None and origin is not typing.Literal:
        return _generic_reader(origin, typing.get_args(kind))
    return _SCALARS.get(kind) or _class_reader(kind)


_SCALARS: dict[Any, Callable[[Any], Any]] = {
    date: date.fromisoformat,
    Fraction: Fraction,
    Decimal: Decimal,
    int: int,
    str: str,
    bool: bool,
    Any: lambda data: data,
}


def _class_reader(kind: Any) -> Callable[[Any], Any]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return lambda data: data


def _optional_reader(kind: Any) -> Callable[[Any], Any]:
    inner = [_reader(option) for option in typing.get_args(kind) if option is not type(None)]
    return lambda data: None if data is None else inner[0](data)


def _generic_reader(origin: Any, args: tuple[Any, ...]) -> Callable[[Any], Any]:
    if isinstance(origin, type) and issubclass(origin, Mapping):
        value = _reader(args[1])
        return lambda data: {str(key): value(item) for key, item in data.items()}
    item = _reader(args[0])
    if origin is tuple and args[-1] is not Ellipsis:
        readers = [_reader(one) for one in args]
        return lambda data: tuple(read(part) for read, part in zip(readers, data, strict=True))
    return lambda data: origin(item(part) for part in data)


def _dataclass_reader(kind: type) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind)
    names = [(part.name, hints[part.name]) for part in fields(kind)]
    readers: dict[str, Callable[[Any], Any]] = {}

    def read(data: Any) -> Any:
        if not readers:
            readers.update({name: _reader(hint) for name, hint in names})
        return kind(**{name: readers[name](data[name]) for name, _ in names if name in data})

    return read
