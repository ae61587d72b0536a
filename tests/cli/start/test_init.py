"""``net init``, ``net provider``, ``net lender`` as a person types them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Net = Callable[..., Any]


def test_init_says_what_it_made_and_what_it_kept(net: Net, home: Path) -> None:
    first = json.loads(net("init", "--json").out)
    assert [place["what"] for place in first["places"]] == ["settings", "network", "signing key", "ledger"]
    assert all(Path(place["where"]).exists() for place in first["places"])
    assert all(str(home) in place["where"] for place in first["places"])
    assert not any(place["new"] for place in json.loads(net("init", "--json").out)["places"])


def test_init_at_a_named_place_reports_that_place(net: Net, tmp_path: Path) -> None:
    net("init", "--ledger", tmp_path / "mine.db", "--config", tmp_path / "conf" / "net.toml")
    assert (tmp_path / "mine.db").exists()
    assert (tmp_path / "conf" / "network.toml").exists()
    assert (tmp_path / "conf" / "keys" / "ledger.pem").exists()


def test_init_refuses_a_file_that_is_no_ledger(net: Net, tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("dear all")
    ran = net("init", "--ledger", other)
    assert ran.code in {2, 3, 7}
    assert other.read_text() == "dear all"


def test_provider_add_and_list(net: Net) -> None:
    added = net("provider", "add", "warehouse", "--set", "id=tilbury", "--set", "name=Tilbury Dock",
                "--set", "place=Tilbury", "--set", "per_unit_day=0.04")  # fmt: skip
    assert added.code == 0
    assert 'id = "tilbury"' in added.out
    found = json.loads(net("provider", "list", "--kind", "warehouse", "--json").out)["providers"]
    assert found[-1]["provider"] == "tilbury"
    assert "per_unit_day = 0.04" in net("provider", "show", "tilbury").out


def test_provider_add_names_what_is_missing_and_what_is_unknown(net: Net) -> None:
    ran = net("provider", "add", "factory", "--set", "id=x")
    assert ran.code == 2
    assert "product.unit_price" in ran.err
    assert "colour" in net("provider", "add", "factory", "--set", "colour=red").err
    assert net("provider", "add", "circus").code == 2


def test_lender_add_list_check(net: Net) -> None:
    given = ("id=quay", "name=Quay", "product.id=quay-loan", "product.name=Loan",
             "product.advance_rate=75%", "product.rate=12%")  # fmt: skip
    assert net("lender", "add", *(part for each in given for part in ("--set", each))).code == 0
    rows = json.loads(net("lender", "list", "--json").out)["lenders"]
    assert rows[-1] | {"limit": ""} == {
        "lender": "quay", "product": "quay-loan", "role": "pre_shipment", "advances": "75% of order",
        "rate": "12%", "fees": "", "limit": "", "currency": "CNY",
    }  # fmt: skip
    assert net("lender", "check", "quay").code == 0
    assert net("lender", "check", "nobody").code == 4


def test_no_command_changes_the_ledger_silently(net: Callable[..., Any], database: str) -> None:
    """After practising, ``net init`` says where practice stays, and each command which ledger answers."""
    if database == "postgres":
        pytest.skip("the ledgers of the user's directory are files")
    net("order", "run", "examples/lamp-order.toml")
    assert "--ledger practice works on it" in net("init").err
    assert "--ledger practice works on it" in net("order", "list").err
    missed = net("order", "show", "PO-2026-0017")
    assert missed.code == 4
    assert "practice.db has it: --ledger practice" in missed.err
    assert net("order", "show", "PO-2026-0017", "--ledger", "practice").code == 0
