"""When a lender pays out: his conditions are met, the payees are due, the limit holds."""

from collections.abc import Iterable

from domain.accounts import Account
from domain.network import Role
from domain.states import ENDED, OrderState
from domain.terms import Event
from finance.agreed.contract import TAX, Condition
from finance.agreed.facts import Fact
from finance.books.debt import Debt
from finance.books.position import Position
from finance.fold.handlers import currency_of_payee, take_out_amount
from finance.rules.objection import NOT_YET, Case, Circumstances, Objection, its_bookings, money
from finance.rules.payment import waits_for
from finance.sides.lenders import cost_of_draw, undrawn


def draw(case: Case) -> Iterable[Objection]:
    debt = case.position.debts.get(case.fact.text("facility"))
    if debt is None:
        yield Objection(
            f"the order has no facility {case.fact.text('facility')!r}",
            f"its facilities are: {', '.join(case.position.debts)}",
        )
        return
    yield from _conditions(case.position, debt, case.around)
    yield from _payees(case.position, debt, case.fact)
    yield from _headroom(case.position, debt, case.fact)


CONDITION_REMEDIES = {
    Condition.SLOTS_RESERVED: "reserve the slots first: net slot reserve",
    Condition.NOT_FINANCED_ELSEWHERE: "claim the order in the registry: net finance accept",
    Condition.BUYER_CONFIRMED: "the buyer confirms the order with its own key: net finance confirm",
    Condition.ASSIGNMENT_NOTIFIED: "record the notice: net finance confirm --condition assignment_notified",
    Condition.INSPECTION_PASSED: "record the inspection: net milestone record ORDER inspection",
    Condition.DELIVERY_ACCEPTED: "record the delivery: net milestone record ORDER delivery",
    Condition.NOT_DISPUTED: "settle the dispute first",
    Condition.NO_DEFAULT: "nothing more is lent once an order is in default",
}


def _conditions(position: Position, debt: Debt, around: Circumstances) -> Iterable[Objection]:
    wanted = debt.facility.conditions
    if not debt.drawings:
        wanted = (*debt.facility.first_conditions, *wanted)
    for condition in dict.fromkeys(wanted):
        if not is_met(position, condition, around):
            reason = f"{debt.id} is not drawn before: {condition.value.replace('_', ' ')}"
            yield Objection(reason, CONDITION_REMEDIES[condition])


def is_met(position: Position, condition: Condition, around: Circumstances) -> bool:
    """Whether a condition of a draw holds now."""
    if condition in around.met or condition.value in position.confirmations:
        return True
    if condition is Condition.SLOTS_RESERVED:
        return around.state not in NOT_YET and around.state not in ENDED
    if condition is Condition.INSPECTION_PASSED:
        return Event.INSPECTION.value in position.happened and position.inspection_failed_on is None
    if condition is Condition.DELIVERY_ACCEPTED:
        return position.sales.delivered > 0
    if condition is Condition.NOT_DISPUTED:
        return position.books.own(Account.DISPUTED) == 0
    if condition is Condition.NO_DEFAULT:
        return not position.frozen and around.state not in (OrderState.DEFAULTED, OrderState.CANCELLED)
    return False


def _payees(position: Position, debt: Debt, fact: Fact) -> Iterable[Objection]:
    """A draw goes to reserved bookings, for what is due to them; only a take-out goes to the loop."""
    payees = fact.data.get("payees", [])
    if debt.facility.factoring:
        if payees:
            yield Objection("a take-out is paid into the order's account", "leave out the payees")
        return
    planned = any(draw.principal_minor == fact.minor("amount") or draw.cash_minor == fact.minor("amount")
                  for draw in debt.facility.draws)  # fmt: skip
    if not payees and not planned:
        yield Objection("a draw names whom it pays", f"name a booking as payee; {its_bookings(position)}")
    for name, amount, *cost in payees:
        if not cost and currency_of_payee(position, str(name)) != position.currency_of(debt.id):
            yield Objection(f"{name} is paid in another currency than {debt.id} lends", "say what it cost")
        yield from _payee(position, debt, str(name), int(amount))


def _payee(position: Position, debt: Debt, name: str, amount: int) -> Iterable[Objection]:
    if name == TAX and debt.facility.role is Role.CONTINGENCY:
        return
    account = position.accounts.get(name)
    if account is None and name in position.debts and position.debts[name].facility.charges:
        return
    if account is None:
        yield Objection(f"{name!r} is no reserved booking of this order", its_bookings(position))
        return
    if account.ended:
        yield Objection(f"the booking {name} has ended", "money goes only to providers that still deliver")
    elif amount <= 0:
        yield Objection(f"nothing is drawn for {name}", "give an amount above zero")
    elif amount > (open_amount := position.due_now(account) - account.paid):
        yield Objection(
            f"{name} is owed {money(position, max(open_amount, 0), account.currency)} so far,"
            f" not {money(position, amount, account.currency)}",
            f"what follows is due once its event is recorded; {waits_for(position, name)}",
        )


def _headroom(position: Position, debt: Debt, fact: Fact) -> Iterable[Objection]:
    cash = fact.minor("amount")
    if cash is None:
        cash = sum(cost for _, _, cost in fact.payees)
    if debt.facility.factoring:
        most = take_out_amount(position, debt)
        if most <= 0:
            yield Objection(
                "the take-out has nothing more to advance", "what it advances on is sold and undisputed"
            )
        if (fact.minor("amount") or most) > most:
            yield Objection(
                f"the take-out advances at most {money(position, most)}", "draw no more than that"
            )
        return
    principal, free = cost_of_draw(position, debt, cash, fact.on).principal, undrawn(debt)
    if principal > free:
        yield Objection(
            f"{debt.id} has {money(position, free, debt.currency)} left;"
            f" needed: {money(position, principal, debt.currency)}",
            "draw less, or use the standby facility",
        )
