"""The quick walk passes what is sound, and nothing that the thorough one finds fault with."""

from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.posting import Entry, Leg
from ledger.sqlite.file import connect
from ledger.store import create_ledger
from ledger.verify import balances as verify_balances
from ledger.verify import sqlite as verify_sqlite
from ledger.verify.plain import plain_stretch
from ledger.verify.records import check_stretch
from ledger.verify.sqlite import verify_file
from tests.ledger.conftest import ACTOR, Clock
from tests.parts.full_ledger import full_ledger
from trust.merkle import leaf_hash

Rows = tuple[list[list[Any]], list[list[Any]]]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "net.ledger"
    full_ledger(path, 3)
    return path


def rows_of(path: Path) -> Rows:
    connection = connect(path, read_only=True)
    size = connection.execute("SELECT MAX(sequence) FROM record").fetchone()[0]
    records = [list(row) for row in connection.execute(verify_sqlite._RECORDS, (0, size))]
    legs = [list(row) for row in connection.execute(verify_sqlite._LEGS, (0, size))]
    connection.close()
    return records, legs


def plain(rows: Rows) -> bool:
    records, legs = ([tuple(row) for row in part] for part in rows)
    return plain_stretch("net-test", 0, len(records), records, legs) is not None


def thorough(rows: Rows) -> list[str]:
    records, legs = ([tuple(row) for row in part] for part in rows)
    return [str(one) for one in check_stretch("net-test", 0, len(records), records, legs).findings]


def test_sound_ledger_is_walked_once(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the thorough walk nor the balances' places are needed where nothing is wrong."""

    def never(*_: object) -> None:
        raise AssertionError("walked a second time")

    assert thorough(rows_of(sound)) == []
    monkeypatch.setattr(verify_sqlite, "check_stretch", never)
    monkeypatch.setattr(verify_balances, "compare", never)
    assert verify_file(sound).findings == []


VALUES = st.one_of(
    st.none(),
    st.integers(-5, 60),
    st.sampled_from(
        ["", "o1", "trader", "2026-03-02", "CONFIRMED", 'a"b', "a\\b", "\u0301", b"\0" * 32, "1010"]
    ),
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_is_passed_quickly_has_no_fault(sound: Path, data: st.DataObject) -> None:
    rows = rows_of(sound)
    part = rows[data.draw(st.integers(0, 1))]
    row = part[data.draw(st.integers(0, len(part) - 2))]  # the last node may belong to other stretches
    place = data.draw(st.integers(0, len(row) - 1))
    before, row[place] = row[place], data.draw(VALUES)
    same = type(before) is type(row[place]) and before == row[place]
    assert plain(rows) is same


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_text_changed_with_its_hash_is_not_passed(sound: Path, data: st.DataObject) -> None:
    """Whoever changes a text may rebuild its leaf; what the text says must still be what is posted."""
    rows = rows_of(sound)
    row = rows[0][-1]
    text, at = row[7], data.draw(st.integers(0, len(row[7]) - 1))
    changed = (
        text[:at] + data.draw(st.sampled_from(['"', "\\", " ", "1", "x", ",", "\u0301", ""])) + text[at + 1 :]
    )
    row[7], row[8] = changed, leaf_hash(changed.encode())
    row[9] = node_of_last(rows)
    assert not plain(rows) or not thorough(rows)


def node_of_last(rows: Rows) -> bytes:
    """The node of the last record, its leaf as it is now."""
    peaks: list[bytes] = []
    node = b""
    for count, row in enumerate(rows[0]):
        node = row[8]
        while count & 1:
            node = sha256(b"\x01" + peaks.pop() + node).digest()
            count >>= 1
        peaks.append(node)
    return node


def test_names_beyond_ascii_are_walked_quickly(tmp_path: Path) -> None:
    path = tmp_path / "net.ledger"
    with create_ledger(path, practice=True, actor=ACTOR, clock=Clock(), ledger_id="net-test") as ledger:
        legs = (Leg("工厂:明亮", "1010", "CNY", 5), Leg("工厂:明亮", "2310", "CNY", -5))
        ledger.append(Entry("付款", "k1", date(2026, 3, 2), "订单-é", {"名": "ü"}, legs))
        more = (*legs, Leg("工厂:明亮", "2310", "CNY", 0))
        ledger.append(Entry("付款", "k2", date(2026, 3, 2), "订单-é", {"名": "ü"}, more))
    assert plain(rows_of(path))


def test_name_with_a_quotation_mark_is_left_to_the_thorough_walk(tmp_path: Path) -> None:
    path = tmp_path / "net.ledger"
    with create_ledger(path, practice=True, actor=ACTOR, clock=Clock(), ledger_id="net-test") as ledger:
        legs = (
            Leg('the "best" \\ factory', "1010", "CNY", 5),
            Leg('the "best" \\ factory', "2310", "CNY", -5),
        )
        ledger.append(Entry("paid", 'k"1', date(2026, 3, 2), 'o"\n', {}, legs))
    assert not plain(rows_of(path))
    assert verify_file(path).findings == []


def test_amounts_that_are_no_numbers_end_the_quick_walk(sound: Path) -> None:
    rows = rows_of(sound)
    rows[1][0][5] = str(rows[1][0][5])
    assert not plain(rows)
    assert any("the postings say" in finding for finding in thorough(rows))


def test_text_of_a_body_must_be_canonical(sound: Path) -> None:
    rows = rows_of(sound)
    row = rows[0][-1]
    data = orjson.loads(row[7])
    data["body"] = {"z": 1, "a": 2}
    row[7] = orjson.dumps(data).decode()
    row[8] = leaf_hash(row[7].encode())
    row[9] = node_of_last(rows)
    assert not plain(rows)
    assert thorough(rows)
