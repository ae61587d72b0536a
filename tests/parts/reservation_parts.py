"""Parts that the proofs and benchmarks of reserving share: small networks, plans, ledgers and clocks."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from domain.network import DrawRule, Lender, Network, Provider, Role, Technique
from domain.plan import FacilityPlan, Headroom, Plan, PlanLeg, SlotNeed
from domain.posting import Entry
from ledger.store import Ledger, create_ledger
from trust.keys import Actor

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **parts: float) -> None:
        self.now += timedelta(**parts)


def leg(
    firm: str,
    kind: str = "factory",
    *,
    quantity: int = 1,
    capacity: int = 10,
    price: int = 1000,
    day: date = DAY,
    resource: str = "lamp",
) -> PlanLeg:
    slots = (SlotNeed(firm, resource, day, quantity, capacity),)
    return PlanLeg(kind, firm, firm, resource, day, day, price, 0, True, "CNY", price, (), slots)


def facility(lender: str, limit_minor: int) -> FacilityPlan:
    return FacilityPlan(
        f"{lender}-po",
        lender,
        "PO finance",
        Role.PRE_SHIPMENT,
        Technique.PURCHASE_ORDER,
        DrawRule.NEED,
        limit_minor,
        limit_minor,
        "",
        (),
        (),
        0,
        0,
        DAY,
        DAY,
        limit_minor,
        0,
        "",
        None,
        None,
    )


def plan(order: str, *legs: PlanLeg, facilities: tuple[FacilityPlan, ...] = ()) -> Plan:
    return Plan(
        order=order,
        planned_on=DAY,
        currency="CNY",
        legs=legs,
        buyer=(),
        facilities=facilities,
        flows=(),
        events={},
        net_minor=0,
        tax_minor=0,
        output_tax_due_minor=0,
        surcharge_minor=0,
        tax_credit_minor=0,
        network_fee_minor=0,
        network_tax_minor=0,
        referral_minor=0,
        finance_cost_minor=0,
        unlevered_profit_minor=0,
        profit_minor=0,
        peak_minor=0,
        peak_on=DAY,
        minimum_minor=0,
        minimum_on=DAY,
        cover=Fraction(1),
        stresses=(),
        headroom=Headroom(None, None, None),
        earnings=(),
    )


def network(
    firms: Mapping[str, tuple[str, Mapping[str, Any]]], lenders: Mapping[str, int | None] | None = None
) -> Network:
    """Firms by id with their adapter and settings; lenders by id with their limit."""
    return Network(
        "test",
        currency="CNY",
        providers=tuple(
            Provider(firm, firm, "factory", adapter=adapter, settings=settings)
            for firm, (adapter, settings) in firms.items()
        ),
        lenders=tuple(Lender(lender, lender, limit_minor=limit) for lender, limit in (lenders or {}).items()),
    )


def ledger_at(path: Path, clock: Clock) -> Ledger:
    return create_ledger(path, practice=True, actor=Actor.generate("trader"), clock=clock)


def planned(ledger: Ledger, *orders: str) -> None:
    """Bring the orders to PLANNED."""
    with ledger.write() as transaction:
        for order in orders:
            for state in ("CONFIRMED", "PLANNED"):
                transaction.append(Entry("order", f"{order}/{state}", DAY, order, {"state": state}))
