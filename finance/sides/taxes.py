"""The tax on sales of one order: what is payable, its surcharge, and credits that come after it was paid."""

from datetime import date

from domain.accounts import Account
from domain.dates import end_of_month
from domain.money import round_minor
from domain.terms import Event
from finance.agreed.contract import TAX, TRADER
from finance.agreed.facts import Fact
from finance.books.order_books import booked
from finance.books.position import Position


def tax_due_on(position: Position) -> date | None:
    """The day the tax of the first invoice is due, None while nothing is invoiced or nothing taxed."""
    rule, invoiced = position.contract.tax, position.happened.get(Event.INVOICE)
    if rule is None or invoiced is None:
        return None
    month = (invoiced.month - 1) // rule.period_months * rule.period_months + rule.period_months
    index = invoiced.year * 12 + month - 1 + rule.months_after
    first = date(index // 12, index % 12 + 1, 1)
    day = min(rule.due_day, end_of_month(first).day)
    return position.contract.calendar.roll(first.replace(day=day), rule.roll)


def input_tax_to_come(position: Position, on: date) -> int:
    """Recoverable tax of bookings that have not billed it yet; their invoices are asked for before the tax
    falls due, as plans count on."""
    return sum(
        position.worth(account.booking.tax_minor - account.billed_tax, account.currency, on)
        for account in position.accounts.values()
        if account.booking.tax_recoverable and not account.ended
    )


def tax_payable(position: Position, on: date) -> int:
    """Output less recoverable input less credits, never below zero."""
    books = position.books
    inputs = books.own(Account.INPUT_TAX) + input_tax_to_come(position, on)
    return max(-books.own(Account.OUTPUT_TAX) - inputs - books.own(Account.TAX_CREDIT), 0)


def surcharge_payable(position: Position, on: date) -> int:
    """The surcharge on the tax now payable; zero without a rule."""
    rule = position.contract.tax
    return round_minor(tax_payable(position, on) * rule.surcharge_rate) if rule else 0


def pay_tax(position: Position, fact: Fact) -> int:
    """Pay what is payable with its surcharge; what was paid. Input above output becomes a credit."""
    books = position.books
    output = -books.own(Account.OUTPUT_TAX)
    inputs = books.own(Account.INPUT_TAX) + input_tax_to_come(position, fact.on)
    credit = min(books.own(Account.TAX_CREDIT), max(output - inputs, 0))
    payable, surcharge = tax_payable(position, fact.on), surcharge_payable(position, fact.on)
    carried = max(inputs - output, 0)
    postings = [
        (TRADER, Account.OUTPUT_TAX, output),
        (TRADER, Account.INPUT_TAX, -inputs),
        (TRADER, Account.TAX_CREDIT, carried - credit),
        (TRADER, Account.CASH, -payable),
        (TAX, Account.CASH, payable),
        (TAX, Account.TAX_COLLECTED, -payable),
    ]
    position.post("tax", fact, TAX, postings)
    postings = [
        *booked(TRADER, Account.TAX_SURCHARGE, Account.CASH, surcharge),
        *booked(TAX, Account.CASH, Account.TAX_COLLECTED, surcharge),
    ]
    position.post("surcharge", fact, TAX, postings)
    position.tax.paid = True
    position.tax.settled = output - inputs
    position.tax.surcharge = surcharge
    return payable + surcharge


def true_up(position: Position, fact: Fact) -> None:
    """After the tax was paid, later bills and credits change a tax credit (1520), not cash.

    The surcharge on tax that comes back is part of the credit, never more than was paid; it is computed on
    the whole, so that several changes come to what one would. 1520 may turn negative: tax still to pay.
    """
    if not position.tax.paid:
        return
    books, rule = position.books, position.contract.tax
    output = -books.own(Account.OUTPUT_TAX)
    inputs = books.own(Account.INPUT_TAX) + input_tax_to_come(position, fact.on)
    credit = inputs - output
    position.tax.settled -= credit
    due = round_minor(max(position.tax.settled, 0) * rule.surcharge_rate) if rule else 0
    surcharge, position.tax.surcharge = position.tax.surcharge - due, due
    postings = [
        (TRADER, Account.OUTPUT_TAX, output),
        (TRADER, Account.INPUT_TAX, -inputs),
        (TRADER, Account.TAX_CREDIT, credit + surcharge),
        (TRADER, Account.TAX_SURCHARGE, -surcharge),
    ]
    position.post("tax_credit", fact, TAX, postings)
