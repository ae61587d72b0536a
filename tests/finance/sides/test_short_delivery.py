"""An order of which less was delivered than ordered ends, and nobody is owed what never came."""

from domain.terms import Event, PaymentTerm
from finance.agreed.facts import FactKind
from tests.parts import tiny
from tests.parts.tiny import ended, own


def nine_tenths(**wanted: object) -> tiny.Story:
    """90 of 100 pieces are delivered on the planned day."""
    story = tiny.Story(wanted=tiny.order(**wanted))  # type: ignore[arg-type]
    delivery = story.contract.events["delivery"].isoformat()
    story.play(delivery)
    story.facts = [one for one in story.facts if one.on.isoformat() < delivery]
    if own(story.books(delivery), "1410") == 0:
        story.facts = [one for one in story.facts if one.text("name") != "delivery"]
    story.state(FactKind.MILESTONE, delivery, name="delivery", quantity="90")
    return story


def test_closed_short_before_the_buyer_pays() -> None:
    """90 x 100.00 = 9,000.00 are sold and paid, 5,000.00 of goods are the cost: 4,000.00 less finance."""
    story = nine_tenths()
    story.state(FactKind.CLOSED_SHORT, "2026-03-25")
    folded = story.play()
    assert ended(folded)
    assert -own(folded, "4010") == 900_000
    assert own(folded, "5010") == 500_000
    assert own(folded, "1410") == own(folded, "2220") == own(folded, "1210") == 0
    cost = own(folded, "5210") + own(folded, "5230")
    assert own(folded, "3010") == 400_000 - cost


def test_closed_short_after_the_buyer_has_paid_for_what_came() -> None:
    story = nine_tenths()
    story.state(FactKind.RECEIPT, "2026-04-20", amount="900000")
    story.state(FactKind.CLOSED_SHORT, "2026-05-04")
    folded = story.play()
    assert ended(folded)
    assert own(folded, "2220") == own(folded, "2210") == 0


def test_a_deposit_for_goods_that_never_came_is_owed_back() -> None:
    """All 10,000.00 were paid in advance, 9,000.00 delivered: 1,000.00 go back before anything is his."""
    story = nine_tenths(payment=(PaymentTerm(tiny.Fraction(1), Event.ORDER, 1),))
    story.state(FactKind.CLOSED_SHORT, "2026-03-25")
    assert "buyer is owed back 1,000.00" in story.refused(FactKind.SETTLED, "2026-03-26")
    story.state(FactKind.PAYMENT, "2026-03-26", payee="buyer")
    folded = story.play()
    assert own(folded, "2210") == 0
    assert ended(folded)


def test_nothing_delivered_is_no_short_delivery() -> None:
    story = tiny.Story()
    assert "nothing was delivered" in story.refused(FactKind.CLOSED_SHORT, "2026-03-12")
