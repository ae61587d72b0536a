"""What people look at most, on screens of 60, 80 and 120 columns: every amount whole, no line too long."""

import re
import shlex

import pytest

from tests.cli.conftest import Net

AMOUNTS = ("140,388.71", "858,800.00", "1,130,000.00", "-881,096.14", "-978,077.15", "30.2%", "35.3%")
"""Of the shipped example: each stands in the answer of ``net order run``, however it is laid out."""


@pytest.fixture
def job(net: Net, monkeypatch: pytest.MonkeyPatch) -> Net:
    monkeypatch.delenv("COLUMNS", raising=False)
    net("order", "run", "examples/lamp-order.toml")
    return net


def longest(text: str) -> int:
    return max(len(line) for line in text.splitlines())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_whole_way_fits_the_screen(net: Net, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ran = net("order", "run", "examples/lamp-order.toml")
    assert longest(ran.out) <= width
    seen = set(ran.out.split())
    spare = {"858,800.00"} if width == 80 else set()  # with tax; who is paid what tells it too
    assert set(AMOUNTS) - spare <= seen


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_calendar_shows_every_day_of_every_firm(
    job: Net, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ran = job("slot", "calendar", "--on", "2026-03-09", "--days", "7")
    assert longest(ran.out) <= width
    assert re.findall(r"\d\d Mar", ran.out) == [f"{day:02} Mar" for day in range(9, 16)]
    blocks = sum(line.split()[:2] == ["firm", "slot"] for line in ran.lines)
    assert ran.out.count("60,000") == 2 * blocks + 7 + 5  # the store on every day, the coaster on five


def test_a_line_of_credit_is_told_as_money(job: Net) -> None:
    assert "960,500.00 CNY" in job("slot", "list", "PO-2026-0017").out
    assert "credit:pearl limit: 960,500.00 CNY" in job("ledger", "trace", "PO-2026-0017").out


def test_each_instalment_of_the_buyer_is_owed_on_its_day(net: Net) -> None:
    net("init", "--practice")
    typed = (
        "order new --reference P-1 --buyer B --product desk-lamp --quantity 2000 --price 110.00"
        " --currency CNY --tax-rate 13% --destination Shanghai --country CN"
        " --issued 2026-03-02 --due 2026-06-01 --payment '20% order, 80% invoice+30'"
    )
    assert net(*shlex.split(typed)).code == 0
    ran = net("order", "run", "P-1", "--on", "2026-03-02")
    owed = [line.split() for line in ran.lines if "the order" in line and "248" not in line]
    assert [(row[0], row[-1]) for row in owed if row[1] == "B"] == [
        ("2026-03-02", "49,720.00"),
        (owed[-1][0], "198,880.00"),
    ]


def test_due_names_only_what_is_due(job: Net) -> None:
    ran = job("payment", "due", "PO-2026-0017", "--on", "2026-03-06")
    assert ran.lines[0] == "Due, in the order in which it is paid"
    assert "penalty" not in ran.out
    assert job("payment", "due", "PO-2026-0017", "--on", "2026-03-02").lines[0] == "nothing is due"
