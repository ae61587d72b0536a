"""The shipped map of the delivery history on every habit of its later years, without the real file."""

import csv
from datetime import date
from pathlib import Path

import pytest

from documents.maps.order_map import load
from documents.orders.reading import Defects, stream
from domain.order import Order

ROOT = Path(__file__).resolve().parents[3]
HEADER = (
    "ID,Project Code,PQ #,PO / SO #,ASN/DN #,Country,Managed By,Fulfill Via,Vendor INCO Term,Shipment Mode,"
    "PQ First Sent to Client Date,PO Sent to Vendor Date,Scheduled Delivery Date,Delivered to Client Date,"
    "Delivery Recorded Date,Product Group,Sub Classification,Vendor,Item Description,Molecule/Test Type,"
    "Brand,Dosage,Dosage Form,Unit of Measure (Per Pack),Line Item Quantity,Line Item Value,Pack Price,"
    "Unit Price,Manufacturing Site,First Line Designation,Weight (Kilograms),Freight Cost (USD),"
    "Line Item Insurance (USD)"
)
COLUMNS = HEADER.split(",")
USUAL = {
    "Project Code": "116-ZA-T30", "PQ #": "FPQ-14942", "PO / SO #": "SO-50020", "ASN/DN #": "DN-4307",
    "Country": "Zambia", "Managed By": "PMO - US", "Fulfill Via": "From RDC",
    "Vendor INCO Term": "N/A - From RDC", "Shipment Mode": "Truck",
    "PQ First Sent to Client Date": "10/16/2014", "PO Sent to Vendor Date": "N/A - From RDC",
    "Scheduled Delivery Date": "31-Jul-15", "Delivered to Client Date": "15-Jul-15",
    "Delivery Recorded Date": "20-Jul-15", "Product Group": "ARV", "Sub Classification": "Adult",
    "Vendor": "SCMS from RDC", "Item Description": "Lamivudine 150mg, tablets, 60 Tabs",
    "Brand": "Generic", "Dosage": "150mg", "Dosage Form": "Tablet", "Unit of Measure (Per Pack)": "60",
    "Line Item Quantity": "100", "Line Item Value": "250.00", "Pack Price": "2.5", "Unit Price": "0.04",
    "Manufacturing Site": "Mylan,  H-12 & H-13, India", "First Line Designation": "Yes",
    "Weight (Kilograms)": "40", "Freight Cost (USD)": "120.5", "Line Item Insurance (USD)": "0.41",
}  # fmt: skip
SENT, QUOTED, DUE = "PO Sent to Vendor Date", "PQ First Sent to Client Date", "Scheduled Delivery Date"
FREIGHT, WEIGHT, INSURANCE = "Freight Cost (USD)", "Weight (Kilograms)", "Line Item Insurance (USD)"
SITE = "A new works, \u0141\u00f3d\u017a"


def read(folder: Path, *changes: dict[str, str], encoding: str = "utf-8") -> list[Order | Defects]:
    """One row for each of the changes to the usual row, numbered from 1."""
    path = folder / "later.csv"
    with path.open("w", encoding=encoding, newline="") as out:
        table = csv.DictWriter(out, COLUMNS)
        table.writeheader()
        for number, change in enumerate(changes, start=1):
            table.writerow({"ID": str(number), **USUAL, **change})
    return list(stream(path, load(ROOT / "examples" / "maps" / "scms.toml")))


def readable(folder: Path, *changes: dict[str, str]) -> list[Order]:
    found = read(folder, *changes)
    assert not [item for item in found if isinstance(item, Defects)]
    return [item for item in found if isinstance(item, Order)]


@pytest.mark.parametrize(
    ("sent", "quoted", "issued"),
    [
        ("6/2/2006", "Pre-PQ Process", date(2006, 6, 2)),
        ("06/02/06", "Pre-PQ Process", date(2006, 6, 2)),
        ("2-Jun-06", "Pre-PQ Process", date(2006, 6, 2)),
        ("02-Jun-2006", "Pre-PQ Process", date(2006, 6, 2)),
        ("2006-06-02", "", date(2006, 6, 2)),
        ("38870", "", date(2006, 6, 2)),
        ("N/A - From RDC", "10/16/2014", date(2014, 10, 16)),
        ("Date Not Captured", "16-Oct-14", date(2014, 10, 16)),
        ("N/A - From RDC", "Pre-PQ Process", date(2015, 5, 2)),
        ("Date Not Captured", "Date Not Captured", date(2015, 5, 2)),
        ("", "", date(2015, 5, 2)),
    ],
)
def test_every_style_of_day_is_read(tmp_path: Path, sent: str, quoted: str, issued: date) -> None:
    (order,) = readable(tmp_path, {SENT: sent, QUOTED: quoted})
    assert (order.issued_on, order.due_on) == (issued, date(2015, 7, 31))
    assumed = [remark for remark in order.extra.get("remarks", []) if "day" in remark]
    assert bool(assumed) is (not sent[:1].isdigit())


@pytest.mark.parametrize(
    ("freight", "weight", "insurance", "charged", "kilograms"),
    [
        ("120.5", "40", "0.41", 12_091, 40),
        ("1,120.50", "1,040", "", 112_050, 1_040),
        ("$120.50", "40", "0", 12_050, 40),
        ("Freight Included in Commodity Cost", "Weight Captured Separately", "1.234", 123, None),
        ("Invoiced Separately", "Weight Captured Separately", "", 0, None),
        ("N/A", "N/A", "N/A", 0, None),
        ("See DN-304 (ID#:10589)", "See DN-304 (ID#:10589)", "2.40", 240, None),
    ],
)
def test_texts_for_numbers_are_read(
    tmp_path: Path, freight: str, weight: str, insurance: str, charged: int, kilograms: int | None
) -> None:
    (order,) = readable(tmp_path, {FREIGHT: freight, WEIGHT: weight, INSURANCE: insurance})
    assert order.adjustment_minor == charged
    assert order.lines[0].weight_kg == kilograms
    assert order.extra["freight"] == freight


def test_a_bill_stands_once_and_is_divided_however_the_rows_refer(tmp_path: Path) -> None:
    """Rows 2 and 3 lead to row 1, row 3 by way of 2; rows 5 and 6 lead to texts; row 7 to no row at all."""
    see = "See {0}-93 (ID#:{1})".format
    found = readable(
        tmp_path,
        {FREIGHT: "100.01", WEIGHT: "30"},
        {FREIGHT: see("ASN", 1), WEIGHT: see("ASN", 1)},
        {FREIGHT: see("DN", 2), WEIGHT: see("DN", 2)},
        {FREIGHT: "Invoiced Separately", WEIGHT: "Weight Captured Separately"},
        {FREIGHT: see("DN", 4), WEIGHT: see("DN", 4)},
        {FREIGHT: see("DN", 5), WEIGHT: see("DN", 5)},
        {FREIGHT: see("ASN", 31_415), WEIGHT: see("ASN", 31_415)},
    )
    freight = [
        sum(item.amount_minor for item in order.adjustments if item.reason == "Freight") for order in found
    ]
    assert freight == [3334, 3334, 3333, 0, 0, 0, 0]
    assert [order.lines[0].weight_kg for order in found] == [10, 10, 10, None, None, None, None]


def test_new_countries_modes_sites_and_names_are_kept_as_they_stand(tmp_path: Path) -> None:
    known, new = readable(
        tmp_path,
        {"Country": "Côte d'Ivoire", "Shipment Mode": "N/A"},
        {
            "Country": "Freedonia",
            "Shipment Mode": "Drone",
            "Manufacturing Site": "A new works, \u0141\u00f3d\u017a",
        },
    )
    assert (known.country, known.extra["mode"]) == ("CI", "Not recorded")
    assert (new.country, new.destination, new.extra["mode"]) == ("", "Freedonia", "Drone")
    assert new.extra["site"] == SITE


def test_the_same_file_in_the_encoding_of_an_old_spreadsheet(tmp_path: Path) -> None:
    (order,) = read(tmp_path, {"Country": "Côte d'Ivoire"}, encoding="cp1252")
    assert isinstance(order, Order)
    assert order.country == "CI"


def test_what_cannot_be_read_is_told_by_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    bad = [
        ({DUE: "31-Feb-15"}, "due_on"),
        ({DUE: "Date Not Captured"}, ""),
        ({SENT: "soon"}, "issued_on"),
        ({FREIGHT: "about 5"}, "adjustments[1].amount"),
        ({INSURANCE: "?"}, "adjustments[2].amount"),
        ({FREIGHT: "See ASN-1 (ID#:6)"}, "adjustments[1].amount"),  # row 6 refers to itself
        ({"Line Item Quantity": "0"}, "lines[1].quantity"),
        ({"Line Item Quantity": "N/A"}, "lines[1].quantity"),
        ({"Pack Price": "free"}, "lines[1].unit_price"),
        ({"Project Code": ""}, "buyer.name"),
        ({DUE: "1-Jan-10"}, "due_on"),
    ]
    found = read(tmp_path, *(change for change, _ in bad), {}, {})
    told = [
        (item.line, item.defects[0].field) if isinstance(item, Defects) else (0, "") for item in found[:-2]
    ]
    wanted = [(number + 1 if field else 0, field) for number, (_, field) in enumerate(bad, start=1)]
    assert told == wanted
    assert all(item.defects[0].remedy for item in found if isinstance(item, Defects))
    assert all(isinstance(item, Order) for item in found[-2:])
