"""Whatever the bytes, the readers give an order or a NetError: nothing else ever comes out."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.orders.reading import Defects, stream
from domain.errors import NetError
from domain.money import MINOR_MAXIMUM
from domain.order import Order
from tests.documents.orders import test_reading as orders
from tests.documents.ubl import test_order as ubl

SAMPLES = {
    "a.toml": orders.TOML,
    "a.json": json.dumps(orders.FIELDS, indent=1),
    "a.jsonl": json.dumps(orders.FIELDS),
    "a.csv": orders.CSV,
    "a.xml": ubl.ORDER,
}
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def outcomes(name: str, content: bytes) -> list[Order | Defects | NetError]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            found = list(stream(path))
        except NetError as error:
            return [error]
    for item in found:
        if isinstance(item, Order):
            check(item)
        else:
            assert item.defects
            assert all(defect.problem and defect.remedy and str(defect) for defect in item.defects)
    return found


def check(order: Order) -> None:
    """What every order that is let in keeps."""
    assert order.reference
    assert order.buyer.name
    assert 0 < order.net_minor <= order.gross_minor <= MINOR_MAXIMUM or order.tax_minor < 0
    assert all(line.quantity > 0 and line.net_minor >= 0 and line.product for line in order.lines)
    assert order.due_on is None or order.due_on >= order.issued_on
    assert not order.payment or sum(term.share for term in order.payment) == 1
    json.dumps(order.extra).encode()


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_is_an_order(name: str) -> None:
    assert [type(item) for item in outcomes(name, SAMPLES[name].encode())] == [Order]


@pytest.mark.parametrize("name", SAMPLES)
@QUICK
@given(data=st.data())
def test_damaged_file_gives_orders_or_defects(name: str, data: st.DataObject) -> None:
    content = bytearray(SAMPLES[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 12))
        content[place : place + length] = data.draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [
                        b"NaN",
                        b"1e99999",
                        b"-",
                        b"9" * 60,
                        b"0",
                        b"\x00",
                        b"\xef\xbb\xbf",
                        b'"',
                        b"<",
                        b"&#0;",
                        b"&#1;",
                        b"\xed\xa0\x80",
                        b"\\ud800",
                        b"]]>",
                        b"=",
                        b"[[lines]]",
                        b"null",
                        b"\n",
                        b"2026-02-30",
                    ]
                ),
            )
        )
    outcomes(name, bytes(content))


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.dates().map(str),
    st.sampled_from(
        ["13%", "101%", "EUR", "XXX", "1e400", "9" * 50, "0.000", "-1", "invoice", "\ud800", "\x00"]
    ),
)
NAMES = st.sampled_from(
    [
        "reference",
        "issued_on",
        "currency",
        "due_on",
        "buyer",
        "seller",
        "name",
        "lines",
        "product",
        "quantity",
        "unit_price",
        "net",
        "tax_rate",
        "payment",
        "share",
        "event",
        "days",
        "totals",
        "gross",
        "extra",
        "country",
        "adjustments",
        "amount",
        "adjustment",
        "price_quantity",
        "weight_kg",
        "month_end",
        "roll",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=5)),
    max_leaves=20,
)


@QUICK
@given(changes=st.dictionaries(NAMES, VALUES, max_size=4), line=st.dictionaries(NAMES, SCALARS, max_size=4))
def test_any_json_document_gives_orders_or_defects(changes: dict[str, Any], line: dict[str, Any]) -> None:
    document = orders.FIELDS | {"lines": [orders.FIELDS["lines"][0] | line]} | changes
    outcomes("a.json", json.dumps(document).encode())


@QUICK
@given(cells=st.lists(st.text(max_size=10), min_size=13, max_size=13), keep=st.sets(st.integers(0, 12)))
def test_any_csv_cells_give_orders_or_defects(cells: list[str], keep: set[int]) -> None:
    header, row = orders.CSV.splitlines()
    good = row.split(";")
    mixed = [good[place] if place in keep else cell for place, cell in enumerate(cells)]
    quoted = ";".join('"' + cell.replace('"', '""') + '"' for cell in mixed)
    outcomes("a.csv", f"{header}\n{quoted}\n".encode("utf-8", "surrogatepass"))
