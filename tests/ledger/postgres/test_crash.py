"""The short form of ``bench/ledger_crash_postgres.py`` and of ``bench/ledger_writers.py`` on PostgreSQL."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from bench import ledger_crash_postgres as harness
from bench import ledger_writers
from domain.errors import UnreachableError
from domain.posting import Entry
from ledger.book.transaction import Transaction
from ledger.postgres.backend import PostgresWrite
from ledger.store import Ledger, create_ledger
from tests.ledger.conftest import ACTOR, draw
from tests.parts.postgres_server import controlled_server, database

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked writers"),
]


@pytest.fixture
def ledger(postgres_database: str) -> Iterator[Ledger]:
    with create_ledger(postgres_database, practice=True, actor=ACTOR) as made:
        yield made


def test_crash_loses_nothing_acknowledged_and_leaves_nothing_half(
    postgres_database: str, tmp_path: Path
) -> None:
    own = "NET_TEST_POSTGRES" not in os.environ
    kinds = (harness.WRITER, harness.PROCESS) if own else (harness.WRITER,)
    outcome, done = harness.run(postgres_database, 5, seed=4, folder=tmp_path, kinds=kinds)
    assert outcome.acknowledged > 0
    assert set(done) == set(kinds)


def test_server_killed_and_started_again_loses_nothing_acknowledged(tmp_path: Path) -> None:
    with controlled_server() as controlled, database(controlled.url) as owner_url:
        outcome, done = harness.run(
            owner_url, 2, seed=5, folder=tmp_path, controlled=controlled, kinds=(harness.SERVER,)
        )
    assert outcome.acknowledged > 0
    assert done[harness.SERVER] == 2


def test_writers_at_once_never_overdraw_or_overbook(postgres_database: str, tmp_path: Path) -> None:
    told, _ = ledger_writers.run(postgres_database, writers=8, operations=400, seed=3, folder=tmp_path)
    assert told["refused"] > 0
    assert told["declined"] > 0


def test_commit_whose_answer_is_lost_is_resolved_by_running_it_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server commits, the connection dies before it says so: exit 6, and the second run finds it."""
    whole = PostgresWrite.end

    def lost(self: PostgresWrite, ledger_id: str, actor: object) -> None:
        whole(self, ledger_id, actor)  # type: ignore[arg-type]
        raise UnreachableError("the connection to PostgreSQL broke", "run the same command again")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresWrite, "end", lost)
        with pytest.raises(UnreachableError), ledger.write() as transaction:
            transaction.append(draw(1))
    with ledger.write() as transaction:
        assert transaction.append(draw(1)).repeated


def test_connection_cut_in_the_middle_writes_nothing_and_says_so(
    ledger: Ledger, postgres_database: str
) -> None:
    before = ledger.size()

    def cut_short(transaction: Transaction) -> None:
        transaction.append(draw(1))
        with psycopg.connect(postgres_database, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        transaction.append(Entry("note", "n", date(2026, 3, 2)))

    with pytest.raises(UnreachableError) as caught:
        ledger.commit(cut_short)
    assert "again" in caught.value.hint
    assert ledger.size() == before
    ledger.append(draw(1))
    assert ledger.size() == before + 1
