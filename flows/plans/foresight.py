"""What the policy asks of forecasts for one order, and what the chances of its plan are."""

from dataclasses import dataclass, replace
from datetime import date

from domain.errors import RefusedError
from domain.network import Policy, Stress
from domain.order import Order
from domain.plan import Plan
from flows.desk.forecasts import LATE_PAYMENT
from flows.desk.session import Session


def policy_for(session: Session, order: Order) -> Policy:
    """The policy for one order: where it bounds the chance that own cash is needed, the buyer may be as late
    as the forecast says he is with that chance. RefusedError where no forecast is there to bound it with."""
    bound = session.foresight.own_cash_chance
    if bound is None:
        return session.policy
    cards = session.cards(LATE_PAYMENT)
    days = cards.days_for(order.buyer.name, bound) if cards is not None else None
    if cards is None or days is None:
        raise RefusedError(
            f"the policy bounds the chance that own cash is needed by {float(bound):.1%}, but"
            + (
                " no model of late payment was learned"
                if cards is None
                else " no day is late enough for that"
            ),
            "net learn late-payment; or take own_cash_chance out of [policy]",
        )
    if not days:
        return session.policy
    name = f"buyer {days} days late (more with a chance of at most {float(bound):.1%})"
    late = Stress(name, buyer_late_days=days, must_pass=True)
    return replace(session.policy, stresses=(*session.policy.stresses, late))


@dataclass(frozen=True, slots=True)
class PlanChances:
    """Chances that the buyer is later than a plan bears, with the model that they rest on.

    ``late`` is P(late); each of the others P(later than that headroom), None where nothing breaks.
    """

    buyer: str
    known: int
    late: float
    own_cash: float | None
    recourse: float | None
    loss: float | None
    days_50: int
    days_90: int
    model_until: date
    data_digest: str


def chances_of(session: Session, buyer: str, plan: Plan) -> PlanChances | None:
    """The chances of a plan by the newest model of late payment; None where none was learned.

    They hold for the headroom that the plan says, in days after the buyer's due day.
    """
    cards = session.cards(LATE_PAYMENT)
    if cards is None:
        return None
    card, room = cards.of(buyer), plan.headroom

    def beyond(days: int | None) -> float | None:
        return None if days is None else cards.beyond(buyer, days)

    return PlanChances(
        buyer,
        card.known if card.firm else 0,
        card.late,
        beyond(room.liquidity_days),
        beyond(room.recourse_days),
        beyond(room.profit_days),
        card.days[3],
        card.days[5],
        cards.until,
        cards.data_digest,
    )
