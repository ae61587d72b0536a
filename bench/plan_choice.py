"""How long the proven best plan of one order takes: 10 factories x 8 warehouses x 20 lanes x 30 start dates
x 6 lenders, and ten times as many of each. Run: python bench/plan_choice.py [rounds]
"""

import sys
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config.calendars import CountryCalendars
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
    Storage,
    Technique,
    WeightBand,
)
from domain.order import Order, OrderLine, Party
from domain.plan import Plan
from domain.terms import Event, Fee, FeeBasis, FeeTaking, PaymentTerm, Price, SalesTax
from routing.offers.situation import Situation
from routing.plans.choose import choose

GOAL = "Shanghai"


def percent(random: Random, low: float, high: float) -> Fraction:
    return Fraction(random.randint(round(low * 100), round(high * 100)), 10_000)


def factory(random: Random, number: int, place: str) -> Provider:
    product = FactoryProduct(
        "lamp",
        Decimal(random.randint(7000, 9000)) / 100,
        random.randint(0, 20_000_00),
        capacity_per_day=random.randint(400, 1200),
        lead_days=random.randint(2, 9),
        weight_kg=Decimal("1.2"),
    )
    deposit = percent(random, 10, 50)
    return Provider(
        f"factory-{number:03}", "", "factory", place, "CN", "CNY",
        payment=(PaymentTerm(deposit, Event.BOOKING), PaymentTerm(1 - deposit, Event.PRODUCTION_END)),
        tax_rate=Fraction(13, 100), products=(product,),
    )  # fmt: skip


def warehouse(random: Random, number: int, place: str) -> Provider:
    store = Storage(
        Decimal(random.randint(2, 12)) / 100, Decimal(random.randint(20, 70)) / 100,
        random.randint(0, 900_00), 100_000, random.randint(0, 3), random.choice((0, 7, 14)),
    )  # fmt: skip
    return Provider(
        f"warehouse-{number:03}", "", "warehouse", place, "CN", "CNY", storage=store,
        payment=(PaymentTerm(Fraction(1), Event.SERVICE_END, random.choice((0, 30, 60))),),
        tax_rate=Fraction(6, 100),
    )  # fmt: skip


def carrier(random: Random, number: int, origin: str, goal: str) -> Provider:
    lane = Lane(
        f"lane-{number:03}", origin, goal,
        bands=(WeightBand(Decimal(0), Decimal(random.randint(20, 260)) / 100, random.randint(0, 400_00)),),
        transit_days=random.randint(1, 12), departs_on=random.choice(((), (), (0, 3), (1, 4))),
    )  # fmt: skip
    return Provider(
        f"carrier-{number:03}", "", "logistics", "", "CN", "CNY", lanes=(lane,),
        payment=(PaymentTerm(Fraction(1), random.choice((Event.FUNDING, Event.DELIVERY)), 0),),
        tax_rate=Fraction(9, 100),
    )  # fmt: skip


def lender_product(random: Random, number: int) -> FinanceProduct:
    """Two of three lend before shipment, one takes out."""
    if number % 3 < 2:
        return FinanceProduct(
            f"order-{number:03}", f"lender-{number:03}", "",
            Role.PRE_SHIPMENT, Technique.PURCHASE_ORDER, "CNY",
            AdvanceBase.ORDER, percent(random, 65, 90), DrawRule.NEED, Price(percent(random, 9, 20)),
            (Fee("fee", FeeBasis.LIMIT, percent(random, 0, 2), taken=FeeTaking.CAPITALISED),),
            requires_take_out=True,
        )  # fmt: skip
    return FinanceProduct(
        f"factor-{number:03}", f"lender-{number:03}", "", Role.TAKE_OUT, Technique.FACTORING, "CNY",
        AdvanceBase.INVOICE, percent(random, 75, 92), DrawRule.FULL, Price(percent(random, 8, 15)),
        (Fee("commission", FeeBasis.FACE, percent(random, 0.2, 1.2)),),
        available_from=Event.INVOICE, available_days=random.randint(1, 4), repaid_on=Event.BUYER_PAYMENT,
    )  # fmt: skip


def market(scale: int, seed: int) -> tuple[Network, Order, Policy]:
    """``scale`` times 10 factories, 8 warehouses, 20 lanes, 30 start dates and 6 lenders."""
    random = Random(seed)
    towns = [f"Town {place}" for place in range(3)]
    depots = [f"Depot {place}" for place in range(2)]
    providers = [factory(random, n, random.choice(towns)) for n in range(10 * scale)]
    providers += [warehouse(random, n, random.choice(depots)) for n in range(8 * scale)]
    ways = [(town, depot) for town in towns for depot in depots] + [(depot, GOAL) for depot in depots]
    ways += [(town, GOAL) for town in towns]
    providers += [carrier(random, n, *ways[n % len(ways)]) for n in range(20 * scale)]
    products = tuple(lender_product(random, n) for n in range(6 * scale))
    network = Network(
        "bench", "CN", "CNY", tuple(providers),
        tuple(Lender(one.lender, "") for one in products), products,
        fee=NetworkFee(Fraction(1, 100), tax_rate=Fraction(6, 100)),
        taxes=(SalesTax("CN", surcharge_rate=Fraction(12, 100)),), calendars=CountryCalendars(),
    )  # fmt: skip
    line = OrderLine("1", "lamp", Decimal(10_000), Decimal(100), 1_000_000_00, tax_rate=Fraction(13, 100))
    first = date(2026, 3, 2)
    order = Order(
        "B-1", first, Party("Buyer", country="CN"), Party("Seller"), "CNY", (line,),
        due_on=first + timedelta(days=45 + 43 * scale), destination=GOAL, country="CN",
        payment=(PaymentTerm(Fraction(1), Event.INVOICE, 60),),
    )  # fmt: skip
    return network, order, Policy(start_dates=30 * scale)


def measure(scale: int, rounds: int) -> None:
    times, evaluated, possible = [], [], []
    for seed in range(rounds):
        network, order, policy = market(scale, seed)
        first = Situation(order, network, replace(policy, start_dates=1))
        choose(first, brief=True, repairs=False)  # calendars known
        started = process_time()
        plan = choose(Situation(order, network, policy), brief=True, repairs=False)
        times.append(process_time() - started)
        evaluated.append(plan.search.chains_evaluated)
        possible.append(plan.search.chains_possible)
        told = f"{plan.profit_minor / 100:,.2f}" if isinstance(plan, Plan) else plan.reason
        print(f"  seed {seed}: {times[-1]:.3f} s, {evaluated[-1]} of {possible[-1]:,} chains, {told}")
        assert plan.search.proven
    print(f"scale {scale}: median {median(times):.3f} s, worst {max(times):.3f} s")
    print(f"  {median(evaluated):.0f} of {median(possible):,.0f} chains worked out (medians)")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    measure(1, count)
    measure(10, count)
