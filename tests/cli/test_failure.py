"""Every error reads the same: what happened, an empty line, what to do next."""

import errno
import json

import pytest
import typer

from cli.failure import failure_of, tell
from domain.errors import Defect, InputDefectsError, NetError, NoCapacityError


def subclasses(kind: type[NetError]) -> list[type[NetError]]:
    return [kind, *(found for below in kind.__subclasses__() for found in subclasses(below))]


@pytest.mark.parametrize("kind", [k for k in subclasses(NetError) if k is not InputDefectsError])
def test_each_error_class_keeps_its_exit_code(
    kind: type[NetError], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(kind("it broke", "mend it"), []) == kind.exit_code
    assert capsys.readouterr().err == "error: it broke\n\nhint: mend it\n"


def test_an_interruption_is_130() -> None:
    assert failure_of(KeyboardInterrupt()).exit_code == 130
    assert failure_of(typer.Abort()).exit_code == 130


def test_an_unexpected_exception_is_ours_and_shows_its_place_under_debug_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tell(ZeroDivisionError("x"), []) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert tell(ZeroDivisionError("x"), ["--debug"]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_missing_file_is_not_found() -> None:
    assert failure_of(FileNotFoundError(2, "no", "orders.toml")).exit_code == 4


def test_defects_are_listed_one_by_one_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    defect = Defect("a.csv", 3, "quantity", "is zero", "order at least one")
    assert tell(InputDefectsError([defect]), ["--json"]) == 2
    told = json.loads(capsys.readouterr().err)
    assert told["defects"] == [
        {
            "file": "a.csv",
            "line": 3,
            "field": "quantity",
            "problem": "is zero",
            "remedy": "order at least one",
        }
    ]


def test_a_message_with_brackets_is_not_read_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    tell(NoCapacityError("[bold]full[/bold]"), [])
    assert capsys.readouterr().err == "error: [bold]full[/bold]\n"


def test_a_full_disk_and_a_folder_without_rights_are_no_bug_of_ours() -> None:
    full = failure_of(OSError(errno.ENOSPC, "No space left on device", "/data/net.db"))
    assert (full.exit_code, full.message) == (6, "no space left on device: /data/net.db")
    closed = failure_of(OSError(errno.EROFS, "Read-only file system", "/data"))
    assert (closed.exit_code, closed.hint) == (4, "check the path and its rights")
