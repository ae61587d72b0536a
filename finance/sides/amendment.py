"""A provider is replaced while the order is under way: what was agreed changes from that day on.

The fact carries the whole new contract. Bookings that stand in it go on with what was paid to them; those
that do not end at their cancellation terms; debts go on with what is owed. Nothing before that day changes.
"""

from collections.abc import Iterable, Sequence

from domain.network import Role
from domain.plain import from_plain
from domain.terms import Event
from finance.agreed.contract import Contract, Facility
from finance.agreed.facts import Fact, FactKind
from finance.books.booking_account import BookingAccount
from finance.books.debt import Debt
from finance.books.position import Position
from finance.sides import lenders, providers
from finance.sides.taxes import true_up


def contract_of_fact(fact: Fact) -> Contract:
    """The contract that a replacement put in force."""
    return from_plain(Contract, fact.data["contract"])


def contract_in_force(contract: Contract, facts: Sequence[Fact]) -> Contract:
    """What is agreed after every replacement recorded so far."""
    made = [fact for fact in facts if fact.kind is FactKind.REPLANNED]
    return contract_of_fact(max(made, key=lambda fact: fact.place)) if made else contract


def amend(position: Position, fact: Fact) -> None:
    """From here on the order rests on another contract."""
    new = contract_of_fact(fact)
    _end_dropped(position, {booking.id for booking in new.bookings}, fact)
    position.adopt(new)
    for booking in new.bookings:
        account = position.accounts.get(booking.id)
        if account is None:
            account = position.accounts[booking.id] = BookingAccount(booking)
        account.booking = booking
        if account.billed_share < 1:
            providers.hold_slot(position, account, fact)
    _amend_debts(position, new.facilities, fact)
    position.happened[Event.BOOKING.value] = new.events.get(Event.BOOKING.value, fact.on)
    true_up(position, fact)


def _end_dropped(position: Position, kept: set[str], fact: Fact) -> None:
    for name, account in position.accounts.items():
        if name not in kept and not account.ended and account.billed_share < 1:
            by_terms = providers.cancellation_fee(account.booking, position.state.value)
            fee = 0 if account.answered else by_terms  # the firm's own answer is what it is owed
            providers.end_booking(position, account, fee, fact)


def _amend_debts(position: Position, facilities: Iterable[Facility], fact: Fact) -> None:
    """Limits change by what is promised more or less; a facility that is not used any more only has its
    debt left."""
    wanted = {facility.id: facility for facility in facilities}
    for name, debt in position.debts.items():
        if name not in wanted:
            lenders.stop(position, debt, fact)
    for name, facility in wanted.items():
        debt = position.debts.get(name, Debt(facility))
        before = lenders.undrawn(debt) if name in position.debts else 0
        debt.facility = facility
        position.debts[name] = debt
        if facility.role is not Role.GUARANTEE:
            more = lenders.undrawn(debt) - before
            lenders.memo(position, debt, more, "facility_changed", fact)
