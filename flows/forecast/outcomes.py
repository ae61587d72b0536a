"""Outcomes to learn from: of an outside table by its map, or of the orders in the ledger."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

from domain.errors import NotFoundError, UsageError
from domain.states import OrderState
from domain.terms import Event
from finance.agreed.contract import NETWORK, Booking, Contract
from finance.agreed.facts import Fact, FactKind, standing
from finance.books.position import OWN_EVENTS
from finance.forecast.outcomes import Outcome
from flows.books.order_book import read_book
from flows.books.record import fold_at
from flows.desk.forecasts import LATE_PAYMENT, LEAD_TIME
from ledger.book.reading import Reading

SUBJECTS = (LATE_PAYMENT, LEAD_TIME)
Reader = Callable[[Reading, str, date], list[Outcome]]
NOT_FINANCED = (OrderState.DRAFT, OrderState.CONFIRMED, OrderState.PLANNED, OrderState.HELD)


def table_outcomes(tables: Iterable[Path], map_file: Path) -> list[Outcome]:
    """The rows of the tables as outcomes; a row that comes again counts as the last table has it."""
    from documents.maps.outcomes import load_outcome_map, read_outcomes

    outcome_map = load_outcome_map(map_file)
    found: dict[str, Outcome] = {}
    for table in tables:
        for row in read_outcomes(table, outcome_map):
            found[row.id] = Outcome(
                row.id, row.asked_on, row.due_on, row.ended_on, row.groups, row.amount_minor, row.known
            )
    return list(found.values())


def ledger_outcomes(reading: Reading, subject: str, until: date) -> list[Outcome]:
    """What the ledger's own orders had shown by the end of ``until``; UsageError for another subject."""
    if subject not in SUBJECTS:
        raise UsageError(f"{subject!r} cannot be learned", f"one of: {', '.join(SUBJECTS)}")
    read = payments if subject == LATE_PAYMENT else services
    financed = [head.order for head in reading.orders() if OrderState(head.state) not in NOT_FINANCED]
    return [one for order in financed for one in _of_order(reading, order, until, read)]


def _of_order(reading: Reading, order: str, until: date, read: Reader) -> list[Outcome]:
    try:
        return read(reading, order, until)
    except NotFoundError:  # called off before it was financed
        return []


def payments(reading: Reading, order: str, until: date) -> list[Outcome]:
    """One outcome for each invoice to the buyer: asked on its day, ended when the receipts cover it."""
    book = read_book(reading, order)
    position = fold_at(book, until).position
    receipts = _received(standing(book.facts), until)
    found, wanted = [], 0
    for invoice in sorted(position.sales.invoices, key=lambda one: (one.due_on, one.id)):
        wanted += invoice.gross
        found.append(
            Outcome(
                f"{order}/{invoice.id}",
                invoice.on,
                invoice.due_on,
                _covered_on(receipts, wanted),
                (book.contract.buyer,),
                invoice.gross,
            )
        )
    return found


def _received(facts: Sequence[Fact], until: date) -> list[tuple[date, int]]:
    """Receipts up to a day, each with what had come in by then in all."""
    total, found = 0, []
    for fact in sorted(facts, key=lambda one: one.place):
        if fact.kind is FactKind.RECEIPT and fact.on <= until and fact.data.get("unknown") is not True:
            total += fact.minor("amount") or 0
            found.append((fact.on, total))
    return found


def _covered_on(receipts: Sequence[tuple[date, int]], wanted: int) -> date | None:
    return next((on for on, total in receipts if total >= wanted), None)


def services(reading: Reading, order: str, until: date) -> list[Outcome]:
    """One outcome for each booking: asked when it was accepted, ended when its service was rendered."""
    book = read_book(reading, order)
    contract = book.in_force
    facts = [fact for fact in standing(book.facts) if fact.on <= until]
    accepted = min(
        (fact.on for fact in facts if fact.kind is FactKind.ACCEPTED), default=contract.accepted_on
    )
    return [
        _service(contract, booking, facts, accepted)
        for booking in contract.bookings
        if booking.entity != NETWORK and accepted <= until
    ]


def _service(contract: Contract, booking: Booking, facts: Sequence[Fact], accepted: date) -> Outcome:
    event = rendered_on(booking)
    due = booking.ends_on if event in OWN_EVENTS else contract.events.get(event.value, booking.ends_on)
    return Outcome(
        f"{contract.order}/{booking.id}",
        accepted,
        due,
        next((fact.on for fact in facts if _renders(booking, event, fact)), None),
        (booking.entity.removeprefix("provider:"), booking.kind),
        booking.gross_minor,
    )


def rendered_on(booking: Booking) -> Event:
    """The event that says the provider has done its part: goods are made, a service has ended."""
    return Event.PRODUCTION_END if booking.goods else booking.bill_on


def _renders(booking: Booking, event: Event, fact: Fact) -> bool:
    if fact.kind is not FactKind.MILESTONE or fact.text("name") != event.value:
        return False
    return event not in OWN_EVENTS or fact.text("booking") == booking.id
