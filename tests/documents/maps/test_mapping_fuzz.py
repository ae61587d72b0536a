"""Whatever stands in a table, a map gives orders or defects, and a statement map entries or an error."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.maps.order_map import load
from documents.orders.reading import Defects, stream
from documents.statements.csv_map import load_statement_map, read_statement_csv
from domain.errors import InputDefectsError, NetError
from domain.order import Order

ROOT = Path(__file__).resolve().parents[3]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
COLUMNS = [
    "ID",
    "PO / SO #",
    "PO Sent to Vendor Date",
    "PQ First Sent to Client Date",
    "Scheduled Delivery Date",
    "Delivered to Client Date",
    "Country",
    "Project Code",
    "ASN/DN #",
    "Manufacturing Site",
    "Vendor",
    "Shipment Mode",
    "Vendor INCO Term",
    "Fulfill Via",
    "Product Group",
    "Weight (Kilograms)",
    "Freight Cost (USD)",
    "Line Item Insurance (USD)",
    "Item Description",
    "Line Item Quantity",
    "Pack Price",
    "Line Item Value",
    "Brand",
    "Dosage",
    "Dosage Form",
]
GOOD = [
    "1",
    "SCMS-1",
    "1/2/07",
    "Date Not Captured",
    "2-Jun-07",
    "3-Jun-07",
    "Haiti",
    "100",
    "ASN-1",
    "Site",
    "V",
    "Air",
    "EXW",
    "RDC",
    "ARV",
    "13",
    "780.34",
    "0.1",
    "Test kit",
    "19",
    "29",
    "551",
    "B",
    "N/A",
    "Kit",
]
CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "See ASN-1 (ID#:1)",
            "See (ID#:2)",
            "9" * 40,
            "0",
            "-5",
            "1e9",
            "31-Dec-99",
            "12/31/9999",
            "46112",
            "99999",
            "Invoiced Separately",
            "1,234.50",
            "(5)",
            "5.005",
            "NaN",
            "N/A",
            "",
            "\u2019",
            "Côte d'Ivoire",
        ]
    ),
)


def write_table(folder: str, name: str, rows: list[list[str]]) -> Path:
    path = Path(folder) / name
    lines = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    return path


@pytest.fixture(scope="module")
def maps() -> dict[str, object]:
    return {"orders": load(ROOT / "examples/maps/scms.toml")}


@QUICK
@given(changes=st.lists(st.tuples(st.integers(0, 3), st.integers(0, len(GOOD) - 1), CELLS), max_size=8))
def test_any_cells_of_a_mapped_table_give_orders_or_defects(
    maps: dict[str, object], changes: list[tuple[int, int, str]]
) -> None:
    rows = [[str(number), *GOOD[1:]] for number in range(1, 5)]
    for row, column, cell in changes:
        rows[row][column] = cell
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = list(stream(write_table(folder, "t.csv", [COLUMNS, *rows]), maps["orders"]))
        except InputDefectsError:  # a letter that is no text ends the reading before the first order
            return
    assert found
    for item in found:
        if isinstance(item, Defects):
            assert all(defect.problem and defect.remedy for defect in item.defects)
        else:
            assert isinstance(item, Order)
            assert item.gross_minor > 0


STATEMENT_MAP = """
schema = "net/statement-map/1"
[kind.day]
read = "date"
styles = ["%d.%m.%Y", "%Y-%m-%d", "excel"]
[entry]
booked_on = { column = "day", kind = "day", plus_days = "days" }
amount = { column = "amount", kind = "number" }
direction = "side"
currency = "currency"
party = "with"
"""


@QUICK
@given(rows=st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=4))
def test_any_cells_of_a_statement_give_entries_or_an_error(rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "m.toml").write_text(STATEMENT_MAP)
        head = ["day", "days", "amount", "side", "currency", "with"]
        path = write_table(folder, "t.csv", [head, *rows, ["46112", "1", "5", "C", "EUR", "x"]])
        try:
            statements = read_statement_csv(path, load_statement_map(Path(folder) / "m.toml"))
        except NetError:
            return
    assert all(entry.reference for one in statements for entry in one.entries)
