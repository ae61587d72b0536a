"""Crashes at every step, verb and kind of firm: no effect twice, none lost; ``bench/crash_plans.py 3`` runs
every plan of up to three crashes, here are those of one, and of two for some."""

import pytest

from flows.calls import undo
from tests.parts.crash_plans import KINDS, Kind, examine

DEEPER = [Kind("firm", "key", "another instead"), Kind("none", "look-up", "giving back is hard")]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_crash_doubles_nothing_and_loses_nothing(kind):
    result = examine(kind, 1)
    assert result.plans == result.points >= 8
    assert (result.doubles, result.lost) == (0, 0), result.examples


@pytest.mark.parametrize("kind", DEEPER, ids=str)
def test_crash_after_a_crash_doubles_nothing_and_loses_nothing(kind):
    result = examine(kind, 2)
    assert result.plans > 200
    assert (result.doubles, result.lost) == (0, 0), result.examples


def test_books_seen_before_come_to_the_same_when_they_are_run_again():
    """What is left out of the plans changes nothing: run one by one, they are as many and as well."""
    kind = Kind("firm", "none", "declines late")
    one_by_one, pruned = examine(kind, 2, every=True), examine(kind, 2)
    assert one_by_one.plans == pruned.plans == one_by_one.runs - 1
    assert (one_by_one.doubles, one_by_one.lost) == (pruned.doubles, pruned.lost) == (0, 0)


@pytest.mark.parametrize("idempotency", ["key", "look-up", "none"])
def test_harness_finds_doubles_without_the_journal(idempotency):
    """The safety is the journal: take it away and the very same harness sees effects twice."""
    result = examine(Kind("firm", idempotency, "all well"), 1, journal=False)
    assert result.doubles + result.lost > 0


def test_harness_finds_a_fee_that_is_forgotten(monkeypatch):
    """A fee is owed from the commit that records the firm's answer on."""
    monkeypatch.setattr(undo, "post_fee", lambda *_: None)
    assert examine(Kind("firm", "none", "given back"), 1).lost > 0


@pytest.mark.parametrize("story", ["all well", "answers lost"])
def test_person_is_asked_only_where_nothing_else_can_tell(story):
    assert examine(Kind("firm", "none", story), 1).asked > 0
    assert examine(Kind("firm", "key", story), 1).asked == 0
    assert examine(Kind("firm", "look-up", story), 1).asked == 0
