"""``net order`` as a person types it."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Net = Callable[..., Any]
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "lamp-order.toml"
FIELDS = ("--buyer", "Nordic Light", "--product", "desk-lamp", "--quantity", "500", "--price", "99.50",
          "--currency", "CNY", "--tax-rate", "13%", "--issued", "2026-03-02")  # fmt: skip


def test_without_a_ledger_the_way_out_is_told(net: Net) -> None:
    ran = net("order", "list")
    assert (ran.code, ran.out) == (4, "")
    assert "net init" in ran.err


def test_new_from_file_shows_what_was_recorded(net: Net) -> None:
    net("init", "--practice")
    ran = net("order", "new", "--from", EXAMPLE)
    assert ran.code == 0
    assert ran.lines == [
        "PO-2026-0017  CONFIRMED",
        "Meridian Stores buys, ordered 2026-03-02, due 2026-04-20 to Shanghai",
        "buyer pays 100% 60 days after invoice",
        "",
        "  line   product     quantity   unit    price            CNY",
        " ────────────────────────────────────────────────────────────",
        "  1      desk-lamp     10,000   EA     100.00   1,000,000.00",
        "         tax                                      130,000.00",
        "         with tax                               1,130,000.00",
        "",
        "next: net order run PO-2026-0017",
        "      plan it, ask the lenders, reserve everything",
    ]


def test_new_twice_changes_nothing_and_says_so(net: Net) -> None:
    net("init")
    first = net("order", "new", "--reference", "A-1", *FIELDS)
    second = net("order", "new", "--reference", "A-1", *FIELDS)
    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out
    assert "nothing changed" in second.err


def test_new_with_the_reference_of_another_order_is_refused(net: Net) -> None:
    net("init")
    net("order", "new", "--reference", "A-1", *FIELDS)
    ran = net("order", "new", "--reference", "A-1", *FIELDS, "--due", "2026-05-01")
    assert ran.code == 3
    assert "due on: nothing, now 2026-05-01" in ran.err
    assert "net order amend A-1" in ran.err


def test_new_tells_every_defect_and_writes_nothing(net: Net) -> None:
    net("init")
    ran = net("order", "new", "--reference", "A", "--buyer", "B", "--product", "p", "--quantity", "-1",
              "--price", "1", "--currency", "XBX", "--issued", "2026-03-02",
              "--due", "2026-03-01")  # fmt: skip
    assert ran.code == 2
    for told in ("currency", "quantity", "due_on"):
        assert told in ran.err
    assert json.loads(net("order", "list", "--json").out)["orders"] == []


def test_new_with_nothing_in_a_pipe_is_wrong_usage(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert net("order", "new").code == 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_new_asks_in_a_terminal_and_asks_again_when_it_cannot_be(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    net("init")
    said = ["D-1", "Nordic Light", "desk-lamp", "none", "500", "", "99.5", "", "Shanghai", "soon",
            "2026-05-20", "", "2026-03-02"]  # fmt: skip
    monkeypatch.setattr("sys.stdin", Terminal("\n".join(said) + "\n"))
    ran = net("order", "new", "--json")
    assert ran.code == 0
    shown = json.loads(ran.out[ran.out.index("{") :])
    assert (shown["order"], shown["gross"], shown["due_on"]) == ("D-1", "56217.50", "2026-05-20")
    assert shown["payment"][0]["days"] == 60


def test_show_json_reads_back_as_the_same_order(net: Net, tmp_path: Path) -> None:
    net("init")
    net("order", "new", "--from", EXAMPLE)
    shown = json.loads(net("order", "show", "PO-2026-0017", "--json").out)
    assert shown["schema"] == "net.order/1"
    names = ("reference", "issued_on", "due_on", "currency", "destination", "country", "buyer", "seller",
             "lines", "payment")  # fmt: skip
    file = tmp_path / "again.json"
    file.write_text(json.dumps({name: shown[name] for name in names}))
    assert "nothing changed" in net("order", "new", "--from", file).err


def test_amend_changes_one_line_of_it(net: Net) -> None:
    net("init")
    net("order", "new", "--reference", "A-1", *FIELDS)
    ran = net("order", "amend", "A-1", "--quantity", "600", "--due", "2026-05-30", "--json")
    shown = json.loads(ran.out)
    assert (shown["net"], shown["due_on"], shown["revision"]) == ("59700.00", "2026-05-30", 1)


def test_amend_with_nothing_is_wrong_usage(net: Net) -> None:
    assert net("order", "amend", "A-1").code == 2


def test_a_draft_waits_for_confirmation(net: Net) -> None:
    net("init")
    net("order", "new", "--reference", "A-1", *FIELDS, "--draft")
    assert "A-1  DRAFT" in net("order", "show", "A-1").out
    assert "A-1  CONFIRMED" in net("order", "confirm", "A-1").out


def test_list_filters_by_state(net: Net) -> None:
    net("init")
    for number in range(3):
        net("order", "new", "--reference", f"A-{number}", *FIELDS)
    assert net("order", "list", "--state", "planned").out.startswith("no orders")
    assert net("order", "list", "--state", "lost").code == 2
    rows = json.loads(net("order", "list", "--json", "--limit", "2").out)["orders"]
    assert [row["order"] for row in rows] == ["A-0", "A-1"]


def test_a_long_list_is_cut_for_people_and_says_so(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    test_list_filters_by_state(net)
    every = len(json.loads(net("order", "list", "--json").out)["orders"])
    assert every > 2
    monkeypatch.setattr("cli.trade.order.MOST_ROWS", 2)
    cut = net("order", "list")
    assert "the first 2 orders" in cut.err
    rows = json.loads(net("order", "list", "--json", "--limit", "3").out)["orders"]
    assert rows[1]["order"] in cut.out
    assert rows[2]["order"] not in cut.out
    assert rows[2]["order"] in net("order", "list", "--limit", "3").out
    assert len(json.loads(net("order", "list", "--json").out)["orders"]) == every


def test_an_unknown_order_names_the_nearest_in_json_too(net: Net) -> None:
    net("init")
    net("order", "new", "--reference", "A-17", *FIELDS)
    ran = net("order", "show", "A-71", "--json")
    told = json.loads(ran.err)
    assert (ran.code, ran.out) == (4, "")
    assert told["hint"] == "did you mean A-17?"
