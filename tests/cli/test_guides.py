"""The guides run as they stand: every command of a guide, in order, in a home where nothing is set up."""

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"#\s*exit (\d+)\s*$")


def commands(text: str) -> list[tuple[list[str], int]]:
    """Each ``net ...`` line of the shell blocks, and the exit code it says it has (``# exit 3``), else 0."""
    found = []
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("net "):
                code = EXIT.search(line)
                found.append((shlex.split(line, comments=True)[1:], int(code[1]) if code else 0))
    return found


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_guide_runs(
    guide: Path, net: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "work" / "examples")
    monkeypatch.chdir(tmp_path / "work")
    for arguments, code in commands(guide.read_text()):
        ran = net(*arguments)
        assert ran.code == code, f"net {shlex.join(arguments)}\n{ran.out}\n{ran.err}"


def test_a_guide_with_a_failing_command_is_found() -> None:
    text = "```sh\nnet order show NONE   # exit 4\nls\n```\n```python\nnet = 3\n```\n"
    assert commands(text) == [(["order", "show", "NONE"], 4)]
