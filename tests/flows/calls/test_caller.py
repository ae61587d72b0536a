"""The driver of calls: latency costs once, the journal is there before the call, holds are named honestly."""

import threading

import pytest

from domain.errors import UnreachableError
from flows.calls.caller import Patience
from flows.firms.connected import Firms, no_secrets
from flows.slots.outcomes import Job, Refused, Reserved
from flows.slots.reserve import reserve, reserve_many
from ledger.store import open_ledger
from providers.protocol import Services
from providers.sandbox import Sandbox
from tests.parts.reservation_parts import DAY, Clock, ledger_at, leg, network, plan, planned


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    with ledger_at(tmp_path / "book.db", clock) as opened:
        opened.path = tmp_path / "book.db"
        yield opened


def firms_of(clock, **sandboxes):
    firms = Firms(network({name: ("sandbox", {}) for name in sandboxes}), clock)
    for name, adapter in sandboxes.items():
        firms.put(name, adapter)
    return firms


def sandbox(clock, name="mill", kind=Sandbox, **settings):
    return kind(name, settings, Services(clock, no_secrets))


class Meeting(Sandbox):
    """Answers nobody before all twelve have asked: orders in line would wait for ever."""

    gate = threading.Barrier(12, timeout=60)

    def hold(self, call):
        self.gate.wait()
        return super().hold(call)

    def confirm(self, call):
        self.gate.wait()
        return super().confirm(call)


def test_latency_of_a_firm_does_not_line_orders_up(ledger, clock):
    """Twelve orders are asked for at the same time, twice; ``bench/reserve_http.py`` tells how fast."""
    firms = firms_of(clock, mill=sandbox(clock, kind=Meeting))
    names = [f"o{n}" for n in range(12)]
    planned(ledger, *names)
    jobs = [Job(name, plan(name, leg("mill", capacity=0)), DAY) for name in names]
    outcomes = reserve_many(ledger, firms, jobs, patience=Patience(workers=12))
    assert all(isinstance(one, Reserved) for one in outcomes)


def test_intent_and_attempt_are_on_disk_before_the_call_and_no_write_is_open_during_it(ledger, clock):
    seen = []

    class Watching(Sandbox):
        def hold(self, call):
            with open_ledger(ledger.path) as other:
                (intent,) = other.unfinished_intents("o1")
                seen.append((intent.attempts, intent.request["key"] == call.key))
            assert threading.current_thread() is not threading.main_thread()
            with open_ledger(ledger.path, actor=ledger._actor, clock=clock) as writer, writer.write():
                seen.append("another may write meanwhile")
            return super().hold(call)

    planned(ledger, "o1")
    firms = firms_of(clock, mill=sandbox(clock, kind=Watching))
    assert isinstance(reserve(ledger, firms, Job("o1", plan("o1", leg("mill")), DAY)), Reserved)
    assert seen == [(1, True), "another may write meanwhile"]


def test_one_orders_trouble_stops_no_other(ledger, clock):
    planned(ledger, "good", "bad")
    firms = firms_of(clock, mill=sandbox(clock), forge=sandbox(clock, "forge", script=["hold:*:refuse"]))
    jobs = [
        Job("bad", plan("bad", leg("forge")), DAY),
        Job("unknown", plan("unknown", leg("nowhere")), DAY),
        Job("good", plan("good", leg("mill")), DAY),
    ]
    outcomes = reserve_many(ledger, firms, jobs, patience=Patience(sends=2, pause=0))
    assert [type(one).__name__ for one in outcomes] == ["Waits", "NotFoundError", "Reserved"]


def test_adapter_that_raises_anything_leaves_doubt_not_damage(ledger, clock):
    class Buggy(Sandbox):
        def hold(self, call):
            super().hold(call)
            raise ZeroDivisionError

    planned(ledger, "o1")
    mill = sandbox(clock, kind=Buggy)
    job = Job("o1", plan("o1", leg("mill")), DAY)
    with pytest.raises(UnreachableError, match="adapter of mill failed"):
        reserve(ledger, firms_of(clock, mill=mill), job, patience=Patience(sends=2, pause=0))
    Buggy.hold = Sandbox.hold
    assert isinstance(reserve(ledger, firms_of(clock, mill=mill), job), Reserved)
    assert mill.kept() == {"booked": 1}


@pytest.mark.parametrize(("hold", "offers"), [("none", "no holds"), ("price_only", "only a price")])
def test_simulated_hold_is_called_simulated(ledger, clock, hold, offers):
    planned(ledger, "o1")
    firms = firms_of(clock, mill=sandbox(clock, hold=hold))
    outcome = reserve(ledger, firms, Job("o1", plan("o1", leg("mill")), DAY))
    assert outcome.legs[0].simulated
    assert any(offers in note and "simulated" in note for note in outcome.notes)
    (record,) = ledger.records(order="o1", kind="slots.held")
    assert record.body["legs"][0]["simulated"] is True


def test_those_who_may_still_say_no_are_confirmed_first(ledger, clock):
    """The one without holds declines; the firm hold is released for nothing instead of cancelled for 10%."""
    planned(ledger, "o1")
    mill = sandbox(clock, cancel_fees={"booked": "10%"})
    carrier = sandbox(clock, "carrier", hold="none", script=["confirm:*:decline"])
    chain = plan("o1", leg("mill"), leg("carrier", "logistics"))
    outcome = reserve(ledger, firms_of(clock, mill=mill, carrier=carrier), Job("o1", chain, DAY))
    assert isinstance(outcome, Refused)
    assert outcome.cost_minor == {}
    assert [verb for verb, _ in mill.effects()] == ["hold", "release"]
    assert ledger.order_state("o1") == "PLANNED"


def test_dearer_answer_is_tested_against_the_plan(ledger, clock):
    planned(ledger, "o1")
    chain = plan("o1", leg("mill"))
    mill = sandbox(clock, script=["hold:*:dearer", "confirm:*:dearer"])
    refused = reserve(ledger, firms_of(clock, mill=mill), Job("o1", chain, DAY))
    assert refused.refusals[0].code == "price"
    assert mill.kept() == {}
    allowed = Job("o1", chain, DAY, retest=lambda _plan, _prices: None)
    outcome = reserve(ledger, firms_of(clock, mill=mill), allowed)
    assert outcome.legs[0].price_minor == 1100


def test_poll_finds_the_answer_that_came_later(ledger, clock):
    planned(ledger, "o1")
    mill = sandbox(clock, script=["hold:1:pending", "confirm:1:pending"])
    firms = firms_of(clock, mill=mill)
    job = Job("o1", plan("o1", leg("mill")), DAY)
    for _ in range(2):
        with pytest.raises(Exception, match="answers later"):
            reserve(ledger, firms, job)
    assert isinstance(reserve(ledger, firms, job), Reserved)
    assert [verb for verb, _ in mill.effects()] == ["hold", "confirm"]
