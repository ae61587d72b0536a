"""What is printed: tables for people, one document for programs, nothing else on stdout."""

import json
from datetime import date
from decimal import Decimal

import pytest
from rich.console import Console

from cli.options import Asked
from cli.screen.output import PIPE_WIDTH, answer, console, note, plain, progress, table


def render(screen: Console) -> None:
    screen.print(table("Slots", ("slot", "price"), [("[red]a", "1,130.00")], right="price"))


def test_a_person_gets_a_table_with_brackets_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    answer(Asked(), "slot-list", {}, render)
    printed = capsys.readouterr().out
    assert "[red]a" in printed
    assert "1,130.00" in printed


def test_a_program_gets_one_document_with_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    answer(Asked(json=True), "slot-list", {"on": date(2026, 3, 2), "price": Decimal("1130.00")}, render)
    assert json.loads(capsys.readouterr().out) == {
        "schema": "net.slot-list/1",
        "on": "2026-03-02",
        "price": "1130.00",
    }


def test_a_float_has_no_place_in_an_answer() -> None:
    with pytest.raises(TypeError):
        plain(object())


def test_a_pipe_is_wide_and_columns_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console().width == PIPE_WIDTH
    monkeypatch.setenv("COLUMNS", "60")
    assert console().width == 60


def test_notes_and_progress_stay_off_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    note("by the way")
    with progress("orders", 3) as advance:
        advance(1)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "by the way\n"
