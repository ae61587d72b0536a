"""What was known of each group on each day: counts and sums that grow only as outcomes become known."""

import math
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from finance.forecast.outcomes import Outcome

RATE_WEIGHT = 5
"""m: how many outcomes of everybody's rate a group's own rate begins with."""

WORD_WEIGHT = 20
DAYS_WEIGHT = 1
SPREAD_WEIGHT = 5
RECENT = 3


@dataclass(slots=True)
class Tally:
    """Known outcomes of one group: how many and how many late; days late by count, sum and squares."""

    many: int = 0
    late: int = 0
    ended: int = 0
    days: int = 0
    squares: int = 0
    open: int = 0
    overdue: int = 0
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=RECENT))

    def spread(self) -> float:
        """Squared deviations of the days late from their own mean."""
        return self.squares - self.days * self.days / self.ended if self.ended else 0.0


@dataclass(frozen=True, slots=True)
class SeenThen:
    """What was known on the morning of a day of one outcome's groups; days are days after the due day.

    ``rates`` are P(late): everybody's, then each group's shrunk to the one around it. ``many`` counts the
    known outcomes of the widest group. ``scale`` is the spread that a new outcome is expected to have.
    """

    rates: tuple[float, ...]
    words: tuple[float, ...]
    many: int
    centre: float
    scale: float
    recent: float
    overdue: int
    open: int


class History:
    """Walks forward in time and never back; exact in whole numbers until a rate is asked for."""

    def __init__(self) -> None:
        self.all = Tally()
        self.groups: defaultdict[tuple[str, ...], Tally] = defaultdict(Tally)
        self.words: defaultdict[tuple[int, str], Tally] = defaultdict(Tally)
        self._spread = 0.0
        self._degrees = 0

    def tallies(self, one: Outcome) -> list[Tally]:
        return [self.all, *(self.groups[one.path(level)] for level in range(len(one.groups)))]

    def learn_late(self, one: Outcome, late: bool) -> None:
        for tally in (*self.tallies(one), *self._word_tallies(one)):
            tally.many += 1
            tally.late += late

    def learn_days(self, one: Outcome, days: int) -> None:
        widest = self.groups[one.path(0)]
        before = widest.spread()
        self._degrees += widest.ended > 0
        for tally in self.tallies(one):
            tally.ended += 1
            tally.days += days
            tally.squares += days * days
            tally.recent.append(days)
        self._spread += widest.spread() - before

    def learn_open(self, one: Outcome, change: int) -> None:
        self.groups[one.path(0)].open += change

    def learn_overdue(self, one: Outcome, change: int) -> None:
        self.groups[one.path(0)].overdue += change

    def seen(self, one: Outcome) -> SeenThen:
        """What is known now of an outcome that is asked about now."""
        tallies = self.tallies(one)
        rates, centre = [self.rate()], self.mean()
        for tally in tallies[1:]:
            rates.append((tally.late + RATE_WEIGHT * rates[-1]) / (tally.many + RATE_WEIGHT))
            centre = (tally.days + DAYS_WEIGHT * centre) / (tally.ended + DAYS_WEIGHT)
        widest, own = tallies[1], tallies[-1]
        return SeenThen(
            tuple(rates),
            tuple(self._word_rate(tally) for tally in self._word_tallies(one)),
            widest.many,
            centre,
            self._scale(own, centre),
            (sum(widest.recent) + centre) / (len(widest.recent) + 1),
            widest.overdue,
            widest.open,
        )

    def rate(self) -> float:
        """Everybody's share of late outcomes, a half before anything is known."""
        return (self.all.late + 0.5) / (self.all.many + 1)

    def mean(self) -> float:
        return self.all.days / (self.all.ended + 1)

    def _scale(self, own: Tally, centre: float) -> float:
        pooled = self._spread / self._degrees if self._degrees else 100.0
        around = own.squares - 2 * centre * own.days + own.ended * centre * centre
        variance = (around + SPREAD_WEIGHT * max(pooled, 0.25)) / (own.ended + SPREAD_WEIGHT)
        return math.sqrt(variance * (1 + 1 / (own.ended + DAYS_WEIGHT)))

    def _word_tallies(self, one: Outcome) -> list[Tally]:
        return [self.words[place, word] for place, word in enumerate(one.known)]

    def _word_rate(self, tally: Tally) -> float:
        return (tally.late + WORD_WEIGHT * self.rate()) / (tally.many + WORD_WEIGHT)


LATE, DAYS, OPENED, OVERDUE, CLOSED = range(5)


def _events(one: Outcome) -> Iterator[tuple[date, int]]:
    """What becomes known of an outcome, and on which day."""
    overdue = one.due_on + timedelta(days=1)
    yield one.asked_on, OPENED
    yield max(one.late_known_on(), one.asked_on), LATE
    if one.ended_on is None or one.ended_on >= overdue:
        yield max(overdue, one.asked_on), OVERDUE
    if one.ended_on is not None:
        yield max(one.ended_on, one.asked_on), DAYS
        yield max(one.ended_on, one.asked_on), CLOSED


def walk(outcomes: Sequence[Outcome], asked: Sequence[Outcome]) -> Iterator[tuple[Outcome, SeenThen]]:
    """Each of ``asked`` in the order of its day, with what ``outcomes`` had shown before that day.

    Nothing of the day itself counts, so what is asked on one day does not depend on the order it is asked in.
    """
    events = sorted(
        ((on, what, one.id, place) for place, one in enumerate(outcomes) for on, what in _events(one)),
    )
    history, done = History(), 0
    for one in sorted(asked, key=lambda one: (one.asked_on, one.id)):
        while done < len(events) and events[done][0] < one.asked_on:
            _, what, _, place = events[done]
            _take(history, outcomes[place], what)
            done += 1
        yield one, history.seen(one)


def _take(history: History, one: Outcome, what: int) -> None:
    if what == LATE:
        history.learn_late(one, one.ended_on is None or one.ended_on > one.due_on)
    elif what == DAYS and one.late_by is not None:
        history.learn_days(one, one.late_by)
    elif what in (OPENED, CLOSED):
        history.learn_open(one, 1 if what == OPENED else -1)
    if what == OVERDUE:
        history.learn_overdue(one, 1)
    elif what == CLOSED and (one.late_by or 0) > 0:
        history.learn_overdue(one, -1)
