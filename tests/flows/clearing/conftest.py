"""Four firms that owe one another, and a circle among three of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.clearing_firms import Member, exchange, make_members, state_debts

CIRCLE = [("a", "b", 100_00), ("b", "c", 80_00), ("c", "a", 70_00), ("c", "d", 5_00)]


@pytest.fixture
def members(tmp_path: Path) -> Iterator[dict[str, Member]]:
    found = make_members(tmp_path, ["a", "b", "c", "d"])
    state_debts(found, CIRCLE)
    exchange(found)
    yield found
    for one in found.values():
        one.ledger.close()
