"""A bank statement against a real order's books: recorded once, refused by a rule, or shown."""

from dataclasses import replace
from datetime import date

import pytest

from documents.statements.statement import BankStatement, StatementEntry
from domain.order import Order
from finance.agreed.facts import FactKind
from flows.books.advance import advance
from flows.books.record import position_at, record_fact
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.orders.statement import Statement
from flows.settlement.bank_statement import Line, work_through

pytestmark = pytest.mark.both_databases

DUE = date(2026, 6, 22)


@pytest.fixture
def invoiced(session: Session, lamp_order: Order) -> Session:
    """The worked example after its take-out: the buyer owes 1,130,000.00."""
    placed = run_order(session, lamp_order).placed
    advance(session.ledger, placed.id, date(2026, 6, 21), as_planned=True)
    return session


def entry(reference: str, amount: int, text: str = "", party: str = "", on: date = DUE) -> StatementEntry:
    return StatementEntry(reference, "CN12", on, amount, "CNY", party=party, text=text)


def work(session: Session, *entries: StatementEntry, dry_run: bool = False, **assigned: str) -> list[Line]:
    statements = [BankStatement("S", "CN12", "CNY", entries)]
    lines = work_through(session.ledger, session.network, statements, assigned=assigned, dry_run=dry_run)
    return list(lines)


def received(session: Session, order: Order) -> int:
    return position_at(session.ledger, order.reference, date(2026, 12, 31)).position.sales.received


def test_receipt_is_recorded_once_by_the_banks_reference(invoiced: Session, lamp_order: Order) -> None:
    paid = entry("B-1", 113_000_000, f"payment {lamp_order.reference}")
    assert [line.outcome for line in work(invoiced, paid, dry_run=True)] == ["matched"]
    assert received(invoiced, lamp_order) == 0
    assert [line.outcome for line in work(invoiced, paid)] == ["recorded"]
    assert received(invoiced, lamp_order) == 113_000_000
    again = replace(paid, text="told in other words")
    assert [line.outcome for line in work(invoiced, again)] == ["known"]
    assert received(invoiced, lamp_order) == 113_000_000


def test_receipt_recorded_by_hand_with_the_banks_reference_is_known(
    invoiced: Session, lamp_order: Order
) -> None:
    data = {"amount": "113000000", "reference": "B-1"}
    record_fact(invoiced.ledger, lamp_order.reference, FactKind.RECEIPT, Statement(DUE, "trader"), data)
    (line,) = work(invoiced, entry("B-1", 113_000_000, lamp_order.reference))
    assert (line.outcome, line.reasons) == ("known", ("recorded before by hand, with this reference",))
    assert received(invoiced, lamp_order) == 113_000_000


def test_payment_and_fee_with_one_reference_are_two(invoiced: Session, lamp_order: Order) -> None:
    lines = work(invoiced, entry("B-1", 100, lamp_order.reference), entry("B-1", 200, lamp_order.reference))
    assert [line.outcome for line in lines] == ["recorded", "recorded"]
    assert received(invoiced, lamp_order) == 300


def test_money_of_a_lender_is_shown_with_what_it_seems_to_be(invoiced: Session) -> None:
    (line,) = work(invoiced, entry("B-7", 5_000_000, party="PEARL RIVER FACTORS LTD"))
    assert line.outcome == "unmatched"
    assert "a draw, it seems" in line.reasons[0]


def test_two_equal_receipts_are_two(invoiced: Session, lamp_order: Order) -> None:
    half = 56_500_000
    lines = work(invoiced, entry("B-1", half, lamp_order.reference), entry("B-2", half, lamp_order.reference))
    assert [line.outcome for line in lines] == ["recorded", "recorded"]
    assert received(invoiced, lamp_order) == 113_000_000


def test_payment_that_the_loop_forbids_is_refused_with_its_reason(invoiced: Session) -> None:
    """Nothing of an entry is recorded when a rule speaks against it."""
    (line,) = work(invoiced, entry("B-3", -999, party="Nansha Bonded Store"))
    assert line.outcome == "unmatched"
    (line,) = work(invoiced, entry("B-4", -1_060_000, party="Pearl River lamp network", on=date(2026, 6, 1)))
    assert line.outcome == "refused"
    assert len(line.reasons) > 2
    assert [again.outcome for again in work(invoiced, line.entry)] == ["refused"]
    assert [again.outcome for again in work(invoiced, line.entry, dry_run=True)] == ["refused"]


def test_entry_that_names_nobody_is_shown_and_can_be_assigned(invoiced: Session, lamp_order: Order) -> None:
    odd = entry("B-5", 50_000_000, "thanks", "Somebody")
    (line,) = work(invoiced, odd)
    assert (line.outcome, line.candidates) == ("unmatched", ())
    (line,) = work(invoiced, odd, **{"B-5": lamp_order.reference})
    assert line.outcome == "recorded"
    assert received(invoiced, lamp_order) == 50_000_000


def test_buyer_who_pays_twice_is_matched_and_owed_back(invoiced: Session, lamp_order: Order) -> None:
    work(invoiced, entry("B-1", 113_000_000, lamp_order.reference))
    (line,) = work(invoiced, entry("B-6", 113_000_000, lamp_order.reference, on=date(2026, 6, 24)))
    assert line.outcome == "recorded"
    assert "more than is open" in " ".join(line.reasons)
    books = position_at(invoiced.ledger, lamp_order.reference, date(2026, 6, 25)).position.books
    assert books.balance("trader", "2220") == -113_000_000
