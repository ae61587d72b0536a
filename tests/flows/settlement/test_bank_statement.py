"""A bank statement against a real order's books: recorded once, refused by a rule, or shown."""

from dataclasses import replace
from datetime import date

import pytest

from documents.statements.statement import BankStatement, EntryKind, StatementEntry
from domain.order import Order
from finance.agreed.facts import FactKind
from flows.books.advance import advance
from flows.books.record import position_at, record_fact
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.orders.statement import Statement
from flows.settlement.bank_statement import Line, joins, work_through

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


def test_buyer_who_pays_twice_is_asked_about_and_owed_back(invoiced: Session, lamp_order: Order) -> None:
    """Wholly beyond what is open and equal to a receipt that is there: it may be the same money."""
    work(invoiced, entry("B-1", 113_000_000, lamp_order.reference))
    again = entry("B-6", 113_000_000, lamp_order.reference, on=date(2026, 6, 24))
    (line,) = work(invoiced, again)
    assert (line.outcome, line.candidates) == ("unmatched", (lamp_order.reference,))
    assert "nothing more is open, and a receipt of this amount is recorded on 2026-06-22" in line.reasons[0]
    (line,) = work(invoiced, again, **{"B-6": lamp_order.reference})
    assert line.outcome == "recorded"
    assert "more than is open" in " ".join(line.reasons)
    books = position_at(invoiced.ledger, lamp_order.reference, date(2026, 6, 25)).position.books
    assert books.balance("trader", "2220") == -113_000_000


def paid_to_providers(session: Session, order: Order) -> int:
    accounts = position_at(session.ledger, order.reference, DUE).position.accounts
    return sum(account.paid for account in accounts.values())


def by_hand(session: Session, order: Order, amount: int, on: date, reference: str = "") -> None:
    data = {"amount": str(amount), "reference": reference}
    record_fact(session.ledger, order.reference, FactKind.RECEIPT, Statement(on, "trader"), data)


def test_receipt_that_a_person_typed_without_the_banks_reference_is_asked_about(
    invoiced: Session, lamp_order: Order
) -> None:
    by_hand(invoiced, lamp_order, 50_000_000, DUE)
    paid = entry("B-1", 50_000_000, lamp_order.reference)
    (line,) = work(invoiced, paid)
    assert line.outcome == "unmatched"
    assert "a receipt of this day and this amount is recorded by hand" in line.reasons[0]
    assert received(invoiced, lamp_order) == 50_000_000
    (line,) = work(invoiced, paid, **{"B-1": lamp_order.reference})
    assert line.outcome == "recorded"
    assert received(invoiced, lamp_order) == 100_000_000


def test_what_is_asked_about_stays_open_for_the_next_entry(invoiced: Session, lamp_order: Order) -> None:
    by_hand(invoiced, lamp_order, 50_000_000, DUE)
    asked, rest = work(
        invoiced,
        entry("B-1", 50_000_000, lamp_order.reference),
        entry("B-2", 63_000_000, lamp_order.reference),
    )
    assert asked.outcome == "unmatched"
    assert (rest.outcome, rest.reasons) == ("recorded", (f"names {lamp_order.reference}",))


def test_same_reference_on_another_day_is_asked_about(invoiced: Session, lamp_order: Order) -> None:
    by_hand(invoiced, lamp_order, 100, DUE, "BK-77")
    (line,) = work(invoiced, entry("BK-77", 100, lamp_order.reference, on=date(2026, 6, 23)))
    assert line.outcome == "unmatched"
    assert "a receipt with this reference and amount is recorded on 2026-06-22" in line.reasons[0]


def test_debits_that_name_the_order_pay_nobody_who_did_not_receive_them(
    invoiced: Session, lamp_order: Order
) -> None:
    """A bank charge, a refund to the buyer and a courier are no payments to the firm that is owed."""
    text = f"INV-{lamp_order.reference}"
    before = paid_to_providers(invoiced, lamp_order)
    charge = replace(entry("B-2", -3_500, f"Charges for incoming payment {text}"), kind=EntryKind.CHARGE)
    lines = work(
        invoiced,
        entry("B-1", 113_000_000, text, "Meridian Stores"),
        charge,
        entry("B-3", -3_500, f"Charges for incoming payment {text}"),
        entry("B-4", -50_000, f"refund of freight overpaid {lamp_order.reference}", "Meridian Stores"),
        entry("B-5", -12_000, f"courier documents {lamp_order.reference}", "DHL Express"),
    )
    assert [line.outcome for line in lines] == ["recorded", *["unmatched"] * 4]
    told = [line.reasons[0] for line in lines[1:]]
    assert told[0] == "is a charge of the bank"
    assert "is a charge, it seems" in told[1]
    assert "is its buyer" in told[2]
    assert "nothing is owed to DHL Express" in told[3]
    assert paid_to_providers(invoiced, lamp_order) == before


def test_debit_to_the_payee_is_a_payment_once_it_is_due(invoiced: Session, lamp_order: Order) -> None:
    lines = work(
        invoiced,
        entry("B-1", 113_000_000, lamp_order.reference),
        entry("B-2", -1_000_000, f"delivery {lamp_order.reference}", "Pearl River lamp network"),
    )
    assert [line.outcome for line in lines] == ["recorded", "recorded"]


def test_receipt_from_a_lender_is_never_a_buyers(invoiced: Session, lamp_order: Order) -> None:
    (line,) = work(invoiced, entry("B-7", 113_000_000, lamp_order.reference, "PEARL RIVER FACTORS LTD"))
    assert line.outcome == "unmatched"
    assert "a draw, it seems" in line.reasons[0]


def test_statement_that_does_not_join_the_last_one_is_told(invoiced: Session) -> None:
    def statement(name: str, opens: int, closes: int, month: int) -> BankStatement:
        days = {"opens_on": date(2026, month, 1), "closes_on": date(2026, month, 28)}
        balances = {"opening_minor": opens, "closing_minor": closes}
        return BankStatement(name, "CN12", "CNY", (), **balances, **days)  # type: ignore[arg-type]

    first, second, gap = statement("5", 0, 100, 5), statement("6", 100, 300, 6), statement("7", 500, 600, 7)
    for one in (first, second):
        (read,) = joins(invoiced.ledger, [one])
        assert read.remarks == ()
        assert list(work_through(invoiced.ledger, invoiced.network, [one])) == []
    (read,) = joins(invoiced.ledger, [gap])
    assert read.remarks == (
        "opens with 5.00, but statement 6 of this account closed with 3.00:"
        " a statement between them is missing",
    )
    (read,) = joins(invoiced.ledger, [second])
    assert read.remarks == ()


def test_statement_that_is_not_final_records_nothing(invoiced: Session, lamp_order: Order) -> None:
    report = BankStatement("R", "CN12", "CNY", (entry("B-1", 100, lamp_order.reference),), final=False)
    lines = list(work_through(invoiced.ledger, invoiced.network, [report]))
    assert [line.outcome for line in lines] == ["matched"]
    assert received(invoiced, lamp_order) == 0
