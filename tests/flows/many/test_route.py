"""Many orders on the network that ships: decided together, reserved through the flow of one order."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest

import flows.many.route as routing_flow
from documents.orders.reading import stream
from domain.errors import UnavailableError
from domain.ports import HoldLine
from domain.states import OrderState
from flows.deals.run import best_plan
from flows.many.candidates import consider, problem_of
from flows.many.route import Terms, commit, given_orders, open_orders, route_orders
from flows.orders.find import find_order
from flows.orders.place import place_order
from flows.plans.availability import LedgerAvailability
from flows.plans.newest import newest_plan
from flows.plans.recorded_plan import record_plan
from routing.shared.certify import violations

ROOT = Path(__file__).parents[3]
DAY = date(2026, 3, 2)
QUICK = Terms(per_order=6, time_limit=20)


@pytest.fixture
def order():
    """3,000 desk lamps, six days of the factory, due in eleven weeks."""
    return next(iter(stream(ROOT / "examples" / "three-orders.csv")))


def several(order, count, **changes):
    return [replace(order, reference=f"M-{number}", **changes) for number in range(count)]


def cheap_credit(session, limit_minor):
    """The same network with so little credit in the shared limit that orders compete for it."""
    network = session.network
    limits = tuple(replace(limit, limit_minor=limit_minor) for limit in network.limits)
    lenders = tuple(replace(lender, limit_minor=limit_minor, underwriting={}) for lender in network.lenders)
    session.__dict__["network"] = replace(network, limits=limits, lenders=lenders)
    session.__dict__.pop("firms", None)


def chosen_by_enumeration(market):
    """The most profit over every combination of plans that keeps all capacities."""
    best = 0
    ways = [[None, *one.plans] for one in market.orders]
    for plans in product(*ways):
        used = {}
        for one, plan in zip(market.orders, plans, strict=True):
            for place, amount in (market.uses_of(plan, one.placed) if plan else {}).items():
                used[place] = used.get(place, 0) + amount
        if all(amount <= market.free[place] for place, amount in used.items()):
            best = max(best, sum(plan.profit_minor for plan in plans if plan))
    return best


def test_route_gives_each_order_the_best_plan_when_nothing_is_scarce(session):
    orders = list(stream(ROOT / "examples" / "three-orders.csv"))
    placed = given_orders(session, orders, DAY, record=False)
    decision = route_orders(session, placed, DAY, QUICK)
    assert decision.status.value == "optimal"
    assert decision.left_out == ()
    free = LedgerAvailability(session.ledger)
    alone = [best_plan(session, one, DAY, free, quick=True).profit_minor for one in placed]
    assert decision.objective_minor <= sum(alone)
    assert list(session.ledger.orders()) == []


def test_route_is_the_best_of_all_combinations_under_scarce_credit(session, order):
    cheap_credit(session, 400_000_00)
    placed = given_orders(session, several(order, 3), DAY, record=False)
    terms = Terms(per_order=3, time_limit=20)
    market = consider(session, placed, DAY, per_order=3)
    problem, _ = problem_of(market, "profit")
    decision = route_orders(session, placed, DAY, terms)
    assert 0 < len(decision.routed) < 3
    assert decision.objective_minor >= chosen_by_enumeration(market)
    assert {one.kind for one in decision.left_out} == {"no credit"}
    assert all("credit:" in one.resources[0] for one in decision.left_out)
    assert any(load.credit and load.used <= load.free for load in decision.loads)
    assert problem.capacity.min() >= 0


def test_route_says_why_an_order_has_no_plan(session, order):
    soon = replace(order, reference="SOON", due_on=DAY + timedelta(days=1))
    unmade = replace(order, reference="UNMADE", lines=(replace(order.lines[0], product="boat"),))
    placed = given_orders(session, [soon, unmade], DAY, record=False)
    decision = route_orders(session, placed, DAY, QUICK)
    assert {one.order: one.kind for one in decision.left_out} == {"SOON": "no chain", "UNMADE": "no chain"}


def test_route_refuses_when_all_must_be_served_and_cannot(session, order):
    cheap_credit(session, 400_000_00)
    placed = given_orders(session, several(order, 3), DAY, record=False)
    with pytest.raises(UnavailableError, match="not every order can be served"):
        route_orders(session, placed, DAY, replace(QUICK, objective="cost"))
    most = route_orders(session, placed, DAY, replace(QUICK, objective="served"))
    assert len(most.routed) >= 1


def test_commit_reserves_every_order_and_leaves_nothing_open(session, order):
    placed = given_orders(session, several(order, 2), DAY, record=True)
    decision, done = commit(session, placed, DAY, QUICK)
    assert [way.placed.state for way in done.reserved] == [OrderState.RESERVED] * 2
    assert sum(way.plan.profit_minor for way in done.reserved) == decision.objective_minor
    assert open_orders(session) == []
    assert (done.declined, done.failed, done.left_out) == ([], [], [])


def test_a_later_order_moves_nothing_that_is_reserved(session, order):
    first = given_orders(session, several(order, 1), DAY, record=True)
    commit(session, first, DAY, QUICK)
    before = find_order(session.ledger, "M-0")
    holds = session.ledger.holds("M-0")
    late = given_orders(session, [replace(order, reference="LATE")], DAY, record=True)
    commit(session, [*late, *open_orders(session)][:1], DAY, QUICK)
    assert find_order(session.ledger, "M-0") == before
    assert session.ledger.holds("M-0") == holds


def test_rerouting_shows_what_changes_and_what_it_costs(session, order):
    cheap_credit(session, 400_000_00)
    one = place_order(session.ledger, replace(order, reference="FIRST"), DAY)
    plan = best_plan(session, one, DAY, LedgerAvailability(session.ledger))
    with session.ledger.write() as transaction:
        record_plan(transaction, one.id, plan, DAY)
    recorded = newest_plan(session.ledger, one.id)
    place_order(session.ledger, replace(order, reference="SECOND"), DAY)
    decision = route_orders(session, open_orders(session), DAY, QUICK)
    standing = {routed.order: routed for routed in decision.routed}
    if "FIRST" in standing:
        assert standing["FIRST"].before == recorded
        assert standing["FIRST"].change_minor == plan.profit_minor - standing["FIRST"].plan.profit_minor
    else:
        (out,) = [item for item in decision.left_out if item.order == "FIRST"]
        assert out.before == recorded


def test_commit_decides_again_when_a_firm_declines(session, order, monkeypatch):
    """Between the decision and the reservation somebody else takes the factory's first day."""
    placed = given_orders(session, several(order, 2), DAY, record=True)
    keep, taken = routing_flow.keep_plan, []

    def taking_first(one_session, known, plan, on):
        if not taken:
            slot = next(slot for leg in plan.legs for slot in leg.slots if slot.capacity)
            taken.append(slot)
            resource = f"{slot.provider}/{slot.resource}"
            with one_session.ledger.write() as transaction:
                transaction.open_capacity(resource, slot.day.isoformat(), slot.capacity)
                line = HoldLine(resource, slot.day.isoformat(), slot.capacity)
                transaction.hold("other/hold", "OTHER", [line])
        return keep(one_session, known, plan, on)

    monkeypatch.setattr(routing_flow, "keep_plan", taking_first)
    told = []
    _, done = commit(session, placed, DAY, QUICK, told.append)
    assert len(done.declined) == 1
    assert "deciding again" in told[0]
    assert len(done.reserved) == 2
    slot = taken[0]
    for way in done.reserved:
        assert all(
            (used.resource, used.day) != (slot.resource, slot.day)
            for leg in way.plan.legs
            for used in leg.slots
        )
    resource = f"{slot.provider}/{slot.resource}"
    assert session.ledger.capacity(resource, slot.day.isoformat())[1] == slot.capacity


def test_the_problem_of_real_orders_passes_the_certificate(session, order):
    market = consider(session, given_orders(session, several(order, 3), DAY, record=False), DAY, per_order=4)
    problem, plans = problem_of(market, "profit")
    from routing.many.router import route

    answer = route(problem)
    assert violations(problem, answer) == []
    assert set(plans) == {
        (problem.orders[problem.owner[item]], name) for item, name in enumerate(problem.candidates)
    }
