"""Every period and every delivery has its tax, and the tax office is paid before the trader."""

from finance.agreed.facts import FactKind
from tests.parts import tiny
from tests.parts.tiny import ended, own


def taxed_story(rate: str = "0.19", **tax: object) -> tiny.Story:
    some = tiny.tables()
    some["country"] = "DE"
    some["tax"] = [{"country": "DE", "due_day": 10, **tax}]
    return tiny.Story(some, tiny.order(tax=rate))


def two_deliveries(story: tiny.Story) -> None:
    """50 pieces, paid, their tax paid; 50 pieces in another period, paid too."""
    story.play("2026-04-10")
    story.facts = [one for one in story.facts if one.text("name") != "delivery"]
    story.state(FactKind.MILESTONE, "2026-04-13", name="delivery", quantity="50")
    story.state(FactKind.RECEIPT, "2026-05-13", amount="595000")
    story.state(FactKind.PAYMENT, "2026-05-14", payee="tax")
    story.state(FactKind.MILESTONE, "2026-05-20", name="delivery", quantity="50")
    story.state(FactKind.RECEIPT, "2026-06-19", amount="595000")


def test_play_pays_the_tax_of_every_delivery_before_it_settles() -> None:
    """50 x 100.00 at 19% is 950.00, due 10 May (a Sunday: the 11th); 950.00 again for May, due 10 June.

    Directive 2006/112/EC, articles 63 and 206: tax becomes chargeable when goods are supplied and is paid
    with the return of that period. 1,900.00 in all.
    """
    story = taxed_story()
    two_deliveries(story)
    folded = story.play("2026-12-31")
    assert folded.position.books.balance("tax", "1010") == 190_000
    assert own(folded, "2510") == 0
    assert ended(folded)
    by_day = [one.on.isoformat() for one in folded.journals if one.kind == "tax"]
    assert by_day == ["2026-05-14", "2026-06-10"]


def test_a_payment_of_tax_files_the_periods_that_are_due() -> None:
    """On 14 May only April's 950.00 is due; the delivery of 12 May belongs to June's return."""
    story = taxed_story()
    story.play("2026-04-10")
    story.facts = [one for one in story.facts if one.text("name") != "delivery"]
    story.state(FactKind.MILESTONE, "2026-04-13", name="delivery", quantity="50")
    story.state(FactKind.RECEIPT, "2026-05-05", amount="595000")
    story.state(FactKind.MILESTONE, "2026-05-12", name="delivery", quantity="50")
    story.state(FactKind.RECEIPT, "2026-05-13", amount="595000")
    story.state(FactKind.PAYMENT, "2026-05-14", payee="tax")
    folded = story.books("2026-05-14")
    assert folded.position.books.balance("tax", "1010") == 95_000
    assert own(folded, "2510") == -95_000
    assert story.refused(FactKind.PAYMENT, "2026-06-10", payee="trader", amount="1")


def test_a_credit_after_the_first_return_lowers_the_second() -> None:
    """950.00 + 12% surcharge 114.00 paid; 10 pieces credited: 190.00 + 22.80 less in the second return.

    950.00 - 190.00 = 760.00, and 12% of the 1,710.00 filed in all is 205.20: 91.20 more than the 114.00.
    """
    story = taxed_story(surcharge_rate="12%")
    story.play("2026-04-10")
    story.facts = [one for one in story.facts if one.text("name") != "delivery"]
    story.state(FactKind.MILESTONE, "2026-04-13", name="delivery", quantity="50")
    story.state(FactKind.RECEIPT, "2026-05-13", amount="595000")
    story.state(FactKind.PAYMENT, "2026-05-14", payee="tax")
    story.state(FactKind.MILESTONE, "2026-05-20", name="delivery", quantity="50")
    story.state(FactKind.CREDIT_NOTE, "2026-05-25", quantity="10")
    story.state(FactKind.RECEIPT, "2026-06-19", amount="476000")
    folded = story.play("2026-12-31")
    assert folded.position.books.balance("tax", "1010") == 95_000 + 11_400 + 76_000 + 9_120
    assert own(folded, "1520") == own(folded, "2510") == 0
    assert ended(folded)
