"""The program's door: what it imports, lists and answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import COMMANDS, run

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("sqlmodel", "sqlalchemy", "pydantic", "highspy", "numpy", "httpx", "fastapi", "psycopg", "alembic")


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
