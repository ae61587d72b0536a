"""Reserving on our own calendar: one commit for everything, or nothing at all."""

import multiprocessing
from datetime import timedelta
from itertools import count

import pytest

from domain.errors import NetError, RefusedError, StateError
from domain.posting import Entry
from flows.firms.connected import Firms
from flows.slots.outcomes import Job, Refused, Reserved
from flows.slots.release import release
from flows.slots.reserve import is_local, refusal_error, reserve, reserve_in
from ledger.store import open_ledger
from tests.parts.reservation_parts import DAY, Clock, facility, ledger_at, leg, network, plan, planned
from trust.keys import Actor

CATALOG = {"mill": ("catalog", {}), "ship": ("catalog", {}), "store": ("catalog", {})}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    with ledger_at(tmp_path / "book.db", clock) as opened:
        yield opened


def whole(order, **changes):
    return plan(
        order,
        leg("mill", **changes),
        leg("store", "warehouse"),
        leg("ship", "logistics"),
        facilities=(facility("harbour", 500),),
    )


def firms_of(clock, firms=None, lenders=None):
    return Firms(network(firms or CATALOG, lenders or {"harbour": 1200}), clock)


def states(ledger, order):
    return [
        record.body["state"]
        for record in ledger.records(order=order)
        if "state" in record.body and record.kind.startswith("slots")
    ]


def test_every_leg_and_the_credit_line_are_booked(ledger, clock):
    firms = firms_of(clock)
    planned(ledger, "o1")
    outcome = reserve(ledger, firms, Job("o1", whole("o1"), DAY))
    assert isinstance(outcome, Reserved)
    assert [one.firm for one in outcome.legs] == ["mill", "store", "ship", "harbour"]
    assert states(ledger, "o1") == ["HELD", "RESERVED"]
    assert {hold.ending for hold in ledger.holds("o1")} == {"confirmed"}
    assert ledger.capacity("credit:harbour", "limit") == (1200, 500)
    assert ledger.capacity("mill/lamp", DAY.isoformat()) == (10, 1)


def test_own_calendar_takes_one_commit(ledger, clock):
    planned(ledger, "o1")
    before = next(ledger.backend.reader().rows("SELECT MAX(command) FROM command"))[0]
    reserve(ledger, firms_of(clock), Job("o1", whole("o1"), DAY))
    assert next(ledger.backend.reader().rows("SELECT MAX(command) FROM command"))[0] == before + 1


def test_order_named_like_a_reservation_is_refused_and_nothing_is_kept(ledger, clock):
    order = "o1/reservation/0"
    planned(ledger, order)
    with pytest.raises(RefusedError, match="cannot be reserved"):
        reserve(ledger, firms_of(clock), Job(order, whole(order), DAY))
    assert (list(ledger.holds(order)), ledger.order_state(order)) == ([], "PLANNED")


def test_credit_that_is_used_up_declines_the_whole(ledger, clock):
    firms = firms_of(clock)
    planned(ledger, "o1", "o2", "o3")
    for order in ("o1", "o2"):
        assert isinstance(reserve(ledger, firms, Job(order, whole(order), DAY)), Reserved)
    refused = reserve(ledger, firms, Job("o3", whole("o3"), DAY))
    assert isinstance(refused, Refused)
    assert [(one.firm, one.code) for one in refused.refusals] == [("harbour", "no_credit")]
    assert "200 of credit:harbour left" in refusal_error(refused).message
    assert ledger.holds("o3") == []
    assert ledger.capacity("mill/lamp", DAY.isoformat()) == (10, 2)
    assert ledger.order_state("o3") == "PLANNED"


def test_next_plan_keeps_what_is_held(ledger, clock):
    """The mill is full, so the second plan swaps it; the warehouse and the ship stay as they were."""
    firms = firms_of(clock, {**CATALOG, "forge": ("catalog", {})})
    planned(ledger, "o1")
    asked = []

    def next_plan(_plan, refusals, held):
        asked.append(([one.firm for one in refusals], sorted(name.split(":")[1] for name in held)))
        return plan("o1", leg("forge"), leg("store", "warehouse"), leg("ship", "logistics"))

    first = plan("o1", leg("store", "warehouse"), leg("ship", "logistics"), leg("mill", quantity=11))
    outcome = reserve(ledger, firms, Job("o1", first, DAY, next_plan=next_plan))
    assert isinstance(outcome, Reserved)
    assert asked == [(["mill"], ["ship", "store"])]
    assert [one.firm for one in outcome.legs] == ["forge", "store", "ship"]
    assert len(ledger.holds("o1", live=False)) == 3


def test_held_of_a_plan_given_up_goes_back(ledger, clock):
    firms = firms_of(clock, {**CATALOG, "forge": ("catalog", {})})
    planned(ledger, "o1")
    first = plan("o1", leg("store", "warehouse"), leg("mill", quantity=11))
    second = plan("o1", leg("forge"))
    outcome = reserve(ledger, firms, Job("o1", first, DAY, next_plan=lambda *_: second))
    assert [one.firm for one in outcome.legs] == ["forge"]
    assert ledger.capacity("store/lamp", DAY.isoformat())[1] == 0
    assert len(ledger.holds("o1")) == 1


def test_refused_order_can_be_reserved_later(ledger, clock):
    """Nothing that the first try held stands in the way of the second."""
    firms = firms_of(clock)
    planned(ledger, "o1")
    assert isinstance(reserve(ledger, firms, Job("o1", whole("o1", quantity=11), DAY)), Refused)
    assert isinstance(reserve(ledger, firms, Job("o1", whole("o1"), DAY)), Reserved)
    assert len(ledger.holds("o1")) == 4


def test_reserved_order_answers_again_without_writing(ledger, clock):
    firms = firms_of(clock)
    planned(ledger, "o1")
    first = reserve(ledger, firms, Job("o1", whole("o1"), DAY))
    size = ledger.size()
    assert reserve(ledger, firms, Job("o1", whole("o1"), DAY)) == first
    assert ledger.size() == size


def test_order_in_a_state_that_forbids_it_is_refused(ledger, clock):
    with ledger.write() as transaction:
        transaction.append(Entry("order", "k", DAY, "o1", {"state": "CONFIRMED"}))
    with pytest.raises(StateError):
        reserve(ledger, firms_of(clock), Job("o1", whole("o1"), DAY))


def test_reserving_joins_the_callers_transaction(ledger, clock):
    firms = firms_of(clock, lenders={"harbour": None})
    planned(ledger, *(f"o{n}" for n in range(11)))
    with ledger.write() as transaction:
        outcomes = [reserve_in(transaction, firms, Job(f"o{n}", whole(f"o{n}"), DAY)) for n in range(11)]
    assert [type(one) for one in outcomes] == [Reserved] * 10 + [Refused]
    assert ledger.capacity("mill/lamp", DAY.isoformat()) == (10, 10)
    assert ledger.records(order="o10").__next__().kind == "order"
    assert [record.kind for record in ledger.records(order="o10")] == ["order", "order"]


def test_plan_with_another_firm_cannot_join_a_transaction(ledger, clock):
    firms = firms_of(clock, {**CATALOG, "mill": ("sandbox", {})})
    planned(ledger, "o1")
    assert not is_local(whole("o1"), firms)
    with pytest.raises(NetError, match="outside a transaction"), ledger.write() as transaction:
        reserve_in(transaction, firms, Job("o1", whole("o1"), DAY))
    assert ledger.order_state("o1") == "PLANNED"


def test_unlimited_slots_leave_nothing_to_end(ledger, clock):
    firms = firms_of(clock)
    planned(ledger, "o1")
    outcome = reserve(ledger, firms, Job("o1", plan("o1", leg("mill", capacity=0)), DAY))
    assert isinstance(outcome, Reserved)
    assert ledger.holds("o1") == []


def _race(path, key, order, clock, results):
    with open_ledger(path, actor=Actor("trader", key), clock=clock) as ledger:
        outcome = reserve(ledger, firms_of(clock, lenders={"harbour": None}), Job(order, whole(order), DAY))
    results.put((order, type(outcome).__name__))


def test_last_slot_goes_to_one_of_two_processes(tmp_path, clock):
    from ledger.store import create_ledger
    from trust.keys import SigningKey

    key = SigningKey.from_seed(bytes(32))
    path = tmp_path / "book.db"
    firms = firms_of(clock, lenders={"harbour": None})
    with create_ledger(path, practice=True, actor=Actor("trader", key), clock=clock) as ledger:
        planned(ledger, *(f"o{n}" for n in range(9)), "left", "right")
        for n in range(9):
            reserve(ledger, firms, Job(f"o{n}", whole(f"o{n}"), DAY))
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    racers = [
        context.Process(target=_race, args=(path, key, name, clock, results)) for name in ("left", "right")
    ]
    for racer in racers:
        racer.start()
    outcomes = sorted(results.get(timeout=30)[1] for _ in racers)
    for racer in racers:
        racer.join()
    assert outcomes == ["Refused", "Reserved"]
    with open_ledger(path) as ledger:
        assert ledger.capacity("mill/lamp", DAY.isoformat()) == (10, 10)


def test_hold_counts_until_it_is_ended(ledger, clock):
    """A hold placed by someone else blocks the slot; hold_for says when ours would end."""
    firms = firms_of(clock)
    planned(ledger, "o1")
    outcome = reserve(ledger, firms, Job("o1", whole("o1"), DAY, hold_for=timedelta(hours=1)))
    assert {one.expires_at for one in outcome.legs} == {clock.now + timedelta(hours=1)}


def test_many_seeds_never_overbook(ledger, clock):
    """Orders of every size for ten slots a day: what is booked never exceeds them, refusals leave nothing."""
    import random

    random.seed(7)
    firms = firms_of(clock, lenders={"harbour": 5000})
    names = (f"r{n}" for n in count())
    for _ in range(40):
        order = next(names)
        planned(ledger, order)
        reserve(ledger, firms, Job(order, whole(order, quantity=random.randint(1, 4)), DAY))
    for _, _, capacity, used in ledger.slots():
        assert 0 <= used <= capacity
    booked = {hold.order for hold in ledger.holds()}
    assert all(len(ledger.holds(order)) == 4 for order in booked)


def test_release_gives_everything_back_at_its_price(ledger, clock):
    """Booked slots are cancelled at their fee, which is owed to the firm from then on."""
    firms = firms_of(clock, {**CATALOG, "mill": ("catalog", {"cancel_fees": {"booked": "10%"}})})
    planned(ledger, "o1")
    reserve(ledger, firms, Job("o1", whole("o1"), DAY))
    given = release(ledger, firms, "o1", DAY, state="CONFIRMED", reason="amended")
    assert given.cost_minor == {"CNY": 100}
    assert set(given.firms) == {"mill", "store", "ship", "harbour"}
    assert ledger.holds("o1") == []
    assert ledger.order_state("o1") == "CONFIRMED"
    assert [(one.entity, one.account, one.amount_minor) for one in ledger.balance(order="o1")] == [
        ("provider:mill", "1210", 100),
        ("provider:mill", "4510", -100),
        ("trader", "2110", -100),
        ("trader", "5620", 100),
    ]
    planned(ledger, "o2")
    with ledger.write() as transaction:
        transaction.append(Entry("order", "again", DAY, "o1", {"state": "PLANNED"}))
    assert isinstance(reserve(ledger, firms, Job("o1", whole("o1"), DAY)), Reserved)


def test_release_of_nothing_writes_nothing(ledger, clock):
    planned(ledger, "o1")
    size = ledger.size()
    assert release(ledger, firms_of(clock), "o1", DAY).firms == ()
    assert ledger.size() == size
