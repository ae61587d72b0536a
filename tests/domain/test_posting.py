"""Legs balance per entity and per currency, not only in sum."""

from domain.posting import Leg, imbalances


def test_balanced_legs_leave_nothing_over() -> None:
    legs = [Leg("trader", "1010", "CNY", 100), Leg("trader", "2310", "CNY", -100)]
    assert imbalances(legs) == {}


def test_legs_that_cancel_only_across_entities_are_named() -> None:
    legs = [Leg("trader", "1010", "CNY", 100), Leg("network", "1010", "CNY", -100)]
    assert imbalances(legs) == {("trader", "CNY"): 100, ("network", "CNY"): -100}


def test_legs_that_cancel_only_across_currencies_are_named() -> None:
    legs = [Leg("trader", "1010", "CNY", 100), Leg("trader", "1010", "EUR", -100)]
    assert imbalances(legs) == {("trader", "CNY"): 100, ("trader", "EUR"): -100}
