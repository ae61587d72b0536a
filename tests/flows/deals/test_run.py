"""The whole way of one order on the network that ships: the worked example to the cent, every way off it."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.locations import shipped_network
from domain.errors import NoCapacityError, NoCreditError, OwnCashNeededError, StateError
from domain.order import Order
from domain.ports import HoldLine
from domain.posting import imbalances
from domain.states import OrderState
from flows.books.advance import advance
from flows.deals.run import best_plan, go_on, run_order
from flows.desk.session import Session
from flows.orders.find import find_order
from flows.orders.place import cancel_order, place_order
from flows.plans.availability import LedgerAvailability
from flows.plans.recorded_plan import current_plan, record_plan
from flows.settlement.owed import standing_at

DAY = date(2026, 3, 2)


def balanced(session: Session) -> bool:
    return not imbalances(leg for record in session.ledger.records() for leg in record.legs)


def test_the_worked_example_is_reserved_to_the_cent(session: Session, lamp_order: Order) -> None:
    way = run_order(session, lamp_order)
    plan = way.plan
    assert way.placed.state is OrderState.RESERVED
    assert (plan.profit_minor, plan.minimum_minor, plan.peak_minor) == (14_038_871, 1_496_586, 92_175_800)
    assert plan.minimum_on == date(2026, 5, 15)
    room = plan.headroom
    assert (room.profit_days, room.recourse_days, room.liquidity_days) == (326, 90, 7)
    assert all(hold.ending == "confirmed" for hold in session.ledger.holds(way.placed.id))


def test_the_worked_example_settles_and_nobody_is_owed_anything(session: Session, lamp_order: Order) -> None:
    run_order(session, lamp_order)
    recorded = advance(session.ledger, "PO-2026-0017", date(2026, 8, 31), as_planned=True)
    assert recorded.state is OrderState.SETTLED
    standing = standing_at(
        session.ledger, "PO-2026-0017", date(2026, 8, 31), current_plan(session.ledger, "PO-2026-0017")
    )
    assert standing is not None
    assert (standing.cash_minor, standing.owed) == (0, ())
    assert session.ledger.holds(live=True) == []
    assert {hold.booking_ending for hold in session.ledger.holds(live=False)} == {"used", "returned"}
    assert balanced(session)


def test_the_book_in_hand_says_what_the_ledger_says(session: Session, lamp_order: Order) -> None:
    way = run_order(session, lamp_order)
    assert way.book is not None
    found = standing_at(session.ledger, way.placed.id, DAY, way.plan, book=way.book)
    assert found == standing_at(session.ledger, way.placed.id, DAY, way.plan)


def test_run_again_changes_nothing(session: Session, lamp_order: Order) -> None:
    run_order(session, lamp_order)
    size = session.ledger.size()
    again = run_order(session, lamp_order)
    assert again.repeated
    assert session.ledger.size() == size


def test_run_goes_on_from_wherever_the_order_stands(session: Session, lamp_order: Order) -> None:
    placed = place_order(session.ledger, lamp_order, DAY)
    way = go_on(session, find_order(session.ledger, placed.id), DAY)
    assert way.plan.profit_minor == 14_038_871


def test_standing_tells_who_is_paid_and_when(session: Session, lamp_order: Order) -> None:
    way = run_order(session, lamp_order)
    standing = standing_at(session.ledger, way.placed.id, DAY, way.plan)
    assert standing is not None
    owed = {(one.party, one.due_on): one.amount_minor for one in standing.owed}
    assert owed["Zhongshan Lamp Works", date(2026, 3, 5)] == 25_764_000
    assert owed["Nansha Bonded Store", date(2026, 6, 29)] == 1_590_000
    assert owed["Meridian Stores", date(2026, 6, 22)] == -113_000_000


def test_an_order_that_would_need_own_cash_is_refused_with_ways_out(
    session: Session, lamp_order: Order
) -> None:
    line = replace(lamp_order.lines[0], unit_price=lamp_order.lines[0].unit_price - 22, net_minor=78_000_000)
    poor = replace(lamp_order, reference="POOR", lines=(line,))
    with pytest.raises(OwnCashNeededError) as refused:
        run_order(session, poor)
    assert refused.value.hint
    assert session.ledger.order_state("POOR") == "CONFIRMED"
    assert session.ledger.holds("POOR") == []


def test_a_second_order_takes_other_slots_or_is_refused(session: Session, lamp_order: Order) -> None:
    first = run_order(session, lamp_order)
    second = run_order(session, replace(lamp_order, reference="SECOND", due_on=date(2026, 6, 30)))
    used: dict[tuple[str, str, date], int] = {}
    for way in (first, second):
        for leg in way.plan.legs:
            for slot in leg.slots:
                key = (slot.provider, slot.resource, slot.day)
                used[key] = used.get(key, 0) + slot.quantity
                assert not slot.capacity or used[key] <= slot.capacity


def test_when_a_slot_goes_between_plan_and_reservation_the_next_best_plan_is_tried(
    session: Session, lamp_order: Order
) -> None:
    placed = place_order(session.ledger, replace(lamp_order, due_on=date(2026, 6, 30)), DAY)

    plan = best_plan(session, placed, DAY, LedgerAvailability(session.ledger))
    with session.ledger.write() as transaction:
        record_plan(transaction, placed.id, plan, DAY)
    slot = next(slot for slot in plan.legs[0].slots if slot.capacity)
    take(session, f"{slot.provider}/{slot.resource}", slot.day, slot.capacity)
    way = go_on(session, find_order(session.ledger, placed.id), DAY)
    assert way.placed.state is OrderState.RESERVED
    assert way.plan.legs[0] != plan.legs[0]
    assert current_plan(session.ledger, placed.id).legs == way.plan.legs


def take(session: Session, resource: str, day: date, capacity: int) -> None:
    """Somebody else holds all of it."""
    with session.ledger.write() as transaction:
        transaction.open_capacity(resource, day.isoformat(), capacity)
        transaction.hold(f"other/{resource}/{day}", "OTHER", [HoldLine(resource, day.isoformat(), capacity)])


def test_when_nothing_is_free_the_refusal_names_the_firm_and_nothing_is_held(
    session: Session, lamp_order: Order
) -> None:
    placed = place_order(session.ledger, lamp_order, DAY)

    plan = best_plan(session, placed, DAY, LedgerAvailability(session.ledger))
    with session.ledger.write() as transaction:
        record_plan(transaction, placed.id, plan, DAY)
    for provider, resource, capacity in (
        ("zhongshan-lamps", "desk-lamp", 500),
        ("ningbo-bright", "desk-lamp", 900),
    ):
        for ahead in range(60):
            take(session, f"{provider}/{resource}", DAY + timedelta(days=ahead), capacity)
    with pytest.raises(NoCapacityError, match="zhongshan-lamps"):
        go_on(session, find_order(session.ledger, placed.id), DAY)
    assert session.ledger.holds(placed.id) == []
    assert session.ledger.order_state(placed.id) == "PLANNED"


def test_a_cancelled_or_draft_order_does_not_run(session: Session, lamp_order: Order) -> None:
    place_order(session.ledger, lamp_order, DAY, draft=True)
    with pytest.raises(StateError, match="draft"):
        go_on(session, find_order(session.ledger, lamp_order.reference), DAY)
    cancel_order(session.ledger, lamp_order.reference, DAY)
    with pytest.raises(StateError, match="cancelled"):
        go_on(session, find_order(session.ledger, lamp_order.reference), DAY)


def test_a_lender_that_refuses_by_its_rules_is_told_with_what_would_change_it(
    session: Session, lamp_order: Order, tmp_path: Path
) -> None:
    own = tmp_path / "strict.toml"
    own.write_text(shipped_network().read_text().replace("score_minimum = 50", "score_minimum = 99"))
    session.config_path = own
    with pytest.raises(NoCreditError, match=r"harbour: .*score") as refused:
        run_order(session, lamp_order)
    assert refused.value.hint
    assert session.ledger.holds() == []
    assert session.ledger.order_state(lamp_order.reference) == "PLANNED"


def test_a_lender_that_refuses_is_left_out_and_the_order_is_planned_with_one_that_agrees(
    session: Session, lamp_order: Order, tmp_path: Path
) -> None:
    """The cheapest lender says no by its rules; a dearer one with easier rules takes its place."""
    shipped = shipped_network().read_text()
    start = shipped.index('[[lender]]\nid = "harbour"')
    twin = shipped[start : shipped.index('[[lender.product]]\nid = "harbour-standby"')]
    twin = (
        twin.replace("harbour-orders", "willing-orders").replace("harbour", "willing").replace("14.4%", "15%")
    )
    own = tmp_path / "two.toml"
    limit = '\n[[limit]]\ngroup = "willing-orders"\namount = 20000000.00\n'
    own.write_text(shipped.replace("score_minimum = 50", "score_minimum = 99") + "\n" + twin + limit)
    session.config_path = own
    way = run_order(session, lamp_order)
    used = {facility.product for facility in way.plan.facilities if not facility.standby}
    assert used == {"willing-order", "pearl-factoring"}
    assert way.placed.state is OrderState.RESERVED
    assert run_order(session, lamp_order).repeated
