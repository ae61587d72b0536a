"""What taking an order to reserved would commit, before anything is committed."""

from dataclasses import dataclass
from datetime import date

from domain.order import Order
from domain.plan import Plan
from domain.states import OrderState
from flows.credit.refusals import refusals_of
from flows.deals.run import UNRESERVED, best_plan
from flows.desk.session import Session
from flows.orders.find import Placed
from flows.plans.availability import LedgerAvailability
from flows.plans.needs import needs_of
from flows.plans.zeros import zeros


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The plan; how many bookings at which firms and what credit of whom it would take, in minor units;
    lenders that refuse it (the order is then planned without them); zeros that it rests on."""

    plan: Plan
    bookings: int
    firms: tuple[str, ...]
    credit: tuple[tuple[str, int], ...]
    refusing: tuple[str, ...]
    zeros: tuple[str, ...]


def foresee(session: Session, known: Placed, on: date) -> Foreseen | None:
    """What reserving the order would commit; None where it is reserved already. Writes nothing."""
    if known.state not in UNRESERVED:
        return None
    plan = best_plan(session, known, on, LedgerAvailability(session.ledger))
    needs = needs_of(plan, session.network)
    firms = tuple(dict.fromkeys(leg.provider for leg in plan.legs))
    lent = tuple(
        (facility.lender, facility.limit_minor) for facility in plan.facilities if facility.limit_minor
    )
    refused = refusals_of(session, known, plan, on)
    told = tuple(f"{lender}: {reason.text}" for some in refused.values() for lender, reason in some)
    bookings = sum(need.firm in firms for need in needs)
    return Foreseen(
        plan, bookings, firms, lent, told, tuple(zeros(known.order, list(firms), session.network))
    )


def not_placed_yet(order: Order, on: date) -> Placed:
    """An order of a file as it would stand once it was recorded."""
    return Placed(order.reference, order, OrderState.CONFIRMED, on)
