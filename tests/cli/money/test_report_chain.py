"""`net report chain` and the pages of reports as a person asks for them."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Net

ROOT = Path(__file__).resolve().parents[3]
LAMP = ROOT / "examples" / "lamp-order.toml"
IMPORTER = ROOT / "examples" / "importer.toml"


@pytest.fixture
def ran(net: Net) -> Net:
    assert net("init", "--practice").code == 0
    assert net("order", "run", LAMP).code == 0
    return net


def test_the_chain_of_the_lamp_order_beside_an_importers(ran: Net, tmp_path: Path) -> None:
    page = tmp_path / "chain.html"
    found = ran("report", "chain", "PO-2026-0017", "--against", IMPORTER, "--chart", "--html", page)
    assert found.code == 0, found.err
    assert "title passes 2 times, W/R 0.76, 46 days of goods" in found.out
    assert "title passes 4 times, W/R 2.44" in found.out
    assert "the other way costs the buyer 68,863.40 more" in found.out
    assert "█" in found.out
    text = page.read_text("utf-8")
    assert "<svg" in text
    assert "<script" not in text
    (one,) = json.loads(ran("report", "chain", "--against", IMPORTER, "--json").out)["chains"]
    cents = sum(round(float(gap["amount"]) * 100) for gap in one["difference"])
    assert cents == 6_886_340
    assert one["against"]["final_price"] == "1068863.40"


def test_a_wrong_chain_file_is_refused_with_every_defect(ran: Net, tmp_path: Path) -> None:
    wrong = tmp_path / "chain.toml"
    wrong.write_text('schema = "net/chain/9"\n[[firm]]\nmarkup = "x"\n', "utf-8")
    found = ran("report", "chain", "--against", wrong)
    assert found.code == 2
    assert "3 defects" in found.err


def test_nothing_financed_is_said(net: Net) -> None:
    assert net("init", "--practice").code == 0
    assert net("report", "chain").code == 4


def test_who_earned_what_as_a_page_by_party_order_and_month(ran: Net, tmp_path: Path) -> None:
    assert ran("order", "advance", "PO-2026-0017", "--to", "2026-12-31", "--as-planned").code == 0
    page = tmp_path / "profit.html"
    found = ran("report", "profit", "--on", "2026-12-31", "--html", page)
    assert found.code == 0, found.err
    text = page.read_text("utf-8")
    for said in ("By party, CNY", "By order", "by month of settlement", "PO-2026-0017", "2026-06"):
        assert said in text
