"""The book of record handed to other tools, asked anything, and moved to another database."""

import csv
import io
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def traded(net):
    """A practice ledger with the shipped example run as far as it goes."""
    assert net("init", "--practice").code == 0
    assert net("order", "run", ROOT / "examples" / "lamp-order.toml").code == 0
    return net


def test_ledger_export_writes_every_format(traded) -> None:
    assert "open Equity:Memo:Trader:9310" in traded("ledger", "export", "beancount").out
    assert "commodity 1000." in traded("ledger", "export", "hledger").out
    assert "--" not in traded("ledger", "export", "ledger").err
    rows = list(csv.DictReader(io.StringIO(traded("ledger", "export", "csv").out)))
    assert {"entity", "account", "amount"} <= rows[0].keys()
    lines = traded("ledger", "export", "jsonl").out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(lines) + 1))
    refused = traded("ledger", "export", "gnucash")
    assert refused.code == 2
    assert "beancount" in refused.err


def test_ledger_sql_answers_people_and_programs(traded) -> None:
    question = "SELECT reference, state FROM orders"
    assert "PO-2026-0017" in traded("ledger", "sql", question).out
    told = json.loads(traded("ledger", "sql", question, "--json").out)
    assert told["schema"] == "net.ledger-sql/1"
    assert told["columns"] == ["reference", "state"]
    (line,) = traded("ledger", "sql", question, "--jsonl").out.splitlines()
    assert json.loads(line)["reference"] == "PO-2026-0017"
    assert traded("ledger", "sql", question, "--csv").out.splitlines()[0] == "reference,state"


@pytest.mark.parametrize("statement", ["DELETE FROM leg", "PRAGMA query_only = OFF", "SELECT * FROM nothing"])
def test_ledger_sql_refuses_what_is_no_question(traded, statement: str) -> None:
    refused = traded("ledger", "sql", statement)
    assert refused.code == 2
    assert "hint:" in refused.err


def test_ledger_copy_moves_and_leaves_the_source_read_only(traded, home: Path, tmp_path: Path) -> None:
    (source,) = home.rglob("practice.db")
    moved = traded("ledger", "copy", source, tmp_path / "moved.db", "--json")
    assert moved.code == 0, moved.err
    told = json.loads(moved.out)
    checked = json.loads(traded("ledger", "verify", "--ledger", tmp_path / "moved.db", "--json").out)
    assert checked["records"] == told["records"] + 1
    assert traded("ledger", "verify").code == 0
    refused = traded("order", "cancel", "PO-2026-0017")
    assert refused.code != 0
    assert "handed over" in refused.err


def test_ledger_upgrade_of_a_current_ledger_does_nothing(traded, tmp_path: Path) -> None:
    told = traded("ledger", "upgrade", "--backup", tmp_path / "before.db")
    assert told.code == 0
    assert "nothing to do" in told.out
    assert not (tmp_path / "before.db").exists()


@pytest.mark.postgres
def test_same_commands_work_on_postgresql(
    net, home: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = net("init", "--practice", "--ledger", postgres_database, "--json")
    assert made.code == 0, made.err
    url = json.loads(made.out)["places"][-1]["where"]
    assert "_net_program@" in url  # the password is kept in a file for its owner alone
    monkeypatch.setenv("NET_LEDGER", url)
    assert net("order", "run", ROOT / "examples" / "lamp-order.toml").code == 0
    assert "PO-2026-0017" in net("order", "list").out
    verified = net("ledger", "verify")
    assert verified.code == 0, verified.out
    assert json.loads(net("ledger", "sql", "SELECT COUNT(*) FROM postings", "--json").out)["rows"][0][0] > 0
    assert net("ledger", "trace", "PO-2026-0017").code == 0
    assert "balance" in net("ledger", "export", "beancount").out
    assert net("ledger", "checkpoint").code == 0
    assert net("ledger", "prove", "5", "--to", home / "proofs").code == 0
    assert net("ledger", "backup", home / "backup.db").code == 0
    kept = json.loads(net("ledger", "verify", "--ledger", home / "backup.db", "--json").out)
    assert kept["root"] == json.loads(net("ledger", "verify", "--json").out)["root"]
