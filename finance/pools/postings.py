"""What pools and vouchers post: units for money, a day's worth by layer, vouchers in the place of debts."""

from collections.abc import Mapping

from domain.accounts import Account
from domain.posting import Leg
from finance.agreed.contract import TRADER
from finance.pools.units import JUNIOR, SENIOR

UNITS = {SENIOR: Account.SENIOR_UNITS, JUNIOR: Account.JUNIOR_UNITS}
LENDING = "lender:us"


def _legs(entity: str, currency: str, amounts: Mapping[str, int]) -> tuple[Leg, ...]:
    return tuple(Leg(entity, account, currency, amount) for account, amount in amounts.items() if amount)


def of_pool(name: str) -> str:
    return f"pool:{name}"


def money_in(pool: str, currency: str, parts: Mapping[str, int]) -> tuple[Leg, ...]:
    """Money that comes into a pool for units of each layer; below zero it goes out."""
    amounts = {Account.CASH: sum(parts.values())} | {UNITS[name]: -part for name, part in parts.items()}
    return _legs(of_pool(pool), currency, amounts)


def marked(pool: str, currency: str, changes: Mapping[str, int]) -> tuple[Leg, ...]:
    """The worth of a day: how much each layer rose."""
    amounts = {Account.POOL_RESULT: sum(changes.values())}
    return _legs(of_pool(pool), currency, amounts | {UNITS[name]: -part for name, part in changes.items()})


def voucher_issued(amount: int, currency: str) -> tuple[Leg, ...]:
    """In the issuer's books: what was owed to one firm is owed to whoever holds the voucher."""
    return _legs(TRADER, currency, {Account.PAYABLE: amount, Account.VOUCHERS_ISSUED: -amount})


def voucher_redeemed(amount: int, currency: str) -> tuple[Leg, ...]:
    """Paid by the issuer's own bank, outside every order's account."""
    return _legs(TRADER, currency, {Account.VOUCHERS_ISSUED: amount, Account.BROUGHT_IN: -amount})


def voucher_bought(amount: int, price: int, currency: str) -> tuple[Leg, ...]:
    """In the lender's books: the claim at its face, the price out, the discount not earned yet."""
    amounts = {
        Account.FACTORING_ADVANCE: amount,
        Account.CASH: -price,
        Account.UNEARNED_FEE: price - amount,
    }
    return _legs(LENDING, currency, amounts)
