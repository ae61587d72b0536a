"""``net plan`` as a person types it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Net = Callable[..., Any]
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "lamp-order.toml"


def test_plan_of_a_file_shows_chain_cash_and_headroom(net: Net) -> None:
    ran = net("plan", EXAMPLE)
    assert ran.code == 0
    assert "profit            140,388.71 CNY" in ran.lines
    assert "lowest balance    14,965.86 CNY on 2026-05-15" in ran.lines
    assert "buyer may be late profit 326 days, recourse 90 days, cash 7 days" in ran.lines
    assert any("with the lenders' money" in line for line in ran.lines)
    assert any(line.startswith("proven best of") for line in ran.lines)
    assert "\x1b" not in ran.out


def test_plan_as_json_is_one_document_with_amounts_as_strings(net: Net) -> None:
    document = json.loads(net("plan", EXAMPLE, "--json").out)
    assert document["schema"] == "net.plan/1"
    assert document["profit_minor"] == "14038871"
    assert document["headroom"]["liquidity_days"] == 7
    assert len(document["flows"]) == 15


def test_plan_of_a_recorded_order_is_kept(net: Net) -> None:
    net("init", "--practice")
    net("order", "new", "--from", EXAMPLE)
    assert net("plan", "PO-2026-0017").code == 0
    assert "PLANNED" in net("order", "show", "PO-2026-0017").out


def test_plan_what_if_is_not_kept(net: Net) -> None:
    net("init", "--practice")
    net("order", "new", "--from", EXAMPLE)
    ran = net("plan", "PO-2026-0017", "--what-if", "price=100.00", "--json")
    assert int(json.loads(ran.out)["profit_minor"]) > 14038871
    assert "CONFIRMED" in net("order", "show", "PO-2026-0017").out


def test_plan_that_cannot_be_prints_the_certificate_and_exits_3(net: Net) -> None:
    ran = net("plan", EXAMPLE, "--what-if", "advance_rate=0.80", "--json")
    assert ran.code == 3
    document = json.loads(ran.out)
    assert document["schema"] == "net.certificate/1"
    assert document["gap_on"]
    assert all(repair["verified"] for repair in document["repairs"])
    assert json.loads(ran.err)["schema"] == "net.error/1"
    told = net("plan", EXAMPLE, "--what-if", "advance_rate=0.80")
    assert "Ways out" in told.out
    assert "hint:" in told.err


def test_plan_refuses_a_change_it_does_not_know(net: Net) -> None:
    ran = net("plan", EXAMPLE, "--what-if", "haste=1")
    assert ran.code == 2
    assert "advance_rate" in ran.err


def test_plan_explains_why_the_runner_up_lost(net: Net) -> None:
    document = json.loads(net("plan", EXAMPLE, "--explain", "--json").out)
    lost = int(document["best"]["profit_minor"]) - int(document["runner_up"]["profit_minor"])
    assert sum(int(each["more_minor"]) for each in document["differences"]) == lost > 0
    assert "the runner-up earns" in net("plan", EXAMPLE, "--explain").out


def test_plan_compares_the_best_few(net: Net) -> None:
    plans = json.loads(net("plan", EXAMPLE, "--compare", 2, "--json").out)["plans"]
    assert [int(plan["profit_minor"]) for plan in plans] == sorted(
        (int(plan["profit_minor"]) for plan in plans), reverse=True
    )
    assert any("lowest balance" in line for line in net("plan", EXAMPLE, "--compare", 2).lines)


def test_plan_writes_one_page_that_needs_nothing_else(net: Net, tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    assert net("plan", EXAMPLE, "--html", page).code == 0
    text = page.read_text("utf-8")
    assert text.count("<svg") == 3
    assert "140,388.71" in text
    assert "http" not in text
    assert "<script" not in text
