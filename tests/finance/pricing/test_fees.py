"""A fee comes to the same in the plan and in the books: rate of its basis plus amount, at least its minimum.

Each case is the factory's 5,000.00 drawn from the loan of the tiny network; all by hand.
"""

from typing import Any

import pytest

from domain.terms import Fee, FeeBasis, FeeTaking
from finance.agreed.facts import FactKind
from finance.pricing.fees import fee_on_growth
from tests.parts import tiny
from tests.parts.tiny import ended, own

CASES: dict[str, tuple[dict[str, Any], int]] = {
    # 1% of the invoice of 10,000.00
    "face later": ({"basis": "face", "rate": "1%", "at_repayment": True}, 100_00),
    # 0.5% of 5,000.00 is 25.00
    "limit later, at its minimum": (
        {"basis": "limit", "rate": "0.5%", "minimum": "100.00", "at_repayment": True},
        100_00,
    ),
    "draw later, at its minimum": (
        {"basis": "draw", "rate": "0.5%", "minimum": "100.00", "at_repayment": True},
        100_00,
    ),
    # 5,100.00 x 0.5% = 25.50
    "draw deducted, at its minimum": ({"basis": "draw", "rate": "0.5%", "minimum": "100.00"}, 100_00),
    # 5,100.00 x 0.5% + 60.00 = 85.50
    "limit with an amount, at its minimum": (
        {"basis": "limit", "rate": "0.5%", "amount": "60.00", "minimum": "100.00", "taken": "capitalised"},
        100_00,
    ),
    # (5,000.00 + 10.00) / 0.995 = 5,035.18 (5,035.1759)
    "draw deducted with an amount": ({"basis": "draw", "rate": "0.5%", "amount": "10.00"}, 35_18),
    # 5,000.00 x 3% = 150.00, above the minimum
    "draw added, above its minimum": (
        {"basis": "draw", "rate": "3%", "minimum": "100.00", "taken": "capitalised"},
        150_00,
    ),
    # 5,000.00 / 0.97 = 5,154.64
    "limit above its minimum": ({"basis": "limit", "rate": "3%", "minimum": "100.00"}, 154_64),
    "fixed": ({"basis": "fixed", "amount": "12.34", "at_repayment": True}, 12_34),
}


def story_with(fee: dict[str, Any]) -> tiny.Story:
    some = tiny.tables()
    some["lender"][0]["product"][0] |= {"fee": [fee], "repaid_on": "buyer_payment"}
    del some["lender"][1]
    return tiny.Story(some)


@pytest.mark.parametrize("name", CASES)
def test_plan_and_books_take_the_same_fee(name: str) -> None:
    fee, wanted = CASES[name]
    story = story_with(fee)
    assert sum(charge.amount_minor for charge in story.plan.facilities[0].fees) == wanted
    folded = story.play()
    assert own(folded, "5220") == wanted
    assert ended(folded)
    assert own(folded, "3010") == story.plan.profit_minor


def test_a_draw_that_is_not_the_plans_takes_its_fixed_part_once() -> None:
    """Two draws of one day, 2,000.00 and 3,000.00: (2,000.00 + 10.00) / 0.995 = 2,020.10, then
    3,000.00 / 0.995 = 3,015.08: 35.18 in all."""
    story = story_with({"basis": "draw", "rate": "0.5%", "amount": "10.00"})
    day = next(draw.on for draw in story.contract.facilities[0].draws).isoformat()
    for amount in ("200000", "300000"):
        story.state(FactKind.DRAW, day, facility="pre", payees=[["fab", amount]])
    assert own(story.play(), "5220") == 35_18


def test_a_minimum_is_reached_by_several_draws_together() -> None:
    """0.5%, at least 20.00: the first 2,000.00 cost 20.00 (10.10 by the rate), the next 3,000.00 so much that
    both together cost 0.5% of their principal: 5,000.00 / 0.995 = 5,025.13, 25.13 in all."""
    story = story_with({"basis": "draw", "rate": "0.5%", "minimum": "20.00"})
    day = next(draw.on for draw in story.contract.facilities[0].draws).isoformat()
    for amount in ("200000", "300000"):
        story.state(FactKind.DRAW, day, facility="pre", payees=[["fab", amount]])
    assert own(story.play(), "5220") == 25_13


def test_the_proof_counts_the_minimum_of_a_fee_at_repayment() -> None:
    """The take-out's 51% of 10,000.00 is 5,100.00; 5,000.00 with 400.00 at repayment cannot be paid off."""
    some = tiny.tables()
    fee = {"basis": "limit", "rate": "0.5%", "minimum": "400.00", "at_repayment": True, "taken": "cash"}
    some["lender"][0]["product"][0] |= {"fee": [fee], "requires_take_out": True}
    some["lender"][1]["product"][0]["advance_rate"] = "51%"
    with pytest.raises(AssertionError):
        tiny.Story(some)


def test_commission_on_the_face_is_taken_once_for_each_part_of_it() -> None:
    """0.6% of 5,000.00 each time half is delivered and factored: 30.00 + 30.00, not 30.00 + 60.00."""
    some = tiny.tables()
    some["lender"][1]["product"][0] |= {"fee": [{"basis": "face", "rate": "0.6%"}], "available_days": 2}
    some["lender"][0]["product"][0]["requires_take_out"] = True
    story = tiny.Story(some)
    assert len(story.contract.facilities) == 2
    story.play("2026-03-18")
    delivery = story.contract.events["delivery"].isoformat()
    story.facts = [one for one in story.facts if one.on.isoformat() < delivery]
    story.state(FactKind.MILESTONE, delivery, name="delivery", quantity="50")
    story.state(FactKind.DRAW, delivery, facility="take")
    assert commission_of(story, delivery) == 30_00
    story.state(FactKind.MILESTONE, "2026-03-31", name="delivery", quantity="50")
    story.state(FactKind.DRAW, "2026-03-31", facility="take", reference="2")
    assert commission_of(story, "2026-03-31") == 60_00


def commission_of(story: tiny.Story, on: str) -> int:
    drawn = [one for one in story.books(on).journals if one.kind == "draw" and one.facility == "take"]
    return sum(minor for one in drawn for _, code, minor in one.postings if code == "5230")


def test_a_fee_on_a_face_that_grows_is_never_taken_twice() -> None:
    fee = Fee("commission", FeeBasis.FACE, tiny.Fraction(6, 1000), 0, 50_00, FeeTaking.DEDUCTED)
    assert fee_on_growth(fee, None, 5_000_00) == 50_00
    assert fee_on_growth(fee, 5_000_00, 10_000_00) == 10_00
    assert fee_on_growth(fee, 10_000_00, 10_000_00) == 0
