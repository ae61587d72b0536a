"""A network observed in past orders: prices, lead times, freight; and what cannot be observed."""

import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from config.network import load_network
from domain.errors import RefusedError, UsageError
from flows.many.observed_network import Observed, observe_orders, write_network


def fields(number: int, price: str, site: str = "Works", mode: str = "Air", **changes: Any) -> dict[str, Any]:
    line = {"product": "kit", "quantity": 100, "unit_price": price, "weight_kg": 50}
    order = {
        "reference": f"PO-{number}",
        "issued_on": "2026-01-01",
        "currency": "EUR",
        "buyer": "Firm",
        "destination": "Oslo",
        "lines": [line],
        "adjustments": [{"reason": "Freight", "amount": "100.00"}],
        "extra": {"site": site, "mode": mode, "delivered_on": f"2026-02-{10 + number:02d}"},
    }
    return order | changes


def history(folder: Path, *orders: dict[str, Any]) -> Path:
    path = folder / "history.jsonl"
    path.write_text("\n".join(json.dumps(order) for order in orders))
    return path


def test_price_weight_freight_and_lead_are_those_observed(tmp_path: Path) -> None:
    """Three orders at 10, 20 and 60 less 20%: 16. 100.00 for 50 kg: 2 a kilogram. 40 days less 7 by air."""
    orders = [fields(number, price) for number, price in enumerate(("10", "20", "60"))]
    found = observe_orders(history(tmp_path, *orders), None, {})
    out = tmp_path / "network.toml"
    write_network(out, found.network("seen", "NO", Fraction(1, 5)), replace=False)
    network = load_network(out)
    works = network.provider("site-works")
    carrier = network.provider("carrier-air")
    assert works is not None
    assert carrier is not None
    (product,), (lane,) = works.products, carrier.lanes
    assert (product.unit_price, product.weight_kg) == (16, Fraction(1, 2))
    assert product.lead_days == (date(2026, 2, 10) - date(2026, 1, 1)).days - 7
    assert (lane.origin, lane.destination, lane.transit_days, lane.bands[0].rate) == ("Works", "Oslo", 7, 2)


def test_freight_in_the_price_makes_a_free_lane_and_transit_can_be_said() -> None:
    from documents.files.findings import Findings
    from documents.orders.assemble import order_of

    included = fields(1, "10", mode="Ocean", adjustments=[])
    included["extra"]["freight"] = "Freight Included in Commodity Cost"
    order = order_of(included, Findings("f"), "f")
    assert order is not None
    observed = Observed({"ocean": 40})
    observed.take([order])
    text = observed.network("x", "", Fraction(0))
    assert 'rate = "0"' in text
    assert "transit_days = 40" in text


def test_names_that_look_alike_get_ids_of_their_own(tmp_path: Path) -> None:
    names = ("Works, A", "Works A", '"工厂" \\')
    orders = [fields(number, "10", site=name) for number, name in enumerate(names)]
    found = observe_orders(history(tmp_path, *orders), None, {})
    out = tmp_path / "network.toml"
    write_network(out, found.network('say "x"', "", Fraction(0)), replace=False)
    network = load_network(out)
    assert {one.name for one in network.providers if one.products} == set(names)


def test_what_cannot_be_observed_is_refused(tmp_path: Path) -> None:
    nobody = fields(1, "10")
    nobody["extra"] = {}
    with pytest.raises(RefusedError, match="who made its goods"):
        observe_orders(history(tmp_path, nobody), None, {})
    with pytest.raises(RefusedError, match="is in USD"):
        observe_orders(history(tmp_path, fields(1, "10"), fields(2, "10", currency="USD")), None, {})
    out = tmp_path / "there.toml"
    out.write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        write_network(out, "name = 1", replace=False)
    assert out.read_text() == "mine"
