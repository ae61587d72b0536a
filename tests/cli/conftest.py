"""``net(...)`` as a person types it, in a home of its own."""

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
def net(home: Path, capsys: pytest.CaptureFixture[str]) -> Net:  # noqa: ARG001
    def ran(*arguments: object) -> Ran:
        capsys.readouterr()
        code = run([str(each) for each in arguments])
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return ran
