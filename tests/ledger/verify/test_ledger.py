"""Verification finds every way in which somebody with the file can change it, and says where."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from shutil import copyfile

import pytest

from domain.errors import LedgerBrokenError, RefusedError
from domain.ports import HoldLine
from ledger.book.transaction import Transaction
from ledger.checkpoints import held_checkpoint, make_checkpoint
from ledger.moving.backup import backup
from ledger.moving.copy import commands_after
from ledger.moving.sqlite_target import SqliteTarget
from ledger.moving.target import SignedCommand
from ledger.record.findings import Report
from ledger.sqlite.backend import SqliteWrite
from ledger.store import create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from ledger.verify.sqlite import verify_file
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.parts.full_ledger import attack, full_ledger
from trust.canonical import canonical_bytes, parse_canonical
from trust.keys import Actor, SigningKey
from trust.merkle import Frontier, leaf_hash
from trust.notes import parse_checkpoint, sign_checkpoint

Damage = Callable[[sqlite3.Connection, int], None]
THREE = [["factory:x", "2026-03-05", "3"]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "net.ledger"
    full_ledger(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def size_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    size = connection.execute("SELECT MAX(sequence) FROM record").fetchone()[0]
    connection.close()
    return int(size)


def rewritten(connection: sqlite3.Connection, start: int = 1) -> None:
    """Make leaves and nodes fit the texts again, as a careful forger would."""
    frontier = Frontier()
    for sequence, body in connection.execute(
        "SELECT sequence, body FROM record ORDER BY sequence"
    ).fetchall():
        leaf = leaf_hash(body.encode())
        node = frontier.append(leaf)
        if sequence >= start:
            values = (leaf, node, sequence)
            connection.execute("UPDATE record SET leaf = ?, node = ? WHERE sequence = ?", values)


def edited(connection: sqlite3.Connection, sequence: int, change: Callable[[dict], None]) -> None:
    body = connection.execute("SELECT body FROM record WHERE sequence = ?", (sequence,)).fetchone()[0]
    data = parse_canonical(body)
    change(data)
    connection.execute(
        "UPDATE record SET body = ? WHERE sequence = ?", (canonical_bytes(data).decode(), sequence)
    )


def edit_body(connection: sqlite3.Connection, at: int) -> None:
    edited(connection, at, lambda data: data["body"].update(note="changed"))


def edit_body_and_leaf(connection: sqlite3.Connection, at: int) -> None:
    edit_body(connection, at)
    body = connection.execute("SELECT body FROM record WHERE sequence = ?", (at,)).fetchone()[0]
    connection.execute("UPDATE record SET leaf = ? WHERE sequence = ?", (leaf_hash(body.encode()), at))


def edit_and_rebuild(connection: sqlite3.Connection, at: int) -> None:
    edit_body(connection, at)
    rewritten(connection)


def space_in_body(connection: sqlite3.Connection, at: int) -> None:
    connection.execute("UPDATE record SET body = body || ' ' WHERE sequence = ?", (at,))
    rewritten(connection)


def edit_column(column: str, value: object) -> Damage:
    def damage(connection: sqlite3.Connection, at: int) -> None:
        connection.execute(f"UPDATE record SET {column} = ? WHERE sequence = ?", (value, at))

    return damage


def drop_record(connection: sqlite3.Connection, at: int) -> None:
    connection.execute("DELETE FROM record WHERE sequence = ?", (at,))
    connection.execute("DELETE FROM leg WHERE sequence = ?", (at,))


def drop_and_close_up(connection: sqlite3.Connection, at: int) -> None:
    drop_record(connection, at)
    for table in ("record", "leg"):
        connection.execute(f"UPDATE {table} SET sequence = -sequence WHERE sequence > ?", (at,))
        connection.execute(f"UPDATE {table} SET sequence = -sequence - 1 WHERE sequence < 0")
    rewritten(connection)


def swap_records(connection: sqlite3.Connection, at: int) -> None:
    other = at + 1 if at == 1 else at - 1
    for table in ("record", "leg"):
        for old, new in ((at, -1), (other, at), (-1, other)):
            connection.execute(f"UPDATE {table} SET sequence = ? WHERE sequence = ?", (new, old))
    rewritten(connection)


def swap_bodies(connection: sqlite3.Connection, at: int) -> None:
    other = at + 1 if at == 1 else at - 1
    texts = [
        connection.execute("SELECT body FROM record WHERE sequence = ?", (n,)).fetchone()[0]
        for n in (at, other)
    ]
    for text, sequence in zip(texts, (other, at), strict=True):
        connection.execute("UPDATE record SET body = ? WHERE sequence = ?", (text, sequence))


def insert_copy(connection: sqlite3.Connection, at: int) -> None:
    """A record put in between, everything after it moved up, the tree rebuilt."""
    for table in ("record", "leg"):
        connection.execute(f"UPDATE {table} SET sequence = -sequence WHERE sequence >= ?", (at,))
        connection.execute(f"UPDATE {table} SET sequence = -sequence + 1 WHERE sequence < 0")
    columns = "command, kind, 'copied' || key, trade_date, order_reference, state, 0, body, leaf, node"
    source = at + 1
    connection.execute(f"INSERT INTO record SELECT ?, {columns} FROM record WHERE sequence = ?", (at, source))
    edited(connection, at, lambda data: data.update(key="copied" + data["key"], legs=[]))
    rewritten(connection)


def add_at_end(connection: sqlite3.Connection, at: int) -> None:
    """A well-formed forgery after everything, with the last command's name on it."""
    last = connection.execute("SELECT MAX(sequence) FROM record").fetchone()[0]
    connection.execute(
        "INSERT INTO record SELECT ?, command, kind, key || 'x', trade_date, order_reference, state, 0, body,"
        " leaf, node FROM record WHERE sequence = ?",
        (last + 1, at),
    )
    edited(connection, last + 1, lambda data: data.update(key=data["key"] + "x", legs=[]))
    rewritten(connection)


def any_row(table: str, change: str, where: str = "") -> Damage:
    def damage(connection: sqlite3.Connection, at: int) -> None:
        keys = [row[0] for row in connection.execute(f"PRAGMA table_info({table})").fetchall() if row[5]]
        assert keys
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
        rows = connection.execute(f"SELECT {', '.join(names)} FROM {table} {where}").fetchall()
        row = rows[at % len(rows)]
        clause = " AND ".join(f"{name} = ?" for name in names)
        if change == "DELETE":
            connection.execute(f"DELETE FROM {table} WHERE {clause}", row)
        else:
            connection.execute(f"UPDATE {table} SET {change} WHERE {clause}", row)

    return damage


def any_sql(statement: str) -> Damage:
    def damage(connection: sqlite3.Connection, at: int) -> None:
        connection.execute(statement, {"at": at} if ":at" in statement else {})

    return damage


def resign_with_other_key(connection: sqlite3.Connection, at: int) -> None:
    """History rewritten and every command signed again, by a key of the forger's own."""
    from ledger.record.signing import command_digest, command_message

    key = SigningKey.from_seed(b"\7" * 32)
    edit_body(connection, at)
    rewritten(connection)
    for command, first, last in connection.execute(
        "SELECT command, first_sequence, last_sequence FROM command"
    ).fetchall():
        leaves = connection.execute(
            "SELECT leaf FROM record WHERE sequence BETWEEN ? AND ? ORDER BY sequence", (first, last)
        ).fetchall()
        digest = command_digest(leaf for (leaf,) in leaves)
        values = (key.public.text, digest, key.sign(command_message("net-test", digest)), command)
        connection.execute(
            "UPDATE command SET actor_key = ?, digest = ?, signature = ? WHERE command = ?", values
        )


def swap_signatures(connection: sqlite3.Connection, at: int) -> None:
    rows = connection.execute("SELECT command, actor_key, digest, signature FROM command").fetchall()
    one, other = rows[at % len(rows)], rows[(at + 1) % len(rows)]
    for (command, *_), values in ((one, other), (other, one)):
        connection.execute(
            "UPDATE command SET actor_key = ?, digest = ?, signature = ? WHERE command = ?",
            (*values[1:], command),
        )


def edit_instant(connection: sqlite3.Connection, at: int) -> None:
    edited(connection, at, lambda data: data.update(at="2026-01-01T00:00:00Z"))
    rewritten(connection)


def edit_key(connection: sqlite3.Connection, at: int) -> None:
    """The key in text and column alike, so that what it stood for can be written again."""
    edited(connection, at, lambda data: data.update(key="freed-" + data["key"]))
    connection.execute("UPDATE record SET key = 'freed-' || key WHERE sequence = ?", (at,))
    rewritten(connection)


def shift_amount(connection: sqlite3.Connection, at: int) -> None:
    """An entry that still balances, with its legs and balances made to fit: only the tree tells."""
    rows = connection.execute("SELECT sequence FROM record WHERE legs = 2").fetchall()
    (sequence,) = rows[at % len(rows)]

    def change(data: dict) -> None:
        for place, by in ((0, 100), (1, -100)):
            data["legs"][place][3] = str(int(data["legs"][place][3]) + by)

    edited(connection, sequence, change)
    for n, by in ((0, 100), (1, -100)):
        connection.execute(
            "UPDATE leg SET amount_minor = amount_minor + ? WHERE sequence = ? AND n = ?", (by, sequence, n)
        )
        connection.execute(
            "UPDATE balance SET amount_minor = amount_minor + ? WHERE (entity, account, order_reference) ="
            " (SELECT entity, account, order_reference FROM leg WHERE sequence = ? AND n = ?)",
            (by, sequence, n),
        )
    rewritten(connection)


def rewrite_schema(connection: sqlite3.Connection, statement: str, *values: object) -> None:
    """Change the text of the schema itself, as DDL cannot."""
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(statement, values)
    version = connection.execute("PRAGMA schema_version").fetchone()[0]
    connection.execute(f"PRAGMA schema_version = {version + 1}")


def hidden_trigger(connection: sqlite3.Connection, at: int, name: str = "sqlite_swallow") -> None:
    text = (
        f"CREATE TRIGGER {name} BEFORE INSERT ON record WHEN NEW.order_reference = 'o{at}'"
        " BEGIN SELECT RAISE(IGNORE); END"
    )
    rewrite_schema(connection, "INSERT INTO sqlite_schema VALUES ('trigger', ?, 'record', 0, ?)", name, text)


def thin_index(connection: sqlite3.Connection, at: int) -> None:
    """Rows taken out of one index after another, by way of a table laid over its pages."""
    indexes = connection.execute(
        "SELECT name, rootpage, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        " ORDER BY name"
    ).fetchall()
    filled = [one[:2] for one in indexes if connection.execute(f"SELECT 1 FROM {one[2]}").fetchone()]
    name, page = filled[at % len(filled)]
    columns = connection.execute(f"PRAGMA index_xinfo({name})").fetchall()
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    rewrite_schema(
        connection,
        "INSERT INTO sqlite_schema VALUES ('table', 'laid_over', 'laid_over', ?, ?)",
        page,
        f"CREATE TABLE laid_over ({names}, PRIMARY KEY ({names})) WITHOUT ROWID",
    )
    connection.execute("COMMIT")
    connection.execute("BEGIN")
    connection.execute("DELETE FROM laid_over WHERE (c0, c1) IN (SELECT c0, c1 FROM laid_over LIMIT 1)")
    rewrite_schema(connection, "DELETE FROM sqlite_schema WHERE name = 'laid_over'")


def unstrict(connection: sqlite3.Connection) -> None:
    rewrite_schema(
        connection, "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, ', '') WHERE name = 'slot'"
    )


def number_commands_anew(connection: sqlite3.Connection, at: int) -> None:
    """Commands and the records that cite them alike: no signature is over their numbers."""
    for table in ("command", "record"):
        connection.execute(f"UPDATE {table} SET command = -command - ?", (at,))
        connection.execute(f"UPDATE {table} SET command = -command")


def enrol_oneself(connection: sqlite3.Connection, at: int) -> None:
    """What needs no guard dropped: a well-formed command that enrols the key that signs it."""
    stranger = Actor("stranger", SigningKey.from_seed(b"\7" * 32))
    write = SqliteWrite(connection)
    transaction = Transaction(write, "net-test", stranger, Clock())
    transaction.enrol_actor("stranger", stranger.key.public)
    if at % 2:
        transaction.append(draw(999, f"o{at}"))
    write.seal("net-test", stranger)


CLASSES: dict[str, Damage] = {
    "text edited": edit_body,
    "text and hash edited": edit_body_and_leaf,
    "text edited and the whole tree rebuilt": edit_and_rebuild,
    "text no longer canonical": space_in_body,
    "record dropped": drop_record,
    "record dropped, the rest moved up, tree rebuilt": drop_and_close_up,
    "neighbours swapped, tree rebuilt": swap_records,
    "texts of neighbours swapped": swap_bodies,
    "record inserted, tree rebuilt": insert_copy,
    "record added at the end, tree rebuilt": add_at_end,
    "kind column edited": edit_column("kind", "gift"),
    "key column edited": edit_column("key", "other"),
    "date column edited": edit_column("trade_date", "2020-01-01"),
    "order column edited": edit_column("order_reference", "other"),
    "state column edited": edit_column("state", "PAID"),
    "count of legs edited": edit_column("legs", 7),
    "command of a record edited": edit_column("command", 1_000),
    "leaf edited": edit_column("leaf", sha256(b"x").digest()),
    "node edited": edit_column("node", sha256(b"x").digest()),
    "amount of a leg edited": any_row("leg", "amount_minor = amount_minor + 1"),
    "account of a leg edited": any_row("leg", "account = '9999'"),
    "entity of a leg edited": any_row("leg", "entity = 'thief'"),
    "currency of a leg edited": any_row("leg", "currency = 'USD'"),
    "date of a leg edited": any_row("leg", "trade_date = '2020-01-01'"),
    "order of a leg edited": any_row("leg", "order_reference = 'other'"),
    "leg dropped": any_row("leg", "DELETE"),
    "leg moved to no record": any_row("leg", "sequence = 100000"),
    "balance edited": any_row("balance", "amount_minor = amount_minor + 1"),
    "balance dropped": any_row("balance", "DELETE"),
    "place of a balance edited": any_row("balance", "last_leg = last_leg - 1"),
    "place of a balance edited twice": any_row(
        "balance", "last_sequence = last_sequence - 1, last_leg = last_leg + 1048576"
    ),
    "use of a slot edited": any_row("slot", "used = used - 1"),
    "capacity of a slot edited": any_row("slot", "capacity = capacity + 1"),
    "place of a slot edited": any_row("slot", "last_sequence = last_sequence + 1"),
    "line of a slot edited": any_row("slot", "last_line = last_line + 1"),
    "slot dropped": any_row("slot", "DELETE"),
    "commands numbered anew": lambda connection, at: number_commands_anew(connection, at),
    "stranger enrolled by himself at the end": lambda connection, at: enrol_oneself(connection, at),
    "capacity line edited": any_row("capacity_line", "capacity = 99"),
    "use of capacity edited": any_row("slot_move", "quantity = quantity + 1"),
    "use of capacity dropped": any_row("slot_move", "DELETE"),
    "hold dropped": any_row("hold", "DELETE"),
    "expiry of a hold edited": any_row("hold", "expires_at = '2030-01-01T00:00:00Z'"),
    "expiry of a hold moved": any_row("expiring_hold", "expires_at = '2030-01-01T00:00:00Z'"),
    "expiry of a hold dropped": any_row("expiring_hold", "DELETE"),
    "end of a hold edited": any_row("hold_end", "ending = 'expired'"),
    "end of a hold dropped": any_row("hold_end", "DELETE"),
    "end of a booking edited": any_row("booking_end", "ending = 'returned'"),
    "claim dropped": any_row("finance_claim", "DELETE"),
    "financier of a claim edited": any_row("finance_claim", "financier = 'other'"),
    "head of an order edited": any_row("order_head", "state = 'SETTLED'"),
    "head of an order dropped": any_row("order_head", "DELETE"),
    "intent dropped": any_row("intent", "DELETE"),
    "attempt dropped": any_row("attempt", "DELETE"),
    "outcome edited": any_row("outcome", "status = 'failed'"),
    "message dropped from the outbox": any_row("outbox", "DELETE"),
    "message dropped from the inbox": any_row("inbox", "DELETE"),
    "delivery made up": any_sql("INSERT INTO delivery VALUES ('x' || :at, :at)"),
    "release of a claim dropped": any_row("finance_release", "DELETE"),
    "delivery dropped": any_row("delivery", "DELETE"),
    "floor edited": any_row("account_floor", "minimum_minor = -100000"),
    "floor dropped": any_row("account_floor", "DELETE"),
    "stranger enrolled": any_sql("INSERT INTO actor VALUES ('ed25519:x', 'x', :at)"),
    "practice made real": any_row("ledger", "practice = 0"),
    "signature edited": any_row("command", "signature = zeroblob(64)"),
    "digest edited": any_row("command", "digest = zeroblob(32)"),
    "signer edited": any_row("command", "actor_key = 'ed25519:x'"),
    "command dropped": any_row("command", "DELETE"),
    "history rewritten and signed by another key": resign_with_other_key,
    "line of a hold moved to another day": any_row("slot_move", "period = '2026-03-27'"),
    "capacity line of another slot": any_row("capacity_line", "resource = resource || 'x'"),
    "order of a hold edited": any_row("hold", "order_reference = 'other'"),
    "lines of a hold counted wrong": any_row("hold", "lines = lines + 1"),
    "end of a hold made up": any_sql("INSERT INTO hold_end VALUES ('h3', 'released', :at)"),
    "end of a booking made up": any_sql("INSERT INTO booking_end VALUES ('h3', 'cancelled', :at)"),
    "end of a booking dropped": any_row("booking_end", "DELETE"),
    "claim made up": any_sql("INSERT INTO finance_claim VALUES ('fx', 1, 'o1', 'harbour', :at)"),
    "turn of a claim edited": any_row("finance_claim", "turn = turn + 1"),
    "release of a claim made up": any_sql("INSERT INTO finance_release VALUES ('f2', 1, :at)"),
    "intent made up": any_sql("INSERT INTO intent VALUES ('call-x', 'o1', :at)"),
    "attempt made up": any_sql("INSERT INTO attempt VALUES ('call-0', 2, :at)"),
    "outcome made up": any_sql("INSERT INTO outcome VALUES ('call-0', 1, 'ok', :at)"),
    "recipient of a message edited": any_row("outbox", "recipient = 'thief'"),
    "message taken in made up": any_sql("INSERT INTO inbox VALUES ('harbour', 'x', :at)"),
    "name of an actor edited": any_row("actor", "name = 'somebody else'"),
    "actor dropped": any_row("actor", "DELETE"),
    "beginning of an order edited": any_row("order_head", "first_sequence = first_sequence + 1"),
    "floor put on another account": any_row("account_floor", "account = '2310'"),
    "ledger given another birthday": any_row("ledger", "created_at = '2020-01-01T00:00:00Z'"),
    "ledger given another id": any_row("ledger", "ledger_id = 'net-other'"),
    "schema version edited": any_row("ledger", "schema_version = 7"),
    "stretch of a command edited": any_row("command", "last_sequence = last_sequence + 1"),
    "command signed by nobody added": any_sql(
        "INSERT INTO command SELECT command + 1, last_sequence + 1, last_sequence + :at, actor_key, digest,"
        " signature FROM command ORDER BY command DESC LIMIT 1"
    ),
    "signatures of two commands swapped": lambda connection, at: swap_signatures(connection, at),
    "writer's instant edited, tree rebuilt": lambda connection, at: edit_instant(connection, at),
    "key of a record edited, tree rebuilt": lambda connection, at: edit_key(connection, at),
    "amount moved between two legs, tree rebuilt": lambda connection, at: shift_amount(connection, at),
    "record given the last number there is": any_sql(
        "UPDATE record SET sequence = 9223372036854775807 WHERE sequence = :at"
    ),
    "command given the last number there is": any_sql(
        "UPDATE command SET command = 9223372036854775807 WHERE command = 1 + :at % 5"
    ),
    "hidden trigger that swallows records": lambda connection, at: hidden_trigger(connection, at),
    "hidden trigger under a name of SQLite's own": lambda connection, at: hidden_trigger(
        connection, at, "sqlite_autoindex_record_9"
    ),
    "rows taken out of an index": lambda connection, at: thin_index(connection, at),
    "column added": any_sql("ALTER TABLE hold ADD COLUMN extra TEXT"),
    "table without its strictness": lambda connection, _at: unstrict(connection),
    "trigger added": any_sql("CREATE TRIGGER audit AFTER INSERT ON record BEGIN SELECT 1; END"),
    "table added": any_sql("CREATE TABLE other (a)"),
    "index dropped": any_sql("DROP INDEX record_order"),
    "view added": any_sql("CREATE VIEW v AS SELECT 1"),
}


@pytest.mark.parametrize("name", CLASSES)
def test_verify_finds_tampering_at_many_positions(name: str, original: Path, tmp_path: Path) -> None:
    size = size_of(original)
    for position in sorted({1, 2, size // 3, size // 2, size - 1, size}):
        path = tmp_path / f"{position}"
        copyfile(original, path)
        attack(path, lambda connection, at=position: CLASSES[name](connection, at))
        report = verify_file(path, workers=1)
        assert report.findings, f"{name} at {position} was not found"


def test_verify_finds_nothing_in_an_honest_ledger(original: Path) -> None:
    report = verify_file(original)
    assert report.findings == []
    assert report.records == size_of(original)
    with open_ledger(original) as ledger:
        from trust.merkle import root_at

        assert report.root == root_at(ledger.size(), ledger.backend.tree())


def test_verify_names_the_place_and_the_amounts(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "x"
    copyfile(original, path)
    attack(
        path, lambda connection: any_row("leg", "amount_minor = 7", "WHERE account = '2310'")(connection, 0)
    )
    (finding, *_) = verify_file(path).findings
    assert finding.place.startswith("record ")
    assert "the record says trader 2310 -100" in finding.problem
    assert "the postings say trader 2310 7 CNY" in finding.problem


@pytest.mark.parametrize("trigger", ["record_guard", "leg_guard", "record_legs", "slot_update_guard"])
def test_verify_finds_a_guard_removed_or_weakened(trigger: str, original: Path, tmp_path: Path) -> None:
    for change in ("drop", "weaken"):
        path = tmp_path / change
        copyfile(original, path)
        connection = sqlite3.connect(path)
        (text,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (trigger,)).fetchone()
        connection.execute(f"DROP TRIGGER {trigger}")
        if change == "weaken":
            event = text.split("BEGIN")[0].split("WHEN")[0]
            connection.execute(f"{event} WHEN 0 BEGIN SELECT 1; END")
        connection.commit()
        connection.close()
        assert [finding.place for finding in verify_file(path).findings] == [f"trigger {trigger}"]


def test_checkpoint_finds_an_old_copy_put_back(tmp_path: Path) -> None:
    """A ledger cut at the end of a command is sound in itself: only a checkpoint held elsewhere tells."""
    path, older = tmp_path / "net.ledger", tmp_path / "older"
    with create_ledger(path, practice=True, actor=ACTOR, clock=Clock()) as ledger:
        for number in range(3):
            with ledger.write() as transaction:
                transaction.append(draw(number))
            if number == 1:
                backup(ledger, older)
        checkpoint = make_checkpoint(ledger, ACTOR, tmp_path)
    with open_ledger(older) as ledger:
        assert verify_ledger(ledger).sound
        report = verify_ledger(ledger, [checkpoint])
        assert "tail was cut off or an old copy was put back" in report.findings[0].problem
        with pytest.raises(LedgerBrokenError, match="cut off"):
            make_checkpoint(ledger, ACTOR, tmp_path)


def test_checkpoint_finds_a_fork(tmp_path: Path) -> None:
    """Two ledgers with one id that part ways: each is sound, and one contradicts the other's checkpoint."""
    paths = [tmp_path / "one", tmp_path / "two"]
    for number, path in enumerate(paths):
        with create_ledger(path, practice=True, actor=ACTOR, clock=Clock(), ledger_id="net-test") as ledger:
            with ledger.write() as transaction:
                transaction.append(draw(1))
            with ledger.write() as transaction:
                transaction.append(draw(2, amount=100 + number))
            if number == 0:
                checkpoint = make_checkpoint(ledger, ACTOR, tmp_path)
    with open_ledger(paths[1]) as ledger:
        assert verify_ledger(ledger).sound
        assert "forked" in verify_ledger(ledger, [checkpoint]).findings[0].problem
        with pytest.raises(LedgerBrokenError, match="forked"):
            make_checkpoint(ledger, ACTOR, tmp_path)


def one_left_out(commands: list[SignedCommand]) -> list[SignedCommand]:
    return commands[:4] + commands[5:]


def two_swapped(commands: list[SignedCommand]) -> list[SignedCommand]:
    return [*commands[:4], commands[5], commands[4], *commands[6:]]


def tail_cut(commands: list[SignedCommand]) -> list[SignedCommand]:
    return commands[:-2]


@pytest.mark.parametrize("damage", [one_left_out, two_swapped, tail_cut])
def test_whole_commands_left_out_or_swapped_are_found_by_a_checkpoint_alone(
    damage: Callable[[list[SignedCommand]], list[SignedCommand]], tmp_path: Path
) -> None:
    """No key is needed for it, and the result is sound in itself: the reference names the class."""
    with create_ledger(tmp_path / "l", practice=True, actor=ACTOR, clock=Clock()) as ledger:
        for number in range(9):
            ledger.append(draw(number))
        held = make_checkpoint(ledger, ACTOR, tmp_path)
        commands = list(commands_after(ledger, 0))
        forged = SqliteTarget(tmp_path / "forged", ledger.id)
    forged.add(damage(commands))
    forged.close()
    with open_ledger(tmp_path / "forged") as ledger:
        assert verify_ledger(ledger).sound
        (finding,) = verify_ledger(ledger, [held]).findings
        assert finding.subject == "checkpoint"


def test_ledger_made_anew_by_somebody_else_is_found_by_a_checkpoint_alone(tmp_path: Path) -> None:
    stranger = Actor("stranger", SigningKey.from_seed(b"\7" * 32))
    clock = Clock()
    with create_ledger(tmp_path / "l", practice=True, actor=ACTOR, clock=clock, ledger_id="net-x") as ledger:
        held = make_checkpoint(ledger, ACTOR, tmp_path)
    with create_ledger(
        tmp_path / "o", practice=True, actor=stranger, clock=clock, ledger_id="net-x"
    ) as other:
        assert verify_ledger(other).sound
        (finding,) = verify_ledger(other, [held]).findings
        assert "signed by no key that may write" in finding.problem


def test_checkpoint_grows_with_the_ledger_and_is_kept_outside(tmp_path: Path) -> None:
    with create_ledger(tmp_path / "l", practice=True, actor=ACTOR, clock=Clock()) as ledger:
        first = make_checkpoint(ledger, ACTOR, tmp_path / "keys")
        assert make_checkpoint(ledger, ACTOR, tmp_path / "keys") == first
        with ledger.write() as transaction:
            transaction.append(draw(1))
        second = make_checkpoint(ledger, ACTOR, tmp_path / "keys")
        assert second.size == first.size + 1
        assert held_checkpoint(tmp_path / "keys", ledger.id) == second
        assert verify_ledger(ledger, [first, second]).sound


def test_verify_finds_rows_taken_out_of_any_index(original: Path, tmp_path: Path) -> None:
    """What an index hides, a look-up by it never finds: an order's records, a key used before, a balance."""
    connection = sqlite3.connect(original)
    count = connection.execute(
        "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchone()[0]
    connection.close()
    named = set()
    for number in range(count):
        path = tmp_path / str(number)
        copyfile(original, path)
        attack(path, lambda connection, at=number: thin_index(connection, at))
        found = [finding.place for finding in verify_file(path).findings if finding.subject == "index"]
        assert found
        named.update(found)
    assert {"index record_key", "index record_order", "index leg_account", "index hold_order"} <= named
    assert len(named) == count


def test_verify_lets_the_planner_keep_its_statistics(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "x"
    copyfile(original, path)
    connection = sqlite3.connect(path)
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()
    assert verify_file(path).findings == []


def test_verify_finds_what_was_written_while_a_guard_was_gone(tmp_path: Path) -> None:
    """The records are signed and the books fit them now; what they did then was against the rules."""
    path, clock = tmp_path / "l", Clock()
    lines = [HoldLine("factory:x", "2026-03-05", 8)]
    made = create_ledger(path, practice=True, actor=ACTOR, clock=clock)
    with made as ledger, ledger.write() as transaction:
        for name, capacity in (("a", 10), ("b", 20)):
            transaction.open_capacity("factory:x", "2026-03-05", capacity)
            transaction.hold(name, "o1", lines, clock() + timedelta(hours=1))
    connection = sqlite3.connect(path, isolation_level=None)
    kept = {
        name: connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]
        for name in ("slot_update_guard", "hold_end_guard")
    }
    for name in kept:
        connection.execute(f"DROP TRIGGER {name}")
    clock.move(hours=2)
    with open_ledger(path, actor=ACTOR, clock=clock) as ledger, ledger.write() as transaction:
        transaction._note("capacity.opened", "small", {"lines": [["factory:x", "2026-03-05", "9"]]})
        transaction._note("capacity.held", "hold:c", {"hold": "c", "expires_at": None, "lines": THREE}, "o1")
        transaction._note("capacity.released", "hold-end:c", {"hold": "c"}, "o1")
        transaction._note("capacity.released", "hold-end:b", {"hold": "b"}, "o1")
        transaction._note("capacity.confirmed", "hold-end:a", {"hold": "a"}, "o1")
    for text in kept.values():
        connection.execute(text)
    connection.close()
    found = [str(finding) for finding in verify_file(path).findings]
    assert any("took factory:x 2026-03-05 beyond its capacity: 19 used of 9" in one for one in found)
    assert any("hold a: was confirmed at 2026-03-02T11:00:00Z, though" in one for one in found)
    assert len(found) == 2


def test_checkpoint_counts_only_with_a_writers_signature(tmp_path: Path) -> None:
    """Whoever can replace the checkpoint that somebody keeps can write any root into it, but not sign it."""
    with create_ledger(tmp_path / "l", practice=True, actor=ACTOR, clock=Clock()) as ledger:
        with ledger.write() as transaction:
            transaction.append(draw(1))
        made = make_checkpoint(ledger, ACTOR, tmp_path)
        stranger = sign_checkpoint(ledger.id, made.size, made.root, SigningKey.from_seed(b"\5" * 32))
        text, _, signature = made.note.rpartition("\n\n")
        unsigned = parse_checkpoint(f"{text}\n\n\u2014 nobody AAAAAAAA\n")
        shorter = parse_checkpoint(made.note.replace(f"\n{made.size}\n", f"\n{made.size - 1}\n"))
        for checkpoint, problem in (
            (stranger, "signed by no key that may write"),
            (unsigned, "signed by no key that may write"),
            (shorter, "does not fit the note"),
        ):
            (finding,) = verify_ledger(ledger, [checkpoint]).findings
            assert problem in finding.problem
        second = SigningKey.from_seed(b"\6" * 32)
        with pytest.raises(RefusedError, match="counts only with a key that may write"):
            make_checkpoint(ledger, Actor("anna", second), tmp_path / "annas")
        assert held_checkpoint(tmp_path / "annas", ledger.id) is None
        with ledger.write() as transaction:
            transaction.enrol_actor("anna", second.public)
        rotated = make_checkpoint(ledger, Actor("anna", second), tmp_path / "annas")
        assert verify_ledger(ledger, [made, rotated]).sound
        assert signature


def test_writing_stops_where_records_were_slipped_in_or_swallowed(original: Path, tmp_path: Path) -> None:
    """The program says that the ledger does not add up, and writes nothing."""
    for number, damage in enumerate((add_at_end, lambda connection, _: hidden_trigger(connection, 1))):
        path = tmp_path / str(number)
        copyfile(original, path)
        attack(path, lambda connection, damage=damage: damage(connection, 5))
        before = size_of(path)
        opened = open_ledger(path, actor=ACTOR, clock=Clock())
        with opened as ledger, pytest.raises(LedgerBrokenError, match="cannot be signed"):
            ledger.append(draw(99, "o1"))
        assert size_of(path) == before


def test_record_that_cannot_be_read_is_said_to_be_broken(original: Path, tmp_path: Path) -> None:
    for number, change in enumerate(("'{}'", "'['", "replace(body, '2026-03', '2026-33')")):
        path = tmp_path / str(number)
        copyfile(original, path)
        statement = f"UPDATE record SET body = {change} WHERE sequence = 9"
        attack(path, lambda connection, statement=statement: connection.execute(statement) and None)
        with open_ledger(path) as ledger, pytest.raises(LedgerBrokenError, match="record 9 is not one"):
            list(ledger.records())
        assert verify_file(path).findings


@pytest.mark.parametrize(
    "leg",
    [
        [["trader"], "1010", "CNY", "5"],
        ["trader", "1010", None, "5"],
        ["trader", "1010", "CNY", 5],
        ["trader", "1010", "CNY", "5", "x"],
        ["trader", "1010", "CNY", "\u0665"],
        {"trader": 1},
        "abcd",
        None,
    ],
)
def test_verify_names_a_leg_that_is_none(leg: object, original: Path, tmp_path: Path) -> None:
    """Whatever stands in its place, verification says which leg and goes on."""
    path = tmp_path / "x"
    copyfile(original, path)

    def damage(connection: sqlite3.Connection) -> None:
        (sequence,) = connection.execute("SELECT MIN(sequence) FROM record WHERE legs = 2").fetchone()
        edited(connection, sequence, lambda data: data["legs"].__setitem__(1, leg))

    attack(path, damage)
    places = [finding.place for finding in verify_file(path, workers=1).findings]
    assert any(place.startswith("record ") and place.endswith("leg 2") for place in places)
    with open_ledger(path) as ledger, suppress(LedgerBrokenError):
        list(ledger.records())


@pytest.mark.parametrize("position", [1, 2])
def test_stranger_may_enrol_himself_in_no_command_but_the_first(
    position: int, original: Path, tmp_path: Path
) -> None:
    """With every guard in its place: raw statements of a stranger, or his own copy of this program."""
    path = tmp_path / "x"
    copyfile(original, path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    enrol_oneself(connection, position)
    connection.execute("COMMIT")
    connection.close()
    (finding,) = verify_file(path).findings
    assert "were signed by a key that may not write here" in finding.problem


def test_key_enrolled_by_a_writer_may_write_from_the_next_command_on(tmp_path: Path) -> None:
    second = Actor("anna", SigningKey.from_seed(b"\6" * 32))
    with create_ledger(tmp_path / "l", practice=True, actor=ACTOR, clock=Clock()) as ledger:
        with ledger.write() as transaction:
            transaction.enrol_actor("anna", second.key.public)
            transaction.append(draw(1))
        with open_ledger(tmp_path / "l", actor=second, clock=Clock()) as annas:
            annas.append(draw(2))
        assert verify_ledger(ledger).sound


@pytest.mark.parametrize(("name", "value"), [("user_version", 7), ("application_id", 7)])
def test_verify_finds_a_pragma_kept_in_the_file(
    name: str, value: int, original: Path, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    copyfile(original, path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA {name} = {value}")
    connection.close()
    (finding,) = verify_file(path).findings
    assert str(finding) == f"PRAGMA {name}: was changed: it is 7, this program makes 0"


@pytest.mark.parametrize("table", ["slot", "hold", "hold_end", "finance_claim", "slot_move"])
def test_verify_names_the_table_that_is_gone_and_everything_else(
    table: str, original: Path, tmp_path: Path
) -> None:
    """One table that cannot be read hides nothing of what is wrong with others."""
    path = tmp_path / "x"
    copyfile(original, path)
    attack(path, lambda connection: connection.execute("UPDATE outbox SET recipient = 'thief'") and None)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"DROP TABLE {table}")
    connection.close()
    found = [str(finding) for finding in verify_file(path).findings]
    assert f"table {table}: is missing: it was dropped" in found
    assert any(one.startswith("outbox m0") for one in found)


def test_verify_says_all_where_the_root_of_a_checkpoint_cannot_be_made(
    original: Path, tmp_path: Path
) -> None:
    """A record is gone whose node the checkpoint's root is made of: that is one finding among the others."""
    path = tmp_path / "x"
    copyfile(original, path)
    with open_ledger(path, actor=ACTOR) as ledger:
        made = make_checkpoint(ledger, ACTOR, tmp_path)
    attack(path, lambda connection: drop_record(connection, 64))
    with open_ledger(path) as ledger:
        found = [str(finding) for finding in verify_ledger(ledger, [made]).findings]
    assert any(one.startswith("record 64: is missing") for one in found)
    assert any(one.endswith("cannot be compared: record 64 is missing") for one in found)


def test_record_of_an_upgrade_that_says_nothing_is_a_broken_ledger(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "x"
    copyfile(original, path)
    attack(path, lambda connection: edit_column("kind", "ledger.migrated")(connection, 5))
    with pytest.raises(LedgerBrokenError, match="record of the last upgrade"):
        open_ledger(path)
    assert any("record 5 " in finding.place for finding in verify_file(path).findings)


def test_verify_uses_several_processes_with_the_same_result(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with create_ledger(path, practice=True, actor=ACTOR, clock=Clock()) as ledger:
        for batch in range(18):
            with ledger.write() as transaction:
                transaction.append_many(draw(batch * 1_000 + n, f"o{n % 50}") for n in range(1_000))
    steps: list[int] = []
    reports: list[Report] = [
        verify_file(path, workers=2, progress=lambda done, _: steps.append(done)),
        verify_file(path, workers=1),
    ]
    assert [report.findings for report in reports] == [[], []]
    assert reports[0].root == reports[1].root
    assert steps[-1] == reports[0].records == 18_003
    attack(path, lambda connection: edit_body(connection, 17_000))
    assert [f.place for f in verify_file(path, workers=2).findings] == ["record 17000 (draw-16996)"]


def test_verification_says_with_which_checkpoints_it_compared(tmp_path: Path) -> None:
    with create_ledger(tmp_path / "l", practice=True, actor=ACTOR, clock=Clock()) as ledger:
        assert verify_ledger(ledger).compared == []
        made = make_checkpoint(ledger, ACTOR, tmp_path)
        ledger.append(draw(1))
        assert verify_ledger(ledger, [made]).compared == [(3, "2026-03-02T09:00:00Z")]
