"""Networks whose terms vary in all that a network file can say: each order ends settled with what its plan
says, to the minor unit, or is refused with a reason and a way out. ``bench/varied_terms.py`` trades more."""

from pathlib import Path

import pytest

from tests.parts.varied_terms import Terms, trade

SEEDS = (1, 3, 5, 9, 13, 27, 48, 83, 119)
"""Among them those that once found something: no lender at all, no tax table, a buyer that pays before the
goods come, an instalment that comes before the factor, one that counts from the inspection."""


@pytest.mark.parametrize("seed", SEEDS)
def test_order_is_settled_as_planned_or_honestly_refused(seed: int, tmp_path: Path) -> None:
    assert trade(seed, tmp_path).ended in ("SETTLED", "OwnCashNeededError", "NoCapacityError")


def test_terms_vary() -> None:
    """Every kind of term that the file can hold stands in some of the first networks."""
    texts = "".join(Terms(seed).text() for seed in range(60))
    for word in (
        "month_end",
        "minimum_quantity",
        "break",
        "set_up",
        "lead_days",
        "departs_on",
        "closures",
        "[[limit]]",
        '"least"',
        '"full"',
        "in_advance",
        "step",
        "capitalised",
        "deducted",
        "30/360",
        "funding",
        "buyer_payment",
        'currency = "JPY"',
        'currency = "KWD"',
        "tax_recoverable = false",
        "[[factory.option]]",
    ):
        assert word in texts
    assert any("[[lender]]" not in Terms(seed).text() for seed in range(60))
    assert any(Terms(seed).first_day.year == 2028 for seed in range(60))


def test_a_profit_that_differs_from_the_plan_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finance.fold.handlers.after_receipt", lambda _position: None)
    with pytest.raises(AssertionError, match="seed 9"):
        trade(9, tmp_path)
