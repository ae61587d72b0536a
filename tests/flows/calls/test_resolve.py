"""Answers that come by another way: from a person, late, twice, or to a call that was given up."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import NotFoundError, RefusedError, UnreachableError, UsageError, WaitingError
from flows.calls.caller import Patience
from flows.calls.messages import Taken, take_message
from flows.calls.resolve import find_open, open_calls, resolve
from flows.calls.stated_answer import Stated, stated_answer
from flows.calls.sweep import sweep
from flows.firms.connected import Firms, no_secrets
from flows.slots.outcomes import Job, Refused, Reserved
from flows.slots.reserve import reserve
from providers.protocol import Booked, Declined, Held, NoAnswerError, Released, Services
from providers.sandbox import Sandbox
from tests.parts.reservation_parts import DAY, Clock, ledger_at, leg, network, plan, planned

QUICK = Patience(sends=2, pause=0.0, workers=2)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    with ledger_at(tmp_path / "book.db", clock) as opened:
        yield opened


class Trade:
    """One order at one firm of a given kind, beside our own store."""

    def __init__(self, ledger, clock, adapter, **settings):
        known = network({"mill": (adapter, settings), "store": ("catalog", {})})
        self.ledger, self.clock, self.firms = ledger, clock, Firms(known, clock)
        self.mill = None
        if adapter == "sandbox":
            self.mill = Sandbox("mill", settings, Services(clock, no_secrets))
            self.firms.put("mill", self.mill)
        self.plan = plan("o1", leg("mill"), leg("store", "warehouse"))
        planned(ledger, "o1")

    def reserve(self, **more):
        return reserve(self.ledger, self.firms, Job("o1", self.plan, DAY, **more), patience=QUICK)

    def resolve(self, answer, leg_name=""):
        call = find_open(self.ledger, "o1", leg_name)
        return resolve(
            self.ledger, DAY, call.operation, answer, stated_by="Li", evidence="phone", now=self.clock()
        )

    def sweep(self):
        return sweep(self.ledger, self.firms, DAY, patience=QUICK)


def held(clock, days=3):
    return Held("M-881", clock.now + timedelta(days=days), 1000, "CNY")


# a person ---------------------------------------------------------------------------------------


def test_phoned_firm_is_waited_for_and_goes_on_with_each_answer(ledger, clock):
    """The flow stops with exit 8 and says what to find out; each answer brings it one step further."""
    trade = Trade(ledger, clock, "manual", contact="+86 760 1234")
    with pytest.raises(WaitingError) as caught:
        trade.reserve()
    assert caught.value.exit_code == 8
    assert "+86 760 1234" in caught.value.message
    assert "net slot resolve o1" in caught.value.hint
    assert trade.resolve(held(clock)) is Taken.ANSWERED
    with pytest.raises(WaitingError, match="confirm"):
        trade.reserve()
    assert ledger.order_state("o1") == "HELD"
    trade.resolve(Booked("M-881", 1000, "CNY"))
    assert isinstance(trade.reserve(), Reserved)


def test_days_of_waiting_let_our_own_hold_expire_and_it_is_held_again(ledger, clock):
    trade = Trade(ledger, clock, "manual")
    with pytest.raises(WaitingError):
        trade.reserve()
    clock.pass_time(days=3)
    trade.sweep()
    assert ledger.holds("o1") == []
    trade.resolve(held(clock))
    with pytest.raises(WaitingError):
        trade.reserve()
    assert [hold.ending for hold in ledger.holds("o1")] == [None]


def test_hold_that_expired_while_we_waited_is_asked_for_again(ledger, clock):
    trade = Trade(ledger, clock, "manual")
    with pytest.raises(WaitingError):
        trade.reserve()
    trade.resolve(held(clock, days=1))
    clock.pass_time(days=2)
    with pytest.raises(WaitingError, match="hold"):
        trade.reserve()
    verbs = sorted(one.call.verb.value for one in open_calls(ledger, "o1"))
    assert verbs == ["hold", "release"]


def test_phoned_firm_that_declines_ends_the_reservation(ledger, clock):
    trade = Trade(ledger, clock, "manual")
    with pytest.raises(WaitingError):
        trade.reserve()
    trade.resolve(Declined("refused", "full until May"))
    outcome = trade.reserve()
    assert isinstance(outcome, Refused)
    assert outcome.refusals[0].reason == "full until May"
    assert ledger.holds("o1") == []


def test_answer_that_does_not_fit_the_question_is_refused(ledger, clock):
    trade = Trade(ledger, clock, "manual")
    with pytest.raises(WaitingError):
        trade.reserve()
    with pytest.raises(RefusedError, match="no answer to hold"):
        trade.resolve(Released(0, "CNY"))
    trade.resolve(held(clock))
    with pytest.raises(NotFoundError):
        trade.resolve(held(clock))


def test_call_in_doubt_is_sent_again_once_the_firm_says_that_it_never_arrived(ledger, clock):
    trade = Trade(ledger, clock, "sandbox", idempotency="none", script=["hold:1:lose"])
    with pytest.raises(WaitingError, match="may or may not"):
        trade.reserve()
    assert find_open(ledger, "o1").in_doubt
    with pytest.raises(WaitingError):
        trade.reserve()
    trade.resolve(None)
    assert isinstance(trade.reserve(), Reserved)
    assert trade.mill.kept() == {"booked": 1}


@pytest.mark.parametrize(
    "words",
    [
        {"said": "held"},
        {"said": "held", "reference": "M1", "by": "Li"},
        {"said": "held", "until": "2026-03-20", "by": "Li"},
        {"said": "booked", "by": "Li"},
        {"said": "perhaps", "by": "Li"},
        {"said": "booked", "reference": "M1", "price": "12.345", "by": "Li"},
    ],
)
def test_words_that_leave_something_open_are_refused(ledger, clock, words):
    trade = Trade(ledger, clock, "manual")
    with pytest.raises(WaitingError):
        trade.reserve()
    with pytest.raises(UsageError):
        stated_answer(find_open(ledger, "o1"), Stated(**words))


def test_words_become_the_answer(ledger, clock):
    trade = Trade(ledger, clock, "manual")
    with pytest.raises(WaitingError):
        trade.reserve()
    words = Stated("held", "M1", "9.50", "", "2026-03-20", by="Li")
    answer = stated_answer(find_open(ledger, "o1"), words)
    assert (answer.reference, answer.price_minor, answer.expires_at.isoformat()) == (
        "M1",
        950,
        "2026-03-20T23:59:59+00:00",
    )


# late, twice, given up --------------------------------------------------------------------------


def message(trade, answer, message_id="m1", operation=None):
    known = next(
        record.body
        for record in trade.ledger.records(order="o1", kind="call.intended")
        if operation is None or record.body["operation"].endswith(operation)
    )
    key = known["request"]["key"]
    return take_message(trade.ledger, DAY, "mill", message_id, "o1", key, answer, trade.clock())


def test_firms_own_message_answers_the_call_once(ledger, clock):
    trade = Trade(ledger, clock, "manual")
    with pytest.raises(WaitingError):
        trade.reserve()
    assert message(trade, held(clock)) is Taken.ANSWERED
    assert message(trade, held(clock)) is Taken.DUPLICATE
    assert message(trade, held(clock), "m2") is Taken.DUPLICATE
    with pytest.raises(WaitingError, match="confirm"):
        trade.reserve()


def test_message_about_a_call_never_made_is_kept_for_a_person(ledger, clock):
    trade = Trade(ledger, clock, "manual")
    taken = take_message(ledger, DAY, "mill", "m1", "o9", "no-such-key", held(clock), clock())
    assert taken is Taken.ORPHAN
    assert [record.body["firm"] for record in ledger.records(kind="firm.orphan")] == ["mill"]
    assert trade.sweep().closed == ()


def test_yes_after_the_no_is_undone(ledger, clock):
    """The firm declined, then holds all the same: it is told that nobody wants it."""
    trade = Trade(ledger, clock, "sandbox", script=["hold:*:decline"])
    assert isinstance(trade.reserve(), Refused)
    trade.mill._script = {}
    kept = trade.mill.hold(replace(trade.firms and _first_call(trade), key="their-own-mistake"))
    assert trade.mill.kept() == {"held": 1}
    assert message(trade, kept) is Taken.LATE
    assert len(trade.sweep().closed) == 1
    assert trade.mill.kept() == {}


def _first_call(trade):
    from flows.firms.call_journal import read_call

    record = next(iter(trade.ledger.records(order="o1", kind="call.intended")))
    return read_call(record.body["request"])


def test_firm_that_confirms_after_we_gave_up_is_cancelled_with_its_fee(ledger, clock):
    """Its answer was lost and it went silent; we gave the order up; it has booked all the same."""
    settings = {"hold": "none", "script": ["confirm:1:work_lost"], "cancel_fees": {"booked": "5%"}}
    trade = Trade(ledger, clock, "sandbox", idempotency="look-up", in_flight_ms=0, **settings)
    full = plan("o1", leg("mill"), leg("store", "warehouse", quantity=11))

    class Blind(Sandbox):
        def status(self, _call):
            raise NoAnswerError("down")

    blind = Blind("mill", {**settings, "idempotency": "look-up"}, Services(clock, no_secrets))
    trade.firms.put("mill", blind)
    with pytest.raises(UnreachableError):
        trade.reserve()
    assert blind.kept() == {"booked": 1}
    trade.plan = full
    assert isinstance(trade.reserve(), Refused)
    assert [one.given_up for one in open_calls(ledger, "o1")] == [True]
    assert trade.sweep().left
    blind.status = lambda call: Sandbox.status(blind, call)
    swept = trade.sweep()
    assert (len(swept.closed), swept.left) == (1, ())
    assert blind.kept() == {}
    assert open_calls(ledger, "o1") == []
    owed = [(one.account, one.amount_minor) for one in ledger.balance(order="o1", entity="trader")]
    assert owed == [("2110", -50), ("5620", 50)]


def test_call_given_up_that_never_arrived_is_closed_without_being_sent(ledger, clock):
    trade = Trade(ledger, clock, "sandbox", script=["hold:*:lose"])
    with pytest.raises(UnreachableError):
        trade.reserve()
    trade.plan = plan("o1", leg("store", "warehouse", quantity=11))
    assert isinstance(trade.reserve(), Refused)
    assert len(trade.sweep().closed) == 1
    assert trade.mill.effects() == []


def test_release_that_could_not_be_sent_is_sent_by_the_sweep(ledger, clock):
    trade = Trade(ledger, clock, "sandbox", script=["release:1:refuse", "release:2:refuse"])
    trade.plan = plan("o1", leg("mill"), leg("ghost", "warehouse"))
    ghost = Sandbox("ghost", {"script": ["hold:*:decline"]}, Services(clock, no_secrets))
    trade.firms.put("ghost", ghost)
    outcome = trade.reserve()
    assert isinstance(outcome, Refused)
    assert len(outcome.left) == 1
    assert trade.mill.kept() == {"held": 1}
    assert len(trade.sweep().closed) == 1
    assert trade.mill.kept() == {}
    assert trade.sweep().closed == ()
