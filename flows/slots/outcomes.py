"""What a reservation is asked for and how it may end, as values and as they are recorded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from domain.money import format_minor
from domain.network import Network
from domain.plan import Plan
from flows.plans.needs import Need, needs_of

HOLD_FOR = timedelta(days=2)
_NO_CREDIT = Network("none")


@dataclass(frozen=True, slots=True)
class FirmRefusal:
    """One firm's no; ``code`` is the answer's (no_capacity, no_credit, price, expired, refused)."""

    firm: str
    leg: str
    code: str
    reason: str
    resources: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ReservedLeg:
    """One need as reserved; ``simulated`` when the firm itself holds nothing and we only say so."""

    leg: str
    firm: str
    reference: str
    price_minor: int
    currency: str
    hold: str
    simulated: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Reserved:
    """Everything is booked. ``notes`` say where the flow had to adapt to what a firm can do;
    ``cost_minor`` is what giving back holds of plans refused on the way cost, by currency."""

    order: str
    plan: Plan
    legs: tuple[ReservedLeg, ...]
    notes: tuple[str, ...] = ()
    cost_minor: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is kept. ``cost_minor`` is what giving back cost, by currency; ``left`` could not be given
    back yet (the sweep goes on trying)."""

    order: str
    refusals: tuple[FirmRefusal, ...]
    cost_minor: Mapping[str, int]
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waits:
    """Some firm's answer is missing; what is held stays held until it expires. ``people`` says that only
    a person can go on."""

    order: str
    reasons: tuple[str, ...]
    people: bool


Outcome = Reserved | Refused | Waits

NextPlan = Callable[[Plan, Sequence[FirmRefusal], Sequence[str]], Plan | None]
"""(plan refused, every refusal so far, legs held) -> the next best plan that keeps what is held, or None."""
Retest = Callable[[Plan, Mapping[str, int]], Plan | str | None]
"""(plan, price answered by leg in minor units of its currency) -> the plan at those prices, why it no longer
passes, or None where it passes as it stands."""


def no_other_plan(_plan: Plan, _refusals: Sequence[FirmRefusal], _held: Sequence[str]) -> Plan | None:
    return None


def no_dearer(plan: Plan, prices: Mapping[str, int]) -> str | None:
    """The plan was proven at its own prices: the same or less passes, more does not without a new proof."""
    for need in needs_of(plan, _NO_CREDIT):
        asked, planned = prices.get(need.leg), need.request.price_minor
        if asked is not None and asked > planned:
            currency = need.request.currency
            more = format_minor(asked - planned, currency, grouped=True)
            return f"{need.firm} asks {more} {currency} more than planned"
    return None


@dataclass(frozen=True, slots=True)
class Job:
    """One order to reserve. ``on`` is the day of trade; ``hold_for`` how long holds are asked for; ``needs``
    are those of the plan where they are known already."""

    order: str
    plan: Plan
    on: date
    hold_for: timedelta = HOLD_FOR
    next_plan: NextPlan = no_other_plan
    retest: Retest = no_dearer
    needs: Sequence[Need] = ()


def read_leg(row: Mapping[str, Any]) -> ReservedLeg:
    return ReservedLeg(
        row["leg"],
        row["firm"],
        row["reference"],
        int(row["price_minor"]),
        row["currency"],
        row["hold"],
        row["simulated"],
        datetime.fromisoformat(row["expires_at"]),
    )


def read_reserved(order: str, plan: Plan, body: Mapping[str, Any]) -> Reserved:
    """The outcome of a reservation that is done already."""
    legs = tuple(read_leg(row) for row in body["legs"])
    cost = {currency: int(fee) for currency, fee in body["cost_minor"].items()}
    return Reserved(order, plan, legs, tuple(body["notes"]), cost)


def refusal_data(refusal: FirmRefusal) -> dict[str, Any]:
    return {
        "firm": refusal.firm,
        "leg": refusal.leg,
        "code": refusal.code,
        "reason": refusal.reason,
        "resources": [list(pair) for pair in refusal.resources],
    }


def read_refusal(data: Mapping[str, Any]) -> FirmRefusal:
    resources = tuple((str(resource), str(period)) for resource, period in data["resources"])
    return FirmRefusal(data["firm"], data["leg"], data["code"], data["reason"], resources)
