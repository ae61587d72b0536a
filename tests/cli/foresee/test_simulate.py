"""`net simulate` as a person types it: the same seed, the same bytes; the pages; what is refused."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Net

ROOT = Path(__file__).resolve().parents[3]
TOWN = ROOT / "examples" / "simulate"
OWNED = (
    *("simulate", "owned-vs-shared", "--orders", TOWN / "orders.jsonl"),
    *("--network", TOWN / "network.toml", "--count", 20, "--days", 20, "--replications", 2),
)


@pytest.fixture(autouse=True)
def practice(net: Net) -> None:
    assert net("init", "--practice").code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("simulate", "queue", "--load", 3, "--arrivals", 2_000, "--replications", 3),
        ("simulate", "pooling", "--traders", 4, "--load", 2, "--arrivals", 2_000, "--replications", 3),
        (*OWNED, "--traders", "4,2"),
    ],
)
def test_a_seed_reproduces_the_bytes(net: Net, command: tuple[object, ...]) -> None:
    first, again = net(*command, "--json"), net(*command, "--json")
    assert first.code == 0, first.err
    assert first.out == again.out
    assert first.out != net(*command, "--json", "--seed", 2).out


def test_one_process_or_two_say_the_same(net: Net) -> None:
    assert net(*OWNED, "--workers", 1, "--json").out == net(*OWNED, "--workers", 2, "--json").out


def test_a_simulation_writes_nothing(net: Net) -> None:
    before = net("ledger", "log", "--jsonl").out
    assert net(*OWNED).code == 0
    assert net("ledger", "log", "--jsonl").out == before


@pytest.mark.parametrize(
    ("firms", "price", "win"), [("4,4,4", "59.04", True), ("3,3", "55", True), ("1,1,1", "90", False)]
)
def test_the_nodes_lose_with_one_firm_a_tier(net: Net, firms: str, price: str, win: bool) -> None:
    ran = net("simulate", "giant", "--firms", firms, "--json")
    found = json.loads(ran.out)
    assert found["nodes"]["price"] == price
    assert found["nodes_sell_more"] is win
    told = net("simulate", "giant", "--firms", firms).out
    assert ("the nodes win" in told) is win
    assert ("the nodes lose" in told) is not win


def test_pooling_says_what_small_and_large_traders_save(net: Net) -> None:
    few = ("--arrivals", 2_000, "--replications", 2)
    small = json.loads(net("simulate", "pooling", "--traders", 16, "--load", 5, *few, "--json").out)
    large = json.loads(net("simulate", "pooling", "--traders", 2, "--load", 100, *few, "--json").out)
    assert (small["owned"], small["shared"], small["saved"]) == (144, 94, "0.347222")
    assert (large["owned"], large["shared"], large["saved"]) == (230, 221, "0.039130")


def test_a_page_is_one_file_with_nothing_from_elsewhere(net: Net, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ran = net(*OWNED, "--html", page, "--chart")
    assert ran.code == 0, ran.err
    text = page.read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert "<svg" in text
    assert "Profit of the whole chain" in text
    for outside in ("http://", "https://", "<script", "<link", "src="):
        assert outside not in text.replace("http://www.w3.org", "")
    assert "█" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("giant", "--firms", "0,1"), "below 1"),
        (("giant", "--firms", "x"), "no list"),
        (("giant", "--firms", "2", "--demand", "1"), "not a,b"),
        (("giant", "--firms", "2", "--demand", "10,1"), "nobody buys"),
        (("owned-vs-shared",), "no orders to draw from"),
        (("pooling", "--traders", "2", "--load", "5", "--delay", "x"), "no share"),
    ],
)
def test_what_cannot_be_simulated_is_wrong_usage(net: Net, arguments: tuple[str, ...], said: str) -> None:
    ran = net("simulate", *arguments)
    assert ran.code == 2
    assert said in ran.err
