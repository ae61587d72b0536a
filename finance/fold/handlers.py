"""What each kind of fact does to the books: one small function each, found by its kind."""

from collections.abc import Callable
from fractions import Fraction

from domain.accounts import Account
from domain.money import round_minor
from domain.network import Role
from domain.states import OrderState
from domain.terms import Event
from finance.agreed.contract import BUYER, TRADER, Booking
from finance.agreed.facts import Fact, FactKind
from finance.books.booking_account import BookingAccount
from finance.books.debt import Debt
from finance.books.order_books import booked
from finance.books.position import Position, move
from finance.sides import buyer, lenders, loss, providers, taxes
from finance.sides.amendment import amend
from finance.sides.creditors import owed_back_to_buyer, residual
from finance.sides.ending import pay_residual, release_order, settle
from finance.sides.late_interest import late_interest_due

Handler = Callable[[Position, Fact], None]
TAX_PAYEE = "tax"
PRODUCTION_START = "production_start"


def accept(position: Position, fact: Fact) -> None:
    gross = position.contract.sale.gross_minor
    position.happened[Event.ORDER.value] = position.contract.events.get(Event.ORDER.value, fact.on)
    position.happened[Event.BOOKING.value] = position.contract.events.get(Event.BOOKING.value, fact.on)
    position.post(
        "order_accepted",
        fact,
        "",
        booked(TRADER, Account.ORDER_ACCEPTED, Account.ORDER_ACCEPTED_CONTRA, gross),
    )
    providers.hold_slots(position, fact)
    lenders.grant(position, fact)


def give_back(position: Position, fact: Fact) -> None:
    providers.keep_fee(position, fact)


def confirm(position: Position, fact: Fact) -> None:
    """The buyer confirmed, the assignment was notified, the registry answered: conditions of draws."""
    position.confirmations.add(fact.text("condition"))


def reach(position: Position, fact: Fact) -> None:
    """A milestone: goods made, inspected, moved, delivered, a service ended.

    An inspection that failed is none: nothing falls due, is billed or lent on it.
    """
    name, booking = fact.text("name"), fact.text("booking")
    if name == Event.INSPECTION.value:
        position.inspection_failed_on = fact.on if fact.data.get("passed", True) is False else None
        if position.inspection_failed_on is not None:
            return
    position.happened.setdefault(f"{name}/{booking}" if booking else name, fact.on)
    if name in (PRODUCTION_START, Event.PRODUCTION_END.value):
        move(position, OrderState.PRODUCING)
    if name == Event.DELIVERY.value:
        buyer.deliver(position, fact.number("quantity"), fact)
        move(position, OrderState.DELIVERED)
        if _invoiced_on_delivery(position):
            buyer.invoice(position, fact)
        after_receipt(position)  # the buyer may have paid it all in advance
    elif name == Event.INSPECTION.value:
        move(position, OrderState.INSPECTED)
    _bill_served(position, name, booking, fact)


def _invoiced_on_delivery(position: Position) -> bool:
    events = position.contract.events
    delivery = events.get(Event.DELIVERY.value)
    return events.get(Event.INVOICE.value, delivery) == delivery


def _bill_served(position: Position, name: str, booking: str, fact: Fact) -> None:
    for account in position.accounts.values():
        own = account.booking.id == booking if booking else not _own_event(name)
        if own and _serves(position, account.booking, name):
            providers.bill(position, account, Fraction(1), fact)


def _own_event(name: str) -> bool:
    return name in (Event.SERVICE_END.value, Event.DEPARTURE.value, Event.ARRIVAL.value)


def _serves(position: Position, booking: Booking, name: str) -> bool:
    """Goods count as received once inspected, where they are inspected; else once made."""
    if booking.goods:
        wanted = Event.INSPECTION if position.contract.inspected else Event.PRODUCTION_END
        return name == wanted.value
    return name == booking.bill_on.value and name != Event.DELIVERY.value


def invoice(position: Position, fact: Fact) -> None:
    buyer.invoice(position, fact)


def draw(position: Position, fact: Fact) -> None:
    """Lenders pay: a take-out into the loop, any other draw through the loop to the payees it names."""
    debt = position.debts.get(fact.text("facility"))
    if debt is None or debt.released:
        return
    absent = [str(name) for name in fact.data.get("absent", [])]
    if debt.facility.factoring:
        _take_out(position, debt, fact, absent)
        return
    payees = fact.payees
    wanted = fact.minor("amount")
    cash = sum(cost for _, _, cost in payees) if wanted is None else wanted
    lenders.draw(position, debt, cash, fact, absent)
    move(position, OrderState.FUNDED)
    for name, amount, cost in payees:
        _change(position, fact, cost, debt.currency, amount, currency_of_payee(position, name))
        pay_payee(position, name, amount, fact)
    lenders.set_due_dates(position)


def _take_out(position: Position, debt: Debt, fact: Fact, absent: list[str]) -> None:
    amount = fact.minor("amount")
    if amount is None:
        amount = take_out_amount(position, debt)
    lenders.draw(position, debt, amount, fact, absent)
    position.happened.setdefault(Event.FUNDING.value, fact.on)
    lenders.set_due_dates(position)
    buyer.take_out_others(position, fact)
    move(position, OrderState.TAKEN_OUT)


def take_out_amount(position: Position, debt: Debt) -> int:
    """The advance rate of what the buyer owes and does not dispute, within the limit."""
    base = position.books.own(Account.RECEIVABLE) + position.derecognised
    most = round_minor(debt.facility.advance_rate * base) - debt.drawn
    return max(min(most, lenders.undrawn(debt)), 0)


def pay(position: Position, fact: Fact) -> None:
    """A payment out of the loop; where the payee is paid in another currency, ``cost`` of the order's money
    is changed for it first."""
    payee, amount = fact.text("payee"), fact.minor("amount")
    cost = fact.minor("cost")
    if cost and amount:
        _change(position, fact, cost, "", amount, currency_of_payee(position, payee))
    pay_payee(position, payee, amount, fact)


def currency_of_payee(position: Position, payee: str) -> str:
    """What a payee is paid in: nothing for the order's own currency."""
    account = position.accounts.get(payee)
    return position.currency_of(account.entity if account is not None else payee)


def pay_payee(position: Position, payee: str, amount: int | None, fact: Fact) -> None:
    """Money leaves the loop: to a booking, the tax office, the buyer, a lender, or the trader at the end."""
    account = position.accounts.get(payee)
    if account is not None:
        owed = max(position.due_now(account) - account.paid, 0)
        providers.pay(position, account, owed if amount is None else amount, fact)
    elif payee == TAX_PAYEE:
        taxes.pay_tax(position, fact)
    elif payee == BUYER:
        owed = owed_back_to_buyer(position)
        buyer.refund_buyer(position, owed if amount is None else amount, fact)
    elif payee == TRADER:
        pay_residual(position, residual(position, fact.on) if amount is None else amount, fact)
    elif payee in position.debts and position.debts[payee].facility.role is Role.GUARANTEE:
        lenders.charge(position, position.debts[payee], amount or 0, fact)
    elif payee in position.debts:
        debt = position.debts[payee]
        available = position.cash_in(debt.currency) if amount is None else amount
        lenders.repay(position, debt, max(available, 0), fact, buyer.lender_ranks(position))


def receive(position: Position, fact: Fact) -> None:
    amount = fact.minor("amount") or 0
    if reference := fact.text("reference"):
        position.sales.references[reference, amount] = fact.on
    if fact.data.get("identified") is True:
        buyer.identify(position, amount, fact)
    else:
        buyer.receive(position, amount, fact, identified=fact.data.get("unknown") is not True)
    after_receipt(position)


def collect(position: Position, fact: Fact) -> None:
    """The lenders' claim falls due: what was collected before is theirs now."""
    buyer.pay_lenders(position, fact)


def after_receipt(position: Position) -> None:
    """Paid once everything sold is paid; out of dispute once nothing is disputed."""
    if position.sales.complete and position.receivable == 0:
        move(position, OrderState.PAID)
    elif position.state is OrderState.DISPUTED and not position.books.own(Account.DISPUTED):
        taken_out = position.take_out()
        drawn = taken_out is not None and bool(taken_out.drawings)
        move(position, OrderState.TAKEN_OUT if drawn else OrderState.DELIVERED)


def _gross(position: Position, fact: Fact) -> int:
    quantity = fact.number("quantity")
    return buyer.gross_of(position, quantity) if quantity is not None else fact.minor("amount") or 0


def dispute(position: Position, fact: Fact) -> None:
    if fact.data.get("settled") is True:
        buyer.settle_dispute(position, _gross(position, fact), fact)
        after_receipt(position)
        return
    buyer.dispute(position, _gross(position, fact), fact)
    move(position, OrderState.DISPUTED)


def credit(position: Position, fact: Fact) -> None:
    quantity = fact.number("quantity")
    if quantity is None:
        buyer.credit(position, fact.minor("amount") or 0, fact)
    else:
        buyer.credit(position, buyer.gross_credited(position, quantity), fact)
        position.sales.credited_units += quantity
    if buyer.buyer_is_done(position) and not position.frozen:
        buyer.pay_lenders(position, fact)  # nothing more will come for them
    after_receipt(position)


def close_short(position: Position, fact: Fact) -> None:
    buyer.close_short(position, fact)
    after_receipt(position)


def _account(position: Position, fact: Fact) -> BookingAccount | None:
    return position.accounts.get(fact.text("booking"))


def damages(position: Position, fact: Fact) -> None:
    account = _account(position, fact)
    if account is not None:
        providers.claim_damages(position, account, fact.minor("amount") or 0, fact)


def refund(position: Position, fact: Fact) -> None:
    """A provider pays back; what is overdue to lenders, or all once the order has ended, is paid from it."""
    account, amount = _account(position, fact), fact.minor("amount") or 0
    if account is None:
        return
    providers.refund(position, account, amount, fact)
    ended = position.state in (OrderState.CANCELLED, OrderState.DEFAULTED)
    for debt in position.debts.values():
        if debt.currency != account.currency:
            continue  # somebody changes the money first
        overdue = debt.due_on is not None and debt.due_on <= fact.on
        if debt.drawings and (ended or overdue):
            amount -= lenders.repay(position, debt, max(amount, 0), fact, buyer.lender_ranks(position))


def fail_provider(position: Position, fact: Fact) -> None:
    account = _account(position, fact)
    if account is not None:
        providers.fail(position, account, fact)


def cancel(position: Position, fact: Fact) -> None:
    """The order ends: cancellation fees, claims for prepayments, nothing undrawn any more."""
    fees = {str(name): int(amount) for name, amount in dict(fact.data.get("fees", {})).items()}
    providers.cancel(position, fees, fact)
    for debt in position.debts.values():
        lenders.stop(position, debt, fact)
    release_order(position, fact)
    move(position, OrderState.CANCELLED)


def insolvent(position: Position, fact: Fact) -> None:
    position.insolvent_on = position.insolvent_on or fact.on


def default(position: Position, fact: Fact) -> None:
    name = fact.text("facility")
    for debt in position.debts.values():
        if name in ("", debt.id):
            loss.strike(position, debt, fact)
    move(position, OrderState.DEFAULTED)


def guarantee(position: Position, fact: Fact) -> None:
    """A guarantor pays: the deposit of a failed provider, or a share of a lender's claim."""
    account = _account(position, fact)
    guarantor = fact.text("guarantor", "guarantor")
    debts = [debt for debt in position.debts.values() if debt.principal]
    wanted = fact.text("facility")
    debt = next((one for one in debts if wanted in ("", one.facility.id)), None)
    if debt is None:
        return
    amount = fact.minor("amount")
    if account is not None and amount is None:
        amount = round_minor(account.booking.deposit_guarantee * (account.claimed - account.refunded))
    if account is not None and amount is not None:
        amount = position.foreign.between(amount, account.currency, debt.currency, fact.on)
    if account is not None and account.currency != debt.currency:
        account = None  # the claim on the provider stays; the trader owes the guarantor
    if account is not None and amount is not None:
        account.refunded += min(amount, debt.principal)
    provider = account.entity if account is not None else ""
    loss.call_guarantee(position, debt, guarantor, amount or 0, fact, provider)


def recover(position: Position, fact: Fact) -> None:
    loss.recover(position, fact.minor("amount") or 0, fact.minor("cost") or 0, fact)


def insure(position: Position, fact: Fact) -> None:
    debt = next((one for one in position.debts.values() if one.facility.insured_rate and one.drawings), None)
    debt = debt or position.take_out()
    if debt is None:
        return
    amount = fact.minor("amount")
    loss.indemnify(position, debt, loss.insured_amount(position, debt) if amount is None else amount, fact)


def write_off(position: Position, fact: Fact) -> None:
    loss.write_off(position, fact)


def advance(position: Position, fact: Fact) -> None:
    """Everything is accrued to the date."""
    for debt in position.debts.values():
        if debt.drawings and not debt.closed and not debt.released:
            lenders.accrue(position, debt, fact)


def reach_stage(position: Position, fact: Fact) -> None:
    """So many days past due: what is owed is accrued, and the fold measures the allowance anew."""
    debt = position.debts[fact.text("facility")]
    lenders.accrue(position, debt, fact)


def transfer(position: Position, fact: Fact) -> None:
    """A lender sells its place in a facility to another at a price."""
    debt = position.debts.get(fact.text("facility"))
    seller, buyer = fact.text("seller"), fact.text("buyer")
    if debt is None or seller not in debt.lenders():
        return
    lenders.accrue(position, debt, fact)
    lenders.sell(position, debt, seller, buyer, fact.minor("price"), fact)


def revalue(position: Position, fact: Fact) -> None:
    """What is open in other currencies at the rate of the day; the difference is not realised yet."""
    for debt in position.debts.values():
        if lenders.is_foreign(position, debt) and debt.drawings and not debt.closed:
            lenders.accrue(position, debt, fact)
    for (_, _, whose), postings in position.foreign.revaluations(fact.on):
        position.books.post("revaluation", fact, whose, postings)


def charge(position: Position, fact: Fact) -> None:
    amount = fact.minor("amount")
    if amount is None:
        amount = late_interest_due(position, fact.on)
    buyer.charge_late_interest(position, amount, fact)


def convert(position: Position, fact: Fact) -> None:
    """The order's money is changed into another currency: both amounts are what the bank says."""
    sold, bought = fact.minor("sold") or 0, fact.minor("bought") or 0
    _change(position, fact, sold, fact.text("from"), bought, fact.text("to"))


def _change(position: Position, fact: Fact, sold: int, source: str, bought: int, target: str) -> None:
    home = position.contract.currency
    source, target = source or home, target or home
    if source == target or not (sold or bought):
        return
    postings = position.foreign.conversion(sold, source, bought, target, fact.on)
    position.books.post("conversion", fact, "", postings)


def note_only(_position: Position, _fact: Fact) -> None:
    """Nothing follows from it by itself."""


HANDLERS: dict[FactKind, Handler] = {
    FactKind.ACCEPTED: accept,
    FactKind.GIVEN_BACK: give_back,
    FactKind.CONFIRMATION: confirm,
    FactKind.MILESTONE: reach,
    FactKind.INVOICE: invoice,
    FactKind.CLOSED_SHORT: close_short,
    FactKind.PROVIDER_FAILED: fail_provider,
    FactKind.INSOLVENT: insolvent,
    FactKind.DISPUTE: dispute,
    FactKind.CREDIT_NOTE: credit,
    FactKind.DAMAGES: damages,
    FactKind.REPLANNED: amend,
    FactKind.CANCELLED: cancel,
    FactKind.LATE_INTEREST: charge,
    FactKind.TRANSFER: transfer,
    FactKind.RECEIPT: receive,
    FactKind.COLLECTION: collect,
    FactKind.RECOVERY: recover,
    FactKind.REFUND: refund,
    FactKind.INSURANCE: insure,
    FactKind.GUARANTEE: guarantee,
    FactKind.DRAW: draw,
    FactKind.PAYMENT: pay,
    FactKind.CONVERSION: convert,
    FactKind.DEFAULT: default,
    FactKind.WRITE_OFF: write_off,
    FactKind.STAGE: reach_stage,
    FactKind.ADVANCED: advance,
    FactKind.RETRACTED: note_only,
    FactKind.REVALUATION: revalue,
    FactKind.SETTLED: settle,
}
