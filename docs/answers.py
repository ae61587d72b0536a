"""The shape of JSON answers: which keys a schema has, and what stands in them.

``NET_ANSWERS=write python -m pytest tests/cli/test_examples.py`` runs every example of every help page and
writes ``docs/reference/answers.md``; without it the same test checks that nothing else is answered.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "reference" / "answers.md"
TOP = """# JSON answers

With `--json` a command prints one document on stdout, and an error one document on stderr (`net.error/1`,
[errors](errors.md)). With `--jsonl`, where a command has it, each line is one document. `schema` names the
form and its version; within a version keys are only added. Amounts are text: in major units
(`"1130.00"`) where the key says nothing, in minor units where it ends in `_minor` or is `minor`. Dates are
`2026-03-02`, moments end in `Z` or in an offset, shares and rates are exact: `"3/10"` or `"0.144"`.

Made by running every example of [commands](commands.md); a test compares. `[]` stands for each entry of a
list, `*` for names that are data; the `body` of a record is what
the ledger keeps. Where a key may hold several kinds of value, all that were seen are named.
"""
NAMED_BY_DATA = re.compile(r"[^a-z_]")
"""A key that is not a plain word is data: a firm, a date, a currency, an account."""


OPAQUE = ".body"
"""What a record of the ledger holds is as varied as the records."""


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each place of the document with the kind of value that stands there."""
    if isinstance(value, dict):
        if path:
            yield path, "object"
        if path.endswith(OPAQUE):
            return
        for name, inner in value.items():
            key = "*" if NAMED_BY_DATA.search(name) else name
            yield from shape(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        yield path, "list"
        for inner in value:
            yield from shape(inner, f"{path}[]")
    else:
        yield path, _kind(value)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int):
        return "number"
    text = str(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return "date"
    return "text"


def page(shapes: dict[str, dict[str, set[str]]]) -> str:
    """The whole reference page."""
    parts = [TOP]
    for schema in sorted(shapes):
        rows = [f"| `{path}` | {', '.join(sorted(kinds))} |" for path, kinds in shapes[schema].items()]
        parts += [f"## {schema}\n", "| key | holds |\n|---|---|", *rows, ""]
    return "\n".join(parts)


def documented(text: str) -> dict[str, set[str]]:
    """The places that the page names, by schema."""
    found: dict[str, set[str]] = {}
    schema = ""
    for line in text.splitlines():
        if line.startswith("## "):
            schema = line[3:].strip()
            found[schema] = set()
        elif line.startswith("| `"):
            found[schema].add(line.split("`")[1])
    return found
