"""What must be true before a fact is taken; draws and payments have rules in files of their own.

Every objection says why and what would change it. A fact that is recorded is never questioned again:
these rules look at the books as they stand when somebody states it.
"""

from collections.abc import Callable, Iterable
from datetime import date

from domain.accounts import Account
from domain.exchange import newest
from domain.states import OrderState
from domain.terms import Event
from finance.agreed.contract import BUYER, TAX
from finance.agreed.facts import Fact, FactKind
from finance.books.position import OWN_EVENTS, Position
from finance.fold.handlers import PRODUCTION_START, currency_of_payee
from finance.rules.draw import draw
from finance.rules.objection import (
    NOT_YET,
    Case,
    Circumstances,
    Objection,
    amount_needed,
    its_bookings,
    money,
)
from finance.rules.payment import conversion, payment, waits_for
from finance.sides.buyer import gross_credited
from finance.sides.creditors import creditors
from finance.sides.late_interest import late_interest_due

MILESTONES = frozenset({event.value for event in Event} | {PRODUCTION_START})


def objections(position: Position, fact: Fact, around: Circumstances) -> list[Objection]:
    """Everything that speaks against the fact, with the books as they stood before it."""
    found = list(_always(position, fact))
    check = CHECKS.get(fact.kind)
    if check is not None:
        found += check(Case(position, fact, around))
    return found


def _first_day(position: Position, fact: Fact) -> date:
    """A buyer may pay from the day of its order on, before anybody has agreed to finance it."""
    accepted = position.contract.accepted_on
    ordered = position.contract.events.get(Event.ORDER.value, accepted)
    return min(ordered, accepted) if fact.kind is FactKind.RECEIPT else accepted


def _always(position: Position, fact: Fact) -> Iterable[Objection]:
    if fact.on < _first_day(position, fact):
        yield Objection(
            f"{fact.on} is before the finance was accepted on {position.contract.accepted_on}",
            "give the day it happened",
        )
    for name in ("amount", "cost", "sold", "bought", "price", "quantity"):
        if (fact.number(name) or 0) < 0:
            yield Objection(
                f"the {name} is negative", "amounts are positive; the kind of fact says which way"
            )
    booking = fact.text("booking")
    if booking and booking not in position.accounts:
        yield Objection(f"the order has no booking {booking!r}", its_bookings(position))
    if fact.kind in VALUED and not fact.assumed:
        for currency in sorted(_currencies(position, fact)):
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
    yield from _not_passed(case, name)
    if name != Event.DELIVERY.value:
        return
    left = case.position.contract.sale.quantity * (1 - case.position.sales.delivered)
    if left == 0:
        yield Objection("everything is delivered already", "net milestone list ORDER names each delivery")
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


def _not_passed(case: Case, name: str) -> Iterable[Objection]:
    """Goods that failed their newest inspection are not delivered: what the factory is owed on a passed one
    would never fall due, and a lender would pay on goods that are not what was ordered."""
    if case.fact.data.get("passed", True) is False and name != Event.INSPECTION.value:
        yield Objection("only an inspection is passed or failed", "leave out --failed")
    failed_on = case.position.inspection_failed_on
    if name == Event.DELIVERY.value and failed_on is not None:
        yield Objection(
            f"the goods did not pass the inspection of {failed_on}",
            "record the inspection that they pass, or that the buyer takes them as they are (--evidence its"
            " word): net milestone record ORDER inspection",
        )


def _receipt(case: Case) -> Iterable[Objection]:
    yield from amount_needed(case.fact)
    if case.around.state in NOT_YET:
        yield Objection(f"the order is {case.around.state}", "reserve it first: net order run")
    yield from _received_before(case)
    if case.fact.data.get("identified") is True and not case.position.books.own(Account.BUYER_REFUND):
        yield Objection(
            "no money of an unknown account is waiting", "record what came: leave out --identified"
        )
    given, known = _account_number(case.fact.text("account")), case.position.contract.buyer_account
    apart = case.fact.data.get("unknown") is True or case.fact.data.get("identified") is True
    if given and known and given != _account_number(known) and not apart:
        yield Objection(
            f"the money came from {given}, which is not the buyer's account",
            "record it with --unknown; once somebody has asked the buyer, --identified",
        )


def _received_before(case: Case) -> Iterable[Objection]:
    """A bank gives each entry one reference: the same one again on another day is the same money."""
    reference = case.fact.text("reference")
    before = case.position.sales.references.get((reference, case.fact.minor("amount") or 0))
    if reference and before is not None and before != case.fact.on:
        yield Objection(
            f"reference {reference} is recorded already, for the same amount on {before}",
            "if it is another payment, give it a reference of its own: --reference",
        )


def _account_number(text: str) -> str:
    return "".join(text.split()).upper()


def _dispute(case: Case) -> Iterable[Objection]:
    yield from amount_needed(case.fact)
    if case.position.receivable <= 0:
        yield Objection("the buyer owes nothing that could be disputed", "a credit note takes back a sale")


def _credit_note(case: Case) -> Iterable[Objection]:
    yield from amount_needed(case.fact)
    sold = case.position.sales.gross - case.position.sales.credited
    quantity = case.fact.number("quantity")
    gross = case.fact.minor("amount") or 0 if quantity is None else gross_credited(case.position, quantity)
    if gross > sold:
        yield Objection(
            f"{money(case.position, gross)} is credited of {money(case.position, sold)} sold",
            "credit no more than was sold",
        )


def _closed_short(case: Case) -> Iterable[Objection]:
    sales = case.position.sales
    if sales.complete:
        yield Objection("everything is delivered, or closed already", "net order show tells the rest")
    elif not sales.delivered:
        yield Objection("nothing was delivered yet", "call the order off instead: net order cancel")


def _with_booking(case: Case) -> Iterable[Objection]:
    if not case.fact.text("booking"):
        yield Objection("which provider?", its_bookings(case.position))
    if case.fact.kind is not FactKind.PROVIDER_FAILED:
        yield from amount_needed(case.fact)


def _insurance(case: Case) -> Iterable[Objection]:
    insured = any(debt.facility.insured_rate for debt in case.position.debts.values())
    if not insured and case.fact.minor("amount") is None:
        yield Objection("nothing of this order is insured", "give the amount that was paid")
    amount, open_minor = case.fact.minor("amount") or 0, case.position.receivable
    if amount > max(open_minor, 0):
        yield Objection(
            f"an insurer pays no more than what the buyer owes, {money(case.position, max(open_minor, 0))}",
            "record what it paid for this order",
        )


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
        yield from _creditors_of_the_rest(case)
        return
    yield from _owed_to_others(case)
    unpaid = -sum(case.position.books.own(code) for code in (Account.PAYABLE, Account.NETWORK_FEE_PAYABLE))
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
    if case.position.cash != case.around.cash:
        yield Objection(
            "corrections left claims or credits open: the account does not hold what the books say",
            "settle them: net payment clear",
        )
    yield from _nothing_foreign_left(case.position)


REMEDIES = {
    BUYER: ("the buyer is owed back", "pay it back: net payment make ORDER buyer"),
    TAX: ("the tax office is still owed", "pay it: net payment make ORDER tax"),
    "guarantor": ("a guarantor is still owed", "pay it back or write it off"),
}


def _owed_to_others(case: Case) -> Iterable[Objection]:
    """Tax of every period, the buyer's money, and what firms get for what they have yet to do."""
    for one in creditors(case.position, case.fact.on):
        told = money(case.position, one.amount_minor, one.currency)
        account = case.position.accounts.get(one.party)
        if one.party in REMEDIES:
            reason, remedy = REMEDIES[one.party]
            yield Objection(f"{reason} {told}", remedy)
        elif account is not None and account.billed <= account.paid:
            yield Objection(f"{one.party} is still to be paid {told}", waits_for(case.position, one.party))


def _creditors_of_the_rest(case: Case) -> Iterable[Objection]:
    """What an order in default still holds goes to whom it owes; what is then missing is a shortfall."""
    owed = [one for one in creditors(case.position, case.fact.on) if not one.currency]
    if case.position.cash > 0 and owed:
        yield Objection(
            f"the account holds {money(case.position, case.position.cash)},"
            f" and {owed[0].party} is owed {money(case.position, owed[0].amount_minor)}",
            f"pay it first: net payment make ORDER {owed[0].party}",
        )


def _owed_to_lenders(position: Position) -> dict[str, int]:
    owed: dict[str, int] = {}
    for debt in position.debts.values():
        owed[debt.currency] = owed.get(debt.currency, 0) + debt.claim
    return owed


def _nothing_foreign_left(position: Position) -> Iterable[Objection]:
    for currency in position.contract.currencies:
        unpaid = -position.foreign.balance(Account.PAYABLE, currency)
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


def _known_facility(case: Case) -> Iterable[Objection]:
    name = case.fact.text("facility")
    if name and name not in case.position.debts:
        yield Objection(
            f"the order has no facility {name!r}", f"its facilities are: {', '.join(case.position.debts)}"
        )


def _cancelled(case: Case) -> Iterable[Objection]:
    """What a firm asks for being called off is its own booking's, and no less than nothing."""
    for name, amount in dict(case.fact.data.get("fees", {})).items():
        account = case.position.accounts.get(str(name))
        if account is None:
            yield Objection(f"{name!r} is no booking of this order", its_bookings(case.position))
        elif account.ended or account.billed_share == 1:
            yield Objection(f"{name} has ended: nothing of it is called off", "leave out its fee")
        elif int(amount) < 0:
            yield Objection(f"the fee of {name} is below zero", "a firm that pays back: net payment refund")


def _transfer(case: Case) -> Iterable[Objection]:
    debt = case.position.debts.get(case.fact.text("facility"))
    if debt is None or case.fact.text("seller") not in debt.lenders():
        yield Objection("the seller has no part of that facility", "net finance show lists the lenders")


def _late_interest(case: Case) -> Iterable[Objection]:
    if case.fact.minor("amount") is None and late_interest_due(case.position, case.fact.on) <= 0:
        yield Objection("no late interest is due", "give the amount that was agreed")


CHECKS: dict[FactKind, Callable[[Case], Iterable[Objection]]] = {
    FactKind.DRAW: draw,
    FactKind.PAYMENT: payment,
    FactKind.CONVERSION: conversion,
    FactKind.MILESTONE: _milestone,
    FactKind.RECEIPT: _receipt,
    FactKind.DISPUTE: _dispute,
    FactKind.CREDIT_NOTE: _credit_note,
    FactKind.CLOSED_SHORT: _closed_short,
    FactKind.DAMAGES: _with_booking,
    FactKind.REFUND: _with_booking,
    FactKind.PROVIDER_FAILED: _with_booking,
    FactKind.INSURANCE: _insurance,
    FactKind.SETTLED: _settled,
    FactKind.CANCELLED: _cancelled,
    FactKind.DEFAULT: _known_facility,
    FactKind.GUARANTEE: _known_facility,
    FactKind.TRANSFER: _transfer,
    FactKind.LATE_INTEREST: _late_interest,
}
