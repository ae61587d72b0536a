"""Changes of one thing at a time: what ``--what-if`` takes and what a certificate proposes.

::

    advance_rate[:PRODUCT]=0.8509      of take-outs, or of the product named
    buyer_deposit=0.2336               a share of the gross value, paid with the order
    supplier_days[:PROVIDER]=20        days added to what the provider already grants
    contingency=934.14                 a committed tranche of that size behind the mix
    buyer_earlier=15                   days earlier that the buyer pays
    due_date=2026-05-04                the day by which the goods must arrive
    price=1500.00                      added to the order's net value
    limit:PRODUCT=1000000.00           what the product may lend on one order
    rate:PRODUCT=0.12                  the yearly rate
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.errors import UsageError
from domain.money import MoneyError, format_minor, parse_decimal, parse_minor
from domain.network import (
    AdvanceBase,
    DrawRule,
    FinanceProduct,
    Provider,
    Role,
    Technique,
)
from domain.order import Adjustment
from domain.terms import Event, PaymentTerm, Price, Recourse
from routing.offers.situation import Situation

ADDED = "contingency-tranche"


@dataclass(frozen=True, slots=True)
class Change:
    """``value`` is a rate in parts of 10,000, a count of days, a day's ordinal, or minor units."""

    kind: str
    value: int
    target: str = ""


DAYS = ("supplier_days", "buyer_earlier")
AMOUNTS = ("contingency", "price", "limit")


def parse_change(text: str, currency: str) -> Change:
    """``kind[:target]=value``; UsageError names what is known."""
    name, equals, value = text.partition("=")
    kind, _, target = name.strip().partition(":")
    if not equals or kind not in CHANGES:
        known = ", ".join(CHANGES)
        raise UsageError(f"{text!r} is not a change", f"write KIND=VALUE, where KIND is one of {known}")
    if kind in ("limit", "rate") and not target:
        raise UsageError(f"{text!r} names no product", f"write {kind}:PRODUCT={value}")
    try:
        return Change(kind, _value(kind, value.strip(), currency), target)
    except (MoneyError, ValueError) as error:
        raise UsageError(f"{text!r}: {error}", "rates as 0.85, days as 20, dates as 2026-05-04") from None


def _value(kind: str, value: str, currency: str) -> int:
    if kind == "due_date":
        return date.fromisoformat(value).toordinal()
    if kind in DAYS:
        return int(value)
    if kind in AMOUNTS:
        return parse_minor(value.lstrip("+"), currency)
    share = parse_decimal(value.rstrip("%")) / (100 if value.endswith("%") else 1)
    scaled = Fraction(share) * 10_000
    if scaled.denominator != 1 or scaled < 0:
        raise MoneyError("a rate is a share of one with at most four decimals")
    return scaled.numerator


def told(change: Change, currency: str) -> str:
    """The change as ``parse_change`` reads it."""
    name = f"{change.kind}:{change.target}" if change.target else change.kind
    if change.kind == "due_date":
        return f"{name}={date.fromordinal(change.value).isoformat()}"
    if change.kind in DAYS:
        return f"{name}={change.value}"
    if change.kind in AMOUNTS:
        return f"{name}={format_minor(change.value, currency)}"
    return f"{name}={Decimal(change.value) / 10_000}"


def changed(situation: Situation, change: Change) -> Situation:
    """The situation with that one thing changed; UsageError when its target is not in the network."""
    return CHANGES[change.kind](situation, change)


def _products(
    situation: Situation,
    change: Change,
    chosen: Callable[[FinanceProduct], bool],
    make: Callable[[FinanceProduct], FinanceProduct],
) -> Situation:
    network = situation.network
    if change.target and network.product(change.target) is None:
        known = ", ".join(product.id for product in network.products)
        raise UsageError(f"no lender offers {change.target}", f"products are {known}")
    products = tuple(
        make(one) if (one.id == change.target if change.target else chosen(one)) else one
        for one in network.products
    )
    return replace(situation, network=replace(network, products=products))


def _advance_rate(situation: Situation, change: Change) -> Situation:
    rate = Fraction(change.value, 10_000)
    roles = {product.role for product in situation.network.products}
    role = Role.TAKE_OUT if Role.TAKE_OUT in roles else Role.PRE_SHIPMENT
    return _products(
        situation, change, lambda one: one.role is role, lambda one: replace(one, advance_rate=rate)
    )


def _limit(situation: Situation, change: Change) -> Situation:
    return _products(situation, change, lambda _: False, lambda one: replace(one, limit_minor=change.value))


def _rate(situation: Situation, change: Change) -> Situation:
    rate = Fraction(change.value, 10_000)
    return _products(
        situation,
        change,
        lambda _: False,
        lambda one: replace(one, price=replace(one.price, rate_annual=rate, steps=())),
    )


def _buyer_deposit(situation: Situation, change: Change) -> Situation:
    share = Fraction(change.value, 10_000)
    terms = situation.order.payment or situation.policy.buyer_payment
    rest = tuple(replace(term, share=term.share * (1 - share)) for term in terms)
    kept = tuple(term for term in rest if term.share)
    deposit = (PaymentTerm(share, Event.ORDER),) if share else ()
    return replace(situation, order=replace(situation.order, payment=(*deposit, *kept)))


def _buyer_earlier(situation: Situation, change: Change) -> Situation:
    terms = situation.order.payment or situation.policy.buyer_payment
    sooner = tuple(replace(term, days=max(0, term.days - change.value)) for term in terms)
    return replace(situation, order=replace(situation.order, payment=sooner))


def _supplier_days(situation: Situation, change: Change) -> Situation:
    network = situation.network
    if change.target and network.provider(change.target) is None:
        raise UsageError(f"{change.target} is not in the network", "net provider list shows who is")
    providers = tuple(
        _longer(one, change.value) if change.target in ("", one.id) else one for one in network.providers
    )
    return replace(situation, network=replace(network, providers=providers))


def _longer(provider: Provider, days: int) -> Provider:
    """The provider with so many days more on every instalment; one without terms is paid at its end."""
    terms = provider.payment or (PaymentTerm(Fraction(1), Event.SERVICE_END),)
    return replace(provider, payment=tuple(replace(term, days=term.days + days) for term in terms))


def _due_date(situation: Situation, change: Change) -> Situation:
    due = date.fromordinal(change.value)
    lines = tuple(replace(line, due_on=None) for line in situation.order.lines)
    return replace(situation, order=replace(situation.order, due_on=due, lines=lines))


def _price(situation: Situation, change: Change) -> Situation:
    order = situation.order
    rate = order.lines[0].tax_rate if order.lines else Fraction(0)
    added = Adjustment("what-if price", change.value, rate)
    return replace(situation, order=replace(order, adjustments=(*order.adjustments, added)))


def _contingency(situation: Situation, change: Change) -> Situation:
    product = contingency_product(situation, change.value)
    network = situation.network
    return replace(situation, network=replace(network, products=(*network.products, product)))


def contingency_product(situation: Situation, amount: int) -> FinanceProduct:
    """A committed tranche of that size on the terms of the network's standby, else at the dearest yearly
    rate that a pre-shipment lender asks, without fees; open from booking until the buyer pays."""
    currency = situation.order.currency
    own = [one for one in situation.network.products if one.currency == currency]
    standby = [one for one in own if one.role is Role.CONTINGENCY]
    lenders = standby or [one for one in own if one.role is Role.PRE_SHIPMENT] or own
    price = max((one.price for one in lenders), key=lambda each: each.rate_annual, default=Price())
    model = standby[0] if standby else None
    return FinanceProduct(
        id=ADDED,
        lender=lenders[0].lender if lenders else situation.network.lenders[0].id,
        name="Contingency tranche",
        role=Role.CONTINGENCY,
        technique=Technique.LOAN,
        currency=currency,
        advance_base=AdvanceBase.ORDER,
        advance_rate=Fraction(1),
        draw=DrawRule.NEED,
        price=model.price if model else price,
        fees=model.fees if model else (),
        available_from=Event.BOOKING,
        repaid_on=Event.BUYER_PAYMENT,
        limit_minor=amount,
        recourse=Recourse.LIMITED_TO_ORDER,
    )


CHANGES: dict[str, Callable[[Situation, Change], Situation]] = {
    "advance_rate": _advance_rate,
    "buyer_deposit": _buyer_deposit,
    "supplier_days": _supplier_days,
    "contingency": _contingency,
    "buyer_earlier": _buyer_earlier,
    "due_date": _due_date,
    "price": _price,
    "limit": _limit,
    "rate": _rate,
}
