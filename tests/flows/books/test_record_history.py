"""Random facts with random dates on a real ledger: a refusal writes nothing, the rest stays true."""

import tempfile
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.errors import NetError
from finance.agreed.facts import FactKind
from finance.fold.fold import fold
from flows.books.advance import advance
from flows.books.order_book import read_book
from flows.books.record import record_fact
from flows.orders.statement import Statement
from ledger.store import create_ledger
from tests.flows.books import test_record as example

START = date(2026, 3, 5)
ORDER = "lamp-1"
days = st.integers(0, 200)
amounts = st.sampled_from(["100", "1590000", "25764000", "50000000", "113000000"])
bookings = st.sampled_from(["factory", "carrier", "warehouse", "inspector", "network"])


class History(RuleBasedStateMachine):
    """One financed order; facts come in any order, with any date."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.ledger = create_ledger(Path(self.folder.name) / "net.ledger", practice=True, actor=example.ACTOR)
        example.begin(self.ledger, example.lamp_contract())
        self.changed = True

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()

    def say(self, kind: FactKind, day: int, **data: Any) -> None:
        size = self.ledger.size()
        refused: NetError | None = None
        try:
            record_fact(self.ledger, ORDER, kind, Statement(START + timedelta(days=day)), data)
        except NetError as error:
            refused = error
        if refused is not None:
            assert refused.hint
            assert self.ledger.size() == size
        self.changed = True

    @rule(day=days)
    def plan(self, day: int) -> None:
        with suppress(NetError):
            advance(self.ledger, ORDER, START + timedelta(days=day), as_planned=True)
        self.changed = True

    @rule(day=days)
    def accrue(self, day: int) -> None:
        advance(self.ledger, ORDER, START + timedelta(days=day))
        self.changed = True

    @rule(day=days, amount=amounts)
    def receive(self, day: int, amount: str) -> None:
        self.say(FactKind.RECEIPT, day, amount=amount)

    @rule(day=days, booking=bookings, amount=amounts)
    def pay(self, day: int, booking: str, amount: str) -> None:
        self.say(FactKind.PAYMENT, day, payee=booking, amount=amount)

    @rule(day=days, amount=amounts)
    def draw(self, day: int, amount: str) -> None:
        self.say(FactKind.DRAW, day, facility="order-loan", payees=[["factory", amount]])

    @rule(day=days, name=st.sampled_from(["production_end", "inspection", "delivery"]))
    def reach(self, day: int, name: str) -> None:
        self.say(FactKind.MILESTONE, day, name=name)

    @rule(day=days, amount=amounts, kind=st.sampled_from([FactKind.DISPUTE, FactKind.CREDIT_NOTE]))
    def complain(self, day: int, amount: str, kind: FactKind) -> None:
        self.say(kind, day, amount=amount)

    @rule(day=days, booking=bookings, amount=amounts)
    def refund(self, day: int, booking: str, amount: str) -> None:
        self.say(FactKind.REFUND, day, booking=booking, amount=amount)

    @rule(day=days, kind=st.sampled_from([FactKind.INSOLVENT, FactKind.WRITE_OFF, FactKind.CANCELLED]))
    def end_badly(self, day: int, kind: FactKind) -> None:
        self.say(kind, day)

    @invariant()
    def books_hold(self) -> None:
        """Balanced per entity; cash never negative; read as if, the ledger is the fold of its facts."""
        if not self.changed:
            return
        self.changed = False
        book = read_book(self.ledger, ORDER)
        found: dict[tuple[str, str], int] = {}
        sums: dict[str, int] = {}
        for one in self.ledger.balance(order=ORDER):
            sums[one.entity] = sums.get(one.entity, 0) + one.amount_minor
            code = "1010" if one.account in ("1245", "2250") else one.account
            found[one.entity, code] = found.get((one.entity, code), 0) + one.amount_minor
            assert (one.entity, one.account) != ("trader", "1010") or one.amount_minor >= 0
        assert not any(sums.values())
        horizon = max(fact.on for fact in book.facts)
        books = fold(book.contract, book.facts, horizon).position.books
        wanted = {spot: amount for spot, amount in books.balances.items() if amount}
        assert {spot: amount for spot, amount in found.items() if amount} == wanted


TestHistory = History.TestCase
TestHistory.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
