"""``net pool`` and ``net syndicate``: what is typed, refused and shown."""

import json

import pytest

from tests.cli.conftest import Net

ON = ("--on", "2026-12-01")


def done(net: Net, *arguments: str) -> str:
    ran = net(*arguments)
    assert ran.code == 0, f"{arguments}\n{ran.out}{ran.err}"
    return ran.out


@pytest.fixture
def east(net: Net) -> Net:
    done(net, "init")
    done(
        net,
        "pool",
        "open",
        "EAST",
        "--investor",
        "fund",
        "--investor",
        "insurer",
        "--senior-most",
        "90%",
        *ON,
    )
    return net


def test_a_pool_takes_junior_money_first_and_shows_its_layers(east: Net) -> None:
    first = ["pool", "subscribe", "EAST", "insurer", "8500000.00", "--layer", "senior", "--reference", "in-2"]
    refused = east(*first, *ON)
    assert refused.code == 3
    assert "junior money comes first" in refused.err
    junior = ["pool", "subscribe", "EAST", "fund", "1500000.00", "--layer", "junior", "--reference", "in-1"]
    done(east, *junior, *ON)
    step = json.loads(done(east, *first, *ON, "--json"))
    assert (step["units"], step["repeated"]) == ("8500000.000000", False)
    assert json.loads(done(east, *first, *ON, "--json"))["repeated"]
    shown = json.loads(done(east, "pool", "show", "EAST", "--json"))
    assert (shown["nav"], shown["senior_ratio"], shown["form"]) == (
        "10000000.00",
        "17/20",
        "limited partnership",
    )
    assert [layer["price"] for layer in shown["layers"]] == ["1.000000", "1.000000"]
    assert "near" in done(east, "pool", "near-breach", "EAST", *ON)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["open", "WEST", "--public-offer"], 3, "rule no-public-offer"),
        (["open", "WEST", "--promised-return"], 3, "rule no-promised-return"),
        (["open", "WEST", "--country", "XX"], 4, "no legal form of a pool"),
        (["open", "WEST", "--senior-most", "odd"], 2, "is no rate"),
        (["show", "NORTH"], 4, "there is no pool NORTH"),
        (["subscribe", "EAST", "odd", "1.00", "--layer", "junior", "--reference", "r"], 3, "not admitted"),
        (["subscribe", "EAST", "fund", "1.00", "--layer", "middle", "--reference", "r"], 4, "no layer"),
        (["subscribe", "EAST", "fund", "-1", "--layer", "junior", "--reference", "r"], 2, ""),
        (["redeem", "EAST", "fund", "--layer", "junior", "--reference", "r"], 3, "has 0 units"),
        (["redeem", "EAST", "fund", "--layer", "junior", "--reference", "r", "--units", "x"], 2, "number"),
        (["distribute", "EAST", "1.00", "--reference", "r"], 3, ""),
    ],
)
def test_what_a_pool_refuses(east: Net, words: list[str], code: int, says: str) -> None:
    ran = east("pool", *words, *ON)
    assert ran.code == code, ran.err
    assert says in ran.err


def test_a_syndicate_is_filled_from_a_table(net: Net, tmp_path: object) -> None:
    from pathlib import Path

    bids = Path(str(tmp_path)) / "bids.csv"
    bids.write_text("lender,amount,rate\na,400.00,5%\nb,300.01,6%\nc,200.00,6%\nd,900.00,9%\n")
    told = json.loads(done(net, "syndicate", "fill", "600.00", str(bids), "--json"))
    assert told["rate"] == "3/50"
    assert [one["amount"] for one in told["shares"]] == ["400.00", "120.00", "80.00"]
    assert net("syndicate", "fill", "9000.00", str(bids)).code == 5
    assert net("syndicate", "fill", "1.00", "nowhere.csv").code == 4
    bids.write_text("lender,amount,rate\na,x,5%\nb,1.00,y\n")
    ran = net("syndicate", "fill", "1.00", str(bids))
    assert ran.code == 2
    assert "2 defects" in ran.err
