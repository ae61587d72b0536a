"""Everything about one order on one page: how far it came, what is open, held, refused, what comes next."""

from dataclasses import dataclass
from datetime import date

from domain.states import OrderState
from finance.agreed.facts import Fact, standing
from finance.books.position import Position
from flows.books.acceptance import acceptance
from flows.books.order_book import OrderBook, read_book
from flows.books.record import fold_at
from flows.desk.session import Session
from flows.firms.withdrawals import open_withdrawals, told
from flows.orders.find import Placed, latest_day
from flows.orders.refusal import KeptRefusal, refusals
from flows.overview.next_step import NextStep, next_steps
from flows.plans.newest import newest_plan
from flows.settlement.owed import Standing, standing_at
from flows.slots.calendar import HeldSlot, held_slots

LAST_FACTS = 5


@dataclass(frozen=True, slots=True)
class Reached:
    """An event of the goods: the day planned for it, and the day it happened, if it did."""

    event: str
    planned: date
    happened: date | None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One order as it stands on ``on``; what comes only with a reservation is empty before it."""

    placed: Placed
    on: date
    way: tuple[Reached, ...]
    standing: Standing | None
    position: Position | None
    held: tuple[HeldSlot, ...]
    facts: tuple[Fact, ...]
    refused: tuple[KeptRefusal, ...]
    withdrawn: tuple[str, ...]
    steps: tuple[NextStep, ...]


def order_page(session: Session, placed: Placed) -> OrderPage:
    """The page of an order on the session's day; on a practice ledger on the last day that is told of it."""
    ledger, order = session.ledger, placed.id
    on = session.day_of(latest_day(ledger, placed))
    book = read_book(ledger, order) if acceptance(ledger, order) is not None else None
    position = fold_at(book, on).position if book else None
    facts = sorted(standing(book.facts), key=lambda fact: fact.place) if book else []
    return OrderPage(
        placed,
        on,
        tuple(_way(book, position)) if book and position else (),
        standing_at(ledger, order, on, newest_plan(ledger, order)) if book else None,
        position,
        tuple(slot for slot in held_slots(ledger, order) if slot.until is not None),
        tuple(facts[-LAST_FACTS:]),
        tuple(refusals(ledger, order)) if placed.state in _UNRESERVED else (),
        tuple(told(open_withdrawals(ledger, order))),
        tuple(next_steps(ledger, placed, practice=ledger.practice)),
    )


_UNRESERVED = (OrderState.CONFIRMED, OrderState.PLANNED, OrderState.HELD)


def _way(book: OrderBook, position: Position) -> list[Reached]:
    found = [
        Reached(str(getattr(event, "value", event)), planned, position.happened.get(event))
        for event, planned in book.in_force.events.items()
    ]
    return sorted(found, key=lambda one: one.planned)
