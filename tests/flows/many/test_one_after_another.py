"""Deciding together never earns less than one after the other, and what it promises is kept."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from documents.orders.reading import stream
from domain.errors import NetError
from domain.order import Order
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.many.candidates import consider
from flows.many.one_after_another import SEQUENCES, in_sequence
from flows.many.route import Decision, Terms, commit, given_orders, route_orders
from ledger.store import create_ledger
from tests.parts.scarce_trades import (
    HEAD,
    RATES,
    Scarce,
    carrier,
    factory,
    lender,
    order,
    random_trade,
    table,
)
from trust.keys import load_or_create_actor

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TERMS = Terms(time_limit=20)
Open = Callable[[Scarce], tuple[Session, list[Order]]]

ONE_LINE = HEAD + factory("f", "65.00", 20) + carrier() + lender("h", "9%", "20000.00")
TWO_LENDERS = ONE_LINE + lender("k", "21%", "100000.00")
EARLY_AND_LATE = table(order("A", "2026-03-12", "105.00"), order("B", "2026-03-23", "113.00", days=15))


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens a session of its own on a network and its orders."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    sessions: list[Session] = []

    def make(scarce: Scarce) -> tuple[Session, list[Order]]:
        place = tmp_path / str(len(sessions))
        place.mkdir()
        (place / "network.toml").write_text(scarce.network)
        (place / "orders.csv").write_text(scarce.orders)
        actor = load_or_create_actor("trader", tmp_path / "config" / "net" / "keys" / "ledger.pem")
        create_ledger(place / "net.db", practice=True, actor=actor, clock=lambda: NOON).close()
        session = Session(
            ledger_url=str(place / "net.db"), config_path=place / "network.toml", clock=lambda: NOON
        )
        sessions.append(session)
        return session, [one for one in stream(place / "orders.csv") if isinstance(one, Order)]

    yield make
    for session in sessions:
        session.close()


def routed(opened: Open, scarce: Scarce, terms: Terms = TERMS) -> Decision:
    session, orders = opened(scarce)
    return route_orders(session, given_orders(session, orders, DAY, record=False), DAY, terms)


def one_after_another(opened: Open, scarce: Scarce) -> int:
    """What running the orders as they stand in the file earns, in minor units."""
    session, orders = opened(scarce)
    earned = 0
    for one in orders:
        try:
            earned += run_order(session, one).plan.profit_minor
        except NetError:
            continue
    return earned


def test_an_order_that_can_wait_makes_way_for_one_that_cannot(opened: Open) -> None:
    """B alone would take A's days and the cheap loan; later, or with the dearer loan, both are served."""
    scarce = Scarce(TWO_LENDERS, EARLY_AND_LATE)
    decision = routed(opened, scarce)
    assert [one.order for one in decision.routed] == ["A", "B"]
    assert decision.objective_minor == one_after_another(opened, scarce) == 815_562


def test_a_lender_that_may_lean_on_a_buyer_no_further_is_left_out_for_another(opened: Open) -> None:
    rules = 'limits = { buyer = "60%" }'
    text = HEAD + factory("f", "65.00", 20) + carrier() + lender("h", "9%", "20000.00", rules)
    scarce = Scarce(text + lender("k", "21%", "100000.00"), EARLY_AND_LATE)
    decision = routed(opened, scarce)
    assert {facility.product for one in decision.routed for facility in one.plan.facilities} == {
        "h-loan",
        "k-loan",
    }
    assert decision.objective_minor >= one_after_another(opened, scarce) > 0


CNY_LENDER = HEAD + RATES + factory("f", "60.00", 100) + carrier(rate="1.00")


@pytest.mark.parametrize(
    ("rules", "own_rules", "short"),
    [
        ('limits = { buyer = "40%" }', "", "buyer:h B1"),
        ('limits = { buyer = "100%", pool = "30%" }', "", "pool:h pool"),
        ('limits = { buyer = "100%" }', 'limits = { buyer = "10%" }', "buyer:h B1"),
        ('limits = { provider = "30%" }', "", "provider:h f"),
        ('limits = { group = "30%" }\nbuyers = { B1 = { group = "G" } }', "", "group:h G"),
    ],
    ids=["buyer", "pool", "of the product", "provider", "group"],
)
@pytest.mark.parametrize("currency", ["CNY", "USD"])
def test_a_limit_counts_in_the_lenders_own_currency_whatever_the_orders_is(
    opened: Open, rules: str, own_rules: str, short: str, currency: str
) -> None:
    """100 lamps cost 6,100.00 CNY; the limit is 6,000.00, 4,500.00 or 1,500.00 of a pool of 15,000.00."""
    price = {"CNY": "120.00", "USD": "15.00"}[currency]
    text = CNY_LENDER + lender("h", "6%", "15000.00", rules, own_rules).replace('"full"', '"need"')
    scarce = Scarce(text, table(order("U1", "2026-04-20", price, currency=currency)))
    decision = routed(opened, scarce)
    assert decision.routed == ()
    (out,) = decision.left_out
    assert (out.kind, out.resources[0]) == ("no credit", short)
    session, orders = opened(scarce)
    with pytest.raises(NetError, match=r"no credit|no plan|may have"):
        run_order(session, orders[0])


@pytest.mark.parametrize("seed", range(16))
def test_deciding_together_earns_no_less_than_any_sequence_and_keeps_what_it_promises(
    opened: Open, seed: int
) -> None:
    scarce = random_trade(seed)
    decision = routed(opened, scarce)
    assert decision.objective_minor >= one_after_another(opened, scarce)
    session, orders = opened(scarce)
    market = consider(session, given_orders(session, orders, DAY, record=False), DAY)
    for key in SEQUENCES:
        chosen = in_sequence(market, sorted(market.orders, key=key), float("inf"))
        assert decision.objective_minor >= sum(plan.profit_minor for plan in chosen.values())
    session, orders = opened(scarce)
    promised, done = commit(session, given_orders(session, orders, DAY, record=True), DAY, TERMS)
    assert done.failed == []
    assert sum(way.plan.profit_minor for way in done.reserved) == promised.objective_minor


def test_orders_that_no_time_is_left_for_are_told_as_such(opened: Open) -> None:
    decision = routed(opened, Scarce(TWO_LENDERS, EARLY_AND_LATE), Terms(time_limit=0.0))
    assert {one.reason for one in decision.left_out} <= {"not decided in the time given"}
    assert decision.routed == ()
