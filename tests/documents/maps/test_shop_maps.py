"""The maps that ship for the exports of shops and business systems, each with a small table of that shape."""

from pathlib import Path

import pytest

from documents.maps.order_map import load
from documents.orders.reading import stream
from domain.order import Order

ROOT = Path(__file__).resolve().parents[3]
FOUND = {
    "shopify.csv": [("#1001", "Harbour Homes", 2, 29380), ("#1002", "Quayside Ltd", 1, 10170)],
    "woocommerce.csv": [("2001", "Harbour Homes", 2, 29380), ("2003", "Bo Wang", 1, 10170)],
    "odoo.csv": [("S00017", "Harbour Homes", 2, 28250), ("S00018", "Quayside Ltd", 1, 11300)],
    "erpnext.csv": [("SAL-ORD-2026-00001", "Harbour Homes", 2, 28250)],
    "amazon.tsv": [("111-1", "Harbour Homes", 2, 30600)],
}


@pytest.mark.parametrize("name", FOUND)
def test_export_is_read_by_its_map(name: str) -> None:
    order_map = load(ROOT / "examples" / "maps" / f"{Path(name).stem}.toml")
    orders = list(stream(ROOT / "examples" / "tables" / name, order_map))
    assert all(isinstance(order, Order) for order in orders), orders
    found = [
        (order.reference, order.buyer.name, len(order.lines), order.gross_minor)
        for order in orders
        if isinstance(order, Order)
    ]
    assert found == FOUND[name]
