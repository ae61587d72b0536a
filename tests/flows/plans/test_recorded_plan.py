"""A plan is recorded with the order, found again, and known to be stale when what it rests on changed."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from domain.errors import NetError, NotFoundError, OwnCashNeededError, StalePlanError
from domain.network import Network
from domain.order import Order
from domain.plan import Plan
from domain.states import OrderState
from domain.terms import Event, PaymentTerm
from flows.deals.replan import Replanning
from flows.deals.run import best_plan, plan_placed
from flows.desk.session import Session
from flows.orders.find import find_order
from flows.orders.place import place_order
from flows.plans.availability import LedgerAvailability
from flows.plans.recorded_plan import current_plan, require_fresh, stale_inputs

ON = date(2026, 3, 2)


def with_warehouse_net(network: Network, days: int) -> Network:
    providers = tuple(
        replace(one, payment=(PaymentTerm(Fraction(1), Event.SERVICE_END, days),))
        if one.id == "nansha-store"
        else one
        for one in network.providers
    )
    return replace(network, providers=providers)


def planned(session: Session, order: str) -> Plan:
    return plan_placed(session, find_order(session.ledger, order), ON)[1]


def test_plan_order_records_the_plan_once(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, ON)
    plan = planned(session, placed.id)
    assert plan.profit_minor == 140_388_71
    assert find_order(session.ledger, placed.id).state is OrderState.PLANNED
    size = session.ledger.size()
    assert planned(session, placed.id) == plan
    assert session.ledger.size() == size
    assert current_plan(session.ledger, placed.id) == plan


def test_plan_order_says_what_is_missing(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, ON)
    session.network = with_warehouse_net(session.network, 30)
    with pytest.raises(OwnCashNeededError, match=r"934\.14 CNY are missing.*2026-06-01"):
        planned(session, placed.id)
    assert find_order(session.ledger, placed.id).state is OrderState.CONFIRMED
    with pytest.raises(NotFoundError):
        current_plan(session.ledger, placed.id)


def test_plan_order_without_a_chain_is_an_error_with_reasons(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, replace(lamp_order, destination="Nowhere", country=""), ON)
    with pytest.raises(NetError) as caught:
        planned(session, placed.id)
    assert caught.value.exit_code == 5
    assert "no way from" in caught.value.hint


def test_plan_names_the_inputs_that_changed(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, ON)
    plan = planned(session, placed.id)
    network, policy = session.network, session.policy
    assert stale_inputs(plan, lamp_order, network, policy, ON) == []
    require_fresh(plan, lamp_order, network, policy, ON)

    dearer = with_warehouse_net(network, 61)
    assert stale_inputs(plan, lamp_order, dearer, policy, ON) == ["provider:nansha-store"]
    with pytest.raises(StalePlanError, match="nansha-store"):
        require_fresh(plan, lamp_order, dearer, policy, ON)

    less = replace(
        network,
        lenders=tuple(replace(one, limit_minor=1) if one.id == "pearl" else one for one in network.lenders),
    )
    assert stale_inputs(plan, lamp_order, less, policy, ON) == ["product:pearl-factoring"]
    moved = replace(network, calendars={})
    assert stale_inputs(plan, lamp_order, moved, policy, ON) == ["calendar:CN"]
    later = replace(lamp_order, due_on=date(2026, 4, 30))
    assert stale_inputs(plan, later, network, policy, ON) == ["order"]


def test_plan_uses_only_what_is_free(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, ON)
    first = best_plan(session, placed, ON, LedgerAvailability(session.ledger))
    refused = []
    from flows.plans.needs import needs_of
    from flows.slots.outcomes import FirmRefusal

    store = next(need for need in needs_of(first, session.network) if need.firm == "nansha-store")  # type: ignore[arg-type]
    refused.append(FirmRefusal(store.firm, store.leg, "capacity", "full", ()))
    other = Replanning(session, find_order(session.ledger, placed.id), ON).instead(first, refused, ())  # type: ignore[arg-type]
    assert other is None or all(leg.provider != "nansha-store" for leg in other.legs)
