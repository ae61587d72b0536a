"""The same commands on PostgreSQL: the main job, a batch, proofs, damage, moves, views, exports."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.errors import UnreachableError
from ledger.postgres.backend import PostgresWrite
from ledger.schema.views import VIEWS
from tests.parts.verifier import parse_verifier_key, proof_holds
from trust.merkle import leaf_hash

Net = Callable[..., Any]

ROOT = Path(__file__).resolve().parents[3]
ID = "PO-2026-0017"

pytestmark = pytest.mark.postgres


@pytest.fixture
def on_postgres(net: Net, postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> Net:
    monkeypatch.chdir(ROOT)
    assert net("init", "--practice", "--ledger", postgres_database).code == 0
    monkeypatch.setenv("NET_LEDGER", postgres_database)
    return net


@pytest.fixture
def traded(on_postgres: Net, tmp_path: Path) -> Net:
    """The example played to April on PostgreSQL, and a backup of it in ``copy.db``."""
    assert on_postgres("order", "run", "examples/lamp-order.toml").code == 0
    assert on_postgres("order", "advance", ID, "--to", "2026-04-30", "--as-planned").code == 0
    assert on_postgres("ledger", "backup", tmp_path / "copy.db").code == 0
    return on_postgres


@contextmanager
def damaged(url: str, table: str) -> Iterator[Any]:
    """The table without its guards, as a superuser may have it, who puts them back afterwards."""
    guards = "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
    with psycopg.connect(url) as connection:
        names = [name for (name,) in connection.execute(guards, (f"net.{table}",)).fetchall()]
        for name in names:
            connection.execute(f"ALTER TABLE net.{table} DISABLE TRIGGER {name}")
        yield connection
        for name in names:
            connection.execute(f"ALTER TABLE net.{table} ENABLE ALWAYS TRIGGER {name}")


def test_the_main_job_settles_on_postgres(on_postgres: Net) -> None:
    ran = on_postgres("order", "run", "examples/lamp-order.toml", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["plan"]["profit_minor"] == "14038871"
    played = on_postgres("order", "advance", ID, "--to", "2026-08-31", "--as-planned", "--json")
    assert json.loads(played.out)["state"] == "SETTLED"
    assert on_postgres("slot", "list").out.strip() == "nothing is held or booked"
    assert on_postgres("order", "show", ID).code == 0
    told = on_postgres("doctor")
    assert "_net_program@" in told.out
    assert told.code == 0, told.out


def test_a_batch_on_postgres(on_postgres: Net) -> None:
    ran = on_postgres(
        "batch", "run", "examples/three-orders.csv", "--until", "settled", "--workers", "2", "--jsonl"
    )
    assert ran.code == 0, ran.out + ran.err
    summary = json.loads(ran.out.splitlines()[-1])
    assert (summary["done"], summary["profit"]) == (3, {"CNY": "121475.40"})
    again = on_postgres("batch", "run", "examples/three-orders.csv", "--until", "settled", "--jsonl")
    assert json.loads(again.out.splitlines()[-1])["done_before"] == 3


def test_proofs_and_damage_on_postgres(on_postgres: Net, postgres_database: str, tmp_path: Path) -> None:
    """Checkpoints, proofs, an edited amount and a tail cut off: as on SQLite, for whoever types it."""
    net = on_postgres
    assert net("order", "run", "examples/lamp-order.toml").code == 0
    first, second = tmp_path / "first", tmp_path / "second"
    assert net("ledger", "checkpoint", "--to", first).code == 0
    assert net("order", "advance", ID, "--to", "2026-04-30", "--as-planned").code == 0
    assert net("ledger", "checkpoint", "--to", second).code == 0
    assert "old " in net("ledger", "consistency", first, second).out
    proved = json.loads(net("ledger", "prove", f"order:{ID}", "--to", tmp_path / "proofs", "--json").out)
    body, proof = Path(proved["text"]).read_bytes(), Path(proved["proof"]).read_text()
    assert proof_holds(proof, leaf_hash(body), [parse_verifier_key(proved["key"])])
    assert not proof_holds(proof, leaf_hash(body + b" "), [parse_verifier_key(proved["key"])])
    assert net("ledger", "verify", "--against", first).code == 0
    with damaged(postgres_database, "record") as connection:
        connection.execute("UPDATE net.record SET kind = 'gift' WHERE sequence = 5")
    edited = net("ledger", "verify")
    assert edited.code == 7
    assert "record 5" in edited.out
    with damaged(postgres_database, "record") as connection:
        connection.execute("UPDATE net.record SET kind = body::jsonb->>'kind' WHERE sequence = 5")
    assert net("ledger", "verify").code == 0


def test_tail_cut_off_on_postgres_is_shown_by_the_checkpoint_kept(
    on_postgres: Net, postgres_database: str, tmp_path: Path
) -> None:
    net = on_postgres
    assert net("order", "import", "examples/three-orders.csv").code == 0
    assert net("ledger", "backup", tmp_path / "copy.db").code == 0
    assert net("order", "run", "examples/lamp-order.toml").code == 0
    assert net("ledger", "checkpoint").code == 0
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA net CASCADE")
    refused = net("ledger", "restore", tmp_path / "copy.db", "--ledger", postgres_database)
    assert refused.code == 7
    assert "cut off" in refused.err
    assert net("ledger", "restore", tmp_path / "copy.db", "--ledger", postgres_database, "--older").code == 0
    old = net("ledger", "verify")
    assert old.code == 7, old.err
    assert "cut off" in old.out
    assert net("ledger", "checkpoint").code == 7


def test_restore_into_a_database_never_touches_a_ledger_that_is_there(
    on_postgres: Net, postgres_database: str, tmp_path: Path
) -> None:
    net = on_postgres
    assert net("order", "run", "examples/lamp-order.toml").code == 0
    assert net("ledger", "backup", tmp_path / "copy.db").code == 0
    root = json.loads(net("ledger", "verify", "--json").out)["root"]
    assert net("order", "advance", ID, "--to", "2026-03-31", "--as-planned").code == 0
    refused = net("ledger", "restore", tmp_path / "copy.db", "--ledger", postgres_database)
    assert refused.code == 3
    assert "there is a ledger" in refused.err
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA net CASCADE")
    brought = net("ledger", "restore", tmp_path / "copy.db", "--ledger", postgres_database, "--json")
    assert json.loads(brought.out)["root"] == root
    assert net("order", "advance", ID, "--to", "2026-08-31", "--as-planned").code == 0
    assert net("ledger", "verify").code == 0


def test_ledger_moves_to_postgres_and_back(net: Net, postgres_database: str, tmp_path: Path) -> None:
    """The same root on the way there and back, the source read-only each time, and trade goes on."""
    here, back = str(tmp_path / "here.db"), str(tmp_path / "back.db")
    assert net("init", "--practice", "--ledger", here).code == 0
    assert net("order", "run", "examples/lamp-order.toml", "--ledger", here).code == 0
    root = json.loads(net("ledger", "verify", "--ledger", here, "--json").out)["root"]
    there = json.loads(net("ledger", "copy", here, postgres_database, "--json").out)
    assert there["root"] == root
    refused = net("order", "cancel", ID, "--ledger", here)
    assert "handed over" in refused.err
    played = ("order", "advance", ID, "--to", "2026-08-31", "--as-planned")
    assert net(*played, "--ledger", there["ledger"]).code == 0
    home = json.loads(net("ledger", "copy", there["ledger"], back, "--json").out)
    assert home["records"] > there["records"]
    assert (
        "handed over" in net("order", "import", "examples/three-orders.csv", "--ledger", there["ledger"]).err
    )
    assert json.loads(net("order", "show", ID, "--ledger", back, "--json").out)["state"] == "SETTLED"
    assert net("ledger", "verify", "--ledger", back).code == 0
    assert net("ledger", "verify", "--ledger", there["ledger"]).code == 0


@pytest.mark.parametrize("form", ["beancount", "hledger", "ledger", "csv", "jsonl"])
def test_exports_are_those_of_the_same_ledger_in_a_file(traded: Net, tmp_path: Path, form: str) -> None:
    """So bean-check, hledger and ledger accept them, as they do those of a file."""
    exported = traded("ledger", "export", form).out
    assert len(exported) > 1000
    assert traded("ledger", "export", form, "--ledger", tmp_path / "copy.db").out == exported


def test_views_answer_as_those_of_a_file_do(traded: Net, tmp_path: Path) -> None:
    """Every documented view: the same names, the same columns, the same rows."""
    for view in VIEWS:
        asked = ("ledger", "sql", f"SELECT * FROM {view.called()} ORDER BY 1, 2, 3, 4, 5", "--json")
        here = json.loads(traded(*asked).out)
        there = json.loads(traded(*asked, "--ledger", tmp_path / "copy.db").out)
        assert here["columns"] == there["columns"] == list(view.model_fields)
        assert len(here["rows"]) == len(there["rows"])
        assert here["rows"] or view.called() == "calls"  # no firm of the example is asked over the network
        assert sorted(map(str, here["rows"])) == sorted(map(str, there["rows"])), view.called()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM net.leg",
        "INSERT INTO net.seal VALUES (1, '1')",
        "SELECT 1; DELETE FROM net.leg",
        "WITH gone AS (DELETE FROM net.leg RETURNING 1) SELECT * FROM gone",
        "SELECT * FROM nothing",
        "SET ROLE none",
        "COMMIT",
        "SELECT nextval('net.command_number')",
        "SELECT net.add_record('x', 'k', '2026-03-02', NULL, NULL, 0, '{}', '\\x00')",
        "SELECT set_config('role', 'none', false), net.add_record('x', 'k', '2026-03-02', NULL, NULL, 0,"
        " '{}', '\\x00')",
        "SELECT set_config('transaction_read_only', 'off', false), nextval('net.command_number')",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * INTO TEMPORARY more FROM net.leg",
        "SELECT * FROM net.leg FOR UPDATE",
        "COPY net.leg TO STDOUT",
        "EXPLAIN ANALYZE DELETE FROM net.leg",
    ],
)
def test_sql_on_postgres_only_reads(on_postgres: Net, statement: str) -> None:
    before = on_postgres("ledger", "log", "--json").out
    refused = on_postgres("ledger", "sql", statement)
    assert refused.code == 2, refused.out
    assert "hint:" in refused.err
    assert on_postgres("ledger", "log", "--json").out == before
    assert on_postgres("ledger", "verify").code == 0


def test_log_follows_what_another_process_writes_to_postgres(on_postgres: Net) -> None:
    command = [sys.executable, "-m", "cli", "ledger", "log", "--follow", "--jsonl"]
    following = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ.copy())
    try:
        assert following.stdout is not None
        assert [json.loads(following.stdout.readline())["record"] for _ in range(3)] == [1, 2, 3]
        assert on_postgres("order", "run", "examples/lamp-order.toml").code == 0
        while json.loads(following.stdout.readline())["kind"] != "plan":
            pass
    finally:
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=20) == 130


def test_second_machine_writes_once_its_key_is_enrolled(
    on_postgres: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = os.environ["NET_LEDGER"]
    first = Path(os.environ["XDG_CONFIG_HOME"])
    (logins,) = first.rglob("ledger-logins")
    second = tmp_path / "second"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(second))
    folder = second / "net" / "keys"
    folder.mkdir(parents=True)
    (folder / "ledger-logins").write_text(logins.read_text())
    (folder / "ledger-logins").chmod(0o600)
    refused = on_postgres("order", "import", "examples/three-orders.csv")
    assert refused.code == 3
    (key,) = {word for word in refused.err.split() if word.startswith("ed25519:")}
    monkeypatch.setenv("XDG_CONFIG_HOME", str(first))
    assert on_postgres("ledger", "enrol", "second", key, "--ledger", url).code == 0
    monkeypatch.setenv("XDG_CONFIG_HOME", str(second))
    assert on_postgres("order", "import", "examples/three-orders.csv").code == 0
    assert on_postgres("ledger", "verify").code == 0


def test_upgrade_of_a_current_ledger_on_postgres_does_nothing(on_postgres: Net, tmp_path: Path) -> None:
    told = on_postgres("ledger", "upgrade", "--backup", tmp_path / "before.db")
    assert told.code == 0, told.err
    assert "nothing to do" in told.out


def test_node_serves_from_a_ledger_on_postgres(on_postgres: Net) -> None:
    on_postgres("node", "keygen")
    with socket.create_server(("127.0.0.1", 0)) as spare:
        port = spare.getsockname()[1]
    command = [sys.executable, "-m", "cli", "node", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ.copy(), stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                    assert json.load(answer)["status"] == "ok"
                break
            except OSError:
                assert time.monotonic() < deadline
                assert process.poll() is None, process.stderr.read() if process.stderr else ""
                time.sleep(0.1)
    finally:
        process.terminate()
        assert process.wait(timeout=30) in {0, -15}


def test_doctor_looks_at_the_server(on_postgres: Net, postgres_database: str) -> None:
    told = json.loads(on_postgres("doctor", "--json").out)["findings"]
    found = {one["subject"]: one for one in told}
    assert "PostgreSQL" in found["server"]["found"]
    assert found["durability"]["verdict"] == "ok"
    assert found["role"]["verdict"] == "ok"
    owner_url = postgres_database.replace("postgres:@", "postgres:any@")  # no kept login takes its place
    owner = json.loads(on_postgres("doctor", "--ledger", owner_url, "--json").out)
    assert {one["subject"]: one for one in owner["findings"]}["role"]["verdict"] == "note"


class Cut:
    """Ends every connection of the server at the ``at``-th call of a method, before or after it acts."""

    def __init__(self, url: str, whole: Callable[..., Any], at: int, after: bool) -> None:
        self.url, self.whole, self.at, self.after, self.calls = url, whole, at, after, 0

    def __call__(self, *given: Any) -> Any:
        self.calls += 1
        if self.calls == self.at and not self.after:
            self.cut()
        answer = self.whole(*given)
        if self.calls == self.at and self.after:
            self.cut()
            raise UnreachableError("the connection to PostgreSQL broke", "run the same command again")
        return answer

    def cut(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def outcome(net: Net, *place: str) -> tuple[Any, Any, Any]:
    """What matters in the end: the balances, how often each step is recorded, who earned what."""
    balances = json.loads(net("ledger", "balance", "--json", *place).out)["balances"]
    kinds = Counter(one["kind"] for one in json.loads(net("ledger", "log", "--json", *place).out)["records"])
    return balances, kinds, json.loads(net("report", "profit", ID, "--json", *place).out)["reports"]


@pytest.mark.parametrize(
    ("method", "at", "after"),
    [("add", 1, False), ("add", 9, False), ("add", 24, False), ("_commit", 2, False), ("_commit", 3, True)],
)
def test_connection_lost_in_the_middle_is_said_and_the_same_commands_end_as_if_it_had_held(
    on_postgres: Net,
    postgres_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    at: int,
    after: bool,
) -> None:
    net, calm = on_postgres, ("--ledger", str(tmp_path / "calm.db"))
    steps = [
        ("order", "run", "examples/lamp-order.toml"),
        ("order", "advance", ID, "--to", "2026-08-31", "--as-planned"),
    ]
    net("init", "--practice", *calm)
    for step in steps:
        assert net(*step, *calm).code == 0
    cut = Cut(postgres_database, getattr(PostgresWrite, method), at, after)
    with monkeypatch.context() as broken:
        broken.setattr(PostgresWrite, method, lambda *given: cut(*given))
        told = [net(*step) for step in steps]
    lost = [ran for ran in told if ran.code == UnreachableError.exit_code]
    assert len(lost) == 1, [ran.err for ran in told]
    assert "the connection to PostgreSQL broke" in lost[0].err
    assert "again" in lost[0].err
    assert "Traceback" not in lost[0].err
    for step in steps:
        assert net(*step).code == 0
    assert outcome(net) == outcome(net, *calm)
    assert net("ledger", "verify").code == 0
