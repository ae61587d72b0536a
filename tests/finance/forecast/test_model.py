"""A model: what it refuses, that it is the same each time, that it has learned what is true."""

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from domain.errors import RefusedError
from finance.forecast.logistic import fit
from finance.forecast.model import FEWEST, TooFewOutcomesError, foresee, from_record, learn, to_record
from finance.forecast.outcomes import Outcome
from finance.forecast.scores import brier
from tests.finance.forecast.worlds import START, made_up

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
END = START + timedelta(days=300)


def test_below_fifty_outcomes_it_refuses_and_says_the_baseline() -> None:
    few = [one for one in made_up(400) if one.ended_on is not None][: FEWEST - 1]
    late = sum((one.late_by or 0) > 0 for one in few)
    with pytest.raises(TooFewOutcomesError, match=rf"49 outcomes .* baseline: {late} of 49 were late"):
        learn("late-payment", few, END)
    assert learn("late-payment", [one for one in made_up(400) if one.ended_on][:FEWEST], END).known == FEWEST


def test_nothing_known_is_refused_in_words() -> None:
    with pytest.raises(TooFewOutcomesError, match="nothing is known yet"):
        learn("late-payment", [], END)


def test_one_day_alone_cannot_be_measured_out_of_time() -> None:
    every = [replace(one, asked_on=START) for one in made_up(100)]
    with pytest.raises(RefusedError, match="measured on"):
        learn("late-payment", every, END)


def test_a_model_is_the_same_bytes_for_the_same_data_in_any_order() -> None:
    every = made_up(300)
    mixed = every[:]
    random.Random(4).shuffle(mixed)
    first = to_record(learn("late-payment", every, END))
    assert json.dumps(first) == json.dumps(to_record(learn("late-payment", mixed, END)))
    assert to_record(from_record(first)) == first
    assert not any(isinstance(value, float) for value in _leaves(first))


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def test_a_model_of_another_version_is_refused() -> None:
    record = to_record(learn("late-payment", made_up(300), END))
    with pytest.raises(RefusedError, match="version 99"):
        from_record(record | {"version": 99})


def test_learning_knows_nothing_of_later_days() -> None:
    every, day = made_up(500), START + timedelta(days=200)
    then = [replace(one, ended_on=None) if (one.ended_on or day) > day else one for one in every]
    then = [one for one in then if one.asked_on <= day]
    assert to_record(learn("late-payment", every, day)) == to_record(learn("late-payment", then, day))


def test_rows_added_later_change_no_forecast_made_before() -> None:
    every, day = made_up(500), START + timedelta(days=200)
    model = learn("late-payment", every, day)
    then = [replace(one, ended_on=None) if (one.ended_on or day) > day else one for one in every]
    then = [one for one in then if one.asked_on <= day]
    now = {one.outcome.id: (one.late, one.days) for one in foresee(model, every)}
    assert all(now[one.outcome.id] == (one.late, one.days) for one in foresee(model, then))


def test_an_order_asked_about_has_a_falling_chance_to_be_later_still() -> None:
    every = made_up(400)
    model = learn("late-payment", every, END)
    asked = Outcome("new", END, END + timedelta(days=30), None, ("firm3", "line0"), 10_000, ("wire",))
    (found,) = [one for one in foresee(model, every, [asked]) if one.outcome.id == "new"]
    chances = [found.beyond(days) for days in range(-1, 40)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] == found.late
    assert 0 < chances[-1] < 0.05


def test_the_logistic_finds_the_weights_that_made_the_data() -> None:
    draw = np.random.default_rng(3)
    rows = draw.normal(size=(20_000, 2))
    p = 1 / (1 + np.exp(-(0.5 + 1.5 * rows[:, 0] - rows[:, 1])))
    late = (draw.random(20_000) < p).astype(float)
    found = fit(rows, late, np.ones(20_000), ridge=1e-9)
    slopes = np.array(found.weights) / np.array(found.scale)
    assert slopes == pytest.approx([1.5, -1.0], abs=0.08)
    assert brier(found.probabilities(rows), late) == pytest.approx(brier(p, late), abs=1e-3)


def test_bands_hold_what_they_say_on_made_up_firms() -> None:
    model = learn("late-payment", made_up(3_000, 8, firms=30), END)
    assert 0.87 <= model.metrics["coverage_90"] <= 0.94
    assert model.metrics["brier"] < model.baseline["brier_everybody"]


def shuffled(every: list[Outcome], seed: int) -> list[Outcome]:
    """The same rows with their days late dealt out anew: whatever is learned from them is noise."""
    days = [one.late_by for one in every]
    random.Random(seed).shuffle(days)
    return [
        replace(one, ended_on=None if days[place] is None else one.due_on + timedelta(days=days[place] or 0))
        for place, one in enumerate(every)
    ]


def mean_area(every: list[Outcome], until: date) -> float:
    found = [learn("late-payment", shuffled(every, seed), until).metrics["auc"] for seed in range(20)]
    return sum(found) / len(found)


def test_labels_dealt_out_at_random_teach_nothing() -> None:
    every = [one for one in made_up(1_500, 2) if one.ended_on is not None]
    assert mean_area(every, END + timedelta(days=100)) == pytest.approx(0.5, abs=0.02)


# the real tables, which lie beside the checkout -------------------------------------------------


def day(text: str) -> date:
    for style in ("%m/%d/%Y", "%d-%b-%y", "%m/%d/%y"):
        try:
            return datetime.strptime(text, style).date()
        except ValueError:
            continue
    raise ValueError(text)


RECEIVABLES = DATA / "ibm_ar" / "accounts_receivable_2012.csv"
DELIVERIES = DATA / "scms" / "delivery_history_to_2011.csv"
here = pytest.mark.skipif(
    not RECEIVABLES.is_file(), reason="the shared data sets are not beside the checkout"
)


def receivables() -> list[Outcome]:
    with RECEIVABLES.open(encoding="utf-8") as file:
        return [
            Outcome(
                row["invoiceNumber"],
                day(row["InvoiceDate"]),
                day(row["DueDate"]),
                day(row["SettledDate"]),
                (row["customerID"],),
                round(float(row["InvoiceAmount"]) * 100),
                (row["PaperlessBill"],),
            )
            for row in csv.DictReader(file)
        ]


def deliveries() -> list[Outcome]:
    with DELIVERIES.open(encoding="utf-8") as file:
        return [
            Outcome(
                row["ID"],
                day(row["Scheduled Delivery Date"]),
                day(row["Scheduled Delivery Date"]),
                day(row["Delivered to Client Date"]),
                (row["Vendor"], row["Country"], row["Shipment Mode"]),
                round(float(row["Line Item Value"]) * 100),
                (row["Manufacturing Site"], row["Vendor INCO Term"], row["Sub Classification"]),
            )
            for row in csv.DictReader(file)
        ]


@here
@pytest.mark.shared_data
def test_receivables_are_foreseen_better_than_by_the_customers_own_running_rate() -> None:
    model = learn("late-payment", receivables(), date(2013, 12, 31))
    assert model.metrics["brier"] / model.baseline["brier"] <= 0.94
    assert model.metrics["pinball_90"] / model.baseline["pinball_90"] <= 0.96
    assert 0.87 <= model.metrics["coverage_90"] <= 0.93
    assert model.metrics["auc"] == pytest.approx(0.876, abs=0.01)


@here
@pytest.mark.shared_data
def test_the_baseline_is_what_a_loop_over_the_rows_gives() -> None:
    every = receivables()
    model = learn("late-payment", every, date(2013, 12, 31))
    missed = []
    for one in every:
        if one.asked_on < model.tested_from:
            continue
        known = [
            (each.groups[0], each.ended_on > each.due_on)
            for each in every
            if each.ended_on and min(each.ended_on, each.due_on + timedelta(days=1)) < one.asked_on
        ]
        everybody = (sum(late for _, late in known) + 0.5) / (len(known) + 1)
        own = [late for firm, late in known if firm == one.groups[0]]
        rate = (sum(own) + 5 * everybody) / (len(own) + 5)
        missed.append((rate - ((one.late_by or 0) > 0)) ** 2)
    assert model.tested == len(missed)
    assert model.baseline["brier"] == pytest.approx(sum(missed) / len(missed))


@here
@pytest.mark.shared_data
def test_deliveries_are_foreseen_better_than_by_the_vendors_own_running_rate() -> None:
    model = learn("lead-time", deliveries(), date(2012, 12, 31))
    assert model.metrics["brier"] / model.baseline["brier"] <= 0.96
    assert model.metrics["pinball_90"] / model.baseline["pinball_90"] <= 0.96


@here
@pytest.mark.shared_data
def test_shuffled_receivables_teach_nothing() -> None:
    assert mean_area(receivables(), date(2013, 12, 31)) == pytest.approx(0.5, abs=0.02)
