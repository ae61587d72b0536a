"""Facts on a real ledger: posted once, replayed when they come late, refused with the way out."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from domain.errors import NotFoundError, RefusedError, StateError
from domain.plain import to_plain
from domain.posting import Entry
from domain.record_kinds import RecordKey
from domain.states import OrderState
from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind
from flows.books.advance import advance
from flows.books.order_book import opened_book, read_book
from flows.books.record import Recorded, clear_claim, record_fact, retract
from flows.orders.statement import Statement
from ledger.store import Ledger, create_ledger
from tests.parts.worked_example import lamp_contract
from trust.keys import Actor, SigningKey

pytestmark = pytest.mark.both_databases

ACTOR = Actor("tester", SigningKey.from_seed(b"\1" * 32))
END = date(2026, 12, 31)
Say = Callable[..., Recorded]


def begin(ledger: Ledger, contract: Contract) -> None:
    """Record the contract as a financed and reserved order."""
    accepted = Fact(FactKind.ACCEPTED, contract.accepted_on, "accepted")
    with ledger.write() as transaction:
        for state in ("CONFIRMED", "PLANNED"):
            body = {"state": state}
            transaction.append(
                Entry("test", f"{state}:{contract.order}", date(2026, 3, 2), contract.order, body)
            )
        extra = {"contract": to_plain(contract)}
        _, entry = opened_book(
            contract, accepted, OrderState.PLANNED, RecordKey.finance_accepted(contract.order), extra
        )
        transaction.append(entry)
        transaction.claim_finance(f"print-{contract.order}", contract.order, "harbour")
        for state in ("HELD", "RESERVED"):
            body = {"state": state}
            transaction.append(
                Entry("test", f"{state}:{contract.order}", date(2026, 3, 5), contract.order, body)
            )


@pytest.fixture
def contract() -> Contract:
    return lamp_contract()


@pytest.fixture
def ledger(new_ledger_url: str, contract: Contract) -> Iterator[Ledger]:
    clock = lambda: datetime(2026, 3, 2, 9, tzinfo=UTC)  # noqa: E731
    with create_ledger(new_ledger_url, practice=True, actor=ACTOR, clock=clock) as made:
        begin(made, contract)
        yield made


@pytest.fixture
def say(ledger: Ledger) -> Say:
    def record(kind: FactKind, on: str, dry_run: bool = False, **data: object) -> Recorded:
        return record_fact(
            ledger, "lamp-1", kind, Statement(date.fromisoformat(on), "test"), data, dry_run=dry_run
        )

    return record


def balances(ledger: Ledger, on: date | None = None) -> dict[tuple[str, str], int]:
    return {(one.entity, one.account): one.amount_minor for one in ledger.balance(order="lamp-1", on=on)}


def assert_balanced(ledger: Ledger) -> None:
    sums: dict[str, int] = {}
    for (entity, _), amount in balances(ledger).items():
        sums[entity] = sums.get(entity, 0) + amount
    assert set(sums.values()) <= {0}


def test_advance_plays_the_plan_to_the_end(ledger: Ledger) -> None:
    done = advance(ledger, "lamp-1", END, as_planned=True)
    assert done.state == "SETTLED"
    assert ledger.order_state("lamp-1") == "SETTLED"
    assert balances(ledger)["trader", "3010"] == 14_038_871
    assert all(fact.assumed for fact in done.facts)
    assert_balanced(ledger)
    assert len(ledger.finance_claims("lamp-1")) == 1


def test_advance_in_steps_posts_the_same_books(ledger: Ledger, tmp_path: Path, contract: Contract) -> None:
    for to in ("2026-03-31", "2026-04-15", "2026-05-31", "2026-06-25", "2026-12-31"):
        advance(ledger, "lamp-1", date.fromisoformat(to), as_planned=True)
    with create_ledger(tmp_path / "other.ledger", practice=True, actor=ACTOR) as other:
        begin(other, contract)
        advance(other, "lamp-1", END, as_planned=True)
        assert balances(other) == balances(ledger)


def test_advance_again_posts_nothing(ledger: Ledger) -> None:
    advance(ledger, "lamp-1", date(2026, 5, 31), as_planned=True)
    size = ledger.size()
    again = advance(ledger, "lamp-1", date(2026, 5, 31), as_planned=True)
    assert (again.facts, again.journals, again.corrections) == ((), (), ())
    assert ledger.size() == size


def test_dry_run_shows_the_postings_and_writes_nothing(ledger: Ledger, say: Say) -> None:
    size = ledger.size()
    shown = say(
        FactKind.DRAW, "2026-03-05", dry_run=True, facility="order-loan", payees=[["factory", "25764000"]]
    )
    assert ledger.size() == size
    done = say(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", "25764000"]])
    assert shown.journals == done.journals
    assert done.state == "FUNDED"


def test_the_same_fact_twice_is_one_fact(ledger: Ledger, say: Say) -> None:
    say(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", "25764000"]])
    size = ledger.size()
    assert say(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", "25764000"]]).repeated
    assert ledger.size() == size


@pytest.mark.parametrize(
    ("payees", "reason"),
    [
        ([["trader", "100"]], "no reserved booking"),
        ([["someone", "100"]], "no reserved booking"),
        ([["factory", "25764001"]], "is owed 257,640.00 CNY so far"),
        ([["inspector", "530000"]], "is owed 0.00 CNY so far"),
        ([], "names whom it pays"),
    ],
)
def test_draw_is_refused_unless_it_pays_what_a_booking_is_owed(
    say: Say, payees: list[list[str]], reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason) as refused:
        say(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=payees)
    assert refused.value.hint


def test_first_draw_needs_the_claim_in_the_registry(ledger: Ledger, say: Say) -> None:
    with ledger.write() as transaction:
        transaction.release_finance("print-lamp-1", "lamp-1")
    with pytest.raises(RefusedError, match="not financed elsewhere"):
        say(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", "25764000"]])


def test_payment_waits_for_those_who_come_first(ledger: Ledger, say: Say) -> None:
    """On 05-15 the tax is due: the network cannot be paid from what is kept for it."""
    advance(ledger, "lamp-1", date(2026, 5, 14), as_planned=True)
    with pytest.raises(RefusedError, match=r"is owed 0\.00 CNY so far"):
        say(FactKind.PAYMENT, "2026-05-14", payee="network", amount="1060000")
    say(FactKind.PAYMENT, "2026-05-15", payee="tax")


def test_facts_are_not_assumed_in_a_real_ledger(tmp_path: Path, contract: Contract) -> None:
    with create_ledger(tmp_path / "real.ledger", practice=False, actor=ACTOR) as real:
        begin(real, contract)
        with pytest.raises(RefusedError, match="only in a practice ledger"):
            advance(real, "lamp-1", END, as_planned=True)
        say = record_fact(
            real,
            "lamp-1",
            FactKind.DRAW,
            Statement(date(2026, 3, 5)),
            {"facility": "order-loan", "payees": [["factory", "25764000"]]},
        )
        assert say.state == "FUNDED"
        accrued = advance(real, "lamp-1", date(2026, 3, 31))
        assert {journal.kind for journal in accrued.journals} == {"interest", "fee_earned"}


def test_receipt_recorded_late_is_replayed_from_its_date(ledger: Ledger, say: Say) -> None:
    """The buyer paid in time, but it is recorded after a month of late charges: they are taken back."""
    advance(ledger, "lamp-1", date(2026, 6, 21), as_planned=True)
    advance(ledger, "lamp-1", date(2026, 7, 22))
    assert balances(ledger)["trader", "5240"] > 0
    late = say(FactKind.RECEIPT, "2026-06-22", amount="113000000")
    assert late.corrections
    assert balances(ledger).get(("trader", "5240"), 0) == 0
    assert balances(ledger)["trader", "1010"] == 1_496_586 + 15_192_285
    assert_balanced(ledger)


def test_backdated_receipt_turns_what_was_paid_too_much_into_a_claim(ledger: Ledger, say: Say) -> None:
    """Half the money came on time but is recorded after the factor was paid with late charges."""
    advance(ledger, "lamp-1", date(2026, 6, 21), as_planned=True)
    say(FactKind.RECEIPT, "2026-08-06", amount="113000000", reference="bank-2")
    paid = -balances(ledger)["lender:meridian", "4140"]
    assert paid == 1_872_975
    again = say(FactKind.RECEIPT, "2026-06-22", amount="113000000", reference="bank-1")
    assert -balances(ledger).get(("lender:meridian", "4140"), 0) == 0
    assert sum(amount for _, amount in again.set_offs) > 0
    assert_balanced(ledger)
    for (entity, account), amount in balances(ledger).items():
        assert (entity, account) != ("trader", "1245") or amount >= 0


def test_settled_order_takes_no_new_facts(ledger: Ledger, say: Say) -> None:
    advance(ledger, "lamp-1", END, as_planned=True)
    with pytest.raises(StateError, match="is settled"):
        say(FactKind.DISPUTE, "2026-12-31", amount="100")


def test_the_book_reads_back_as_it_was_written(ledger: Ledger, contract: Contract) -> None:
    advance(ledger, "lamp-1", date(2026, 6, 30), as_planned=True)
    book = read_book(ledger, "lamp-1")
    assert replace(book.contract) == contract
    assert book.cash == balances(ledger).get(("trader", "1010"), 0)


def test_a_claim_left_by_corrections_is_cleared_in_cash(ledger: Ledger, say: Say) -> None:
    """The factor was paid with late charges; then most of the money turns out to have come in time."""
    advance(ledger, "lamp-1", date(2026, 6, 21), as_planned=True)
    say(FactKind.RECEIPT, "2026-08-06", amount="113000000", reference="bank-2")
    changed = say(FactKind.RECEIPT, "2026-06-22", amount="90000000", reference="bank-1")
    assert changed.set_offs == (("lender:meridian", 90_000_000),)
    assert changed.claims == {"lender:meridian": 1_720_725}
    before = balances(ledger)["trader", "1010"]
    assert clear_claim(ledger, "lamp-1", "lender:meridian", date(2026, 8, 10), evidence="bank-3") == 1_720_725
    assert balances(ledger)["trader", "1010"] == before + 1_720_725
    assert balances(ledger).get(("trader", "1245"), 0) == 0
    assert balances(ledger).get(("lender:meridian", "2250"), 0) == 0
    assert_balanced(ledger)
    with pytest.raises(RefusedError, match="nothing is open"):
        clear_claim(ledger, "lamp-1", "lender:meridian", date(2026, 8, 10))


def test_tax_paid_too_much_is_a_claim_on_the_tax_office(ledger: Ledger, say: Say) -> None:
    """The credit note of 05-10 is recorded after the tax of 05-15 was paid without it."""
    advance(ledger, "lamp-1", date(2026, 5, 20), as_planned=True)
    changed = say(FactKind.CREDIT_NOTE, "2026-05-10", quantity="100")
    assert changed.claims == {"tax": 145_600}
    assert balances(ledger)["trader", "1010"] == 1_496_586


def test_money_that_goes_back_to_the_buyer_pays_nobody_else_and_stops_the_settlement(
    ledger: Ledger, say: Say
) -> None:
    advance(ledger, "lamp-1", date(2026, 6, 21), as_planned=True)
    for number in ("1", "2"):
        say(FactKind.RECEIPT, "2026-06-22", amount="113000000", reference=number)
    say(FactKind.PAYMENT, "2026-06-22", payee="network")
    say(FactKind.PAYMENT, "2026-06-29", payee="warehouse")
    with pytest.raises(RefusedError, match=r"the buyer is owed back 1,130,000\.00 CNY"):
        say(FactKind.SETTLED, "2026-06-30")
    with pytest.raises(RefusedError, match="come first"):
        say(FactKind.PAYMENT, "2026-06-30", payee="order-loan", amount="100000000")
    say(FactKind.PAYMENT, "2026-06-30", payee="buyer")
    assert say(FactKind.SETTLED, "2026-06-30").state == "SETTLED"
    assert balances(ledger)["trader", "3010"] == 14_038_871


def test_an_order_with_open_claims_after_corrections_is_not_settled(ledger: Ledger, say: Say) -> None:
    """The account does not hold yet what the books would pay out."""
    advance(ledger, "lamp-1", date(2026, 6, 21), as_planned=True)
    say(FactKind.RECEIPT, "2026-08-06", amount="113000000", reference="bank-2")
    say(FactKind.PAYMENT, "2026-08-06", payee="network")
    say(FactKind.PAYMENT, "2026-08-06", payee="warehouse")
    say(FactKind.RECEIPT, "2026-06-22", amount="90000000", reference="bank-1")
    say(FactKind.PAYMENT, "2026-08-07", payee="buyer")
    with pytest.raises(RefusedError, match="corrections left claims"):
        say(FactKind.SETTLED, "2026-08-08")
    clear_claim(ledger, "lamp-1", "lender:meridian", date(2026, 8, 9))
    assert say(FactKind.SETTLED, "2026-08-10").state == "SETTLED"
    assert balances(ledger).get(("trader", "1010"), 0) == 0


def test_a_statement_that_was_wrong_is_taken_back_with_all_that_followed(ledger: Ledger, say: Say) -> None:
    """A receipt typed for another order: its money never came, so it leaves as it entered."""
    advance(ledger, "lamp-1", date(2026, 6, 21), as_planned=True)
    before = balances(ledger)
    wrong = say(FactKind.RECEIPT, "2026-06-22", amount="113000000").facts[0].id
    size = ledger.size()
    shown = retract(ledger, "lamp-1", wrong, by="clerk", dry_run=True)
    assert ledger.size() == size
    done = retract(ledger, "lamp-1", wrong, by="clerk", evidence="another order's")
    assert shown.corrections == done.corrections
    assert {place: minor for place, minor in balances(ledger).items() if minor} == {
        place: minor for place, minor in before.items() if minor
    }
    assert retract(ledger, "lamp-1", wrong, by="clerk").repeated
    again = say(FactKind.RECEIPT, "2026-06-22", amount="113000000")
    assert not again.repeated
    assert balances(ledger)["trader", "1010"] == 1_496_586 + 15_192_285
    assert_balanced(ledger)
    assert read_book(ledger, "lamp-1").cash == balances(ledger)["trader", "1010"]


def test_what_was_paid_by_later_statements_stays_paid_when_one_is_taken_back(
    ledger: Ledger, say: Say
) -> None:
    """The milestone was of another day: the tax paid since stays paid, the difference is a claim."""
    advance(ledger, "lamp-1", date(2026, 5, 20), as_planned=True)
    facts = read_book(ledger, "lamp-1").facts
    delivery = next(one for one in facts if one.text("name") == "delivery")
    done = retract(ledger, "lamp-1", delivery.id)
    assert done.claims["tax"] > 0
    say(FactKind.MILESTONE, "2026-04-20", name="delivery")
    assert not any(read_book(ledger, "lamp-1").claims.values())
    assert_balanced(ledger)


def test_decisions_and_unknown_statements_are_not_taken_back(ledger: Ledger) -> None:
    with pytest.raises(RefusedError, match="is a decision"):
        retract(ledger, "lamp-1", "accepted")
    with pytest.raises(NotFoundError, match="has no fact"):
        retract(ledger, "lamp-1", "receipt-0")
