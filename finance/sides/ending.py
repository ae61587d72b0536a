"""The end of an order: memo accounts are released, the referral is due, what is left is the trader's."""

from domain.accounts import Account
from domain.money import round_minor
from domain.states import OrderState
from finance.agreed.contract import NETWORK, TRADER
from finance.agreed.facts import Fact
from finance.books.order_books import booked
from finance.books.position import Position, move
from finance.sides import lenders, providers
from finance.sides.creditors import residual


def settle(position: Position, fact: Fact) -> None:
    """The end: memo accounts are released, referral and profit share are due, the rest is the trader's."""
    for account in position.accounts.values():
        providers.release_slot(position, account, fact)
    for debt in position.debts.values():
        if not debt.claim:
            lenders.close(position, debt, fact)
    release_order(position, fact)
    if position.state is OrderState.PAID:
        _refer(position, fact)
        _share_profit(position, fact)
        pay_residual(position, residual(position, fact.on), fact)
    move(position, OrderState.SETTLED)


def release_order(position: Position, fact: Fact) -> None:
    amount = position.books.own(Account.ORDER_ACCEPTED)
    position.post(
        "order_released",
        fact,
        "",
        booked(TRADER, Account.ORDER_ACCEPTED_CONTRA, Account.ORDER_ACCEPTED, amount),
    )


def _refer(position: Position, fact: Fact) -> None:
    """Whoever referred the order gets its share of the network's net fee, only on a settled order."""
    earned = -position.books.balance(NETWORK, Account.NETWORK_FEE_INCOME)
    amount = round_minor(position.contract.referral_share * earned)
    position.post("referral", fact, "", booked(NETWORK, Account.REFERRAL, Account.REFERRAL_PAYABLE, amount))


def _share_profit(position: Position, fact: Fact) -> None:
    amount = round_minor(position.contract.profit_share * residual(position, fact.on))
    partner = position.contract.profit_partner or "partner"
    position.post(
        "profit_share",
        fact,
        partner,
        booked(TRADER, Account.PROFIT_SHARE, Account.PROFIT_SHARE_PAYABLE, amount),
    )
    position.post(
        "profit_share_paid", fact, partner, booked(TRADER, Account.PROFIT_SHARE_PAYABLE, Account.CASH, amount)
    )


def pay_residual(position: Position, amount: int, fact: Fact) -> None:
    position.post("residual", fact, "", booked(TRADER, Account.RESIDUAL, Account.CASH, amount))
