"""``net order import`` and bad order files as a person meets them: exit code, words, nothing written."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import run

ROOT = Path(__file__).resolve().parents[3]
MAP = """
schema = "net/map/1"
[order]
reference = "Nr"
issued_on = "Day"
currency = { value = "EUR" }
buyer = "Who"
[line]
product = "What"
quantity = "Count"
unit_price = "Price"
"""
TABLE = "Nr,Day,Who,What,Count,Price\n1,2026-01-01,a,b,1,1.00\n2,2026-01-01,a,b,0,1.00\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert run(["init", "--practice"]) == 0
    return tmp_path


def recorded(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run(["order", "list", "--json"]) == 0
    return list(json.loads(capsys.readouterr().out)["orders"])


def test_import_records_by_map_and_ends_with_nine(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "map.toml").write_text(MAP)
    (home / "table.csv").write_text(TABLE)
    capsys.readouterr()
    arguments = ["order", "import", str(home / "table.csv"), "--map", str(home / "map.toml")]
    assert run([*arguments, "--check", "--json"]) == 9
    checked = json.loads(capsys.readouterr().out)
    assert (checked["refused"], checked["new"], checked["recorded"], checked["known"]) == (1, 1, 0, 0)
    assert recorded(capsys) == []
    assert run([*arguments, "--jsonl"]) == 9
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["reference"], line["outcome"]) for line in lines] == [("1", "recorded"), ("2", "refused")]
    assert "table.csv:3: lines[1].quantity" in lines[1]["reasons"][0]
    assert [order["order"] for order in recorded(capsys)] == ["1"]
    assert run([*arguments, "--check"]) == 9
    assert "0 would be recorded, 1 known already, 1 refused" in capsys.readouterr().out
    assert run([*arguments, "--check", "--jsonl"]) == 9
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["outcome"] for line in lines] == ["known", "refused"]


def test_check_needs_no_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "map.toml").write_text(MAP)
    (tmp_path / "table.csv").write_text(TABLE)
    arguments = [str(tmp_path / "table.csv"), "--map", str(tmp_path / "map.toml")]
    assert run(["order", "import", *arguments, "--check"]) == 9
    assert "1 would be recorded, 0 known already, 1 refused" in capsys.readouterr().out


GOOD = {
    "reference": "PO-1",
    "issued_on": "2026-03-02",
    "currency": "CNY",
    "buyer": "Firm",
    "lines": [{"product": "desk-lamp", "quantity": 1, "unit_price": "1.00"}],
}
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><Order>&b;</Order>'
OUTSIDE = '<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><Order>&x;</Order>'


def with_line(**changes: Any) -> str:
    return json.dumps(GOOD | {"lines": [GOOD["lines"][0] | changes]})  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("o.json", with_line(net="1.001"), ["lines[1].net", "minor unit"]),
        ("o.json", json.dumps(GOOD | {"currency": "ABC"}), ["currency", "ISO 4217"]),
        ("o.json", json.dumps(GOOD | {"due_on": "2026-03-01"}), ["due_on", "before the day of the order"]),
        ("o.json", with_line(quantity=0), ["lines[1].quantity", "above zero"]),
        ("o.json", with_line(quantity=-5), ["lines[1].quantity", "above zero"]),
        ("o.json", with_line(quantity="many", tax_rate="x"), ["lines[1].quantity", "lines[1].tax_rate"]),
        ("o.jsonl", json.dumps(GOOD) + "\n" + json.dumps(GOOD | {"country": "CN"}), ["other content"]),
        ("o.xml", LAUGHS, ["document type"]),
        ("o.xml", OUTSIDE, ["document type"]),
        ("o.toml", "", ["empty"]),
        ("o.csv", "\0\0\0\1", ["NUL"]),
        ("o.xml", "\x7fELF\2\1", ["not well-formed"]),
        ("o.toml", "currency = 1\ncurrency = 2", ["o.toml:2", "not TOML"]),
    ],
)
def test_bad_order_file_is_refused_with_place_and_remedy(
    home: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, words: list[str]
) -> None:
    path = home / name
    path.write_text(content)
    capsys.readouterr()
    assert run(["order", "new", "--from", str(path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "hint:" in told.err
    assert "Traceback" not in told.err
    for word in (str(path), *words):
        assert word in told.err
    assert recorded(capsys) == []


def test_table_that_cannot_be_read_at_all_is_wrong_usage(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not a batch with refused orders (9), but a file that is none (2)."""
    (home / "map.toml").write_text(MAP)
    for content in (b"", b"Nr,Day\n1,2\n", b"\x00\x01\x02", b"Nr;Day;Who;What;Count;Price\n\xff;;;;;\n"):
        (home / "table.csv").write_bytes(content)
        capsys.readouterr()
        assert run(["order", "import", str(home / "table.csv"), "--map", str(home / "map.toml")]) == 2
        assert str(home / "table.csv") in capsys.readouterr().err
    assert recorded(capsys) == []


def test_huge_xml_is_refused_unread(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "huge.xml"
    with path.open("wb") as file:
        file.write(b"<Order>")
        file.truncate(200 * 2**20)
    assert run(["order", "new", "--from", str(path)]) == 2
    assert "20 MiB" in capsys.readouterr().err


def test_missing_file_has_its_own_exit_code(home: Path) -> None:
    assert run(["order", "new", "--from", str(home / "none.toml")]) == 4
    assert run(["order", "import", str(home / "none.csv")]) == 4
