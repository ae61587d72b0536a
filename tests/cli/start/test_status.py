"""``net status``: what is late, due and to come over all orders, read from what is kept."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

Net = Callable[..., Any]
ORDER = "PO-2026-0017"


@pytest.fixture
def booked(net: Net, database: str) -> Net:
    """The shipped example, reserved; the ledger is a practice one on PostgreSQL alone."""
    if database != "postgres":
        net("init")
    assert net("order", "run", "examples/lamp-order.toml", "--on", "2026-03-02").code == 0
    return net


def status(net: Net, *more: object) -> Any:
    return json.loads(net("status", "--json", *more).out)


def milestone(net: Net, name: str, on: str) -> None:
    assert net("milestone", "record", ORDER, name, "--on", on).code == 0


def brief(lines: list[Any]) -> list[tuple[str, str, str | None]]:
    return [(line["on"], line["side"], line["amount"]) for line in lines]


def test_what_is_late_has_happened_to_be_due_and_is_not_only_planned(booked: Net) -> None:
    """On 8 March the first draw and the signature it waits for are late; what follows is not due yet."""
    found = status(booked, "--on", "2026-03-08", "--days", "40")
    late = brief(found["late"])
    assert late[-1] == ("2026-03-05", "pay", "257640.00")
    assert {side for _, side, _ in late[:-1]} == {"record"}
    assert {line["days_late"] for line in found["late"]} == {3}
    assert brief(found["due"]) == [("2026-04-07", "record", None)]
    assert ("2026-04-09", "pay", "606460.00") in brief(found["to_come"])


def test_the_agenda_follows_what_is_recorded(booked: Net) -> None:
    status(booked)
    for name, on in (
        ("production_end", "2026-04-07"),
        ("inspection", "2026-04-09"),
        ("delivery", "2026-04-20"),
    ):
        milestone(booked, name, on)
    found = status(booked, "--on", "2026-04-23", "--days", "70")
    assert found["states"] == {"DELIVERED": 1}
    assert ("2026-06-22", "receive", "1130000.00") in brief(found["due"])
    assert ("2026-04-22", "draw", "960500.00") in brief(found["late"])  # the take-out


def test_an_order_that_ended_has_nothing_on_the_agenda(net: Net) -> None:
    net("init", "--practice")
    net("order", "run", "examples/lamp-order.toml")
    net("order", "advance", ORDER, "--to", "2026-07-31", "--as-planned")
    found = status(net, "--on", "2026-08-01")
    assert (found["late"], found["due"], found["to_come"]) == ([], [], [])
    assert found["states"] == {"SETTLED": 1}


def test_a_ledger_put_back_from_an_older_copy_is_read_anew(
    booked: Net, home: Path, database: str, tmp_path: Path
) -> None:
    if database == "postgres":
        pytest.skip("a file is copied")
    file = home / "net" / "ledger.db"
    copy = tmp_path / "copy.db"
    assert booked("ledger", "backup", copy).code == 0
    milestone(booked, "production_end", "2026-04-07")
    assert status(booked)["states"] == {"PRODUCING": 1}
    for other in file.parent.glob("ledger.db*"):
        other.unlink()
    copy.rename(file)
    found = status(booked, "--on", "2026-04-08")
    assert found["states"] == {"RESERVED": 1}
    assert ("2026-04-07", "record", None) in brief(found["late"])


def test_lines_of_credit_say_how_full_they_are(booked: Net) -> None:
    lines = {line["limit_of"]: line for line in status(booked)["lines"]}
    assert (lines["pearl"]["committed"], lines["pearl"]["limit"]) == ("960500.00", "50000000.00")
    assert lines["harbour-orders"]["percent"] == 4


def test_sound_is_said_only_of_what_was_verified(booked: Net) -> None:
    assert status(booked)["verified"]["record"] is None
    assert "never verified here" in booked("status").out
    assert booked("ledger", "verify").code == 0
    size = status(booked)["verified"]["records"]
    milestone(booked, "production_end", "2026-04-07")
    found = status(booked)["verified"]
    assert (found["record"], found["records"] > size, found["since"]) == (size, True, found["records"] - size)


def test_whom_things_wait_for(booked: Net) -> None:
    waiting = status(booked, "--on", "2026-04-08")["waiting"]
    assert {one["for"] for one in waiting} >= {"Meridian Stores", "zhongshan-lamps"}


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_screen_names_its_ledger_and_fits(
    booked: Net, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ran = booked("today", "--on", str(date(2026, 3, 8) + timedelta(days=width)))
    assert ran.code == 0
    assert "ledger" in ran.lines[0]
    assert "257,640.00" in ran.out
    assert all(len(line) <= width for line in ran.lines[4:])
