"""Dates of trade: business days and how a due date rolls, day counts, ends of months.

Holidays come in as data (``BusinessCalendar``); nothing here knows a country or reads a clock.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

SATURDAY = 5


class Roll(StrEnum):
    """What happens to a due date that is no business day."""

    NONE = "none"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified_following"
    PRECEDING = "preceding"


class DayCount(StrEnum):
    """How interest counts days: first day in, last day out."""

    ACT_360 = "ACT/360"
    ACT_365F = "ACT/365F"
    THIRTY_360 = "30/360"


@dataclass(frozen=True)
class BusinessCalendar:
    """Which days are business days: weekdays less ``holidays``, plus ``workdays`` (swapped weekends).

    Dates after ``known_until`` rest on guesses; due dates there are shown as provisional.
    """

    country: str = ""
    holidays: frozenset[date] = field(default_factory=frozenset)
    workdays: frozenset[date] = field(default_factory=frozenset)
    known_until: date = date.max

    def is_business_day(self, day: date) -> bool:
        if day in self.workdays:
            return True
        return day.weekday() < SATURDAY and day not in self.holidays

    def is_provisional(self, day: date) -> bool:
        return day > self.known_until

    def roll(self, day: date, rule: Roll = Roll.FOLLOWING) -> date:
        """The business day that a due date moves to; the day itself when it is one."""
        if rule is Roll.NONE:
            return day
        step = -1 if rule is Roll.PRECEDING else 1
        moved = self._next(day, step)
        if rule is Roll.MODIFIED_FOLLOWING and moved.month != day.month:
            return self._next(day, -1)
        return moved

    def _next(self, day: date, step: int) -> date:
        while not self.is_business_day(day):
            day += timedelta(days=step)
        return day


def end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def interest_days(start: date, end: date, rule: DayCount) -> tuple[int, int]:
    """Days that interest runs, and days in the year, by the day-count rule.

    30/360 is the bond basis of ISDA 2006 section 4.16(f).
    """
    if rule is DayCount.ACT_360:
        return (end - start).days, 360
    if rule is DayCount.ACT_365F:
        return (end - start).days, 365
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day
    return (end.year - start.year) * 360 + (end.month - start.month) * 30 + last - first, 360
