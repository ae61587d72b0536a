"""Rates and foreign money as a person types them: previews write nothing, errors name the way out."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Net

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "examples" / "two-currencies"
ORDER = "PO-2026-0900"


@pytest.fixture
def euros(net: Net) -> Net:
    """The example order in three currencies, reserved and played up to the end of March."""
    for line in (
        ("init", "--practice"),
        ("order", "run", FOLDER / "order.toml", "--config", FOLDER / "network.toml"),
        ("order", "advance", ORDER, "--to", "2026-03-31", "--as-planned"),
    ):
        ran = net(*line)
        assert ran.code == 0, ran.err
    return net


def test_rate_shows_what_it_would_change_and_writes_nothing(euros: Net) -> None:
    rate = ("rate", "record", "CNY", "EUR", "0.13", "--on", "2026-03-10", "--source", "ECB")
    before = euros("ledger", "verify").lines
    preview = json.loads(euros(*rate, "--dry-run", "--json").out)
    assert preview["dry_run"]
    assert [one["order"] for one in preview["orders"]] == [ORDER]
    assert euros("ledger", "verify").lines == before
    said = json.loads(euros(*rate, "--json").out)
    assert said["orders"][0]["postings"] == preview["orders"][0]["postings"]
    again = euros(*rate, "--json")
    assert json.loads(again.out)["repeated"]
    other = euros("rate", "record", "CNY", "EUR", "0.14", "--on", "2026-03-10", "--source", "ECB")
    assert (other.code, "--correct" in other.err) == (3, True)
    listed = json.loads(euros("rate", "list", "CNY", "--on", "2026-03-31", "--json").out)
    assert listed["rates"] == [
        {"on": "2026-03-10", "from": "CNY", "to": "EUR", "rate": "0.13", "source": "ECB"}
    ]


def test_revaluation_shows_what_it_would_post_and_is_done_once(euros: Net) -> None:
    assert euros("rate", "record", "CNY", "EUR", "0.128", "--on", "2026-03-31", "--source", "ECB").code == 0
    value = ("ledger", "revalue", "--on", "2026-03-31", "--json")
    preview = json.loads(euros(*value, "--dry-run").out)
    legs = [leg for posting in preview["orders"][0]["postings"] for leg in posting["legs"]]
    assert [leg["amount"] for leg in legs if leg["account"] == "4720"] == ["707.18", "7.07"]
    assert euros(*value).code == 0
    assert json.loads(euros(*value).out)["orders"][0]["repeated"]


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("rate record EUR XXY 8 --source ECB", 2, "not an ISO 4217"),
        ("rate record EUR CNY 8,1 --source ECB", 2, "is not a number"),
        ("rate record EUR CNY 8", 2, "--source"),
        ("ledger revalue --on 2026-05-31", 3, "net rate record CNY EUR RATE --on 2026-05-31"),
        (f"payment change {ORDER} 10.00 CNY 1.25 EUR --on 2026-03-31", 3, "holds 0.00 CNY, not 10.00 CNY"),
        (f"payment change {ORDER} 10.00 GBP 12.00 EUR --on 2026-03-31", 3, "its currencies are"),
        (f"payment make {ORDER} network 10.00 --cost 9.00 --on 2026-03-31", 3, "order's own currency"),
    ],
)
def test_errors_name_the_way_out(euros: Net, line: str, code: int, told: str) -> None:
    ran = euros(*line.split())
    assert ran.code == code, ran.err
    assert told in " ".join(ran.err.split())


def test_plan_shows_a_cash_line_for_each_currency(net: Net) -> None:
    assert net("init", "--practice").code == 0
    assert net("order", "new", "--from", FOLDER / "order.toml").code == 0
    shown = net("plan", ORDER, "--on", "2026-03-02", "--config", FOLDER / "network.toml")
    text = " ".join(shown.out.split())
    assert "The cash line in CNY: 1 EUR = 8 CNY (2026-03-02, ECB); a haircut of 2% either way" in text
    assert "The cash line in USD: 1 EUR = 1.25 USD (2026-03-02, ECB); a haircut of 1% either way" in text
