"""The program's door: what it imports, lists and answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import COMMANDS, run

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("sqlmodel", "sqlalchemy", "pydantic", "highspy", "numpy", "httpx", "fastapi", "psycopg")


def modules_after(arguments: list[str]) -> set[str]:
    program = (
        "import json, sys; from cli.main import run; code = run(json.loads(sys.argv[1]))\n"
        "assert code == 0\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stderr.strip().splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["doctor", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    loaded = modules_after(arguments)
    assert not {name for name in loaded if name.split(".")[0] in HEAVY}
    assert not {name for name in loaded if name.split(".")[0] in {"ledger", "routing", "providers"}}


def test_root_help_imports_no_group() -> None:
    assert not modules_after(["--help"]) & {module for module, _, _ in COMMANDS.values()}


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    printed = capsys.readouterr().out
    assert [name for name in COMMANDS if f" {name} " not in printed] == []


def test_a_mistyped_command_is_wrong_usage_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ordr"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: no such command 'ordr'")
    assert "'order'" in printed.err
    assert "\n\nhint: " in printed.err


def test_an_error_is_one_json_object_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--on", "2026", "--json"]) == 2
    told = json.loads(capsys.readouterr().err)
    assert told["schema"] == "net.error/1"
    assert told["exit_code"] == 2


def test_python_m_cli_is_the_program() -> None:
    done = subprocess.run([sys.executable, "-m", "cli", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "Usage: net" in done.stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"'{sys.executable}' -m cli --help | true; echo ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "141"}


def typed(*arguments: str | bytes, encoding: str, home: Path) -> "subprocess.CompletedProcess[bytes]":
    """The program in another process, in a locale and a stream that know other letters than ours."""
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding, "LC_ALL": "POSIX",
        "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0",
        "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home),
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments], env=environment, capture_output=True, check=False
    )


def test_letters_that_a_terminal_does_not_know_are_written_by_number(tmp_path: Path) -> None:
    new = (
        "order new --reference Ö-1 --buyer Møbel --product desk-lamp --quantity 1 --price 5"
        " --currency CNY --issued 2026-03-02"
    )
    assert typed("init", encoding="ascii", home=tmp_path).returncode == 0
    assert typed(*new.split(), encoding="ascii", home=tmp_path).returncode == 0
    shown = typed("order", "show", "Ö-1", encoding="ascii", home=tmp_path)
    assert shown.returncode == 0
    assert b"M\\xf8bel buys" in shown.stdout
    told = json.loads(typed("order", "show", "Ö-1", "--json", encoding="ascii", home=tmp_path).stdout)
    assert told["buyer"]["name"] == "Møbel"


def test_bytes_that_are_no_text_are_wrong_usage(tmp_path: Path) -> None:
    ran = typed("order", "show", b"\xd6-1", encoding="utf-8", home=tmp_path)
    assert ran.returncode == 2
    assert b"is not UTF-8 text" in ran.stderr
