"""Exports are accepted by the real tools as written and refused with one cent changed anywhere."""

import csv
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UsageError
from domain.posting import Leg
from ledger.export.export import export
from ledger.export.names import account_name, component
from ledger.record.records import Record
from ledger.store import open_ledger
from tests.parts.full_ledger import full_ledger

PLAINTEXT = ("beancount", "hledger", "ledger")
AMOUNT = re.compile(r"(?<=[ =] )-?\d+\.\d\d(?= (?:EUR|~))")


def written(
    number: int,
    on: date,
    legs: tuple[Leg, ...] = (),
    kind: str = "order.paid",
    order: str | None = "o/1",
) -> Record:
    return Record(
        number, "01" * 32, kind, f"k{number}", on, order, {}, legs, "ed25519:x", "2026-03-02T09:00:00Z"
    )


def checker(form: str, path: Path) -> list[str]:
    """The command with which the tool itself checks a file; skips where the tool is missing."""
    name = {"beancount": "bean-check"}.get(form, form)
    search = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    tool = shutil.which(name, path=search)
    if tool is None:
        pytest.skip(f"{name} is not installed")
    arguments = {
        "beancount": ["--no-cache", str(path)],
        "hledger": ["check", "-s", "-f", str(path)],
        "ledger": ["--strict", "--pedantic", "-f", str(path), "balance"],
    }
    return [tool, *arguments[form]]


def accepted(form: str, text: str, folder: Path) -> bool:
    path = folder / f"book.{form}"
    path.write_text(text, encoding="utf-8")
    outcome = subprocess.run(checker(form, path), capture_output=True, text=True, check=False)
    return outcome.returncode == 0


def balanced(entity: str, debit: str, credit: str, minor: int, currency: str = "EUR") -> tuple[Leg, Leg]:
    return Leg(entity, debit, currency, minor), Leg(entity, credit, currency, -minor)


def book() -> list[Record]:
    """Several entities, currencies, months; dates out of order; awkward names; a step without money."""
    return [
        written(1, date(2026, 1, 2), balanced("trader", "1010", "2210", 2500)),
        written(2, date(2026, 1, 2), kind="order.accepted", order='we"ird; | order\n2'),
        written(
            3,
            date(2026, 2, 28),
            balanced("lender:Harbour Bank", "1310", "1010", 4999)
            + balanced("trader", "1010", "2310", 4999)
            + balanced("trader", "1010", "4010", 700, "JPY"),
            order='we"ird; | order\n2',
        ),
        written(4, date(2025, 12, 31), balanced("trader", "9110", "9119", 1), order=None),
        written(5, date(2026, 2, 28), balanced("trader", "2310", "1010", 4999), order="订单"),
        written(6, date(2026, 3, 5), balanced("trader", "1210", "4010", 12345, "KWD")),
        written(
            7, date(2026, 3, 5), (*balanced("trader", "5010", "1410", 100), Leg("trader", "5010", "EUR", 0))
        ),
    ]


def changes(form: str) -> Iterator[str]:
    """The export with one of its amounts or balances one cent up, for each of them in turn."""
    text = "".join(export(book(), form))
    for match in AMOUNT.finditer(text):
        cents = int(match.group().replace(".", "")) + 1
        changed = f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
        yield text[: match.start()] + changed + text[match.end() :]


@pytest.mark.parametrize("form", PLAINTEXT)
def test_export_is_accepted(form: str, tmp_path: Path) -> None:
    assert accepted(form, "".join(export(book(), form)), tmp_path)


@pytest.mark.parametrize("form", PLAINTEXT)
def test_export_with_titles_is_accepted(form: str, tmp_path: Path) -> None:
    text = "".join(export(book(), form, {"1010": "Closed-loop cash", "4010": "Sales (gross)"}))
    assert "1010-Closed-loop" in text
    assert accepted(form, text, tmp_path)


@pytest.mark.parametrize("form", PLAINTEXT)
def test_empty_export_is_accepted(form: str, tmp_path: Path) -> None:
    assert accepted(form, "".join(export([], form)), tmp_path)


@pytest.mark.parametrize("form", PLAINTEXT)
def test_one_cent_anywhere_is_refused(form: str, tmp_path: Path) -> None:
    versions = list(changes(form))
    assert len(versions) >= 20
    if form == "beancount":  # a third of a second each: the same loader in this process, then one for real
        loader = pytest.importorskip("beancount.loader")
        assert all(loader.load_string(text)[1] for text in versions)
        versions = random.Random(3).sample(versions, 2)
    passed = [text for text in versions if accepted(form, text, tmp_path)]
    assert passed == []


@pytest.mark.parametrize("form", PLAINTEXT)
def test_one_cent_moved_within_a_balanced_entry_is_refused(form: str, tmp_path: Path) -> None:
    text = "".join(export(book(), form))
    forged = re.sub(r"(?<=  )25\.00 EUR", "25.01 EUR", text, count=1)
    forged = re.sub(r"(?<=  )-25\.00 EUR", "-25.01 EUR", forged, count=1)
    assert forged != text
    assert not accepted(form, forged, tmp_path)


@pytest.mark.parametrize("form", PLAINTEXT)
def test_a_balanced_forgery_passes_without_the_assertions(form: str, tmp_path: Path) -> None:
    """The assertions are what catches it: the same forgery in the same file without them is accepted."""
    text = "".join(export(book(), form))
    bare = re.sub(r"(?m)^\S+ balance .*\n", "", text)
    bare = re.sub(r" = -?[\d.]+ [A-Z]{3}$", "", bare, flags=re.MULTILINE)
    assert "25.00 EUR" in bare
    forged = bare.replace(" 25.00 EUR", " 25.01 EUR").replace("-25.00 EUR", "-25.01 EUR")
    assert accepted(form, forged, tmp_path)


@pytest.mark.parametrize("form", PLAINTEXT)
def test_an_entry_left_out_is_refused(form: str, tmp_path: Path) -> None:
    text = "".join(export(book(), form))
    start = re.search(r"\n2026-01-02 \*.*\n", text)
    assert start
    end = text.index("\n2026-02-28 *", start.end())
    assert not accepted(form, text[: start.start()] + text[end:], tmp_path)


def test_unknown_format_is_refused_with_the_list() -> None:
    with pytest.raises(UsageError) as told:
        export([], "gnucash")
    assert "beancount" in told.value.hint


def test_csv_has_one_row_for_each_leg() -> None:
    rows = list(csv.DictReader(io.StringIO("".join(export(book(), "csv", {"1010": "Cash"})))))
    assert len(rows) == sum(len(record.legs) for record in book())
    assert rows[0]["amount"] == "25.00"
    assert rows[0]["title"] == "Cash"
    assert [row["amount"] for row in rows if row["currency"] == "KWD"] == ["12.345", "-12.345"]
    assert {row["order"] for row in rows if row["seq"] == "3"} == {'we"ird; | order\n2'}


def test_json_lines_hold_every_record_with_amounts_as_text() -> None:
    lines = [json.loads(line) for line in export(book(), "jsonl")]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4, 5, 6, 7]
    assert lines[1]["legs"] == []
    assert lines[0]["legs"][1] == {
        "entity": "trader",
        "account": "2210",
        "currency": "EUR",
        "amount": "-25.00",
    }


def minor(amount: str) -> str:
    """Minor units without the program: the digits, with no leading zeros."""
    return str(int(amount.replace(".", "")))


def test_json_lines_give_every_hash_back_and_csv_every_leg(tmp_path: Path) -> None:
    """An outsider with the ledger's id and RFC 8785 recomputes each leaf from its line alone."""
    import hashlib

    full_ledger(tmp_path / "l", orders=3)
    with open_ledger(tmp_path / "l") as ledger:
        lines = [json.loads(line) for line in export(ledger.records(), "jsonl")]
        rows = list(csv.DictReader(io.StringIO("".join(export(ledger.records(), "csv")))))
        size = ledger.size()
    assert [line["seq"] for line in lines] == list(range(1, size + 1))
    for line in lines:
        text = {name: line[name] for name in ("actor", "at", "body", "key", "kind", "on", "order")}
        parts = [
            [*(leg[n] for n in ("entity", "account", "currency")), leg["amount"]] for leg in line["legs"]
        ]
        text["legs"] = [[*names, minor(amount)] for *names, amount in parts]
        text |= {"format": 1, "ledger": "net-test"}
        said = json.dumps(text, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(b"\0" + said.encode()).hexdigest() == line["leaf"]
    wanted = [
        (str(line["seq"]), leg["entity"], leg["account"], leg["currency"], leg["amount"], line["leaf"])
        for line in lines
        for leg in line["legs"]
    ]
    columns = ("seq", "entity", "account", "currency", "amount", "leaf")
    assert [tuple(row[name] for name in columns) for row in rows] == wanted


@pytest.mark.parametrize("form", [*PLAINTEXT, "csv", "jsonl"])
def test_export_streams(form: str) -> None:
    """The first lines come out long before the last record is read."""
    seen = 0

    def many() -> Iterator[Record]:
        nonlocal seen
        for number in range(1, 1001):
            seen = number
            yield written(number, date(2026, 1, 1) + timedelta(days=number % 90), balanced("t", "1", "2", 5))

    lines = export(many(), form)
    for _ in range(5):
        next(lines)
    assert seen < 10


@given(st.text(), st.text())
def test_different_texts_have_different_components(one: str, other: str) -> None:
    assert (component(one) == component(other)) == (one == other)


@given(st.text())
def test_component_is_what_all_three_tools_accept(text: str) -> None:
    assert re.fullmatch(r"[A-Z0-9][A-Za-z0-9\-]*", component(text))


def test_account_name_reads_as_the_trade_says_it() -> None:
    assert account_name("lender:harbour", "1310", {}) == "Assets:Lender:Harbour:1310"
    assert account_name("trader", "9110", {"9110": "Orders"}) == "Equity:Memo:Trader:9110-Orders"
