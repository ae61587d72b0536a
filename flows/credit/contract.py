"""The contract that a plan's offers make once they are accepted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from domain.dates import SATURDAY, BusinessCalendar
from domain.errors import NotFoundError
from domain.exchange import converted
from domain.network import FACTORY, FinanceProduct, Network, Provider, Role
from domain.order import Order
from domain.plan import Draw, FacilityPlan, FlowKind, Payee, Plan, PlanLeg
from domain.terms import Event, Fee, FeeBasis, PaymentTerm
from finance.agreed.contract import (
    NETWORK,
    WATERFALL,
    Booking,
    Charge,
    Condition,
    Contract,
    Due,
    Facility,
    LossRate,
    PlannedDraw,
    Rank,
    Sale,
    Share,
)
from finance.agreed.late_payment import late_payment_law
from finance.books.position import OWN_EVENTS
from finance.underwriting.credit_offer import rate_of
from flows.firms.cancellation_terms import terms_of
from flows.plans.needs import booking_names

CALENDAR_DAYS = 400


def contract_of(order: Order, plan: Plan, network: Network, on: date) -> Contract:
    """The plan with the terms it rests on, as they are now; a later network file does not change it."""
    names = booking_names(plan)
    return Contract(
        plan.order,
        plan.currency,
        on,
        _sale(order, plan, network),
        (
            *(_booking(leg, name, plan, network) for leg, name in zip(plan.legs, names, strict=True)),
            *_network_booking(plan, network),
        ),
        tuple(_facility(facility, names, plan, network) for facility in plan.facilities),
        {str(name): day for name, day in plan.events.items()},
        network.sales_tax(),
        next((flow.on for flow in plan.flows if flow.counterparty == "tax"), None),
        _calendar(network, plan),
        waterfall=_waterfall(plan, network),
        referral_share=network.fee.referral_share,
        buyer=order.buyer.name,
        trader=order.seller.name,
        buyer_account=order.buyer.account,
        inspected=any(_is_inspection(leg, plan) for leg in plan.legs),
        rates=tuple(one.rate for one in plan.exchange),
        dealings=tuple(one.dealing for one in plan.exchange),
        rate_days=next((one.rate_days for one in plan.exchange), None),
    )


def _waterfall(plan: Plan, network: Network) -> tuple[Rank, ...]:
    """The order of claims that the take-out's lender asks for (``waterfall`` in its rules), else the usual
    one. Ranks that it leaves out come after those that it names."""
    for facility in plan.facilities:
        product = next((one for one in network.products if one.id == facility.product), None)
        wanted = underwriting_of(product, network).get("waterfall", ()) if product is not None else ()
        if wanted and facility.role is Role.TAKE_OUT:
            named = [Rank(str(name)) for name in wanted]
            return (*named, *(rank for rank in WATERFALL if rank not in named))
    return WATERFALL


def _calendar(network: Network, plan: Plan) -> BusinessCalendar:
    """The trader's business days around the plan's dates, as data: a later calendar changes nothing."""
    known = network.calendars.get(network.country) or BusinessCalendar(network.country)
    if not plan.events:
        return BusinessCalendar(network.country)
    return _written_down(known, min(plan.events.values()) - timedelta(days=60))


@lru_cache(maxsize=256)
def _written_down(known: BusinessCalendar, since: date) -> BusinessCalendar:
    days = [since + timedelta(days=ahead) for ahead in range(60 + 120 + CALENDAR_DAYS)]
    business = {day for day in days if known.is_business_day(day)}
    weekdays = {day for day in days if day.weekday() < SATURDAY}
    sure = [day for day in days if not known.is_provisional(day)]
    return BusinessCalendar(
        known.country,
        frozenset(weekdays - business),
        frozenset(business - weekdays),
        date.max if len(sure) == len(days) else max(sure, default=since),
    )


def _sale(order: Order, plan: Plan, network: Network) -> Sale:
    terms = order.payment if len(order.payment) == len(plan.buyer) else ()
    dues = []
    for place, part in enumerate(plan.buyer):
        term = terms[place] if terms else PaymentTerm(part.share, part.event, part.days)
        dues.append(Due(part.amount_minor, term, part.due_on))
    quantity = sum((Fraction(line.quantity) for line in order.lines), Fraction(0))
    gross = plan.net_minor + plan.tax_minor
    last = max((due.planned_on for due in dues), default=plan.planned_on)
    law = late_payment_law(network.country, plan.currency, last, gross)
    late = law.rate_daily, law.lump_minor
    return Sale(plan.net_minor, plan.tax_minor, quantity or Fraction(1), tuple(dues), *late)


def _is_inspection(leg: PlanLeg, plan: Plan) -> bool:
    return leg.kind == Event.INSPECTION.value and Event.INSPECTION.value in plan.events


def _booking(leg: PlanLeg, name: str, plan: Plan, network: Network) -> Booking:
    provider = next((one for one in network.providers if one.id == leg.provider), None)
    dues = _dues(leg, provider, plan)
    abroad = leg.currency != plan.currency
    return Booking(
        name,
        f"provider:{leg.provider}",
        leg.kind,
        leg.price_minor if abroad else leg.net_minor,
        leg.price_tax_minor if abroad else leg.tax_minor,
        leg.tax_recoverable,
        _bill_on(leg, dues, plan),
        leg.starts_on,
        leg.ends_on,
        dues,
        goods=leg.kind == FACTORY,
        name=leg.name,
        deposit_guarantee=provider.deposit_guarantee if provider else Fraction(0),
        cancellation=terms_of(provider),
        slot_days=max((leg.ends_on - leg.starts_on).days, 1),
        currency=leg.currency if abroad else "",
    )


def _dues(leg: PlanLeg, provider: Provider | None, plan: Plan) -> tuple[Due, ...]:
    """The leg's instalments with the terms they come from, where the provider's terms are the leg's."""
    terms: tuple[PaymentTerm, ...] = ()
    if provider is not None:
        chosen = next((option.payment for option in provider.options if option.name == leg.option), None)
        for some in (chosen, provider.payment, provider.guaranteed_payment):
            if some and [term.event for term in some] == [part.event for part in leg.schedule]:
                terms = some
                break
    abroad = leg.currency != plan.currency
    return tuple(
        Due(
            part.price_minor if abroad else part.amount_minor,
            terms[place] if terms else PaymentTerm(part.share, part.event, part.days),
            part.due_on,
        )
        for place, part in enumerate(leg.schedule)
    )


def _bill_on(leg: PlanLeg, dues: tuple[Due, ...], plan: Plan) -> Event:
    """When the service counts as rendered: with its own last event, the inspection, or the delivery."""
    if _is_inspection(leg, plan):
        return Event.INSPECTION
    if leg.kind == FACTORY:
        return Event.PRODUCTION_END
    own = [due.term.event for due in dues if due.term.event in OWN_EVENTS]
    delivery = plan.events.get(Event.DELIVERY.value)
    if Event.SERVICE_END in own or (delivery is not None and leg.ends_on > delivery):
        return Event.SERVICE_END
    return Event.DELIVERY


def _network_booking(plan: Plan, network: Network) -> tuple[Booking, ...]:
    """The network's own fee, due as its flows in the plan."""
    gross = plan.network_fee_minor + plan.network_tax_minor
    if not gross:
        return ()
    flows = [flow for flow in plan.flows if flow.counterparty == NETWORK]
    terms = network.fee.payment
    dues = tuple(
        Due(
            -flow.amount_minor,
            terms[place] if len(terms) == len(flows) else PaymentTerm(Fraction(1), Event.BUYER_PAYMENT),
            flow.on,
        )
        for place, flow in enumerate(flows)
    )
    delivery = plan.events.get(Event.DELIVERY.value, plan.planned_on)
    booking = Booking(
        NETWORK,
        NETWORK,
        NETWORK,
        plan.network_fee_minor,
        plan.network_tax_minor,
        network.fee.tax_recoverable,
        Event.DELIVERY,
        plan.planned_on,
        delivery,
        dues,
        name=network.name,
    )
    return (booking,)


OF_A_LOAN = (Condition.SLOTS_RESERVED, Condition.NO_DEFAULT)
OF_A_TAKE_OUT = (Condition.DELIVERY_ACCEPTED, Condition.NOT_DISPUTED, Condition.NO_DEFAULT)
"""What must hold at every draw."""


def _facility(planned: FacilityPlan, names: list[str], plan: Plan, network: Network) -> Facility:
    product = next((one for one in network.products if one.id == planned.product), None)
    if product is None:
        raise NotFoundError(
            f"the plan uses the product {planned.product}, which the network file does not have",
            f"plan again: net plan {plan.order}",
        )
    take_out = product.role is Role.TAKE_OUT
    own = planned.own or planned
    return Facility(
        product.id,
        product.role,
        product.technique,
        _shares(planned, product, network),
        own.limit_minor or own.ceiling_minor,
        product.price,
        tuple(_fee(fee, planned) for fee in product.fees),
        draw=product.draw,
        advance_rate=product.advance_rate,
        available_from=product.available_from,
        available_days=product.available_days,
        repaid_on=product.repaid_on,
        tenor_days=None if take_out else product.tenor_days,
        grace_days=product.grace_days,
        penalty_multiplier=product.penalty_multiplier,
        recourse=product.recourse,
        recourse_days=product.recourse_days,
        draws=tuple(_planned_draw(draw, names, plan) for draw in own.draws),
        limit_group=planned.limit_group,
        standby=planned.standby,
        tax_rate=product.tax_rate,
        first_loss_rate=product.first_loss_rate,
        insured_rate=product.insured_rate,
        loss=_loss_rate(product, network),
        first_conditions=_first_conditions(product, network),
        conditions=OF_A_TAKE_OUT if take_out else OF_A_LOAN,
        name=planned.name,
        takes_out=planned.takes_out,
        charges=_charges(product, plan),
        currency=planned.currency if planned.own is not None else "",
    )


def _planned_draw(draw: Draw, names: list[str], plan: Plan) -> PlannedDraw:
    payees = (
        (names[payee.leg] if payee.leg >= 0 else payee.party, _own_amount(payee, draw.on, plan))
        for payee in draw.payees
    )
    return PlannedDraw(
        draw.on,
        draw.principal_minor,
        draw.cash_minor,
        draw.fee_minor,
        draw.discount_minor,
        tuple(payees),
        _costs(draw, plan),
    )


def _charges(product: FinanceProduct, plan: Plan) -> tuple[Charge, ...]:
    """What the product charges in cash, besides what it takes off a draw."""
    fees = (flow for flow in plan.flows if flow.kind is FlowKind.FEE and flow.ref == product.id)
    return tuple(Charge(flow.on, -flow.amount_minor) for flow in fees if flow.amount_minor)


def _own_amount(payee: Payee, on: date, plan: Plan) -> int:
    """What a payee gets of a draw in its own currency: an instalment whole, or what the money buys of it."""
    leg = plan.legs[payee.leg] if payee.leg >= 0 else None
    if leg is None or leg.currency == plan.currency:
        return payee.amount_minor
    for part in leg.schedule:
        if part.due_on == on and part.amount_minor == payee.amount_minor:
            return part.price_minor
    dealing = next(one.dealing for one in plan.exchange if one.dealing.currency == leg.currency)
    return int(payee.amount_minor / dealing.buy)


def _costs(draw: Draw, plan: Plan) -> tuple[int, ...]:
    """What each payee takes of a draw, where one of them is paid in another currency.

    What is too little for a minor unit more of that currency stays in the account.
    """
    if all(one.leg < 0 or plan.legs[one.leg].currency == plan.currency for one in draw.payees):
        return ()
    return tuple(_cost(one, draw.on, plan) for one in draw.payees)


def _cost(payee: Payee, on: date, plan: Plan) -> int:
    currency = plan.legs[payee.leg].currency if payee.leg >= 0 else plan.currency
    if currency == plan.currency:
        return payee.amount_minor
    dealing = next(one.dealing for one in plan.exchange if one.dealing.currency == currency)
    return min(payee.amount_minor, converted(_own_amount(payee, on, plan), dealing.buy))


def _shares(planned: FacilityPlan, product: FinanceProduct, network: Network) -> tuple[Share, ...]:
    """Each lender's share, and its priority where the product's rules name one (``priorities``)."""
    named = underwriting_of(product, network).get("priorities", {})
    ranks = {str(name): int(rank) for name, rank in dict(named).items()}
    shares = tuple(Share(share.lender, share.share, ranks.get(share.lender, 0)) for share in planned.shares)
    return shares or (Share(product.lender, Fraction(1)),)


def _fee(fee: Fee, planned: FacilityPlan) -> Fee:
    """A fee on the limit carries the amount that the plan agreed."""
    if fee.basis is not FeeBasis.LIMIT or fee.at_repayment:
        return fee
    agreed = sum(charge.amount_minor for charge in (planned.own or planned).fees if charge.name == fee.name)
    return replace(fee, rate=Fraction(0), amount_minor=agreed, minimum_minor=0) if agreed else fee


def underwriting_of(product: FinanceProduct, network: Network) -> Mapping[str, Any]:
    """The lender's rules with the product's own on top."""
    lender = next((one for one in network.lenders if one.id == product.lender), None)
    return {**(lender.underwriting if lender else {}), **product.underwriting}


def _loss_rate(product: FinanceProduct, network: Network) -> LossRate:
    rules = underwriting_of(product, network)

    def rate(name: str) -> Fraction:
        return rate_of(rules.get(name, "0"))

    return LossRate(rate("pd_annual"), rate("lgd"), rate("pd_late"))


def _first_conditions(product: FinanceProduct, network: Network) -> tuple[Condition, ...]:
    """What the lender insists on before its first draw, beside what every lender does."""
    wanted = [str(name) for name in underwriting_of(product, network).get("conditions", [])]
    named = [Condition(name) for name in wanted if name in set(Condition)]
    return tuple(dict.fromkeys([Condition.NOT_FINANCED_ELSEWHERE, *named]))
