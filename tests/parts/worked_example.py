"""The worked example's contract, written down by hand from its inputs, and variations of it."""

from datetime import date
from fractions import Fraction

from domain.dates import BusinessCalendar
from domain.network import DrawRule, Role, Technique
from domain.terms import (
    CancellationTerm,
    Event,
    Fee,
    FeeBasis,
    FeeTaking,
    PaymentTerm,
    Price,
    SalesTax,
)
from finance.agreed.contract import (
    Booking,
    Condition,
    Contract,
    Due,
    Facility,
    LossRate,
    PlannedDraw,
    Sale,
    Share,
)

CALENDAR = BusinessCalendar("CN", frozenset({date(2026, 6, 19), date(2026, 5, 1)}))


def due(amount: int, event: Event, planned: date, days: int = 0) -> Due:
    return Due(amount, PaymentTerm(Fraction(1), event, days), planned)


def booking(
    name: str,
    kind: str,
    net: int,
    tax: int,
    bill_on: Event,
    dues: tuple[Due, ...],
    ends: date,
    **more: object,
) -> Booking:
    start = date(2026, 3, 5)
    entity = "network" if name == "network" else f"provider:{name}"
    return Booking(name, entity, kind, net, tax, True, bill_on, start, ends, dues, name=name, **more)  # type: ignore[arg-type]


def lamp_bookings() -> tuple[Booking, ...]:
    inspection, delivery = date(2026, 4, 9), date(2026, 4, 20)
    return (
        booking(
            "factory",
            "factory",
            76_000_000,
            9_880_000,
            Event.INSPECTION,
            (
                due(25_764_000, Event.BOOKING, date(2026, 3, 5)),
                due(60_116_000, Event.INSPECTION, inspection),
            ),
            date(2026, 4, 8),
            goods=True,
            deposit_guarantee=Fraction(4, 5),
            cancellation=(CancellationTerm("FUNDED", Fraction(1, 10)),),
        ),
        booking(
            "carrier",
            "logistics",
            2_500_000,
            225_000,
            Event.DELIVERY,
            (due(2_725_000, Event.FUNDING, date(2026, 4, 22)),),
            delivery,
        ),
        booking(
            "warehouse",
            "warehouse",
            1_500_000,
            90_000,
            Event.SERVICE_END,
            (due(1_590_000, Event.SERVICE_END, date(2026, 6, 29), 60),),
            date(2026, 4, 30),
        ),
        booking(
            "inspector",
            "inspection",
            500_000,
            30_000,
            Event.INSPECTION,
            (due(530_000, Event.INSPECTION, inspection),),
            inspection,
        ),
        booking(
            "network",
            "network",
            1_000_000,
            60_000,
            Event.DELIVERY,
            (due(1_060_000, Event.BUYER_PAYMENT, date(2026, 6, 22)),),
            delivery,
        ),
    )


def lamp_facilities(shares: tuple[Share, ...] = (Share("harbour", Fraction(1)),)) -> tuple[Facility, ...]:
    """The purchase-order loan, the factor, and the standby of the purchase-order lender."""
    rate = Price(Fraction("0.144"))
    return (
        Facility(
            "order-loan",
            Role.PRE_SHIPMENT,
            Technique.PURCHASE_ORDER,
            shares,
            87_282_828,
            rate,
            (Fee("arrangement", FeeBasis.LIMIT, Fraction(1, 100), taken=FeeTaking.CAPITALISED),),
            first_loss_rate=Fraction(1, 20),
            first_conditions=(Condition.NOT_FINANCED_ELSEWHERE,),
            conditions=(Condition.SLOTS_RESERVED, Condition.NO_DEFAULT),
            draws=(PlannedDraw(date(2026, 3, 5), 26_636_828), PlannedDraw(date(2026, 4, 9), 60_646_000)),
        ),
        Facility(
            "factoring",
            Role.TAKE_OUT,
            Technique.FACTORING,
            (Share("meridian", Fraction(1)),),
            96_050_000,
            Price(Fraction("0.108")),
            (Fee("commission", FeeBasis.FACE, Fraction("0.006"), taken=FeeTaking.DEDUCTED),),
            draw=DrawRule.FULL,
            advance_rate=Fraction("0.85"),
            available_from=Event.DELIVERY,
            available_days=2,
            repaid_on=Event.BUYER_PAYMENT,
            recourse_days=90,
            first_loss_rate=Fraction(1, 20),
            conditions=(Condition.DELIVERY_ACCEPTED, Condition.NOT_DISPUTED, Condition.NO_DEFAULT),
            loss=LossRate(Fraction("0.015"), Fraction("0.45"), Fraction("0.2")),
            draws=(PlannedDraw(date(2026, 4, 22), 96_050_000),),
        ),
        Facility(
            "standby",
            Role.CONTINGENCY,
            Technique.LOAN,
            (Share("harbour", Fraction(1)),),
            5_000_000,
            rate,
            repaid_on=Event.BUYER_PAYMENT,
            standby=True,
        ),
    )


def lamp_contract() -> Contract:
    """Plan B of the worked example, in fen."""
    return Contract(
        "lamp-1",
        "CNY",
        date(2026, 3, 5),
        Sale(
            100_000_000,
            13_000_000,
            Fraction(10_000),
            (due(113_000_000, Event.INVOICE, date(2026, 6, 22), 60),),
        ),
        lamp_bookings(),
        lamp_facilities(),
        {
            "order": date(2026, 3, 2),
            "booking": date(2026, 3, 5),
            "production_end": date(2026, 4, 8),
            "inspection": date(2026, 4, 9),
            "delivery": date(2026, 4, 20),
            "invoice": date(2026, 4, 20),
            "funding": date(2026, 4, 22),
            "buyer_payment": date(2026, 6, 22),
        },
        SalesTax("CN", surcharge_rate=Fraction("0.12")),
        date(2026, 5, 15),
        CALENDAR,
        referral_share=Fraction(1, 5),
        buyer="ACME",
        inspected=True,
    )
