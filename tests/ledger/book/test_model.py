"""The ledger against a plain model in memory: random sequences of every verb, invariants after each step."""

import shutil
import tempfile
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.errors import AlreadyFinancedError, KeyReusedError, NetError, RefusedError, StateError
from domain.ports import HoldLine, NotFree, SlotsHeld
from domain.posting import Entry, Leg
from ledger.store import Ledger, create_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock
from trust.merkle import Frontier, leaf_hash, root_at

ORDERS = st.sampled_from(["o1", "o2", "o3"])
SLOTS = st.sampled_from([("f", "2026-03-05"), ("f", "2026-03-06"), ("credit:h", "limit")])
AMOUNTS = st.integers(-200, 200)
HOLDS = st.sampled_from([f"h{number}" for number in range(6)])
DAYS = st.integers(0, 5).map(lambda days: date(2026, 3, 5) + timedelta(days))


class LedgerAgainstModel(RuleBasedStateMachine):
    """Every rule does a thing to both, and the two answers must be of one kind."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.keys: dict[str, Entry] = {}
        self.cash: dict[str, int] = defaultdict(int)
        self.days: dict[date, int] = defaultdict(int)
        self.states: dict[str, str] = {}
        self.capacity: dict[tuple[str, str], int] = {}
        self.used: dict[tuple[str, str], int] = defaultdict(int)
        self.holds: dict[str, dict[str, Any]] = {}
        self.claims: dict[str, tuple[str, str]] = {}
        self.ledger: Ledger

    @initialize()
    def create(self) -> None:
        self.ledger = create_ledger(self.folder / "net.db", practice=True, actor=ACTOR, clock=self.clock)

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            report = verify_ledger(self.ledger, workers=1)
            assert report.findings == []
            self.ledger.close()
        shutil.rmtree(self.folder)

    @rule(
        key=st.integers(0, 12), order=ORDERS, amount=AMOUNTS, on=DAYS, state=st.sampled_from([None, "A", "B"])
    )
    def append(self, key: int, order: str, amount: int, on: date, state: str | None) -> None:
        legs = (Leg("trader", "1010", "CNY", amount), Leg("trader", "2310", "CNY", -amount))
        body = {"state": state} if state else {"n": key}
        entry = Entry("x", f"k{key}", on, order, body, legs)
        known = self.keys.get(entry.key)
        refused = known is None and self.cash[order] + amount < 0
        try:
            (receipt,) = self.ledger.append(entry)
        except KeyReusedError:
            assert known not in (None, entry)
            return
        except RefusedError:
            assert refused
            return
        assert not refused
        assert receipt.repeated == (known == entry)
        if known is None:
            self.keys[entry.key] = entry
            self.cash[order] += amount
            self.days[on] += amount
            self.states |= {order: state} if state else {}

    @rule(slot=SLOTS, capacity=st.integers(0, 12))
    def open_capacity(self, slot: tuple[str, str], capacity: int) -> None:
        try:
            self.ledger.commit(lambda t: t.open_capacity(*slot, capacity))
            assert capacity >= self.used[slot]
            self.capacity[slot] = capacity
        except RefusedError:
            assert capacity < self.used[slot]

    @rule(
        name=HOLDS, order=ORDERS, lines=st.lists(st.tuples(SLOTS, st.integers(1, 5)), min_size=1, max_size=3)
    )
    def hold(self, name: str, order: str, lines: list[tuple[tuple[str, str], int]]) -> None:
        wanted: dict[tuple[str, str], int] = defaultdict(int)
        for slot, quantity in lines:
            wanted[slot] += quantity
        asked = [HoldLine(*slot, quantity) for slot, quantity in lines]
        expires = self.clock.now + timedelta(minutes=30)
        known = self.holds.get(name)
        try:
            answer = self.ledger.commit(lambda t: t.hold(name, order, asked, expires))
        except KeyReusedError:
            assert known is not None
            assert (known["order"], known["lines"]) != (order, dict(wanted))
            return
        if isinstance(answer, SlotsHeld) and answer.repeated:
            assert known is not None
            assert (known["order"], known["lines"]) == (order, dict(wanted))
        elif isinstance(answer, NotFree):
            slot = (answer.resource, answer.period)
            assert answer.free == self.capacity.get(slot, 0) - self.used[slot] < wanted[slot] == answer.wanted
        else:
            assert all(self.used[s] + q <= self.capacity.get(s, 0) for s, q in wanted.items())
            self.holds[name] = {"order": order, "lines": dict(wanted), "end": None, "expires": expires}
            for slot, quantity in wanted.items():
                self.used[slot] += quantity

    @rule(
        name=HOLDS,
        verb=st.sampled_from(["confirmed", "released", "expired", "used", "cancelled", "returned"]),
    )
    def end(self, name: str, verb: str) -> None:
        calls = {"confirmed": "confirm_hold", "released": "release_hold", "expired": "expire_hold"}
        known = self.holds.get(name)
        before = None if known is None else known["end"]
        try:
            receipt = self.ledger.commit(
                lambda t: getattr(t, calls[verb])(name) if verb in calls else t.end_booking(name, verb)
            )
        except StateError:
            assert known is not None
            assert not self.allowed(known, verb)
            return
        except NetError:
            assert known is None
            return
        assert known is not None
        assert receipt.repeated == (before == verb or (verb == "confirmed" and before in BOOKED))
        if not receipt.repeated:
            assert self.allowed(known, verb)
            known["end"] = verb
            if verb not in ("confirmed", "used"):
                for slot, quantity in known["lines"].items():
                    self.used[slot] -= quantity

    def allowed(self, known: dict[str, Any], verb: str) -> bool:
        late = self.clock.now >= known["expires"]
        before = known["end"]
        if verb in BOOKED:
            return before in ("confirmed", verb)
        if before is not None:
            return before == verb or (verb == "confirmed" and before in BOOKED)
        return {"confirmed": not late, "released": True, "expired": late}[verb]

    @rule(fingerprint=st.sampled_from(["a", "b"]), order=ORDERS, financier=st.sampled_from(["x", "y"]))
    def claim(self, fingerprint: str, order: str, financier: str) -> None:
        held = self.claims.get(fingerprint)
        try:
            receipt = self.ledger.commit(lambda t: t.claim_finance(fingerprint, order, financier))
            assert held in (None, (order, financier))
            assert receipt.repeated == (held is not None)
            self.claims[fingerprint] = (order, financier)
        except AlreadyFinancedError:
            assert held not in (None, (order, financier))

    @rule(fingerprint=st.sampled_from(["a", "b"]), order=ORDERS)
    def release_claim(self, fingerprint: str, order: str) -> None:
        released = self.ledger.commit(lambda t: t.release_finance(fingerprint, order))
        held = self.claims.get(fingerprint)
        assert (released is not None) == (held is not None and held[0] == order)
        if released is not None:
            del self.claims[fingerprint]

    @rule(minutes=st.integers(1, 40))
    def wait(self, minutes: int) -> None:
        self.clock.move(minutes=minutes)

    @rule()
    def undone(self) -> None:
        """A command that fails at its end leaves nothing, and a part that fails takes only itself back."""
        size = self.ledger.size()

        def fails(transaction: Any) -> None:
            transaction.append(Entry("x", "never", date(2026, 1, 1), "o9", {"state": "Z"}))
            raise ZeroDivisionError

        def part_fails(transaction: Any) -> None:
            with pytest.raises(ZeroDivisionError), transaction.savepoint():
                fails(transaction)

        with pytest.raises(ZeroDivisionError):
            self.ledger.commit(fails)
        self.ledger.commit(part_fails)
        assert self.ledger.size() == size

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "ledger"):
            return
        cash = {b.order: b.amount_minor for o in self.cash for b in self.ledger.balance("trader", "1010", o)}
        assert cash == {order: amount for order, amount in self.cash.items() if amount}
        for day in (date(2026, 3, 5), date(2026, 3, 7)):
            total = sum(amount for on, amount in self.days.items() if on <= day)
            found = self.ledger.balance("trader", "1010", on=day)
            assert [b.amount_minor for b in found] == ([total] if total else [])
        for slot, capacity in self.capacity.items():
            assert self.ledger.capacity(*slot) == (capacity, self.used[slot])
        assert {head.order: head.state for head in self.ledger.orders()} == self.states
        expected = {name for name, known in self.holds.items() if known["end"] in (None, "confirmed")}
        assert {hold.hold_id for hold in self.ledger.holds()} == expected
        assert {f: (o, who) for f, o, who in self.ledger.finance_claims()} == self.claims

    @invariant()
    def tree_is_that_of_the_records(self) -> None:
        if not hasattr(self, "ledger"):
            return
        frontier = Frontier()
        for (body,) in self.ledger.backend.reader().rows("SELECT body FROM record ORDER BY sequence"):
            frontier.append(leaf_hash(body.encode()))
        assert root_at(self.ledger.size(), self.ledger.backend.tree()) == frontier.root()


BOOKED = ("used", "cancelled", "returned")
TestLedgerAgainstModel = LedgerAgainstModel.TestCase
TestLedgerAgainstModel.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
