"""Random stories of an order's money stay sound; ``bench/closed_loop.py`` runs the same for thousands."""

import pytest

import finance.books.correction
import finance.fold.expectations
import finance.sides.creditors
import finance.sides.lenders
import tests.parts.closed_loop as closed_loop
from tests.parts.closed_loop import tell


def released(seeds: range) -> int:
    """How many short stories, played to their end, paid the trader something."""
    return sum(tell(seed, 3)["released"] for seed in seeds)


def several() -> None:
    for seed in range(1, 12):
        tell(seed, 16)


@pytest.mark.parametrize("seed", range(1, 13))
def test_a_random_story_ties_after_every_event(seed: int) -> None:
    told = tell(seed, 16)
    assert sum(told.values()) > told["refused"]


def test_the_same_seed_is_the_same_story() -> None:
    assert tell(5, 10) == tell(5, 10)


def test_stories_release_a_residual_too() -> None:
    assert released(range(1, 30)) > 0


def test_a_residual_released_while_tax_is_owed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finance.sides.creditors, "tax_owed", lambda *_: 0)
    monkeypatch.setattr(finance.fold.expectations, "tax_due_on", lambda *_: None)
    with pytest.raises(AssertionError):
        released(range(1, 30))


def test_stories_are_late_corrected_and_refused() -> None:
    told = sum((tell(seed, 16) for seed in range(1, 7)), start=tell(7, 16))
    assert min(told["late"], told["corrections"], told["refused"]) > 10


def test_a_story_without_corrections_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed_loop, "corrections", lambda *_: [])
    with pytest.raises(AssertionError):
        several()


def test_a_repayment_that_only_the_trader_books_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One entity's side left out: neither the sums nor the pairs tie."""
    post = finance.sides.lenders._post_accrual

    def twice(position, debt, kind, amounts, accounts, fact):
        post(position, debt, kind, amounts, accounts, fact)
        for journal in position.books.journals[-1:]:
            if journal.kind == "interest":
                position.books.journals[-1] = journal.__class__(
                    journal.key, journal.kind, journal.on, journal.cause, journal.party,
                    journal.postings[:2], journal.facility,
                )  # fmt: skip

    monkeypatch.setattr(finance.sides.lenders, "_post_accrual", twice)
    with pytest.raises(AssertionError):
        several()
