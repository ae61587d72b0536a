"""The book of record as a person looks at it, checks it, proves it and brings it back."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.verifier import parse_verifier_key, proof_holds
from trust.merkle import leaf_hash

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def traded(net):
    """A practice ledger with the shipped example run to reserved."""
    assert net("init", "--practice").code == 0
    assert net("order", "run", ROOT / "examples" / "lamp-order.toml").code == 0
    return net


def test_ledger_log_filters_and_counts(traded) -> None:
    everything = json.loads(traded("ledger", "log", "--json").out)["records"]
    assert [record["record"] for record in everything] == list(range(1, len(everything) + 1))
    plans = traded("ledger", "log", "--kind", "plan", "--jsonl").out.splitlines()
    assert [json.loads(line)["order"] for line in plans] == ["PO-2026-0017"]
    last = json.loads(traded("ledger", "log", "--last", "2", "--json").out)["records"]
    assert last == everything[-2:]


def test_ledger_balance_and_trace_give_amounts_as_text(traded) -> None:
    found = json.loads(traded("ledger", "balance", "--json").out)["balances"]
    assert found
    assert all(isinstance(one["minor"], str) for one in found)
    told = traded("ledger", "trace", "PO-2026-0017")
    assert told.code == 0
    assert "-> RESERVED" in told.out
    assert traded("ledger", "trace", "nobody").code == 4


def test_ledger_verify_fails_with_7_and_names_the_place(traded, home: Path) -> None:
    assert "sound:" in traded("ledger", "verify").out
    (path,) = home.rglob("practice.db")
    connection = sqlite3.connect(path)
    for name in ("record_update_guard", "record_delete_guard"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE record SET kind = 'gift' WHERE sequence = 5")
    connection.commit()
    connection.close()
    failed = traded("ledger", "verify")
    assert failed.code == 7
    assert "record 5" in failed.out
    assert "trigger record_update_guard" in failed.out
    assert "hint:" in failed.err


def test_ledger_prove_is_checked_without_the_ledger(traded, tmp_path: Path) -> None:
    document = json.loads(traded("ledger", "prove", "5", "--to", tmp_path / "proofs", "--json").out)
    body, proof = Path(document["text"]).read_bytes(), Path(document["proof"]).read_text()
    key = parse_verifier_key(document["key"])
    assert proof_holds(proof, leaf_hash(body), [key])
    assert not proof_holds(proof, leaf_hash(body + b" "), [key])


def test_ledger_checkpoint_shows_an_old_copy_put_back(traded, home: Path, tmp_path: Path) -> None:
    """A backup put back under a checkpoint signed later is found, and restore refuses it."""
    assert traded("ledger", "backup", tmp_path / "copy.db").code == 0
    first = tmp_path / "first"
    assert traded("ledger", "checkpoint", "--to", first).code == 0
    assert traded("order", "advance", "PO-2026-0017", "--to", "2026-04-30", "--as-planned").code == 0
    second = tmp_path / "second"
    assert traded("ledger", "checkpoint", "--to", second).code == 0
    assert "old " in traded("ledger", "consistency", first, second).out
    (path,) = home.rglob("practice.db")
    there = traded("ledger", "restore", tmp_path / "copy.db", "--ledger", path)
    assert (there.code, "already" in there.err) == (3, True)
    for part in home.rglob("practice.db*"):
        part.unlink()
    refused = traded("ledger", "restore", tmp_path / "copy.db", "--ledger", path)
    assert refused.code == 7
    assert "cut off" in refused.err
    assert "--older" in refused.err
    assert not path.exists()
    assert traded("ledger", "restore", tmp_path / "copy.db", "--ledger", path, "--older").code == 0
    assert traded("ledger", "verify").code == 7
    assert traded("ledger", "checkpoint").code == 7


def test_ledger_enrol_lets_another_key_write(traded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second machine is refused, told its key, and may write once that is enrolled."""
    (path,) = Path(os.environ["XDG_DATA_HOME"]).rglob("practice.db")
    orders = ROOT / "examples" / "three-orders.csv"
    first = os.environ["XDG_CONFIG_HOME"]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "second"))
    refused = traded("order", "import", orders, "--ledger", path)
    (key,) = {word for word in refused.err.split() if word.startswith("ed25519:")}
    monkeypatch.setenv("XDG_CONFIG_HOME", first)
    assert traded("ledger", "enrol", "second", key, "--ledger", path).code == 0
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "second"))
    assert "may not write" not in traded("order", "import", orders, "--ledger", path).err
    assert traded("ledger", "verify", "--ledger", path).code == 0


def test_ledger_log_follows_what_is_written_from_now_on(traded) -> None:
    command = [sys.executable, "-m", "cli", "ledger", "log", "--follow", "--jsonl"]
    following = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ.copy())
    try:
        assert following.stdout is not None
        before = [json.loads(following.stdout.readline())["record"] for _ in range(3)]
        assert before == [1, 2, 3]
        traded("order", "advance", "PO-2026-0017", "--to", "2026-03-05", "--as-planned")
        while json.loads(following.stdout.readline())["kind"] != "draw":
            pass
    finally:
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=20) == 130


@pytest.mark.usefixtures("traded")
def test_sql_without_an_end_is_stopped_by_ctrl_c() -> None:
    """While SQLite works, Python sees no signal unless SQLite lets it look."""
    command = [sys.executable, "-m", "cli", "ledger", "sql"]
    endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT COUNT(*) FROM r"
    asked = subprocess.Popen([*command, endless], cwd=ROOT, stderr=subprocess.PIPE, env=os.environ.copy())
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            asked.wait(timeout=4)
        asked.send_signal(signal.SIGINT)
        assert asked.wait(timeout=20) == 130
    finally:
        asked.kill()
        asked.communicate()


@pytest.mark.parametrize("name", ["99999999999999999999", "\u00b2", "9" * 5_000])
def test_number_that_no_record_has_is_not_found(traded, name) -> None:
    refused = traded("ledger", "prove", name)
    assert refused.code == 4
    assert "there is no record" in refused.err


def test_last_so_many_that_no_database_counts_is_wrong_usage(traded) -> None:
    assert traded("ledger", "log", "--last", "9" * 20).code == 2


def test_file_that_is_no_checkpoint_is_named(traded, tmp_path) -> None:
    path = tmp_path / "picture.checkpoint"
    for content in (b"\xff\xfe", b"", b"hello\n\nworld\n"):
        path.write_bytes(content)
        refused = traded("ledger", "verify", "--against", path)
        assert refused.code == 2
        assert f"{path.name} is not a checkpoint" in refused.err.replace("\n", "")


def test_ledger_is_not_copied_onto_itself_by_another_name(traded, tmp_path) -> None:
    """Else the copy waits a minute for its own lock."""
    (path,) = Path(os.environ["XDG_DATA_HOME"]).rglob("practice.db")
    link = tmp_path / "link.db"
    link.symlink_to(path)
    for other in (link, f"sqlite:///{path}", path.parent / ".." / path.parent.name / path.name):
        refused = traded("ledger", "copy", path, other)
        assert refused.code == 2
        assert "onto itself" in refused.err


def test_ledger_copied_to_a_folder_is_wrong_usage(traded, tmp_path) -> None:
    (path,) = Path(os.environ["XDG_DATA_HOME"]).rglob("practice.db")
    refused = traded("ledger", "copy", path, tmp_path)
    assert refused.code == 2
    assert "is a folder" in refused.err
