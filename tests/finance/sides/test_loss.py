"""What a loan is expected to lose, by its stage."""

from datetime import date, timedelta
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from finance.agreed.contract import LossRate
from finance.sides import loss

DAY = date(2026, 3, 5)
RATE = LossRate(Fraction(15, 1000), Fraction(45, 100), Fraction(20, 100))


@pytest.mark.parametrize("days", [365, 366, 3_650])
def test_stage_1_counts_twelve_months_at_most(days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "planned_repayment", lambda *_: DAY + timedelta(days))
    debt: Any = SimpleNamespace(facility=SimpleNamespace(loss=RATE), principal=1_000_000_00)
    position: Any = None
    assert loss.expected_loss(position, debt, 1, DAY) == 6_750_00  # 1.5% of 45% of a million


def test_stage_1_counts_a_shorter_term_by_its_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "planned_repayment", lambda *_: DAY + timedelta(61))
    debt: Any = SimpleNamespace(facility=SimpleNamespace(loss=RATE), principal=960_500_00)
    position: Any = None
    assert loss.expected_loss(position, debt, 1, DAY) == 1_090_35
