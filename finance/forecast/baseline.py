"""The baseline that every model is measured against: the group's own running rate and running quantile."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from finance.forecast.history import RATE_WEIGHT
from finance.forecast.outcomes import Outcome


class RunningDays:
    """Days late of each group so far, filled up by everybody's with the weight of ``RATE_WEIGHT``."""

    def __init__(self) -> None:
        self.all: Counter[int] = Counter()
        self.groups: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def learn(self, one: Outcome) -> None:
        if one.late_by is not None:
            self.all[one.late_by] += 1
            self.groups[one.groups[0]][one.late_by] += 1

    def quantile(self, one: Outcome, level: float) -> int:
        """The least number of days that at least ``level`` of the weighted outcomes do not exceed."""
        many = self.all.total()
        if not many:
            return 0
        own = self.groups[one.groups[0]]
        wanted = level * (own.total() + RATE_WEIGHT) - 1e-9
        reached = 0.0
        for days in sorted(self.all):
            reached += own[days] + RATE_WEIGHT * self.all[days] / many
            if reached >= wanted:
                return days
        return max(self.all)


def running_quantiles(
    outcomes: Sequence[Outcome], asked: Sequence[Outcome], level: float
) -> Iterator[tuple[Outcome, int]]:
    """The baseline's quantile of each of ``asked``, from what had ended before its day."""
    ended = sorted((one.ended_on, one.id, place) for place, one in enumerate(outcomes) if one.ended_on)
    running, done = RunningDays(), 0
    for one in sorted(asked, key=lambda one: (one.asked_on, one.id)):
        while done < len(ended) and ended[done][0] < one.asked_on:
            running.learn(outcomes[ended[done][2]])
            done += 1
        yield one, running.quantile(one, level)
