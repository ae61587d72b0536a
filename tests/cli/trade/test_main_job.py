"""The main job as a person sees it, on a machine where nothing is set up; snapshots in ``snapshots/``.

``NET_SNAPSHOTS=write`` writes them anew; look at the difference before it is committed.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SNAPSHOTS = Path(__file__).with_name("snapshots")
Net = Callable[..., Any]
ID = "PO-2026-0017"


@pytest.fixture
def job(net: Net, monkeypatch: pytest.MonkeyPatch) -> Net:
    """``net`` with the example run, for a terminal of 120 columns."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "120")
    return net


def compare(name: str, printed: str) -> None:
    text = "\n".join(line.rstrip() for line in printed.splitlines()) + "\n"
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("NET_SNAPSHOTS") == "write":
        file.write_text(text)
    assert text == file.read_text()


def test_run_shows_the_whole_way(job: Net) -> None:
    ran = job("order", "run", "examples/lamp-order.toml")
    assert ran.code == 0
    assert "this is practice" in ran.err
    compare("order-run", ran.out)


def test_advance_shows_what_happened_and_what_is_owed(job: Net) -> None:
    job("order", "run", "examples/lamp-order.toml")
    compare("order-advance", job("order", "advance", ID, "--to", "2026-04-22", "--as-planned").out)
    compare("order-settled", job("order", "advance", ID, "--to", "2026-07-31", "--as-planned").out)


def test_the_books_balance_and_nothing_is_left_over(job: Net) -> None:
    job("order", "run", "examples/lamp-order.toml")
    job("order", "advance", ID, "--to", "2026-07-31", "--as-planned")
    assert job("slot", "list").out.strip() == "nothing is held or booked"
    assert json.loads(job("order", "show", ID, "--json").out)["state"] == "SETTLED"
    balances = json.loads(job("ledger", "balance", "--json").out)["balances"]
    sums: dict[tuple[str, str], int] = {}
    for one in balances:
        key = (one["entity"], one["currency"])
        sums[key] = sums.get(key, 0) + int(one["minor"])
    assert set(sums.values()) == {0}
    assert job("ledger", "verify").code == 0


def test_run_json_is_one_document_with_amounts_as_text(job: Net) -> None:
    ran = job("order", "run", "examples/lamp-order.toml", "--json")
    shown = json.loads(ran.out)
    assert (shown["schema"], shown["order"], shown["state"]) == ("net.order-run/1", ID, "RESERVED")
    assert shown["plan"]["profit_minor"] == "14038871"
    assert shown["standing"]["owed"][0]["amount"] == "257640.00"


def test_the_example_needs_no_checkout(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert net("order", "run", "examples/lamp-order.toml").code == 0


def test_another_order_without_a_ledger_is_told_how_to_set_one_up(net: Net, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    shutil.copy(ROOT / "examples" / "lamp-order.toml", other)
    other.write_text(other.read_text().replace("10000", "9000"))
    ran = net("order", "run", other)
    assert ran.code == 4
    assert "net init --practice" in ran.err


def test_on_a_real_ledger_nothing_is_assumed(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    net("init")
    assert net("order", "run", "examples/lamp-order.toml", "--on", "2026-03-02").code == 0
    refused = net("order", "advance", ID, "--to", "2026-04-22", "--as-planned")
    assert refused.code == 3
    assert "practice" in refused.err
    only_time = json.loads(net("order", "advance", ID, "--to", "2026-04-22", "--json").out)
    assert only_time["state"] == "RESERVED"
    assert [fact for fact in only_time["facts"] if fact["assumed"]] == []
