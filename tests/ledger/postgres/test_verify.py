"""Verification on PostgreSQL finds what a superuser could do behind the guards, and says where."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

import ledger.verify.postgres as subject
from domain.posting import Entry
from ledger.checkpoints import make_checkpoint
from ledger.record.findings import Report
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.catalog import catalog, shipped, view_statements
from ledger.verify.ledger import verify_ledger
from tests.conftest import _with_database
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.ledger.postgres.test_guards import fill

pytestmark = pytest.mark.postgres

Damaged = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def owner_url(postgres_server: str) -> Iterator[str]:
    """A ledger with something in every table; each test undoes its damage."""
    name = "net_test_verify"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    url = _with_database(postgres_server, name)
    with create_ledger(url, practice=True, actor=ACTOR, clock=Clock(), ledger_id="net-test") as ledger:
        fill(ledger)
        for number in range(10, 30):
            ledger.append(draw(number, order=f"o{number}"))
        ledger.append(Entry("order.funded", "s2", date(2026, 3, 2), "o1", {"state": "FUNDED"}))
    yield url
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def verified(connection: Damaged) -> Report:
    """As ``verify_database`` does it, but inside the open transaction that holds the damage."""
    report = Report()
    subject._verify(connection, report, None)
    return report


GUARDS = """DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT tgrelid::regclass AS place, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
              WHERE relnamespace = 'net'::regnamespace AND NOT tgisinternal LOOP
    EXECUTE format('ALTER TABLE %s {} TRIGGER %I', one.place, one.tgname);
  END LOOP; END $$"""


def after(owner_url: str, *statements: str) -> Report:
    """What verification says after the statements ran with every guard off, and on again."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("SET search_path = net, pg_temp")
        connection.execute(GUARDS.format("DISABLE"))
        for statement in statements:
            connection.execute(statement)
        connection.execute(GUARDS.format("ENABLE ALWAYS"))
        report = verified(connection)
        connection.rollback()
    return report


def test_sound_ledger_has_no_findings(owner_url: str) -> None:
    report = after(owner_url, "SELECT 1")
    assert report.findings == []
    assert report.records > 30
    assert report.commands > 20


RECORDS = {
    "an amount edited": "UPDATE record SET body = replace(body, '\"100\"', '\"101\"') WHERE sequence = {n}",
    "an amount edited and hashed again": (
        "UPDATE record SET body = replace(body, '\"100\"', '\"101\"'),"
        " leaf = sha256('\\x00'::bytea || convert_to(replace(body, '\"100\"', '\"101\"'), 'UTF8'))"
        " WHERE sequence = {n}"
    ),
    "a posting edited": "UPDATE leg SET amount_minor = amount_minor + 1 WHERE sequence = {n} AND n = 0",
    "a posting moved": "UPDATE leg SET account = '1020' WHERE sequence = {n} AND n = 0",
    "a posting dated otherwise": "UPDATE leg SET trade_date = '2020-01-01' WHERE sequence = {n} AND n = 0",
    "a posting dropped": "DELETE FROM leg WHERE sequence = {n} AND n = 1",
    "a posting added": "INSERT INTO leg SELECT {n}, 9, 'a', 'b', 'EUR', 0, 'o1', '2026-03-05'",
    "a record dropped": "DELETE FROM record WHERE sequence = {n}",
    "a place dropped": "DELETE FROM sealing WHERE record = {n}",
    "two records swapped": (
        "UPDATE sealing SET record = CASE record WHEN {n} THEN -{n} ELSE record END;"
        " UPDATE sealing SET record = {n} WHERE record = 5; UPDATE sealing SET record = 5 WHERE record = -{n}"
    ),
    "a node changed": "UPDATE sealing SET node = sha256(node) WHERE record = {n}",
    "a kind changed": "UPDATE record SET kind = 'loan.forgiven' WHERE sequence = {n}",
    "a key changed": "UPDATE record SET key = 'other' WHERE sequence = {n}",
    "a date changed": "UPDATE record SET trade_date = '2020-01-01' WHERE sequence = {n}",
    "an order changed": "UPDATE record SET order_reference = 'o99' WHERE sequence = {n}",
    "a signature changed": (
        "UPDATE command SET signature = sha256(signature) || sha256(digest)"
        " WHERE command = (SELECT command FROM record WHERE sequence = {n})"
    ),
    "a signed digest changed": (
        "UPDATE command SET digest = sha256(digest)"
        " WHERE command = (SELECT command FROM record WHERE sequence = {n})"
    ),
    "another signer": (
        "UPDATE command SET actor_key = 'ed25519:x'"
        " WHERE command = (SELECT command FROM record WHERE sequence = {n})"
    ),
    "a command dropped": (
        "DELETE FROM command WHERE command = (SELECT command FROM record WHERE sequence = {n})"
    ),
}

ELSEWHERE = {
    "a balance changed": (
        "UPDATE balance_part SET amount_minor = amount_minor + 1 WHERE order_reference = 'o1'"
    ),
    "a balance dropped": "DELETE FROM balance_part WHERE order_reference = 'o12'",
    "a balance added": "INSERT INTO balance_part VALUES ('trader', '1010', 'o77', 'EUR', 0, 5)",
    "a part of a balance below what the floor allows": (
        "INSERT INTO balance_part SELECT entity, account, order_reference, currency, 1, -100"
        " FROM balance_part WHERE account = '1010' AND order_reference = 'o12';"
        " UPDATE balance_part SET amount_minor = amount_minor + 100"
        " WHERE account = '1010' AND order_reference = 'o12' AND part = 0"
    ),
    "a slot freed": "UPDATE slot SET used = used - 1",
    "a slot widened": "UPDATE slot SET capacity = capacity + 1",
    "a slot dropped": "DELETE FROM slot",
    "a capacity line changed": "UPDATE capacity_line SET capacity = 99",
    "a use of capacity changed": "UPDATE slot_move SET quantity = 1 WHERE n = 0",
    "a hold dropped": "DELETE FROM hold WHERE hold_id = 'h2'",
    "a hold prolonged": "UPDATE hold SET expires_at = '2099-01-01T00:00:00Z' WHERE hold_id = 'h2'",
    "an expiry added": "INSERT INTO expiring_hold VALUES ('2030-01-01T00:00:00Z', 'h0')",
    "a hold ended": "INSERT INTO hold_end VALUES ('h2', 'released', 999)",
    "a hold's end dropped": "DELETE FROM hold_end WHERE hold_id = 'h0'",
    "a booking's end changed": "UPDATE booking_end SET ending = 'used'",
    "an order's state changed": "UPDATE order_head SET state = 'SETTLED'",
    "an order added": "INSERT INTO order_head VALUES ('o99', 'DRAFT', 1, 1)",
    "a floor lowered": "UPDATE account_floor SET minimum_minor = -5",
    "a claim dropped": "DELETE FROM finance_claim WHERE fingerprint = 'fp'",
    "a claim moved": "UPDATE finance_claim SET financier = 'lender:b' WHERE fingerprint = 'fp'",
    "a claim's release dropped": "DELETE FROM finance_release",
    "an intent dropped": "DELETE FROM intent",
    "an attempt dropped": "DELETE FROM attempt",
    "an outcome turned": "UPDATE outcome SET status = 'failed'",
    "an outbox emptied": "DELETE FROM outbox",
    "a delivery forgotten": "DELETE FROM delivery",
    "an inbox emptied": "DELETE FROM inbox",
    "an actor added": "INSERT INTO actor VALUES ('ed25519:x', 'x', 1)",
    "practice made real": "UPDATE ledger SET practice = false",
    "an order said to begin later": (
        "UPDATE order_head SET first_sequence = last_sequence + 1 WHERE order_reference = 'o1'"
    ),
    "an order said to begin with another's record": (
        "UPDATE order_head SET first_sequence = 1 WHERE order_reference = 'o1'"
    ),
    "a slot said to have changed at another record": "UPDATE slot SET last_sequence = last_sequence - 1",
    "an order's state changed with the order of its commands": (
        "UPDATE command SET place = -place WHERE command IN (SELECT command FROM record WHERE key = 's2');"
        " UPDATE order_head SET state = 'PLANNED', last_sequence ="
        " (SELECT sequence FROM record WHERE key = 's1') WHERE order_reference = 'o1'"
    ),
    "a seal of what is not there": "UPDATE seal SET last_sequence = last_sequence + 1000",
    "the order of commands set back": "ALTER SEQUENCE command_place RESTART WITH 1",
    "the numbers of records set back": "ALTER TABLE record ALTER sequence RESTART WITH 1",
    "the tail passed over": (
        "DELETE FROM sealing WHERE sequence > 30;"
        " INSERT INTO seal VALUES (30, pg_snapshot_xmax(pg_current_snapshot()))"
        " ON CONFLICT (last_sequence) DO UPDATE SET horizon = EXCLUDED.horizon;"
        " DELETE FROM seal WHERE last_sequence > 30"
    ),
}

DEFINITIONS = {
    "a guard dropped": "DROP TRIGGER stays ON record",
    "a guard switched off": "ALTER TABLE leg DISABLE TRIGGER derived",
    "a guard that replication switches off": "ALTER TABLE leg ENABLE TRIGGER derived",
    "a guard emptied": (
        "CREATE OR REPLACE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$"
    ),
    "a guard of some columns only": (
        "DROP TRIGGER stays ON record;"
        " CREATE TRIGGER stays BEFORE UPDATE OF state OR DELETE OR TRUNCATE ON record"
        " FOR EACH STATEMENT EXECUTE FUNCTION stays(); ALTER TABLE record ENABLE ALWAYS TRIGGER stays"
    ),
    "a guard that asks a function elsewhere": (
        "CREATE FUNCTION pg_temp.stays() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        " DROP TRIGGER stays ON record; CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON record"
        " FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.stays(); ALTER TABLE record ENABLE ALWAYS TRIGGER stays"
    ),
    "a guard with a condition": (
        "DROP TRIGGER stays ON record; CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON record"
        " FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION stays();"
        " ALTER TABLE record ENABLE ALWAYS TRIGGER stays"
    ),
    "a function that nulls switch off": "ALTER FUNCTION refuse(text) STRICT",
    "a function said to be constant": "ALTER FUNCTION record_added() IMMUTABLE",
    "a default changed": "ALTER TABLE record ALTER command SET DEFAULT 1",
    "a child table": "CREATE TEMPORARY TABLE child () INHERITS (leg)",
    "a type added": "CREATE DOMAIN net.amount AS bigint",
    "an operator added": "CREATE OPERATOR net.=== (FUNCTION = int8eq, LEFTARG = bigint, RIGHTARG = bigint)",
    "a column's type changed": "ALTER TABLE outbox ALTER recipient TYPE varchar",
    "a column that may be empty": "ALTER TABLE leg ALTER entity DROP NOT NULL",
    "a table that a crash empties": "ALTER TABLE inbox SET UNLOGGED",
    "a table renamed": "ALTER TABLE inbox RENAME TO postbox",
    "a function added": "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "a function's path changed": "ALTER FUNCTION record_added() SET search_path = public, net",
    "a view that hides": (
        "CREATE OR REPLACE VIEW unsealed_record AS SELECT record.sequence AS written, record.kind,"
        " record.key, record.order_reference FROM record WHERE false"
    ),
    "a power over all data given": "GRANT pg_write_all_data TO net_test_verify_net_program",
    "a right to replicate given": "ALTER ROLE net_test_verify_net_program REPLICATION",
    "a trigger added": "CREATE TRIGGER mine BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION stays()",
    "a right given": "GRANT UPDATE ON balance_part TO net_test_verify_net_program",
    "a right to a column given": "GRANT UPDATE (body) ON record TO net_test_verify_net_program",
    "a right given to everybody": "GRANT INSERT ON leg TO PUBLIC",
    "the program made an owner": "GRANT net_test_verify_net_owner TO net_test_verify_net_program",
    "the program made a superuser": "ALTER ROLE net_test_verify_net_program SUPERUSER",
    "a table added": "CREATE TABLE net.more (x int)",
    "a column added": "ALTER TABLE balance_part ADD COLUMN more int",
    "a key dropped": "ALTER TABLE record DROP CONSTRAINT record_key",
    "an index dropped": "DROP INDEX record_order",
    "a rule added": "CREATE RULE quiet AS ON INSERT TO inbox DO INSTEAD NOTHING",
    "a policy added": "CREATE POLICY hide ON leg USING (false)",
    "rows hidden": "ALTER TABLE leg ENABLE ROW LEVEL SECURITY",
    "a table given away": "ALTER TABLE slot OWNER TO CURRENT_USER",
    "a view changed": "DROP VIEW sealed_record; CREATE VIEW sealed_record AS SELECT 1 AS sequence",
    "an index that leaves rows out": (
        "DROP INDEX record_order; CREATE INDEX record_order ON record (order_reference, sequence)"
        " WHERE order_reference IS NOT NULL AND sequence > 5"
    ),
    "an index in another order": (
        "DROP INDEX record_kind; CREATE INDEX record_kind ON record (kind text_pattern_ops, sequence)"
    ),
    "an index of another kind": (
        "DROP INDEX hold_order; CREATE INDEX hold_order ON hold USING hash (order_reference)"
    ),
    "a sequence that counts down": "ALTER SEQUENCE command_place INCREMENT -1 MINVALUE -100",
    "functions given to everybody": "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA net TO PUBLIC",
    "a function given to the reader": (
        "GRANT EXECUTE ON FUNCTION keep_writers_out() TO net_test_verify_net_reader"
    ),
    "a function taken from the program": (
        "REVOKE EXECUTE ON FUNCTION lock_slots FROM net_test_verify_net_program"
    ),
    "a right to pass on": "GRANT SELECT ON record TO net_test_verify_net_program WITH GRANT OPTION",
    "an owner that logs in": "ALTER ROLE net_test_verify_net_owner LOGIN PASSWORD 'x'",
    "a view that runs as who asks": "ALTER VIEW balance SET (security_invoker = true)",
    "a function run as its caller": "ALTER FUNCTION record_added() SECURITY INVOKER",
}


BEYOND_THE_OWNER = {
    "a function that takes a guard's place": (
        "CREATE FUNCTION pg_catalog.refuse(told text) RETURNS void LANGUAGE sql AS 'SELECT NULL::void'"
    ),
    "the server's own function put aside": (
        "CREATE OR REPLACE FUNCTION pg_catalog.pg_trigger_depth() RETURNS int LANGUAGE sql AS 'SELECT 9'"
    ),
    "the server's own function said to be constant": (
        "ALTER FUNCTION pg_catalog.pg_trigger_depth() IMMUTABLE"
    ),
    "a table that takes another's place": (
        "SET LOCAL allow_system_table_mods = on;"
        " CREATE TABLE pg_catalog.account_floor (LIKE net.account_floor)"
    ),
    "an operator for everybody": (
        "CREATE OPERATOR pg_catalog.=== (FUNCTION = int8eq, LEFTARG = bigint, RIGHTARG = bigint)"
    ),
    "texts read as other numbers": (
        "CREATE FUNCTION public.none(text) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';"
        " CREATE CAST (text AS bigint) WITH FUNCTION public.none(text)"
    ),
    "triggers hidden in the catalogue": (
        "UPDATE pg_class SET relhastriggers = false WHERE oid = 'net.record'::regclass"
    ),
    "a key that is kept no more": (
        "UPDATE pg_index SET indisready = false WHERE indexrelid = 'net.record_key'::regclass"
    ),
    "everything given to somebody who logs in": (
        "CREATE ROLE net_test_verify_other LOGIN;"
        " REASSIGN OWNED BY net_test_verify_net_owner TO net_test_verify_other"
    ),
}


def test_there_are_enough_classes() -> None:
    assert len(RECORDS) + len(ELSEWHERE) + len(DEFINITIONS) >= 60


@pytest.mark.parametrize("name", RECORDS)
def test_damaged_record_is_found_wherever_it_is(owner_url: str, name: str) -> None:
    with psycopg.connect(owner_url) as connection:
        rows = connection.execute(
            "SELECT sequence FROM net.record WHERE kind = 'loan.drawn' ORDER BY 1"
        ).fetchall()
    for (n,) in (rows[0], rows[7], rows[14], rows[-1]):
        report = after(owner_url, RECORDS[name].format(n=n))
        assert report.findings, f"{name} at {n} was not found"
        assert all(finding.subject != "schema" for finding in report.findings)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_damaged_projection_is_found(owner_url: str, name: str) -> None:
    report = after(owner_url, ELSEWHERE[name])
    assert report.findings
    assert all(finding.subject != "schema" for finding in report.findings)


@pytest.mark.parametrize("name", DEFINITIONS | BEYOND_THE_OWNER)
def test_damaged_definition_is_found(owner_url: str, name: str) -> None:
    statements = (DEFINITIONS | BEYOND_THE_OWNER)[name]
    with psycopg.connect(owner_url) as connection:
        connection.execute("SET search_path = net, pg_temp")
        by_roles = any(word in statements for word in ("GRANT", "ROLE", "OWNER"))
        if name in DEFINITIONS and not by_roles:
            connection.execute("SET ROLE net_test_verify_net_owner")
        connection.execute(statements)
        connection.execute("RESET ROLE")
        from ledger.verify.catalog import check_catalog

        report = Report()
        check_catalog(connection, report)
        connection.rollback()
    assert report.findings
    assert {finding.subject for finding in report.findings} == {"schema"}


def test_command_below_zero_is_verified_too(owner_url: str) -> None:
    report = after(
        owner_url,
        "UPDATE record SET command = -7 WHERE key = 'draw-12';"
        " UPDATE command SET command = -7, signature = sha256(signature) || sha256(digest) WHERE NOT EXISTS"
        " (SELECT 1 FROM record WHERE record.command = command.command)",
    )
    assert {finding.subject for finding in report.findings} == {"signature"}


def test_shipped_listing_is_that_of_the_shipped_schema(owner_url: str) -> None:
    """After a change of the schema: python -m ledger.verify.catalog URL."""
    with psycopg.connect(owner_url) as connection:
        assert catalog(connection) | view_statements() == shipped()
    assert len(view_statements()) == 14
    assert json.dumps(shipped())


def test_views_that_cannot_be_compared_are_said_to_be_so(owner_url: str) -> None:
    """A replica lets nothing be made, not even for a moment: the rest is verified, and the report says so."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("SET TRANSACTION READ ONLY")
        connection.execute("SET search_path = net, pg_temp")
        report = verified(connection)
    assert report.sound
    assert "not compared" in report.notes[0]


def grown(url: str, notes: int) -> Ledger:
    ledger = create_ledger(url, practice=True, actor=ACTOR, clock=Clock(), ledger_id="net-twin")
    for number in range(notes):
        ledger.append(Entry("note", f"n{number}", date(2026, 3, 2), None, {"n": number}))
    return ledger


def test_old_copy_put_back_is_found_by_a_checkpoint_held_elsewhere(
    postgres_database: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Everything inside an old copy fits; only a checkpoint from outside shows that the tail is gone."""
    folder = tmp_path_factory.mktemp("held")
    with create_ledger(
        folder / "long", practice=True, actor=ACTOR, clock=Clock(), ledger_id="net-twin"
    ) as long:
        for number in range(9):
            long.append(Entry("note", f"n{number}", date(2026, 3, 2), None, {"n": number}))
        newest = make_checkpoint(long, ACTOR, folder)
    with grown(postgres_database, 5) as ledger:
        assert verify_ledger(ledger).sound
        report = verify_ledger(ledger, [newest])
        assert "tail was cut off" in str(report.findings[0])
        for number in range(5, 9):
            ledger.append(Entry("note", f"n{number}", date(2026, 3, 2), None, {"n": number}))
        assert verify_ledger(ledger, [newest]).sound, "the same records have the same root on both databases"


def test_verify_works_as_the_program_and_counts_what_waits(postgres_database: str) -> None:
    with grown(postgres_database, 3) as ledger:
        url = ledger.backend.url  # type: ignore[attr-defined]
        with open_ledger(url) as reader:
            report = verify_ledger(reader)
            assert report.sound
            assert (report.records, report.unsealed) == (6, 0)


STANDING = {
    "a member of the owner": "CREATE ROLE net_mallory LOGIN; GRANT {owner} TO net_mallory",
    "a member through another": (
        "CREATE ROLE net_mallory LOGIN; CREATE ROLE net_ring; GRANT {owner} TO net_ring;"
        " GRANT net_ring TO net_mallory"
    ),
    "a member of the program": "CREATE ROLE net_mallory LOGIN; GRANT {program} TO net_mallory",
    "a reader who may pass it on": (
        "CREATE ROLE net_mallory LOGIN; GRANT {reader} TO net_mallory WITH ADMIN OPTION"
    ),
    "a role that may write everywhere": "CREATE ROLE net_mallory; GRANT pg_write_all_data TO net_mallory",
    "rights on what comes": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA net GRANT ALL ON TABLES TO PUBLIC"
    ),
    "an event trigger": (
        "CREATE FUNCTION public.on_change() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        " CREATE EVENT TRIGGER watched ON ddl_command_end EXECUTE FUNCTION public.on_change()"
    ),
    "a publication of everything": "CREATE PUBLICATION everything FOR ALL TABLES",
    "a publication of records": "CREATE PUBLICATION some_records FOR TABLE net.record",
    "a setting that switches guards off": "ALTER ROLE {program} SET session_replication_role = 'replica'",
    "another owner of the database": (
        "CREATE ROLE net_mallory; ALTER DATABASE net_test_verify OWNER TO net_mallory"
    ),
}


@pytest.mark.parametrize("name", STANDING)
def test_whoever_could_get_around_the_guards_is_found(owner_url: str, name: str) -> None:
    parts = {part: f"net_test_verify_net_{part}" for part in ("owner", "program", "reader")}
    report = after(owner_url, STANDING[name].format(**parts))
    assert {flaw.subject for flaw in report.findings} == {"schema"}
    assert all("was added" in flaw.problem for flaw in report.findings)


def test_a_reader_and_an_administrator_are_no_findings(owner_url: str) -> None:
    statements = (
        "CREATE ROLE net_analyst LOGIN; GRANT net_test_verify_net_reader TO net_analyst",
        "CREATE ROLE net_admin LOGIN CREATEROLE; GRANT net_test_verify_net_owner TO net_admin",
    )
    assert after(owner_url, *statements).sound


LACKING = (
    "record_key", "record_pkey", "record_order", "hold_pkey", "finance_claim_pkey", "actor_pkey",
    "hold_end_pkey", "leg_account", "sealing_record", "balance_part_pkey",
)  # fmt: skip


@pytest.mark.parametrize("index", LACKING)
def test_rows_that_an_index_lacks_are_found(owner_url: str, index: str) -> None:
    """As a superuser can make it, and a damaged page does: the rows are there, the index leaves them out."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("SET search_path = net, pg_temp")
        connection.execute(GUARDS.format("DISABLE"))
        (table,) = connection.execute(
            "SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = %s::regclass", (f"net.{index}",)
        ).fetchone() or ("",)
        connection.execute(f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM {table}")
        connection.execute(
            "UPDATE pg_index SET indisready = false WHERE indexrelid = %s::regclass", (f"net.{index}",)
        )
        connection.execute(f"DELETE FROM {table}")
        overriding = "OVERRIDING SYSTEM VALUE" if table == "record" else ""
        connection.execute(f"INSERT INTO {table} {overriding} SELECT * FROM kept")
        connection.execute(
            "UPDATE pg_index SET indisready = true WHERE indexrelid = %s::regclass", (f"net.{index}",)
        )
        connection.execute(GUARDS.format("ENABLE ALWAYS"))
        report = verified(connection)
        connection.rollback()
    assert f"index {index}" in [flaw.place for flaw in report.findings], report.findings
