"""A clock that went back while records were written is told."""

import pytest

from ledger.book.clocks import set_back
from ledger.store import create_ledger
from tests.ledger.conftest import ACTOR, Clock, draw


@pytest.mark.both_databases
def test_a_clock_that_went_back_is_told(new_ledger_url: str) -> None:
    clock = Clock()
    with create_ledger(new_ledger_url, practice=True, actor=ACTOR, clock=clock) as made:
        clock.move(minutes=10)
        made.append(draw(1))
        clock.move(minutes=-4)
        made.append(draw(2))
        assert set_back(made, clock()) == ""
        assert "still to come" in set_back(made, Clock()() - (clock() - Clock()()))
        clock.move(minutes=-6)
        made.append(draw(3))
        assert "record 6 was written at 2026-03-02T09:00:00Z, the one before it" in set_back(made, clock())
