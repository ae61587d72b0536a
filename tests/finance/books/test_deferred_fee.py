"""A loan's fee is earned evenly, whatever the days on which somebody asks."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from finance.books.deferred_fee import DeferredFee

START = date(2026, 3, 5)


def fee(amount: int = 1_000) -> DeferredFee:
    found = DeferredFee(life=(START, START + timedelta(days=30)))
    found.take("harbour", amount)
    return found


def test_a_third_of_the_life_earns_a_third_of_the_fee() -> None:
    one = fee()
    assert one.earn(START + timedelta(days=10)) == {"harbour": 333}
    assert one.unearned("harbour") == 667


def test_the_end_earns_all_and_never_more() -> None:
    one = fee()
    assert one.earn(START, entirely=True) == {"harbour": 1_000}
    assert one.earn(START + timedelta(days=90)) == {}


@given(st.lists(st.integers(0, 30), max_size=8), st.integers(0, 10**9))
def test_no_sequence_of_days_changes_what_is_earned(days: list[int], amount: int) -> None:
    stepped, whole = fee(amount), fee(amount)
    for day in sorted(days):
        stepped.earn(START + timedelta(days=day))
    stepped.earn(START + timedelta(days=20 if not days else max(*days, 20)))
    whole.earn(START + timedelta(days=20 if not days else max(*days, 20)))
    assert stepped.earned == whole.earned
