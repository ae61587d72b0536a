"""One order on one network on one day: everything that does not depend on which chain is chosen."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from weakref import WeakKeyDictionary

from domain.checks import buyer_terms_refusals, network_refusals
from domain.dates import Roll
from domain.errors import RefusedError
from domain.money import round_minor
from domain.near import or_rather
from domain.network import ANYWHERE, FactoryProduct, Lane, Network, Policy, Provider
from domain.order import Order
from domain.plan import Availability, Refusal
from domain.terms import PREPAYING as PREPAYING_EVENTS
from domain.terms import PaymentTerm, SalesTax
from routing.offers.exchange import CurrencyError, exchange_factor
from routing.offers.offers import (
    EVENT_INDEX,
    Offer,
    PartPayment,
    Pricing,
    abroad_parts,
    factory_price,
    options_of,
    parts_of,
    pricing_of,
    service_price,
)
from routing.offers.situation import Situation
from routing.offers.timetable import Timetable, Timetables

Made = tuple[tuple[FactoryProduct, Decimal], ...]

PREPAYING = frozenset(EVENT_INDEX[event] for event in PREPAYING_EVENTS)
"""A buyer's instalment on one of these is a deposit: it is gone from the invoice that lenders advance on."""


class Index:
    """A network looked up by product, place and kind; kept as long as the network lives."""

    def __init__(self, network: Network) -> None:
        self.refusals = network_refusals(network)
        self.timetables = Timetables(network.calendars)
        self.makers: dict[str, list[Provider]] = {}
        self.warehouses: dict[str, list[Provider]] = {}
        self.lanes: dict[str, list[tuple[Provider, Lane]]] = {}
        self.services: dict[str, list[Provider]] = {}
        for provider in sorted(network.providers, key=lambda one: one.id):
            for product in provider.products:
                self.makers.setdefault(product.product, []).append(provider)
            if provider.storage is not None:
                self.warehouses.setdefault(provider.place, []).append(provider)
            for lane in sorted(provider.lanes, key=lambda one: one.id):
                self.lanes.setdefault(lane.origin, []).append((provider, lane))
            if provider.service is not None:
                self.services.setdefault(provider.kind, []).append(provider)
        self.required = frozenset(
            kind
            for kind, providers in self.services.items()
            if any(one.service is not None and one.service.required for one in providers)
        )

    def table(self, provider: Provider, network: Network) -> Timetable:
        country = provider.country or network.country
        return self.timetables.firm(country, provider.closures, provider.works_every_day)


_INDEXES: "WeakKeyDictionary[Network, Index]" = WeakKeyDictionary()


def index_of(network: Network) -> Index:
    """The network's index, made once; RefusedError names everything that makes the network unfit."""
    found = _INDEXES.get(network)
    if found is None:
        found = _INDEXES[network] = Index(network)
    if found.refusals:
        reasons = "; ".join(f"{one.subject}: {one.reason}" for one in found.refusals)
        raise RefusedError(f"the network cannot be planned with: {reasons}", "mend the network file")
    return found


@dataclass(slots=True)
class OrderCase:
    """The order's own figures, dates and calendars, and what each factory asks.

    Days are ordinals. ``earliest`` is the first possible booking, ``due`` the last day for the goods to
    arrive (None: open). ``face`` is the gross value less the buyer's deposits.
    """

    order: Order
    network: Network
    policy: Policy
    index: Index
    pricing: Pricing
    availability: Availability | None
    ordered: int
    earliest: int
    due: int | None
    net: int
    output_tax: int
    gross: int
    face: int
    buyer: list[PartPayment]
    buyer_table: Timetable
    tax: SalesTax
    tax_table: Timetable
    fee_net: int
    fee_tax: int
    fee_parts: list[PartPayment]
    targets: frozenset[str]
    carried: list[PartPayment] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    tax_days: dict[int, int] = field(default_factory=dict)

    def free(self, provider: str, resource: str, day: int, capacity: int) -> int:
        if self.availability is None:
            return capacity
        return self.availability.free_units(provider, resource, date.fromordinal(day), capacity)

    def refuse(self, subject: str, reason: str) -> None:
        refusal = Refusal(subject, reason)
        if refusal not in self.refusals:
            self.refusals.append(refusal)


def case_of(situation: Situation) -> OrderCase:
    """RefusedError when the network or the buyer's terms contradict themselves."""
    order, network, policy, on = situation.order, situation.network, situation.policy, situation.day
    index = index_of(network)
    terms = order.payment or policy.buyer_payment
    if wrong := buyer_terms_refusals(terms):
        raise RefusedError(f"{wrong[0].subject}: {wrong[0].reason}", "amend the order's payment terms")
    tax = network.sales_tax()
    gross = order.gross_minor
    buyer = parts_of(gross, terms)
    fee_net = round_minor(order.net_minor * network.fee.rate) + _fixed_fee(order, network)
    fee_tax = round_minor(fee_net * network.fee.tax_rate)
    start = max(on, order.issued_on).toordinal()
    due = _due_on(order)
    home = network.country
    return OrderCase(
        order=order,
        network=network,
        policy=policy,
        index=index,
        pricing=pricing_of(order, network, tax.surcharge_rate, max(on, order.issued_on), policy.rate_days),
        availability=situation.free,
        ordered=order.issued_on.toordinal(),
        earliest=start + policy.booking_days,
        due=due.toordinal() if due else None,
        net=order.net_minor,
        output_tax=order.tax_minor,
        gross=gross,
        face=gross - sum(part.amount for part in buyer if part.event in PREPAYING),
        buyer=buyer,
        buyer_table=index.timetables.country(order.country or order.buyer.country or home),
        tax=tax,
        tax_table=index.timetables.country(home),
        fee_net=fee_net,
        fee_tax=fee_tax,
        fee_parts=parts_of(fee_net + fee_tax, network.fee.payment),
        targets=_targets(order),
        carried=_carried(network),
    )


def _carried(network: Network) -> list[PartPayment]:
    return [
        PartPayment(amount, EVENT_INDEX[event], PaymentTerm(Fraction(1), event, roll=Roll.NONE))
        for event, amount in network.carried
    ]


def _fixed_fee(order: Order, network: Network) -> int:
    """The network's fixed fee in the order's currency; RefusedError where no exchange rate is given."""
    fixed = network.fee.fixed_minor
    if not fixed or network.currency in ("", order.currency):
        return fixed
    try:
        return round_minor(fixed * exchange_factor(network, network.currency, order.currency))
    except CurrencyError as error:
        raise RefusedError(f"the network's fee {error}", "add a [[rate]] to the network file") from None


def _due_on(order: Order) -> date | None:
    days = [line.due_on for line in order.lines if line.due_on is not None]
    if order.due_on is not None:
        days.append(order.due_on)
    return min(days) if days else None


def _targets(order: Order) -> frozenset[str]:
    """Names of the place of delivery; none when the buyer collects at the works."""
    places = {order.destination or next((line.destination for line in order.lines), ""), order.country}
    return frozenset(places - {""})


def arrives(case: OrderCase, place: str) -> bool:
    return not case.targets or place in case.targets or place == ANYWHERE


def factory_offers(case: OrderCase, guarantees: Collection[str]) -> list[Offer]:
    """What each factory that makes every line asks; one offer a set of terms, and one for each guarantee
    where the factory accepts guaranteed terms."""
    lines = case.order.lines
    offers: list[Offer] = []
    makers = case.index.makers.get(lines[0].product, []) if lines else []
    if not makers:
        what = lines[0].product if lines else "nothing"
        near = or_rather(what, case.index.makers)
        case.refuse("factories", f"nobody in the network makes {what}{near}")
    for provider in makers:
        made = _made(case, provider)
        if made is None:
            continue
        try:
            price = factory_price(made, case.pricing.scale_of(provider))
            offers += _priced(case, provider, made, price, guarantees)
        except CurrencyError as error:
            case.refuse(provider.id, str(error))
    return offers


def _priced(
    case: OrderCase,
    provider: Provider,
    made: Made,
    price: Fraction,
    guarantees: Collection[str],
) -> list[Offer]:
    table = case.index.table(provider, case.network)
    item = ", ".join(sorted({line.product for line in case.order.lines}))
    offers = []
    for option in options_of(provider):
        offer = case.pricing.offer(provider, item, price, option, table)
        offer.made = tuple((product, ceil(quantity)) for product, quantity in made)
        offer.kg = _weight(case, made)
        offers.append(offer)
        if option is None and provider.guaranteed_payment:
            offers += [_guaranteed(case, offer, provider, name) for name in sorted(guarantees)]
    return offers


def _guaranteed(case: OrderCase, plain: Offer, provider: Provider, guarantee: str) -> Offer:
    net, tax = plain.net, plain.tax
    if plain.currency:
        parts = parts_of(plain.price + plain.own_tax, provider.guaranteed_payment)
        found = case.pricing.quoted(plain.currency)
        net, tax, parts = abroad_parts(found, case.order.currency, plain.own_tax, parts)
    else:
        parts = parts_of(plain.gross, provider.guaranteed_payment)
    weight = case.pricing.weight(net, tax, provider.tax_recoverable)
    return replace(plain, option="", net=net, tax=tax, parts=parts, weight=weight, guarantee=guarantee)


def _made(case: OrderCase, provider: Provider) -> Made | None:
    """Which of the factory's products fills each line; None, with the reason noted, when one does not."""
    products = {product.product: product for product in provider.products}
    wanted: dict[str, Decimal] = {}
    for line in case.order.lines:
        wanted[line.product] = wanted.get(line.product, Decimal(0)) + line.quantity
    made = []
    for name, quantity in sorted(wanted.items()):
        product = products.get(name)
        if product is None:
            case.refuse(provider.id, f"does not make {name}")
            return None
        if quantity < product.minimum_quantity:
            case.refuse(provider.id, f"makes no less than {product.minimum_quantity} of {name}")
            return None
        made.append((product, quantity))
    return tuple(made)


def _weight(case: OrderCase, made: Made) -> Decimal:
    """Kilograms of the whole order: as its lines state, else by the factory's own unit weights."""
    own = {product.product: product.weight_kg for product, _ in made}
    return sum(
        (
            line.weight_kg if line.weight_kg is not None else own[line.product] * line.quantity
            for line in case.order.lines
        ),
        Decimal(0),
    )


def service_offers(case: OrderCase, kind: str) -> list[Offer]:
    """What each firm asks for a further leg of this kind."""
    offers = []
    for provider in case.index.services.get(kind, []):
        table = case.index.table(provider, case.network)
        try:
            price = service_price(case.pricing, provider)
            for option in options_of(provider):
                offers.append(case.pricing.offer(provider, kind, price, option, table))
        except CurrencyError as error:
            case.refuse(provider.id, str(error))
    return offers
