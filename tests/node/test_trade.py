"""Two firms, two ledgers, one real node between them: what each can prove, whatever goes wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.node_parts import RunningNode, firm_keys
from bench.reservation_parts import leg, network, plan, planned
from flows.firms import Firms
from flows.reservation_terms import Job, Reserved
from flows.reserve import reserve
from ledger.store import create_ledger, open_ledger
from trust.keys import Actor

SOON = (datetime.now(UTC) + timedelta(days=30)).date()


def now():
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    folder = tmp_path_factory.mktemp("works")
    node = RunningNode(folder, capacity=10)
    buyer = firm_keys(tmp_path_factory.mktemp("buyer"))
    node.trust("buyer", buyer)
    node.buyer = buyer
    node.start()
    yield node
    node.stop()


@pytest.fixture
def ledger(tmp_path):
    with create_ledger(
        tmp_path / "book.db", practice=False, actor=Actor.generate("trader"), clock=now
    ) as opened:
        yield opened


def firms_of(node, **more):
    settings = node.settings_for_buyer(timeout_seconds=5, **more)
    known = network({"mill": ("http", settings), "store": ("catalog", {})})
    return Firms(known, now, keys_folder=str(node.buyer))


def test_buyer_reserves_at_the_node_and_both_ledgers_say_so(works, ledger):
    planned(ledger, "o1")
    chain = plan("o1", leg("mill", quantity=2, price=2000, day=SOON), leg("store", "warehouse", day=SOON))
    outcome = reserve(ledger, firms_of(works), Job("o1", chain, SOON))
    assert isinstance(outcome, Reserved), outcome
    with open_ledger(works.folder / "book.db") as theirs:
        assert [r.kind for r in theirs.records(order="buyer:o1") if r.kind.startswith("sold")]
        assert theirs.capacity("works/lamp", SOON.isoformat()) == (10, 2)
