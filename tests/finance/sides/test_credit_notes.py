"""Credit notes for parts come to what one for the whole would, to the cent."""

from datetime import date

from finance.agreed.facts import FactKind
from finance.sides.loss import expected_loss
from tests.parts import tiny
from tests.parts.tiny import own


def test_ten_credits_of_one_piece_are_one_credit_of_ten() -> None:
    """10 x 0.50 + 13% is 5.00 + 0.65 = 5.65; one piece 0.565: ten notes come to 5.65, not to 10 x 0.57."""
    some = tiny.tables()
    some["factory"][0]["product"][0]["unit_price"] = "0.20"
    story = tiny.Story(some, tiny.order(quantity=10, price="0.50", tax="0.13"))
    day = story.contract.events["delivery"].isoformat()
    story.play(day)
    story.facts = [one for one in story.facts if one.on.isoformat() <= day]
    for number in range(10):
        story.state(FactKind.CREDIT_NOTE, day, quantity="1", reference=str(number))
    books = story.books(day)
    credited = [
        sum(minor for entity, code, minor in one.postings if entity == "trader" and code in ("4010", "2510"))
        for one in books.journals
        if one.kind == "credit_note"
    ]
    assert sorted(credited) == [56] * 5 + [57] * 5
    assert own(books, "4010") == own(books, "2510") == 0
    assert "credited of 0.00" in story.refused(FactKind.CREDIT_NOTE, day, quantity="1", reference="more")


def test_stage_one_expects_the_losses_of_twelve_months_at_most() -> None:
    """IFRS 9, 5.5.5: a loan of three years bears twelve months' losses: 1.5% x 45% of 5,000.00 is 33.75."""
    some = tiny.tables()
    some["lender"] = some["lender"][:1]
    some["lender"][0]["product"][0] |= {
        "repaid_on": "buyer_payment",
        "underwriting": {"pd_annual": "1.5%", "lgd": "45%"},
    }
    due = (tiny.PaymentTerm(tiny.Fraction(1), tiny.Event.INVOICE, 1095),)
    story = tiny.Story(some, tiny.order(price="200.00", payment=due))
    day = story.contract.facilities[0].draws[0].on
    position = story.play(day.isoformat()).position
    assert expected_loss(position, position.debts["pre"], 1, date(2026, 3, 20)) == 33_75
