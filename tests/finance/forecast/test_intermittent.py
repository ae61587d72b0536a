"""Demand that comes now and then, by hand and on a real table of car parts."""

import csv
from pathlib import Path

import pytest

from finance.forecast.intermittent import (
    METHODS,
    croston,
    mean,
    scaled_errors,
    syntetos_boylan,
    teunter,
    zero,
)

PARTS = (
    Path(__file__).resolve().parents[4] / "shared/data/intermittent_demand/carparts_1998-01_to_2001-03.csv"
)


def test_croston_by_hand() -> None:
    """Sizes 4, 2 and gaps 2, 3 with a smoothing of one half: size 3, gap 2.5."""
    assert croston([0, 4, 0, 0, 2], 0.5) == pytest.approx(3 / 2.5)
    assert syntetos_boylan([0, 4, 0, 0, 2], 0.5) == pytest.approx(0.75 * 3 / 2.5)


def test_tsb_by_hand_dies_out() -> None:
    """Chance 0, then 1/2, 1/4, 1/8; size 4."""
    assert teunter([0, 4, 0, 0], 0.5) == pytest.approx(0.125 * 4)
    assert teunter([4, *[0] * 200]) < 1e-6 < croston([4, *[0] * 200])


def test_what_is_not_known_counts_for_nothing() -> None:
    for name, rate in METHODS.items():
        assert rate([0, None, 4, None, 0]) == rate([0, 4, 0]), name
        assert rate([]) == rate([None]) == 0.0


def test_means_by_hand() -> None:
    assert (mean([1, None, 3]), zero([1, 3])) == (2.0, 0.0)


@pytest.mark.shared_data
@pytest.mark.skipif(not PARTS.is_file(), reason="the shared data sets are not beside the checkout")
def test_tsb_is_the_best_of_the_simple_ones_on_car_parts() -> None:
    with PARTS.open() as file:
        rows = list(csv.reader(file))[1:]
    every = [[None if cell == "" else float(cell) for cell in row[1:]] for row in rows]
    found = scaled_errors(every, range(27, 39))
    assert min(found, key=lambda name: found[name]) == "tsb"
    assert found["tsb"] < 0.985 * found["mean"]
    assert found["tsb"] < 0.96 * found["croston"]
