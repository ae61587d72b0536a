"""What is due on a day, and who comes before whom."""

from datetime import date

from finance.agreed.contract import BUYER, NETWORK, TAX, TRADER, Rank
from finance.books.booking_account import BookingAccount
from finance.books.debt import Debt
from finance.books.position import Position
from finance.sides.creditors import owed_back_to_buyer
from finance.sides.lenders import LENDER_RANKS, is_foreign
from finance.sides.taxes import tax_due_on, tax_with_surcharge


def dues(position: Position, on: date) -> dict[Rank, int]:
    """What is due and unpaid on a day, by class of the waterfall; lenders' due claims at their rank."""
    found: dict[Rank, int] = {}
    refunds = owed_back_to_buyer(position)
    if refunds > 0:
        found[Rank.COSTS] = refunds
    tax_on = tax_due_on(position)
    if tax_on is not None and tax_on <= on:
        found[Rank.TAXES] = tax_with_surcharge(position, on)
    for debt in position.debts.values():
        fallen_due = debt.due_on is not None and debt.due_on <= on and not debt.facility.factoring
        if fallen_due or waits_for_change(position, debt, on):
            for rank in (Rank.PENALTY, Rank.FEE, Rank.INTEREST, Rank.PRINCIPAL):
                found[rank] = found.get(rank, 0) + position.worth(debt.owed(rank), debt.currency, on)
    for account in position.accounts.values():
        rank = Rank.NETWORK if account.entity == NETWORK else Rank.PROVIDERS
        found[rank] = found.get(rank, 0) + _unpaid(position, account, on)
    return found


def _unpaid(position: Position, account: BookingAccount, on: date) -> int:
    """What one firm is still due on a day; what another was paid too much pays nothing here."""
    if account.ended:  # what it keeps of its price, or charges for being called off
        return position.worth(account.payable, account.currency, on)
    days = ((due, position.due_date(due, account.booking)) for due in account.booking.dues)
    due_minor = sum(due.amount_minor for due, day in days if day is not None and day <= on)
    fees_on = position.fees_due(account)
    due_minor += account.fees if fees_on is not None and fees_on <= on else 0
    return position.worth(max(due_minor - account.paid, 0), account.currency, on)


def waits_for_change(position: Position, debt: Debt, on: date) -> bool:
    """Whether a debt in another currency is to be repaid from money that the account has had since its
    event happened: it is due from then on, since only somebody who changes money can repay it."""
    if not is_foreign(position, debt) or not debt.claim:
        return False
    first = position.happened.get(debt.facility.repaid_on)
    return (first is not None and first <= on) or position.frozen


def comes_before(position: Position, rank: Rank, payee: str) -> bool:
    """Whether a class of claims is paid before a payee; lenders are no class before one of them."""
    order = position.contract.waterfall_default if position.frozen else position.contract.waterfall
    if payee in position.debts:
        return rank in order and order.index(rank) < min(order.index(one) for one in LENDER_RANKS)
    return rank in order and order.index(rank) < order.index(rank_of(payee))


def rank_of(payee: str) -> Rank:
    """The class of the waterfall that a payee belongs to."""
    known = {TAX: Rank.TAXES, NETWORK: Rank.NETWORK, TRADER: Rank.TRADER, BUYER: Rank.COSTS}
    return known.get(payee, Rank.PROVIDERS)
