"""SQLite, PostgreSQL and the plain model driven together: the same answers, the same records, the same root.

The state machine is that of ``test_model.py``; each of its steps is done to both databases, and any
difference between what the two say fails the step.
"""

import os
import secrets
from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test

import tests.ledger.book.test_model as shared
from ledger.book.transaction import Transaction
from ledger.record.records import Receipt
from ledger.store import Ledger, create_ledger
from ledger.verify.ledger import verify_ledger
from tests.conftest import _with_database
from tests.ledger.conftest import ACTOR
from trust.merkle import root_at

pytestmark = pytest.mark.postgres

Asked = Callable[[Ledger], Any]


class Twins:
    """Both ledgers behind one face; an answer that differs, or a refusal by one alone, is an error."""

    def __init__(self, file: Ledger, server: Ledger) -> None:
        self.file, self.server = file, server

    def _both(self, ask: Asked) -> Any:
        outcomes = [self._outcome(ask, ledger) for ledger in (self.file, self.server)]
        (one, raised), (other, also_raised) = outcomes
        if raised or also_raised:
            assert type(raised) is type(also_raised), (raised, also_raised)
            assert raised
            raise raised
        assert comparable(one) == comparable(other), (one, other)
        return one

    @staticmethod
    def _outcome(ask: Asked, ledger: Ledger) -> tuple[Any, Exception | None]:
        try:
            answer = ask(ledger)
            return (list(answer) if hasattr(answer, "__next__") else answer), None
        except Exception as error:
            return None, error

    def append(self, *entries: Any) -> Any:
        return self._both(lambda ledger: ledger.append(*entries))

    def commit(self, work: Callable[[Transaction], Any]) -> Any:
        return self._both(lambda ledger: ledger.commit(work))

    def balance(self, *given: Any, on: date | None = None) -> Any:
        return self._both(lambda ledger: ledger.balance(*given, on=on))

    def capacity(self, *given: Any) -> Any:
        return self._both(lambda ledger: ledger.capacity(*given))

    def orders(self) -> Any:
        return self._both(lambda ledger: [(head.order, head.state) for head in ledger.orders()]) and list(
            self.file.orders()
        )

    def holds(self) -> Any:
        return self._both(lambda ledger: ledger.holds())

    def finance_claims(self) -> Any:
        return self._both(lambda ledger: ledger.finance_claims())

    def size(self) -> int:
        size: int = self._both(lambda ledger: ledger.size())
        return size

    def root(self) -> bytes:
        root: bytes = self._both(lambda ledger: root_at(ledger.size(), ledger.backend.tree()))
        return root

    def close(self) -> None:
        self.file.close()
        self.server.close()


def comparable(answer: Any) -> Any:
    """An answer without the number in the tree, which a record on PostgreSQL gets only when it is sealed."""
    if isinstance(answer, Receipt):
        return answer.record_id, answer.repeated
    if isinstance(answer, list):
        return [comparable(one) for one in answer]
    return answer


class BothLedgersAgainstModel(shared.LedgerAgainstModel):
    """The same rules, on two databases at once."""

    server_url = ""

    @initialize()
    def create(self) -> None:
        self.database = f"net_model_{secrets.token_hex(5)}"
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self.database}")
        places = (self.folder / "net.db", _with_database(self.server_url, self.database))
        made = [
            create_ledger(place, practice=True, actor=ACTOR, clock=self.clock, ledger_id="net-twins")
            for place in places
        ]
        self.ledger = Twins(*made)  # type: ignore[assignment]

    @invariant()
    def tree_is_that_of_the_records(self) -> None:
        if hasattr(self, "ledger"):
            assert self.ledger.root()  # type: ignore[attr-defined]

    def teardown(self) -> None:
        if not hasattr(self, "ledger"):
            return
        twins: Twins = self.ledger  # type: ignore[assignment]
        try:
            reports = [verify_ledger(one, workers=1) for one in (twins.file, twins.server)]
            assert [report.findings for report in reports] == [[], []]
            assert reports[0].root == reports[1].root
        finally:
            twins.close()
            with psycopg.connect(self.server_url, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {self.database} WITH (FORCE)")


def test_both_databases_and_the_model_agree(postgres_server: str) -> None:
    """Set NET_TEST_EXAMPLES for the long form."""

    class Machine(BothLedgersAgainstModel):
        server_url = postgres_server

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=int(os.environ.get("NET_TEST_EXAMPLES", "5")),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
