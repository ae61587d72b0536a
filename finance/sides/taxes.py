"""The tax on sales of one order: what is payable for which period, its surcharge, and credits after it.

Every invoice belongs to the period of its day. What is payable for the periods up to one is output less
recoverable input less credit brought forward, never below zero (Directive 2006/112/EC, articles 179, 183
and 206; the same in China's VAT law): counted over all periods together, so that nothing is paid twice and
nothing is left out.
"""

from datetime import date

from domain.accounts import Account
from domain.dates import end_of_month
from domain.money import round_minor
from finance.agreed.contract import TAX, TRADER
from finance.agreed.facts import Fact
from finance.books.order_books import booked
from finance.books.position import Position


def period_due(position: Position, day: date) -> date | None:
    """The day on which the tax of the period falls due that ``day`` lies in; None without a rule."""
    rule = position.contract.tax
    if rule is None:
        return None
    month = (day.month - 1) // rule.period_months * rule.period_months + rule.period_months
    index = day.year * 12 + month - 1 + rule.months_after
    first = date(index // 12, index % 12 + 1, 1)
    due = min(rule.due_day, end_of_month(first).day)
    return position.contract.calendar.roll(first.replace(day=due), rule.roll)


def tax_due_on(position: Position) -> date | None:
    """The first day on which tax not filed yet falls due, None while nothing is invoiced or nothing taxed."""
    first: date | None = None
    if position.tax.adjusted_due is not None and position.books.own(Account.TAX_CREDIT) < 0:
        first = position.tax.adjusted_due
    for one in position.sales.invoices:
        if not one.filed and one.tax_due_on is not None and (first is None or one.tax_due_on < first):
            first = one.tax_due_on
    return first


def open_days(position: Position) -> list[date]:
    """Every day on which tax not filed yet falls due, the first first."""
    days = {one.tax_due_on for one in position.sales.unfiled if one.tax_due_on is not None}
    first = tax_due_on(position)
    return sorted(days if first is None else days | {first})


def input_tax_to_come(position: Position, on: date) -> int:
    """Recoverable tax of bookings that have not billed it yet; their invoices are asked for before the tax
    falls due, as plans count on."""
    total = 0
    for account in position.accounts.values():
        to_come = account.booking.tax_minor - account.billed_tax
        if to_come and account.booking.tax_recoverable and not account.ended:
            total += position.worth(to_come, account.currency, on)
    return total


def _until(position: Position, on: date) -> date:
    """Up to when periods are filed by a payment on a day: all that are due, at least the first open one."""
    return max(on, tax_due_on(position) or on)


def _later_output(position: Position, until: date) -> int:
    """Output tax in the books that belongs to periods after ``until``, or to no invoice yet."""
    later = position.sales.tax
    for one in position.sales.invoices:
        if one.filed or (one.tax_due_on or until) <= until:
            later -= one.tax
    return later


def _filed(position: Position, on: date, later: int) -> tuple[int, int, int]:
    """Output, input, and what is payable for them after the credit brought forward."""
    books = position.books
    output = -books.own(Account.OUTPUT_TAX) - later
    inputs = books.own(Account.INPUT_TAX) + input_tax_to_come(position, on)
    return output, inputs, max(output - inputs - books.own(Account.TAX_CREDIT), 0)


def _surcharge(position: Position, output: int, inputs: int) -> int:
    """The surcharge on all that was filed with this, less what was posted of it."""
    rule = position.contract.tax
    if rule is None or not rule.surcharge_rate:
        return 0
    settled, rate = max(position.tax.settled + output - inputs, 0), rule.surcharge_rate
    rounded = (2 * settled * rate.numerator + rate.denominator) // (2 * rate.denominator)
    return max(rounded - position.tax.surcharge, 0)


def payable_until(position: Position, on: date, until: date) -> tuple[int, int]:
    """Tax and surcharge payable for all periods that fall due up to ``until``."""
    output, inputs, payable = _filed(position, on, _later_output(position, until))
    return payable, _surcharge(position, output, inputs)


def tax_with_surcharge(position: Position, on: date) -> int:
    """Tax of the periods that are due on a day, at least of the first open one, with the surcharge on it;
    never below zero."""
    return sum(payable_until(position, on, _until(position, on)))


def tax_owed(position: Position, on: date) -> int:
    """All tax that the order owes, due or not, invoiced or not, with its surcharge."""
    output, inputs, payable = _filed(position, on, 0)
    return payable + _surcharge(position, output, inputs)


def pay_tax(position: Position, fact: Fact) -> int:
    """File the periods that are due, at least the first open one, and pay what is payable with its
    surcharge; what was paid. Input above output becomes a credit."""
    until = _until(position, fact.on)
    output, inputs, payable = _filed(position, fact.on, _later_output(position, until))
    surcharge = _surcharge(position, output, inputs)
    before = position.books.own(Account.TAX_CREDIT)
    postings = [
        (TRADER, Account.OUTPUT_TAX, output),
        (TRADER, Account.INPUT_TAX, -inputs),
        (TRADER, Account.TAX_CREDIT, max(inputs + before - output, 0) - before),
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
    _mark_filed(position, until)
    position.tax.settled += output - inputs
    position.tax.surcharge += surcharge
    return payable + surcharge


def _mark_filed(position: Position, until: date) -> None:
    position.tax.payments += 1
    position.tax.adjusted_due = None
    for invoice in position.sales.unfiled:
        invoice.filed = invoice.tax_due_on is None or invoice.tax_due_on <= until


def true_up(position: Position, fact: Fact) -> None:
    """After tax was filed, later bills and credits change a tax credit (1520), not cash.

    The surcharge on tax that comes back is part of the credit, never more than was paid; it is computed on
    the whole, so that several changes come to what one would. 1520 may turn negative: tax still to pay, due
    with the period of the change. Output tax of periods not filed yet stays where it is.
    """
    if not position.tax.paid:
        return
    books, rule = position.books, position.contract.tax
    later = sum(one.tax for one in position.sales.unfiled) + position.sales.uninvoiced_tax
    output, inputs, _ = _filed(position, fact.on, later)
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
    if books.own(Account.TAX_CREDIT) < 0 and position.tax.adjusted_due is None:
        position.tax.adjusted_due = period_due(position, fact.on)
