"""A provider fails: claim what it was prepaid, plan the rest of the chain with others, test the money again.

One command, safe to run again after any interruption: the failure is recorded first; what is still held and
still fits stays booked; the new slots are booked; then the order rests on the new plan. When no plan passes
without own cash, the order ends: what is left is called off at the providers' terms.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date

from domain.errors import NetError, NotFoundError, RefusedError, StateError
from domain.plain import to_plain
from domain.plan import Plan
from domain.states import OrderState
from finance.agreed.contract import NETWORK
from finance.agreed.facts import Fact, FactKind
from finance.books.position import Position
from flows.books.order_book import OrderBook, read_book, remember
from flows.books.record import Recorded, fold_at, preview, record_fact, record_in
from flows.calls.caller import Caller
from flows.deals.cancel import call_off
from flows.deals.rest_of_chain import RemainingChain
from flows.desk.session import Session
from flows.orders.find import Placed, find_order
from flows.orders.statement import Statement
from flows.plans.recorded_plan import record_plan
from flows.slots.outcomes import Job, Outcome, Refused, Reserved, Waits
from flows.slots.reserve import waiting_error
from flows.slots.swap import Swapping

REPLACEABLE = frozenset({OrderState.RESERVED, OrderState.FUNDED, OrderState.PRODUCING, OrderState.INSPECTED})
"""States of an order whose chain may still change: nothing has been delivered."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """What became of it: ``failure`` and ``change`` as recorded (or as they would be), the plan that the
    order rests on now, or the reasons why none passes and how the order ended. The proof counts on
    ``guaranteed_minor``, what guarantors of prepayments owe the lenders."""

    order: str
    booking: str
    failure: Recorded
    plan: Plan | None = None
    change: Recorded | None = None
    kept: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    ended: Recorded | Placed | None = None
    guaranteed_minor: int = 0
    dry_run: bool = False


def replace_provider(
    session: Session,
    order_id: str,
    booking: str,
    stated: Statement,
    *,
    dry_run: bool = False,
) -> Replaced:
    """Record that a provider fails, and put another in its place, or end the order when none passes.

    StateError once something is delivered; NotFoundError for a booking that the order does not have.
    """
    known = find_order(session.ledger, order_id)
    book = read_book(session.ledger, known.id)
    if known.state not in REPLACEABLE:
        raise StateError(
            f"order {known.id} is {known.state}: its chain can no longer change",
            f"net payment damages {known.id} claims from a provider, net order cancel ends an order",
        )
    contract = book.in_force
    if contract.currencies:
        raise RefusedError(
            f"order {known.id} pays in {', '.join(contract.currencies)} too: another firm is put in place"
            " only in orders of one currency",
            f"net milestone fail {known.id} {booking} records the failure, net order cancel ends the order",
        )
    if contract.booking(booking) is None or booking == NETWORK:
        names = ", ".join(one.id for one in contract.bookings if one.id != NETWORK)
        if not _failed_before(book, booking):
            raise NotFoundError(f"order {known.id} has no booking {booking!r}", f"its bookings are: {names}")
        raise RefusedError(f"{booking} was replaced before", f"its bookings are now: {names}")
    failure = _record_failure(session, known.id, booking, stated, dry_run)
    book = _with(book, failure) if dry_run else read_book(session.ledger, known.id)
    position = fold_at(book, stated.on).position
    search = RemainingChain(session, known, book, position, stated.on, _failed_firms(book, position))
    plan = search.plan()
    if plan is None:
        return _end(session, known, booking, failure, search, stated, dry_run)
    if dry_run:
        change = preview(book, FactKind.REPLANNED, stated, _change(search, plan))
        return _answer(known, booking, failure, search, plan, change, (), dry_run=True)
    outcome = _swap(session, known, search, plan, stated.on)
    if isinstance(outcome, Refused):
        search.reasons += [f"{one.firm}: {one.reason}" for one in outcome.refusals]
        return _end(session, known, booking, failure, search, stated, dry_run)
    data = _change(search, outcome.plan)
    with session.ledger.write() as transaction:
        change = record_in(transaction, known.id, FactKind.REPLANNED, stated, data)
        record_plan(transaction, known.id, outcome.plan, stated.on, booked=True)
    return _answer(known, booking, failure, search, outcome.plan, change, outcome.notes)


def _failed_before(book: OrderBook, booking: str) -> Fact | None:
    for fact in book.facts:
        if fact.kind is FactKind.PROVIDER_FAILED and fact.text("booking") == booking:
            return fact
    return None


def _failed_firms(book: OrderBook, position: Position) -> frozenset[str]:
    """Every firm of this order that has failed: none of them is asked again."""
    failed = {fact.text("booking") for fact in book.facts if fact.kind is FactKind.PROVIDER_FAILED}
    accounts = [position.accounts[name] for name in failed if name in position.accounts]
    return frozenset(account.booking.entity.removeprefix("provider:") for account in accounts)


def _record_failure(session: Session, order: str, booking: str, stated: Statement, dry_run: bool) -> Recorded:
    """A failure that was stated before keeps its day."""
    known = _failed_before(read_book(session.ledger, order), booking)
    if known:
        stated = replace(stated, on=known.on)
    data = {"booking": booking}
    return record_fact(session.ledger, order, FactKind.PROVIDER_FAILED, stated, data, dry_run=dry_run)


def _with(book: OrderBook, recorded: Recorded) -> OrderBook:
    """The book as it would be; nothing is written."""
    made = replace(
        book, facts=[*book.facts, *recorded.facts], posted=deepcopy(book.posted), causes=set(book.causes)
    )
    made.causes.update(fact.id for fact in recorded.facts)
    remember(made, recorded.journals)
    return made


def _change(search: RemainingChain, plan: Plan) -> dict[str, object]:
    return {"contract": to_plain(search.contract(plan))}


def _swap(
    session: Session, known: Placed, search: RemainingChain, plan: Plan, on: date
) -> Reserved | Refused:
    """Book what is new, then give back what is not needed any more."""
    firms = session.firms

    def following(_plan: Plan, refusals: Sequence[object], _held: Sequence[str]) -> Plan | None:
        names = {refusal.firm for refusal in refusals}  # type: ignore[attr-defined]
        if names <= search.without:
            return None
        search.without |= names
        return search.plan()

    job = Job(known.id, plan, on, next_plan=following)
    caller: Caller[Outcome] = Caller(session.ledger, firms, on)
    outcome = caller.run([Swapping(firms, job, session.ledger.id).steps()])[0]
    if isinstance(outcome, NetError):
        raise outcome
    if isinstance(outcome, Waits):
        raise waiting_error(outcome)
    return outcome


def _end(
    session: Session,
    known: Placed,
    booking: str,
    failure: Recorded,
    search: RemainingChain,
    stated: Statement,
    dry_run: bool,
) -> Replaced:
    """No plan passes: what is left is called off, at the terms of those who have to be told."""
    if dry_run:
        ended: Recorded | Placed = preview(search.book, FactKind.CANCELLED, stated, {})
    else:
        ended = call_off(session.ledger, known.id, stated, firms=session.firms)
    return Replaced(
        known.id,
        booking,
        failure,
        reasons=tuple(dict.fromkeys(search.reasons)),
        ended=ended,
        dry_run=dry_run,
    )


def _answer(
    known: Placed,
    booking: str,
    failure: Recorded,
    search: RemainingChain,
    plan: Plan,
    change: Recorded,
    notes: Sequence[str],
    *,
    dry_run: bool = False,
) -> Replaced:
    before = {
        name: account.booking
        for name, account in search.position.accounts.items()
        if not account.ended and account.booking.entity != NETWORK
    }
    after = {one.id: one for one in search.contract(plan).bookings if one.entity != NETWORK}
    return Replaced(
        known.id,
        booking,
        failure,
        plan,
        change,
        kept=tuple(name for name in after if before.get(name) == after[name]),
        new=tuple(name for name in after if before.get(name) != after[name]),
        dropped=tuple(name for name in before if name not in after),
        notes=tuple(notes),
        guaranteed_minor=search.guaranteed,
        dry_run=dry_run,
    )
