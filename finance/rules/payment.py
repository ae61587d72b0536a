"""When the order's account pays: something is owed, the account holds it, who comes first is paid first."""

from collections.abc import Iterable
from datetime import date

from domain.accounts import Account
from domain.states import ENDED
from finance.agreed.contract import BUYER, TAX, TRADER
from finance.books.position import OWN_EVENTS, Position
from finance.fold.handlers import currency_of_payee
from finance.rules.objection import Case, Objection, money
from finance.sides.creditors import kept_for_creditors, owed_back_to_buyer, residual
from finance.sides.taxes import tax_with_surcharge
from finance.sides.waterfall import comes_before, dues


def payment(case: Case) -> Iterable[Objection]:
    payee, amount = case.fact.text("payee"), case.fact.minor("amount")
    known = payee in case.position.accounts or payee in case.position.debts or payee in (TAX, BUYER, TRADER)
    if not known:
        yield Objection(
            f"{payee!r} is nobody whom this order pays",
            f"it pays: {', '.join([*case.position.accounts, *case.position.debts, TAX, BUYER])}",
        )
        return
    yield from _amount_owed(case.position, payee, amount)
    currency = currency_of_payee(case.position, payee)
    wanted = _wanted(case.position, payee, case.fact.on) if amount is None else amount
    if wanted == 0:
        known = payee in case.position.accounts
        remedy = waits_for(case.position, payee) if known else "net payment due shows what is due"
        yield Objection(f"nothing is owed to {payee} now", remedy)
    cost = case.fact.minor("cost")
    if cost is not None and not currency:
        yield Objection(f"{payee} is paid in the order's own currency", "leave out what the change cost")
    if currency and cost is None:
        held = max(case.position.cash_in(currency), 0)
        if wanted > held:
            yield Objection(
                f"the order's account holds {money(case.position, held, currency)};"
                f" it needs {money(case.position, wanted, currency)}",
                "say what changing the order's money cost: --cost AMOUNT",
            )
        return
    yield from _held(case, payee, wanted if cost is None else cost)


def _held(case: Case, payee: str, needed: int) -> Iterable[Objection]:
    """Whether the account holds it, beside what is due to those who come first."""
    first = _before(case, payee)

    def told(minor: int) -> str:
        return money(case.position, minor)

    if needed + first > case.around.cash:
        reserved = f", of which {told(first)} is due to those who come first" if first else ""
        yield Objection(
            f"the order's account holds {told(case.around.cash)}{reserved}; it needs {told(needed)}",
            "wait for the buyer's payment, or draw the standby facility",
        )


def _before(case: Case, payee: str) -> int:
    """What those get who come first: before the trader everybody, whatever day it falls due on."""
    if payee == TRADER:
        return kept_for_creditors(case.position, case.fact.on)
    due = dues(case.position, case.fact.on)
    return sum(owed for rank, owed in due.items() if comes_before(case.position, rank, payee))


def conversion(case: Case) -> Iterable[Objection]:
    """Money that the account holds is changed; what is owed first is not changed away."""
    position, fact = case.position, case.fact
    home = position.contract.currency
    source, target = fact.text("from"), fact.text("to")
    sold, bought = fact.minor("sold") or 0, fact.minor("bought") or 0
    known = {home, *position.contract.currencies}
    for currency in (source, target):
        if currency not in known:
            yield Objection(
                f"the order has nothing in {currency}", f"its currencies are: {', '.join(sorted(known))}"
            )
            return
    if source == target:
        yield Objection(f"{source} is changed into itself", "name two currencies")
    if sold <= 0 or bought <= 0:
        yield Objection("what was sold and what was bought are both needed", "give both amounts")
    held = case.around.cash if source == home else position.cash_in(source)
    if sold > held:
        yield Objection(
            f"the order's account holds {money(position, max(held, 0), source)},"
            f" not {money(position, sold, source)}",
            "change no more than it holds",
        )


def _wanted(position: Position, payee: str, on: date) -> int:
    """What a payment without an amount would pay."""
    if payee == TAX:
        return tax_with_surcharge(position, on)
    if payee in position.accounts:
        account = position.accounts[payee]
        return max(position.due_now(account) - account.paid, 0)
    if payee in position.debts:
        debt = position.debts[payee]
        return min(debt.claim, max(position.cash_in(debt.currency), 0))
    return residual(position, on) if payee == TRADER else owed_back_to_buyer(position)


def _amount_owed(position: Position, payee: str, amount: int | None) -> Iterable[Objection]:
    account = position.accounts.get(payee)
    if account is not None and amount is not None:
        owed = position.due_now(account) - account.paid
        if amount > owed:
            yield Objection(
                f"{payee} is owed {money(position, max(owed, 0), account.currency)} so far,"
                f" not {money(position, amount, account.currency)}",
                waits_for(position, payee),
            )
    if account is not None and position.frozen and any(debt.claim for debt in position.debts.values()):
        yield Objection("the buyer is insolvent: the account is kept for the lenders", "see the waterfall")
    if payee == BUYER and amount is not None:
        owed = -position.books.own(Account.BUYER_REFUND) - position.books.own(Account.DEPOSIT)
        if amount > owed:
            yield Objection(
                f"the buyer is owed back {money(position, owed)}, not {money(position, amount)}",
                "pay no more than that",
            )
    if payee == TRADER and position.state not in ENDED:
        yield Objection("the trader is paid last, when the order is settled", "net order settle")


def waits_for(position: Position, name: str) -> str:
    """Which events the open instalments of a booking wait for."""
    booking = position.accounts[name].booking
    waiting = [due.term.event for due in booking.dues if position.event_on(due.term.event, booking) is None]
    if not waiting:
        return "nothing more is to come"
    first = waiting[0]
    whose = f" --booking {name}" if first in OWN_EVENTS else ""
    told = ", ".join(dict.fromkeys(waiting))
    return f"it waits for: {told}; record it: net milestone record ORDER {first.value}{whose} --on DATE"
