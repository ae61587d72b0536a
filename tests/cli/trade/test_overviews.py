"""Why an order was refused, its one page, what is due over all orders, and what buyers owe by age."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.screen.test_firm_dialogue import Terminal

Net = Callable[..., Any]
ORDER = "PO-2026-0017"
NEW = (
    "order", "new", "--reference", "MUG-1", "--buyer", "Tea House", "--product", "mug", "--quantity", "2000",
    "--price", "20", "--currency", "CNY", "--tax-rate", "13%", "--destination", "Shanghai",
    "--payment", "100% invoice+60", "--issued", "2026-03-02",
)  # fmt: skip


@pytest.fixture
def delivered(net: Net) -> Net:
    net("init", "--practice")
    net("order", "run", "examples/lamp-order.toml")
    assert net("order", "advance", ORDER, "--to", "2026-05-20", "--as-planned").code == 0
    return net


def test_a_refusal_is_found_again_with_its_way_out(net: Net) -> None:
    net("init", "--practice")
    assert net(*NEW).code == 0
    assert net("order", "run", "MUG-1").code == 5
    assert net("order", "run", "MUG-1").code == 5  # the same no again is one refusal
    (kept,) = json.loads(net("order", "why", "MUG-1", "--json").out)["refusals"]
    assert "nobody in the network makes mug" in kept["way_out"]
    assert (kept["on"], kept["error"]) == ("2026-03-02", "NoCapacityError")
    assert "refused on 2026-03-02" in net("order", "show", "MUG-1").out
    assert "nobody in the network makes mug" in net("ledger", "log", "--order", "MUG-1", "--json").out


def test_a_batch_keeps_its_refusals_too(net: Net, tmp_path: Any) -> None:
    net("init", "--practice")
    file = tmp_path / "orders.csv"
    file.write_text(
        "reference,buyer,currency,issued_on,due_on,destination,payment,product,quantity,unit_price,tax_rate\n"
        "MUG-2,Tea House,CNY,2026-03-02,2026-05-20,Shanghai,100% invoice+60,mug,200,20,13%\n"
    )
    assert net("batch", "run", file).code == 9
    assert "nobody in the network makes mug" in net("order", "why", "MUG-2").out


def test_an_order_that_was_never_refused_says_so(delivered: Net) -> None:
    assert delivered("order", "why", ORDER).lines == [f"{ORDER} was never refused; it is TAKEN_OUT"]


def test_the_page_of_an_order_tells_what_is_open_and_what_comes_next(delivered: Net) -> None:
    page = delivered("order", "show", ORDER).out
    for told in (
        "The way",
        "Facilities",
        "Still owed",
        "Last stated",
        "in the order's account",
        "next: net ",
    ):
        assert told in page
    found = json.loads(delivered("order", "show", ORDER, "--json").out)
    assert found["events"][0] == {"event": "order", "planned": "2026-03-02", "happened": "2026-03-02"}
    assert {one["amount"] for one in found["standing"]["owed"]} >= {"-1130000.00"}
    assert found["next"] == found["steps"][0]["command"]


def test_what_is_due_of_all_orders_names_whom_and_since_when(delivered: Net) -> None:
    found = json.loads(delivered("payment", "due", "--on", "2026-07-01", "--json").out)
    (line,) = [one for one in found["due"] if one["side"] == "receive"]
    assert (line["party"], line["on"], line["days_late"], line["amount"]) == (
        "Meridian Stores", "2026-06-22", 9, "1130000.00")  # fmt: skip
    assert "Meridian Stores" in delivered("payment", "due", "--on", "2026-07-01").out
    assert delivered("payment", "due", "--on", "2026-03-01").lines == ["nothing is due on 2026-03-01"]


@pytest.mark.parametrize(
    ("on", "column"),
    [
        ("2026-06-22", "not_due"),
        ("2026-06-23", "late_to_30"),
        ("2026-07-22", "late_to_30"),
        ("2026-07-23", "late_to_60"),
        ("2026-09-20", "late_to_90"),
        ("2026-09-21", "late_over_90"),
    ],
)
def test_what_a_buyer_owes_is_told_by_its_age(delivered: Net, on: str, column: str) -> None:
    (buyer,) = json.loads(delivered("report", "ageing", "--on", on, "--json").out)["buyers"]
    assert (buyer["buyer"], buyer[column], buyer["total"]) == ("Meridian Stores", "1130000.00", "1130000.00")


def listed(net: Net, *asked: str) -> list[str]:
    return [one["order"] for one in json.loads(net("order", "list", "--json", *asked).out)["orders"]]


def test_orders_are_found_sorted_and_told_newest_first(delivered: Net) -> None:
    delivered(*NEW)
    delivered(*NEW[:3], "MUG-0", *NEW[4:], "--due", "2026-04-01")
    both = ["MUG-1", "MUG-0"]
    assert listed(delivered, "--newest") == [*reversed(both), ORDER]
    assert listed(delivered, "--buyer", "TEA") == both
    assert listed(delivered, "--product", "lamp") == [ORDER]
    assert listed(delivered, "--search", "shanghai", "--state", "CONFIRMED") == both
    assert listed(delivered, "--sort", "due") == ["MUG-0", ORDER, "MUG-1"]
    assert listed(delivered, "--sort", "worth")[0] == ORDER
    assert listed(delivered, "--due-before", "2026-04-20") == ["MUG-0"]
    assert listed(delivered, "--newest", "--limit", "1") == ["MUG-0"]
    assert delivered("order", "list", "--buyer", "nobody").lines == ["no orders like that"]
    assert delivered("order", "list", "--sort", "colour").code == 2


def test_a_dry_run_shows_what_would_be_booked_and_writes_nothing(net: Net) -> None:
    net("init", "--practice")
    assert net("order", "new", "--from", "examples/lamp-order.toml").code == 0
    before = net("ledger", "log", "--json").out
    found = json.loads(net("order", "run", ORDER, "--dry-run", "--json").out)
    assert found["credit"] == [
        {"lender": "harbour", "amount": "872828.28"},
        {"lender": "pearl", "amount": "960500.00"},
    ]
    assert (found["bookings"], found["zeros"]) == (5, [])
    assert "would book 5 slots at" in net("order", "run", "examples/lamp-order.toml", "--dry-run").out
    assert net("ledger", "log", "--json").out == before


@pytest.mark.parametrize(("said", "code", "state"), [("n", 3, "CONFIRMED"), ("y", 0, "RESERVED")])
def test_a_real_ledger_in_a_terminal_asks_before_it_books(
    net: Net, database: str, monkeypatch: pytest.MonkeyPatch, said: str, code: int, state: str
) -> None:
    if database == "postgres":
        pytest.skip("the fixture's ledger there is a practice one")
    net("init")
    net("order", "new", "--from", "examples/lamp-order.toml", "--on", "2026-03-02")
    monkeypatch.setattr("sys.stdin", Terminal(f"{said}\n"))
    ran = net("order", "run", ORDER, "--on", "2026-03-02")
    assert ran.code == code
    assert "this books 5 slots at zhongshan-lamps" in ran.err
    assert json.loads(net("order", "show", ORDER, "--json").out)["state"] == state


def test_yes_books_without_asking(net: Net, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if database == "postgres":
        pytest.skip("the fixture's ledger there is a practice one")
    net("init")
    monkeypatch.setattr("sys.stdin", Terminal(""))
    ran = net("order", "run", "examples/lamp-order.toml", "--on", "2026-03-02", "--yes")
    assert (ran.code, "Book it?" in ran.err) == (0, False)


def test_a_plan_says_on_which_zeros_it_rests(net: Net) -> None:
    net("init", "--practice", "--empty")
    factory = ("id=mugs", "name=Mugs", "place=Jingdezhen", "product.product=mug", "product.unit_price=12")
    lane = (
        "id=jx",
        "name=Jx",
        "lane.id=a",
        "lane.origin=Jingdezhen",
        "lane.destination=Shanghai",
        "lane.rate=1",
    )
    lender = (
        "id=q",
        "name=Q",
        "product.id=l",
        "product.name=L",
        "product.advance_rate=80%",
        "product.rate=12%",
    )
    for words, fields in (
        (("provider", "add", "factory"), factory),
        (("provider", "add", "logistics"), lane),
        (("lender", "add"), lender),
    ):
        assert net(*words, *(part for field in fields for part in ("--set", field))).code == 0
    assert net(*NEW).code == 0
    told = net("plan", "MUG-1").err
    assert "mug weighs 0 kg, so jx carries it for nothing" in told
    assert "its lead time is 0 days" in told
    assert "its capacity is 0" in told
