"""A small run of the bench: labelled entries of every kind in every format, none booked wrongly."""

import pytest

from bench.statement_entries import Made
from bench.statements import RIGHT, SHOWN, WRONG, confusion, formats


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_entries_are_booked_rightly_or_shown(seed: int) -> None:
    made = Made(seed, 410)
    for entries, statements in formats(made).values():
        told = confusion(made, entries, statements)
        certain = {entry.kind for entry in entries if entry.pays}
        assert sum(told[kind, WRONG] for kind, _outcome in told) == 0, told
        booked = sum(told[kind, RIGHT] for kind in certain)
        assert booked >= 0.95 * sum(told[kind, outcome] for kind in certain for outcome in (RIGHT, SHOWN))
        assert {kind for kind, outcome in told if outcome == RIGHT} <= certain
