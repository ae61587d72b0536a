"""What must be true before a fact is taken: conditions of draws, the waterfall for payments, sane amounts.

Every objection says why and what would change it. A fact that is recorded is never questioned again:
these rules look at the books as they stand when somebody states it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from domain.exchange import newest
from domain.money import format_minor
from domain.network import Role
from domain.states import ENDED, OrderState
from domain.terms import Event
from finance.contract import BUYER, TAX, TRADER, Condition
from finance.debt import Debt
from finance.facts import Fact, FactKind
from finance.handlers import PRODUCTION_START, currency_of_payee, late_interest_due, take_out_amount
from finance.lending import cost_of_draw, undrawn
from finance.position import OWN_EVENTS, Position
from finance.taxes import surcharge_payable, tax_payable
from finance.waterfall import comes_before, dues


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a fact is refused, and what would change that."""

    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the books alone do not know: the order's state in the ledger, its cash as it really is, and
    which conditions are met there (no second finance)."""

    state: OrderState
    cash: int
    met: frozenset[Condition] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """A fact that somebody states, the books as they stood before it, and what is around them."""

    position: Position
    fact: Fact
    around: Circumstances


def money(position: Position, amount_minor: int, currency: str = "") -> str:
    """An amount for people, with its currency; the order's where none is named."""
    currency = currency or position.contract.currency
    return f"{format_minor(amount_minor, currency, grouped=True)} {currency}"


Check = Callable[[Case], Iterable[Objection]]
MILESTONES = frozenset({event.value for event in Event} | {PRODUCTION_START})
NOT_YET = frozenset({OrderState.DRAFT, OrderState.CONFIRMED, OrderState.PLANNED, OrderState.HELD})


def objections(position: Position, fact: Fact, around: Circumstances) -> list[Objection]:
    """Everything that speaks against the fact, with the books as they stood before it."""
    found = list(_always(position, fact))
    check = CHECKS.get(fact.kind)
    if check is not None:
        found += check(Case(position, fact, around))
    return found


def _always(position: Position, fact: Fact) -> Iterable[Objection]:
    if fact.on < position.contract.accepted_on:
        yield Objection(
            f"{fact.on} is before the finance was accepted on {position.contract.accepted_on}",
            "give the day it happened",
        )
    for name in ("amount", "cost", "sold", "bought"):
        if (fact.minor(name) or 0) < 0:
            yield Objection(
                f"the {name} is negative", "amounts are positive; the kind of fact says which way"
            )
    booking = fact.text("booking")
    if booking and booking not in position.accounts:
        yield Objection(f"the order has no booking {booking!r}", _bookings(position))
    if fact.kind in VALUED and not fact.assumed:
        for currency in _currencies(position, fact):
            yield from _rate_known(position, currency, fact.on)


VALUED = frozenset(
    {
        FactKind.MILESTONE,
        FactKind.PROVIDER_FAILED,
        FactKind.DAMAGES,
        FactKind.REFUND,
        FactKind.CANCELLED,
        FactKind.DRAW,
        FactKind.CONVERSION,
        FactKind.PAYMENT,
        FactKind.REVALUATION,
    }
)
"""Kinds of facts that put a value on foreign money: the rate of their day must be known."""


def _currencies(position: Position, fact: Fact) -> set[str]:
    """The foreign currencies that a fact is about: those of its booking, facility and payees, else all."""
    names = [fact.text("facility"), *(payee for payee, _, _ in fact.payees)]
    if fact.kind is FactKind.PAYMENT:
        names.append(fact.text("payee"))
    account = position.accounts.get(fact.text("booking"))
    if any(names) or account is not None:
        found = {currency_of_payee(position, name) for name in names if name}
        found |= {account.currency} if account is not None else set()
    elif fact.kind is FactKind.CONVERSION:
        found = {fact.text("from"), fact.text("to")}
    else:
        found = set(position.contract.currencies)
    return found - {"", position.contract.currency}


def _rate_known(position: Position, currency: str, on: date) -> Iterable[Objection]:
    home, most = position.contract.currency, position.contract.rate_days
    known = newest(position.contract.rates, currency, home, on)
    remedy = f"net rate record {currency} {home} RATE --on {on} --source NAME"
    if known is None:
        yield Objection(f"there is no rate of {currency} in {home} on or before {on}", remedy)
    elif most is not None and (on - known.on).days > most:
        yield Objection(
            f"the newest rate of {currency} is of {known.on}, {(on - known.on).days} days before {on};"
            f" the policy allows {most}",
            f"{remedy}; or rate_days in the [policy]",
        )


def _bookings(position: Position) -> str:
    return f"its bookings are: {', '.join(position.accounts)}"


def _amount_needed(fact: Fact) -> Iterable[Objection]:
    if (fact.minor("amount") or 0) <= 0 and fact.number("quantity") is None:
        yield Objection("an amount above zero is needed", "give the amount")


def _draw(case: Case) -> Iterable[Objection]:
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
            reason = f"{debt.facility.id} is not drawn before: {condition.value.replace('_', ' ')}"
            yield Objection(reason, CONDITION_REMEDIES[condition])


def is_met(position: Position, condition: Condition, around: Circumstances) -> bool:
    """Whether a condition of a draw holds now."""
    if condition in around.met or condition.value in position.confirmations:
        return True
    if condition is Condition.SLOTS_RESERVED:
        return around.state not in NOT_YET and around.state not in ENDED
    if condition is Condition.INSPECTION_PASSED:
        return Event.INSPECTION.value in position.happened
    if condition is Condition.DELIVERY_ACCEPTED:
        return position.delivered > 0
    if condition is Condition.NOT_DISPUTED:
        return position.books.balance(TRADER, "1215") == 0
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
        yield Objection("a draw names whom it pays", f"name a booking as payee; {_bookings(position)}")
    for name, amount, *cost in payees:
        if not cost and currency_of_payee(position, str(name)) != position.currency_of(debt.facility.id):
            yield Objection(
                f"{name} is paid in another currency than {debt.facility.id} lends", "say what it cost"
            )
        yield from _payee(position, debt, str(name), int(amount))


def _payee(position: Position, debt: Debt, name: str, amount: int) -> Iterable[Objection]:
    if name == TAX and debt.facility.role is Role.CONTINGENCY:
        return
    account = position.accounts.get(name)
    if account is None and name in position.debts and position.debts[name].facility.charges:
        return
    if account is None:
        yield Objection(f"{name!r} is no reserved booking of this order", _bookings(position))
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
            f"{debt.facility.id} has {money(position, free, debt.currency)} left;"
            f" needed: {money(position, principal, debt.currency)}",
            "draw less, or use the standby facility",
        )


def _payment(case: Case) -> Iterable[Objection]:
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
    first = sum(
        owed
        for rank, owed in dues(case.position, case.fact.on).items()
        if comes_before(case.position, rank, payee)
    )

    def told(minor: int) -> str:
        return money(case.position, minor)

    if needed + first > case.around.cash:
        reserved = f", of which {told(first)} is due to those who come first" if first else ""
        yield Objection(
            f"the order's account holds {told(case.around.cash)}{reserved}; it needs {told(needed)}",
            "wait for the buyer's payment, or draw the standby facility",
        )


def _conversion(case: Case) -> Iterable[Objection]:
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
        return tax_payable(position, on) + surcharge_payable(position, on)
    if payee in position.accounts:
        account = position.accounts[payee]
        return max(position.due_now(account) - account.paid, 0)
    if payee in position.debts:
        debt = position.debts[payee]
        return min(debt.claim, max(position.cash_in(debt.currency), 0))
    return position.cash if payee == TRADER else -position.books.balance(TRADER, "2220")


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
    if account is not None and position.frozen:
        yield Objection("the buyer is insolvent: the account is kept for the lenders", "see the waterfall")
    if payee == BUYER and amount is not None:
        owed = -position.books.balance(TRADER, "2220") - position.books.balance(TRADER, "2210")
        if amount > owed:
            yield Objection(
                f"the buyer is owed back {money(position, owed)}, not {money(position, amount)}",
                "pay no more than that",
            )
    if payee == TRADER and position.state not in ENDED:
        yield Objection("the trader is paid last, when the order is settled", "net order settle")


def _milestone(case: Case) -> Iterable[Objection]:
    name, quantity = case.fact.text("name"), case.fact.number("quantity")
    if name not in MILESTONES:
        yield Objection(f"{name!r} is no milestone", f"the milestones are: {', '.join(sorted(MILESTONES))}")
    if case.around.state in NOT_YET:
        yield Objection(
            f"the order is {case.around.state}: nothing is reserved yet", "net slot reserve comes first"
        )
    yield from _whose(case, name)
    yield from _out_of_turn(case, name)
    if name != Event.DELIVERY.value:
        return
    left = case.position.contract.sale.quantity * (1 - case.position.delivered)
    if left == 0:
        yield Objection("everything is delivered already", "net order show tells the rest")
    elif quantity is not None and not 0 < quantity <= left:
        yield Objection(f"{quantity} units delivered where {left} are open", "give what the buyer accepted")


def _whose(case: Case, name: str) -> Iterable[Objection]:
    """A carrier's departure is not the factory's: what falls due on it hangs on whose it is."""
    if name not in OWN_EVENTS or case.fact.text("booking"):
        return
    waiting = [
        account.booking.id
        for account in case.position.accounts.values()
        if name in {due.term.event.value for due in account.booking.dues} | {account.booking.bill_on.value}
    ]
    if waiting:
        yield Objection(f"whose {name}?", f"name it: --booking {' or '.join(waiting)}")


STAGES = {
    PRODUCTION_START: OrderState.PRODUCING,
    Event.PRODUCTION_END.value: OrderState.PRODUCING,
    Event.INSPECTION.value: OrderState.INSPECTED,
    Event.DELIVERY.value: OrderState.DELIVERED,
}
"""Where a milestone takes the order."""
BEFORE_PRODUCTION = frozenset({OrderState.RESERVED, OrderState.FUNDED})


def _out_of_turn(case: Case, name: str) -> Iterable[Objection]:
    """Goods that nobody has stated as made are neither inspected nor delivered: the order would be stuck
    in a state from which it can never be paid, and a slip of the pen would sell everything."""
    target = STAGES.get(name)
    state = case.position.state
    if target is None or state not in BEFORE_PRODUCTION or target is OrderState.PRODUCING:
        return
    if Event.PRODUCTION_END.value in case.position.happened:
        return
    yield Objection(
        f"{name} on {case.fact.on} comes before the goods are stated as made",
        "record that first, with its own day: net milestone record ORDER production_end --on DATE",
    )


def _receipt(case: Case) -> Iterable[Objection]:
    yield from _amount_needed(case.fact)
    if case.around.state in NOT_YET:
        yield Objection(f"the order is {case.around.state}", "reserve it first: net order run")
    given, known = _account_number(case.fact.text("account")), case.position.contract.buyer_account
    apart = case.fact.data.get("unknown") is True or case.fact.data.get("identified") is True
    if given and known and given != _account_number(known) and not apart:
        yield Objection(
            f"the money came from {given}, which is not the buyer's account",
            "record it with --unknown; once somebody has asked the buyer, --identified",
        )


def _account_number(text: str) -> str:
    return "".join(text.split()).upper()


def _dispute(case: Case) -> Iterable[Objection]:
    yield from _amount_needed(case.fact)
    if case.position.receivable <= 0:
        yield Objection("the buyer owes nothing that could be disputed", "a credit note takes back a sale")


def _credit_note(case: Case) -> Iterable[Objection]:
    yield from _amount_needed(case.fact)
    sold = (
        case.position.sold_net
        + case.position.sold_tax
        - case.position.credited_net
        - case.position.credited_tax
    )
    quantity = case.fact.number("quantity")
    sale = case.position.contract.sale
    gross = (
        case.fact.minor("amount") or 0
        if quantity is None
        else int(sale.gross_minor * quantity / sale.quantity)
    )
    if gross > sold:
        yield Objection(
            f"{money(case.position, gross)} is credited of {money(case.position, sold)} sold",
            "credit no more than was sold",
        )


def _with_booking(case: Case) -> Iterable[Objection]:
    if not case.fact.text("booking"):
        yield Objection("which provider?", _bookings(case.position))
    if case.fact.kind is not FactKind.PROVIDER_FAILED:
        yield from _amount_needed(case.fact)


def _insurance(case: Case) -> Iterable[Objection]:
    insured = any(debt.facility.insured_rate for debt in case.position.debts.values())
    if not insured and case.fact.minor("amount") is None:
        yield Objection("nothing of this order is insured", "give the amount that was paid")


def _settled(case: Case) -> Iterable[Objection]:
    for currency, owed in _owed_to_lenders(case.position).items():
        if owed:
            told = money(case.position, owed, currency)
            yield Objection(f"lenders are still owed {told}", "repay or write off first")
    if case.position.receivable and case.position.state is not OrderState.DEFAULTED:
        yield Objection(
            f"the buyer still owes {money(case.position, case.position.receivable)}",
            "record its payment or a write-off",
        )
    if case.position.state is OrderState.DEFAULTED:
        return
    unpaid = -sum(case.position.books.balance(TRADER, code) for code in ("2110", "2120"))
    if unpaid:
        open_ones = [
            f"{name} {money(case.position, account.billed - account.paid)}"
            for name, account in case.position.accounts.items()
            if account.billed > account.paid
        ]
        yield Objection(
            f"providers are still owed {money(case.position, unpaid)}: {', '.join(open_ones)}",
            "pay them: net payment make",
        )
    refunds = -case.position.books.balance(TRADER, "2220")
    if refunds > 0:
        yield Objection(
            f"the buyer is owed back {money(case.position, refunds)}",
            "pay it back: net payment make ORDER buyer",
        )
    if case.position.cash != case.around.cash:
        yield Objection(
            "corrections left claims or credits open: the account does not hold what the books say",
            "settle them: net payment clear",
        )
    yield from _nothing_foreign_left(case.position)


def _owed_to_lenders(position: Position) -> dict[str, int]:
    owed: dict[str, int] = {}
    for debt in position.debts.values():
        owed[debt.currency] = owed.get(debt.currency, 0) + debt.claim
    return owed


def _nothing_foreign_left(position: Position) -> Iterable[Objection]:
    for currency in position.contract.currencies:
        unpaid = -position.exchange.balance("2110", currency)
        if unpaid:
            yield Objection(
                f"providers are still owed {money(position, unpaid, currency)}", "pay them: net payment make"
            )
        held = position.cash_in(currency)
        if held:
            yield Objection(
                f"the order's account still holds {money(position, held, currency)}",
                f"change it: net payment change ORDER AMOUNT {currency} AMOUNT {position.contract.currency}",
            )


def _transfer(case: Case) -> Iterable[Objection]:
    debt = case.position.debts.get(case.fact.text("facility"))
    if debt is None or case.fact.text("seller") not in debt.lenders():
        yield Objection("the seller has no part of that facility", "net finance show lists the lenders")


def _late_interest(case: Case) -> Iterable[Objection]:
    if case.fact.minor("amount") is None and late_interest_due(case.position, case.fact.on) <= 0:
        yield Objection("no late interest is due", "give the amount that was agreed")


CHECKS: dict[FactKind, Check] = {
    FactKind.DRAW: _draw,
    FactKind.PAYMENT: _payment,
    FactKind.CONVERSION: _conversion,
    FactKind.MILESTONE: _milestone,
    FactKind.RECEIPT: _receipt,
    FactKind.DISPUTE: _dispute,
    FactKind.CREDIT_NOTE: _credit_note,
    FactKind.DAMAGES: _with_booking,
    FactKind.REFUND: _with_booking,
    FactKind.PROVIDER_FAILED: _with_booking,
    FactKind.INSURANCE: _insurance,
    FactKind.SETTLED: _settled,
    FactKind.TRANSFER: _transfer,
    FactKind.LATE_INTEREST: _late_interest,
}
