"""What a firm's own books post: a debt brought in, a debt paid, and a clearing carried out."""

from collections.abc import Iterable

from domain.accounts import Account
from domain.posting import Leg
from finance.agreed.contract import TRADER
from finance.clearing.proposal import BORROWED, CONSENT, DEBT, PAID_OUT, ClearingLine

LENDING = "lender:us"
"""The books of an installation that lends."""


def _pair(debit: str, credit: str, amount: int, currency: str) -> tuple[Leg, ...]:
    return (Leg(TRADER, debit, currency, amount), Leg(TRADER, credit, currency, -amount))


def owing(amount: int, currency: str) -> tuple[Leg, ...]:
    """A debt that the firm acknowledges, brought in from outside the order books; minor units."""
    return _pair(Account.BROUGHT_IN, Account.PAYABLE, amount, currency)


def owed(amount: int, currency: str) -> tuple[Leg, ...]:
    """A claim that the firm takes in as its debtor signed it."""
    return _pair(Account.RECEIVABLE, Account.BROUGHT_IN, amount, currency)


def cleared(firm: str, lender: str, lines: Iterable[ClearingLine], currency: str) -> tuple[Leg, ...]:
    """A firm's side of a clearing in one entry; it balances since the firm's net position stays.

    Debts and claims end, a consent makes a new debt and a new claim, what a facility lends is owed to it, and
    what it pays out is cash. The facility's loans and cash stand in books of their own: a lender's cash may
    go below what the ledger saw come in, a trader's never.
    """
    entity = LENDING if firm == lender else TRADER
    sums: dict[str, int] = {}
    for line in lines:
        for account, amount in _moves(firm, lender, line):
            sums[account] = sums.get(account, 0) + amount
    return tuple(Leg(entity, account, currency, amount) for account, amount in sorted(sums.items()) if amount)


def _moves(firm: str, lender: str, line: ClearingLine) -> Iterable[tuple[str, int]]:
    """What one line does to the firm's accounts, debits positive."""
    amount = line.amount if line.giver == firm else -line.amount
    if line.kind == DEBT:
        yield (Account.PAYABLE if line.giver == firm else Account.RECEIVABLE), amount
    elif line.kind == CONSENT:  # the giver is the creditor, the taker its new debtor
        yield (Account.RECEIVABLE if line.giver == firm else Account.PAYABLE), amount
    elif line.kind == BORROWED:
        yield (Account.LOAN if firm == lender else Account.ORDER_LOAN), amount
    elif line.kind == PAID_OUT:
        yield Account.CASH, amount
