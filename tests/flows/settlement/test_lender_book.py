"""A lender's book at dates of the worked example, from the ledger."""

from datetime import date
from fractions import Fraction

import pytest

from domain.order import Order
from finance.agreed.facts import FactKind
from finance.reports.lender_book import BUCKETS, LenderBook, book_of, bucket_of
from finance.reports.tranches import Pool
from flows.books.advance import advance
from flows.books.record import record_fact
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.orders.statement import Statement
from flows.settlement.earnings import profits
from flows.settlement.lender_book import books

pytestmark = pytest.mark.both_databases

END = date(2026, 12, 31)


@pytest.fixture
def order(session: Session, lamp_order: Order) -> str:
    return run_order(session, lamp_order).placed.id


def book(session: Session, lender: str, on: str) -> LenderBook:
    found = books(session.ledger, session.network, date.fromisoformat(on), lender).lenders
    assert len(found) == 1
    return found[0]


def test_book_on_the_way(session: Session, order: str) -> None:
    advance(session.ledger, order, date(2026, 5, 31), as_planned=True)
    before, drawn = book(session, "harbour", "2026-03-04"), book(session, "harbour", "2026-04-10")
    assert (before.committed, before.outstanding) == (87_282_828, 0)
    assert drawn.outstanding == 87_282_828
    assert drawn.accrued == 383_570 + 24_258
    assert drawn.forecast[0] == (date(2026, 4, 24), 88_109_614)
    factor = book(session, "pearl", "2026-05-31")
    assert factor.outstanding == 96_050_000
    assert factor.utilisation == 1
    assert round(factor.yield_gross or 0, 3) == 0.163
    assert factor.nav == factor.cash + factor.outstanding + factor.accrued - factor.allowance
    assert factor.forecast == [(date(2026, 6, 28), 97_807_715)]


def test_book_of_a_late_buyer_ages(session: Session, order: str) -> None:
    advance(session.ledger, order, date(2026, 6, 21), as_planned=True)
    ages = {
        "2026-06-22": "0",
        "2026-07-01": "1-30",
        "2026-08-01": "31-60",
        "2026-09-01": "61-90",
        "2026-10-01": "90+",
    }
    for on, bucket in ages.items():
        found = book(session, "pearl", on)
        assert found.buckets[bucket] == 96_050_000
        assert found.lines[0].days_late == max((date.fromisoformat(on) - date(2026, 6, 22)).days, 0)
    assert book(session, "pearl", "2026-08-01").at_risk == 1
    assert [
        book(session, "pearl", on).lines[0].stage for on in ("2026-07-22", "2026-07-23", "2026-09-20")
    ] == [1, 2, 3]


def insolvent(session: Session, order: str) -> None:
    advance(session.ledger, order, date(2026, 6, 21), as_planned=True)
    for kind, on, data in (
        (FactKind.INSOLVENT, "2026-06-22", {}),
        (FactKind.RECOVERY, "2026-12-21", {"amount": "22600000", "cost": "2260000"}),
        (FactKind.WRITE_OFF, "2026-12-21", {}),
    ):
        record_fact(session.ledger, order, kind, Statement(date.fromisoformat(on)), data)


def test_pool_after_an_insolvent_buyer(session: Session, order: str) -> None:
    """10 million, 15% junior: 805,890.86 of it is left, the senior is whole, 91.34% stops lending."""
    insolvent(session, order)
    lines = book(session, "pearl", "2026-12-31").lines
    pool = Pool(1_000_000_000, Fraction("0.15"), Fraction("0.9"))
    after = book_of("pool", END, "CNY", lines, pool)
    assert (after.junior, after.senior) == (80_589_086, 850_000_000)
    assert f"{float(after.senior_ratio):.4f}" == "0.9134"
    assert not after.may_lend


def test_losses_beyond_the_junior_part_reach_the_senior(session: Session, order: str) -> None:
    insolvent(session, order)
    lines = book(session, "pearl", "2026-12-31").lines
    after = book_of("pool", END, "CNY", lines, Pool(100_000_000, Fraction("0.15"), Fraction("0.9")))
    assert (after.junior, after.senior) == (0, 100_000_000 - 69_410_914)


def test_profit_of_any_ending_sums_to_the_net_value(session: Session, order: str) -> None:
    insolvent(session, order)
    report = profits(session.ledger, END)[0]
    assert sum(part.amount_minor for part in report.parts) == report.net_minor == 100_000_000


def test_profit_per_money_day_and_slot_day(session: Session, order: str) -> None:
    advance(session.ledger, order, END, as_planned=True)
    parts = {part.party: part for part in profits(session.ledger, END, [order])[0].parts}
    harbour = parts["lender:harbour"]
    assert harbour.money_days == 25_764_000 * 35 + (25_764_000 + 60_646_000) * 13
    assert parts["provider:zhongshan-lamps"].per_slot_day is not None
    assert sum(part.amount_minor for part in parts.values()) == 100_000_000


@pytest.mark.parametrize(
    ("days", "bucket"), [(0, "0"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (90, "61-90"), (91, "90+")]
)
def test_buckets_have_their_edges(days: int, bucket: str) -> None:
    assert bucket_of(days) == bucket
    assert bucket in BUCKETS
