"""The whole way of one order to a firm commitment: record it, plan it, reserve everything, take the money.

Each step is recorded with a key of its own, so the same command after an interruption at any instant goes
on where it stood and ends as if nothing had happened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from domain.errors import StateError
from domain.network import Network, Policy
from domain.order import Order
from domain.plan import Availability, Certificate, Plan
from domain.states import OrderState
from flows.availability import LedgerAvailability
from flows.fund import FINANCED, accept
from flows.needs import Need, needs_of
from flows.place import Placed, find_order, place_order
from flows.planned import current_plan, own_cash_error, record_plan
from flows.reservation_terms import Job, Refusal, Refused, Reserved
from flows.reserve import is_local, refusal_error, reserve, reserve_in
from routing.choose import Planning, choose

if TYPE_CHECKING:
    from flows.session import Session
    from ledger.transaction import Transaction

UNRESERVED = frozenset({OrderState.CONFIRMED, OrderState.PLANNED, OrderState.HELD})
"""States from which an order can still be taken to reserved."""

LOOKED_AT_ONCE = 40
"""How many of the next best plans are looked at, each time a firm declines."""


@dataclass(frozen=True, slots=True)
class Way:
    """How far the order has come: its plan as reserved, and what had to be adapted to on the way."""

    placed: Placed
    plan: Plan
    notes: tuple[str, ...] = ()
    repeated: bool = False


def run_order(session: "Session", order: Order) -> Way:
    """Record the order and take it the whole way to reserved."""
    on = session.day_of(order.issued_on)
    placed = place_order(session.ledger, order, on)
    return go_on(session, placed.id, on)


def go_on(session: "Session", order_id: str, on: date) -> Way:
    """Take a recorded order from wherever it stands to reserved; further on, only say where it is."""
    known = find_order(session.ledger, order_id)
    if known.state is OrderState.CONFIRMED:
        known = plan_placed(session, known, on)
    if known.state in UNRESERVED:
        return reserve_order(session, known.id, on)
    _require_under_way(known)
    plan = current_plan(session.ledger, known.id)
    _accept_once(session, known.id, plan, on)
    return Way(known, plan, repeated=True)


def _require_under_way(known: Placed) -> None:
    if known.state is OrderState.CANCELLED:
        raise StateError(f"order {known.id} is cancelled", "place a new order")
    if known.state is OrderState.DRAFT:
        raise StateError(f"order {known.id} is a draft", f"net order confirm {known.id}")


def plan_placed(session: "Session", known: Placed, on: date) -> Placed:
    """Plan the order and record the plan; OwnCashNeededError with the ways out when none passes."""
    plan = best_plan(session, known, on, LedgerAvailability(session.ledger))
    with session.ledger.write() as transaction:
        record_plan(transaction, known, plan, on)
    return replace(known, state=OrderState.PLANNED)


def best_plan(
    session: "Session", known: Placed, on: date, availability: Availability, *, quick: bool = False
) -> Plan:
    """The best plan of all; ``quick`` leaves out headroom, stresses that need not pass, and repairs."""
    network, policy = session.network, session.policy
    found = choose(known.order, network, policy, on, availability, repairs=not quick, brief=quick)
    if isinstance(found, Certificate):
        raise own_cash_error(found, known.id)
    return replace(found, order=known.id)


def reserve_order(session: "Session", order_id: str, on: date) -> Way:
    """Reserve every leg and the credit of the order's plan, and accept the offers that it rests on.

    NoCapacityError when a firm declines and no other plan that passes can be had either.
    """
    ledger, firms = session.ledger, session.firms
    known = find_order(ledger, order_id)
    plan = current_plan(ledger, known.id)
    others = Alternatives(known.order, session.network, session.policy, on, LedgerAvailability(ledger))
    job = Job(known.id, plan, on, next_plan=others.following)
    if is_local(plan, firms):
        with ledger.write() as transaction:
            outcome = reserve_in(transaction, firms, job)
            if isinstance(outcome, Reserved):
                _accept(session, transaction, outcome, on)
    else:
        outcome = reserve(ledger, firms, job)
        if isinstance(outcome, Reserved):
            with ledger.write() as transaction:
                _accept(session, transaction, outcome, on)
    if isinstance(outcome, Refused):
        raise refusal_error(outcome)
    return Way(find_order(ledger, known.id), outcome.plan, outcome.notes)


def _accept(session: "Session", transaction: "Transaction", outcome: Reserved, on: date) -> None:
    """The offers are accepted on the plan that was reserved, which may not be the first one."""
    placed = find_order(transaction, outcome.order)
    record_plan(transaction, placed, outcome.plan, on)
    key = session.registry_key
    accept(transaction, placed.order, outcome.plan, session.network, on, registry_key=key)


def _accept_once(session: "Session", order_id: str, plan: Plan, on: date) -> None:
    """What an interruption between reserving at other firms and accepting left undone."""
    if session.ledger.record_by_key(f"{FINANCED}:{order_id}") is None:
        with session.ledger.write() as transaction:
            _accept(session, transaction, Reserved(order_id, plan, ()), on)


class Alternatives:
    """The next best plans of an order, for when a firm declines."""

    def __init__(
        self, order: Order, network: Network, policy: Policy, on: date, availability: Availability
    ) -> None:
        self._given = (order, network, policy, on, availability)
        self._network = network
        self._order_id = ""
        self._left: Iterator[Plan] | None = None

    def following(self, refused: Plan, refusals: Sequence[Refusal], held: Sequence[str]) -> Plan | None:
        """The best plan that asks for nothing that was declined, first one that keeps all that is held."""
        self._order_id = refused.order
        if self._left is None:
            self._left = self._plans()
        first: Plan | None = None
        for plan in islice(self._left, LOOKED_AT_ONCE):
            needs = needs_of(plan, self._network)
            if any(_declined(need, refusals) for need in needs):
                continue
            if set(held) <= {need.leg for need in needs}:
                return plan
            first = first or plan
        return first

    def _plans(self) -> Iterator[Plan]:
        planning = Planning(*self._given)
        for tried in planning.tried():
            yield replace(planning.plan(tried), order=self._order_id)


def _declined(need: Need, refusals: Sequence[Refusal]) -> bool:
    """Whether the need asks again for what a firm has refused: that very leg, or a slot that is full."""
    for refusal in refusals:
        if need.leg == refusal.leg:
            return True
        if need.firm == refusal.firm and not refusal.code.startswith("no_"):
            return True
    return False
