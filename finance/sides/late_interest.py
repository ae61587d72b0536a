"""What a buyer owes for paying late: on each amount from its own due day until it was paid, once.

Worked out afresh for all invoices together, as far as a day, so that charging twice is charging once; only
what was sold bears interest, never interest itself. Payments go to the oldest amount due; what was credited
or is in dispute was not owed, and is taken off the latest.
"""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from domain.accounts import Account
from domain.money import round_minor
from finance.books.position import Position


def late_interest_due(position: Position, on: date) -> int:
    """Late interest by the contract's or the law's rate up to a day, with a lump sum for each invoice that
    was late, less what was charged before; in minor units, never below zero."""
    sale = position.contract.sale
    exact = sum((amount * max((until - due).days, 0) for due, amount, until in _paid(position, on)), 0)
    late = {due for due, amount, until in _paid(position, on) if amount and until > due}
    total = round_minor(sale.late_rate_daily * Fraction(exact)) + sale.late_lump_minor * _invoices(
        position, late
    )
    return max(total - position.sales.late_charged, 0)


def _invoices(position: Position, days: set[date]) -> int:
    """How many invoices have an instalment that was late."""
    return sum(any(due in days for due, _ in one.parts) for one in position.sales.invoices)


def _paid(position: Position, on: date) -> Iterator[tuple[date, int, date]]:
    """Each amount that is owed: its due day, the amount, and the day it was paid or the day we count to."""
    payments = sorted((day, amount) for day, amount in position.sales.payments if day <= on)
    for due, amount in _owed(position):
        while amount > 0 and payments:
            day, given = payments[0]
            used = min(given, amount)
            yield due, used, day
            amount -= used
            payments[0] = day, given - used
            if not payments[0][1]:
                payments.pop(0)
        yield due, amount, on


def _owed(position: Position) -> list[tuple[date, int]]:
    """Every amount that was invoiced and is not taken back, by its due day."""
    parts = sorted(part for one in position.sales.invoices for part in one.parts)
    less = position.sales.credited + position.books.own(Account.DISPUTED) + position.sales.written_off
    found = []
    for due, amount in reversed(parts):
        taken = min(less, amount)
        less -= taken
        found.append((due, amount - taken))
    return found[::-1]
