"""From a chain and mix that were tried to the plan that is shown, stored and executed."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import accumulate

from domain.exchange import Dealing, converted
from domain.money import round_minor
from domain.network import Network
from domain.plan import (
    ChangeFlow,
    Earning,
    Exchange,
    FacilityPlan,
    Flow,
    FlowKind,
    Headroom,
    Instalment,
    Plan,
    PlanLeg,
    Search,
)
from domain.terms import Recourse
from finance.pricing.cash import peak_of
from routing.chains.case import OrderCase
from routing.chains.chains import FUNDING, ChainStep, Dating, slots_of
from routing.mixes.credit_market import CreditMarket
from routing.mixes.operating_flows import carried_over, event_day, flows_of_fee
from routing.mixes.proof import Tried, cover_of, guarantee_use, liquidity_days, profit_days, stressed
from routing.offers.exchange import scaled
from routing.offers.inputs import inputs_of
from routing.offers.offers import EVENTS, PartPayment
from routing.offers.timetable import Timetable
from routing.plans.facility_plans import facilities_of, shares_of

day_of = date.fromordinal
CARRIED = "before"
"""Whom the plan pays what was owed before it was made again."""
CHANGED = "changed"
"""Who stands on the other side where money is changed."""
BareFlow = tuple[date, int, str, FlowKind, str]
"""Day, amount, party, kind and reference, before the balance is known."""


def plan_of(
    market: CreditMarket, dating: Dating, tried: Tried, on: date, search: Search, *, brief: bool = False
) -> Plan:
    """The plan in full; ``brief`` leaves out stresses and headroom, which a batch asks for later."""
    case = market.case
    figures = tried.figures
    chain = tried.chain
    chain.events[FUNDING] = tried.mix.opens
    legs = tuple(_leg(market, dating, tried, step) for step in chain.steps)
    flows = flows_of(market, tried, legs)
    facilities = facilities_of(market, tried, flows)
    referral = round_minor(case.fee_net * case.network.fee.referral_share)
    low, low_on = _minimum(tried)
    peak, peak_on = peak_of(figures.ops(tried.mix.opens))
    finance = tried.settlement.cost + figures.guarantee_cost
    span = (on, max(flow.on for flow in flows))
    return Plan(
        order=case.order.reference,
        planned_on=on,
        currency=case.order.currency,
        legs=legs,
        buyer=_buyer(market, tried),
        facilities=facilities,
        flows=flows,
        events={event.value: day_of(chain.events[place]) for place, event in enumerate(EVENTS)},
        net_minor=case.net,
        tax_minor=case.output_tax,
        output_tax_due_minor=figures.tax_due,
        surcharge_minor=figures.surcharge,
        tax_credit_minor=figures.credit,
        network_fee_minor=case.fee_net,
        network_tax_minor=case.fee_tax,
        referral_minor=referral,
        finance_cost_minor=finance,
        unlevered_profit_minor=figures.unlevered,
        profit_minor=tried.profit,
        peak_minor=peak,
        peak_on=day_of(peak_on),
        minimum_minor=low,
        minimum_on=day_of(low_on),
        cover=cover_of(tried),
        stresses=() if brief else tuple(stressed(market, tried, one) for one in case.policy.stresses),
        headroom=Headroom(None, None, None) if brief else _headroom(market, tried),
        earnings=earnings_of(market, tried, legs, facilities, referral),
        inputs=inputs_of(
            case.order,
            case.network,
            case.policy,
            [leg.provider for leg in legs],
            [facility.product for facility in facilities],
            span,
            sorted({leg.currency for leg in legs} | {one.currency for one in facilities}),
        ),
        search=search,
        refusals=tuple(case.refusals),
        exchange=exchange_of(market, tried, legs),
    )


def _minimum(tried: Tried) -> tuple[int, int]:
    """The lowest balance from the take-out on, or over all dates without one."""
    start = tried.mix.opens if tried.mix.take is not None else 0
    after = [(balance, on) for on, balance in tried.settlement.balances if on >= start]
    return min(after)


def _headroom(market: CreditMarket, tried: Tried) -> Headroom:
    products = [use.terms.product for use in tried.settlement.uses]
    terms = [one.recourse_days for one in products if one.recourse is not Recourse.NONE]
    days = [one for one in terms if one is not None]
    if not tried.settlement.passed:
        return Headroom(None, min(days, default=None), None)
    return Headroom(profit_days(market, tried), min(days, default=None), liquidity_days(market, tried))


# ---------------------------------------------------------------------- legs


def _leg(market: CreditMarket, dating: Dating, tried: Tried, step: ChainStep) -> PlanLeg:
    offer = step.offer
    provider = offer.provider
    lane = offer.lane
    return PlanLeg(
        kind=offer.kind,
        provider=provider.id,
        name=provider.name,
        item=offer.item,
        starts_on=day_of(step.starts),
        ends_on=day_of(step.ends),
        net_minor=offer.net,
        tax_minor=offer.tax,
        tax_recoverable=provider.tax_recoverable,
        currency=market.case.pricing.currency_of(provider),
        price_minor=offer.price,
        schedule=tuple(
            _instalment(part, offer.table, event_day(step, part.event, tried.chain.events), offer.gross)
            for part in offer.parts
        ),
        slots=tuple(slots_of(dating, step, tried.chain.booking)),
        origin=lane.origin if lane else provider.place,
        destination=lane.destination if lane else provider.place,
        option=offer.option,
        adapter=provider.adapter,
        price_tax_minor=offer.own_tax,
    )


def _instalment(part: PartPayment, table: Timetable, event_on: int, gross: int) -> Instalment:
    due = day_of(table.due(part.term, event_on))
    return Instalment(
        due_on=due,
        amount_minor=part.amount,
        event=EVENTS[part.event],
        share=part.term.share if gross else Fraction(0),
        days=part.term.days,
        provisional=table.calendar.is_provisional(due),
        price_minor=part.own,
    )


def _buyer(market: CreditMarket, tried: Tried) -> tuple[Instalment, ...]:
    case = market.case
    return tuple(
        _instalment(part, case.buyer_table, tried.chain.events[part.event], case.gross) for part in case.buyer
    )


# ---------------------------------------------------------------------- the cash line


def flows_of(market: CreditMarket, tried: Tried, legs: tuple[PlanLeg, ...]) -> tuple[Flow, ...]:
    """Every flow of the loop by date, inflows of a date before its outflows, with the balance after it."""
    bare = [one for one in (*_trade_flows(market, tried, legs), *_money_flows(market, tried)) if one[1]]
    bare.sort(key=lambda one: (one[0], one[1] < 0, one[3] is not FlowKind.REPAYMENT, one[2], one[4]))
    balances = accumulate(one[1] for one in bare)
    whole = zip(bare, balances, strict=True)
    return tuple(Flow(on, party, kind, amount, left, ref) for (on, amount, party, kind, ref), left in whole)


def _trade_flows(market: CreditMarket, tried: Tried, legs: tuple[PlanLeg, ...]) -> Iterator[BareFlow]:
    """What the buyer, the firms, the network and the tax office pay or get."""
    for instalment in _buyer(market, tried):
        yield instalment.due_on, instalment.amount_minor, "buyer", FlowKind.BUYER, ""
    for place, leg in enumerate(legs):
        for part in leg.schedule:
            yield part.due_on, -part.amount_minor, f"provider:{leg.provider}", FlowKind.PROVIDER, str(place)
    for due, fee in flows_of_fee(market.case, tried.chain.events):
        yield day_of(due), -fee, "network", FlowKind.NETWORK, ""
    for owed in market.case.carried:
        day = market.case.tax_table.due(owed.term, tried.chain.events[owed.event])
        yield day_of(day), -owed.amount, CARRIED, FlowKind.REPAYMENT, CARRIED
    tax_on = day_of(tried.figures.tax_on)
    yield tax_on, -tried.figures.tax_due, "tax", FlowKind.TAX, ""
    yield tax_on, -tried.figures.surcharge, "tax", FlowKind.SURCHARGE, ""


def _money_flows(market: CreditMarket, tried: Tried) -> list[BareFlow]:
    flows = []
    for use in tried.settlement.uses:
        product = use.terms.product
        party = f"lender:{product.lender}"
        for part in use.draws:
            flows.append((day_of(part.on), part.cash, party, FlowKind.DRAW, product.id))
        flows.append((day_of(use.closes), -use.payoff.total, party, FlowKind.REPAYMENT, product.id))
    if tried.chain.combo.factory.guarantee:
        use = guarantee_use(market, tried.figures)
        product = use.terms.product
        party = f"lender:{product.lender}"
        upfront = sum(part.fee + part.discount for part in use.draws)
        flows.append((day_of(use.opens), -upfront, party, FlowKind.FEE, product.id))
        flows.append((day_of(use.closes), upfront - use.cost, party, FlowKind.FEE, product.id))
    return flows


# ---------------------------------------------------------------------- facilities


def exchange_of(market: CreditMarket, tried: Tried, legs: tuple[PlanLeg, ...]) -> tuple[Exchange, ...]:
    """Every currency beside the order's that the plan pays or borrows, with its own cash line."""
    home, pricing = market.case.order.currency, market.case.pricing
    named = [leg.currency for leg in legs]
    named += [one.product.currency for one in market.products.abroad.values()]
    found = []
    for currency in sorted(set(named) - {home}):
        flows = _change_flows(market, tried, legs, currency)
        if flows or currency in {leg.currency for leg in legs}:
            quoted = pricing.quoted(currency)
            found.append(Exchange(quoted.rate, quoted.dealing, market.case.policy.rate_days, flows))
    return tuple(found)


def _change_flows(
    market: CreditMarket, tried: Tried, legs: tuple[PlanLeg, ...], currency: str
) -> tuple[ChangeFlow, ...]:
    """What comes in and goes out of a currency by date: draws first, then what is bought for the rest."""
    ins: list[tuple[date, str, int]] = []
    outs: list[tuple[date, str, int, int]] = []
    for leg in legs:
        if leg.currency == currency:
            outs += [
                (part.due_on, f"provider:{leg.provider}", part.price_minor, part.amount_minor)
                for part in leg.schedule
            ]
    for use in tried.settlement.uses:
        if use.abroad is None or use.abroad.dealing.currency != currency:
            continue
        lender = f"lender:{use.terms.product.lender}"
        ins += [(day_of(part.on), lender, part.cash) for part in use.abroad.draws]
        if use.abroad.payoff.total:
            outs.append((day_of(use.closes), lender, use.abroad.payoff.total, use.payoff.total))
    return tuple(_changed(sorted(ins), sorted(outs), market.case.pricing.quoted(currency).dealing))


def _changed(
    ins: list[tuple[date, str, int]], outs: list[tuple[date, str, int, int]], dealing: Dealing
) -> Iterator[ChangeFlow]:
    balance = 0
    for on in sorted({one[0] for one in ins} | {one[0] for one in outs}):
        for _, party, amount in (one for one in ins if one[0] == on):
            balance += amount
            yield ChangeFlow(on, party, amount, balance)
        for _, party, amount, cost in (one for one in outs if one[0] == on):
            if amount > balance:
                short = amount - balance
                balance = amount
                worth = cost if short == amount else converted(short, dealing.buy)
                yield ChangeFlow(on, CHANGED, short, balance, -worth)
            balance -= amount
            yield ChangeFlow(on, party, -amount, balance)
        if balance:
            left, balance = balance, 0
            yield ChangeFlow(on, CHANGED, -left, 0, scaled(left, dealing.sell))


# ---------------------------------------------------------------------- who earns what


def earnings_of(
    market: CreditMarket,
    tried: Tried,
    legs: tuple[PlanLeg, ...],
    facilities: tuple[FacilityPlan, ...],
    referral: int,
) -> tuple[Earning, ...]:
    """Every party's part of the order's net value; they sum to it."""
    case = market.case
    parts = [
        *((f"provider:{leg.provider}", leg.kind, leg.net_minor) for leg in legs),
        ("network", "network", case.fee_net - referral),
        ("referrer", "referral", referral),
        *_lenders_parts(case.network, facilities),
        ("tax", "surcharge", tried.figures.surcharge),
        ("tax", "tax not recoverable", _lost_tax(case, legs, facilities)),
        (CARRIED, "owed from before", carried_over(case)),
        ("trader", "profit", tried.profit),
    ]
    earned: dict[tuple[str, str], int] = {}
    for party, kind, amount in parts:
        earned[party, kind] = earned.get((party, kind), 0) + amount
    return tuple(Earning(party, kind, amount) for (party, kind), amount in earned.items() if amount)


def _lost_tax(case: OrderCase, legs: tuple[PlanLeg, ...], facilities: tuple[FacilityPlan, ...]) -> int:
    lost = case.fee_tax if not case.network.fee.tax_recoverable else 0
    lost += sum(leg.tax_minor for leg in legs if not leg.tax_recoverable)
    return lost + sum(facility.tax_minor for facility in facilities)


def _lenders_parts(network: Network, facilities: tuple[FacilityPlan, ...]) -> Iterator[tuple[str, str, int]]:
    """Party, technique and what it earns of each facility, tax aside."""
    for facility in facilities:
        product = network.product(facility.product)
        if product is not None and facility.cost_minor:
            for share in shares_of(product, facility.cost_minor - facility.tax_minor):
                yield f"lender:{share.lender}", product.technique.value, share.amount_minor
