"""The one byte form of JSON data (RFC 8785), which is what gets hashed and signed."""

import unicodedata
from collections.abc import Mapping
from typing import Any

import orjson

from domain.errors import UsageError

LARGEST_INTEGER = 2**53
_FAST = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_EXACT = frozenset({str, int, bool, type(None)})
_NUL = rb"\u0000"


def canonical_bytes(value: Any) -> bytes:
    """RFC 8785 bytes of ``value`` after putting every string into Unicode normal form C.

    Only str, int within 2**53, bool, None, list, tuple and dict with string keys: anything else, a float
    above all, is a ``UsageError``. NUL characters are refused because databases cannot store them.
    """
    if _is_exact(value):
        try:
            plain = orjson.dumps(value, option=_FAST)
        except TypeError:  # a key that is no string, or an integer out of range: told below
            plain = b""
        # most records are ASCII throughout, and so need no cleaning
        if plain and plain.isascii() and _NUL not in plain:
            return plain
    clean, plain_keys = _clean(value)
    if plain_keys:
        return orjson.dumps(clean, option=_FAST)
    return _slow_bytes(clean)


def _is_exact(value: Any) -> bool:
    """Whether it holds only types that JSON keeps exactly; orjson writes others too, floats above all."""
    if type(value) in _EXACT:
        return True
    left = [value]
    while left:
        item = left.pop()
        kind = type(item)
        if kind is dict:
            item = item.values()
        elif kind is not list and kind is not tuple:
            return False
        left += [inner for inner in item if type(inner) not in _EXACT]
    return True


def parse_canonical(body: bytes | str) -> Any:
    """The data in canonical bytes; ``ValueError`` when they are not JSON."""
    return orjson.loads(body)


def _slow_bytes(value: Any) -> bytes:
    """RFC 8785 sorts keys by UTF-16 code units, orjson by code points: they differ beyond U+FFFF."""
    import rfc8785

    return rfc8785.dumps(value)


def _clean(value: Any) -> tuple[Any, bool]:
    kind = type(value)
    if kind is str:
        return canonical_text(value), True
    if kind is bool or value is None:
        return value, True
    if kind is int:
        if not -LARGEST_INTEGER < value < LARGEST_INTEGER:
            raise UsageError(f"the integer {value} is too large for JSON", "write it as a string")
        return value, True
    if kind is dict or isinstance(value, Mapping):
        return _clean_mapping(value)
    if kind is list or kind is tuple:
        return _clean_list(value)
    raise UsageError(
        f"{kind.__name__} is not JSON data that a ledger keeps", "use str, int, bool, None, list or dict"
    )


def _clean_mapping(value: Mapping[Any, Any]) -> tuple[dict[str, Any], bool]:
    plain, clean = True, {}
    for key, item in value.items():
        if type(key) is not str:
            raise UsageError(f"the key {key!r} is not a string", "use string keys")
        name = canonical_text(key)
        if name in clean:
            raise UsageError(f"the key {name!r} occurs twice", "keep one of them")
        clean[name], item_plain = _clean(item)
        plain = plain and item_plain and name.isascii()
    return clean, plain


def _clean_list(value: list[Any] | tuple[Any, ...]) -> tuple[list[Any], bool]:
    plain, clean = True, []
    for item in value:
        item_clean, item_plain = _clean(item)
        clean.append(item_clean)
        plain = plain and item_plain
    return clean, plain


def canonical_text(text: str) -> str:
    """``text`` in normal form C; ``UsageError`` for what no database can store."""
    if text.isascii() and "\0" not in text:
        return text
    if "\0" in text:
        raise UsageError("a text contains the NUL character", "remove it")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError("a text contains half a surrogate pair", "remove it") from None
    return unicodedata.normalize("NFC", text)
