"""Business calendars by country from the ``holidays`` library, read one year at a time when asked."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from domain.dates import BusinessCalendar

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CountryCalendar(BusinessCalendar):
    """One country's business days; weekends are the country's own, swapped workdays count as workdays."""

    source: Any = None
    _years: dict[int, frozenset[date]] = field(default_factory=dict, compare=False, repr=False)

    def is_business_day(self, day: date) -> bool:
        closed = self._years.get(day.year)
        if closed is None:
            closed = self._years[day.year] = _closed_days(self.source, day.year)
        return day not in closed

    def is_provisional(self, day: date) -> bool:
        return _is_guessed(self.source, day.year)


def _closed_days(source: Any, year: int) -> frozenset[date]:
    """Every day of the year on which no business is done, weekends included."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # years that the library does not know are told as provisional
        holidays = source(years=year, expand=False)
    first = date(year, 1, 1)
    days = (first + _DAY * offset for offset in range((date(year + 1, 1, 1) - first).days))
    return frozenset(day for day in days if day in holidays or _is_day_off(holidays, day))


def _is_day_off(holidays: Any, day: date) -> bool:
    return bool(holidays.is_weekend(day)) and day not in holidays.weekend_workdays


@cache
def _swaps(source: Any, year: int) -> bool:
    return any(day.year == year for day in source(years=year, expand=False).weekend_workdays)


@cache
def _is_guessed(source: Any, year: int) -> bool:
    """A country that swaps workdays announces them year by year; a year without any is not announced yet."""
    if _swaps(source, year):
        return False
    return any(_swaps(source, earlier) for earlier in range(max(2024, year - 10), year))


@cache
def calendar_of(country: str) -> BusinessCalendar | None:
    """The calendar of an ISO 3166 two-letter country; None when the library does not know it."""
    import holidays

    try:
        known = holidays.country_holidays(country, years=2024, expand=False)
    except NotImplementedError:
        return None
    return CountryCalendar(country=country, source=type(known))


class CountryCalendars(Mapping[str, BusinessCalendar]):
    """All countries' calendars, loaded when first looked up."""

    def __getitem__(self, country: str) -> BusinessCalendar:
        found = calendar_of(country) if len(country) == 2 else None
        if found is None:
            raise KeyError(country)
        return found

    def __iter__(self) -> Iterator[str]:
        import holidays

        return iter(sorted(holidays.list_supported_countries()))

    def __len__(self) -> int:
        return sum(1 for _ in self)
