"""What a buyer pays for goods that are still to come is a deposit, used by their sale."""

from finance.agreed.facts import FactKind
from tests.parts import tiny
from tests.parts.tiny import ended, own


def half_delivered() -> tiny.Story:
    """100 pieces at 100.00 and 19%; the factory's 5,000.00 carry 950.00 of input tax; 50 are delivered."""
    some = tiny.tables()
    some["country"] = "DE"
    some["tax"] = [{"country": "DE", "due_day": 10}]
    some["factory"][0]["tax_rate"] = "19%"
    story = tiny.Story(some, tiny.order(tax="0.19"))
    story.play("2026-04-10")
    story.facts = [one for one in story.facts if one.text("name") != "delivery"]
    story.state(FactKind.MILESTONE, "2026-04-13", name="delivery", quantity="50")
    return story


def test_all_paid_while_half_is_delivered_is_half_a_deposit() -> None:
    """11,900.00 come for 5,950.00 delivered: 5,950.00 are a deposit (2210) and nothing is owed back; the
    loan is repaid at once. The second sale uses it, and the 950.00 of tax are paid: 1,900.00 less 950.00."""
    story = half_delivered()
    story.state(FactKind.RECEIPT, "2026-05-13", amount="1190000")
    folded = story.books("2026-05-13")
    assert (own(folded, "2210"), own(folded, "2220"), own(folded, "1210")) == (-595_000, 0, 0)
    assert not any(debt.claim for debt in folded.position.debts.values())
    story.state(FactKind.MILESTONE, "2026-05-20", name="delivery", quantity="50")
    folded = story.play()
    assert own(folded, "2210") == own(folded, "2220") == own(folded, "2510") == 0
    assert folded.position.books.balance("tax", "1010") == 95_000
    assert ended(folded)


def test_more_than_the_whole_order_is_owed_back() -> None:
    """12,000.00 for an order of 11,900.00: 100.00 go back to the buyer."""
    story = half_delivered()
    story.state(FactKind.RECEIPT, "2026-05-13", amount="1200000")
    assert own(story.books("2026-05-13"), "2220") == -10_000


def test_money_of_an_unknown_account_becomes_a_deposit_once_it_is_known() -> None:
    story = half_delivered()
    story.state(FactKind.RECEIPT, "2026-05-13", amount="595000")
    story.state(FactKind.RECEIPT, "2026-05-14", amount="595000", unknown=True)
    story.state(FactKind.RECEIPT, "2026-05-15", amount="595000", identified=True)
    folded = story.books("2026-05-15")
    assert (own(folded, "2210"), own(folded, "2220")) == (-595_000, 0)
