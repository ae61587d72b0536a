"""Money as a person types it: the example played to its end, and its four other endings."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.both_databases

Net = Callable[..., Any]
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "lamp-order.toml"
ORDER = "PO-2026-0017"
FACTORY = "zhongshan-lamps"


@pytest.fixture
def order(net: Net) -> Net:
    """The example, run to reserved."""
    assert net("order", "run", EXAMPLE).code == 0
    return net


def advance(net: Net, to: str) -> None:
    assert net("order", "advance", ORDER, "--to", to, "--as-planned").code == 0


def profit(net: Net, on: str) -> dict[str, str]:
    report = json.loads(net("report", "profit", ORDER, "--on", on, "--json").out)["reports"][0]
    assert sum(float(part["amount"]) for part in report["parts"]) == pytest.approx(float(report["net"]))
    return {part["party"]: part["amount"] for part in report["parts"]}


def test_played_to_the_end_everybody_earns_what_was_planned(order: Net) -> None:
    advance(order, "2026-12-31")
    earned = profit(order, "2026-12-31")
    assert earned["trader"] == "140388.71"
    assert (earned["lender:harbour"], earned["lender:pearl"]) == ("16996.14", "24357.15")


def test_buyer_pays_45_days_late(order: Net) -> None:
    advance(order, "2026-06-21")
    assert order("payment", "receive", ORDER, "1130000.00", "--on", "2026-08-06").code == 0
    advance(order, "2026-12-31")
    assert profit(order, "2026-12-31")["trader"] == "121644.76"


def test_dispute_with_partial_delivery(order: Net) -> None:
    advance(order, "2026-06-21")
    steps = [
        ("payment", "dispute", ORDER, "--quantity", "800", "--on", "2026-06-22"),
        ("payment", "receive", ORDER, "1039600.00", "--on", "2026-06-22"),
        ("payment", "credit", ORDER, "--quantity", "500", "--on", "2026-07-15"),
        ("payment", "receive", ORDER, "33900.00", "--on", "2026-07-15"),
        ("payment", "refund", ORDER, FACTORY, "42940.00", "--on", "2026-07-30"),
    ]
    for step in steps:
        assert order(*step).code == 0
    advance(order, "2026-07-31")
    assert profit(order, "2026-07-31")["trader"] == "128575.91"


def test_buyer_insolvent(order: Net) -> None:
    advance(order, "2026-06-21")
    assert order("payment", "insolvent", ORDER, "--on", "2026-06-22").code == 0
    struck = json.loads(order("order", "advance", ORDER, "--to", "2026-09-20", "--json").out)
    assert struck["order"] == ORDER
    book = json.loads(order("bank", "pearl", "--on", "2026-09-20", "--json").out)["lenders"][0]
    assert book["stages"]["3"]["outstanding"] == book["outstanding"]
    recover = ("payment", "recover", ORDER, "226000.00", "--cost", "22600.00", "--on", "2026-12-21")
    assert order(*recover).code == 0
    assert order("payment", "write-off", ORDER, "--on", "2026-12-21").code == 0
    assert order("ledger", "verify").code == 0


def test_factory_fails_after_the_first_draw(order: Net) -> None:
    advance(order, "2026-03-20")
    for step in (
        ("milestone", "fail", ORDER, FACTORY, "--on", "2026-03-25"),
        ("finance", "guarantee", ORDER, "--booking", FACTORY, "--guarantor", "bank", "--on", "2026-04-01"),
        ("finance", "default", ORDER, "harbour-order", "--on", "2026-04-01"),
        ("payment", "write-off", ORDER, "--on", "2026-04-02"),
    ):
        ran = order(*step)
        assert ran.code == 0, ran.err


def test_dry_run_shows_postings_and_keeps_the_ledger_as_it_is(order: Net) -> None:
    advance(order, "2026-06-21")
    before = order("ledger", "log", "--json").out
    shown = order("payment", "receive", ORDER, "1130000.00", "--on", "2026-06-22", "--dry-run")
    assert "would be posted" in shown.out
    assert "2330 Recourse advances" in shown.out
    assert order("ledger", "log", "--json").out == before


def test_cancelled_after_booking_the_factory_keeps_its_fee(order: Net) -> None:
    shown = order("order", "cancel", ORDER, "--on", "2026-03-04", "--dry-run", "--json")
    assert shown.code == 0, shown.err
    fees = [one for one in json.loads(shown.out)["postings"] if one["kind"] == "cancellation_fee"]
    assert [one["party"] for one in fees] == [f"provider:{FACTORY}"]
    assert order("order", "cancel", ORDER, "--on", "2026-03-04").code == 0
    assert "CANCELLED" in order("order", "show", ORDER).out
    assert order("slot", "list", "--json").out.count('"booked"') == 0


def test_without_a_day_practice_goes_on_from_where_the_order_has_come(order: Net) -> None:
    """Today would be months after the order of the example."""
    for day in ("2026-03-02", "2026-03-20"):
        advance(order, day)
        said = order("order", "cancel", ORDER, "--on", day, "--dry-run", "--json")
        assert order("order", "cancel", ORDER, "--dry-run", "--json").out == said.out
        assert day in said.out


def test_a_refused_draw_says_why_and_what_to_do(order: Net) -> None:
    ran = order("finance", "draw", ORDER, "harbour-order", "--pay", "trader=100.00", "--on", "2026-03-05")
    assert ran.code == 3
    assert "no reserved booking" in ran.err
    assert "hint:" in ran.err


def test_lenders_answer_with_their_arithmetic(order: Net) -> None:
    answer = json.loads(order("finance", "request", ORDER, "--json").out)
    assert {offer["lender"] for offer in answer["offers"]} == {"harbour", "pearl"}
    assert answer["offers"][0]["charged"] == "16996.14"


def test_what_is_due_is_shown_in_the_order_of_the_waterfall(order: Net) -> None:
    advance(order, "2026-05-14")
    due = json.loads(order("payment", "due", ORDER, "--on", "2026-05-15", "--json").out)["due"]
    assert next(one for one in due if one["rank"] == "taxes")["amount"] == "30408.00"
