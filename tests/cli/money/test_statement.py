"""``net invoice`` and ``net statement`` as a person types them, on the shipped example."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.main import run

pytestmark = pytest.mark.both_databases

ORDER = "PO-2026-0017"
MAP = """
schema = "net/statement-map/1"
[entry]
booked_on = "day"
amount = "amount"
currency = "currency"
account = { value = "CN12" }
reference = "id"
party = "with"
text = "text"
"""


@pytest.fixture
def traded(net: Callable[..., Any], tmp_path: Path) -> Path:
    assert net("init", "--practice").code == 0
    assert net("order", "run", "examples/lamp-order.toml").code == 0
    assert net("order", "advance", ORDER, "--to", "2026-06-21", "--as-planned").code == 0
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run([*arguments, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_invoice_is_written_as_xml_and_pdf(traded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = traded / "out"
    (one,) = told(capsys, "invoice", ORDER, "--on", "2026-06-21", "--out", str(out))["invoices"]
    assert (one["number"], one["payable"], one["due_on"]) == (f"INV-{ORDER}", "1130000.00", "2026-06-22")
    assert sorted(path.name for path in out.iterdir()) == [f"INV-{ORDER}.pdf", f"INV-{ORDER}.xml"]
    assert b'<cbc:PayableAmount currencyID="CNY">1130000.00' in (out / f"INV-{ORDER}.xml").read_bytes()
    assert told(capsys, "invoice", ORDER, "--on", "2026-06-21", "--dry-run")["invoices"][0]["files"] == []


def test_invoice_before_delivery_is_refused(traded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["invoice", ORDER, "--on", "2026-04-01", "--out", str(traded / "out")]) == 3
    assert "nothing of order" in capsys.readouterr().err
    assert not (traded / "out").exists()


def test_statement_settles_what_the_buyer_owes(traded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (traded / "map.toml").write_text(MAP)
    table = traded / "june.csv"
    table.write_text(
        "day,amount,currency,id,with,text\n"
        f"2026-06-22,1130000.00,CNY,B1,Meridian,INV-{ORDER}\n2026-06-23,5.00,CNY,B2,Bank,interest\n"
    )
    arguments = ("statement", str(table), "--map", str(traded / "map.toml"))
    assert told(capsys, *arguments, "--dry-run")["outcomes"] == {"matched": 1, "unmatched": 1}
    assert told(capsys, *arguments)["outcomes"] == {"recorded": 1, "unmatched": 1}
    again = told(capsys, *arguments)
    assert again["outcomes"] == {"known": 1, "unmatched": 1}
    assert [entry["outcome"] for entry in again["entries"]] == ["known", "unmatched"]
    assert run(["order", "show", ORDER]) == 0


def test_statement_that_is_none_is_refused(traded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (traded / "x.xml").write_text("<Document/>")
    assert run(["statement", str(traded / "x.xml")]) == 2
    assert "not a camt.053" in capsys.readouterr().err
