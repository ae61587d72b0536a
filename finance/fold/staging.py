"""IFRS 9 stages: a debt moves by its days past due, and each lender's allowance follows it at once.

A stage is reached on a day, whether or not anybody asks on that day: the fold takes the move as a fact that
follows from the contract. Stage 1 is measured when principal changes, later stages also when interest does;
so the dates of accruals never change an allowance.
"""

from datetime import date, timedelta

from finance.agreed.contract import Rank
from finance.agreed.facts import Fact, FactKind
from finance.books.debt import Debt
from finance.books.position import Position
from finance.sides import lenders, loss
from finance.sides.allowance import set_allowance

DAYS_PAST_DUE = {2: loss.LATE_DAYS_STAGE_2 + 1, 3: loss.LATE_DAYS_STAGE_3}


def next_move(debt: Debt, to: date) -> Fact | None:
    """The stage that the debt reaches next if nothing is paid, up to a day; None when it reaches none."""
    if debt.due_on is None or debt.struck or debt.closed or debt.released or not debt.claim:
        return None
    following = max(debt.stage, 1) + 1
    days = DAYS_PAST_DUE.get(following)
    if days is None:
        return None
    day = debt.due_on + timedelta(days=days)
    if day > to:
        return None
    data = {"facility": debt.id, "stage": following}
    return Fact(FactKind.STAGE, day, f"stage-{following}-{debt.id}-{day}", data=data)


def measure(position: Position, fact: Fact) -> None:
    """Bring every debt's stage and allowance to what the books now say."""
    for debt in position.debts.values():
        if debt.drawings and not debt.closed and not debt.released:
            _measure(position, debt, fact)


def _measure(position: Position, debt: Debt, fact: Fact) -> None:
    stage = loss.stage_of(debt, fact.on)
    if stage > 1 and stage != debt.stage:
        lenders.accrue(position, debt, fact)
    interest = debt.owed(Rank.INTEREST) if stage > 1 else 0
    measured = (stage, debt.principal, interest)
    if measured == debt.measured:
        return
    debt.measured = measured
    set_allowance(position, debt, _target(position, debt, stage, fact.on), fact)


def _target(position: Position, debt: Debt, stage: int, on: date) -> int:
    """A struck claim keeps what was expected to be lost: what comes in was expected to come."""
    if debt.struck:
        return min(sum(debt.allowance.values()), debt.principal)
    return loss.expected_loss(position, debt, stage, on)
