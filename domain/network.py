"""The network: other people's factories, warehouses, lanes, services and credit, as data.

Amounts ending in ``_minor`` are minor units of the owner's currency; ``Decimal`` prices are in major
units and may be finer than the minor unit. Rates and shares are exact fractions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from domain.dates import BusinessCalendar
from domain.exchange import Rate
from domain.terms import CancellationTerm, Event, Fee, PaymentTerm, Price, Recourse, SalesTax

FACTORY = "factory"
WAREHOUSE = "warehouse"
LOGISTICS = "logistics"
ANYWHERE = "*"


@dataclass(frozen=True, slots=True)
class PriceBreak:
    """From this quantity on, this unit price for the whole quantity."""

    from_quantity: Decimal
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class FactoryProduct:
    """What a factory makes; products with the same ``line`` share that line's daily capacity.

    ``capacity_per_day`` counts whole units on a working day, 0 is unlimited (made on one day).
    ``lead_days`` are calendar days from booking to the first day of production.
    """

    product: str
    unit_price: Decimal
    set_up_minor: int = 0
    minimum_quantity: Decimal = Decimal(0)
    capacity_per_day: int = 0
    lead_days: int = 0
    line: str = ""
    weight_kg: Decimal = Decimal(0)
    breaks: tuple[PriceBreak, ...] = ()


@dataclass(frozen=True, slots=True)
class Storage:
    """A warehouse's price and room; ``capacity`` is units held on any one day, 0 is unlimited.

    Goods stay ``dwell_days`` before they may leave; at least ``minimum_days`` are billed and held.
    """

    per_unit_day: Decimal = Decimal(0)
    handling_per_unit: Decimal = Decimal(0)
    fixed_minor: int = 0
    capacity: int = 0
    dwell_days: int = 0
    minimum_days: int = 0


class Measure(StrEnum):
    """What a lane prices and counts."""

    KG = "kg"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class WeightBand:
    """From ``from_measure`` up to below the next band: ``rate`` per kg or unit, plus a fixed amount."""

    from_measure: Decimal
    rate: Decimal
    fixed_minor: int = 0
    minimum_minor: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    """A way from place to place; ``capacity_per_day`` is in whole measures per departure, 0 unlimited.

    Departs on working days, or only on ``departs_on`` (0 is Monday); ``transit_days`` are calendar days.
    A destination of ``*`` is anywhere.
    """

    id: str
    origin: str
    destination: str
    mode: str = ""
    bands: tuple[WeightBand, ...] = ()
    minimum_minor: int = 0
    transit_days: int = 0
    measure: Measure = Measure.KG
    capacity_per_day: int = 0
    departs_on: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A further leg: ``after`` is the event or the kind of service it follows; ``days`` are working days.

    Price: fixed, per unit, and a share of the order's net value. A kind is in the chain when it is
    ``required`` here, by the order, or by a lender's product.
    """

    after: str = Event.PRODUCTION_END.value
    days: int = 0
    fixed_minor: int = 0
    per_unit: Decimal = Decimal(0)
    share_of_net: Fraction = Fraction(0)
    capacity_per_day: int = 0
    required: bool = False


@dataclass(frozen=True, slots=True)
class TermOption:
    """Other payment terms a provider offers, at an uplift on its net price (provider credit)."""

    name: str
    payment: tuple[PaymentTerm, ...]
    uplift: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Provider:
    """A firm with slots. ``kind`` says which of ``products``, ``storage``, ``lanes``, ``service`` it fills.

    ``guaranteed_payment`` are the terms it accepts once a guarantee covers its price;
    ``deposit_guarantee`` is the share of what it was prepaid that comes back if it fails.
    """

    id: str
    name: str
    kind: str
    place: str = ""
    country: str = ""
    currency: str = ""
    adapter: str = "catalog"
    settings: Mapping[str, Any] = field(default_factory=dict)
    payment: tuple[PaymentTerm, ...] = ()
    options: tuple[TermOption, ...] = ()
    guaranteed_payment: tuple[PaymentTerm, ...] = ()
    tax_rate: Fraction = Fraction(0)
    tax_recoverable: bool = True
    closures: frozenset[date] = frozenset()
    works_every_day: bool = False
    cancellation: tuple[CancellationTerm, ...] = ()
    deposit_guarantee: Fraction = Fraction(0)
    products: tuple[FactoryProduct, ...] = ()
    storage: Storage | None = None
    lanes: tuple[Lane, ...] = ()
    service: Service | None = None
    group: str = ""


class Role(StrEnum):
    """A mix has at most one product of each role."""

    PRE_SHIPMENT = "pre_shipment"
    GUARANTEE = "guarantee"
    TAKE_OUT = "take_out"
    CONTINGENCY = "contingency"


class Technique(StrEnum):
    """The technique families of the ICC Global Supply Chain Finance Forum's standard definitions."""

    PURCHASE_ORDER = "purchase_order"
    PACKING_CREDIT = "packing_credit"
    GUARANTEE = "guarantee"
    INVENTORY = "inventory"
    FACTORING = "factoring"
    REVERSE_FACTORING = "reverse_factoring"
    VOUCHER = "voucher"
    LOAN = "loan"


class AdvanceBase(StrEnum):
    """What the advance rate is taken of, each gross of tax: provider prices, the order or the invoice
    (both less what the buyer has prepaid), or the goods' net liquid value (their net factory price)."""

    COST = "cost"
    ORDER = "order"
    INVOICE = "invoice"
    NLV = "nlv"


class DrawRule(StrEnum):
    """Each uncovered payment on its date; the whole rate at once; the smallest single draw that does."""

    NEED = "need"
    FULL = "full"
    LEAST = "least"


@dataclass(frozen=True, slots=True)
class Participation:
    """A lender's fixed share of a facility; draws, receipts and losses split by largest remainder."""

    lender: str
    share: Fraction


@dataclass(frozen=True, slots=True)
class FinanceProduct:
    """What a lender offers for one order.

    The facility can be drawn from ``available_from`` (plus ``available_days``, rolled) until
    ``repaid_on``. ``limit_minor`` caps one order's use (None: no cap); the limit over all orders is the
    lender's or that of ``limit_group``, in which pre-shipment and the take-out that follows count once,
    at the higher. ``taken_out_by`` names the products that may take it out (empty: any).
    ``committed=False`` is a standby that the plan does not count on. ``buyers`` restricts to named
    buyers (identifiers or names). ``tax_rate`` on price and fees is never recoverable.
    """

    id: str
    lender: str
    name: str
    role: Role
    technique: Technique
    currency: str
    advance_base: AdvanceBase = AdvanceBase.ORDER
    advance_rate: Fraction = Fraction(1)
    draw: DrawRule = DrawRule.NEED
    price: Price = field(default_factory=Price)
    fees: tuple[Fee, ...] = ()
    available_from: Event = Event.BOOKING
    available_days: int = 0
    repaid_on: Event = Event.FUNDING
    tenor_days: int | None = None
    limit_minor: int | None = None
    limit_group: str = ""
    grace_days: int = 5
    penalty_multiplier: Fraction = Fraction(3, 2)
    recourse: Recourse = Recourse.LIMITED_TO_ORDER
    recourse_days: int | None = None
    participations: tuple[Participation, ...] = ()
    priority: int = 0
    taken_out_by: tuple[str, ...] = ()
    requires_take_out: bool = False
    requires: tuple[str, ...] = ()
    margin_minimum: Fraction = Fraction(0)
    buyers: tuple[str, ...] = ()
    committed: bool = True
    tax_rate: Fraction = Fraction(0)
    first_loss_rate: Fraction = Fraction(0)
    insured_rate: Fraction = Fraction(0)
    underwriting: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lender:
    """A lender or a pool; ``limit_minor`` caps all its lending (None: no cap). ``underwriting`` is its
    rules as data, read by the underwriting part."""

    id: str
    name: str
    country: str = ""
    currency: str = ""
    adapter: str = "catalog"
    settings: Mapping[str, Any] = field(default_factory=dict)
    limit_minor: int | None = None
    underwriting: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CreditLimit:
    """A limit over all orders that the products naming this group share, in minor units."""

    group: str
    limit_minor: int


@dataclass(frozen=True, slots=True)
class NetworkFee:
    """What the network itself takes of the order's net value, and what of that goes to who referred."""

    rate: Fraction = Fraction(0)
    fixed_minor: int = 0
    tax_rate: Fraction = Fraction(0)
    tax_recoverable: bool = True
    payment: tuple[PaymentTerm, ...] = (PaymentTerm(Fraction(1), Event.BUYER_PAYMENT),)
    referral_share: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class AnsweredPrice:
    """A provider was counted on at one net price for an item and answered another, in its own minor units."""

    provider: str
    item: str
    planned_minor: int
    answered_minor: int


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """One unit of ``source`` in units of ``target``; ``haircut`` is added to what must be bought with it.

    A rate of zero is none: the ledger's counts, with this haircut. One with a day grows old; ``by`` says who
    published it. A rate that a firm has ``fixed_by`` contract needs no haircut and holds up to ``until``.
    """

    source: str
    target: str
    rate: Decimal
    haircut: Fraction = Fraction(0)
    on: date | None = None
    by: str = ""
    fixed_by: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Stress:
    """One change of fact under which the same chain and mix are tested again."""

    name: str
    buyer_late_days: int = 0
    short_payment: Fraction = Fraction(0)
    production_late_days: int = 0
    cost_up: Fraction = Fraction(0)
    draw_late_days: int = 0
    must_pass: bool = False
    exchange_up: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the trader asks of every plan; from ``net.toml``.

    ``booking_days`` is the time from the day of planning to the first booking. ``horizon_days`` bounds
    start dates of orders without a due date. ``cover_minimum`` is asked of take-outs: what they pay out
    over what they repay. ``search_limit`` bounds the chains evaluated; a plan found at the bound says so.
    ``rate_days`` is how old an exchange rate may be (None: any age).
    """

    stresses: tuple[Stress, ...] = ()
    booking_days: int = 3
    invoice_days: int = 0
    horizon_days: int = 30
    start_dates: int = 400
    cover_minimum: Fraction = Fraction(0)
    profit_minimum_minor: int = 0
    buyer_payment: tuple[PaymentTerm, ...] = (PaymentTerm(Fraction(1), Event.INVOICE, 30),)
    search_limit: int = 50_000
    rate_days: int | None = 31


@dataclass(frozen=True)
class Network:
    """Everything the planner may choose from; ``country`` is where the trader is taxed and banks.

    Compared and hashed by identity, so that what is derived from it can be kept beside it. ``answered`` are
    prices that providers named while an order was being reserved: they stand in the way of their lists'.
    ``carried`` is what an order under way owes from before, in minor units of its currency, by the event on
    which it is due: a provider was lost, and the rest is planned again.
    ``recorded`` are the exchange rates that the ledger has.
    """

    name: str
    country: str = ""
    currency: str = ""
    providers: tuple[Provider, ...] = ()
    lenders: tuple[Lender, ...] = ()
    products: tuple[FinanceProduct, ...] = ()
    limits: tuple[CreditLimit, ...] = ()
    fee: NetworkFee = NetworkFee()
    taxes: tuple[SalesTax, ...] = ()
    rates: tuple[ExchangeRate, ...] = ()
    calendars: Mapping[str, BusinessCalendar] = field(default_factory=dict)
    answered: tuple[AnsweredPrice, ...] = ()
    carried: tuple[tuple[Event, int], ...] = ()
    recorded: tuple[Rate, ...] = ()

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def provider(self, provider_id: str) -> Provider | None:
        return next((one for one in self.providers if one.id == provider_id), None)

    def sales_tax(self) -> SalesTax:
        """When and how the trader pays its sales tax: by the law of its country, or by the usual one."""
        usual = SalesTax(self.country)
        return next((tax for tax in self.taxes if tax.country == self.country), usual)

    def lender(self, lender_id: str) -> Lender | None:
        return next((one for one in self.lenders if one.id == lender_id), None)

    def product(self, product_id: str) -> FinanceProduct | None:
        return next((one for one in self.products if one.id == product_id), None)
