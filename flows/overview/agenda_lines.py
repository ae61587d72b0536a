"""The lines of one order's agenda, worked out of its book: what is due already, and what is only planned."""

from collections.abc import Iterator
from datetime import date

from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind
from finance.books.position import Position
from finance.fold.expectations import Expectations
from finance.fold.fold import fold
from flows.books.acceptance import acceptance
from flows.books.order_book import OrderBook, read_book
from flows.books.record import horizon
from flows.overview.agenda_line import AgendaLine
from flows.overview.next_step import AHEAD, FirstDraws, NextStep, expected_facts, step_of
from ledger.book.reading import Reading


def lines_of_order(reading: Reading, order: str) -> list[AgendaLine]:
    """The lines of an order under way; none where nothing was accepted for it."""
    return [] if acceptance(reading, order) is None else lines_of(reading, read_book(reading, order))


class DueAlready(Expectations):
    """What the plan expects if nothing more happens to the goods: the money that is due by itself."""

    def _milestones(self, position: Position) -> Iterator[tuple[date, FactKind, dict[str, object]]]:  # noqa: ARG002
        return iter(())


def lines_of(reading: Reading, book: OrderBook) -> list[AgendaLine]:
    """The lines of one order, in the order in which they fall."""
    contract, first = book.in_force, FirstDraws(reading, book)
    far = horizon(book, book.contract.accepted_on) + AHEAD
    due = {
        _mark(fact)
        for fact in fold(book.contract, book.facts, far, DueAlready(book.contract, book.facts)).assumed
    }
    recorded = False
    made: list[AgendaLine] = []
    for fact in expected_facts(book):
        goods = fact.kind in (FactKind.MILESTONE, FactKind.INVOICE)
        open_now = (goods and not recorded) or _mark(fact) in due
        recorded = recorded or goods
        for step in first.before(fact):
            made.append(_to_record(contract, len(made), fact, open_now, step))
        made.append(_line(contract, len(made), fact, open_now))
    return made


def _to_record(contract: Contract, place: int, fact: Fact, due: bool, step: NextStep) -> AgendaLine:
    day = step.on or fact.on
    return AgendaLine(
        contract.order,
        place,
        due,
        day,
        "record",
        step.waits_for,
        step.what,
        0,
        contract.currency,
        step.command,
    )


def _mark(fact: Fact) -> tuple[str, str]:
    """What a fact is about; its day and amount may differ between two ways to foresee it."""
    payees = ",".join(name for name, *_ in fact.payees)
    return fact.kind.value, fact.text("payee") or f"{fact.text('facility')}:{payees}"


def _line(contract: Contract, place: int, fact: Fact, due: bool) -> AgendaLine:
    step = step_of(contract, fact)
    if fact.kind not in (FactKind.RECEIPT, FactKind.PAYMENT, FactKind.DRAW):
        return _to_record(contract, place, fact, due, step)
    amount = fact.minor("amount") or sum(cost for _, _, cost in fact.payees)
    currency = contract.currency_of(fact.text("payee") or fact.text("facility"))
    pays = fact.kind is FactKind.PAYMENT or bool(fact.payees)
    side = "pay" if pays else ("receive" if fact.kind is FactKind.RECEIPT else "draw")
    party = ", ".join(name for name, *_ in fact.payees) or fact.text("payee") or step.waits_for
    return AgendaLine(
        contract.order, place, due, fact.on, side, party, step.what, amount, currency, step.command
    )
