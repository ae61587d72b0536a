"""What was known on a day, against a recount from nothing: no state, no order of events."""

import math
import random
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from finance.forecast.bands import walk_bands
from finance.forecast.baseline import running_quantiles
from finance.forecast.history import walk
from finance.forecast.outcomes import Outcome, digest, known_by
from tests.finance.forecast.worlds import made_up


def late_known(one: Outcome, day: date) -> bool | None:
    """By the definition: it ended before the day, or its due day has been over for at least one whole day."""
    if one.ended_on is not None and one.ended_on < day:
        return one.ended_on > one.due_on
    return True if one.due_on + timedelta(days=1) < day else None


def recount(every: list[Outcome], one: Outcome) -> tuple[list[Fraction], int, int, int]:
    day = one.asked_on
    earlier = [each for each in every if each.asked_on < day]
    known = [(each, flag) for each in earlier if (flag := late_known(each, day)) is not None]
    rates = [(Fraction(sum(flag for _, flag in known)) + Fraction(1, 2)) / (len(known) + 1)]
    for level in range(1, len(one.groups) + 1):
        own = [flag for each, flag in known if each.groups[:level] == one.groups[:level]]
        rates.append((sum(own) + 5 * rates[-1]) / (len(own) + 5))
    firm = [each for each in earlier if each.groups[0] == one.groups[0]]
    still_open = [each for each in firm if each.ended_on is None or each.ended_on >= day]
    overdue = [each for each in still_open if each.due_on + timedelta(days=1) < day]
    return rates, sum(each.groups[0] == one.groups[0] for each, _ in known), len(still_open), len(overdue)


@pytest.mark.parametrize("seed", range(5))
def test_rates_and_counts_are_those_of_a_recount(seed: int) -> None:
    every = made_up(160, seed, firms=5)
    seen = {one.id: found for one, found in walk(every, every)}
    for one in every:
        rates, many, still_open, overdue = recount(every, one)
        found = seen[one.id]
        assert found.rates == pytest.approx([float(rate) for rate in rates])
        assert (found.many, found.open, found.overdue) == (many, still_open, overdue)


def test_the_centre_is_the_mean_days_drawn_to_everybodys() -> None:
    every = made_up(120, 3, firms=4)
    for one, seen in walk(every, every):
        ended = [each for each in every if each.ended_on is not None and each.ended_on < one.asked_on]
        centre = Fraction(sum(each.late_by or 0 for each in ended), len(ended) + 1)
        for level in (1, 2):
            own = [each.late_by or 0 for each in ended if each.groups[:level] == one.groups[:level]]
            centre = (sum(own) + centre) / (len(own) + 1)
        assert seen.centre == pytest.approx(float(centre))
        assert seen.scale > 0
        assert math.isfinite(seen.scale)


def test_the_baseline_quantile_is_that_of_the_weighted_days() -> None:
    every = made_up(140, 4, firms=4)
    for one, found in running_quantiles(every, every, 0.9):
        ended = [each for each in every if each.ended_on is not None and each.ended_on < one.asked_on]
        own = [each.late_by or 0 for each in ended if each.groups[0] == one.groups[0]]
        if not ended:
            assert found == 0
            continue
        weights = [(day, Fraction(1)) for day in own]
        weights += [(each.late_by or 0, Fraction(5, len(ended))) for each in ended]
        wanted, reached = Fraction(9, 10) * (len(own) + 5), Fraction(0)
        for day, weight in sorted(weights):
            reached += weight
            if reached >= wanted:
                assert found == day
                break


@pytest.mark.parametrize("seed", range(6))
def test_later_rows_and_later_endings_change_nothing_that_was_seen_before(seed: int) -> None:
    every = made_up(200, seed)
    day = date(2025, 7, 1)
    then = [one for one in every if one.asked_on <= day]
    now = {one.outcome.id: one for one in walk_bands(every)}
    before = [replace(one, ended_on=None) if (one.ended_on or day) > day else one for one in then]
    for one in walk_bands(before):
        assert now[one.outcome.id].seen == one.seen
        assert now[one.outcome.id].days == one.days


def test_the_order_of_the_rows_says_nothing() -> None:
    every = made_up(150, 9)
    mixed = every[:]
    random.Random(2).shuffle(mixed)
    assert [(one.outcome.id, one.seen, one.days) for one in walk_bands(every)] == [
        (one.outcome.id, one.seen, one.days) for one in walk_bands(mixed)
    ]
    assert digest(every) == digest(mixed)
    assert digest(every) != digest(every[1:])


def test_what_is_only_asked_teaches_nothing() -> None:
    every = made_up(100, 5)
    asked = [replace(one, id=f"asked {one.id}", ended_on=None) for one in every]
    alone = {one.outcome.id: one for one in walk_bands(every)}
    for one in walk_bands(every, asked):
        if one.outcome.id in alone:
            assert one == alone[one.outcome.id]


def test_known_by_forgets_endings_of_later_days() -> None:
    every = made_up(50, 6)
    day = date(2025, 6, 1)
    for one in known_by(every, day):
        assert one.asked_on <= day
        assert one.ended_on is None or one.ended_on <= day


def test_days_never_fall_from_level_to_level() -> None:
    assert all(list(one.days) == sorted(one.days) for one in walk_bands(made_up(300, 7)))
