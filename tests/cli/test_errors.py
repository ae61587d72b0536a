"""Each error of the reference is run as it stands and must print what the reference says."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference" / "errors.md"
SECTION = re.compile(r"^## (\d+): (.*?)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
QUIET = re.compile(r"\s+# quiet$")


def lines_of(text: str) -> list[str]:
    """What is printed, without the blanks and rules that frame a table."""
    words = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in words if line.strip("─")]


def test_every_error_of_the_reference_reads_so(
    net: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert net("init", "--practice").code == 0
    checked = 0
    for code, _, text in SECTION.findall(REFERENCE.read_text()):
        for block in BLOCK.findall(text):
            for part in block.split("$ net ")[1:]:
                typed, _, expected = part.partition("\n")
                ran = net(*shlex.split(QUIET.sub("", typed)))
                if QUIET.search(typed):
                    assert ran.code == 0, f"net {typed}\n{ran.err}"
                    continue
                assert ran.code == int(code), f"net {typed}\n{ran.err}"
                assert lines_of(ran.out + ran.err) == lines_of(expected), f"net {typed}"
                checked += 1
    assert checked >= 9


def test_every_exit_code_of_the_errors_is_in_the_reference() -> None:
    from domain.errors import NetError

    def codes(kind: type[NetError]) -> set[int]:
        return {kind.exit_code}.union(*(codes(below) for below in kind.__subclasses__()))

    table = {int(row) for row in re.findall(r"^\| (\d+) \|", REFERENCE.read_text(), re.MULTILINE)}
    assert codes(NetError) <= table
