"""The plan tested again on what firms answer: other prices, another chain, and whatever crashes between."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.errors import NoCapacityError
from domain.order import Order
from domain.plan import Plan
from domain.ports import HoldLine
from domain.posting import imbalances
from domain.states import OrderState
from flows.books.acceptance import acceptance, read_contract
from flows.deals.replan import Replanning
from flows.deals.run import go_on, plan_placed, run_order
from flows.desk.session import Session
from flows.orders.find import find_order
from flows.orders.place import place_order
from flows.plans.recorded_plan import current_plan
from flows.slots.outcomes import Job, Reserved
from flows.slots.reserve import reserve

DAY = date(2026, 3, 2)
ID = "PO-2026-0017"
CALM = 14_038_871
"""The worked example's profit."""


def with_sandbox(session: Session, firm: str, **settings: Any) -> None:
    """The firm is one of its own, which answers as the script says."""
    providers = tuple(
        replace(one, adapter="sandbox", settings=settings) if one.id == firm else one
        for one in session.network.providers
    )
    session.__dict__["network"] = replace(session.network, providers=providers)
    session.__dict__.pop("firms", None)


def kept_at(session: Session, firm: str) -> Mapping[str, int]:
    kept: Mapping[str, int] = session.firms.adapter(firm).kept()  # type: ignore[attr-defined]
    return kept


def prices(plan: Plan) -> list[tuple[str, int]]:
    return [(leg.provider, leg.price_minor) for leg in plan.legs]


def plan_of(session: Session, order: Order, **changes: Any) -> Plan:
    """The plan of the order, placed and planned."""
    placed = place_order(session.ledger, replace(order, **changes), DAY)
    plan_placed(session, placed, DAY)
    return current_plan(session.ledger, placed.id)


def leave_credit(session: Session, lender: str, minor: int) -> None:
    """Somebody else holds all of the lender's limit but so much."""
    limit = next(one.limit_minor for one in session.network.lenders if one.id == lender)
    name = f"credit:{lender}"
    with session.ledger.write() as transaction:
        transaction.open_capacity(name, "limit", limit)
        transaction.hold(name, "somebody", [HoldLine(name, "limit", limit - minor)])


STORE = "nansha-store"
LATER = date(2026, 6, 30)
"""A day so late that other start dates pass as well."""


@pytest.mark.parametrize(("does", "share"), [("dearer", 110), ("cheaper", 90)])
@pytest.mark.parametrize("hold", ["firm", "price_only", "none"])
def test_another_price_that_still_passes_is_taken_with_its_new_figures(
    session: Session, lamp_order: Order, does: str, share: int, hold: str
) -> None:
    verb = "hold" if hold == "firm" else "confirm"
    planned = plan_of(session, lamp_order)
    with_sandbox(session, STORE, hold=hold, script=[f"{verb}:1:{does}"])
    was = dict(prices(planned))[STORE]
    way = go_on(session, find_order(session.ledger, ID), DAY)
    assert way.placed.state is OrderState.RESERVED
    changed = [(firm, minor * share // 100 if firm == STORE else minor) for firm, minor in prices(planned)]
    assert prices(way.plan) == changed
    assert (way.plan.profit_minor < CALM) == (does == "dearer")
    assert [leg.slots for leg in way.plan.legs] == [leg.slots for leg in planned.legs]
    assert current_plan(session.ledger, ID) == replace(
        way.plan, search=replace(way.plan.search, microseconds=0)
    )
    booked = {booking.id: booking.net_minor for booking in read_contract(session.ledger, ID).bookings}
    assert booked[STORE] == was * share // 100
    (record,) = session.ledger.records(order=ID, kind="slots.replanned")
    assert record.body["profit_minor"] == {"before": str(CALM), "after": str(way.plan.profit_minor)}
    assert any(STORE in note and "tested again" in note for note in way.notes)
    assert kept_at(session, STORE).keys() == {"booked"}
    assert not imbalances(leg for one in session.ledger.records() for leg in one.legs)
    again = go_on(session, find_order(session.ledger, ID), DAY)
    assert (again.repeated, again.plan.profit_minor) == (True, way.plan.profit_minor)


def test_price_that_needs_own_cash_is_not_taken_and_all_goes_back(
    session: Session, lamp_order: Order
) -> None:
    """The only maker asks a tenth more, and no lender covers that: nothing stays held anywhere."""
    maker = plan_of(session, lamp_order).legs[0].provider
    with_sandbox(session, maker, script=["hold:*:dearer"])
    with pytest.raises(NoCapacityError, match="more than planned"):
        go_on(session, find_order(session.ledger, ID), DAY)
    assert kept_at(session, maker) == {}
    assert session.ledger.holds(ID) == []
    assert session.ledger.order_state(ID) == "PLANNED"


def test_firm_that_declines_gives_way_to_the_next_best_plan_at_its_own_price(
    session: Session, lamp_order: Order
) -> None:
    first = plan_of(session, lamp_order, due_on=LATER)
    maker = first.legs[0].provider
    with_sandbox(session, maker, script=["hold:1:decline", "hold:2:cheaper"])
    way = go_on(session, find_order(session.ledger, ID), DAY)
    assert way.plan.legs[0].slots != first.legs[0].slots
    assert way.plan.legs[0].price_minor == first.legs[0].price_minor * 9 // 10
    assert kept_at(session, maker).keys() == {"booked"}
    assert [note.partition(",")[0] for note in way.notes if "sandbox" not in note] == [
        "planned anew",
        "tested again on the answers",
    ]


def test_alternative_confirmed_before_a_crash_is_the_one_that_is_accepted(
    session: Session, lamp_order: Order
) -> None:
    """The process died between the firms' yes to another plan and the acceptance of the finance."""
    first = plan_of(session, lamp_order, due_on=LATER)
    maker = first.legs[0].provider
    with_sandbox(session, maker, script=["hold:1:decline"])
    again = Replanning(session, find_order(session.ledger, ID), DAY)
    job = Job(ID, first, DAY, next_plan=again.instead, retest=again.tested)
    outcome = reserve(session.ledger, session.firms, job)
    assert isinstance(outcome, Reserved)
    assert outcome.plan.legs[0].slots != first.legs[0].slots
    assert acceptance(session.ledger, ID) is None
    way = go_on(session, find_order(session.ledger, ID), DAY)  # the same command again
    assert way.plan.legs == outcome.plan.legs
    made = next(one for one in read_contract(session.ledger, ID).bookings if one.id == maker)
    assert (made.starts_on, made.ends_on) == (outcome.plan.legs[0].starts_on, outcome.plan.legs[0].ends_on)
    assert reserve(session.ledger, session.firms, job).plan.legs == way.plan.legs


def test_more_credit_for_a_dearer_plan_fits_a_limit_that_has_room_for_one(
    session: Session, lamp_order: Order
) -> None:
    """The first promise is given back before the larger one is asked for: both together would not fit."""
    line = replace(lamp_order.lines[0], net_minor=lamp_order.lines[0].net_minor * 13 // 10)
    plan = plan_of(session, lamp_order, lines=(line,))
    maker = plan.legs[0].provider
    for part in plan.facilities:
        if not part.standby:
            leave_credit(session, part.lender, part.limit_minor * 13 // 10)
    plan_placed(session, find_order(session.ledger, ID), DAY)
    with_sandbox(session, maker, script=["hold:1:dearer"])
    way = go_on(session, find_order(session.ledger, ID), DAY)
    assert way.plan.legs[0].price_minor == plan.legs[0].price_minor * 11 // 10
    needed = {one.product: one.limit_minor for one in way.plan.facilities if not one.standby}
    before = {one.product: one.limit_minor for one in plan.facilities if not one.standby}
    assert needed != before
    held = [hold for hold in session.ledger.holds(ID) if hold.lines[0].resource.startswith("credit:")]
    assert sorted(hold.lines[0].quantity for hold in held) == sorted(needed.values())


def test_what_the_order_holds_itself_counts_as_free_for_it(session: Session, lamp_order: Order) -> None:
    way = run_order(session, lamp_order)
    free = Replanning(session, find_order(session.ledger, ID), DAY)._free()
    for leg in way.plan.legs:
        for slot in leg.slots:
            if slot.capacity:
                assert free.free_units(slot.provider, slot.resource, slot.day, slot.capacity) >= slot.quantity
