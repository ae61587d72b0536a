"""Due dates roll over holidays and swapped weekends; day counts follow their conventions."""

from datetime import date

import pytest

from domain.dates import BusinessCalendar, DayCount, Roll, end_of_month, interest_days

DRAGON_BOAT = BusinessCalendar("CN", frozenset({date(2026, 6, 19)}))


@pytest.mark.parametrize(
    ("rule", "rolled"),
    [
        (Roll.FOLLOWING, date(2026, 6, 22)),
        (Roll.MODIFIED_FOLLOWING, date(2026, 6, 22)),
        (Roll.PRECEDING, date(2026, 6, 18)),
        (Roll.NONE, date(2026, 6, 19)),
    ],
)
def test_due_date_rolls_over_a_holiday_and_its_weekend(rule: Roll, rolled: date) -> None:
    assert DRAGON_BOAT.roll(date(2026, 6, 19), rule) == rolled


def test_modified_following_does_not_leave_the_month() -> None:
    assert DRAGON_BOAT.roll(date(2026, 5, 31), Roll.MODIFIED_FOLLOWING) == date(2026, 5, 29)


def test_swapped_saturday_is_a_business_day() -> None:
    calendar = BusinessCalendar("CN", workdays=frozenset({date(2026, 5, 9)}))
    assert calendar.roll(date(2026, 5, 9)) == date(2026, 5, 9)


@pytest.mark.parametrize(
    ("rule", "start", "end", "days"),
    [
        (DayCount.ACT_360, date(2026, 3, 5), date(2026, 4, 22), (48, 360)),
        (DayCount.ACT_365F, date(2024, 2, 28), date(2024, 3, 1), (2, 365)),
        (DayCount.THIRTY_360, date(2026, 1, 31), date(2026, 3, 31), (60, 360)),
        (DayCount.THIRTY_360, date(2026, 1, 30), date(2026, 2, 28), (28, 360)),
    ],
)
def test_interest_days_by_convention(rule: DayCount, start: date, end: date, days: tuple[int, int]) -> None:
    assert interest_days(start, end, rule) == days


def test_month_end_knows_leap_years() -> None:
    assert end_of_month(date(2028, 2, 3)) == date(2028, 2, 29)
