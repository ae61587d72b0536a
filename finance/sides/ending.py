"""The end of an order: memo accounts are released, the referral is due, what is left is the trader's."""

from domain.money import round_minor
from domain.states import OrderState
from finance.agreed.contract import NETWORK, TRADER
from finance.agreed.facts import Fact
from finance.books.position import CASH, Position, move
from finance.sides import lenders as lending
from finance.sides import providers as supply


def settle(position: Position, fact: Fact) -> None:
    """The end: memo accounts are released, referral and profit share are due, the rest is the trader's."""
    for account in position.accounts.values():
        supply.release_slot(position, account, fact.on, fact.id)
    for debt in position.debts.values():
        if not debt.claim:
            lending.close(position, debt, fact.on, fact.id)
    release_order(position, fact)
    if position.state is OrderState.PAID:
        _refer(position, fact)
        _share_profit(position, fact)
        pay_residual(position, max(position.cash, 0), fact)
    move(position, OrderState.SETTLED)


def release_order(position: Position, fact: Fact) -> None:
    amount = position.books.balance(TRADER, "9110")
    position.post(
        "order_released", fact.on, fact.id, "", ((TRADER, "9119", amount), (TRADER, "9110", -amount))
    )


def _refer(position: Position, fact: Fact) -> None:
    """Whoever referred the order gets its share of the network's net fee, only on a settled order."""
    earned = -position.books.balance(NETWORK, "4210")
    amount = round_minor(position.contract.referral_share * earned)
    position.post("referral", fact.on, fact.id, "", ((NETWORK, "5410", amount), (NETWORK, "2420", -amount)))


def _share_profit(position: Position, fact: Fact) -> None:
    amount = round_minor(position.contract.profit_share * max(position.cash, 0))
    partner = position.contract.profit_partner or "partner"
    position.post(
        "profit_share",
        fact.on,
        fact.id,
        partner,
        ((TRADER, "5420", amount), (TRADER, "2410", -amount)),
    )
    position.post(
        "profit_share_paid", fact.on, fact.id, partner, ((TRADER, "2410", amount), (TRADER, CASH, -amount))
    )


def pay_residual(position: Position, amount: int, fact: Fact) -> None:
    position.post("residual", fact.on, fact.id, "", ((TRADER, "3010", amount), (TRADER, CASH, -amount)))
