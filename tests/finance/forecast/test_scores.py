"""Scores against hand values and against the definition counted pair by pair."""

import random
from itertools import product

import pytest

from finance.forecast.scores import area, brier, coverage, pinball


def test_brier_is_the_mean_square_of_the_miss() -> None:
    assert brier([0.9, 0.2, 0.5], [1, 0, 1]) == pytest.approx((0.01 + 0.04 + 0.25) / 3)


def test_pinball_counts_what_is_too_low_nine_times_as_much_at_the_ninth_decile() -> None:
    assert pinball([10, 10], [20, 0], 0.9) == pytest.approx((9 + 1) / 2)


def test_coverage_includes_the_ends_of_a_band() -> None:
    assert coverage([0, 0, 0], [5, 5, 5], [0, 5, 6]) == pytest.approx(2 / 3)


def test_area_of_one_class_alone_says_nothing() -> None:
    assert area([0.1, 0.9], [1, 1]) == 0.5


@pytest.mark.parametrize("seed", range(20))
def test_area_is_the_share_of_pairs_in_the_right_order(seed: int) -> None:
    draw = random.Random(seed)
    score = [draw.randrange(6) / 5 for _ in range(40)]
    late = [draw.randrange(2) for _ in range(40)]
    ones = [one for one, is_late in zip(score, late, strict=True) if is_late]
    noughts = [one for one, is_late in zip(score, late, strict=True) if not is_late]
    pairs = [(one > other) + (one == other) / 2 for one, other in product(ones, noughts)]
    assert area(score, late) == pytest.approx(sum(pairs) / len(pairs))
