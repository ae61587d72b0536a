"""Adding to a network file without touching what a person wrote there: comments and order stay.

The file is replaced in one step, and only by one that reads without a defect.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.network import load_network
from config.reading import read_toml
from domain.errors import InputDefectsError


def network_file(config: Path) -> Path:
    """The network file that a settings file names, or the file itself."""
    named = read_toml(config).get("network")
    return network_file(config.parent / named) if isinstance(named, str) else config


def append_table(path: Path, section: str, fields: Mapping[str, Any]) -> str:
    """Add ``[[section]]`` with these fields at the end of the file; the text that was added.

    InputDefectsError, and the file as it was, when the network would not be sound with it.
    """
    added = table_text(section, fields)
    before = path.read_text(encoding="utf-8")
    _replace(path, before.rstrip("\n") + "\n\n" + added)
    return added


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".", suffix=".toml")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(path.stat().st_mode & 0o777)
        _require_sound(fresh, path)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _require_sound(fresh: Path, path: Path) -> None:
    try:
        load_network(fresh)
    except InputDefectsError as error:
        told = [replace(defect, file=str(path)) for defect in error.defects]
        raise InputDefectsError(told, "give other values; the network file is as it was") from None


def table_text(section: str, fields: Mapping[str, Any]) -> str:
    """The table as TOML: plain fields first, then lists of tables each under a header of its own."""
    lines = [f"[[{section}]]"]
    nested = []
    for name, value in fields.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping) and _is_large(value):
            nested += [table_text(f"{section}.{name}", one) for one in value]
        elif value not in (None, ""):
            lines.append(f"{_key(name)} = {value_text(value)}")
    return "\n".join([*lines, ""]) + "".join("\n" + text for text in nested)


def _is_large(tables: Sequence[Mapping[str, Any]]) -> bool:
    return any(len(one) > 4 for one in tables)


def value_text(value: Any) -> str:
    """One value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int | date):
        return str(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(name)} = {value_text(item)}" for name, item in value.items())
        return "{ " + inside + " }" if inside else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(value_text(item) for item in value) + "]"
    return _quoted(str(value))


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else _quoted(name)


def _quoted(text: str) -> str:
    shown = "".join(_ESCAPES.get(mark) or _escaped(mark) for mark in text)
    return f'"{shown}"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(mark: str) -> str:
    return f"\\u{ord(mark):04x}" if ord(mark) < 32 or ord(mark) == 127 else mark
