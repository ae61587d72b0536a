"""Where an order stands in money: who is still owed what, by when, and what is in its closed loop."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.errors import NotFoundError
from domain.plan import FlowKind, Plan
from domain.states import ENDED, OrderState
from domain.terms import Event
from finance.agreed.contract import BUYER, TAX, Contract, Due
from finance.books.booking_account import BookingAccount
from finance.books.position import Position
from finance.sides.creditors import owed_back_to_buyer, shortfalls
from finance.sides.taxes import open_days, payable_until
from flows.books.order_book import OrderBook, read_book
from flows.books.record import fold_at
from flows.desk.rates import with_rates
from ledger.book.reading import Reading


@dataclass(frozen=True, slots=True)
class Owed:
    """An amount still open: positive when the order owes ``party``, negative when the party owes it.

    In ``currency``; nothing means the order's.
    """

    party: str
    what: str
    amount_minor: int
    due_on: date | None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The order's loop at the end of a day; ``shortfalls`` are what it cannot pay any more, where nothing
    more will come, by creditor and day."""

    order: str
    on: date
    state: str
    currency: str
    cash_minor: int
    owed: tuple[Owed, ...]
    shortfalls: tuple[Owed, ...] = ()


def standing_at(
    reading: Reading, order: str, on: date, plan: Plan | None = None, *, book: OrderBook | None = None
) -> Standing | None:
    """Where the order stands at the end of ``on``; None before anything is agreed with anybody. ``book`` is
    the order's, where the caller has just written it."""
    if book is None:
        try:
            book = read_book(reading, order)
        except NotFoundError:
            return None
    else:
        book.contract = with_rates(reading, book.contract)
    position, state = fold_at(book, on).position, book.state.value
    owed = tuple(sorted(_open(position, plan, on), key=lambda one: (one.due_on or date.max, one.party)))
    short = tuple(
        Owed(one.party, one.rank.value, one.amount_minor, one.due_on, one.currency)
        for one in shortfalls(position, on)
    )
    return Standing(order, on, state, position.contract.currency, position.cash, owed, short)


def _open(position: Position, plan: Plan | None, on: date) -> Iterator[Owed]:
    contract = position.contract
    for account in position.accounts.values():
        yield from _to_provider(position, account)
    for debt in position.debts.values():
        if debt.claim:
            due = debt.due_on or position.expected(debt.facility.repaid_on)
            parties = ", ".join(debt.lenders())
            name = debt.facility.name or debt.facility.id
            yield Owed(parties, name, debt.claim, due, debt.currency)
    yield from _to_tax_office(position, plan, on)
    if (refund := owed_back_to_buyer(position)) > 0:
        yield Owed(contract.buyer or BUYER, "refund", refund, on)
    yield from _by_buyer(position, contract)


def _to_provider(position: Position, account: BookingAccount) -> Iterator[Owed]:
    booking = account.booking
    left = account.paid - account.fees
    kept = account.billed if account.ended else account.fees
    if kept > account.paid:
        name = booking.name or booking.id
        day = position.fees_due(account) or position.expected(Event.BUYER_PAYMENT)
        yield Owed(name, "given back", kept - account.paid, day, booking.currency)
    if account.ended:
        return
    for due in booking.dues:
        part = max(0, due.amount_minor - max(0, left))
        left -= due.amount_minor
        if part:
            day = position.due_date(due, booking) or due.planned_on
            yield Owed(booking.name or booking.id, booking.kind, part, day, booking.currency)


def _to_tax_office(position: Position, plan: Plan | None, on: date) -> Iterator[Owed]:
    """As planned before anything is invoiced; then what the books say of each period."""
    if position.sales.invoices or position.state in ENDED:
        yield from _taxes_of_periods(position, on)
        return
    for flow in plan.flows if plan is not None else ():
        if flow.kind in (FlowKind.TAX, FlowKind.SURCHARGE):
            yield Owed(TAX, flow.kind.value, -flow.amount_minor, flow.on)


def _taxes_of_periods(position: Position, on: date) -> Iterator[Owed]:
    told = 0, 0
    for day in open_days(position):
        so_far = payable_until(position, max(on, day), day)
        for kind, amount, before in zip((FlowKind.TAX, FlowKind.SURCHARGE), so_far, told, strict=True):
            if amount > before:
                yield Owed(TAX, kind.value, amount - before, day)
        told = so_far


def _by_buyer(position: Position, contract: Contract) -> Iterator[Owed]:
    """Each instalment of the buyer that is still open; what is credited is taken off the last ones."""
    party = contract.buyer or BUYER
    sales = position.sales
    whole = sales.gross if sales.closed_short else contract.sale.gross_minor
    left = whole - sales.credited - sales.received
    if position.state is OrderState.CANCELLED:  # no goods will come, so nothing more is sold
        left = position.receivable
    invoiced = sales.due_on
    parts = sorted(contract.sale.payment, key=lambda due: due.planned_on)
    paid = sales.received
    open_parts: list[tuple[int, date | None]] = []
    for due in parts:
        part = min(left, max(0, due.amount_minor - max(0, paid)))
        paid -= due.amount_minor
        left -= max(0, part)
        if part > 0:
            open_parts.append((part, _buyer_day(position, due, invoiced)))
    if left > 0:
        open_parts.append((left, invoiced))
    for part, day in open_parts:
        yield Owed(party, "the order", -part, day)


def _buyer_day(position: Position, due: Due, invoiced: date | None) -> date:
    """By its own event; what counts from an invoice or a delivery falls due with the latest invoice."""
    if due.term.event in (Event.INVOICE, Event.DELIVERY):
        return invoiced or due.planned_on
    return position.due_date(due) or due.planned_on
