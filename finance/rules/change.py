"""What a statement leaves unsaid about changing money: what is owed, and what it costs at the day's rate."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from domain.errors import RefusedError
from domain.exchange import converted, converted_up
from finance.agreed.facts import FactKind
from finance.books.position import Position
from finance.fold.expectations import claim_on
from finance.fold.handlers import currency_of_payee
from finance.sides.lenders import is_foreign


def with_change(position: Position, kind: FactKind, on: date, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a payment or a draw with the amounts that follow from the books and the rates.

    A payment to who is paid in another currency costs what a promised rate says while it holds, else what
    the rate of the day says; the bank's own figure, where it is given, stands. What the rules refuse
    anyway stays as it is.
    """
    content = dict(data)
    if kind is FactKind.PAYMENT:
        return _payment(position, on, content)
    if kind is FactKind.DRAW and content.get("payees"):
        content["payees"] = _payees(position, on, content)
    return content


def _payment(position: Position, on: date, content: dict[str, Any]) -> dict[str, Any]:
    payee = str(content.get("payee", ""))
    currency = currency_of_payee(position, payee)
    if not currency:
        return content
    if "amount" not in content:
        content["amount"] = str(owed_to(position, payee, on))
    amount = int(content["amount"])
    if "cost" not in content and amount > max(position.cash_in(currency), 0):
        factor = buying(position, currency, on)
        if factor is not None:
            content["cost"] = str(converted(amount, factor))
    return content


def owed_to(position: Position, payee: str, on: date) -> int:
    """What a booking or a facility is owed on a day, in its own currency."""
    account = position.accounts.get(payee)
    if account is not None:
        return max(position.due_now(account) - account.paid, 0)
    debt = position.debts.get(payee)
    return claim_on(debt, on) if debt is not None else 0


def buying(position: Position, currency: str, on: date) -> Fraction | None:
    """The order's money that one minor unit of a currency costs on a day; None where no rate is known."""
    dealing = position.contract.dealing(currency)
    if dealing is not None and dealing.fixed_by and (dealing.until is None or on <= dealing.until):
        return dealing.buy
    try:
        return position.foreign.factor(currency, on)
    except RefusedError:
        return None


def _payees(position: Position, on: date, content: Mapping[str, Any]) -> list[list[str]]:
    """Each payee of a draw with what of the drawn money it takes, where the currencies differ."""
    debt = position.debts.get(str(content.get("facility", "")))
    found = []
    for name, amount, *cost in content["payees"]:
        one = [str(name), str(amount), *map(str, cost)]
        paid_in = currency_of_payee(position, str(name))
        lent_in = debt.currency if debt is not None and is_foreign(position, debt) else ""
        if debt is not None and not cost and paid_in != lent_in:
            one.append(str(_taken(position, int(amount), paid_in, lent_in, on)))
        found.append(one)
    return found


def _taken(position: Position, amount: int, paid_in: str, lent_in: str, on: date) -> int:
    home = converted(amount, buying(position, paid_in, on) or Fraction(1)) if paid_in else amount
    factor = buying(position, lent_in, on) if lent_in else None
    return converted_up(home, 1 / factor) if factor else home
