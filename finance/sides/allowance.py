"""Each lender's allowance for expected losses on one debt."""

from domain.accounts import Account
from domain.money import split_minor
from finance.agreed.contract import Rank
from finance.agreed.facts import Fact
from finance.books.accruals import Amounts
from finance.books.debt import Debt
from finance.books.order_books import booked
from finance.books.position import Position


def set_allowance(position: Position, debt: Debt, target: int, fact: Fact) -> None:
    """Bring each lender's allowance for this debt to its part of ``target``."""
    for lender, part in expected_parts(debt, target).items():
        entity = f"lender:{lender}"
        difference = part - debt.allowance.get(lender, 0)
        debt.allowance[lender] = part
        position.post(
            "allowance",
            fact,
            entity,
            booked(entity, Account.IMPAIRMENT, Account.ALLOWANCE, difference),
            debt.id,
        )


def expected_parts(debt: Debt, target: int) -> Amounts:
    """Who is expected to lose how much: who is paid last loses first, pro rata in each class, by largest
    remainder; beyond what all are owed the first class bears the rest."""
    parts = dict.fromkeys(debt.lenders(), 0)
    left = target
    tiers = debt.facility.tiers
    for lenders in reversed(tiers):
        owed = [max(debt.owed_to(lender, Rank.PRINCIPAL), 0) for lender in lenders]
        lost = left if lenders is tiers[0] else min(left, sum(owed))
        for lender, part in zip(
            lenders, split_minor(lost, owed if sum(owed) else [1] * len(owed)), strict=True
        ):
            parts[lender] += part
        left -= lost
    return parts
