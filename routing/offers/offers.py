"""What each provider asks for its part of one order: price in the order's currency, tax, instalments.

Prices are exact until they become an amount and are rounded once; tax is rounded per leg, instalments
split by largest remainder.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

from domain.exchange import converted
from domain.money import exponent_of, round_minor, split_minor
from domain.network import FactoryProduct, Lane, Network, Provider, TermOption
from domain.order import Order
from domain.terms import Event, PaymentTerm
from routing.offers.exchange import QuotedRate, quoted
from routing.offers.timetable import Timetable

EVENTS: tuple[Event, ...] = tuple(Event)
EVENT_INDEX: dict[Event, int] = {event: place for place, event in enumerate(EVENTS)}
AT_ONCE = (PaymentTerm(Fraction(1), Event.SERVICE_END),)
"""Where a provider states no terms it is paid when its own part ends."""


@dataclass(slots=True)
class PartPayment:
    """One instalment of a gross price: positive minor units, counted from the event by ``term``; ``own`` in
    the provider's currency, where that is another one."""

    amount: int
    event: int
    term: PaymentTerm
    own: int = 0


@dataclass(slots=True)
class Offer:
    """One provider's price for its part, under one set of payment terms.

    ``weight`` is what the leg costs the trader's profit at least: net, plus tax that cannot be
    recovered, less the surcharges that recovered tax saves; rounded down.
    """

    kind: str
    provider: Provider
    item: str
    option: str
    price: int
    net: int
    tax: int
    parts: list[PartPayment]
    table: Timetable
    weight: int = 0
    lane: Lane | None = None
    measure: int = 0
    made: tuple[tuple[FactoryProduct, int], ...] = ()
    kg: Decimal = Decimal(0)
    guarantee: str = ""
    currency: str = ""
    own_tax: int = 0

    @property
    def gross(self) -> int:
        return self.net + self.tax


def parts_of(gross: int, terms: tuple[PaymentTerm, ...]) -> list[PartPayment]:
    """The gross price in instalments; zero instalments are left out."""
    if len(terms) == 1:
        return [PartPayment(gross, EVENT_INDEX[terms[0].event], terms[0])] if gross else []
    amounts = split_minor(gross, [term.share for term in terms])
    return [
        PartPayment(amount, EVENT_INDEX[term.event], term)
        for amount, term in zip(amounts, terms, strict=True)
        if amount
    ]


@dataclass(slots=True)
class Pricing:
    """What all offers to one order share."""

    order: Order
    network: Network
    surcharge_rate: Fraction
    quantity: Decimal
    units: int
    on: date = date.max
    rate_days: int | None = None
    _quoted: dict[str, QuotedRate] = field(default_factory=dict)

    def currency_of(self, provider: Provider) -> str:
        return provider.currency or self.network.currency or self.order.currency

    def scale_of(self, provider: Provider) -> int:
        """Minor units in one major unit of the provider's currency."""
        return int(10 ** exponent_of(self.currency_of(provider)))

    def quoted(self, currency: str) -> QuotedRate:
        """What is planned with when ``currency``, which is not the order's, is needed."""
        found = self._quoted.get(currency)
        if found is None:
            found = quoted(self.network, currency, self.order.currency, self.on, self.rate_days)
            self._quoted[currency] = found
        return found

    def factor(self, currency: str) -> Fraction:
        same = currency == self.order.currency
        return Fraction(1) if same else self.quoted(currency).dealing.buy

    def offer(
        self,
        provider: Provider,
        item: str,
        price: Fraction,
        option: TermOption | None,
        table: Timetable,
    ) -> Offer:
        """An offer at ``price`` minor units (exact) of the provider's currency."""
        currency = self.currency_of(provider)
        if option is not None and option.uplift:
            price = price * (1 + option.uplift)
        own = self._answered(provider, item, round_minor(price))
        terms = (option.payment if option is not None else provider.payment) or AT_ONCE
        tax = round_minor(own * provider.tax_rate) if provider.tax_rate else 0
        parts = parts_of(own + tax, terms)
        net, abroad, own_tax = own, "", 0
        if currency != self.order.currency:
            abroad, own_tax = currency, tax
            net, tax, parts = abroad_parts(self.quoted(currency), self.order.currency, tax, parts)
        made = Offer(
            kind=provider.kind,
            provider=provider,
            item=item,
            option=option.name if option is not None else "",
            price=own,
            net=net,
            tax=tax,
            parts=parts,
            table=table,
            currency=abroad,
            own_tax=own_tax,
        )
        made.weight = self.weight(net, tax, provider.tax_recoverable)
        return made

    def _answered(self, provider: Provider, item: str, own: int) -> int:
        """The price that the provider answered where the plan counted on ``own``; else in proportion."""
        for said in self.network.answered:
            if (said.provider, said.item) != (provider.id, item):
                continue
            if not said.planned_minor:
                return own + said.answered_minor
            return round_minor(Fraction(own * said.answered_minor, said.planned_minor))
        return own

    def weight(self, net: int, tax: int, recoverable: bool) -> int:
        if not recoverable:
            return net + tax
        rate = self.surcharge_rate
        return net - -(-tax * rate.numerator // rate.denominator) if rate else net


def abroad_parts(
    found: QuotedRate, home: str, own_tax: int, parts: list[PartPayment], up: Fraction = Fraction(0)
) -> tuple[int, int, list[PartPayment]]:
    """Net, tax and instalments in the order's currency of a price in another one.

    Each instalment is bought when it is due, haircut included; the tax counts as what the rate of the day
    makes of it, since only that is recovered; the net is the rest of what is paid.
    """
    buy = found.dealing.moved(up).buy
    bought = [PartPayment(converted(part.amount, buy), part.event, part.term, part.amount) for part in parts]
    tax = converted(own_tax, found.rate.factor(found.dealing.currency, home))
    return sum(part.amount for part in bought) - tax, tax, bought


def pricing_of(
    order: Order,
    network: Network,
    surcharge_rate: Fraction,
    on: date = date.max,
    rate_days: int | None = None,
) -> Pricing:
    quantity = sum((line.quantity for line in order.lines), Decimal(0))
    return Pricing(order, network, surcharge_rate, quantity, ceil(quantity), on, rate_days)


def options_of(provider: Provider) -> list[TermOption | None]:
    """The provider's own terms first, then those it offers at an uplift."""
    return [None, *provider.options]


def factory_price(made: tuple[tuple[FactoryProduct, Decimal], ...], scale: int) -> Fraction:
    """Set-up plus unit price times quantity, exact minor units."""
    price = Fraction(0)
    for product, quantity in made:
        price += product.set_up_minor + Fraction(unit_price(product, quantity) * quantity) * scale
    return price


def unit_price(product: FactoryProduct, quantity: Decimal) -> Decimal:
    found = product.unit_price
    for step in product.breaks:
        if quantity >= step.from_quantity:
            found = step.unit_price
    return found


def lane_price(lane: Lane, measure: Decimal, scale: int) -> Fraction:
    """max(minimum charge, rate x measure + fixed) of the band that the measure falls in, exact."""
    price = Fraction(0)
    minimum = lane.minimum_minor
    for band in sorted(lane.bands, key=lambda one: one.from_measure):
        if measure >= band.from_measure:
            price = Fraction(band.rate * measure) * scale + band.fixed_minor
            minimum = max(lane.minimum_minor, band.minimum_minor)
    return max(price, Fraction(minimum))


def storage_price(provider: Provider, quantity: Decimal, days: int, scale: int) -> Fraction:
    """Fixed, handling, and the daily price for at least the minimum days, exact."""
    store = provider.storage
    assert store is not None
    billed = max(days, store.minimum_days)
    moving = Fraction(store.handling_per_unit) + Fraction(store.per_unit_day) * billed
    return store.fixed_minor + moving * Fraction(quantity) * scale


def service_price(pricing: Pricing, provider: Provider) -> Fraction:
    """Fixed, per unit, and a share of the order's net value put into the provider's currency, exact."""
    service = provider.service
    assert service is not None
    per_unit = Fraction(service.per_unit) * Fraction(pricing.quantity) * pricing.scale_of(provider)
    shared = service.share_of_net * pricing.order.net_minor
    if shared:
        shared /= pricing.factor(pricing.currency_of(provider))
    return service.fixed_minor + per_unit + shared
