"""The shared options reach the command as one ``Asked``."""

from datetime import date
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from cli.options import Asked, command, group, single

runner = CliRunner()


def probe(streams: bool = False) -> tuple[typer.Typer, list[tuple[Asked, str, int]]]:
    seen: list[tuple[Asked, str, int]] = []
    app = single()

    @command(app, "probe", example="net probe it", streams=streams)
    def probed(asked: Asked, name: Annotated[str, typer.Argument()], count: int = 1) -> None:
        """Look."""
        seen.append((asked, name, count))

    return app, seen


def test_every_shared_option_arrives() -> None:
    app, seen = probe()
    line = ["it", "--count", "2", "--on", "2026-03-02", "--ledger", "a.db", "--config", "n.toml", "--json"]
    assert runner.invoke(app, line).exit_code == 0
    asked = Asked(on=date(2026, 3, 2), ledger="a.db", config=Path("n.toml"), json=True)
    assert seen == [(asked, "it", 2)]


def test_the_environment_names_the_ledger_and_the_config() -> None:
    app, seen = probe()
    runner.invoke(app, ["it"], env={"NET_LEDGER": "b.db", "NET_CONFIG": "c.toml"})
    assert (seen[0][0].ledger, seen[0][0].config) == ("b.db", Path("c.toml"))


def test_json_lines_is_for_streams_alone() -> None:
    app, _ = probe()
    assert runner.invoke(app, ["it", "--jsonl"]).exit_code == 2
    app, seen = probe(streams=True)
    assert runner.invoke(app, ["it", "--jsonl"]).exit_code == 0
    assert seen[0][0].jsonl


@pytest.mark.parametrize("text", ["2026", "02/03/2026", "2026-02-30", "tomorrow"])
def test_a_date_that_is_none_is_wrong_usage(text: str) -> None:
    app, seen = probe()
    assert runner.invoke(app, ["it", "--on", text]).exit_code == 2
    assert seen == []


def test_help_shows_the_example() -> None:
    app, _ = probe()
    assert "$ net probe it" in runner.invoke(app, ["--help"]).output


def test_a_group_of_one_command_still_asks_for_its_name() -> None:
    app = group("Things.")
    called = []

    @command(app, "only", example="net thing only")
    def only(asked: Asked) -> None:
        """Do."""
        called.append(asked)

    assert runner.invoke(app, []).exit_code == 2
    assert runner.invoke(app, ["only"]).exit_code == 0
    assert called == [Asked()]
