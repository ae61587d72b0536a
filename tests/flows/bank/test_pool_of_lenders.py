"""A pool marked from its lenders' books: money lent out, names near limits, a loss on the junior layer."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from domain.errors import RefusedError
from domain.network import Network
from domain.order import Order
from finance.agreed.facts import FactKind
from finance.agreed.legal import shipped_law
from finance.pools.units import JUNIOR, SENIOR, PoolTerms
from flows.bank.capital import weights
from flows.bank.pools import Opening, covenants_of, lent_books, mark, open_pool, read_pool, redeem, subscribe
from flows.books.advance import advance
from flows.books.record import record_fact
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.orders.statement import Statement

START, MAY, END = date(2026, 3, 5), date(2026, 5, 31), date(2026, 12, 31)
CAPITAL = 1_000_000_000


@pytest.fixture
def network(session: Session) -> Network:
    """The factor lends the pool's ten million."""
    layers = {
        "pool_name": "EAST",
        "pool": {"capital_minor": CAPITAL, "junior_share": "0.15"},
        "limits": {"buyer": "10%"},
    }
    lenders = [
        replace(one, underwriting={**one.underwriting, **layers}) if one.id == "pearl" else one
        for one in session.network.lenders
    ]
    return replace(session.network, lenders=tuple(lenders))


@pytest.fixture
def order(session: Session, lamp_order: Order) -> str:
    terms = PoolTerms("EAST", "CNY", Fraction(9, 10))
    opening = Opening(terms, "CN", ("fund", "insurer"))
    open_pool(session.ledger, opening, shipped_law(), START)
    subscribe(session.ledger, "EAST", "fund", JUNIOR, 150_000_000, "in-1", START)
    subscribe(session.ledger, "EAST", "insurer", SENIOR, 850_000_000, "in-2", START)
    return run_order(session, lamp_order).placed.id


def test_what_is_lent_out_is_tied_and_its_names_are_watched(
    session: Session, order: str, network: Network
) -> None:
    advance(session.ledger, order, MAY, as_planned=True)
    mark(session.ledger, network, "EAST", MAY)
    pool = read_pool(session.ledger, "EAST")
    (book,) = lent_books(session.ledger, network, "EAST", MAY)
    assert pool.units.tied == CAPITAL - book.cash > 95_000_000
    assert pool.units.worth == book.nav
    found = {one.name: one for one in covenants_of(session.ledger, network, pool, MAY)}
    buyer = next(one for name, one in found.items() if name.startswith("buyer "))
    assert buyer.limit == Fraction(1, 10)
    assert buyer.state == "near"  # 960,500.00 of ten million, of which a tenth may be one buyer's
    assert redeem(session.ledger, "EAST", "insurer", SENIOR, None, "out-1", MAY).amount_minor < -850_000_000
    with pytest.raises(RefusedError, match="not lent out"):
        redeem(session.ledger, "EAST", "fund", JUNIOR, None, "out-2", MAY)


def test_a_loss_of_the_lender_falls_on_the_junior_layer(
    session: Session, order: str, network: Network
) -> None:
    advance(session.ledger, order, date(2026, 6, 21), as_planned=True)
    for kind, on, data in (
        (FactKind.INSOLVENT, "2026-06-22", {}),
        (FactKind.RECOVERY, "2026-12-21", {"amount": "22600000", "cost": "2260000"}),
        (FactKind.WRITE_OFF, "2026-12-21", {}),
    ):
        record_fact(session.ledger, order, kind, Statement(date.fromisoformat(on)), data)
    step = mark(session.ledger, network, "EAST", END)
    (book,) = lent_books(session.ledger, network, "EAST", END)
    pool = read_pool(session.ledger, "EAST")
    assert book.realised == 69_410_914
    assert step.amount_minor == book.nav - CAPITAL < 0
    assert pool.units.layers[SENIOR].worth == 850_000_000
    assert pool.units.layers[JUNIOR].worth == 150_000_000 + book.nav - CAPITAL
    assert not pool.units.may_lend
    assert pool.units.faults() == []


def test_capital_of_what_is_out(session: Session, order: str, network: Network) -> None:
    advance(session.ledger, order, MAY, as_planned=True)
    (one,) = weights(session.ledger, network, MAY, "pearl")
    assert one.exposed_minor == 96_050_000
    assert 0 < one.weight < 3
    assert one.capital_minor == pytest.approx(0.08 * one.weight * one.exposed_minor, abs=1)
