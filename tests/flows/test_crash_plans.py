"""Crashes at every step, verb and kind of firm: no effect twice, none lost; ``bench/crash_plans.py`` runs
every plan of up to three crashes, here is an even sample of those of one and two."""

import pytest

from bench.crash_plans import KINDS, Kind, examine


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_crashes_double_nothing_and_lose_nothing(kind):
    result = examine(kind, 2, limit=4)
    assert result.plans >= 8
    assert (result.doubles, result.lost) == (0, 0), result.examples


@pytest.mark.parametrize("idempotency", ["key", "look-up", "none"])
def test_harness_finds_doubles_without_the_journal(idempotency):
    """The safety is the journal: take it away and the very same harness sees effects twice."""
    result = examine(Kind("firm", idempotency, "all well"), 1, journal=False)
    assert result.doubles + result.lost > 0


@pytest.mark.parametrize("story", ["all well", "answers lost"])
def test_person_is_asked_only_where_nothing_else_can_tell(story):
    assert examine(Kind("firm", "none", story), 1, limit=20).asked > 0
    assert examine(Kind("firm", "key", story), 1, limit=20).asked == 0
    assert examine(Kind("firm", "look-up", story), 1, limit=20).asked == 0
