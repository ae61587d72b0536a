"""``net route`` as a person types it."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from cli.screen.route_tables import exact

ROOT = Path(__file__).parents[3]
THREE = ROOT / "examples" / "three-orders.csv"


@pytest.fixture
def practice(net):
    net("init", "--practice")
    return net


def test_route_shows_a_decision_and_reserves_nothing(practice):
    ran = practice("route", THREE)
    assert ran.code == 0, ran.err
    assert "3 orders routed, 0 left out" in ran.out
    assert "nothing is reserved" in ran.out
    assert json.loads(practice("order", "list", "--json").out)["orders"] == []


def test_route_commit_reserves_and_a_second_time_finds_nothing_open(practice):
    ran = practice("route", THREE, "--commit", "--json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert document["schema"] == "net.route/1"
    assert sorted(document["committed"]["reserved"]) == ["B-101", "B-102", "B-103"]
    assert document["status"] == "optimal"
    assert document["value"] == document["bound"]
    again = json.loads(practice("route", "--open", "--json").out)
    assert again["routed"] == []
    assert practice("ledger", "verify").code == 0


def test_route_wants_to_know_which_orders(practice):
    assert practice("route").code == 2
    assert practice("route", THREE, "--open").code == 2
    assert practice("route", THREE, "--objective", "glory").code == 2


def test_route_table_needs_no_ledger(net, tmp_path):
    (tmp_path / "map.toml").write_text(
        'schema = "net/routing-map/1"\nlayout = "assignment"\nnumbers = "n.txt"\n'
        'objective = "most-profit"\nall_served = true\n'
    )
    (tmp_path / "n.txt").write_text("1\n2 2\n5 4\n3 1\n2 2\n1 1\n2 9\n")
    ran = net("route", "--table", tmp_path / "map.toml", "--json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert (document["value"], document["bound"], document["status"]) == ("7", "7", "optimal")
    shown = net("route", "--table", tmp_path / "map.toml")
    assert "proven optimal" in shown.out
    (tmp_path / "n.txt").write_text("1\n1 2\n5 4\n2 2\n3\n")
    refused = net("route", "--table", tmp_path / "map.toml")
    assert refused.code == 5
    assert "agent 1" in refused.err or "too small together" in refused.err


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(5), "5"),
        (Fraction(-1, 8), "-0.125"),
        (Fraction(1, 3), "1/3"),
        (Fraction(12345, 100), "123.45"),
    ],
)
def test_exact_numbers_keep_every_digit(value, text):
    assert exact(value) == text
