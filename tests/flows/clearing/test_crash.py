"""Killed at every commit of every firm: after the same commands again all have booked, and never twice.

``bench/clearing_kills.py`` is the long form: 50 firms, 5,000 debts, killed at random.
"""

from pathlib import Path

import pytest

from tests.parts.clearing_kills import prepare, round_of_kills


def test_clearing_killed_at_every_commit_is_booked_by_all_or_by_nobody(tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    names = prepare(template, firms=3, debts=12, seed=4)
    commits = round_of_kills(template, tmp_path / "work", names, [])
    assert commits == 3 + 1 + 3


def test_a_firm_that_books_before_the_decision_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the decision's own record left out."""
    template = tmp_path / "template"
    template.mkdir()
    names = prepare(template, firms=3, debts=12, seed=4)
    monkeypatch.setattr("flows.clearing.carry_out._record_outcome", lambda *_: None)
    with pytest.raises(AssertionError):
        round_of_kills(template, tmp_path / "work", names, [(5, "after")])
