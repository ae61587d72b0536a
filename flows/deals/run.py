"""The whole way of one order to a firm commitment: record it, plan it, reserve everything, take the money.

Each step is recorded with a key of its own, so the same command after an interruption at any instant goes
on where it stood and ends as if nothing had happened.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.errors import NetError, StateError
from domain.order import Order
from domain.plan import Availability, Certificate, Plan
from domain.states import OrderState
from flows.books.acceptance import acceptance
from flows.books.order_book import OrderBook
from flows.credit.accept import Draft, accept
from flows.credit.refusals import Refusing, no_credit, refusals_of
from flows.deals.rehearse import Rehearsal
from flows.deals.replan import Replanning
from flows.deals.unreserve import withdraw
from flows.desk.session import Session
from flows.firms.withdrawals import open_withdrawals, told
from flows.orders.find import Placed
from flows.orders.place import place_order
from flows.orders.refusal import refusals_kept
from flows.plans.availability import LedgerAvailability
from flows.plans.foresight import policy_for
from flows.plans.needs import needs_of
from flows.plans.recorded_plan import (
    certificate_error,
    current_plan,
    network_for,
    record_plan,
    require_ahead,
    require_fresh,
    situation_of,
    stale_inputs,
)
from flows.slots.outcomes import Job, NextPlan, Outcome, Refused, Reserved, Waits
from flows.slots.reserve import all_local, refusal_error, reserve, reserve_in, reserve_many, waiting_error
from ledger.book.transaction import Transaction
from routing.plans.choose import choose

UNRESERVED = frozenset({OrderState.CONFIRMED, OrderState.PLANNED, OrderState.HELD})
"""States from which an order can still be taken to reserved."""


@dataclass(frozen=True, slots=True)
class Way:
    """How far the order has come: its plan as reserved, what had to be adapted to, its book if just begun."""

    placed: Placed
    plan: Plan
    notes: tuple[str, ...] = ()
    repeated: bool = False
    book: OrderBook | None = None


def run_order(session: Session, order: Order) -> Way:
    """Record the order and take it the whole way to reserved."""
    on = session.day_of(order.issued_on)
    return go_on(session, place_order(session.ledger, order, on), on)


def go_on(session: Session, known: Placed, on: date) -> Way:
    """Take a recorded order from wherever it stands to reserved; further on, only say where it is. What
    refuses it is recorded with the order."""
    with refusals_kept(session.ledger, known.id, on):
        return _go_on(session, known, on)


def _go_on(session: Session, known: Placed, on: date) -> Way:
    if known.state is OrderState.CONFIRMED:
        _withdraw_outdated(session, known, on)
        known, plan = plan_placed(session, known, on)
        return reserve_planned(session, known, plan, on)
    if known.state in UNRESERVED:
        return reserve_planned(session, known, fresh_plan(session, known, on), on)
    _require_under_way(known)
    plan = current_plan(session.ledger, known.id)
    _accept_once(session, known, plan, on)
    lost = tuple(told(open_withdrawals(session.ledger, known.id)))
    return Way(known, plan, lost, repeated=True)


def fresh_plan(session: Session, known: Placed, on: date) -> Plan:
    """The order's plan, made again where what it rests on has changed and nothing is held yet."""
    plan = current_plan(session.ledger, known.id)
    if known.state is not OrderState.PLANNED:
        return plan
    if stale_inputs(plan, known.order, session.network, policy_for(session, known.order), on):
        return plan_placed(session, known, on)[1]
    return plan


def _withdraw_outdated(session: Session, known: Placed, on: date) -> None:
    """Offers accepted on a plan of the order as it was before it was amended bind nobody."""
    if acceptance(session.ledger, known.id) is not None:
        with session.ledger.write() as transaction:
            withdraw(transaction, known, on)


def _require_under_way(known: Placed) -> None:
    if known.state is OrderState.CANCELLED:
        raise StateError(f"order {known.id} is cancelled", "place a new order")
    if known.state is OrderState.DRAFT:
        raise StateError(f"order {known.id} is a draft", f"net order confirm {known.id}")


def plan_placed(session: Session, known: Placed, on: date) -> tuple[Placed, Plan]:
    """Plan the order and record the plan; OwnCashNeededError with the ways out when none passes."""
    plan = best_plan(session, known, on, LedgerAvailability(session.ledger))
    with session.ledger.write() as transaction:
        plan = record_plan(transaction, known.id, plan, on)
    return replace(known, state=OrderState.PLANNED), plan


def best_plan(session: Session, known: Placed, on: date, free: Availability, *, quick: bool = False) -> Plan:
    """The best plan of all; ``quick`` leaves out headroom, stresses that need not pass, and repairs."""
    found = choose(situation_of(session, known, on, free), repairs=not quick, brief=quick)
    if isinstance(found, Certificate):
        raise certificate_error(found)
    return found


def keep_plan(
    session: Session, known: Placed, plan: Plan, on: date, rehearsal: Rehearsal | None = None
) -> Placed:
    """Record the plan as the one that the order stands on."""
    with session.ledger.write() as transaction:
        record_plan(transaction, known.id, plan, on, rehearsal.planning if rehearsal else None)
    return replace(known, state=OrderState.PLANNED)


def reserve_order(session: Session, known: Placed, on: date) -> Way:
    """Reserve every leg and the credit of the order's plan, and accept the offers that it rests on.

    StalePlanError when a quote, offer, limit or calendar has changed since the plan was made;
    NoCapacityError when a firm declines and no other plan that passes can be had either.
    """
    if known.state not in UNRESERVED:
        return go_on(session, known, on)
    plan = current_plan(session.ledger, known.id)
    if known.state is OrderState.PLANNED:
        require_fresh(plan, known.order, session.network, policy_for(session, known.order), on)
    with refusals_kept(session.ledger, known.id, on):
        return reserve_planned(session, known, plan, on)


def reserve_planned(
    session: Session, known: Placed, plan: Plan, on: date, rehearsal: Rehearsal | None = None
) -> Way:
    """``reserve_order`` for an order and a plan in hand, once every lender of the plan agrees."""
    known, plan = agreed_plan(session, known, plan, on)
    outcome = reserve_on(session, known, plan, on, rehearsal=rehearsal)
    if isinstance(outcome, Refused):
        raise refusal_error(outcome)
    return outcome


def reserve_on(
    session: Session,
    known: Placed,
    plan: Plan,
    on: date,
    next_plan: NextPlan | None = None,
    rehearsal: Rehearsal | None = None,
) -> Way | Refused:
    """As ``reserve_planned`` once the lenders agree; what nobody could cure comes back. ``next_plan`` answers
    a firm's no, where it shall not be the next best plan. ``rehearsal`` is taken where it is of this plan."""
    ledger, firms = session.ledger, session.firms
    rehearsed = rehearsal if rehearsal is not None and rehearsal.plan is plan else None
    needs = rehearsed.needs if rehearsed else needs_of(plan, firms.network)
    job = replace(_job(session, known, plan, on, next_plan), needs=needs)
    book: OrderBook | None = None
    if all_local(needs, firms):
        with ledger.write() as transaction:
            outcome = reserve_in(transaction, firms, job)
            if isinstance(outcome, Reserved):
                draft = rehearsed.draft if rehearsed else None
                book = _accept(session, transaction, known, plan, outcome, on, draft)
    else:
        outcome = reserve(ledger, firms, job)
        if isinstance(outcome, Reserved):
            with ledger.write() as transaction:
                book = _accept(session, transaction, known, plan, outcome, on)
    if isinstance(outcome, Refused):
        return outcome
    return Way(replace(known, state=OrderState.RESERVED), outcome.plan, outcome.notes, book=book)


def _job(session: Session, known: Placed, plan: Plan, on: date, next_plan: NextPlan | None = None) -> Job:
    again = Replanning(session, known, on)
    return Job(known.id, plan, on, next_plan=next_plan or again.instead, retest=again.tested)


def agreed_plan(session: Session, known: Placed, plan: Plan, on: date) -> tuple[Placed, Plan]:
    """The best plan whose lenders all agree: products that are refused are left out and the order is
    planned again; NoCreditError with every reason, and what would change it, when no plan is left.

    StalePlanError where what is held already rests on a plan whose first day is past.
    """
    require_ahead(plan, on, f"net slot release {known.id} gives back what is held; then it is planned again")
    if known.state is not OrderState.PLANNED:
        return known, plan
    network = network_for(session, known)
    every: Refusing = {}
    while refused := refusals_of(session, known, plan, on):
        every |= refused
        network = replace(network, products=tuple(p for p in network.products if p.id not in every))
        free = LedgerAvailability(session.ledger)
        situation = replace(situation_of(session, known, on, free), network=network)
        found = choose(situation, repairs=False)
        if isinstance(found, Certificate):
            raise no_credit(known.id, every)
        plan = found
    return (keep_plan(session, known, plan, on) if every else known), plan


def require_offers(session: Session, known: Placed, plan: Plan, on: date) -> None:
    """NoCreditError with each refusal's reason unless every lender of this very plan agrees."""
    if known.state is OrderState.PLANNED and (refused := refusals_of(session, known, plan, on)):
        raise no_credit(known.id, refused)


def reserve_side_by_side(
    session: Session, ready: Sequence[tuple[Placed, Plan, date]]
) -> list[Way | NetError]:
    """Reserve many orders at firms of their own systems at once: a slow firm delays its own orders alone.

    No transaction is open while a firm is asked. What could not be reserved comes back as its error.
    """
    found: dict[int, Way | NetError] = {}
    jobs: dict[int, Job] = {}
    agreed: dict[int, tuple[Placed, Plan, date]] = {}
    for place, (known, plan, on) in enumerate(ready):
        try:
            known, plan = agreed_plan(session, known, plan, on)
            agreed[place] = (known, plan, on)
            jobs[place] = _job(session, known, plan, on)
        except NetError as error:
            found[place] = error
    outcomes = reserve_many(session.ledger, session.firms, list(jobs.values()))
    for place, outcome in zip(jobs, outcomes, strict=True):
        found[place] = _way_of(session, agreed[place], outcome)
    return [found[place] for place in range(len(ready))]


def _way_of(
    session: Session, ready: tuple[Placed, Plan, date], outcome: Outcome | NetError
) -> Way | NetError:
    known, plan, on = ready
    match outcome:
        case Reserved():
            with session.ledger.write() as transaction:
                book = _accept(session, transaction, known, plan, outcome, on)
            return Way(replace(known, state=OrderState.RESERVED), outcome.plan, outcome.notes, book=book)
        case Refused():
            return refusal_error(outcome)
        case Waits():
            return waiting_error(outcome)
    return outcome


def _accept(
    session: Session,
    transaction: Transaction,
    known: Placed,
    plan: Plan,
    outcome: Reserved,
    on: date,
    draft: Draft | None = None,
) -> OrderBook:
    """The offers are accepted on the plan that was reserved, which may not be the first one."""
    if outcome.plan is not plan:
        record_plan(transaction, known.id, outcome.plan, on)
    key = session.registry_key  # the claim is made under the order's own number, whatever it is called here
    return accept(
        transaction, known.order, outcome.plan, session.network, on, registry_key=key, draft=draft
    ).book


def _accept_once(session: Session, known: Placed, plan: Plan, on: date) -> None:
    """What an interruption between reserving at other firms and accepting left undone."""
    if acceptance(session.ledger, known.id) is None:
        with session.ledger.write() as transaction:
            _accept(session, transaction, known, plan, Reserved(known.id, plan, ()), on)
