"""Look at an order's plans: the one to take, what would change it, what the next best would have been.

Looking commits nothing; only a recorded order's best plan is kept, by ``flows.plans.recorded_plan``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.order import Order
from domain.plan import Certificate, Plan
from domain.states import OrderState
from flows.desk.session import Session
from flows.orders.find import Placed
from flows.plans.foresight import policy_for
from flows.plans.recorded_plan import network_for, record_plan
from routing.offers.situation import Situation

PLANNABLE = frozenset({OrderState.CONFIRMED, OrderState.PLANNED})


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: an order, recorded (``placed``) or only read from a file."""

    situation: Situation
    placed: Placed | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What the runner-up has instead, and how much more (positive) or less it costs, in minor units."""

    what: str
    best: str
    other: str
    more_minor: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the best is the best: against the next that differs in firms or money, item by item."""

    best: Plan
    other: Plan | None
    differences: tuple[Difference, ...]


def recorded_subject(session: Session, placed: Placed) -> Subject:
    """A recorded order under the name by which the ledger knows it, on what its ledger says is free."""
    from flows.plans.availability import LedgerAvailability

    order = replace(placed.order, reference=placed.id)
    free = LedgerAvailability(session.ledger)
    on = session.day_of(placed.on)
    return Subject(
        Situation(order, network_for(session, placed), policy_for(session, order), on, free), placed
    )


def read_subject(session: Session, order: Order) -> Subject:
    """An order read from a file: as of its own day unless one is given, with everything free."""
    return Subject(Situation(order, session.network, policy_for(session, order), session.on_given))


def find_plan(subject: Subject, *, repairs: bool = True) -> Plan | Certificate:
    """The best plan, or the certificate that there is none; nothing is recorded."""
    from routing.plans.choose import choose

    return choose(subject.situation, repairs=repairs)


def keep_plan(session: Session, subject: Subject, plan: Plan) -> bool:
    """Record the plan as the order's where it still may change; whether it was recorded."""
    placed = subject.placed
    if placed is None or placed.state not in PLANNABLE:
        return False
    with session.ledger.write() as transaction:
        record_plan(transaction, placed.id, plan, subject.situation.day)
    return True


def with_changes(subject: Subject, changes: Sequence[str]) -> Subject:
    """The subject with each change made (``advance_rate=0.9``); UsageError names what is known."""
    from routing.plans.what_if import changed, parse_change

    situation = subject.situation
    for text in changes:
        situation = changed(situation, parse_change(text, situation.order.currency))
    return replace(subject, situation=situation)


def best_few(subject: Subject, limit: int) -> list[Plan]:
    """The best plans that differ in firms or money; empty when none passes."""
    from routing.plans.choose import compare

    return compare(subject.situation, limit=limit)


def explain(subject: Subject) -> Explanation | None:
    """The best plan against its runner-up; None when no plan passes."""
    plans = best_few(subject, 2)
    if not plans:
        return None
    other = plans[1] if len(plans) > 1 else None
    found = tuple(differences(plans[0], other)) if other is not None else ()
    return Explanation(plans[0], other, found)


def differences(best: Plan, other: Plan) -> list[Difference]:
    """Cost by cost, what the other has more or less; they sum to the difference in profit."""
    found = []
    for kind in dict.fromkeys([leg.kind for leg in (*best.legs, *other.legs)]):
        mine, theirs = _legs(best, kind), _legs(other, kind)
        if mine != theirs:
            found.append(Difference(kind, mine[0], theirs[0], theirs[1] - mine[1]))
    money = other.finance_cost_minor - best.finance_cost_minor
    if money or _money(best) != _money(other):
        found.append(Difference("money", _money(best), _money(other), money))
    rest = best.profit_minor - other.profit_minor - sum(each.more_minor for each in found)
    if rest:
        found.append(Difference("tax that is not recovered, surcharges", "", "", rest))
    return found


def _legs(plan: Plan, kind: str) -> tuple[str, int]:
    legs = [leg for leg in plan.legs if leg.kind == kind]
    names = ", ".join(f"{leg.provider} from {leg.starts_on}" for leg in legs) or "none"
    return names, sum(leg.net_minor for leg in legs)


def _money(plan: Plan) -> str:
    return " then ".join(one.product for one in plan.facilities if not one.standby) or "none"
