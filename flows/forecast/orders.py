"""Forecasts of one order, and the scorecards of the providers that planning counts on."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from domain.errors import NotFoundError
from domain.plan import Plan
from flows.desk.forecasts import LATE_PAYMENT, LEAD_TIME
from flows.desk.session import Session
from flows.orders.find import Placed, find_order
from flows.plans.foresight import PlanChances, chances_of
from flows.plans.recorded_plan import current_plan


def order_chances(session: Session, order: str) -> tuple[Placed, Plan, PlanChances]:
    """The order's plan and what can go wrong with it; NotFoundError without a plan or a model."""
    placed = find_order(session.ledger, order)
    plan = current_plan(session.ledger, placed.id)
    chances = chances_of(session, placed.order.buyer.name, plan)
    if chances is None:
        raise NotFoundError(
            f"no model of {LATE_PAYMENT} was learned by {session.on}", f"net learn {LATE_PAYMENT}"
        )
    return placed, plan, chances


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A provider by what it has done: ``on_time_least`` is the share on time that it reaches with 95%
    certainty (5% quantile of the Beta distribution from one on time and one late)."""

    provider: str
    known: int
    late: int
    on_time_least: float
    late_probability: float
    days_late: int


def scorecards(session: Session, level: Fraction) -> tuple[list[Scorecard], date]:
    """Every provider with a card, the worst first, and the day up to which the model knows."""
    cards = session.cards(LEAD_TIME)
    if cards is None:
        raise NotFoundError(f"no model of {LEAD_TIME} was learned by {session.on}", f"net learn {LEAD_TIME}")
    found = [
        Scorecard(
            one.firm,
            one.known,
            one.late_known,
            least_share(one.known - one.late_known, one.late_known),
            one.late,
            one.days_at(level),
        )
        for one in cards.firms.values()
        if one.firm
    ]
    return sorted(found, key=lambda one: (one.on_time_least, one.provider)), cards.until


def least_share(good: int, bad: int) -> float:
    """The share that is reached with 95% certainty: Beta(1 + good, 1 + bad) at 5%."""
    from routing.simulate.intervals import beta_below

    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if beta_below(middle, 1 + good, 1 + bad) < 0.05 else (low, middle)
    return low
