"""Reading order files: each form gives the same order, and every defect comes in one go with its place."""

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from documents.orders.reading import Defects, read, stream
from domain.errors import InputDefectsError, NetError, NotFoundError, UsageError
from domain.order import Order
from domain.terms import Event

TOML = """\
reference = "PO-7"
issued_on = 2026-03-02
due_on = 2026-04-20
currency = "CNY"
destination = "Shanghai"
country = "CN"

[buyer]
name = "Meridian Stores"

[seller]
name = "Lantern Trading"

[[lines]]
product = "desk-lamp"
quantity = 10000
unit_price = "100.00"
tax_rate = "13%"

[[payment]]
share = "100%"
event = "invoice"
days = 60
"""

FIELDS = {
    "reference": "PO-7",
    "issued_on": "2026-03-02",
    "due_on": "2026-04-20",
    "currency": "CNY",
    "destination": "Shanghai",
    "country": "CN",
    "buyer": {"name": "Meridian Stores"},
    "seller": "Lantern Trading",
    "lines": [{"product": "desk-lamp", "quantity": 10000, "unit_price": 100.0, "tax_rate": 0.13}],
    "payment": [{"share": 1, "event": "invoice", "days": 60}],
}

CSV = """\
reference;issued_on;due_on;currency;destination;country;buyer;seller;product;quantity;unit_price;tax_rate;\
payment
PO-7;2026-03-02;2026-04-20;CNY;Shanghai;CN;Meridian Stores;Lantern Trading;desk-lamp;10000;100.00;13%;\
100% invoice+60
"""


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def defects_of(path: Path) -> list[tuple[int, str]]:
    with pytest.raises(InputDefectsError) as caught:
        read(path)
    assert all(defect.remedy and defect.file == str(path) for defect in caught.value.defects)
    return [(defect.line, defect.field) for defect in caught.value.defects]


def test_toml_order_has_exact_amounts_and_terms(tmp_path: Path) -> None:
    order = read(write(tmp_path, "order.toml", TOML))
    assert (order.net_minor, order.tax_minor, order.gross_minor) == (100_000_000, 13_000_000, 113_000_000)
    assert order.due_on == date(2026, 4, 20)
    assert order.lines[0].tax_rate == Fraction(13, 100)
    (term,) = order.payment
    assert (term.share, term.event, term.days) == (1, Event.INVOICE, 60)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("order.json", json.dumps(FIELDS)),
        ("order.json", json.dumps([FIELDS], indent=2)),
        ("order.jsonl", json.dumps(FIELDS) + "\n\n"),
        ("order.csv", CSV),
        ("order.csv", "\ufeff" + CSV),
        ("order.tsv", CSV.replace(";", "\t")),
        ("order.csv", CSV.replace("\n", "\r\n").encode("utf-16")),
        ("order.json", json.dumps(FIELDS).encode("utf-16")),
        ("order.toml", b"\xef\xbb\xbf" + TOML.encode()),
    ],
)
def test_every_form_gives_the_same_order(tmp_path: Path, name: str, text: str | bytes) -> None:
    expected = read(write(tmp_path, "expected.toml", TOML))
    order = read(write(tmp_path, name, text))
    for field in (
        "reference",
        "issued_on",
        "due_on",
        "currency",
        "buyer",
        "seller",
        "payment",
        "gross_minor",
    ):
        assert getattr(order, field) == getattr(expected, field)
    assert order.lines[0].unit_price == expected.lines[0].unit_price


def test_all_defects_come_in_one_go_with_their_lines(tmp_path: Path) -> None:
    """Each line of this order is wrong in a way of its own."""
    broken = (
        TOML.replace("2026-04-20", "2026-03-01")
        .replace('"CNY"', '"RMB"')
        .replace("10000", "0")
        .replace('"100.00"', '"1,00"')
        .replace('"13%"', '"13"')
        .replace('"invoice"', '"someday"')
        .replace("desk-lamp", "")
        .replace('name = "Meridian Stores"', 'nmae = "Meridian Stores"')
    )
    found = defects_of(write(tmp_path, "order.toml", broken))
    expected = {
        (3, "due_on"),
        (4, "currency"),
        (8, "buyer.name"),
        (9, "buyer.nmae"),
        (15, "lines[1].product"),
        (16, "lines[1].quantity"),
        (17, "lines[1].unit_price"),
        (18, "lines[1].tax_rate"),
        (22, "payment[1].event"),
    }
    assert set(found) == expected


def test_json_defects_name_the_line_of_the_field(tmp_path: Path) -> None:
    lines = [{"product": "a", "quantity": 1, "net": 1}, {"product": "b", "quantity": -1, "net": 1}]
    path = write(tmp_path, "order.json", json.dumps(FIELDS | {"lines": lines}, indent=1))
    text = path.read_text().splitlines()
    assert defects_of(path) == [(1 + text.index('   "quantity": -1,'), "lines[2].quantity")]


@pytest.mark.parametrize("quantity", ["0", "-1", "0.00"])
def test_quantity_must_be_above_zero(tmp_path: Path, quantity: str) -> None:
    path = write(tmp_path, "order.csv", CSV.replace("10000", quantity))
    assert defects_of(path) == [(2, "lines[1].quantity")]


@pytest.mark.parametrize(
    ("currency", "net", "passes"),
    [
        ("CNY", "1000000.000", True),
        ("CNY", "1000000.001", False),
        ("JPY", "1000000.00", True),
        ("JPY", "1000000.5", False),
        ("KWD", "1000000.000", True),
        ("KWD", "1000000.0001", False),
    ],
)
def test_amount_finer_than_the_minor_unit_is_refused(
    tmp_path: Path, currency: str, net: str, passes: bool
) -> None:
    text = TOML.replace('unit_price = "100.00"', f'net = "{net}"').replace("CNY", currency)
    path = write(tmp_path, "order.toml", text)
    if passes:
        assert read(path).lines[0].net_minor > 0
    else:
        assert defects_of(path) == [(17, "lines[1].net")]


def test_unit_price_may_be_finer_than_the_minor_unit(tmp_path: Path) -> None:
    order = read(write(tmp_path, "order.toml", TOML.replace('"100.00"', "0.12345")))
    assert order.lines[0].unit_price == Decimal("0.12345")
    assert order.lines[0].net_minor == 123_450


def test_net_that_differs_from_price_and_quantity_is_refused_unless_told(tmp_path: Path) -> None:
    path = write(tmp_path, "order.toml", TOML.replace('"100.00"', '"100.00"\nnet = "999999.98"'))
    assert defects_of(path) == [(18, "lines[1].net")]
    order = read(path, stated_amounts=True)
    assert order.net_minor == 99_999_998
    assert order.lines[0].unit_price * order.lines[0].quantity == Decimal("999999.98")
    assert "amount stands" in order.extra["remarks"][0]


def test_stated_total_that_differs_is_a_defect(tmp_path: Path) -> None:
    path = write(tmp_path, "order.toml", TOML + '\n[totals]\nnet = "1000000.00"\ngross = "1130000.02"\n')
    assert defects_of(path) == [(27, "totals.gross")]


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("order.toml", b"", "empty"),
        ("order.csv", b"  \n", "empty"),
        ("order.xml", b"", "empty"),
        ("order.toml", b"\xff\xd8\xff\xe0binary", "not UTF-8"),
        ("order.csv", bytes(range(256)) * 10, "NUL"),
        ("order.csv", CSV.replace("Meridian", "Méridian").encode("cp1252"), "not UTF-8"),
        ("order.toml", TOML.replace("PO-7", "PO\x007").encode(), "NUL"),
        ("order.toml", b"reference = \n", "not TOML"),
        ("order.toml", ("a = " + "[" * 3000 + "]" * 3000).encode(), "TOML"),
        ("order.json", b'{"reference": "a", "reference": "b"}', "twice"),
        ("order.json", b'{"quantity": NaN}', "NaN"),
        ("order.json", b'{"quantity": Infinity}', "Infinity"),
        ("order.json", b"[" * 100_000, "nested"),
        ("order.toml", b"a" + b".a" * 1_000 + b" = 1", "dotted key"),
        ("order.toml", b'"a"' + b' . "a"' * 1_000 + b" = 1", "dotted key"),
        ("order.csv", b",".join(b"c%d" % number for number in range(2_000)), "columns"),
        ("order.json", b'{"a":1,' + b"".join(b'"k%d":1,' % n for n in range(50_000)) + b'"a":1}', "twice"),
        ("order.json", b"{", "not JSON"),
        ("order.json", b"7", "no table"),
        ("order.jsonl", b"{", "not JSON"),
        ("order.csv", b'reference,buyer\n"a,b\n', "cannot be read"),
        ("order.csv", b"reference,reference\na,b\n", "twice"),
        ("order.csv", b"reference,buyr\na,b\n", "not a column"),
        ("order.csv", b"reference\n" + b"x" * 3_000_000, "1 MiB"),
        ("order.csv", b"reference\nx,y\n", "cells"),
        ("order.csv", b"reference\n", "no order"),
    ],
)
def test_unreadable_file_is_refused_with_a_reason(
    tmp_path: Path, name: str, content: bytes, word: str
) -> None:
    with pytest.raises(InputDefectsError) as caught:
        read(write(tmp_path, name, content))
    assert word in str(caught.value)
    assert caught.value.exit_code == 2


def test_missing_file_folder_and_unknown_ending_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="folder"):
        read(write(tmp_path, "x", "").parent / ".", stated_amounts=False) if False else read(
            _folder(tmp_path)
        )
    with pytest.raises(UsageError, match="ending"):
        read(write(tmp_path, "order.docx", "x"))


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    return folder


def test_document_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    """A sparse file of 300 MiB: only its size is looked at."""
    for name, limit in (("order.xml", "20 MiB"), ("order.json", "5 MiB"), ("order.toml", "1 MiB")):
        path = tmp_path / name
        with path.open("wb") as file:
            file.truncate(300 * 2**20)
        with pytest.raises(InputDefectsError, match=limit):
            read(path)


def test_many_unknown_fields_are_capped_quickly(tmp_path: Path) -> None:
    """A hundred thousand wrong names: five hundred are told, then that there are more."""
    extra = {f"wrong{number}": 1 for number in range(100_000)}
    with pytest.raises(InputDefectsError) as caught:
        read(write(tmp_path, "order.json", json.dumps(FIELDS | extra)))
    assert len(caught.value.defects) == 501
    assert "more than 500" in caught.value.defects[-1].problem


def test_batch_goes_on_after_a_broken_order(tmp_path: Path) -> None:
    good = json.dumps(FIELDS)
    bad = json.dumps(FIELDS | {"reference": "PO-8", "currency": "XXX"})
    path = write(tmp_path, "orders.jsonl", f"{good}\n{bad}\n{{\n{good.replace('PO-7', 'PO-9')}\n")
    found = list(stream(path))
    assert [item.reference for item in found] == ["PO-7", "PO-8", "", "PO-9"]
    assert [type(item) for item in found] == [Order, Defects, Defects, Order]
    assert found[1].defects[0].line == 2
    assert found[2].defects[0].line == 3


def test_reference_with_other_content_is_refused_and_with_the_same_passes(tmp_path: Path) -> None:
    first = json.dumps(FIELDS)
    other = json.dumps(FIELDS | {"destination": "Ningbo"})
    path = write(tmp_path, "orders.jsonl", f"{first}\n{first}\n{other}\n")
    found = list(stream(path))
    assert [type(item) for item in found] == [Order, Order, Defects]
    assert found[2].defects[0].line == 3
    assert f"{path}:1" in found[2].defects[0].problem


def test_csv_rows_of_one_order_become_its_lines(tmp_path: Path) -> None:
    text = (
        "reference,issued_on,currency,buyer,product,quantity,unit_price\n"
        "A,2026-01-01,EUR,Firm,x,1,1.00\nA,,,,y,2,2.00\nA,,USD,,z,0,1\nB,2026-01-01,EUR,Firm,x,1,1.00\n"
    )
    broken, fine = list(stream(write(tmp_path, "orders.csv", text)))
    assert [(defect.line, defect.field) for defect in broken.defects] == [
        (2, "currency"),
        (4, "lines[3].quantity"),
    ]
    assert fine.reference == "B"


def test_csv_streams_in_flat_memory(tmp_path: Path) -> None:
    """Fifteen times the rows may not need more memory."""
    import tracemalloc

    def peak(count: int) -> int:
        path = tmp_path / f"{count}.csv"
        header, row = CSV.splitlines()
        path.write_text(header + "\n" + "".join(f"PO-{n}{row[4:]}\n" for n in range(count)))
        tracemalloc.start()
        assert sum(isinstance(item, Order) for item in stream(path)) == count
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(1_500) < peak(100) * 1.5 + 200_000


def test_order_beyond_the_ledger_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "order.toml", TOML.replace('"100.00"', '"1000000000000000"'))
    with pytest.raises(NetError, match="more than the ledger"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "line", "field"),
    [
        ("order.json", '{\n "reference": "a",\n "quantity": NaN\n}', 3, "file"),
        (
            "order.json",
            '{\n "reference": "a",\n "x": {"reference": "b"},\n "reference": "c"\n}',
            4,
            "reference",
        ),
        ("order.jsonl", '{"reference": "a"}\n{"x": NaN}\n', 2, "file"),
        ("order.csv", "\n\nreference,byer\n", 3, "byer"),
    ],
)
def test_what_ends_the_reading_names_its_line(
    tmp_path: Path, name: str, content: str, line: int, field: str
) -> None:
    found = [
        (defect.line, defect.field)
        for item in stream_of(write(tmp_path, name, content))
        if isinstance(item, Defects)
        for defect in item.defects
    ]
    assert (line, field) in found


def stream_of(path: Path) -> list[object]:
    """Orders and defects, those that end the reading among them."""
    try:
        return list(stream(path))
    except InputDefectsError as error:
        return [Defects("", 0, error.defects)]


@pytest.mark.parametrize(
    ("before", "after", "remedy"),
    [
        ("currency", "curency", "did you mean currency?"),
        ('"invoice"', '"invoic"', "did you mean invoice?"),
        ('"CNY"', '"cny"', "write CNY"),
        ("unit_price", "unit-price", "did you mean unit_price?"),
    ],
)
def test_a_misspelt_name_is_told_the_near_one(tmp_path: Path, before: str, after: str, remedy: str) -> None:
    with pytest.raises(InputDefectsError) as caught:
        read(write(tmp_path, "order.toml", TOML.replace(before, after)))
    assert remedy in str(caught.value)


def test_the_head_of_a_table_may_have_capitals_blanks_and_empty_lines_above(tmp_path: Path) -> None:
    head, _, rest = CSV.partition("\n")
    spelt = ",".join(name.replace("_", " ").title() for name in head.split(","))
    assert (
        read(write(tmp_path, "b.csv", f"\n \n{spelt}\n{rest}")).lines
        == read(write(tmp_path, "a.csv", CSV)).lines
    )


def test_a_table_without_a_head_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(InputDefectsError, match="is not a column of an order file"):
        read(write(tmp_path, "order.csv", CSV.partition("\n")[2]))


def test_a_sheet_is_told_how_it_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(write(tmp_path, "orders.xlsx", b"PK\3\4"))
    assert "save the sheet as CSV" in caught.value.hint


def test_a_reference_is_one_line_and_reads_in_one_direction(tmp_path: Path) -> None:
    fields = FIELDS | {"reference": "A\n 1"}
    assert read(write(tmp_path, "a.json", json.dumps(fields))).reference == "A 1"
    turned = FIELDS | {"reference": "A\u202e1"}
    with pytest.raises(InputDefectsError, match="control character"):
        read(write(tmp_path, "b.json", json.dumps(turned)))


def test_a_buyer_does_not_pay_before_the_event_that_counts(tmp_path: Path) -> None:
    terms = [{"share": "100%", "event": "invoice", "days": -5}]
    path = write(tmp_path, "a.json", json.dumps(FIELDS | {"payment": terms}))
    assert [field for _, field in defects_of(path)] == ["payment[1].days"]
