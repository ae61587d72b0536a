"""Orders in JSON and JSON Lines. Duplicate keys, NaN and bare text are refused; digits are kept."""

import json
import re
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any

from documents.files.field_lines import nearest
from documents.files.findings import refuse
from documents.files.section import Numeral

BYTES = 5 * 2**20
TOKENS = 300_000
"""Lines of fields are looked for among so many tokens; beyond them a defect names the nearest line known."""
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]|\n|[^\s{}\[\],:"]++')


class _JsonRuleError(ValueError):
    """``token`` or, of a name that stands twice in one object, ``key`` says where to look for it."""

    def __init__(self, told: str, token: str = "", key: str = "") -> None:
        super().__init__(told)
        self.token = token
        self.key = key


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise _JsonRuleError(f"names {twice[:80]!r} twice in one object", key=twice[:80])
    return table


def _no_constant(name: str) -> Any:
    raise _JsonRuleError(f"{name} is no number", token=name)


def parse(text: str, file: str, line: int = 0) -> Any:
    """The value of the text; ``line`` is where the text starts in the file."""
    try:
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
        place = max(line, 1) + _line_of(text, error.token, error.key) - 1
        raise refuse(file, place, error.key or "file", str(error), "mend it") from None
    except RecursionError:
        raise refuse(
            file, line, "file", "is nested too deep", "flatten it: an order has three levels"
        ) from None


def locator(text: str) -> Callable[[str], int]:
    """On which line a field stands; the text is walked once, when the first defect asks."""
    lines: dict[str, int] = {}

    def where(name: str) -> int:
        if not lines:
            lines.update(_positions(text))
        return nearest(lines, name, 1)

    return where


def _line_of(text: str, token: str, key: str) -> int:
    """The line of a bare word, or the one on which an object names a key again; 1 where neither is found."""
    if key:
        again: dict[str, int] = {}
        _positions(text, again)
        return next((line for path, line in again.items() if path.split(".")[-1] == key), 1)
    line = 1
    for found in islice(_TOKEN.finditer(text), TOKENS):
        line += found.group() == "\n"
        if found.group() == token:
            return line
    return 1


def _positions(text: str, again: dict[str, int] | None = None) -> dict[str, int]:
    """Path to line for every key and entry of valid JSON; ``again`` takes those that stand twice."""
    found: dict[str, int] = {"": 1}
    stack: list[tuple[str, int]] = []  # (path, entries so far; -1 in an object)
    line, path, last = 1, "", ""
    for token in islice(_TOKEN.finditer(text), TOKENS):
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
            if again is not None and path in found:
                again.setdefault(path, line)
            found.setdefault(path, line)
        if word in "[{":
            stack.append((path, 0 if word == "[" else -1))
        elif word in "]}" and stack:
            path = stack.pop()[0]
        last = word[0] if word in "[]{},:" else "x"
    return found
