"""Illegal statements on an ordinary connection: each is refused, and passes when its guard is removed.

The connection is as Python opens it: foreign keys off, recursive triggers off. A statement counts as refused
when nothing in the ledger differs afterwards, whether it raised or was skipped.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import copyfile

import pytest

from ledger.sqlite.file import create_file
from tests.parts.full_ledger import LAMP, full_ledger, guards

Attack = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "net.ledger"
    full_ledger(path, 4)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def contents(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables}


def sql(statement: str) -> Attack:
    return lambda connection: connection.execute(statement)


def record(
    legs: Sequence[object] | None = None,
    verb: str = "INSERT",
    order: str | None = "o1",
    kind: str = "x",
    body: dict[str, object] | None = None,
    columns: dict[str, object] | None = None,
    at: object = "2026-03-02T09:00:00Z",
    ledger: str = "net-test",
    on: str = "2026-03-02",
) -> Attack:
    """Add one record with these legs by hand, its columns fitting its text unless ``columns`` says other."""

    def attack(connection: sqlite3.Connection) -> object:
        sequence = connection.execute("SELECT MAX(sequence) + 1 FROM record").fetchone()[0]
        command = connection.execute("SELECT MAX(command) + 1 FROM command").fetchone()[0]
        row: dict[str, object] = {
            "sequence": sequence,
            "command": command,
            "kind": kind,
            "key": "raw",
            "trade_date": "2026-03-02",
            "order_reference": order,
            "state": (body or {}).get("state"),
            "legs": len(legs or []),
            "leaf": b"\0" * 32,
            "node": b"\0" * 32,
        }
        text = {
            "actor": "a",
            "at": at,
            "body": body or {},
            "format": 1,
            "key": "raw",
            "kind": kind,
            "ledger": ledger,
            "legs": legs or [],
            "on": on,
            "order": order,
        }
        given = dict(columns or {})
        if "key" in given and given.get("text_too"):
            text["key"] = given["key"]
        given.pop("text_too", None)
        row |= {"body": json.dumps(text)} | given
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        return connection.execute(f"{verb} INTO record ({names}) VALUES ({marks})", list(row.values()))

    return attack


def leg(entity: str, account: str, amount: object, currency: str = "CNY") -> list[object]:
    return [entity, account, currency, str(amount) if isinstance(amount, int) else amount]


GOOD = [leg("trader", "1010", 5), leg("trader", "2310", -5)]
UNBALANCED = [leg("trader", "1010", 5), leg("trader", "2310", -4)]
ACROSS_ENTITIES = [leg("trader", "1010", 5), leg("network", "2310", -5)]
ACROSS_CURRENCIES = [leg("trader", "1010", 5), leg("trader", "2310", -5, "USD")]
BELOW_FLOOR = [leg("trader", "1010", -9_000_000), leg("trader", "2310", 9_000_000)]
NUMBERS: list[list[object]] = [[5, "1010", "CNY", "5"], [5, "2310", "CNY", "-5"]]
NOTHING = leg("trader", "1010", 0)
ONE_LAMP = [LAMP, "2026-03-28", "1"]
TOO_MUCH = {"hold": "hx", "expires_at": None, "lines": [[LAMP, "2026-03-28", "48"]]}


# name: (attack, guards whose removal lets it through)
ATTACKS: dict[str, tuple[Attack, list[str]]] = {
    "unbalanced entry": (record(UNBALANCED), ["record_pair"]),
    "unbalanced, OR IGNORE": (record(UNBALANCED, "INSERT OR IGNORE"), ["record_pair"]),
    "unbalanced, OR REPLACE": (record(UNBALANCED, "INSERT OR REPLACE"), ["record_pair"]),
    "unbalanced, OR FAIL": (record(UNBALANCED, "INSERT OR FAIL"), ["record_pair"]),
    "unbalanced, OR ROLLBACK": (record(UNBALANCED, "INSERT OR ROLLBACK"), ["record_pair"]),
    "balanced over two entities only": (record(ACROSS_ENTITIES), ["record_pair"]),
    "balanced over two currencies only": (record(ACROSS_CURRENCIES), ["record_pair"]),
    "entry of one leg": (record([leg("trader", "1010", 0)]), ["record_guard"]),
    "amount that is no number": (
        record([leg("trader", "1010", "5x"), leg("trader", "2310", "-5x")]),
        ["record_pair"],
    ),
    "amount with a fraction": (
        record([leg("trader", "1010", "5.5"), leg("trader", "2310", "-5.5")]),
        ["record_pair"],
    ),
    "amount beyond 64 bits": (
        record([leg("trader", "1010", 10**19), leg("trader", "2310", -(10**19))]),
        ["record_pair"],
    ),
    "leg without an entity": (
        record([[None, "1010", "CNY", "5"], [None, "2310", "CNY", "-5"]], "INSERT OR IGNORE"),
        ["record_pair"],
    ),
    "leg with too few fields": (record([["trader", "1010", "5"], ["trader", "2310", "-5"]]), ["record_pair"]),
    "legs written as texts": (record([json.dumps(one) for one in GOOD]), ["record_pair"]),
    "legs that overflow a balance": (
        record([leg("x", "1010", 2**63 - 1), leg("x", "1010", 1), leg("x", "1010", -(2**63))]),
        ["record_legs", "balance_update_guard"],
    ),
    "below the floor": (record(BELOW_FLOOR), ["record_pair"]),
    "below the floor, OR IGNORE": (record(BELOW_FLOOR, "INSERT OR IGNORE"), ["record_pair"]),
    "entity that is a number": (record(NUMBERS), ["record_pair"]),
    "amount that is a JSON number": (record([["e", "1", "CNY", 5], ["e", "2", "CNY", -5]]), ["record_pair"]),
    "entity that is a list": (record([[["e"], "1", "CNY", "5"], [["e"], "2", "CNY", "-5"]]), ["record_pair"]),
    "three legs, unbalanced": (record([*UNBALANCED, NOTHING]), ["record_legs"]),
    "three legs, unbalanced, OR IGNORE": (
        record([*UNBALANCED, NOTHING], "INSERT OR IGNORE"),
        ["record_legs"],
    ),
    "three legs over two entities": (record([*ACROSS_ENTITIES, NOTHING]), ["record_legs"]),
    "three legs over two currencies": (record([*ACROSS_CURRENCIES, NOTHING]), ["record_legs"]),
    "three legs below the floor": (record([*BELOW_FLOOR, NOTHING], "INSERT OR IGNORE"), ["record_legs"]),
    "three legs, an entity that is a number": (record([*NUMBERS, NOTHING]), ["record_legs"]),
    "three legs, one of too few fields": (record([*GOOD, ["trader", "1010", "0"]]), ["record_legs"]),
    "three legs, one of too many fields": (record([*GOOD, [*NOTHING, "0"]]), ["record_legs"]),
    "three legs said to be two": (
        record([*GOOD, leg("trader", "1010", 9)], columns={"legs": 2}),
        ["record_guard", "record_pair"],
    ),
    "legs counted wrong": (record(GOOD, columns={"legs": 1}), ["record_guard", "record_pair", "leg_guard"]),
    "legs hidden from the database": (record(GOOD, columns={"legs": 0}), ["record_guard"]),
    "kind other than in the text": (record(GOOD, columns={"kind": "y"}), ["record_guard"]),
    "order other than in the text": (record(GOOD, columns={"order_reference": "o2"}), ["record_guard"]),
    "date other than in the text": (record(GOOD, columns={"trade_date": "2020-01-01"}), ["record_guard"]),
    "a day that is no date": (
        record(GOOD, on="2026-02-30", columns={"trade_date": "2026-02-30"}),
        ["record_guard"],
    ),
    "state other than in the text": (record(columns={"state": "SETTLED"}), ["record_guard"]),
    "a gap in the numbers": (record(GOOD, columns={"sequence": 10_000}), ["record_guard"]),
    "a record before the first": (record(columns={"sequence": 0}), ["record_guard"]),
    "a key used before, OR REPLACE": (
        record(GOOD, "INSERT OR REPLACE", columns={"key": "state-o1-0", "text_too": True}),
        ["record_guard", "record_delete_guard"],
    ),
    "a number used before, OR REPLACE": (
        record(verb="INSERT OR REPLACE", columns={"sequence": 5}),
        ["record_guard"],
    ),
    "a record of another ledger": (record(GOOD, ledger="other"), ["record_guard"]),
    "a second beginning": (
        record(kind="ledger.created", body={"practice": True, "schema_version": 1}, ledger="other"),
        ["record_guard", "ledger_guard"],
    ),
    "a leaf that is no hash": (record(GOOD, columns={"leaf": b"x"}), ["record_guard"]),
    "a record in a signed command": (record(GOOD, columns={"command": 1}), ["record_guard"]),
    "money moved by the ledger's own kind": (record(GOOD, kind="call.intended"), ["record_guard"]),
    "record edited": (sql("UPDATE record SET body = '{}' WHERE sequence = 5"), ["record_update_guard"]),
    "record edited, OR REPLACE": (
        sql("UPDATE OR REPLACE record SET sequence = 6 WHERE sequence = 5"),
        ["record_update_guard"],
    ),
    "record edited by upsert": (
        sql(
            "INSERT INTO record SELECT * FROM record WHERE sequence = 5 ON CONFLICT DO UPDATE SET body = '{}'"
        ),
        ["record_guard", "record_update_guard"],
    ),
    "record deleted": (sql("DELETE FROM record WHERE sequence = 5"), ["record_delete_guard"]),
    "all records deleted": (sql("DELETE FROM record"), ["record_delete_guard"]),
    "leg added to an old record": (
        sql(
            "INSERT INTO leg SELECT sequence, 2, 'thief', '1010', 'CNY', 1, order_reference, trade_date"
            " FROM leg LIMIT 1"
        ),
        ["leg_guard"],
    ),
    "leg added to a record of none": (
        sql("INSERT INTO leg VALUES (5, 0, 'trader', '1010', 'CNY', 1, 'o1', '2026-03-02')"),
        ["leg_guard", "balance_update_guard"],
    ),
    "leg without a record": (
        sql("INSERT INTO leg VALUES (99999, 0, 'trader', '1010', 'CNY', 1, 'o1', '2026-03-02')"),
        ["leg_guard"],
    ),
    "leg with a negative place": (
        sql(
            "INSERT INTO leg SELECT sequence, -1, entity, account, currency, 1, order_reference, trade_date"
            " FROM leg LIMIT 1"
        ),
        ["leg_guard", "balance_update_guard"],
    ),
    "leg replaced": (
        sql(
            "INSERT OR REPLACE INTO leg SELECT sequence, n, entity, account, currency, 9, order_reference,"
            " trade_date FROM leg LIMIT 1"
        ),
        ["leg_guard", "balance_update_guard"],
    ),
    "leg edited": (sql("UPDATE leg SET amount_minor = 1"), ["leg_update_guard"]),
    "leg edited, OR IGNORE": (sql("UPDATE OR IGNORE leg SET amount_minor = 1"), ["leg_update_guard"]),
    "leg deleted": (sql("DELETE FROM leg"), ["leg_delete_guard"]),
    "balance edited": (sql("UPDATE balance SET amount_minor = 9000000"), ["balance_update_guard"]),
    "balance applied twice": (
        sql(
            "UPDATE balance SET amount_minor = amount_minor + (SELECT amount_minor FROM leg WHERE"
            " sequence = last_sequence AND n = last_leg)"
        ),
        ["balance_update_guard"],
    ),
    "balance moved to another order": (
        sql("UPDATE OR IGNORE balance SET order_reference = 'x'"),
        ["balance_update_guard"],
    ),
    "balance replaced": (
        sql(
            "INSERT OR REPLACE INTO balance SELECT entity, account, order_reference, currency, 9000000,"
            " last_sequence, last_leg FROM balance"
        ),
        ["balance_insert_guard"],
    ),
    "balance invented": (
        sql("INSERT INTO balance VALUES ('thief', '1010', 'o1', 'CNY', 5, 1, 0)"),
        ["balance_insert_guard"],
    ),
    "balance deleted": (sql("DELETE FROM balance"), ["balance_delete_guard"]),
    "overbooked hold": (record(kind="capacity.held", body=TOO_MUCH), ["slot_update_guard"]),
    "overbooked hold, OR IGNORE": (
        record(verb="INSERT OR IGNORE", kind="capacity.held", body=TOO_MUCH),
        ["slot_update_guard"],
    ),
    "hold on a slot never opened": (
        record(
            kind="capacity.held",
            body={"hold": "hx", "expires_at": None, "lines": [["x", "y", "1"]]},
        ),
        ["slot_move_guard"],
    ),
    "hold of a negative quantity": (
        record(
            kind="capacity.held",
            body={"hold": "hx", "expires_at": None, "lines": [[LAMP, "2026-03-28", "-1"]]},
        ),
        ["slot_move_guard"],
    ),
    "hold without lines": (
        record(kind="capacity.held", body={"hold": "hx", "expires_at": None, "lines": []}),
        ["record_effect"],
    ),
    "hold of an id used before, OR REPLACE": (
        record(
            verb="INSERT OR REPLACE",
            kind="capacity.held",
            body={"hold": "h0", "expires_at": None, "lines": [[LAMP, "2026-03-28", "1"]]},
        ),
        ["hold_guard"],
    ),
    "hold of a quantity that is no whole number": (
        record(kind="capacity.held", body=TOO_MUCH | {"lines": [[LAMP, "2026-03-28", "2.9"]]}),
        ["record_effect"],
    ),
    "hold line with a field too many": (
        record(kind="capacity.held", body=TOO_MUCH | {"lines": [[LAMP, "2026-03-28", "1", "x"]]}),
        ["record_effect"],
    ),
    "hold until a time that is none": (
        record(
            kind="capacity.held",
            body={"hold": "hx", "expires_at": "never", "lines": [[LAMP, "2026-03-28", "1"]]},
        ),
        ["hold_guard"],
    ),
    "hold for no order, OR FAIL": (
        record(
            verb="INSERT OR FAIL", kind="capacity.held", order=None, body=TOO_MUCH | {"lines": [ONE_LAMP]}
        ),
        ["hold_guard"],
    ),
    "capacity that is no whole number": (
        record(kind="capacity.opened", order=None, body={"lines": [[LAMP, "2026-03-28", "55x"]]}),
        ["record_effect"],
    ),
    "hold without a record": (sql("INSERT INTO hold VALUES ('hx', 'o1', NULL, 1, 5)"), ["hold_guard"]),
    "hold's expiry moved": (sql("UPDATE hold SET expires_at = NULL"), ["hold_update_guard"]),
    "hold deleted": (sql("DELETE FROM hold"), ["hold_delete_guard"]),
    "expiry of a hold that has ended": (
        sql("INSERT INTO expiring_hold SELECT expires_at, hold_id FROM hold WHERE hold_id = 'h0'"),
        ["expiring_hold_insert_guard"],
    ),
    "expiry of no hold": (
        sql("INSERT INTO expiring_hold VALUES ('2026-03-02T10:00:00Z', 'hx')"),
        ["expiring_hold_insert_guard"],
    ),
    "expiry at another time": (
        sql("INSERT INTO expiring_hold SELECT '2030-01-01T00:00:00Z', hold_id FROM expiring_hold"),
        ["expiring_hold_insert_guard"],
    ),
    "expiry moved": (
        sql("UPDATE expiring_hold SET expires_at = '2030-01-01T00:00:00Z'"),
        ["expiring_hold_update_guard"],
    ),
    "expiry deleted": (sql("DELETE FROM expiring_hold"), ["expiring_hold_delete_guard"]),
    "hold ended twice, OR REPLACE": (
        record(verb="INSERT OR REPLACE", kind="capacity.released", body={"hold": "h0"}),
        ["hold_end_guard"],
    ),
    "hold confirmed after its time": (
        record(kind="capacity.confirmed", body={"hold": "h3"}, at="2030-01-01T00:00:00Z"),
        ["hold_end_guard"],
    ),
    "hold confirmed at a time that is none": (
        record(kind="capacity.confirmed", body={"hold": "h3"}, at=None),
        ["hold_end_guard"],
    ),
    "hold confirmed at a time that is a number": (
        record(kind="capacity.confirmed", body={"hold": "h3"}, at="1"),
        ["hold_end_guard"],
    ),
    "hold expired before its time": (
        record(kind="capacity.expired", body={"hold": "h3"}),
        ["hold_end_guard"],
    ),
    "hold that never was released": (
        record(kind="capacity.released", body={"hold": "nobody"}),
        ["hold_end_guard", "record_effect"],
    ),
    "end of a hold without a record": (
        sql("INSERT INTO hold_end VALUES ('h3', 'released', 5)"),
        ["hold_end_guard"],
    ),
    "end of a hold undone": (sql("DELETE FROM hold_end"), ["hold_end_delete_guard"]),
    "end of a hold changed": (
        sql("UPDATE hold_end SET ending = 'released'"),
        ["hold_end_update_guard"],
    ),
    "booking ended before it was confirmed": (
        record(kind="capacity.cancelled", body={"hold": "h3"}),
        ["booking_end_guard"],
    ),
    "booking ended twice": (
        record(verb="INSERT OR REPLACE", kind="capacity.cancelled", body={"hold": "h0"}),
        ["booking_end_guard"],
    ),
    "use of capacity without a record": (
        sql("INSERT INTO slot_move VALUES (5, 0, 'factory:brightworks/lamp', '2026-03-28', -1)"),
        ["slot_move_guard", "slot_update_guard"],
    ),
    "use of capacity given back twice": (
        sql("INSERT OR REPLACE INTO slot_move SELECT * FROM slot_move WHERE quantity < 0"),
        ["slot_move_guard", "slot_update_guard"],
    ),
    "use of capacity edited": (sql("UPDATE slot_move SET quantity = 0"), ["slot_move_update_guard"]),
    "use of capacity deleted": (sql("DELETE FROM slot_move"), ["slot_move_delete_guard"]),
    "slot emptied": (sql("UPDATE slot SET used = 0 WHERE used > 0"), ["slot_update_guard"]),
    "slot enlarged": (sql("UPDATE slot SET capacity = 1000"), ["slot_update_guard"]),
    "slot shrunk below its use by a record": (
        record(kind="capacity.opened", order=None, body={"lines": [[LAMP, "2026-03-28", "0"]]}),
        ["slot_update_guard"],
    ),
    "slot invented": (sql("INSERT INTO slot VALUES ('x', 'y', 5, 0, 1, 0)"), ["slot_insert_guard"]),
    "slot replaced": (
        sql(
            "INSERT OR REPLACE INTO slot SELECT resource, period, 999, 0, last_sequence, last_line FROM slot"
        ),
        ["slot_insert_guard"],
    ),
    "slot deleted": (sql("DELETE FROM slot"), ["slot_delete_guard"]),
    "capacity line without a record": (
        sql("INSERT INTO capacity_line VALUES (5, 0, 'x', 'y', 9)"),
        ["capacity_line_guard"],
    ),
    "order financed twice": (
        record(kind="claim.made", body={"fingerprint": "f1", "financier": "other"}),
        ["finance_claim_guard"],
    ),
    "order financed twice, OR REPLACE": (
        record(verb="INSERT OR REPLACE", kind="claim.made", body={"fingerprint": "f1", "financier": "b"}),
        ["finance_claim_guard"],
    ),
    "claim without a record": (
        sql("INSERT INTO finance_claim VALUES ('fx', 1, 'o1', 'me', 5)"),
        ["finance_claim_guard"],
    ),
    "claim deleted": (sql("DELETE FROM finance_claim"), ["finance_claim_delete_guard"]),
    "claim released without a record": (
        sql("INSERT INTO finance_release VALUES ('f1', 1, 5)"),
        ["finance_release_guard"],
    ),
    "head of an order moved": (
        sql("UPDATE order_head SET state = 'SETTLED'"),
        ["order_head_update_guard"],
    ),
    "head of an order replaced": (
        sql("INSERT OR REPLACE INTO order_head SELECT order_reference, 'SETTLED', 1, 2 FROM order_head"),
        ["order_head_insert_guard"],
    ),
    "head of an order deleted": (sql("DELETE FROM order_head"), ["order_head_delete_guard"]),
    "floor lowered": (
        sql("UPDATE account_floor SET minimum_minor = -9000000"),
        ["account_floor_update_guard"],
    ),
    "floor replaced": (
        sql("INSERT OR REPLACE INTO account_floor VALUES ('trader', '1010', -9000000, 5)"),
        ["account_floor_insert_guard"],
    ),
    "floor deleted": (sql("DELETE FROM account_floor"), ["account_floor_delete_guard"]),
    "floor set above a balance": (
        record(
            kind="floor.set",
            body={"entity": "trader", "account": "2310", "minimum_minor": "0"},
            order=None,
        ),
        ["record_effect"],
    ),
    "stranger enrolled": (sql("INSERT INTO actor VALUES ('ed25519:x', 'x', 5)"), ["actor_guard"]),
    "actor struck off": (sql("DELETE FROM actor"), ["actor_delete_guard"]),
    "practice made real": (sql("UPDATE ledger SET practice = 0"), ["ledger_update_guard"]),
    "second ledger": (sql("INSERT INTO ledger VALUES ('x', 0, 1, 'x')"), ["ledger_guard"]),
    "ledger deleted": (sql("DELETE FROM ledger"), ["ledger_delete_guard"]),
    "signature replaced": (
        sql(
            "INSERT OR REPLACE INTO command SELECT command, first_sequence, last_sequence, 'x', digest,"
            " signature FROM command"
        ),
        ["command_guard"],
    ),
    "signature edited": (sql("UPDATE command SET signature = zeroblob(64)"), ["command_update_guard"]),
    "signature deleted": (sql("DELETE FROM command"), ["command_delete_guard"]),
    "intent without a record": (sql("INSERT INTO intent VALUES ('x', NULL, 5)"), ["intent_guard"]),
    "attempt without a record": (sql("INSERT INTO attempt VALUES ('call-0', 2, 5)"), ["attempt_guard"]),
    "second outcome": (
        record(
            kind="call.answered",
            body={"operation": "call-1", "n": 2, "status": "failed", "answer": None},
        ),
        ["outcome_guard"],
    ),
    "outcome without a record": (
        sql("INSERT INTO outcome VALUES ('call-0', 1, 'ok', 5)"),
        ["outcome_guard"],
    ),
    "message without a record": (sql("INSERT INTO outbox VALUES ('mx', 'y', 5)"), ["outbox_guard"]),
    "delivery without a record": (sql("INSERT INTO delivery VALUES ('m1', 5)"), ["delivery_guard"]),
    "message taken in without a record": (sql("INSERT INTO inbox VALUES ('x', 'y', 5)"), ["inbox_guard"]),
    "message forgotten": (sql("DELETE FROM inbox"), ["inbox_delete_guard"]),
}


# A row that NOT NULL refuses is skipped by OR IGNORE, and OR FAIL keeps what was written before it.
HALF_RECORDS: dict[str, tuple[str, dict[str, object], str | None, str]] = {
    "claim by nobody": ("claim.made", {"fingerprint": "fx"}, "o1", "finance_claim_guard"),
    "claim for no order": (
        "claim.made",
        {"fingerprint": "fx", "financier": "a"},
        None,
        "finance_claim_guard",
    ),
    "claim on nothing": ("claim.made", {"financier": "a"}, "o1", "finance_claim_guard"),
    "floor of nothing": (
        "floor.set",
        {"entity": "trader", "account": "2310"},
        None,
        "account_floor_insert_guard",
    ),
    "floor of nobody": (
        "floor.set",
        {"account": "2310", "minimum_minor": "-5"},
        None,
        "account_floor_insert_guard",
    ),
    "floor taken away": (
        "floor.set",
        {"entity": "trader", "account": "1010"},
        None,
        "account_floor_update_guard",
    ),
    "key of nobody": ("actor.enrolled", {"actor_key": "ed25519:x"}, None, "actor_guard"),
    "call without a name": ("call.intended", {"request": {}}, "o1", "intent_guard"),
    "outcome that is none": ("call.answered", {"operation": "call-0", "n": 1}, "o1", "outcome_guard"),
    "message to nobody": ("message.queued", {"message_id": "mx"}, "o1", "outbox_guard"),
    "message without a name": ("message.queued", {"recipient": "harbour"}, "o1", "outbox_guard"),
    "message from nobody": ("message.received", {"message_id": "mx"}, "o1", "inbox_guard"),
}
ATTACKS |= {
    f"{name}, {clause}": (record(verb=f"INSERT {clause}", kind=kind, body=body, order=order), [guard])
    for name, (kind, body, order, guard) in HALF_RECORDS.items()
    for clause in ("OR IGNORE", "OR FAIL")
}
ATTACKS["floor that is no number"] = (
    record(
        kind="floor.set",
        body={"entity": "trader", "account": "1010", "minimum_minor": "-9e9"},
        order=None,
    ),
    ["account_floor_update_guard"],
)


def attempt(path: Path, attack: Attack, dropped: list[str]) -> bool:
    """Whether the attack changed anything, with these guards gone."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    for name in dropped:
        connection.execute(f"DROP TRIGGER {name}")
    before = contents(connection)
    try:
        attack(connection)
    except sqlite3.DatabaseError:
        assert not connection.in_transaction
    changed = contents(connection) != before
    connection.close()
    return changed


@pytest.mark.parametrize("name", ATTACKS)
def test_guard_refuses_an_illegal_statement(name: str, original: Path, tmp_path: Path) -> None:
    attack, guarding = ATTACKS[name]
    for trial, dropped, passes in (("kept", [], False), ("removed", guarding, True)):
        path = tmp_path / trial
        copyfile(original, path)
        assert attempt(path, attack, dropped) is passes, trial


def test_guards_let_an_honest_entry_by_hand_through(original: Path, tmp_path: Path) -> None:
    """The attacks above fail for what is wrong with them, not because all raw SQL fails."""
    path = tmp_path / "x"
    copyfile(original, path)
    assert attempt(path, record(GOOD), [])


def test_every_guard_has_an_attack() -> None:
    used = {name for _, names in ATTACKS.values() for name in names}
    same_shape = {name for name in guards() if name.endswith(("_update_guard", "_delete_guard"))}
    assert set(guards()) - same_shape <= used


@pytest.mark.parametrize(
    "name", [name for name in guards() if name.endswith(("_update_guard", "_delete_guard"))]
)
def test_what_is_written_stays(name: str, original: Path, tmp_path: Path) -> None:
    """Each table refuses UPDATE and DELETE of any row, also where nothing would change."""
    path = tmp_path / "x"
    copyfile(original, path)
    connection = sqlite3.connect(path, isolation_level=None)
    table = name.removesuffix("_update_guard").removesuffix("_delete_guard")
    column = connection.execute(f"PRAGMA table_info({table})").fetchone()[1]
    if not connection.execute(f"SELECT 1 FROM {table}").fetchone():
        pytest.skip(f"no row in {table}")
    verb = f"UPDATE {table} SET {column} = {column}" if "update" in name else f"DELETE FROM {table}"
    for clause in ("", " OR IGNORE", " OR REPLACE"):
        statement = verb.replace("UPDATE", f"UPDATE{clause}") if "update" in name else verb
        with pytest.raises(sqlite3.IntegrityError, match="net: "):
            connection.execute(statement)
    connection.close()


def test_a_ledger_handed_over_takes_no_more_records(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "x"
    copyfile(original, path)
    assert attempt(path, record(kind="ledger.handed-over", order=None), [])
    assert not attempt(path, record(GOOD, columns={"key": "after", "text_too": True}), [])


def test_schema_can_be_made_on_an_empty_file(tmp_path: Path) -> None:
    connection = create_file(tmp_path / "x")
    assert connection.in_transaction
    connection.execute("ROLLBACK")
    connection.close()
