"""A day that the plan covers from several facilities is drawn from all of them in play."""

from typing import Any

from tests.parts import tiny
from tests.parts.tiny import ended, own


def two_lenders(fee: list[dict[str, Any]] | None = None) -> tiny.Story:
    some = tiny.tables()
    some["lender"][0]["product"][0] |= {"limit": "4000.00", "repaid_on": "buyer_payment", "fee": fee or []}
    contingency = {
        "id": "con",
        "role": "contingency",
        "technique": "loan",
        "advance_base": "order",
        "advance_rate": "20%",
        "available_from": "booking",
        "price": {"rate": "24%"},
    }
    some["lender"][1] = {"id": "B", "product": [contingency]}
    return tiny.Story(some)


def test_a_payment_is_drawn_from_two_facilities_as_planned() -> None:
    """5,000.00 on the day of booking: 4,000.00 at 12% and 1,000.00 at 24%, both until the buyer pays.

    For n days of 360: 4,000.00 x 12% x n / 360 + 1,000.00 x 24% x n / 360 = 2.00 a day.
    """
    story = two_lenders()
    booked, paid = story.contract.bookings[0].dues[0].planned_on, story.contract.events["buyer_payment"]
    folded = story.play()
    drawn = {one.facility: one.on for one in folded.journals if one.kind == "draw"}
    assert drawn == {"pre": booked, "con": booked}
    days = (paid - booked).days
    assert own(folded, "5210") == days * 2_00
    assert ended(folded)
    assert own(folded, "3010") == story.plan.profit_minor == 500_000 - days * 2_00
    assert folded.position.books.balance("provider:fab", "1010") == 500_000


def test_the_first_facility_is_drawn_to_its_limit_with_its_fee() -> None:
    """1% of each draw kept back: 4,000.00 of principal pay out 3,960.00; the other lends 1,040.00."""
    story = two_lenders([{"basis": "draw", "rate": "1%"}])
    folded = story.play()
    assert folded.position.debts["pre"].drawn == 400_000
    assert folded.position.debts["con"].drawn == 104_000
    assert own(folded, "3010") == story.plan.profit_minor
