"""A fresh practice ledger on a real file, with a clock that a test moves."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from domain.posting import Entry, Leg
from ledger.store import Ledger, create_ledger
from trust.keys import Actor, SigningKey

ACTOR = Actor("tester", SigningKey.from_seed(b"\1" * 32))


class Clock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: int) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with create_ledger(tmp_path / "net.ledger", practice=True, actor=ACTOR, clock=clock) as made:
        yield made


def draw(number: int, order: str | None = "o1", amount: int = 100, on: date = date(2026, 3, 5)) -> Entry:
    """A loan paid into the loop of an order."""
    legs = (Leg("trader", "1010", "CNY", amount), Leg("trader", "2310", "CNY", -amount))
    return Entry("loan.drawn", f"draw-{number}", on, order, {"n": number}, legs)
