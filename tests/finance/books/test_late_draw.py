"""A late charge is for money that was out when it fell due, not for what was lent after."""

from finance.agreed.facts import FactKind
from tests.parts import tiny
from tests.parts.tiny import own


def test_what_is_lent_after_the_due_day_costs_plain_interest_from_its_own_day() -> None:
    """5,000.00 lent on 10 March and due on 14 April at 12% x 2 without grace; 1,000.00 lent on 18 May.

    Late: 5,000.00 x 24% x 34 / 360 = 113.33 on 18 May, 36 days 120.00 on 20 May. The 1,000.00 have cost
    nothing on 18 May and 1,000.00 x 12% x 2 / 360 = 0.67 on 20 May, beside 5,000.00 x 12% x 35 / 360 = 58.33.
    """
    some = tiny.tables()
    some["lender"] = some["lender"][:1]
    some["lender"][0]["product"][0] |= {
        "repaid_on": "buyer_payment",
        "grace_days": 0,
        "penalty_multiplier": "2",
    }
    lane = some["logistics"][0]["lane"][0]
    lane |= {"transit_days": 5, "band": [{"from": 0, "rate": "10.00"}]}
    some["logistics"][0]["payment"] = [{"share": "100%", "event": "delivery", "days": 20}]
    story = tiny.Story(some)
    story.play("2026-04-01")
    story.facts = [one for one in story.facts if one.on.isoformat() < "2026-04-01"]
    assert own(story.books("2026-05-18"), "5240") == 113_33
    story.state(FactKind.DRAW, "2026-05-18", facility="pre", payees=[["car", "100000"]])
    assert own(story.books("2026-05-18"), "5240") == 113_33
    assert own(story.books("2026-05-20"), "5240") == 120_00
    assert own(story.books("2026-05-20"), "5210") == 58_33 + 67
