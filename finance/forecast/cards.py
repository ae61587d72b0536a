"""One card a firm: what a model expects of it on the day after it was learned, to be used by name.

Planning, pricing and promises take a firm's card and need no history. A firm that nobody knows has
everybody's card.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from statistics import median_low
from typing import Any

from finance.forecast.bands import LEVELS
from finance.forecast.outcomes import Outcome

EVERYBODY = ""
MOST_FIRMS = 2_000
"""Firms with a card: those of which most is known."""

MOST_ERRORS = 200


@dataclass(frozen=True, slots=True)
class FirmCard:
    """P(late), days late at each of ``LEVELS``; ``known`` outcomes of the firm, ``late_known`` of them late.

    ``centre`` and ``scale`` turn the model's errors into this firm's days.
    """

    firm: str
    known: int
    late_known: int
    late: float
    days: tuple[int, ...]
    centre: float
    scale: float

    def days_at(self, level: Fraction) -> int:
        """Days late that are not exceeded with probability ``level``: the next of ``LEVELS`` above it."""
        place = next(
            (place for place, one in enumerate(LEVELS) if one >= float(level) - 1e-9), len(LEVELS) - 1
        )
        return self.days[place]


@dataclass(frozen=True, slots=True)
class FirmCards:
    """The cards of a model by firm, with the errors (sorted) that their tails are made of."""

    subject: str
    until: date
    data_digest: str
    errors: tuple[float, ...]
    firms: Mapping[str, FirmCard]

    def of(self, firm: str) -> FirmCard:
        """The firm's card, else everybody's."""
        return self.firms.get(firm) or self.firms[EVERYBODY]

    def beyond(self, firm: str, days: int) -> float:
        """P(more than so many days late): P(late), and beyond the due day the tail of the errors."""
        card = self.of(firm)
        if days <= 0:
            return card.late
        return card.late * min(self._tail(card, days) / self._tail(card, 0), 1.0)

    def days_for(self, firm: str, chance: Fraction) -> int | None:
        """The fewest days late that are exceeded with at most ``chance``; None beyond ten years."""
        days = 0
        while self.beyond(firm, days) > float(chance):
            days += 1
            if days > 3_650:
                return None
        return days

    def _tail(self, card: FirmCard, days: int) -> float:
        least = (days + 0.5 - card.centre) / card.scale
        return (len(self.errors) - bisect_right(self.errors, least) + 1) / (len(self.errors) + 1)


def typical(outcomes: Sequence[Outcome], until: date) -> list[Outcome]:
    """What to ask about each firm on the day after: of its usual kind and middle amount, due in 30 days."""
    by_firm: dict[str, list[Outcome]] = {}
    for one in outcomes:
        by_firm.setdefault(one.groups[0], []).append(one)
    most = sorted(by_firm, key=lambda firm: (-len(by_firm[firm]), firm))[:MOST_FIRMS]
    asked = [_typical(firm, by_firm[firm], until) for firm in sorted(most)]
    whole = _typical(EVERYBODY, outcomes, until)
    nobody = tuple(EVERYBODY for _ in whole.groups)
    return [
        *asked,
        Outcome(whole.id, whole.asked_on, whole.due_on, None, nobody, whole.amount_minor, whole.known),
    ]


def _typical(firm: str, outcomes: Sequence[Outcome], until: date) -> Outcome:
    day = until + timedelta(days=1)
    usual = Counter((one.groups, one.known) for one in outcomes)
    groups, known = min(usual, key=lambda one: (-usual[one], one))
    amount = median_low(one.amount_minor for one in outcomes)
    return Outcome(f"card\x1f{firm}", day, day + timedelta(days=30), None, groups, amount, known)


def thinned(errors: Sequence[float]) -> tuple[float, ...]:
    """At most ``MOST_ERRORS`` of the sorted errors, evenly, to five digits."""
    if len(errors) > MOST_ERRORS:
        errors = [errors[place * (len(errors) - 1) // (MOST_ERRORS - 1)] for place in range(MOST_ERRORS)]
    return tuple(float(f"{error:.5g}") for error in errors)


def cards_to_plain(cards: FirmCards) -> dict[str, Any]:
    """As plain JSON data without floats."""
    return {
        "errors": [f"{error:.5g}" for error in cards.errors],
        "firms": [
            {
                "firm": one.firm,
                "known": one.known,
                "late_known": one.late_known,
                "late": f"{one.late:.6f}",
                "days": list(one.days),
                "centre": f"{one.centre:.9g}",
                "scale": f"{one.scale:.9g}",
            }
            for one in cards.firms.values()
        ],
    }


def cards_of_plain(data: Mapping[str, Any], subject: str, until: date, data_digest: str) -> FirmCards:
    """The cards that ``cards_to_plain`` wrote."""
    firms = {
        one["firm"]: FirmCard(
            one["firm"],
            one["known"],
            one["late_known"],
            float(one["late"]),
            tuple(one["days"]),
            float(one["centre"]),
            float(one["scale"]),
        )
        for one in data["firms"]
    }
    return FirmCards(subject, until, data_digest, tuple(float(one) for one in data["errors"]), firms)
