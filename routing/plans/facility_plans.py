"""How a plan shows its finance: every facility with its draws, fees, payees and shares of the lenders."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from domain.money import split_minor
from domain.network import FinanceProduct, Role
from domain.plan import (
    Draw,
    FacilityPlan,
    FeeCharge,
    Flow,
    FlowKind,
    OwnFigures,
    Payee,
    ShareOf,
)
from domain.terms import Fee, FeeBasis, Recourse
from finance.pricing.cash import Use
from finance.pricing.credit import CreditTerms
from finance.pricing.fees import exact_fee, fee_amount
from finance.pricing.returns import headline, rate_text, simple_rate, xirr
from routing.mixes.credit_market import CreditMarket
from routing.mixes.proof import Tried, guarantee_use
from routing.offers.exchange import scaled

day_of = date.fromordinal


def facilities_of(market: CreditMarket, tried: Tried, flows: tuple[Flow, ...]) -> tuple[FacilityPlan, ...]:
    """The guarantee, what is drawn, and what stands by, in the order in which they open."""
    pre = tried.use(Role.PRE_SHIPMENT)
    found = []
    if tried.chain.combo.factory.guarantee:
        found.append(_facility(guarantee_use(market, tried.figures), flows, ""))
    for use in tried.settlement.uses:
        takes_out = ""
        if use.terms.product.role is Role.TAKE_OUT and pre is not None and pre.draws:
            takes_out = pre.terms.product.id
        found.append(_facility(use, flows, takes_out))
    found += [_standby(market, tried, product) for product in market.products.standby]
    return tuple(_abroad(market, tried, one) for one in found) if market.products.abroad else tuple(found)


def _abroad(market: CreditMarket, tried: Tried, planned: FacilityPlan) -> FacilityPlan:
    """The facility with its figures in the currency in which it lends, where that is not the order's."""
    lent = market.products.abroad.get(planned.product)
    if lent is None:
        return planned
    product, dealing = lent.product, lent.dealing
    ceiling = scaled(planned.ceiling_minor, 1 / dealing.buy)
    use = next((one for one in tried.settlement.uses if one.terms.product.id == product.id), None)
    if use is None or use.abroad is None or planned.standby:
        own = OwnFigures(0, ceiling, (), (), 0, shares_of(product, 0))
        return replace(planned, currency=product.currency, own=own)
    at_home, abroad = use, use.abroad
    native = Use(abroad.terms, at_home.opens, at_home.due, at_home.closes)
    native.draws, native.payoff = abroad.draws, abroad.payoff
    return replace(planned, currency=product.currency, own=_own_figures(native, product))


def _own_figures(use: Use, product: FinanceProduct) -> OwnFigures:
    draws = tuple(
        Draw(day_of(part.on), part.principal, part.cash, part.fee, part.discount) for part in use.draws
    )
    shares = shares_of(product, use.limit)
    return OwnFigures(use.limit, use.terms.ceiling, draws, fees_of(use), use.payoff.total, shares)


def _facility(use: Use, flows: tuple[Flow, ...], takes_out: str) -> FacilityPlan:
    product = use.terms.product
    promise = product.role is Role.GUARANTEE
    cash = [] if promise else [(day_of(part.on), part.cash) for part in use.draws]
    closes = day_of(use.closes)
    lent = [(on, -amount) for on, amount in cash] + [(closes, use.payoff.total)]
    rate = None if promise else simple_rate(use.cost, cash, closes)
    return replace(
        _undrawn(use.terms, day_of(use.due)),
        limit_minor=use.limit,
        draws=() if promise else tuple(_draw(use, place, flows) for place in range(len(use.draws))),
        fees=fees_of(use),
        interest_minor=use.payoff.interest + sum(part.discount for part in use.draws),
        tax_minor=use.payoff.tax,
        repaid_on=closes,
        repaid_minor=use.payoff.total,
        cost_minor=use.cost,
        apr=rate_text(rate),
        xirr=rate_text(xirr(lent) if cash else None),
        shares=shares_of(product, use.limit),
        takes_out=takes_out,
        recourse_on=_recourse_on(product, use.due),
    )


def _standby(market: CreditMarket, tried: Tried, product: FinanceProduct) -> FacilityPlan:
    terms = market.lending.terms(product, tried.figures)
    return replace(_undrawn(terms, day_of(tried.figures.buyer_due)), standby=True)


def _undrawn(terms: CreditTerms, due: date) -> FacilityPlan:
    product = terms.product
    return FacilityPlan(
        product=product.id,
        lender=product.lender,
        name=product.name,
        role=product.role,
        technique=product.technique,
        draw_rule=product.draw,
        limit_minor=0,
        ceiling_minor=terms.ceiling,
        limit_group=product.limit_group,
        draws=(),
        fees=(),
        interest_minor=0,
        tax_minor=0,
        repaid_on=due,
        due_on=due,
        repaid_minor=0,
        cost_minor=0,
        headline=headline(product.price),
        apr=None,
        xirr=None,
        face_minor=terms.face,
    )


def _recourse_on(product: FinanceProduct, due: int) -> date | None:
    if product.recourse is Recourse.NONE or product.recourse_days is None:
        return None
    return day_of(due + product.recourse_days)


def shares_of(product: FinanceProduct, limit: int) -> tuple[ShareOf, ...]:
    if not product.participations:
        return (ShareOf(product.lender, Fraction(1), limit),)
    amounts = split_minor(limit, [part.share for part in product.participations])
    return tuple(
        ShareOf(part.lender, part.share, amount)
        for part, amount in zip(product.participations, amounts, strict=True)
    )


def _draw(use: Use, place: int, flows: tuple[Flow, ...]) -> Draw:
    part = use.draws[place]
    on = day_of(part.on)
    return Draw(
        on=on,
        principal_minor=part.principal,
        cash_minor=part.cash,
        fee_minor=part.fee,
        discount_minor=part.discount,
        payees=_payees(use, on, part.cash, flows),
    )


def _payees(use: Use, on: date, cash: int, flows: tuple[Flow, ...]) -> tuple[Payee, ...]:
    """Whom the cash pays that day, repayments first; what is left stays in the loop."""
    lender = f"lender:{use.terms.product.lender}"
    payees = []
    for flow in flows:
        own = flow.kind is FlowKind.REPAYMENT and flow.counterparty == lender
        if flow.on != on or flow.amount_minor >= 0 or cash <= 0 or (own and flow.ref == use.terms.product.id):
            continue
        amount = min(cash, -flow.amount_minor)
        leg = int(flow.ref) if flow.kind is FlowKind.PROVIDER else -1
        payees.append(Payee(flow.counterparty, amount, leg))
        cash -= amount
    if cash > 0:
        payees.append(Payee("loop", cash))
    return tuple(payees)


AGREED = (FeeBasis.FACE, FeeBasis.FIXED)
"""Bases that no draw changes: such a fee is shown as it was agreed, what rounding leaves is the others'."""


def fees_of(use: Use) -> tuple[FeeCharge, ...]:
    """Each fee by name; they sum to what the draws and the repayment charged."""
    product = use.terms.product
    charges: list[FeeCharge] = []
    for place, part in enumerate(use.draws):
        fees = [
            fee for fee in product.fees if not fee.at_repayment and (place == 0 or fee.basis is FeeBasis.DRAW)
        ]
        amounts = _split_fees(part.fee, fees, use, part.principal)
        charges += [
            FeeCharge(fee.name, day_of(part.on), amount, fee.taken)
            for fee, amount in zip(fees, amounts, strict=True)
            if amount
        ]
    late = [fee for fee in product.fees if fee.at_repayment]
    if late and use.draws:
        amounts = _split_fees(use.payoff.fees, late, use, use.limit)
        charges += [
            FeeCharge(fee.name, day_of(use.closes), amount, fee.taken)
            for fee, amount in zip(late, amounts, strict=True)
            if amount
        ]
    return tuple(charges)


def _split_fees(total: int, fees: list[Fee], use: Use, principal: int) -> list[int]:
    if not fees:
        return []
    bases = {FeeBasis.FACE: use.terms.face, FeeBasis.LIMIT: use.limit, FeeBasis.DRAW: principal}
    exact = [exact_fee(fee, bases.get(fee.basis, 0)) for fee in fees]
    known = [fee_amount(fee, bases.get(fee.basis, 0)) if fee.basis in AGREED else 0 for fee in fees]
    others = [0 if fee.basis in AGREED else weight for fee, weight in zip(fees, exact, strict=True)]
    if sum(others) > 0:
        parts = split_minor(total - sum(known), others)
        return [one + part for one, part in zip(known, parts, strict=True)]
    return split_minor(total, exact) if sum(exact) > 0 else [total, *[0] * (len(fees) - 1)]


# ---------------------------------------------------------------------- other currencies
