"""Orders in JSON and JSON Lines. Duplicate keys, NaN and bare text are refused; digits are kept."""

import json
import re
from collections.abc import Callable
from typing import Any

from documents.findings import refuse
from documents.places import nearest
from documents.section import Numeral

DEPTH = 40
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|\n|[^\s{}\[\],:"]+')


class _JsonRuleError(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise _JsonRuleError(f"names {twice[:80]!r} twice in one object")
    return table


def _no_constant(name: str) -> Any:
    raise _JsonRuleError(f"{name} is no number")


def parse(text: str, file: str, line: int = 0) -> Any:
    """The value of the text; ``line`` is where the text starts in the file."""
    try:
        if _depth(text) > DEPTH:
            raise _JsonRuleError(f"is nested deeper than {DEPTH} levels")
        return json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=Numeral,
            parse_int=Numeral,
        )
    except json.JSONDecodeError as error:
        place = line + error.lineno - 1 if line else error.lineno
        raise refuse(file, place, "file", f"is not JSON: {error.msg}", "mend the line") from None
    except _JsonRuleError as error:
        raise refuse(file, line, "file", str(error), "mend it") from None


def _depth(text: str) -> int:
    """How deep the brackets nest, strings left out; counted before parsing, which recurses."""
    deepest = depth = 0
    if text.count("[") + text.count("{") <= DEPTH:
        return 0
    for token in _TOKEN.finditer(text):
        mark = token.group()[0]
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    return deepest


def locator(text: str) -> Callable[[str], int]:
    """On which line a field stands; the text is walked once, when the first defect asks."""
    lines: dict[str, int] = {}

    def where(name: str) -> int:
        if not lines:
            lines.update(_positions(text))
        return nearest(lines, name, 1)

    return where


def _positions(text: str) -> dict[str, int]:
    """Path to line for every key and entry of valid JSON."""
    found: dict[str, int] = {"": 1}
    stack: list[tuple[str, int]] = []  # (path, entries so far; -1 in an object)
    line, path, last = 1, "", ""
    for token in _TOKEN.finditer(text):
        word = token.group()
        if word == "\n":
            line += 1
            continue
        if stack and stack[-1][1] >= 0 and word not in ",]":
            if last in "[,":
                outer, count = stack[-1]
                stack[-1] = (outer, count + 1)
                path = f"{outer}[{count + 1}]"
                found.setdefault(path, line)
        elif stack and word[0] == '"' and last in "{,":
            outer = stack[-1][0]
            key = json.loads(word)
            path = f"{outer}.{key}" if outer else key
            found.setdefault(path, line)
        if word in "[{":
            stack.append((path, 0 if word == "[" else -1))
        elif word in "]}" and stack:
            path = stack.pop()[0]
        last = word[0] if word in "[]{},:" else "x"
    return found
