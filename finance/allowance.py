"""Each lender's allowance for expected losses on one debt."""

from datetime import date

from domain.money import split_minor
from finance.contract import Rank
from finance.debt import Debt
from finance.position import Position


def set_allowance(position: Position, debt: Debt, target: int, on: date, cause: str) -> None:
    """Bring each lender's allowance for this debt to its part of ``target``."""
    weights = [max(debt.owed_to(lender, Rank.PRINCIPAL), 0) for lender in debt.lenders()]
    parts = split_minor(target, weights if sum(weights) else [1] * len(weights))
    for lender, part in zip(debt.lenders(), parts, strict=True):
        entity = f"lender:{lender}"
        difference = part - debt.allowance.get(lender, 0)
        debt.allowance[lender] = part
        position.post(
            "allowance",
            on,
            cause,
            entity,
            ((entity, "5510", difference), (entity, "1390", -difference)),
            debt.facility.id,
        )
