"""Orders in TOML: one document, one order."""

import re
from typing import Any

import tomli

from documents.files.field_lines import nearest
from documents.files.findings import refuse
from documents.files.section import Numeral

BYTES = 2**20
"""The parser is plain Python; an order of this size has some ten thousand lines."""
_NAME = r"(?<![A-Za-z0-9_\-])[A-Za-z0-9_\-]++"
_CHAIN = re.compile(rf"(?:{_NAME}\s*+\.\s*+){{50}}|(?:[\"'][^\"'\n]{{0,200}}+[\"']\s*+\.\s*+){{50}}")
"""A dotted key so long that the parser would take quadratic time for it."""
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+)\s*=")
_POSITION = re.compile(r"\(at line (\d+)")


def parse(text: str, file: str) -> dict[str, Any]:
    """The tables of the document; numbers with a decimal point keep their digits."""
    if chain := _CHAIN.search(text):
        line = text.count("\n", 0, chain.start()) + 1
        raise refuse(file, line, "file", "has a dotted key of more than 50 parts", "name fields plainly")
    try:
        return tomli.loads(text, parse_float=Numeral)
    except tomli.TOMLDecodeError as error:
        found = _POSITION.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise refuse(file, line, "file", f"is not TOML: {error}", "mend the line") from None
    except (RecursionError, ValueError, OverflowError) as error:
        problem = f"cannot be read as TOML: {type(error).__name__}"
        raise refuse(file, 0, "file", problem, "flatten it and shorten its numbers") from None


class Locator:
    """On which line a field stands, found by reading headers and keys; 0 where it cannot be told."""

    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {}
        counts: dict[str, int] = {}
        prefix = ""
        for number, line in enumerate(text.splitlines(), start=1):
            if header := _HEADER.match(line):
                prefix = header[2]
                if header[1] == "[[":
                    counts[prefix] = counts.get(prefix, 0) + 1
                    prefix = f"{prefix}[{counts[prefix]}]"
                self.lines.setdefault(prefix, number)
            elif key := _KEY.match(line):
                self.lines.setdefault(f"{prefix}.{key[1]}" if prefix else key[1], number)

    def __call__(self, name: str) -> int:
        """The line of the field, or of the table that should have it."""
        return nearest(self.lines, name, 0)
