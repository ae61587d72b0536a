"""What a person types is checked in every command: no bad value is ignored, and none ends as a bug.

Every parameter of every command is given bad values of its kind, beside an example of the command that is
right. A value that cannot be read ends with exit code 2; a name that nobody has with 2, 3 or 4.
"""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import COMMANDS, load
from tests.cli.conftest import Net

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import commands as reference  # noqa: E402

AMOUNTS = ("-5.00", "abc", "1,5", "1.0001", "nan", "1e3", "1/0", "１２..３")
QUANTITIES = ("-5", "0", "abc", "1,000", "1/0", "nan", "inf")
DATES = ("2026-13-01", "yesterday", "2026-02-30", "20260302x")
RATES = ("-0.5", "abc", "nan", "1/0")
CODES = ("X1", "yuan", "12")
NAMES = ("no-such-name",)
WHOLE = ("-1", "abc", "1.5")
SHARES = ("-1", "abc", "nan")
BY_METAVAR = {
    "AMOUNT": AMOUNTS,
    "[AMOUNT]": AMOUNTS,
    "SOLD": AMOUNTS,
    "BOUGHT": AMOUNTS,
    "BOOKING=AMOUNT": (*(f"zhongshan-lamps={bad}" for bad in AMOUNTS), "no-such=5.00", "zhongshan-lamps"),
    "NUMBER": QUANTITIES,
    "DATE": DATES,
    "RATE": RATES,
    "CODE": CODES,
    "ORDER": NAMES,
    "[ORDER]": NAMES,
    "[ORDER]...": NAMES,
    "BOOKING": NAMES,
    "PAYEE": NAMES,
    "FACILITY": NAMES,
    "LENDER": NAMES,
    "[LENDER]": NAMES,
    "SELLER": NAMES,
    "PROVIDER": NAMES,
    "ID": NAMES,
    "PARTY": NAMES,
    "FACT": NAMES,
    "STATE": NAMES,
    "KIND": NAMES,
    "STEP": NAMES,
    "WHAT": NAMES,
    "FORMAT": NAMES,
    "FORM": NAMES,
    "SUBJECT": NAMES,
    "CHANGE": ("no-such=1", "advance_rate=abc", "advance_rate", "advance_rate=nan"),
    "TERMS": (
        "abc",
        "120% delivery",
        "50% delivery",
        "-30% order, 130% delivery",
        "30% no-such, 70% delivery",
    ),
    "NAME=": NAMES,
}
TEXTS = {"net milestone record NAME", "net finance confirm --condition", "net finance transfer BUYER"}
UNIT_PRICES = {"net order new --price", "net order amend --price"}
"""The price of a unit may have more digits than money has."""
FREE = {
    "net ledger balance --currency",  # a filter: nothing of a currency is an answer
    "net ledger log --kind",  # a filter over what any version may write
}
ELSEWHERE = {
    "net slot resolve": "tests/flows/calls/test_resolve.py",
    "net node serve": "its port is a whole number in a range",
    "net provider observe": "tests/flows/many/test_observed_network.py",
    "net provider new": "makes a file; its kind is checked first",
    "net clear": "tests/cli/money/test_clear.py",
}
"""Commands that need another stage than one delivered order, and where their values are tested."""


def every() -> Iterator[tuple[str, str, str]]:
    """Command, parameter, bad value."""
    for name in COMMANDS:
        for path, command in reference.below(f"net {name}", load(name)):
            if any(path.startswith(skipped) for skipped in ELSEWHERE):
                continue
            for parameter in command.params:
                shown = parameter.opts[0] if parameter.param_type_name == "option" else _metavar(parameter)
                for bad in _bad_values(path, shown, parameter):
                    yield path, shown, bad


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _bad_values(path: str, shown: str, parameter: Any) -> tuple[str, ...]:
    if f"{path} {shown}" in TEXTS:
        return NAMES
    if f"{path} {shown}" in UNIT_PRICES:
        return tuple(bad for bad in AMOUNTS if bad != "1.0001")
    if f"{path} {shown}" in FREE or getattr(parameter, "is_flag", False):
        return ()
    if "int" in (kind := getattr(parameter.type, "name", "")):
        return WHOLE if "--seed" not in shown else ("abc", "1.5")
    if "float" in kind:
        return SHARES
    return BY_METAVAR.get(_metavar(parameter), ())


CASES = list(every())
COMMAND_LINES = {
    path: command for name in COMMANDS for path, command in reference.below(f"net {name}", load(name))
}


def line(path: str, shown: str, bad: str) -> list[str]:
    """A right example of the command with one value replaced or added."""
    command = COMMAND_LINES[path]
    words = _words(path, command, shown)
    given = words[len(path.split()) :]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    if shown.startswith("--"):
        kept = _without(given, shown)
        return [*path.split()[1:], *kept, f"{shown}={bad}"]
    place = next(number for number, p in enumerate(arguments) if _metavar(p) == shown)
    positions = _positions(given, command)
    if place < len(positions):
        given[positions[place]] = bad
    else:
        given.append(bad)
    return [*path.split()[1:], *_guarded(given)]


def _guarded(given: list[str]) -> list[str]:
    """A negative number is a value, not an option."""
    numbers = [word for word in given if word.startswith("-") and word[1:2].isdigit()]
    return [*(word for word in given if word not in numbers), *(["--", *numbers] if numbers else [])]


def _words(path: str, command: Any, shown: str) -> list[str]:
    wanted = [shlex.split(one.split("|")[0].split(">")[0]) for one in reference.examples(command)]
    own = [words for words in wanted if words[: len(path.split())] == path.split()]
    return next((words for words in own if shown in words), own[0])


def _without(given: list[str], option: str) -> list[str]:
    kept, skip = [], False
    for word in given:
        if skip:
            skip = False
        elif word == option:
            skip = True
        elif not word.startswith(f"{option}="):
            kept.append(word)
    return kept


def _positions(given: list[str], command: Any) -> list[int]:
    flags = {name for p in command.params if getattr(p, "is_flag", False) for name in p.opts}
    found, skip = [], False
    for number, word in enumerate(given):
        if skip:
            skip = False
        elif word.startswith("--"):
            skip = word not in flags and "=" not in word
        else:
            found.append(number)
    return found


@pytest.fixture
def delivered(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Net:
    """The lamp order delivered, invoiced, its buyer's payment to come; what is written is written aside."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path / "work")
    assert net("init", "--practice").code == 0
    assert net("order", "run", "examples/lamp-order.toml").code == 0
    other = ("--price", "100.00", "--currency", "CNY", "--destination", "Shanghai", "--issued", "2026-03-02")
    typed = (
        "--reference",
        "PO-7",
        "--buyer",
        "Meridian Stores",
        "--product",
        "desk-lamp",
        "--quantity",
        "500",
    )
    assert (
        net("order", "new", *typed, *other, "--due", "2026-05-20", "--payment", "100% invoice+60").code == 0
    )
    assert net("order", "advance", "PO-2026-0017", "--to", "2026-06-21", "--as-planned").code == 0
    firms = ("--investor", "fund", "--investor", "insurer")
    assert net("pool", "open", "EAST", *firms, "--senior-most", "90%").code == 0
    return net


PATHS = sorted({path for path, _, _ in CASES})


@pytest.mark.parametrize("path", PATHS)
def test_no_bad_value_is_ignored_or_ends_as_a_bug(delivered: Net, path: str) -> None:
    wrong = []
    for shown, bad in [(shown, bad) for one, shown, bad in CASES if one == path]:
        words = line(path, shown, bad)
        ran = delivered(*words)
        allowed = (2, 3, 4) if bad in NAMES or "no-such" in bad else (2,)
        if ran.code not in allowed or re.search(r"\bbug\b", ran.err):
            told = (ran.err.strip() or ran.out.strip()).partition("\n")[0]
            wrong.append(f"net {' '.join(words)} [exit {ran.code}] {told}")
    assert not wrong, "\n".join(["", *wrong])
