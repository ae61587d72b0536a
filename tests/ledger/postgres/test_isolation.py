"""What several transactions at once could slip past a guard, and whom one that stops could keep waiting."""

from datetime import date
from typing import Any

import psycopg
import pytest

from domain.posting import Entry, Leg
from ledger.postgres import sealer
from ledger.postgres.connection import connect
from ledger.postgres.sealer import SealedNodes
from ledger.record.backend import ContendedError
from ledger.record.records import Floor
from ledger.record.signing import command_digest, command_message
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.ledger.postgres.test_guards import NEW_COMMAND, legs, noted, raw_record, signature
from trust.merkle import Frontier

pytestmark = pytest.mark.postgres

DAY = date(2026, 3, 2)
OLD_VIEWS = ["REPEATABLE READ", "SERIALIZABLE"]
Connection = psycopg.Connection[Any]


def program(ledger: Ledger) -> Connection:
    connection = psycopg.connect(ledger.backend.url)
    connection.execute("SET search_path = net, pg_temp")
    connection.commit()
    return connection


def write(connection: Connection, ledger: Ledger, entry: Entry) -> None:
    statement, leaf = raw_record(ledger, entry)
    for text, parameters in (NEW_COMMAND, statement, signature(ledger, [leaf])):
        connection.execute(text, parameters)
    connection.commit()


def sign(connection: Connection, ledger: Ledger, number: int, leaf: bytes) -> None:
    digest = command_digest([leaf])
    signed = ACTOR.key.sign(command_message(ledger.id, digest))
    connection.execute(
        "INSERT INTO command (command, actor_key, digest, signature) VALUES (%s, %s, %s, %s)",
        (number, ACTOR.key.public.text, digest, signed),
    )


def drawn(connection: Connection) -> int:
    row = connection.execute("SELECT nextval('command_number')").fetchone()
    assert row
    return int(row[0])


def made(url: str) -> Ledger:
    return create_ledger(url, practice=True, actor=ACTOR, clock=Clock())


@pytest.mark.parametrize("guarded", [True, False])
def test_record_is_signed_by_the_transaction_that_wrote_it(postgres_database: str, guarded: bool) -> None:
    """Two transactions take one command number: the second would be kept under the first one's signature."""
    with made(postgres_database) as ledger, program(ledger) as one, program(ledger) as other:
        if not guarded:
            with psycopg.connect(postgres_database) as owner:
                owner.execute("ALTER TABLE net.record DISABLE TRIGGER signed")
        number = drawn(one)
        first, leaf = raw_record(ledger, Entry("x", "first", DAY), command=number)
        late, _ = raw_record(ledger, Entry("x", "late", DAY), command=number)
        one.execute(*first)
        other.execute(*late)
        sign(one, ledger, number, leaf)
        one.commit()
        if guarded:
            with pytest.raises(psycopg.Error, match="without a signed command"):
                other.commit()
            assert verify_ledger(ledger).sound
        else:
            other.commit()
            assert "not those that were signed" in str(verify_ledger(ledger).findings)


@pytest.mark.parametrize("level", OLD_VIEWS)
def test_older_view_of_the_ledger_cannot_write_below_a_floor_set_since(
    postgres_database: str, level: str
) -> None:
    with made(postgres_database) as ledger, program(ledger) as connection:
        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        connection.execute("SELECT 1 FROM ledger")
        with ledger.write() as transaction:
            transaction.set_floor(Floor("lender", "1010"))
        below = Entry(
            "x", "below", DAY, "o1", {}, (Leg("lender", "1010", "CNY", -5), Leg("lender", "z", "CNY", 5))
        )
        with pytest.raises(psycopg.Error, match="READ COMMITTED"):
            write(connection, ledger, below)
        assert verify_ledger(ledger).sound


@pytest.mark.parametrize("level", OLD_VIEWS)
def test_older_view_of_the_ledger_cannot_write_after_the_hand_over(
    postgres_database: str, level: str
) -> None:
    with made(postgres_database) as ledger, program(ledger) as connection, program(ledger) as mover:
        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        connection.execute("SELECT 1 FROM pg_catalog.pg_class").fetchall()
        write(mover, ledger, noted("ledger.handed-over", "moved", {"to": "x", "size": 3, "root": ""}, None))
        with pytest.raises(psycopg.Error, match="READ COMMITTED"):
            write(connection, ledger, Entry("x", "after", DAY))


@pytest.mark.parametrize("guarded", [True, False])
def test_commands_of_one_transaction_are_placed_in_the_order_of_their_records(
    postgres_database: str, guarded: bool
) -> None:
    """Money in and out again: signed the other way round, the tree would have it leave before it came."""
    with made(postgres_database) as ledger, program(ledger) as connection:
        if not guarded:
            with psycopg.connect(postgres_database) as owner:
                row = owner.execute("SELECT pg_get_functiondef('net.command_signed'::regproc)").fetchone()
                assert row
                weaker = row[0].replace("IF earliest < (", "IF false AND earliest < (")
                assert weaker != row[0]
                owner.execute(weaker)
        numbers = [drawn(connection), drawn(connection)]
        entries = [
            Entry("x", "in", DAY, "o5", {}, legs(-5, 5)),
            Entry("x", "out", DAY, "o5", {}, legs(5, -5)),
        ]
        leaves = []
        for number, entry in zip(numbers, entries, strict=True):
            statement, leaf = raw_record(ledger, entry, command=number)
            connection.execute(*statement)
            leaves.append(leaf)
        sign(connection, ledger, numbers[1], leaves[1])
        if guarded:
            with pytest.raises(psycopg.Error, match="in the order of their records"):
                sign(connection, ledger, numbers[0], leaves[0])
        else:
            sign(connection, ledger, numbers[0], leaves[0])
            connection.commit()
            with open_ledger(ledger.backend.url) as again:
                assert "below its floor" in str(verify_ledger(again).findings)


@pytest.mark.parametrize("guarded", [True, False])
def test_seal_cannot_pass_over_a_record_that_waits(postgres_database: str, guarded: bool) -> None:
    """A sealer looks no further back than the last seal says: what it passes over would wait for ever."""
    with made(postgres_database) as ledger, program(ledger) as connection:
        if not guarded:
            with psycopg.connect(postgres_database) as owner:
                owner.execute("ALTER TABLE net.seal DISABLE TRIGGER sealed")
        size = ledger.size()
        for name in ("one", "two"):
            write(connection, ledger, Entry("x", name, DAY))
        sequence, leaf = connection.execute("SELECT sequence, leaf FROM record WHERE key = 'two'").fetchall()[
            0
        ]
        node = Frontier.at(size, SealedNodes(connection)).append(bytes(leaf))
        connection.execute("INSERT INTO sealing VALUES (%s, %s, %s)", (size + 1, sequence, node))
        over = "INSERT INTO seal VALUES (%s, pg_snapshot_xmin(pg_current_snapshot()))"
        connection.commit()
        if guarded:
            with pytest.raises(psycopg.Error, match="how far the sealing went"):
                connection.execute(over, (size + 1,))
            connection.rollback()
            assert verify_ledger(ledger).records == size + 2
        else:
            connection.execute(over, (size + 1,))
            connection.commit()
            assert "passed over" in str(verify_ledger(ledger).findings)


def test_nobody_waits_for_ever_for_a_sealer_that_stopped(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may connect can take the sealers' lock and keep it: writing, reading and verifying go on."""
    monkeypatch.setattr(sealer, "PATIENCE", 0.2)
    with made(postgres_database) as ledger:
        sealed, url = ledger.size(), ledger.backend.url
    with psycopg.connect(postgres_database, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (sealer.SEALER_LOCK,))
        with open_ledger(url, actor=ACTOR) as ledger:
            ledger.append(draw(1))
            assert ledger.size() == sealed
            report = verify_ledger(ledger)
            assert report.sound
            assert (report.records, report.unsealed) == (sealed, 1)
        with connect(url) as waiting, pytest.raises(ContendedError):
            sealer.seal(waiting)
    with open_ledger(url) as ledger:
        assert ledger.size() == sealed + 1
