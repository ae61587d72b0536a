"""Everybody whom an order still owes money, in whatever direction: what comes before the trader."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from domain.accounts import Account
from domain.states import ENDED, OrderState
from finance.agreed.contract import BUYER, NETWORK, TAX, Rank
from finance.books.booking_account import BookingAccount
from finance.books.position import Position
from finance.sides.taxes import tax_due_on, tax_owed


@dataclass(frozen=True, slots=True)
class Creditor:
    """An amount that the order owes and its class in the waterfall; in ``currency`` (none: the order's).

    ``due_on`` is None where it waits for an event that has not happened.
    """

    rank: Rank
    party: str
    amount_minor: int
    due_on: date | None
    currency: str = ""


def creditors(position: Position, on: date) -> list[Creditor]:
    """All that is owed on a day, due or not, in the order of the waterfall in force."""
    order = position.contract.waterfall_default if position.frozen else position.contract.waterfall
    found = [one for one in _every(position, on) if one.amount_minor > 0]
    return sorted(found, key=lambda one: order.index(one.rank if one.rank in order else Rank.PRINCIPAL))


def _every(position: Position, on: date) -> Iterator[Creditor]:
    own = position.books.own
    yield Creditor(Rank.COSTS, BUYER, -own(Account.BUYER_REFUND) - own(Account.DEPOSIT), on)
    yield Creditor(Rank.TAXES, TAX, tax_owed(position, on), tax_due_on(position))
    for debt in position.debts.values():
        due = debt.due_on or position.expected(debt.facility.repaid_on)
        if not debt.released:
            yield Creditor(Rank.PRINCIPAL, debt.id, debt.claim, due, debt.currency)
    yield Creditor(Rank.GUARANTOR, "guarantor", -own(Account.OWED_TO_GUARANTOR), on)
    for name, account in position.accounts.items():
        rank = Rank.NETWORK if account.entity == NETWORK else Rank.PROVIDERS
        yield Creditor(rank, name, *_to_provider(position, account), account.currency)


def _to_provider(position: Position, account: BookingAccount) -> tuple[int, date | None]:
    """What one firm still gets, also for what it has yet to do, and when the first of it falls due.

    An order that has ended lets nobody do anything more: then only what was billed is owed.
    """
    if account.ended or position.state in (OrderState.CANCELLED, OrderState.DEFAULTED):
        return account.billed - account.paid, None
    left, first = account.paid, None
    for due in account.booking.dues:
        left -= due.amount_minor
        if left < 0 and first is None:
            first = position.due_date(due, account.booking)
    return max(account.booking.gross_minor + account.fees, account.billed) - account.paid, first


def kept_for_creditors(position: Position, on: date) -> int:
    """What of the order's own money is not the trader's; a debt in another currency keeps its worth."""
    return sum(position.worth(one.amount_minor, one.currency, on) for one in creditors(position, on))


def residual(position: Position, on: date) -> int:
    """What the trader may have: the account less all that is owed to anybody."""
    return max(position.cash - kept_for_creditors(position, on), 0)


def owed_back_to_buyer(position: Position) -> int:
    """What the buyer gets back: what it paid too much, and its deposit where no goods will come for it."""
    owed = -position.books.own(Account.BUYER_REFUND)
    ended = position.state in (OrderState.CANCELLED, OrderState.DEFAULTED)
    return owed - position.books.own(Account.DEPOSIT) if ended or position.sales.complete else owed


def shortfalls(position: Position, on: date) -> list[Creditor]:
    """Who is not paid, and how much of it, where nothing more will come: what is in the account goes to the
    creditors in the order of the waterfall. Nothing while the buyer may still pay."""
    if not _comes_no_more(position):
        return []
    left = {"": max(position.cash, 0)}
    found = []
    for one in creditors(position, on):
        held = left.setdefault(one.currency, max(position.cash_in(one.currency), 0))
        missing = max(one.amount_minor - held, 0)
        left[one.currency] = max(held - one.amount_minor, 0)
        if missing:
            found.append(replace(one, amount_minor=missing, due_on=one.due_on or on))
    return found


def _comes_no_more(position: Position) -> bool:
    """Whether the buyer pays nothing more: it has paid, it cannot, or the order has ended."""
    if position.state in (*ENDED, OrderState.DEFAULTED) or position.frozen:
        return True
    return position.sales.complete and position.receivable == 0
