"""A real ledger in a file of its own, and a session on it with a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.locations import shipped_example, shipped_network
from documents.orders.reading import read
from domain.order import Order
from flows.desk.session import Session
from ledger.store import create_ledger
from trust.keys import load_or_create_actor

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def session(tmp_path: Path, new_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A practice ledger on the network that ships; every file of it below ``tmp_path``."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    actor = load_or_create_actor("trader", tmp_path / "config" / "net" / "keys" / "ledger.pem")
    with create_ledger(new_ledger_url, practice=True, actor=actor, clock=lambda: NOON) as made:
        url = made.backend.url
    with Session(ledger_url=url, config_path=shipped_network(), clock=lambda: NOON) as opened:
        yield opened


@pytest.fixture
def lamp_order() -> Order:
    """The order of the worked example."""
    return read(shipped_example())
