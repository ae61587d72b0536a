"""Working days as day numbers (``date.toordinal``), remembered once asked."""

from collections.abc import Mapping
from datetime import date

from domain.dates import BusinessCalendar, Roll, end_of_month
from domain.terms import PaymentTerm

LONGEST_CLOSURE = 366


class Timetable:
    """One firm's working days: its country's business days less its own closures."""

    def __init__(
        self,
        calendar: BusinessCalendar,
        closures: frozenset[date] = frozenset(),
        works_every_day: bool = False,
    ) -> None:
        self.calendar = calendar
        self._closures = frozenset(day.toordinal() for day in closures)
        self._every_day = works_every_day
        self._works: dict[int, bool] = {}
        self._next: dict[int, int] = {}
        self._due: dict[tuple[int, int, bool, Roll], int] = {}

    def works(self, day: int) -> bool:
        found = self._works.get(day)
        if found is None:
            open_today = self._every_day or self.calendar.is_business_day(date.fromordinal(day))
            found = self._works[day] = open_today and day not in self._closures
        return found

    def next_working(self, day: int) -> int:
        """The day itself or the next working day; the day itself when the firm is closed for a year."""
        found = self._next.get(day)
        if found is None:
            found = day
            while not self.works(found) and found - day < LONGEST_CLOSURE:
                found += 1
            self._next[day] = found
        return found

    def add_working(self, day: int, count: int) -> int:
        """``count`` working days after the day; with 0 the day itself or the next working day."""
        found = self.next_working(day) if count == 0 else day
        for _ in range(count):
            found = self.next_working(found + 1)
        return found

    def due(self, term: PaymentTerm, event_day: int) -> int:
        """The rolled due date of a term that counts from the event's day."""
        key = (event_day, term.days, term.month_end, term.roll)
        found = self._due.get(key)
        if found is None:
            start = date.fromordinal(event_day)
            if term.month_end:
                start = end_of_month(start)
            due = date.fromordinal(start.toordinal() + term.days)
            found = self._due[key] = self.calendar.roll(due, term.roll).toordinal()
        return found


class Timetables:
    """Timetables of one network, by country and by firm."""

    def __init__(self, calendars: Mapping[str, BusinessCalendar]) -> None:
        self._calendars = calendars
        self._by_country: dict[str, Timetable] = {}
        self._by_firm: dict[tuple[str, frozenset[date], bool], Timetable] = {}

    def country(self, country: str) -> Timetable:
        """Business days of a country; plain weekdays where its calendar is not known."""
        found = self._by_country.get(country)
        if found is None:
            found = self._by_country[country] = Timetable(self._calendar(country))
        return found

    def _calendar(self, country: str) -> BusinessCalendar:
        known = self._calendars.get(country) if country else None
        return known or BusinessCalendar(country)

    def firm(self, country: str, closures: frozenset[date], every_day: bool) -> Timetable:
        if not closures and not every_day:
            return self.country(country)
        key = (country, closures, every_day)
        found = self._by_firm.get(key)
        if found is None:
            found = self._by_firm[key] = Timetable(self._calendar(country), closures, every_day)
        return found
