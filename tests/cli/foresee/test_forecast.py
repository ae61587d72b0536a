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


# what forecasts do to a plan ------------------------------------------------------------------

LAMP = ROOT / "examples" / "lamp-order.toml"
LEARN = ("learn", "late-payment", "--table", TABLE, "--map", MAP)
SERVICES = (
    *("learn", "lead-time", "--table", ROOT / "examples" / "tables" / "services.csv"),
    *("--map", ROOT / "examples" / "maps" / "services.toml"),
)


def settings(net: Net, home: Path, policy: str) -> None:
    """A practice ledger whose policy asks this of forecasts."""
    assert net("init", "--practice").code == 0
    (file,) = home.rglob("net.toml")
    file.write_text(f"{file.read_text('utf-8')}\n[policy]\n{policy}\n", "utf-8")


def test_a_plan_says_the_chance_that_own_cash_is_needed(net: Net) -> None:
    assert net("init", "--practice").code == 0
    assert "chances" not in json.loads(net("plan", LAMP, "--json").out)
    assert net(*LEARN).code == 0
    found = json.loads(net("plan", LAMP, "--json").out)
    chances = found["chances"]
    assert 0 < float(chances["own_cash_probability"]) < float(chances["late_probability"]) < 1
    assert "own cash would be needed with" in net("plan", LAMP).out
    assert "chances" not in json.loads(net("plan", LAMP, "--json", "--on", "2026-02-01").out)


def test_a_bound_on_the_chance_binds_plans_and_refuses_without_a_model(net: Net, home: Path) -> None:
    settings(net, home, 'own_cash_chance = "30%"')
    ran = net("plan", LAMP)
    assert ran.code == 3
    assert "no model of late payment" in ran.err
    assert net(*LEARN).code == 0
    found = json.loads(net("plan", LAMP, "--json").out)
    assert float(found["chances"]["own_cash_probability"]) <= 0.30
    assert any("with a chance of at most 30.0%" in one["name"] for one in found["stresses"])
    assert net("order", "run", LAMP).code == 0, "the plan is as fresh when it is reserved"


def test_a_bound_that_no_plan_keeps_is_refused_as_own_cash(net: Net, home: Path) -> None:
    settings(net, home, 'own_cash_chance = "1%"')
    assert net(*LEARN).code == 0
    ran = net("plan", LAMP)
    assert ran.code == 3
    assert "without own cash" in ran.err


def test_providers_are_counted_on_as_late_as_they_are(net: Net, home: Path) -> None:
    settings(net, home, 'lead_time_quantile = "90%"')
    before = json.loads(net("order", "promise", LAMP, "--json").out)
    assert net(*SERVICES).code == 0
    cards = {
        one["provider"]: one["days_late"]
        for one in json.loads(net("forecast", "providers", "--json").out)["providers"]
    }
    assert cards["zhongshan-lamps"] > 0
    after = json.loads(net("order", "promise", LAMP, "--json").out)
    assert after["delivery"] > before["delivery"]
    by = {one["certainty"]: one["by"] for one in after["certain"]}
    assert by["0.50"] == after["delivery"], "what is counted on already is not counted again"


@pytest.mark.parametrize("policy", ['own_cash_chance = "150%"', 'lead_time_quantile = "x"'])
def test_a_share_that_is_none_is_refused_with_its_line(net: Net, home: Path, policy: str) -> None:
    settings(net, home, policy)
    ran = net("plan", LAMP)
    assert ran.code == 2
    assert policy.split(" ")[0] in ran.err


def test_a_lender_asks_for_a_forecast_by_name(net: Net, home: Path) -> None:
    assert net("init", "--practice").code == 0
    (file,) = home.rglob("network.toml")
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("score_minimum = 50", 'score_minimum = 50\nforecast_maximum = { own-cash = "5%" }', 1),
        "utf-8",
    )
    (config,) = home.rglob("net.toml")
    assert net("order", "new", "--from", LAMP, "--config", config).code == 0
    assert net("plan", "PO-2026-0017", "--config", config).code == 0
    asked = net("finance", "request", "PO-2026-0017", "--config", config)
    assert "asks for a forecast of own-cash" in asked.out + asked.err
    assert net(*LEARN, "--config", config).code == 0
    asked = net("finance", "request", "PO-2026-0017", "--config", config)
    assert "at most 5.00% is borne" in asked.out + asked.err
