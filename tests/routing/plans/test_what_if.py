"""One change at a time, written as the certificate writes it."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from domain.errors import UsageError
from domain.network import Network, Policy
from domain.order import Order
from domain.terms import Event
from routing.plans.what_if import Situation, changed, parse_change, told


@pytest.mark.parametrize(
    "text",
    [
        "advance_rate=0.9",
        "advance_rate:pearl-factoring=0.8509",
        "buyer_deposit=0.2336",
        "supplier_days:nansha-store=20",
        "contingency=934.14",
        "buyer_earlier=15",
        "due_date=2026-05-04",
        "price=1500.00",
        "limit:harbour-order=1000000.00",
        "rate:harbour-order=0.12",
    ],
)
def test_change_is_written_as_it_is_read(
    text: str, lamp_order: Order, network: Network, policy: Policy
) -> None:
    change = parse_change(text, "CNY")
    assert told(change, "CNY") == text
    before = Situation(lamp_order, network, policy)
    assert changed(before, change) != before


@pytest.mark.parametrize(
    "text", ["", "advance_rate", "haste=3", "advance_rate=x", "limit=5", "price=0.001", "rate:p=0.12345"]
)
def test_change_that_means_nothing_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        parse_change(text, "CNY")


def test_change_of_somebody_unknown_is_wrong_usage(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    with pytest.raises(UsageError, match="nobody"):
        changed(Situation(lamp_order, network, policy), parse_change("limit:nobody=5.00", "CNY"))


def test_deposit_takes_its_share_from_every_other_term(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    situation = changed(Situation(lamp_order, network, policy), parse_change("buyer_deposit=0.25", "CNY"))
    assert [(term.share, term.event) for term in situation.order.payment] == [
        (Fraction(1, 4), Event.ORDER),
        (Fraction(3, 4), Event.INVOICE),
    ]


def test_due_date_change_moves_the_lines_too(lamp_order: Order, network: Network, policy: Policy) -> None:
    early = replace(lamp_order.lines[0], due_on=date(2026, 4, 1))
    situation = Situation(replace(lamp_order, lines=(early,)), network, policy)
    moved = changed(situation, parse_change("due_date=2026-05-04", "CNY"))
    assert moved.order.due_on == date(2026, 5, 4)
    assert moved.order.lines[0].due_on is None
