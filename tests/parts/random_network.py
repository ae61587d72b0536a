"""Small random networks and orders, from a seed."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from domain.dates import BusinessCalendar, DayCount
from domain.network import (
    AdvanceBase,
    DrawRule,
    FactoryProduct,
    FinanceProduct,
    Lane,
    Lender,
    Network,
    NetworkFee,
    Policy,
    Provider,
    Role,
    Service,
    Storage,
    Technique,
    WeightBand,
)
from domain.order import Order, OrderLine, Party
from domain.terms import (
    Event,
    Fee,
    FeeBasis,
    FeeTaking,
    InterestTaking,
    PaymentTerm,
    Price,
    SalesTax,
    Step,
)

PLACES = ("North", "South", "Port")
GOAL = "Town"


def percent(random: Random, low: int, high: int) -> Fraction:
    return Fraction(random.randint(low * 10, high * 10), 1000)


def terms(random: Random, *events: Event) -> tuple[PaymentTerm, ...]:
    event = random.choice(events)
    days = random.choice((0, 0, 0, 15, 30, 45))
    if random.random() < 0.5:
        return (PaymentTerm(Fraction(1), event, days, month_end=random.random() < 0.1),)
    share = percent(random, 10, 60)
    return (PaymentTerm(share, Event.BOOKING), PaymentTerm(1 - share, event, days))


def factory(random: Random, name: str, price: int) -> Provider:
    product = FactoryProduct(
        "cup",
        Decimal(price) + Decimal(random.randint(-80, 80)) / 10,
        random.randint(0, 50_000),
        capacity_per_day=random.choice((0, 40, 100)),
        lead_days=random.randint(0, 5),
        weight_kg=Decimal("1.5"),
    )
    return Provider(
        name,
        name,
        "factory",
        random.choice(PLACES),
        "AA",
        "EUR",
        payment=terms(random, Event.BOOKING, Event.PRODUCTION_END, Event.INSPECTION, Event.DELIVERY),
        tax_rate=Fraction(1, 10),
        tax_recoverable=random.random() < 0.8,
        products=(product,),
    )


def carrier(random: Random, name: str) -> Provider:
    lanes = []
    for place in range(random.randint(1, 4)):
        origin = random.choice(PLACES)
        goal = GOAL if random.random() < 0.6 else random.choice([one for one in PLACES if one != origin])
        bands = (
            WeightBand(Decimal(0), Decimal(random.randint(1, 30)) / 10, random.randint(0, 9000)),
            WeightBand(Decimal(150), Decimal(random.randint(1, 20)) / 10, random.randint(0, 9000)),
        )
        lanes.append(
            Lane(
                f"{name}-{place}",
                origin,
                goal,
                bands=bands,
                minimum_minor=random.randint(0, 20_000),
                transit_days=random.randint(0, 6),
                departs_on=random.choice(((), (), (1, 3), (4,))),
            )
        )
    return Provider(
        name,
        name,
        "logistics",
        "",
        "AA",
        "EUR",
        payment=terms(random, Event.FUNDING, Event.DEPARTURE, Event.DELIVERY, Event.SERVICE_END)[-1:]
        if random.random() < 0
        else (
            PaymentTerm(
                Fraction(1),
                random.choice((Event.FUNDING, Event.DELIVERY, Event.SERVICE_END)),
                random.choice((0, 30)),
            ),
        ),
        tax_rate=Fraction(1, 10),
        lanes=tuple(lanes),
    )


def warehouse(random: Random, name: str) -> Provider:
    return Provider(
        name,
        name,
        "warehouse",
        random.choice(PLACES),
        "AA",
        "EUR",
        payment=(PaymentTerm(Fraction(1), Event.SERVICE_END, random.choice((0, 30, 60))),),
        tax_rate=Fraction(1, 20),
        storage=Storage(
            Decimal(random.randint(1, 9)) / 100,
            Decimal(random.randint(1, 20)) / 100,
            random.randint(0, 5000),
            random.choice((0, 150, 1000)),
            random.randint(0, 3),
            random.choice((0, 5, 12)),
        ),
    )


def inspector(random: Random, name: str) -> Provider:
    return Provider(
        name,
        name,
        "inspection",
        "",
        "AA",
        "EUR",
        payment=(PaymentTerm(Fraction(1), random.choice((Event.INSPECTION, Event.BUYER_PAYMENT))),),
        tax_rate=Fraction(1, 20),
        service=Service(days=random.randint(0, 3), fixed_minor=random.randint(1000, 30_000), required=True),
    )


def price(random: Random, *, in_advance: bool) -> Price:
    if random.random() < 0.2:
        return Price(steps=(Step(30, percent(random, 1, 3)), Step(10, percent(random, 0, 1))))
    taken = InterestTaking.IN_ADVANCE if in_advance and random.random() < 0.3 else InterestTaking.AT_REPAYMENT
    return Price(percent(random, 4, 24), random.choice(tuple(DayCount)), taken=taken)


def fees(random: Random) -> tuple[Fee, ...]:
    basis = random.choice((None, FeeBasis.LIMIT, FeeBasis.DRAW, FeeBasis.FACE, FeeBasis.FIXED))
    if basis is None:
        return ()
    if basis is FeeBasis.FIXED:
        return (Fee("fee", basis, amount_minor=random.randint(100, 9000)),)
    taken = FeeTaking.CAPITALISED if basis is FeeBasis.LIMIT else FeeTaking.DEDUCTED
    return (Fee("fee", basis, percent(random, 0, 2), taken=taken),)


def product(random: Random, name: str, role: Role) -> FinanceProduct:
    fee = fees(random)
    limit_fee = bool(fee) and fee[0].basis is FeeBasis.LIMIT
    take = role is Role.TAKE_OUT
    rules = (DrawRule.NEED, DrawRule.LEAST) if role is Role.CONTINGENCY else tuple(DrawRule)
    rule = (
        random.choice((DrawRule.FULL, DrawRule.FULL, *rules))
        if take
        else random.choice((DrawRule.NEED, DrawRule.NEED, *rules))
    )
    return FinanceProduct(
        name,
        "bank",
        name,
        role,
        Technique.FACTORING if take else Technique.LOAN,
        "EUR",
        advance_base=random.choice((AdvanceBase.ORDER, AdvanceBase.ORDER, AdvanceBase.COST, AdvanceBase.NLV)),
        advance_rate=percent(random, 5, 20) if role is Role.CONTINGENCY else percent(random, 55, 110),
        draw=rule,
        price=price(random, in_advance=not limit_fee),
        fees=fee,
        available_from=Event.INVOICE if take else Event.BOOKING,
        available_days=random.choice((0, 1, 3)) if take else 0,
        repaid_on=Event.BUYER_PAYMENT
        if role is not Role.PRE_SHIPMENT or random.random() < 0.2
        else Event.FUNDING,
        tenor_days=random.choice((None, None, 60, 25)),
        limit_minor=random.choice((None, None, 900_000)),
        requires_take_out=role is Role.PRE_SHIPMENT and random.random() < 0.5,
    )


def small_network(random: Random) -> Network:
    providers = [
        factory(random, f"works-{place}", random.choice((55, 60, 65)))
        for place in range(random.randint(1, 3))
    ]
    providers += [carrier(random, f"carrier-{place}") for place in range(random.randint(1, 2))]
    providers += [warehouse(random, f"store-{place}") for place in range(random.randint(0, 2))]
    if random.random() < 0.5:
        providers += [inspector(random, f"check-{place}") for place in range(random.randint(1, 2))]
    products = [product(random, f"pre-{place}", Role.PRE_SHIPMENT) for place in range(random.randint(0, 3))]
    products += [product(random, f"take-{place}", Role.TAKE_OUT) for place in range(random.randint(0, 3))]
    products += [
        product(random, f"more-{place}", Role.CONTINGENCY) for place in range(random.choice((0, 0, 0, 1)))
    ]
    holidays = frozenset(date(2026, 3, 1) + timedelta(days=random.randint(0, 120)) for _ in range(5))
    return Network(
        "small",
        "AA",
        "EUR",
        tuple(providers),
        (Lender("bank", "Bank"),),
        tuple(products),
        fee=NetworkFee(Fraction(1, 100), tax_rate=Fraction(1, 20)),
        taxes=(SalesTax("AA", 15, surcharge_rate=random.choice((Fraction(0), Fraction(3, 25)))),),
        calendars={"AA": BusinessCalendar("AA", holidays)},
    )


def small_order(random: Random) -> Order:
    quantity = random.choice((100, 120, 200))
    net = quantity * 10_000
    late = PaymentTerm(
        Fraction(1), random.choice((Event.INVOICE, Event.DELIVERY)), random.choice((0, 20, 30, 60))
    )
    payment: tuple[PaymentTerm, ...] = (late,)
    if random.random() < 0.3:
        share = percent(random, 5, 40)
        payment = (
            PaymentTerm(share, random.choice((Event.ORDER, Event.BOOKING))),
            PaymentTerm(1 - share, late.event, late.days),
        )
    line = OrderLine("1", "cup", Decimal(quantity), Decimal(100), net, tax_rate=Fraction(1, 10))
    return Order(
        "S-1",
        date(2026, 3, 2) + timedelta(days=random.randint(0, 10)),
        Party("Buyer", country="AA"),
        Party("Seller"),
        "EUR",
        (line,),
        due_on=date(2026, 3, 2) + timedelta(days=random.randint(12, 30)),
        destination=GOAL,
        country="AA",
        payment=payment,
    )


def small_policy(random: Random) -> Policy:
    return Policy(
        booking_days=random.randint(0, 3), cover_minimum=random.choice((Fraction(0), Fraction(21, 20)))
    )
