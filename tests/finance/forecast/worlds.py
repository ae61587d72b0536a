"""Outcomes made up for the tests, from a seed."""

import random
from datetime import date, timedelta

from finance.forecast.outcomes import Outcome

START = date(2025, 1, 1)


def made_up(many: int, seed: int = 1, firms: int = 12, span: int = 300) -> list[Outcome]:
    """Firms that differ in how late they are, on terms of 30 days; the last ones are still open."""
    draw = random.Random(seed)
    usual = [draw.choice((-8, -4, -1, 1, 4, 10)) for _ in range(firms)]
    found = []
    for number in range(many):
        firm = draw.randrange(firms)
        asked = START + timedelta(days=draw.randrange(span))
        due = asked + timedelta(days=30)
        ended: date | None = max(due + timedelta(days=round(draw.gauss(usual[firm], 4))), asked)
        if ended and ended > START + timedelta(days=span):
            ended = None
        word = draw.choice(("paper", "wire"))
        amount = draw.randrange(1, 10**6)
        found.append(
            Outcome(f"i{number}", asked, due, ended, (f"firm{firm}", f"line{number % 2}"), amount, (word,))
        )
    return found
