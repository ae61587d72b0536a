"""A recorded order's plan is kept once, can be looked at in other ways, and is known when it goes stale."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from domain.errors import UsageError
from domain.network import Network
from domain.order import Order
from domain.plan import Certificate, Plan
from domain.states import OrderState
from domain.terms import Event, PaymentTerm
from flows.desk.session import Session
from flows.orders.find import find_order
from flows.orders.place import place_order
from flows.plans.compare import (
    best_few,
    explain,
    find_plan,
    keep_plan,
    read_subject,
    recorded_subject,
    with_changes,
)
from flows.plans.recorded_plan import current_plan

ON = date(2026, 3, 2)


def with_warehouse_net(network: Network, days: int) -> Network:
    providers = tuple(
        replace(one, payment=(PaymentTerm(Fraction(1), Event.SERVICE_END, days),))
        if one.id == "nansha-store"
        else one
        for one in network.providers
    )
    return replace(network, providers=providers)


def test_plan_of_a_recorded_order_is_kept_once(session: Session, lamp_order: Order) -> None:
    subject = recorded_subject(session, place_order(session.ledger, lamp_order, ON))
    plan = find_plan(subject)
    assert isinstance(plan, Plan)
    assert plan.profit_minor == 140_388_71
    assert keep_plan(session, subject, plan)
    assert find_order(session.ledger, subject.situation.order.reference).state is OrderState.PLANNED
    size = session.ledger.size()
    again = recorded_subject(session, find_order(session.ledger, subject.situation.order.reference))
    assert keep_plan(session, again, plan)
    assert session.ledger.size() == size
    assert current_plan(session.ledger, plan.order).flows == plan.flows


def test_plan_of_an_order_file_is_not_recorded(session: Session, lamp_order: Order) -> None:
    subject = read_subject(session, lamp_order)
    plan = find_plan(subject)
    assert isinstance(plan, Plan)
    size = session.ledger.size()
    assert not keep_plan(session, subject, plan)
    assert session.ledger.size() == size


def test_what_if_plans_the_changed_situation(session: Session, lamp_order: Order) -> None:
    session.network = with_warehouse_net(session.network, 30)
    subject = read_subject(session, lamp_order)
    assert isinstance(find_plan(subject, repairs=False), Certificate)
    assert isinstance(find_plan(with_changes(subject, ["advance_rate=0.9"])), Plan)
    both = with_changes(subject, ["advance_rate=0.9", "price=1000.00"])
    assert both.situation.order.net_minor == lamp_order.net_minor + 1000_00
    with pytest.raises(UsageError):
        with_changes(subject, ["hurry=1"])


def test_explanation_adds_up_to_the_difference_in_profit(session: Session, lamp_order: Order) -> None:
    found = explain(read_subject(session, lamp_order))
    assert found is not None
    assert found.other is not None
    lost = found.best.profit_minor - found.other.profit_minor
    assert lost > 0
    assert sum(each.more_minor for each in found.differences) == lost
    few = best_few(read_subject(session, lamp_order), 2)
    assert [plan.legs for plan in few] == [found.best.legs, found.other.legs]
