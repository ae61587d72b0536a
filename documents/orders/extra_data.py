"""What a document says beyond the order's own fields, kept as plain JSON data."""

from datetime import date
from typing import Any

from documents.files.section import NOTE_LENGTH, Section

ENTRIES = 1_000
DEPTH = 10


def plain_data(top: Section) -> dict[str, Any]:
    """The ``extra`` table with days and numbers as text; what cannot be kept is noted."""
    extra = top.section("extra")
    if extra is None:
        return {}
    kept = {str(key): _plain(extra, str(key), value, 1) for key, value in extra.table.items()}
    if len(kept) > ENTRIES:
        top.wrong("extra", f"has {len(kept):,} entries", f"use at most {ENTRIES:,}")
    return kept


def _plain(extra: Section, key: str, value: Any, depth: int) -> Any:
    if depth > DEPTH:
        extra.wrong(key, "is nested too deep", f"use at most {DEPTH} levels")
        return None
    if isinstance(value, dict):
        return {str(name): _plain(extra, key, item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(extra, key, item, depth + 1) for item in value[:ENTRIES]]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    if isinstance(value, date):
        return value.isoformat()
    return _text(extra, key, str(value) if isinstance(value, str) else None)


def _text(extra: Section, key: str, text: str | None) -> str | None:
    if text is None:
        extra.wrong(key, "is no plain data", "write text, a number, a day, true or false")
    elif len(text) > NOTE_LENGTH or any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in text):
        extra.wrong(key, "is too long or holds characters that are no text", "shorten or remove it")
        return None
    return text
