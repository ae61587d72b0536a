"""Firms, their ledgers and real nodes between them: what each can prove, whatever goes wrong on the way."""

import multiprocessing
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from bench.node_kills import run as run_kills
from domain.errors import NetError, UnreachableError
from flows.calls.caller import Patience
from flows.firms.call_journal import call_key
from flows.firms.connected import Firms, no_secrets
from flows.firms.withdrawals import open_withdrawals
from flows.plans.needs import needs_of
from flows.shop.sold import withdraw_sold
from flows.slots.outcomes import Job, Reserved
from flows.slots.release import release
from flows.slots.reserve import reserve
from ledger.store import create_ledger, open_ledger
from providers.contract import check_adapter
from providers.http import HttpNode
from providers.protocol import Call, Held, NotSentError, Services, SlotLine, SlotRequest, Verb
from tests.parts.node_parts import FAULTS, Between, RunningNode, firm_keys, self_signed
from tests.parts.reservation_parts import leg, network, plan, planned
from trust.http_signatures import HttpMessage, content_digest, verify
from trust.keys import Actor, SigningKey, load_or_create_actor
from trust.node_keys import load_signing_key

SOON = (datetime.now(UTC) + timedelta(days=30)).date()
QUICK = Patience(sends=4, pause=0.01)


def now():
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    node = RunningNode(tmp_path_factory.mktemp("works"))
    node.buyer = firm_keys(tmp_path_factory.mktemp("buyer"))
    node.between = Between()
    node.settings["names"] = [f"127.0.0.1:{node.between.port}"]
    node.between.node_port = node.port
    node.trust("buyer", node.buyer)
    node.start()
    yield node
    node.between.close()
    node.stop()


@pytest.fixture
def ledger(tmp_path):
    actor = Actor.generate("trader")
    with create_ledger(tmp_path / "book.db", practice=False, actor=actor, clock=now) as opened:
        yield opened


def firms_of(node, keys, **more):
    settings = node.settings_for_buyer(**{"timeout_seconds": 5, **more})
    known = network({"mill": ("http", settings), "store": ("catalog", {})})
    return Firms(known, now, keys_folder=str(keys))


def chain(order, quantity=2):
    return plan(
        order,
        leg("mill", quantity=quantity, price=1000 * quantity, day=SOON),
        leg("store", "warehouse", day=SOON, capacity=10**6),
    )


def booked_at(node, buyer, order):
    with open_ledger(node.folder / "book.db") as theirs:
        return [hold for hold in theirs.holds(f"{buyer}:{order}") if hold.ending == "confirmed"]


def test_buyer_reserves_and_cancels_at_the_node(works, ledger):
    planned(ledger, "o1")
    firms = firms_of(works, works.buyer)
    assert isinstance(reserve(ledger, firms, Job("o1", chain("o1"), SOON)), Reserved)
    assert len(booked_at(works, "buyer", "o1")) == 1
    given = release(ledger, firms, "o1", SOON, state="CONFIRMED")
    assert (given.left, set(given.firms)) == ((), {"mill", "store"})
    assert booked_at(works, "buyer", "o1") == []


def test_node_keeps_every_rule_of_the_contract(works):
    services = Services(now, no_secrets, str(works.buyer))
    firm = HttpNode("mill", works.settings_for_buyer(timeout_seconds=5), services)
    request = SlotRequest(
        "check", "c", "factory", "mill", (SlotLine("mill/lamp", "2035-01-08", 1),), 1000, "CNY"
    )
    findings = check_adapter(firm, request, now(), lambda: uuid.uuid4().hex)
    assert [one for one in findings if one.passed is not True] == []


def test_two_installations_buy_from_each_other_and_each_proves_its_side(tmp_path):
    nodes = {name: RunningNode(tmp_path / name) for name in ("north", "south")}
    nodes["north"].trust("south", nodes["south"].folder / "keys")
    nodes["south"].trust("north", nodes["north"].folder / "keys")
    for node in nodes.values():
        node.start()
    try:
        for buyer, seller in (("north", "south"), ("south", "north")):
            _buys(nodes[buyer], nodes[seller])
            _prove(nodes[buyer], nodes[seller], buyer)
    finally:
        for node in nodes.values():
            node.stop()


def _buys(buyer, seller):
    """The buyer writes to the very ledger that its own node serves from."""
    actor = load_or_create_actor("firm", buyer.folder / "ledger.pem")
    with open_ledger(buyer.folder / "book.db", actor=actor, clock=now) as ledger:
        planned(ledger, "o1")
        firms = firms_of(seller, buyer.folder / "keys")
        outcome = reserve(ledger, firms, Job("o1", chain("o1"), SOON))
        assert isinstance(outcome, Reserved), outcome


def _prove(buyer, seller, buyer_name):
    """With the two ledgers and two public keys alone: what was asked, and what was answered to it."""
    seller_key = load_signing_key(seller.folder / "keys").public_key()
    buyer_key = load_signing_key(buyer.folder / "keys").public_key()
    with open_ledger(buyer.folder / "book.db") as ours:
        answers = [record.body["answer"] for record in ours.records(order="o1", kind="call.answered")]
    assert [one["answer"] for one in answers] == ["held", "booked"]
    for one in answers:
        _verify(one["proof"], seller_key)
    with open_ledger(seller.folder / "book.db") as theirs:
        asked = [
            record.body["proof"]
            for record in theirs.records(order=f"{buyer_name}:o1")
            if record.kind.startswith("sold.")
        ]
    assert len(asked) == 2
    for proof in asked:
        _verify(proof, buyer_key)


def _verify(proof, key):
    headers = {
        "signature-input": proof["signature-input"],
        "signature": proof["signature"],
        "content-digest": content_digest(proof["body"].encode()),
    }
    for name in ("content-type", "idempotency-key"):
        if proof.get(name):
            headers[name] = proof[name]
    at = (proof["method"], proof["authority"], proof["path"], proof["query"])
    if "status" in proof:
        request = HttpMessage(*at, {"content-digest": proof["request-digest"]})
        status = int(proof["status"])
        message = HttpMessage(headers=headers, body=proof["body"].encode(), status=status, request=request)
    else:
        message = HttpMessage(*at, headers, proof["body"].encode())
    assert verify(message, lambda _: key, now=int(now().timestamp())).key_id == proof["key"]


@pytest.mark.parametrize("fault", FAULTS)
def test_answer_that_meets_a_fault_on_its_way_books_once(works, ledger, fault):
    """The firm did the work each time; the buyer asks again with the same key and gets the same answer."""
    order = f"fault-{fault}"
    planned(ledger, order)
    first = works.between.exchanges + 1
    works.between.faults = {first: fault, first + 2: fault}
    firms = firms_of(works, works.buyer, url=f"http://127.0.0.1:{works.between.port}", timeout_seconds=1)
    outcome = reserve(ledger, firms, Job(order, chain(order), SOON), patience=QUICK)
    assert isinstance(outcome, Reserved), outcome
    assert works.between.exchanges == first + 3
    assert len(booked_at(works, "buyer", order)) == 1


def test_node_that_is_down_is_reached_by_the_same_command_later(tmp_path, ledger):
    node = RunningNode(tmp_path / "works")
    buyer = firm_keys(tmp_path / "buyer")
    node.trust("buyer", buyer)
    planned(ledger, "o1")
    job = Job("o1", chain("o1"), SOON)
    with pytest.raises(UnreachableError):
        reserve(ledger, firms_of(node, buyer), job, patience=QUICK)
    assert ledger.order_state("o1") == "PLANNED"
    node.start()
    try:
        assert isinstance(reserve(ledger, firms_of(node, buyer), job), Reserved)
    finally:
        node.stop()


def _reserve_same(node, keys, path, key, gate, results):
    with open_ledger(path, actor=Actor("trader", key), clock=now) as ledger:
        gate.wait()
        try:
            outcome = reserve(ledger, firms_of(node, keys), Job("o1", chain("o1"), SOON), patience=QUICK)
            results.put(type(outcome).__name__)
        except NetError as error:
            results.put(type(error).__name__)


def test_two_processes_reserving_one_order_book_it_once(works, tmp_path):
    """Whichever is later finds the other's calls in the journal, or is refused; never a second booking."""
    key = SigningKey.generate()
    path = tmp_path / "book.db"
    with create_ledger(path, practice=False, actor=Actor("trader", key), clock=now) as ledger:
        planned(ledger, "o1")
    context = multiprocessing.get_context("fork")
    gate, results = context.Event(), context.SimpleQueue()
    racers = [
        context.Process(target=_reserve_same, args=(works, works.buyer, path, key, gate, results))
        for _ in range(2)
    ]
    for racer in racers:
        racer.start()
    gate.set()
    outcomes = [results.get() for _ in racers]
    for racer in racers:
        racer.join()
    with open_ledger(path) as ledger:
        assert ledger.order_state("o1") == "RESERVED", outcomes
        ours = ledger.id
        assert len(ledger.holds("o1")) == 1
    assert "Reserved" in outcomes
    with open_ledger(works.folder / "book.db") as theirs:
        mine = [hold for hold in theirs.holds("buyer:o1") if _asked_by(hold, ours)]
    assert [hold.ending for hold in mine] == ["confirmed"]


def _asked_by(hold, ledger_id):
    """Whether the hold's key is one that this ledger would make; the node serves other tests too."""
    known = {
        call_key(ledger_id, f"o1/reservation/0/{need.leg}/{turn}/hold")
        for need in needs_of(chain("o1"), network({"mill": ("http", {}), "store": ("catalog", {})}))
        for turn in range(5)
    }
    return hold.hold_id.rpartition("/")[2] in known


def test_killed_processes_book_nothing_twice_and_lose_nothing(tmp_path):
    """A handful of real SIGKILLs; ``bench/node_kills.py`` strikes hundreds of times."""
    result = run_kills(5, 3, tmp_path)
    assert result.kills_of_buyer + result.kills_of_node == 5
    assert (result.doubled, result.lost) == (0, 0)


def _grab(node, keys, number, gate, results):
    services = Services(now, no_secrets, str(keys))
    firm = HttpNode("mill", node.settings_for_buyer(timeout_seconds=30), services)
    line = SlotLine("mill/lamp", SOON.isoformat(), 1)
    request = SlotRequest(f"race-{number}", "factory", "factory", "mill", (line,), 1000, "CNY")
    gate.wait()
    answer = firm.hold(Call(Verb.HOLD, f"race-{number:08}", request, now() + timedelta(hours=1)))
    results.put(type(answer).__name__)


def test_sixty_four_processes_race_for_ten_slots(tmp_path):
    node = RunningNode(tmp_path / "works", capacity=10)
    buyer = firm_keys(tmp_path / "buyer")
    node.trust("buyer", buyer)
    node.start()
    context = multiprocessing.get_context("fork")
    gate, results = context.Event(), context.SimpleQueue()
    racers = [
        context.Process(target=_grab, args=(node, buyer, number, gate, results)) for number in range(64)
    ]
    try:
        for racer in racers:
            racer.start()
        gate.set()
        for racer in racers:
            racer.join(60)
        answers = sorted(results.get() for _ in racers)
        assert answers == ["Declined"] * 54 + ["Held"] * 10
    finally:
        node.stop()


def test_expired_hold_is_told_to_the_buyers_node_once(tmp_path):
    """The message is signed, retried from the outbox, and taken in by the buyer's own node."""
    seller = RunningNode(tmp_path / "seller", post_seconds=0.2)
    buyer = RunningNode(tmp_path / "buyer")
    seller.trust("buyer", buyer.folder / "keys", callback=buyer.url)
    buyer.trust("seller", seller.folder / "keys")
    seller.start()
    services = Services(now, no_secrets, str(buyer.folder / "keys"))
    firm = HttpNode("mill", seller.settings_for_buyer(), services)
    line = SlotLine("mill/lamp", SOON.isoformat(), 1)
    request = SlotRequest("o1", "factory", "factory", "mill", (line,), 1000, "CNY")
    try:
        held = firm.hold(Call(Verb.HOLD, "key-00001", request, now() + timedelta(seconds=1.5)))
        assert isinstance(held, Held)
        time.sleep(2)
        buyer.start()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with open_ledger(buyer.folder / "book.db") as ours:
                told = list(ours.records(kind="firm.orphan"))
            with open_ledger(seller.folder / "book.db") as theirs:
                left = theirs.undelivered()
            if told and not left:
                break
            time.sleep(0.1)
        assert [record.body["answer"]["code"] for record in told] == ["expired"]
        assert left == []
    finally:
        seller.stop()
        buyer.stop()


def test_booking_that_the_seller_takes_back_reaches_the_buyers_ledger(tmp_path):
    """Pushed from the seller's outbox to the buyer's node, once, though the buyer's node is down at first."""
    seller = RunningNode(tmp_path / "seller", post_seconds=0.2)
    buyer = RunningNode(tmp_path / "buyer")
    seller.trust("buyer", buyer.folder / "keys", callback=buyer.url)
    buyer.trust("mill", seller.folder / "keys")
    seller.start()
    buyer.start()
    buyer.stop()
    try:
        _buys(buyer, seller)
        actor = load_or_create_actor("firm", seller.folder / "ledger.pem")
        with open_ledger(seller.folder / "book.db", actor=actor, clock=now) as theirs:
            withdraw_sold(theirs, "buyer:o1", now(), reason="the line is down", by="Li")
            assert theirs.holds() == []
            time.sleep(0.5)
            buyer.start()
            _wait_until(lambda: not theirs.undelivered())
        with open_ledger(buyer.folder / "book.db") as ours:
            told = [(one.firm, one.reason) for one in open_withdrawals(ours, "o1")]
            assert told == [("mill", "the line is down")]
            assert len(list(ours.records(kind="message.received"))) == 1
    finally:
        seller.stop()
        buyer.stop()


def _wait_until(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_node_speaks_tls_with_a_certificate(tmp_path):
    certificate, key = self_signed(tmp_path)
    node = RunningNode(tmp_path / "works", certificate=str(certificate), certificate_key=str(key))
    buyer = firm_keys(tmp_path / "buyer")
    node.trust("buyer", buyer)
    node.start()
    try:
        services = Services(now, no_secrets, str(buyer))
        url = f"https://127.0.0.1:{node.port}"
        firm = HttpNode("mill", node.settings_for_buyer(url=url, verified_by=str(certificate)), services)
        line = SlotLine("mill/lamp", SOON.isoformat(), 1)
        request = SlotRequest("o1", "factory", "factory", "mill", (line,), 1000, "CNY")
        assert isinstance(firm.hold(Call(Verb.HOLD, "key-00001", request, now() + timedelta(hours=1))), Held)
        stranger = HttpNode("mill", node.settings_for_buyer(url=url), services)
        with pytest.raises(NotSentError):
            stranger.hold(Call(Verb.HOLD, "key-00002", request, now() + timedelta(hours=1)))
    finally:
        node.stop()
