"""``net(...)`` as a person types it, in a home of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import run


@dataclass(frozen=True)
class Ran:
    """What one command line printed and returned."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.out.splitlines()]


Net = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory where nothing is configured."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("NET_LEDGER", "NET_CONFIG", "COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def net(
    home: Path,  # noqa: ARG001
    database: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Net:
    """Types one command; on PostgreSQL a practice ledger is there and named by NET_LEDGER."""

    def ran(*arguments: object) -> Ran:
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    if database == "postgres":
        url = request.getfixturevalue("new_ledger_url")
        made = ran("init", "--practice", "--ledger", url, "--json")
        monkeypatch.setenv("NET_LEDGER", json.loads(made.out)["places"][-1]["where"])
    return ran
