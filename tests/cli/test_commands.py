"""Every command has help that speaks, an example that would be understood, and the shared options."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import COMMANDS, load
from cli.options import SHARED

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import commands as reference  # noqa: E402


def every() -> Iterator[tuple[str, Any]]:
    return (
        (path, command) for name in COMMANDS for path, command in reference.below(f"net {name}", load(name))
    )


ALL = dict(every())


@pytest.mark.parametrize("path", ALL)
def test_command_has_help_and_an_example_of_itself(path: str) -> None:
    command = ALL[path]
    assert command.help, "no docstring"
    assert command.help.strip().splitlines()[0].endswith((".", ":")), command.help
    examples = reference.examples(command)
    assert examples, "no example"
    assert any(example.startswith(path) for example in examples), examples


@pytest.mark.parametrize("path", ALL)
def test_example_uses_options_that_exist(path: str) -> None:
    for example in reference.examples(ALL[path]):
        words = shlex.split(example.split("|")[0].split(">")[0])
        if " ".join(words[: len(path.split())]) != path:
            continue
        known = {name for parameter in ALL[path].params for name in parameter.opts}
        used = {word.split("=")[0] for word in words if word.startswith("--")}
        assert used <= known, example


@pytest.mark.parametrize("path", ALL)
def test_command_takes_the_shared_options(path: str) -> None:
    names = {parameter.name for parameter in ALL[path].params}
    assert set(SHARED) - {"jsonl"} <= names


@pytest.mark.parametrize("path", ALL)
def test_every_option_says_what_it_is(path: str) -> None:
    silent = [
        parameter.name
        for parameter in ALL[path].params
        if parameter.param_type_name == "option" and not parameter.help and parameter.name != "help"
    ]
    assert silent == []


def test_a_command_without_an_example_is_found() -> None:
    class Bare:
        epilog = None

    assert reference.examples(Bare()) == []


def test_the_reference_says_what_the_program_says() -> None:
    """Run ``python docs/commands.py`` after a change of a command."""
    assert reference.TARGET.read_text() == reference.document()
