"""The figures of the guide are those that its commands print."""

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Net
from tests.cli.test_guides import commands

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "guides" / "who-earns-what.md"
PAIR = re.compile(r"^```sh\n(.*?)^```\n\n```text\n(.*?)^```", re.MULTILINE | re.DOTALL)


def plain(text: str) -> str:
    return " ".join(text.split())


def test_every_figure_of_the_guide_is_printed(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    pairs = PAIR.findall(GUIDE.read_text("utf-8"))
    assert len(pairs) == GUIDE.read_text("utf-8").count("```text") == 7
    for typed, said in pairs:
        printed = ""
        for arguments, code in commands(f"```sh\n{typed}```\n"):
            ran = net(*arguments)
            assert ran.code == code, ran.err
            printed += ran.out
        missing = [line for line in said.splitlines() if plain(line) not in plain(printed)]
        assert missing == [], printed
