"""A model as a record: what it was learned from, what it reached against which baseline, its version.

``learn`` measures the simple models on the later part of what is known, each day by what was known before it,
against the group's own running rate, and keeps the best. ``foresee`` applies one.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from domain.errors import RefusedError
from finance.forecast.bands import BEFORE_ANY, LEVELS, Walked, walk_bands
from finance.forecast.baseline import running_quantiles
from finance.forecast.cards import FirmCard, FirmCards, cards_of_plain, cards_to_plain, thinned, typical
from finance.forecast.history import SeenThen
from finance.forecast.logistic import Logistic, Matrix, fit, rounded
from finance.forecast.outcomes import Outcome, digest, known_by
from finance.forecast.scores import area, brier, coverage, pinball

VERSION = 1
"""Rises whenever the same data would give another model."""

FEWEST = 50
TESTED_SHARE = 0.3
BLOCK = 30
"""Days after which the weights are fitted anew: behaviour drifts, and weights of long ago mislead."""

MARGIN = 0.01
METHODS = ("running", "logistic", "blend")
BASELINE = "running rate of the group, m = 5"


@dataclass(frozen=True, slots=True)
class LatenessModel:
    """What ``foresee`` needs (``method`` and ``logistic``), and what a reader needs to trust it."""

    subject: str
    method: str
    logistic: Logistic
    levels: int
    words: int
    until: date
    outcomes: int
    known: int
    data_digest: str
    late_share: float
    tested_from: date
    tested: int
    metrics: Mapping[str, float]
    baseline: Mapping[str, float]
    others: Mapping[str, float]
    cards: FirmCards
    baseline_name: str = BASELINE
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Forecast:
    """One forecast: P(late), and the days after the due day at each of ``LEVELS``."""

    outcome: Outcome
    late: float
    days: tuple[int, ...]
    walked: Walked

    def beyond(self, days: int) -> float:
        """P(more than so many days late), from P(late) and the tail of the errors."""
        if days <= 0:
            return self.late
        tail = self.walked.share_beyond(days) / self.walked.share_beyond(0)
        return self.late * min(tail, 1.0)


class TooFewOutcomesError(RefusedError):
    """Fewer than ``FEWEST`` outcomes are known: a model would be noise; the message says the baseline."""


def learn(subject: str, outcomes: Sequence[Outcome], until: date) -> LatenessModel:
    """A model of what was known at the end of ``until``; TooFewOutcomesError below ``FEWEST`` outcomes."""
    data = known_by(outcomes, until)
    known = [one for one in data if one.late_known_on() <= until]
    if len(known) < FEWEST:
        raise _too_few(subject, known)
    walked = list(walk_bands(data))
    cut = _cut(known)
    tested = [one for one in walked if one.outcome.asked_on >= cut and one.outcome.late_known_on() <= until]
    if not any(one.outcome.late_known_on() < cut for one in walked):
        raise RefusedError(
            "nothing was known before the days that it would be measured on",
            "give outcomes of a longer time",
        )
    moving = _moving(walked, FEWEST, None)
    trial = np.array([moving[one.outcome.id] for one in tested])
    reached = {name: brier(_apply(name, trial, tested), _late(tested)) for name in METHODS}
    method = _kept(reached)
    final = _fitted([one for one in walked if one.outcome.late_known_on() <= until])
    fingerprint = digest(data)
    return LatenessModel(
        subject=subject,
        method=method,
        logistic=final,
        levels=len(known[0].groups),
        words=len(known[0].known),
        until=until,
        outcomes=len(data),
        known=len(known),
        data_digest=fingerprint,
        late_share=_share(known),
        tested_from=cut,
        tested=len(tested),
        metrics=_metrics(tested, _apply(method, trial, tested)),
        baseline=_baseline(data, tested),
        others=reached,
        cards=_cards(subject, method, final, data, until, fingerprint),
    )


def _cards(
    subject: str, method: str, logistic: Logistic, data: Sequence[Outcome], until: date, fingerprint: str
) -> FirmCards:
    asked = typical(data, until)
    wanted = {one.id for one in asked}
    walked = [one for one in walk_bands(data, asked) if one.outcome.id in wanted]
    known = Counter(one.groups[0] for one in data if one.late_known_on() <= until)
    late = Counter(one.groups[0] for one in data if one.late_known_on() <= until and _was_late(one))
    firms, fitted = {}, logistic.probabilities(_features(walked))
    for one, chance in zip(walked, _apply(method, fitted, walked), strict=True):
        firm = one.outcome.groups[0]
        counts = (known[firm], late[firm]) if firm else (known.total(), late.total())
        scaled = (rounded(one.seen.centre), rounded(one.seen.scale))
        firms[firm] = FirmCard(firm, *counts, round(float(chance), 6), one.days, *scaled)
    errors = thinned(walked[0].errors or BEFORE_ANY)
    return FirmCards(subject, until, fingerprint, errors, dict(sorted(firms.items())))


def foresee(
    model: LatenessModel, outcomes: Sequence[Outcome], asked: Sequence[Outcome] = ()
) -> Iterator[Forecast]:
    """A forecast of each outcome (and of what is asked beside them) as of the day it was asked about.

    Each rests on ``model`` and on what ``outcomes`` had shown before that day: later rows change nothing.
    The weights follow the history: every ``BLOCK`` days they are fitted anew on what was known by then, where
    that is at least half of what the model was learned from; else those of the model count after its day.
    """
    walked = list(walk_bands(outcomes, asked))
    if not walked:
        return
    only = {one.id for one in asked}
    moving = _moving(walked, max(FEWEST, model.known // 2), model, only)
    fitted = np.array([moving[one.outcome.id] for one in walked])
    probabilities = _apply(model.method, fitted, walked)
    for one, late in zip(walked, probabilities, strict=True):
        yield Forecast(one.outcome, float(late), one.days, one)


def _kept(reached: Mapping[str, float]) -> str:
    """The best method, where it beats the blend by ``MARGIN``: the blend errs least when times change."""
    best = min(METHODS, key=lambda name: (reached[name], METHODS.index(name)))
    return best if reached[best] < (1 - MARGIN) * reached["blend"] else "blend"


def _cut(known: Sequence[Outcome]) -> date:
    """The day from which the last ``TESTED_SHARE`` of what is known was asked about."""
    days = sorted(one.asked_on for one in known)
    return days[int(len(days) * (1 - TESTED_SHARE))]


def _fitted(walked: Sequence[Walked]) -> Logistic:
    many = np.array([one.seen.many for one in walked], dtype=float)
    return fit(_features(walked), _late(walked), (many / (many + 5)) ** 2)


def _apply(method: str, fitted: Matrix, walked: Sequence[Walked]) -> Matrix:
    running = np.array([one.seen.rates[-1] for one in walked])
    if method == "running":
        return running
    return fitted if method == "logistic" else (running + 2 * fitted) / 3


def _moving(
    walked: Sequence[Walked],
    least: int,
    model: "LatenessModel | None",
    only: Collection[str] = (),
) -> dict[str, float]:
    """P(late) of each by the weights of its block of days, which know only what was known before the block.

    Blocks are the same whatever rows there are. Before ``least`` outcomes are known, the running rate stands,
    or after the model's own day its weights. What is ``only`` asked about teaches nothing.
    """
    taught = sorted(
        (one for one in walked if one.outcome.id not in only), key=lambda one: one.outcome.late_known_on()
    )
    known_on = [one.outcome.late_known_on() for one in taught]
    blocks: dict[int, list[Walked]] = {}
    for one in walked:
        blocks.setdefault(one.outcome.asked_on.toordinal() // BLOCK, []).append(one)
    found: dict[str, float] = {}
    for number, block in blocks.items():
        starts = date.fromordinal(max(number * BLOCK, 1))
        known = taught[: bisect_left(known_on, starts)]
        logistic = model.logistic if model is not None and starts > model.until else None
        if len(known) >= least:
            logistic = _fitted(known)
        chances = (
            [one.seen.rates[-1] for one in block]
            if logistic is None
            else logistic.probabilities(_features(block))
        )
        found |= {one.outcome.id: float(chance) for one, chance in zip(block, chances, strict=True)}
    return found


def _features(walked: Sequence[Walked]) -> Matrix:
    return np.array([_row(one.outcome, one.seen) for one in walked], dtype=float)


def _row(one: Outcome, seen: SeenThen) -> list[float]:
    """What the logistic model is told: rates as log-odds, days by their mean, what is overdue now."""
    tail = 0.5 * math.erfc((0.5 - seen.centre) / seen.scale / math.sqrt(2))
    rates = [_odds(rate) for rate in (*seen.rates[1:], *seen.words)]
    amount = math.log1p(abs(one.amount_minor))
    return [*rates, _odds(tail), seen.centre, seen.recent, float(seen.overdue), amount]


def _odds(rate: float) -> float:
    inside = min(max(rate, 0.01), 0.99)
    return math.log(inside / (1 - inside))


def _late(walked: Sequence[Walked]) -> Matrix:
    return np.array([_was_late(one.outcome) for one in walked], dtype=float)


def _was_late(one: Outcome) -> bool:
    return one.ended_on is None or one.ended_on > one.due_on


def _share(known: Sequence[Outcome]) -> float:
    return sum(_was_late(one) for one in known) / len(known)


def _metrics(tested: Sequence[Walked], late: Matrix) -> dict[str, float]:
    ended = [one for one in tested if one.outcome.late_by is not None]
    found = {"brier": brier(late, _late(tested)), "auc": area(late, _late(tested))}
    if not ended:
        return found
    days = np.array([one.outcome.late_by for one in ended], dtype=float)
    at = {level: np.array([one.days[place] for one in ended]) for place, level in enumerate(LEVELS)}
    return found | {
        "pinball_90": pinball(at[0.90], days, 0.90),
        "coverage_90": coverage(at[0.05], at[0.95], days),
        "coverage_80": coverage(at[0.10], at[0.90], days),
        "coverage_50": coverage(at[0.25], at[0.75], days),
        "days_mae": float(np.mean(np.abs(at[0.50] - days))),
    }


def _baseline(data: Sequence[Outcome], tested: Sequence[Walked]) -> dict[str, float]:
    late = _late(tested)
    own = np.array([one.seen.rates[1] for one in tested])
    everybody = np.array([one.seen.rates[0] for one in tested])
    found = {"brier": brier(own, late), "auc": area(own, late), "brier_everybody": brier(everybody, late)}
    ended = [one.outcome for one in tested if one.outcome.ended_on is not None]
    if not ended:
        return found
    pairs = list(running_quantiles(data, ended, 0.90))
    days = [float(one.late_by or 0) for one, _ in pairs]
    return found | {"pinball_90": pinball([float(days) for _, days in pairs], days, 0.90)}


def _too_few(subject: str, known: Sequence[Outcome]) -> TooFewOutcomesError:
    late = sum(_was_late(one) for one in known)
    share = f"{late} of {len(known)} were late ({late / len(known):.1%})" if known else "nothing is known yet"
    return TooFewOutcomesError(
        f"{len(known)} outcomes are known and a model of {subject} needs {FEWEST}; the baseline: {share}",
        "use that rate until more orders have ended",
    )


def to_record(model: LatenessModel) -> dict[str, Any]:
    """The model as plain JSON data without floats: numbers are decimal text of nine digits."""
    logistic = model.logistic
    return {
        "schema": "net.model/1",
        "version": model.version,
        "subject": model.subject,
        "method": model.method,
        "until": model.until.isoformat(),
        "data": {
            "outcomes": model.outcomes,
            "known": model.known,
            "sha256": model.data_digest,
            "late_share": _text(model.late_share),
        },
        "tested": {
            "from": model.tested_from.isoformat(),
            "outcomes": model.tested,
            "metrics": _texts(model.metrics),
            "baseline": {"name": model.baseline_name, **_texts(model.baseline)},
            "brier_by_method": _texts(model.others),
        },
        "parameters": {
            "levels": model.levels,
            "words": model.words,
            "intercept": _text(logistic.intercept),
            "weights": [_text(value) for value in logistic.weights],
            "centre": [_text(value) for value in logistic.centre],
            "scale": [_text(value) for value in logistic.scale],
        },
        "cards": cards_to_plain(model.cards),
    }


def from_record(record: Mapping[str, Any]) -> LatenessModel:
    """The model that ``to_record`` wrote; RefusedError for another schema or version."""
    if record.get("schema") != "net.model/1" or record.get("version") != VERSION:
        raise RefusedError(
            f"this model is of schema {record.get('schema')} version {record.get('version')}",
            "learn it again with net learn",
        )
    data, tested, fitted = record["data"], record["tested"], record["parameters"]
    baseline = {name: float(value) for name, value in tested["baseline"].items() if name != "name"}
    weights = [tuple(float(value) for value in fitted[name]) for name in ("weights", "centre", "scale")]
    return LatenessModel(
        subject=record["subject"],
        method=record["method"],
        logistic=Logistic(float(fitted["intercept"]), *weights),
        levels=fitted["levels"],
        words=fitted["words"],
        until=date.fromisoformat(record["until"]),
        outcomes=data["outcomes"],
        known=data["known"],
        data_digest=data["sha256"],
        late_share=float(data["late_share"]),
        tested_from=date.fromisoformat(tested["from"]),
        tested=tested["outcomes"],
        metrics={name: float(value) for name, value in tested["metrics"].items()},
        baseline=baseline,
        others={name: float(value) for name, value in tested["brier_by_method"].items()},
        cards=cards_of_plain(
            record["cards"], record["subject"], date.fromisoformat(record["until"]), data["sha256"]
        ),
        baseline_name=tested["baseline"]["name"],
        version=record["version"],
    )


def _text(value: float) -> str:
    return f"{value:.9g}"


def _texts(values: Mapping[str, float]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}
