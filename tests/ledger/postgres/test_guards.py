"""Raw SQL against the ledger on PostgreSQL: refused to the program and to the owner, until its guard is gone.

Each attack is tried three times: as the program's role, as the role that owns the tables (whom no privilege
stops, only the guards), and as the owner after switching off the one guard that the attack names. The third
must succeed, or the attack proves nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import pytest

from domain.ports import HoldLine
from domain.posting import Entry, Leg
from ledger.book.transaction import new_record
from ledger.postgres.backend import PostgresBackend
from ledger.record.body import BodyWriter
from ledger.record.signing import command_digest, command_message
from ledger.store import Ledger, create_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from trust.merkle import leaf_hash

pytestmark = pytest.mark.postgres

Statement = tuple[str, tuple[Any, ...]]
STAYING = (
    *("record", "command", "sealing", "seal", "ledger", "actor", "leg", "capacity_line", "slot_move"),
    *("hold", "hold_end", "booking_end", "finance_claim", "finance_release", "intent", "attempt"),
    *("outcome", "outbox", "delivery", "inbox"),
)
REFUSALS = {"NT001", "23502", "23505", "22008", "22P02"}
"""A guard, NOT NULL, a key there already, no date, no number; each undoes the whole statement."""
ONE = ["factory:x", "2026-03-05", "1"]
CACHES = ("balance_part", "account_floor", "order_head", "slot")


@dataclass(frozen=True)
class Attack:
    """``statements`` in one transaction; ``guard`` is TABLE.TRIGGER."""

    name: str
    guard: str
    statements: tuple[Statement, ...]


def sql(name: str, guard: str, *texts: str) -> Attack:
    return Attack(name, guard, tuple((text, ()) for text in texts))


@pytest.fixture(scope="module")
def module_ledger(postgres_server: str) -> Iterator[tuple[Ledger, str]]:
    """A ledger with something in every table, for the whole module: attacks leave nothing behind."""
    from tests.conftest import _with_database

    name = "net_test_guards"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    owner_url = _with_database(postgres_server, name)
    with create_ledger(owner_url, practice=True, actor=ACTOR, clock=Clock()) as ledger:
        fill(ledger)
        yield ledger, owner_url
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def fill(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.append(draw(1))
        transaction.append(Entry("order.planned", "s1", date(2026, 3, 2), "o1", {"state": "PLANNED"}))
        transaction.open_capacity("factory:x", "2026-03-05", 10)
        for number in range(3):
            transaction.hold(f"h{number}", "o1", [HoldLine("factory:x", "2026-03-05", 2)])
        transaction.release_hold("h0")
        transaction.confirm_hold("h1")
        transaction.end_booking("h1", "cancelled")
        transaction.claim_finance("fp", "o1", "lender:a")
        transaction.claim_finance("fp2", "o1", "lender:a")
        transaction.release_finance("fp2", "o1")
        transaction.record_intent("op", "o1", {"ask": 1})
        transaction.record_attempt("op")
        transaction.record_outcome("op", "ok")
        transaction.put_outbox("m1", "them", {})
        transaction.mark_delivered("m1")
        transaction.inbox("them", "m2")
    ledger.backend.seal()  # type: ignore[attr-defined]
    ledger.append(draw(2))  # stays unsealed in part of the attacks


def raw_record(ledger: Ledger, entry: Entry, **changed: Any) -> tuple[Statement, bytes]:
    """An INSERT of the entry as the program would write it, but for ``changed`` columns."""
    body = BodyWriter(changed.pop("ledger_id", ledger.id), ACTOR.key.public.text, Clock()).body(entry)
    return raw_body(entry, body, **changed)


def raw_body(entry: Entry, body: bytes, **changed: Any) -> tuple[Statement, bytes]:
    row = new_record(entry, body)._asdict() | {"leaf": leaf_hash(body)} | changed
    columns = {"order": "order_reference"}
    names = ", ".join(columns.get(name, name) for name in row)
    marks = ", ".join(["%s"] * len(row))
    leaf: bytes = row["leaf"]
    return (f"INSERT INTO record ({names}) VALUES ({marks})", tuple(row.values())), leaf


NEW_COMMAND: Statement = ("SELECT nextval('command_number')", ())
AT_ONCE: Statement = ("SET CONSTRAINTS ALL IMMEDIATE", ())


def signature(
    ledger: Ledger, leaves: list[bytes], signer: str | None = None, digest: bytes | None = None
) -> Statement:
    digest = digest or command_digest(leaves)
    signed = ACTOR.key.sign(command_message(ledger.id, digest))
    return (
        "INSERT INTO command (command, actor_key, digest, signature)"
        " VALUES (currval('command_number'), %s, %s, %s)",
        (signer or ACTOR.key.public.text, digest, signed),
    )


def legs(*amounts: int, account: str = "1010") -> tuple[Leg, ...]:
    return tuple(Leg("trader", account if n else "2310", "CNY", amount) for n, amount in enumerate(amounts))


def noted(kind: str, key: str, body: dict[str, Any], order: str | None = "o1") -> Entry:
    return Entry(kind, key, date(2026, 3, 2), order, body)


def record_attacks(ledger: Ledger) -> Iterator[Attack]:
    """Records that a guard of ``record`` must refuse although the program's role may insert there."""
    day = date(2026, 3, 2)
    fine = Entry("x", "fine", day, "o1", {}, legs(-5, 5))
    bad_entries: dict[str, Entry] = {
        "unbalanced": Entry("x", "k", day, "o1", {}, legs(-5, 6)),
        "balanced only over entities": Entry(
            "x", "k", day, "o1", {}, (Leg("a", "1", "CNY", 5), Leg("b", "1", "CNY", -5))
        ),
        "balanced only over currencies": Entry(
            "x", "k", day, "o1", {}, (Leg("a", "1", "CNY", 5), Leg("a", "1", "EUR", -5))
        ),
        "below the floor": Entry("x", "k", day, "o9", {}, legs(5, -5)),
        "a second ledger": noted("ledger.created", "k", {"practice": True, "schema_version": 1}),
        "an overbooking": noted(
            "capacity.held",
            "k",
            {"hold": "hx", "expires_at": None, "lines": [["factory:x", "2026-03-05", "9"]]},
        ),
        "a hold of nothing": noted(
            "capacity.held",
            "k",
            {"hold": "hx", "expires_at": None, "lines": [["factory:x", "2026-03-05", "0"]]},
        ),
        "a hold of less than nothing": noted(
            "capacity.held",
            "k",
            {"hold": "hx", "expires_at": None, "lines": [["factory:x", "2026-03-05", "-9"]]},
        ),
        "a slot that was never opened": noted(
            "capacity.held",
            "k",
            {"hold": "hx", "expires_at": None, "lines": [["factory:y", "2026-03-05", "1"]]},
        ),
        "a capacity below what is used": noted(
            "capacity.opened", "k", {"lines": [["factory:x", "2026-03-05", "1"]]}
        ),
        "a hold that exists": noted(
            "capacity.held",
            "k",
            {"hold": "h2", "expires_at": None, "lines": [["factory:x", "2026-03-05", "1"]]},
        ),
        "a hold ended twice": noted("capacity.confirmed", "k", {"hold": "h0"}),
        "an unknown hold ended": noted("capacity.released", "k", {"hold": "nobody"}),
        "a booking ended twice": noted("capacity.returned", "k", {"hold": "h1"}),
        "a hold ended as a booking": noted("capacity.used", "k", {"hold": "h2"}),
        "financed twice": noted("claim.made", "k", {"fingerprint": "fp", "financier": "lender:b"}, "o2"),
        "a claim released twice": noted("claim.released", "k", {"fingerprint": "fp2", "turn": 1}),
        "a second intent": noted("call.intended", "k", {"operation": "op", "request": {}}),
        "an attempt without intent": noted("call.attempted", "k", {"operation": "nothing", "n": 1}),
        "an attempt out of turn": noted("call.attempted", "k", {"operation": "op", "n": 7}),
        "a second outcome": noted("call.answered", "k", {"operation": "op", "n": 2, "status": "failed"}),
        "a message delivered twice": noted("message.delivered", "k", {"message_id": "m1"}),
        "an unknown message delivered": noted("message.delivered", "k", {"message_id": "m9"}),
        "a message received twice": noted("message.received", "k", {"provider": "them", "message_id": "m2"}),
        "an actor enrolled twice": noted(
            "actor.enrolled", "k", {"actor_key": ACTOR.key.public.text, "name": "again"}
        ),
        "a hold that expires at no instant": noted(
            "capacity.held", "k", {"hold": "hx", "expires_at": "infinity", "lines": [ONE]}
        ),
        "an upgrade backwards": noted("ledger.migrated", "k", {"from": 2, "to": 1}, None),
        "money moved by a floor": Entry("floor.set", "k", day, None, {}, legs(-5, 5)),
        "money moved by a hold": Entry("capacity.held", "k", day, "o1", {}, legs(-5, 5)),
        "money moved by a hand-over": Entry("ledger.handed-over", "k", day, None, {}, legs(-5, 5)),
        "a floor above a balance": noted(
            "floor.set", "k", {"entity": "trader", "account": "1010", "minimum_minor": "999999"}
        ),
    }
    half = {
        "a claim by nobody": noted("claim.made", "k", {"fingerprint": "fx", "financier": None}),
        "a claim for no order": noted("claim.made", "k", {"fingerprint": "fx", "financier": "a"}, None),
        "a floor of nothing": noted("floor.set", "k", {"entity": "trader", "account": "2310"}),
        "a hold for no order": noted("capacity.held", "k", {"hold": "hx", "lines": [ONE]}, None),
        "a hold of half a slot": noted("capacity.held", "k", {"hold": "hx", "lines": [[*ONE[:2], "1.5"]]}),
        "a message to nobody": noted("message.queued", "k", {"message_id": "mx"}),
        "an outcome that is none": noted("call.answered", "k", {"operation": "op2", "n": 1}),
    }
    for name, entry in (bad_entries | half).items():
        statement, _ = raw_record(ledger, entry)
        yield Attack(name, "record.added", (NEW_COMMAND, statement))
    changed: dict[str, dict[str, Any]] = {
        "a hash of something else": {"leaf": b"\0" * 32},
        "another kind than its body": {"kind": "y"},
        "another key than its body": {"key": "other"},
        "another date than its body": {"trade_date": "2026-01-01"},
        "another order than its body": {"order": "o2"},
        "a state that its body does not give": {"state": "SETTLED"},
        "another number of legs": {"legs": 0},
        "of another ledger": {"ledger_id": "someone-else"},
    }
    for name, change in changed.items():
        statement, _ = raw_record(ledger, fine, **change)
        yield Attack(name, "record.added", (NEW_COMMAND, statement))
    body = BodyWriter(ledger.id, ACTOR.key.public.text, Clock()).body(fine)
    for name, old, new, count in (
        ("an amount with a plus sign", b'"5"', b'"+5"', 2),
        ("an amount with a leading zero", b'"5"', b'"05"', 2),
        ("a leg of five parts", b'"5"]', b'"5","x"]', 2),
        ("one leg", b',["trader","1010","CNY","5"]', b"", 1),
    ):
        statement, _ = raw_body(fine, body.replace(old, new), legs=count)
        yield Attack(name, "record.added", (NEW_COMMAND, statement))
    for on in ("2026-02-30", "infinity", "-infinity", "10000-01-01", "2026-3-2"):
        statement, _ = raw_body(fine, body.replace(b"2026-03-02", on.encode()), trade_date=on)
        yield Attack(f"on the day {on}", "record.added", (NEW_COMMAND, statement))
    for name, old, new in (
        ("with other legs before its own", b'"legs":', b'"legs":[["a","b","CNY","7"]],"legs":'),
        ("without its format", b'"format":1,', b""),
        ("of another format", b'"format":1', b'"format":2'),
        ("with a part more", b'"actor":', b'"above":1,"actor":'),
        ("with a list as its body", b'"body":{}', b'"body":[]'),
    ):
        statement, _ = raw_body(fine, body.replace(old, new))
        yield Attack(f"a record {name}", "record.added", (NEW_COMMAND, statement))
    for number in (-7, 0, 1 << 60):
        statement, _ = raw_record(ledger, fine, command=number)
        yield Attack(f"in the command {number}", "record.added", (statement,))
    end = noted("capacity.confirmed", "k", {"hold": "h2"})
    ending = BodyWriter(ledger.id, ACTOR.key.public.text, Clock()).body(end)
    for name, at in (("at no instant", b"null"), ("at an instant that is none", b'"1"')):
        statement, _ = raw_body(end, re.sub(rb'"at":"[^"]*"', b'"at":' + at, ending))
        yield Attack(f"a hold confirmed {name}", "record.added", (NEW_COMMAND, statement))
    insert, leaf = raw_record(ledger, fine)
    yield Attack("without a signature", "record.signed", (NEW_COMMAND, insert, AT_ONCE))
    yield Attack(
        "signed for another content",
        "command.signed",
        (NEW_COMMAND, insert, signature(ledger, [], digest=b"\1" * 32)),
    )
    yield Attack(
        "signed by a stranger",
        "command.signed",
        (NEW_COMMAND, insert, signature(ledger, [leaf], "ed25519:x")),
    )
    unnamed, unnamed_leaf = raw_body(fine, body.replace(ACTOR.key.public.text.encode(), b"ed25519:x"))
    yield Attack(
        "signed by another than it names",
        "command.signed",
        (NEW_COMMAND, unnamed, signature(ledger, [unnamed_leaf])),
    )
    late, _ = raw_record(ledger, Entry("x", "late", day, "o1"), command=1)
    yield Attack("added to a command long signed", "record.added", (late,))
    yield Attack("a command that signs nothing", "command.signed", (NEW_COMMAND, signature(ledger, [])))
    key = ("ON CONFLICT (key) DO UPDATE SET body = excluded.body", ())
    again, _ = raw_record(ledger, draw(1))
    yield Attack("written over by its key", "record.stays", (NEW_COMMAND, (f"{again[0]} {key[0]}", again[1])))


def plain_attacks() -> Iterator[Attack]:
    """Statements that only the guards stop when the owner runs them."""
    for table in (*STAYING, *CACHES):
        yield sql(f"delete from {table}", f"{table}.stays", f"DELETE FROM {table}")
        yield sql(f"truncate {table}", f"{table}.stays", f"TRUNCATE {table}")
    for table in STAYING:
        column = {"sealing": "node", "seal": "horizon", "ledger": "practice", "command": "signature"}.get(
            table
        )
        column = column or {"record": "body", "leg": "amount_minor"}.get(table, "sequence")
        yield sql(f"update {table}", f"{table}.stays", f"UPDATE {table} SET {column} = {column}")
    for table, column in zip(CACHES, ("amount_minor", "minimum_minor", "state", "used"), strict=True):
        yield sql(f"update {table}", f"{table}.derived", f"UPDATE {table} SET {column} = {column}")
    rows = {
        "ledger": "('x', true, 1, '')",
        "actor": "('x', 'x', 99)",
        "leg": "(999, 0, 'trader', '1010', 'CNY', 5, 'o1', '2026-03-05')",
        "capacity_line": "(999, 0, 'r', 'p', 5)",
        "slot_move": "(999, 0, 'r', 'p', 5)",
        "hold": "('x', 'o1', NULL, 1, 999)",
        "hold_end": "('h2', 'released', 999)",
        "expiring_hold": "('2026-03-02T10:00:00Z', 'h2')",
        "booking_end": "('h2', 'used', 999)",
        "finance_claim": "('x', 1, 'o1', 'f', 999)",
        "finance_release": "('fp', 1, 999)",
        "intent": "('x', NULL, 999)",
        "attempt": "('op', 9, 999)",
        "outcome": "('op', 9, 'ok', 999)",
        "outbox": "('x', 'y', 999)",
        "delivery": "('x', 999)",
        "inbox": "('x', 'y', 999)",
        "balance_part": "('trader', '1010', 'o77', 'CNY', 1, 5)",
        "account_floor": "('x', 'y', 5, 999)",
        "order_head": "('o77', 'PAID', 1, 1)",
        "slot": "('r', 'p', 5, 0, 999)",
    }
    yield sql("truncate expiring_hold", "expiring_hold.stays", "TRUNCATE expiring_hold")
    yield sql("delete from expiring_hold", "expiring_hold.derived", "DELETE FROM expiring_hold")
    yield sql("update expiring_hold", "expiring_hold.derived", "UPDATE expiring_hold SET expires_at = '9'")
    for table, row in rows.items():
        yield sql(f"insert into {table}", f"{table}.derived", f"INSERT INTO {table} VALUES {row}")
    yield sql(
        "late leg, ignoring conflicts",
        "leg.derived",
        "INSERT INTO leg VALUES (4, 7, 'trader', '1010', 'CNY', 5, 'o1', '2026-03-05')"
        " ON CONFLICT DO NOTHING",
    )
    yield sql(
        "merge into balance",
        "balance_part.derived",
        "MERGE INTO balance_part USING (SELECT 1) AS one ON true"
        " WHEN MATCHED THEN UPDATE SET amount_minor = 0",
    )
    yield sql(
        "seal out of order",
        "sealing.sealed",
        "INSERT INTO sealing SELECT 999, MAX(sequence), '\\x00' FROM record",
    )
    yield sql(
        "seal with a node of one's own",
        "sealing.sealed",
        "INSERT INTO sealing SELECT (SELECT MAX(sequence) + 1 FROM sealing), MAX(sequence), '\\x00'"
        " FROM record",
    )
    yield sql("seal too far", "seal.sealed", "INSERT INTO seal VALUES (99999, '99999999')")


def run(connection: psycopg.Connection[Any], attack: Attack) -> None:
    """Try the attack and take back whatever it did."""
    try:
        for text, parameters in attack.statements:
            connection.execute(text, parameters or None)
    finally:
        connection.rollback()


def refusals(
    url: str, attacks: list[Attack], prepare: Callable[[psycopg.Connection[Any]], None]
) -> dict[str, str]:
    """SQLSTATE of each refused attack; attacks that pass are missing."""
    found: dict[str, str] = {}
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path = net, pg_temp")
        prepare(connection)
        connection.commit()
        for attack in attacks:
            try:
                run(connection, attack)
            except psycopg.Error as error:
                found[attack.name] = error.sqlstate or "?"
    return found


def all_attacks(ledger: Ledger) -> list[Attack]:
    attacks = [*plain_attacks(), *record_attacks(ledger)]
    assert len({attack.name for attack in attacks}) == len(attacks)
    return attacks


def as_owner(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET ROLE net_test_guards_net_owner")


def test_attacks_are_refused_to_the_program(module_ledger: tuple[Ledger, str]) -> None:
    ledger, _ = module_ledger
    assert isinstance(ledger.backend, PostgresBackend)
    attacks = all_attacks(ledger)
    assert len(attacks) >= 50
    found = refusals(ledger.backend.url, attacks, lambda _: None)
    assert {attack.name for attack in attacks} - found.keys() == set()
    assert set(found.values()) <= REFUSALS | {"42501"}


def test_attacks_are_refused_to_the_owner_too(module_ledger: tuple[Ledger, str]) -> None:
    ledger, owner_url = module_ledger
    attacks = all_attacks(ledger)
    found = refusals(owner_url, attacks, as_owner)
    assert {attack.name for attack in attacks} - found.keys() == set()
    assert set(found.values()) <= REFUSALS


def test_attacks_are_refused_to_a_superuser_on_a_default_connection(
    module_ledger: tuple[Ledger, str],
) -> None:
    ledger, owner_url = module_ledger
    attacks = all_attacks(ledger)
    found = refusals(owner_url, attacks, lambda _: None)
    assert {attack.name for attack in attacks} - found.keys() == set()
    assert set(found.values()) <= REFUSALS


@pytest.mark.parametrize("table", ["leg", "balance_part", "hold_end", "finance_claim"])
def test_rows_poured_in_by_copy_are_refused_too(module_ledger: tuple[Ledger, str], table: str) -> None:
    _, owner_url = module_ledger
    rows = {
        "leg": "999\t0\ttrader\t1010\tCNY\t5\to1\t2026-03-05\n",
        "balance_part": "trader\t1010\to77\tCNY\t1\t5\n",
        "hold_end": "h2\treleased\t999\n",
        "finance_claim": "x\t1\to1\tf\t999\n",
    }

    def pour(connection: psycopg.Connection[Any]) -> None:
        with connection.cursor().copy(f"COPY net.{table} FROM STDIN") as copy:
            copy.write(rows[table])

    with psycopg.connect(owner_url) as connection:
        with pytest.raises(psycopg.Error, match="follows from the records alone"):
            pour(connection)
        connection.rollback()
        connection.execute(f"ALTER TABLE net.{table} DISABLE TRIGGER derived")
        pour(connection)  # without its guard it passes
        connection.rollback()


def test_guards_hold_where_replication_switches_triggers_off(module_ledger: tuple[Ledger, str]) -> None:
    ledger, owner_url = module_ledger

    def replica(connection: psycopg.Connection[Any]) -> None:
        connection.execute("SET session_replication_role = replica")

    attacks = all_attacks(ledger)
    found = refusals(owner_url, attacks, replica)
    assert {attack.name for attack in attacks} - found.keys() == set()


def test_each_attack_passes_without_its_guard(module_ledger: tuple[Ledger, str]) -> None:
    ledger, owner_url = module_ledger
    still_refused = {}
    with psycopg.connect(owner_url) as connection:
        connection.execute("SET search_path = net, pg_temp")
        as_owner(connection)
        connection.commit()
        for attack in all_attacks(ledger):
            table, trigger = attack.guard.split(".")
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
            if attack.guard == "record.stays":
                connection.execute("ALTER TABLE record DISABLE TRIGGER added")
            if table == "command":  # the guard also fills these in
                connection.execute(
                    "ALTER TABLE command ALTER place SET DEFAULT 999, ALTER xid SET DEFAULT '999'"
                )
            try:
                run(connection, attack)
            except psycopg.Error as error:
                still_refused[attack.name] = str(error)
    assert still_refused == {}


def test_program_cannot_switch_off_guards_or_change_the_schema(module_ledger: tuple[Ledger, str]) -> None:
    ledger, _ = module_ledger
    assert isinstance(ledger.backend, PostgresBackend)
    statements = (
        "ALTER TABLE net.record DISABLE TRIGGER added",
        "DROP TRIGGER stays ON net.record",
        "DROP TABLE net.leg",
        "SET session_replication_role = replica",
        "CREATE TABLE net.more (x int)",
        "CREATE OR REPLACE FUNCTION net.stays() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "ALTER FUNCTION net.stays() OWNER TO CURRENT_USER",
        "SET ROLE net_test_guards_net_owner",
        "CREATE TRIGGER mine BEFORE INSERT ON net.record EXECUTE FUNCTION net.stays()",
        "SELECT setval('net.command_place', 1)",
        "UPDATE pg_catalog.pg_trigger SET tgenabled = 'D'",
    )
    with psycopg.connect(ledger.backend.url) as connection:
        for statement in statements:
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.DuplicateObject)):
                connection.execute(statement)
            connection.rollback()


def test_program_cannot_say_that_the_schema_is_a_newer_one(module_ledger: tuple[Ledger, str]) -> None:
    """It would keep everybody out: only who may change the tables says what they are."""
    ledger, owner_url = module_ledger
    statement, _ = raw_record(ledger, noted("ledger.migrated", "k", {"from": 2, "to": 99}, None))
    attack = Attack("an upgrade that nobody made", "record.added", (NEW_COMMAND, statement))
    assert refusals(ledger.backend.url, [attack], lambda _: None) == {attack.name: "NT001"}
    assert refusals(owner_url, [attack], as_owner) == {}
