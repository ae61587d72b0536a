"""The buyer's side: deliveries, invoices, receipts, disputes, credit notes, refunds."""

from datetime import date
from fractions import Fraction

from domain.accounts import Account
from domain.money import round_minor, split_minor
from domain.terms import Event
from finance.agreed.contract import BUYER, TRADER, Rank
from finance.agreed.facts import Fact
from finance.books.order_books import booked
from finance.books.position import Position
from finance.books.sales import BuyerInvoice, share_of
from finance.sides.lenders import LENDER_RANKS, due_at_funding, is_foreign, repay, set_due_dates, sweepable
from finance.sides.providers import bill
from finance.sides.taxes import period_due, tax_due_on, tax_owed, tax_with_surcharge, true_up

SERVED_BY_DELIVERY = (Event.DELIVERY, Event.ARRIVAL, Event.DEPARTURE, Event.BUYER_PAYMENT, Event.FUNDING)


def deliver(position: Position, quantity: Fraction | None, fact: Fact) -> None:
    """The buyer accepts ``quantity`` more units (None: all that is open): sale, cost of sale, bills."""
    sale = position.contract.sale
    before = position.sales.delivered
    share = Fraction(1) if quantity is None else min(before + quantity / sale.quantity, Fraction(1))
    position.sales.delivered = max(share, before)
    for account in position.accounts.values():
        if account.booking.goods:
            bill(position, account, position.sales.delivered, fact)
        elif account.booking.bill_on in SERVED_BY_DELIVERY or account.booking.bill_on is Event.INVOICE:
            bill(position, account, Fraction(1), fact)
    _sell(position, fact)
    _move_cost(position, fact)


def close_short(position: Position, fact: Fact) -> None:
    """Nothing more is delivered, and both sides let it be: what was made and not sold is a cost, the firms'
    services count as rendered, a deposit for goods that never came is owed back, and the sale is complete."""
    position.sales.closed_short = True
    for account in position.accounts.values():
        if account.booking.goods or account.booking.bill_on in SERVED_BY_DELIVERY:
            bill(position, account, Fraction(1), fact)
    rest = position.books.own(Account.INVENTORY)
    position.sales.cost += rest
    position.post("cost_of_sale", fact, "", booked(TRADER, Account.COST_OF_SALES, Account.INVENTORY, rest))
    invoice(position, fact)
    if position.receivable == 0:
        collect(position, 0, fact)


def _sell(position: Position, fact: Fact) -> None:
    net, tax = position.sales.sell(position.contract.sale)
    deposit = min(-position.books.own(Account.DEPOSIT), net + tax)
    position.sales.opened += net + tax - deposit
    position.sales.payments.append((fact.on, deposit))
    postings = [
        (TRADER, Account.DEPOSIT, deposit),
        (TRADER, Account.RECEIVABLE, net + tax - deposit),
        (TRADER, Account.SALES, -net),
        (TRADER, Account.OUTPUT_TAX, -tax),
    ]
    position.post("sale", fact, BUYER, postings)


def _move_cost(position: Position, fact: Fact) -> None:
    """Inventory becomes cost of sale in proportion to what is delivered."""
    inventory = position.books.own(Account.INVENTORY) + position.sales.cost
    cost = share_of(inventory, position.sales.delivered) - position.sales.cost
    position.sales.cost += cost
    position.post("cost_of_sale", fact, "", booked(TRADER, Account.COST_OF_SALES, Account.INVENTORY, cost))


def invoice(position: Position, fact: Fact) -> None:
    """Invoice what is delivered and not yet invoiced; its last instalment's due date is the invoice's."""
    gross = position.sales.uninvoiced
    if gross <= 0:
        return
    position.happened.setdefault(Event.INVOICE.value, fact.on)
    planned = position.contract.events.get(Event.INVOICE.value) == fact.on
    # an instalment that counts from another event, such as the inspection, may be the last all the same
    dates = [
        (due.planned_on if planned else position.term_date(due.term, fact.on))
        if due.term.event in (Event.INVOICE, Event.DELIVERY)
        else position.due_date(due) or due.planned_on
        for due in position.contract.sale.payment
    ]
    parts = _instalments(position, gross, [max(day, fact.on) for day in dates])
    due, tax = max(dates, default=fact.on), position.sales.uninvoiced_tax
    position.sales.invoices.append(
        BuyerInvoice(fact.on, gross, due, fact.id, tax, period_due(position, fact.on), parts=parts)
    )
    set_due_dates(position)


def _instalments(position: Position, gross: int, dates: list[date]) -> tuple[tuple[date, int], ...]:
    """An invoice's amount over the due days of its instalments, in the contract's proportions; what is due
    before anything is sold is a deposit, and late at the earliest with the invoice."""
    weights = [due.amount_minor for due in position.contract.sale.payment]
    if not sum(weights):
        return ()
    return tuple(zip(dates, split_minor(gross, weights), strict=True))


def receive(position: Position, amount: int, fact: Fact, *, identified: bool = True) -> None:
    """Money from the buyer into the collection account; from there it goes by the waterfall.

    What is paid for goods that are still to be delivered is a deposit. Beyond that, or from an account
    nobody knows, it is owed back until somebody says otherwise.
    """
    before = position.sales.delivered == 0
    undisputed = min(amount, position.books.own(Account.RECEIVABLE)) if identified else 0
    disputed = min(amount - undisputed, position.books.own(Account.DISPUTED)) if identified else 0
    rest = amount - undisputed - disputed
    position.sales.received += amount if identified else 0
    deposit = min(rest, rest if before else open_deposit(position)) if identified else 0
    postings = [
        (TRADER, Account.CASH, amount),
        (TRADER, Account.RECEIVABLE, -undisputed),
        (TRADER, Account.DISPUTED, -disputed),
        (TRADER, Account.DEPOSIT, -deposit),
        (TRADER, Account.BUYER_REFUND, deposit - rest),
    ]
    position.post("receipt", fact, BUYER, postings)
    position.sales.payments.append((fact.on, undisputed + disputed))
    if deposit and buyer_is_done(position):
        collect(position, amount, fact)  # all of it in advance: lenders need not wait for the goods
    elif undisputed + disputed:
        collect(position, undisputed + disputed, fact)


def open_deposit(position: Position) -> int:
    """What the buyer may still pay for goods that are to be delivered and were not paid in advance."""
    to_come = position.contract.sale.gross_minor - position.sales.gross
    return 0 if position.sales.complete else max(to_come + position.books.own(Account.DEPOSIT), 0)


def identify(position: Position, amount: int, fact: Fact) -> None:
    """Money received before from an unknown account turns out to be the buyer's for this order."""
    held = min(amount, -position.books.own(Account.BUYER_REFUND))
    moved = min(held, position.receivable)
    deposit = min(held - moved, open_deposit(position))
    undisputed = min(moved, position.books.own(Account.RECEIVABLE))
    position.sales.received += moved + deposit
    postings = [
        (TRADER, Account.BUYER_REFUND, moved + deposit),
        (TRADER, Account.DEPOSIT, -deposit),
        (TRADER, Account.RECEIVABLE, -undisputed),
        (TRADER, Account.DISPUTED, undisputed - moved),
    ]
    position.post("receipt_identified", fact, BUYER, postings)
    position.sales.payments.append((fact.on, moved))
    if moved:
        collect(position, moved, fact)
    elif deposit and buyer_is_done(position):
        collect(position, deposit, fact)


def collect(position: Position, proceeds: int, fact: Fact) -> None:
    """The proceeds pay what is due by the waterfall; the rest stays in the loop for who comes after."""
    paid_up = position.sales.complete or paid_in_advance(position)
    if paid_up and position.books.own(Account.RECEIVABLE) == 0:
        position.happened.setdefault(Event.BUYER_PAYMENT.value, fact.on)
        taking_out = position.take_out()
        if taking_out is None or not taking_out.drawings:  # there is nothing left to take out
            position.happened.setdefault(Event.FUNDING.value, fact.on)
    position.sales.collected += proceeds
    if position.receivable and waits_for_due(position, fact.on):
        return
    pay_lenders(position, fact)


def waits_for_due(position: Position, on: date) -> bool:
    """Whether what came early stays in the loop until the lenders' claim falls due."""
    days = [debt.due_on for debt in position.debts.values() if debt.claim and debt.due_on is not None]
    return bool(days) and min(days) > on and not position.frozen


def pay_lenders(position: Position, fact: Fact) -> None:
    """What was collected repays the lenders, the take-out first; the rest is the loop's.

    Once the buyer owes nothing more, all that the loop holds stands behind what lenders are still owed.
    """
    available = position.own_cash - kept_for_taxes(position, fact.on)
    if not buyer_is_done(position):
        available = min(position.sales.collected, available)
    position.sales.collected = 0
    ranks = lender_ranks(position)
    debts = sorted(position.debts.values(), key=lambda debt: not debt.facility.factoring)
    for debt in debts:
        paid = repay(position, debt, sweepable(position, debt, available), fact, ranks)
        available -= 0 if is_foreign(position, debt) else paid


def buyer_is_done(position: Position) -> bool:
    """Whether the buyer owes nothing more: all was delivered and paid, or paid before it is delivered."""
    return position.receivable == 0 and (position.sales.complete or paid_in_advance(position))


def paid_in_advance(position: Position) -> bool:
    return position.sales.received >= position.contract.sale.gross_minor > 0


def lender_ranks(position: Position) -> tuple[Rank, ...]:
    """The classes of lenders' claims in the order of the waterfall in force."""
    order = position.contract.waterfall_default if position.frozen else position.contract.waterfall
    return tuple(rank for rank in order if rank in LENDER_RANKS)


def kept_for_taxes(position: Position, on: date) -> int:
    """Tax that is due and unpaid, where the waterfall in force puts taxes before the lenders; all that is
    owed of it once the buyer is insolvent, since nothing else will come to pay it from."""
    order = position.contract.waterfall_default if position.frozen else position.contract.waterfall
    if order.index(Rank.TAXES) > order.index(Rank.PRINCIPAL):
        return 0
    if position.frozen:
        return tax_owed(position, on)
    due = tax_due_on(position)
    if due is None or due > on:
        return 0
    return tax_with_surcharge(position, on)


def take_out_others(position: Position, fact: Fact) -> None:
    """What the take-out paid repays the loans that wait for it."""
    available = position.own_cash - kept_for_taxes(position, fact.on)
    for debt in position.debts.values():
        if due_at_funding(debt) and not is_foreign(position, debt):
            available -= repay(position, debt, max(available, 0), fact, lender_ranks(position))


def dispute(position: Position, amount: int, fact: Fact) -> None:
    """The buyer withholds part of what it owes."""
    moved = min(amount, position.books.own(Account.RECEIVABLE))
    position.post("dispute", fact, BUYER, booked(TRADER, Account.DISPUTED, Account.RECEIVABLE, moved))


def settle_dispute(position: Position, amount: int, fact: Fact) -> None:
    """The buyer gives in: what was disputed is owed again."""
    moved = min(amount, position.books.own(Account.DISPUTED))
    position.post("dispute_settled", fact, BUYER, booked(TRADER, Account.RECEIVABLE, Account.DISPUTED, moved))


def gross_of(position: Position, quantity: Fraction) -> int:
    """The gross price of so many units, rounded once."""
    sale = position.contract.sale
    return round_minor(sale.gross_minor * quantity / sale.quantity)


def gross_credited(position: Position, quantity: Fraction) -> int:
    """What so many units more come to in a credit note: all units credited together are rounded once."""
    before = position.sales.credited_units
    return gross_of(position, before + quantity) - gross_of(position, before)


def credit(position: Position, gross: int, fact: Fact) -> None:
    """A credit note: less is sold, less tax is owed; what was paid already is owed back. The net of all
    credit notes together is rounded once."""
    sale, sales = position.contract.sale, position.sales
    whole = sales.credited + gross
    total = round_minor(Fraction(whole * sale.net_minor, sale.gross_minor)) if sale.gross_minor else whole
    net = total - sales.credited_net
    tax = gross - net
    position.sales.credited_net += net
    position.sales.credited_tax += tax
    disputed = min(gross, position.books.own(Account.DISPUTED))
    open_part = min(gross - disputed, position.books.own(Account.RECEIVABLE))
    postings = [
        (TRADER, Account.SALES, net),
        (TRADER, Account.OUTPUT_TAX, tax),
        (TRADER, Account.DISPUTED, -disputed),
        (TRADER, Account.RECEIVABLE, -open_part),
        (TRADER, Account.BUYER_REFUND, disputed + open_part - gross),
    ]
    position.post("credit_note", fact, BUYER, postings)
    true_up(position, fact)


def refund_buyer(position: Position, amount: int, fact: Fact) -> None:
    """Pay back what the buyer paid too much, or its deposit when nothing will be delivered."""
    owed = min(amount, -position.books.own(Account.BUYER_REFUND))
    postings = [
        (TRADER, Account.BUYER_REFUND, owed),
        (TRADER, Account.DEPOSIT, amount - owed),
        (TRADER, Account.CASH, -amount),
    ]
    position.post("buyer_refund", fact, BUYER, postings)


def charge_late_interest(position: Position, amount: int, fact: Fact) -> None:
    """Late interest or another charge that the buyer owes on top."""
    position.sales.late_charged += amount
    position.post(
        "late_interest", fact, BUYER, booked(TRADER, Account.RECEIVABLE, Account.BUYER_LATE_INTEREST, amount)
    )
