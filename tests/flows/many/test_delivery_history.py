"""The short form of ``bench/scms.py``: real orders on the network that the same records show, to the end."""

from collections import Counter
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pytest

from bench.scms import LENDERS
from config.network import load_network
from documents.maps.order_map import load
from documents.orders.reading import stream
from domain.order import Order
from flows.desk.session import Session
from flows.many.batch import SETTLED, BatchTerms, run_batch
from flows.many.observed_network import Observed
from flows.settlement.earnings import profits
from flows.slots.calendar import held_slots

ROOT = Path(__file__).resolve().parents[3]
SCMS = ROOT.parent / "shared" / "data" / "scms" / "delivery_history_to_2011.csv"


@pytest.mark.shared_data
@pytest.mark.skipif(not SCMS.is_file(), reason="the shared data sets are not beside the checkout")
def test_real_orders_run_to_settlement_or_are_refused_with_a_reason(session: Session, tmp_path: Path) -> None:
    order_map = load(ROOT / "examples/maps/scms.toml")
    orders = [item for item in islice(stream(SCMS, order_map), 40) if isinstance(item, Order)]
    observed = Observed()
    observed.take(orders)
    network = tmp_path / "observed.toml"
    network.write_text(observed.network("as observed", "US", Fraction(1, 4)) + LENDERS)
    load_network(network)
    url = session.ledger_url
    assert url is not None
    terms = BatchTerms(url, network, until=SETTLED, workers=1)
    done = list(run_batch(terms, orders))
    outcomes = Counter(item.error or item.state for item in done)
    assert len(done) == 40
    assert outcomes["SETTLED"] >= 20
    assert set(outcomes) <= {"SETTLED", "OwnCashNeededError", "NoCapacityError"}
    assert all(item.message and item.hint for item in done if item.error)
    settled = {item.reference for item in done if item.went_well}
    (report,) = profits(session.ledger, max(order.issued_on for order in orders).replace(year=2030))
    assert {one.order for one in report.orders} == settled
    assert sum(part.amount_minor for part in report.parts) == report.net_minor
    assert report.net_minor == sum(order.net_minor for order in orders if order.reference in settled)
    assert not list(held_slots(session.ledger, None, live=True))
