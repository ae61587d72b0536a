"""The same commands on PostgreSQL: the main job to its end, a batch in several processes, same figures."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ID = "PO-2026-0017"

pytestmark = pytest.mark.postgres


@pytest.fixture
def on_postgres(
    net: Callable[..., Any], postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    monkeypatch.chdir(ROOT)
    assert net("init", "--practice", "--ledger", postgres_database).code == 0
    monkeypatch.setenv("NET_LEDGER", postgres_database)
    return net


def test_the_main_job_settles_on_postgres(on_postgres: Callable[..., Any]) -> None:
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


def test_a_batch_on_postgres(on_postgres: Callable[..., Any]) -> None:
    ran = on_postgres(
        "batch", "run", "examples/three-orders.csv", "--until", "settled", "--workers", "2", "--jsonl"
    )
    assert ran.code == 0, ran.out + ran.err
    summary = json.loads(ran.out.splitlines()[-1])
    assert (summary["done"], summary["profit"]) == (3, {"CNY": "121475.40"})
    again = on_postgres("batch", "run", "examples/three-orders.csv", "--until", "settled", "--jsonl")
    assert json.loads(again.out.splitlines()[-1])["done_before"] == 3
