"""The trader is last: nothing is his while anybody is owed, in whatever direction."""

from datetime import date
from fractions import Fraction

import pytest

from domain.terms import Event, PaymentTerm
from finance.agreed.contract import WATERFALL_DEFAULT, Rank
from finance.agreed.facts import Fact, FactKind
from finance.fold.expectations import Expectations
from finance.fold.fold import fold
from finance.sides.creditors import creditors, kept_for_creditors, residual, shortfalls
from tests.parts import tiny
from tests.parts.tiny import own
from tests.parts.worked_example import lamp_contract


def paid_early() -> tiny.Story:
    """The order is delivered on 04-13 at 19% and paid at once; its tax is due on 10 May (the 11th)."""
    some = tiny.tables()
    some["country"] = "DE"
    some["tax"] = [{"country": "DE", "due_day": 10}]
    story = tiny.Story(some, tiny.order(tax="0.19"))
    story.play("2026-04-13")
    story.facts = [one for one in story.facts if one.kind is not FactKind.RECEIPT]
    story.state(FactKind.RECEIPT, "2026-04-20", amount="1190000")
    return story


def test_settling_waits_for_the_tax_that_is_due_later() -> None:
    """1,900.00 of output tax (19% of 10,000.00), nothing to set off: it is kept until it is paid."""
    story = paid_early()
    for name, debt in story.books("2026-05-02").position.debts.items():
        if debt.claim:
            story.state(FactKind.PAYMENT, "2026-05-02", payee=name)
    assert "tax office is still owed 1,900.00" in story.refused(FactKind.SETTLED, "2026-05-02")
    story.state(FactKind.PAYMENT, "2026-05-02", payee="tax")
    story.state(FactKind.SETTLED, "2026-05-03")
    folded = story.books("2026-05-03")
    assert folded.position.books.balance("tax", "1010") == 190_000
    assert own(folded, "1010") == 0


def test_a_late_credit_note_after_settling_takes_the_residual_back() -> None:
    """10 pieces credited with a day before the end: 1,190.00 go back to the buyer, 190.00 of it are tax
    that is a credit then; so the residual is 1,190.00 less."""
    story = paid_early()
    story.play()
    before = own(story.books(), "3010")
    credit = Fact(FactKind.CREDIT_NOTE, date(2026, 4, 21), "late", 5_000, data={"quantity": "10"})
    folded = fold(story.contract, [*story.facts, credit], tiny.END)
    assert own(folded, "2220") == -119_000
    assert before - own(folded, "3010") == 119_000 - 19_000
    assert own(folded, "1010") == 119_000


def test_taxes_come_first_when_the_buyer_is_insolvent() -> None:
    """A recovery of 500.00 pays 500.00 of the 1,900.00 tax and no lender: else it were the trader's debt."""
    assert WATERFALL_DEFAULT.index(Rank.TAXES) < WATERFALL_DEFAULT.index(Rank.PRINCIPAL)
    some = tiny.tables()
    some["country"] = "DE"
    some["tax"] = [{"country": "DE", "due_day": 10, "period_months": 3}]
    some["lender"] = some["lender"][:1]
    some["lender"][0]["product"][0]["repaid_on"] = "buyer_payment"
    story = tiny.Story(some, tiny.order(tax="0.19"))
    story.play("2026-04-30")
    story.state(FactKind.INSOLVENT, "2026-05-20")
    story.state(FactKind.DEFAULT, "2026-06-01")
    story.state(FactKind.RECOVERY, "2026-06-20", amount="50000")
    folded = story.books("2026-06-20")
    assert own(folded, "1010") == 50_000
    missing = {one.party: one.amount_minor for one in shortfalls(folded.position, date(2026, 6, 20))}
    assert missing["tax"] == 190_000 - 50_000
    assert missing["pre"] == folded.position.debts["pre"].claim
    assert "tax is owed 1,900.00" in story.refused(FactKind.SETTLED, "2026-06-21")


@pytest.mark.parametrize("day", ["2026-03-09", "2026-04-13", "2026-04-22", "2026-05-16", "2026-06-22"])
def test_nothing_is_the_traders_on_the_way(day: str) -> None:
    """On every day of the worked example the trader can take nothing: somebody is still owed more."""
    contract = lamp_contract()
    accepted = Fact(FactKind.ACCEPTED, contract.accepted_on, "accepted")
    on = date.fromisoformat(day)
    position = fold(contract, [accepted], on, Expectations(contract, [accepted])).position
    assert creditors(position, on)
    if day < "2026-06-22":
        assert residual(position, on) == 0
    assert kept_for_creditors(position, on) > 0


def test_a_deposit_that_no_goods_will_come_for_is_the_buyers() -> None:
    """30% of 10,000.00 paid at the order, which is then cancelled: 3,000.00 are the buyer's, none his."""
    terms = (PaymentTerm(Fraction(3, 10), Event.ORDER), PaymentTerm(Fraction(7, 10), Event.INVOICE, 30))
    story = tiny.Story(wanted=tiny.order(payment=terms))
    story.state(FactKind.RECEIPT, "2026-03-03", amount="300000")
    story.state(FactKind.CANCELLED, "2026-03-04")
    assert "3,000.00" in story.refused(FactKind.PAYMENT, "2026-03-05", payee="trader", amount="1")
    story.state(FactKind.PAYMENT, "2026-03-05", payee="buyer")
    folded = story.books("2026-03-05")
    assert own(folded, "1010") == own(folded, "2210") == 0
