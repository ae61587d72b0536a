"""An order's plan as the ledger has it: recorded, found again, fresh or stale, and why there is none.

Nothing in a plan is committed. A plan is recorded with the hashes of what it rests on; ``stale_inputs``
names what has changed since.
"""

from dataclasses import replace
from datetime import date

from domain.errors import NetError, NoCapacityError, NotFoundError, OwnCashNeededError, StalePlanError
from domain.network import Network, Policy
from domain.order import Order
from domain.plain import from_plain, to_plain
from domain.plan import Availability, Certificate, Plan
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from domain.states import OrderState, require_move
from flows.desk.session import Session
from flows.firms.given_back import with_fees_owed
from flows.orders.find import Placed
from flows.plans.foresight import policy_for
from flows.plans.newest import newest_plan
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from routing.offers.situation import Situation

BOOKED = frozenset({OrderState.HELD, OrderState.RESERVED})
FIRST_DAY = "first day"


def situation_of(session: Session, placed: Placed, on: date, free: Availability) -> Situation:
    """A recorded order on the session's network under its policy, on what is free that day."""
    network = network_for(session, placed)
    return Situation(known_as(placed), network, policy_for(session, placed.order), on, free)


def network_for(session: Session, placed: Placed) -> Network:
    """The session's network with what the order owes already for slots that it gave back."""
    return with_fees_owed(session.network, session.ledger, placed.id, placed.order.currency)


def known_as(placed: Placed) -> Order:
    """The order under the name by which the ledger knows it."""
    return replace(placed.order, reference=placed.id)


def record_plan(
    transaction: Transaction,
    order_id: str,
    plan: Plan,
    on: date,
    entry: Entry | None = None,
    *,
    booked: bool = False,
) -> Plan:
    """Make it the order's plan; the same plan again changes nothing.

    A plan that was taken instead, because a firm declined or failed (``booked``), is recorded once its slots
    are booked; the order's state stays. ``entry`` is what ``first_planning`` made of it before, taken if it
    is the order's first plan.
    """
    state = OrderState(transaction.order_state(order_id) or OrderState.DRAFT)
    plan = replace(plan, search=replace(plan.search, microseconds=0))
    recorded = list(transaction.records(order=order_id, kind=RecordKind.PLAN))
    known = from_plain(Plan, recorded[-1].body["plan"]) if recorded else None
    if known == plan and state is not OrderState.CONFIRMED:
        return plan
    if state is OrderState.DRAFT:
        raise OwnCashNeededError(
            f"order {order_id} is a draft: nothing may be planned on it", f"net order confirm {order_id}"
        )
    count = len(recorded)
    if booked or state in BOOKED:
        entry = Entry(
            RecordKind.PLAN, RecordKey.plan(order_id, count + 1), on, order_id, {"plan": to_plain(plan)}
        )
    else:
        require_move(order_id, state, OrderState.PLANNED)
        if entry is None or count:
            entry = _planning(order_id, plan, on, count + 1)
    transaction.append(entry)
    return plan


def first_planning(plan: Plan, on: date) -> Entry:
    """What is recorded of the first plan of a new order."""
    return _planning(plan.order, replace(plan, search=replace(plan.search, microseconds=0)), on, 1)


def _planning(order_id: str, plan: Plan, on: date, number: int) -> Entry:
    body = {"plan": to_plain(plan), "state": OrderState.PLANNED.value}
    return Entry(RecordKind.PLAN, RecordKey.plan(order_id, number), on, order_id, body)


def current_plan(reading: Reading, order_id: str) -> Plan:
    """The order's newest plan; NotFoundError when it was never planned."""
    plan = newest_plan(reading, order_id)
    if plan is None:
        raise NotFoundError(f"order {order_id} has no plan yet", f"net plan {order_id} makes one")
    return plan


def stale_inputs(plan: Plan, order: Order, network: Network, policy: Policy, on: date) -> list[str]:
    """Which quotes, offers, limits or calendars are no longer what the plan was made of, and ``first day``
    where what it begins with is past on the day on which it would be committed."""
    from routing.offers.inputs import changed_inputs

    changed = changed_inputs(plan, replace(order, reference=plan.order), network, policy)
    return [*changed, *([FIRST_DAY] if on > plan.begins_on else [])]


def require_fresh(plan: Plan, order: Order, network: Network, policy: Policy, on: date) -> None:
    """StalePlanError, naming what changed, before anything is committed on an old plan."""
    require_ahead(plan, on)
    changed = stale_inputs(plan, order, network, policy, on)
    if changed:
        raise StalePlanError(
            f"the plan of order {plan.order} rests on what has changed: {', '.join(changed)}",
            f"net plan {plan.order} plans it again",
        )


def require_ahead(plan: Plan, on: date, way_out: str = "") -> None:
    """StalePlanError once the plan's first day is past: its dates, and so its proof, hold no more."""
    if on > plan.begins_on:
        raise StalePlanError(
            f"the plan of order {plan.order} begins on {plan.begins_on}, which is past on {on}",
            way_out or f"net plan {plan.order} --on {on} plans it again",
        )


def certificate_error(certificate: Certificate) -> NetError:
    """The certificate as the error a person reads: the gap, its date, and the ways out."""
    from domain.money import format_minor

    ways = [repair.text for repair in certificate.repairs]
    by_need = sorted(certificate.refusals, key=lambda one: one.reason.startswith("lends"))  # goods first
    reasons = [f"{one.subject}: {one.reason}" for one in by_need[:5]]
    hint = "; or ".join(ways) or "; ".join(reasons) or f"net plan {certificate.order} looks for ways out"
    name = f"order {certificate.order}"
    if certificate.best is None:
        return NoCapacityError(f"{name} cannot be planned: {certificate.reason}", hint)
    gap = format_minor(certificate.gap_minor, certificate.currency, grouped=True)
    missing = f": {gap} {certificate.currency} are missing" if certificate.gap_minor else ""
    if certificate.best.unlevered_profit_minor < 0:
        loss = format_minor(-certificate.best.unlevered_profit_minor, certificate.currency, grouped=True)
        missing += f"; its chain costs {loss} {certificate.currency} more than the buyer pays"
    return OwnCashNeededError(f"{name} has no plan without own cash{missing}; {certificate.reason}", hint)
