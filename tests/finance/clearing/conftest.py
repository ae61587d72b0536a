"""Debts written as a person would: ``("A", "B", 100)``."""

from collections.abc import Sequence

from finance.clearing.circulation import Circulation, circulation

Debt = tuple[str, str, int]


def of(debts: Sequence[Debt]) -> Circulation:
    """The problem of debts given as debtor, creditor, amount; firms in the order of their names."""
    names = sorted({name for debtor, creditor, _ in debts for name in (debtor, creditor)})
    number = {name: place for place, name in enumerate(names)}
    tail, head = [number[one] for one, _, _ in debts], [number[one] for _, one, _ in debts]
    return circulation(len(names), tail, head, [amount for _, _, amount in debts])
