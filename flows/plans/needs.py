"""What a plan needs reserved: one need for each leg and each credit line, named by what it asks for.

The name holds a digest of what is asked for, so that the next plan's leg is recognised as the one held
already exactly when it asks the same firm for the same. The price is left out: it is the firm's to answer,
and what it answers is tested.
"""

from dataclasses import dataclass
from hashlib import sha256

from domain.network import Network
from domain.plan import FacilityPlan, Plan, PlanLeg
from domain.slots import CREDIT, CREDIT_PERIOD, credit_resource, slot_resource
from providers.answers import request_data
from providers.protocol import SlotLine, SlotRequest
from trust.canonical import canonical_bytes

NAME_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Need:
    """One firm asked for one thing; ``leg`` names it within the order."""

    leg: str
    firm: str
    request: SlotRequest


def needs_of(plan: Plan, network: Network) -> list[Need]:
    """The legs in the order of the chain, then the credit lines; standby facilities are not held."""
    return [leg_need(plan, leg) for leg in plan.legs] + _credit_needs(plan, network)


def _need(
    order: str, kind: str, firm: str, lines: tuple[SlotLine, ...], price_minor: int, currency: str
) -> Need:
    bare = SlotRequest(order, "", kind, firm, lines, 0, currency)
    digest = sha256(canonical_bytes(request_data(bare))).hexdigest()[:NAME_DIGITS]
    leg = f"{kind}:{firm}:{digest}"
    return Need(leg, firm, SlotRequest(order, leg, kind, firm, lines, price_minor, currency))


def leg_need(plan: Plan, leg: PlanLeg) -> Need:
    """What the leg needs of its firm."""
    lines = tuple(
        SlotLine(
            slot_resource(slot.provider, slot.resource), slot.day.isoformat(), slot.quantity, slot.capacity
        )
        for slot in leg.slots
        if slot.quantity > 0
    )
    if not lines:  # nothing there is scarce, yet the firm must know that we come
        lines = (SlotLine(slot_resource(leg.provider, leg.item or leg.kind), leg.starts_on.isoformat(), 1),)
    return _need(plan.order, leg.kind, leg.provider, lines, leg.price_minor, leg.currency)


def _credit_needs(plan: Plan, network: Network) -> list[Need]:
    """A shared limit counts once, at the higher of what pre-shipment and take-out need of it."""
    group_limits = {limit.group: limit.limit_minor for limit in network.limits}
    grouped: dict[str, FacilityPlan] = {}
    needs: list[Need] = []
    for facility in plan.facilities:
        if facility.standby:
            continue
        if facility.limit_group in group_limits:
            before = grouped.get(facility.limit_group)
            if before is None or limit_of(before) < limit_of(facility):
                grouped[facility.limit_group] = facility
            continue
        needs += _lender_needs(plan, facility, network)
    for group, facility in grouped.items():
        line = SlotLine(credit_resource(group), CREDIT_PERIOD, limit_of(facility), group_limits[group])
        currency = facility.currency or plan.currency
        needs.append(_need(plan.order, CREDIT, facility.lender, (line,), 0, currency))
    return needs


def limit_of(facility: FacilityPlan) -> int:
    """What the lender promises, in the currency in which it lends."""
    return facility.limit_minor if facility.own is None else facility.own.limit_minor


def _lender_needs(plan: Plan, facility: FacilityPlan, network: Network) -> list[Need]:
    shares = facility.own.shares if facility.own is not None else facility.shares
    parts = [(share.lender, share.amount_minor) for share in shares]
    needs = []
    for lender_id, amount_minor in parts or [(facility.lender, limit_of(facility))]:
        lender = network.lender(lender_id)
        limit = lender.limit_minor if lender is not None else None
        if amount_minor <= 0 or lender is None:
            continue
        # The product is part of the name, so that two facilities of one lender are two needs.
        line = SlotLine(credit_resource(lender_id), CREDIT_PERIOD, amount_minor, limit or 0)
        currency = facility.currency or plan.currency
        needs.append(_need(plan.order, f"{CREDIT}.{facility.product}", lender_id, (line,), 0, currency))
    return needs


def booking_names(plan: Plan) -> list[str]:
    """One name per leg: the provider's id, numbered where it has several."""
    names: list[str] = []
    for leg in plan.legs:
        same = sum(1 for name in names if name.split("#")[0] == leg.provider)
        names.append(f"{leg.provider}#{same + 1}" if same else leg.provider)
    return names
