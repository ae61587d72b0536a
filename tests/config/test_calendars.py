"""Business days by country: holidays, swapped workdays, and weekends that are not Saturday and Sunday."""

from datetime import date

import pytest

from config.calendars import CountryCalendars

CALENDARS = CountryCalendars()


@pytest.mark.parametrize(
    ("country", "day", "rolled"),
    [
        ("CN", date(2026, 6, 19), date(2026, 6, 22)),  # Dragon Boat, then its weekend
        ("CN", date(2026, 5, 9), date(2026, 5, 9)),  # a Saturday worked for the Labour Day bridge
        ("SA", date(2026, 6, 19), date(2026, 6, 21)),  # the weekend is Friday and Saturday
        ("DE", date(2026, 12, 25), date(2026, 12, 28)),
        ("GB", date(2026, 12, 26), date(2026, 12, 29)),  # Boxing Day on a Saturday: Monday off instead
    ],
)
def test_calendar_rolls_by_country(country: str, day: date, rolled: date) -> None:
    assert CALENDARS[country].roll(day) == rolled


def test_calendar_marks_years_whose_swaps_are_not_announced() -> None:
    assert not CALENDARS["CN"].is_provisional(date(2026, 6, 1))
    assert CALENDARS["CN"].is_provisional(date(2031, 6, 1))
    assert not CALENDARS["DE"].is_provisional(date(2031, 6, 1))


def test_calendar_of_an_unknown_country_is_absent() -> None:
    assert "QQ" not in CALENDARS
    assert CALENDARS.get("") is None
