"""A plan has an age: once its first day is past it is planned again under the proof, or refused.

The lamp order is planned on 2 March; its first day is 5 March, when the slots are booked and the factory's
deposit is drawn and paid. The goods are due on 20 April.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.errors import NetError, StalePlanError
from domain.order import Order
from domain.plan import Plan
from domain.states import OrderState
from flows.deals.run import go_on, plan_placed, reserve_order
from flows.desk.session import Session
from flows.many.batch import BatchTerms, work_group
from flows.many.route import Terms, commit
from flows.orders.find import Placed, find_order
from flows.orders.place import place_order
from flows.plans.recorded_plan import require_fresh, stale_inputs

PLANNED_ON, FIRST, NEXT, LATE = (date(2026, *day) for day in ((3, 2), (3, 5), (3, 6), (5, 30)))
ID = "PO-2026-0017"


@pytest.fixture
def planned(session: Session, lamp_order: Order) -> tuple[Placed, Plan]:
    return plan_placed(session, place_order(session.ledger, lamp_order, PLANNED_ON), PLANNED_ON)


@pytest.fixture
def roomy(session: Session, lamp_order: Order) -> tuple[Placed, Plan]:
    """The same order with time until the end of June."""
    order = replace(lamp_order, due_on=date(2026, 6, 30))
    return plan_placed(session, place_order(session.ledger, order, PLANNED_ON), PLANNED_ON)


def state(session: Session) -> OrderState:
    return find_order(session.ledger, ID).state


def test_a_plan_stands_until_its_first_day(session: Session, planned: tuple[Placed, Plan]) -> None:
    known, plan = planned
    assert plan.begins_on == FIRST == min(flow.on for flow in plan.flows)
    require_fresh(plan, known.order, session.network, session.policy, FIRST)
    assert stale_inputs(plan, known.order, session.network, session.policy, NEXT) == ["first day"]
    with pytest.raises(StalePlanError, match="begins on 2026-03-05, which is past on 2026-03-06"):
        require_fresh(plan, known.order, session.network, session.policy, NEXT)


def test_reserving_refuses_an_old_plan(session: Session, planned: tuple[Placed, Plan]) -> None:
    """On 30 May the slots of 10 March were booked, and "no own cash at every date" was said of that."""
    with pytest.raises(StalePlanError):
        reserve_order(session, planned[0], LATE)
    assert state(session) is OrderState.PLANNED
    assert not list(session.ledger.holds(ID))


def test_running_plans_an_old_order_again(session: Session, roomy: tuple[Placed, Plan]) -> None:
    """The day after its first day; the goods have until 30 June: every date of the new plan is to come."""
    day = roomy[1].begins_on + timedelta(days=1)
    way = go_on(session, roomy[0], day)
    assert way.plan.planned_on == day < way.plan.begins_on
    assert min(flow.on for flow in way.plan.flows) >= day


def test_running_refuses_what_can_no_longer_be_in_time(
    session: Session, planned: tuple[Placed, Plan]
) -> None:
    """On 30 May the goods, due on 20 April, cannot be there: refused as the planner refuses that day."""
    with pytest.raises(NetError, match="cannot be planned"):
        go_on(session, planned[0], LATE)
    assert not list(session.ledger.holds(ID))


def test_routing_plans_an_old_order_again(session: Session, roomy: tuple[Placed, Plan]) -> None:
    """The router keeps no plan that is too old, and reserves none."""
    day = roomy[1].begins_on + timedelta(days=1)
    decision, done = commit(session, [roomy[0]], day, Terms())
    assert [one.plan.planned_on for one in decision.routed] == [day]
    assert [way.plan.begins_on > day for way in done.reserved] == [True]


def test_routing_leaves_out_what_is_too_late(session: Session, planned: tuple[Placed, Plan]) -> None:
    decision, done = commit(session, [planned[0]], LATE, Terms())
    assert (list(decision.routed), done.reserved) == ([], [])


@pytest.mark.usefixtures("planned")
def test_a_batch_reserves_nothing_on_an_old_plan(session: Session, lamp_order: Order) -> None:
    """Both ways into a batch: with our own calendars, and beside firms that are asked elsewhere."""
    session.on_given = LATE
    terms = BatchTerms(session.ledger_url or "", session.config_path, LATE, workers=1)
    done = work_group(session, terms, [lamp_order])
    assert [one.went_well for one in done] == [False]
    assert "cannot be planned" in done[0].message
    assert state(session) is OrderState.PLANNED
