"""`net learn` and `net forecast` as a person types them."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Net

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "examples" / "tables" / "receivables.csv"
MAP = ROOT / "examples" / "maps" / "receivables.toml"


def cut(table: Path, until: str, to: Path) -> Path:
    """The table as it was at the end of a day."""
    with table.open(encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if row["InvoiceDate"] <= until]
    for row in rows:
        row["SettledDate"] = row["SettledDate"] if row["SettledDate"] <= until else ""
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return to


def test_a_model_is_a_file_of_the_same_bytes_each_time(net: Net, tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        ran = net("learn", "late-payment", "--table", TABLE, "--map", MAP, "--out", tmp_path / name)
        assert ran.code == 0, ran.err
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert "Brier score" in ran.out
    assert "running rate of the group" in ran.out


def test_a_model_is_recorded_once_in_the_ledger(net: Net) -> None:
    assert net("init", "--practice").code == 0
    for _ in range(2):
        ran = net("learn", "late-payment", "--table", TABLE, "--map", MAP, "--json")
        assert ran.code == 0, ran.err
    key = json.loads(ran.out)["key"]
    log = net("ledger", "log", "--jsonl")
    assert [json.loads(line)["key"] for line in log.out.splitlines()].count(key) == 1
    assert net("ledger", "verify").code == 0


def test_too_few_outcomes_are_refused_with_the_baseline(net: Net, tmp_path: Path) -> None:
    few = cut(TABLE, "2025-02-10", tmp_path / "few.csv")
    ran = net("learn", "late-payment", "--table", few, "--map", MAP)
    assert ran.code == 3
    assert "needs 50; the baseline:" in ran.err


def test_rows_added_later_leave_the_bytes_of_past_forecasts(net: Net, tmp_path: Path) -> None:
    model = tmp_path / "late.json"
    until = "2025-12-31"
    learned = net("learn", "late-payment", "--table", TABLE, "--map", MAP, "--out", model, "--until", until)
    assert learned.code == 0, learned.err
    then = cut(TABLE, until, tmp_path / "then.csv")
    now = net("forecast", "table", TABLE, "--map", MAP, "--model", model, "--jsonl")
    before = net("forecast", "table", then, "--map", MAP, "--model", model, "--jsonl")
    assert before.code == now.code == 0
    assert now.lines[: len(before.lines)] == before.lines
    assert len(now.lines) > len(before.lines) > 300


def test_what_was_learned_until_a_day_is_what_the_table_of_that_day_teaches(net: Net, tmp_path: Path) -> None:
    then = cut(TABLE, "2025-12-31", tmp_path / "then.csv")
    for name, table in (("a.json", TABLE), ("b.json", then)):
        ran = net(
            *("learn", "late-payment", "--table", table, "--map", MAP),
            *("--out", tmp_path / name, "--until", "2025-12-31"),
        )
        assert ran.code == 0, ran.err
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_history_beside_the_table_is_known_and_not_forecast(net: Net, tmp_path: Path) -> None:
    model = tmp_path / "late.json"
    assert net("learn", "late-payment", "--table", TABLE, "--map", MAP, "--out", model).code == 0
    whole = net("forecast", "table", TABLE, "--map", MAP, "--model", model, "--json", "--since", "2026-02-01")
    later = tmp_path / "later.csv"
    lines = TABLE.read_text("utf-8").splitlines()
    new = [line for line in lines[1:] if line.split(",")[2] >= "2026-02-01"]
    later.write_text("\n".join([lines[0], *new]) + "\n", "utf-8")
    parts = net(*("forecast", "table", later, "--map", MAP, "--model", model, "--json", "--history", TABLE))
    assert json.loads(parts.out)["forecasts"] == json.loads(whole.out)["forecasts"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text.replace('due_on = { column = "DueDate", kind = "day" }\n', ""), "due_on"),
        (lambda text: text.replace("net/outcome-map/1", "net/map/9"), "net/map/9"),
        (lambda text: text.replace("DueDate", "Due Date"), "Due Date"),
        (lambda text: text.replace('buyer = "customerID"\n', ""), "names no groups"),
    ],
)
def test_a_wrong_map_is_refused_by_name(net: Net, tmp_path: Path, change: object, problem: str) -> None:
    wrong = tmp_path / "map.toml"
    wrong.write_text(change(MAP.read_text("utf-8")), "utf-8")  # type: ignore[operator]
    ran = net("learn", "late-payment", "--table", TABLE, "--map", wrong)
    assert ran.code == 2
    assert (problem if problem != "names no groups" else "0 groups") in ran.err


def test_a_file_that_is_no_model_is_refused(net: Net, tmp_path: Path) -> None:
    (tmp_path / "no.json").write_text("{}", "utf-8")
    for name, code in (("no.json", 3), ("none.json", 4)):
        ran = net("forecast", "table", TABLE, "--map", MAP, "--model", tmp_path / name)
        assert ran.code == code
        assert "net learn" in ran.err


def test_a_row_that_comes_twice_and_a_day_that_is_none_are_told_together(net: Net, tmp_path: Path) -> None:
    lines = TABLE.read_text("utf-8").splitlines()
    broken = tmp_path / "broken.csv"
    broken.write_text("\n".join([*lines, lines[1], lines[2].replace("2025-", "2O25-", 1)]) + "\n", "utf-8")
    ran = net("learn", "late-payment", "--table", broken, "--map", MAP)
    assert ran.code == 2
    assert "2 defects" in ran.err
