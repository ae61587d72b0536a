"""What was agreed for one order, as the books need it: sale, bookings, facilities, taxes, waterfall.

It is made once, when the finance is accepted, and kept in the ledger as plain data, so that a later
change of the network file never changes what an order owes. Amounts are minor units of ``currency``.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from domain.accounts import Account
from domain.dates import BusinessCalendar
from domain.exchange import Dealing, Rate
from domain.network import DrawRule, Role, Technique
from domain.terms import CancellationTerm, Event, Fee, PaymentTerm, Price, Recourse, SalesTax

NETWORK = "network"
TRADER = "trader"
TAX = "tax"
BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class Due:
    """A part of a gross price: its term, and the date the plan gave it."""

    amount_minor: int
    term: PaymentTerm
    planned_on: date


@dataclass(frozen=True, slots=True)
class Booking:
    """One provider's part of the order; the network's own fee is the booking ``network``.

    ``goods`` says that its cost becomes inventory. ``bill_on`` is the event on which its service is
    rendered and its bill counts; ``ends_on`` is the plan's date for it. ``deposit_guarantee`` is the
    share of what it was prepaid that a guarantor pays if it fails. All its amounts are in ``currency``
    (none: the order's).
    """

    id: str
    entity: str
    kind: str
    net_minor: int
    tax_minor: int
    tax_recoverable: bool
    bill_on: Event
    starts_on: date
    ends_on: date
    dues: tuple[Due, ...]
    goods: bool = False
    name: str = ""
    deposit_guarantee: Fraction = Fraction(0)
    cancellation: tuple[CancellationTerm, ...] = ()
    slot_days: int = 0
    currency: str = ""

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def cost_account(self) -> str:
        if self.goods:
            return Account.INVENTORY
        return Account.NETWORK_FEE if self.entity == NETWORK else Account.FULFILMENT

    @property
    def payable_account(self) -> str:
        """What the trader owes it stands here."""
        return Account.NETWORK_FEE_PAYABLE if self.entity == NETWORK else Account.PAYABLE

    @property
    def receivable_account(self) -> str:
        """What it has to come stands here, in its own books."""
        return Account.FEE_RECEIVABLE if self.entity == NETWORK else Account.RECEIVABLE

    @property
    def income_account(self) -> str:
        return Account.NETWORK_FEE_INCOME if self.entity == NETWORK else Account.SALES


@dataclass(frozen=True, slots=True)
class Share:
    """A lender's fixed share of a facility; a lower ``priority`` is paid first and loses last."""

    lender: str
    share: Fraction
    priority: int = 0


@dataclass(frozen=True, slots=True)
class PlannedDraw:
    """A draw the plan foresees: ``principal`` = ``cash`` + ``fee`` + ``discount``; ``payees`` are
    (booking, amount) pairs paid directly, ``costs`` what of the cash each takes where one of them is paid in
    another currency."""

    on: date
    principal_minor: int
    cash_minor: int = 0
    fee_minor: int = 0
    discount_minor: int = 0
    payees: tuple[tuple[str, int], ...] = ()
    costs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Charge:
    """What a guarantee costs, and when the plan has it paid."""

    on: date
    amount_minor: int


class Condition(StrEnum):
    """What must be true before a draw."""

    SLOTS_RESERVED = "slots_reserved"
    NOT_FINANCED_ELSEWHERE = "not_financed_elsewhere"
    BUYER_CONFIRMED = "buyer_confirmed"
    ASSIGNMENT_NOTIFIED = "assignment_notified"
    INSPECTION_PASSED = "inspection_passed"
    DELIVERY_ACCEPTED = "delivery_accepted"
    NOT_DISPUTED = "not_disputed"
    NO_DEFAULT = "no_default"


@dataclass(frozen=True, slots=True)
class LossRate:
    """Probability of default a year, loss given default, and the lifetime probability once 30 days late."""

    pd_annual: Fraction = Fraction(0)
    lgd: Fraction = Fraction(0)
    pd_late: Fraction = Fraction(0)


class LoanAccounts(NamedTuple):
    """Where a loan stands: principal with the lender and with the trader, then interest receivable and
    payable, then what it costs the one and earns the other."""

    lent: str
    owed: str
    receivable: str
    payable: str
    cost: str
    income: str


LOAN = LoanAccounts(
    Account.LOAN,
    Account.ORDER_LOAN,
    Account.INTEREST_RECEIVABLE,
    Account.INTEREST_PAYABLE,
    Account.INTEREST,
    Account.INTEREST_INCOME,
)
FACTORING = LoanAccounts(
    Account.FACTORING_ADVANCE,
    Account.RECOURSE_ADVANCE,
    Account.DISCOUNT_RECEIVABLE,
    Account.DISCOUNT_PAYABLE,
    Account.FACTORING_COST,
    Account.FACTORING_INCOME,
)


@dataclass(frozen=True, slots=True)
class Facility:
    """One lender's product as this order uses it; shares add up to one.

    ``fees`` on the limit carry the amount that was agreed. ``advance_rate`` of the gross invoice is
    what a take-out pays. ``conditions`` hold for every draw, ``first_conditions`` for the first. All its
    amounts are in ``currency`` (none: the order's).
    """

    id: str
    role: Role
    technique: Technique
    shares: tuple[Share, ...]
    limit_minor: int
    price: Price
    fees: tuple[Fee, ...] = ()
    draw: DrawRule = DrawRule.NEED
    advance_rate: Fraction = Fraction(0)
    available_from: Event = Event.BOOKING
    available_days: int = 0
    repaid_on: Event = Event.FUNDING
    tenor_days: int | None = None
    grace_days: int = 5
    penalty_multiplier: Fraction = Fraction(3, 2)
    recourse: Recourse = Recourse.LIMITED_TO_ORDER
    recourse_days: int | None = None
    draws: tuple[PlannedDraw, ...] = ()
    limit_group: str = ""
    standby: bool = False
    tax_rate: Fraction = Fraction(0)
    first_loss_rate: Fraction = Fraction(0)
    insured_rate: Fraction = Fraction(0)
    loss: LossRate = LossRate()
    first_conditions: tuple[Condition, ...] = ()
    conditions: tuple[Condition, ...] = ()
    name: str = ""
    takes_out: str = ""
    charges: tuple[Charge, ...] = ()
    currency: str = ""

    @property
    def tiers(self) -> list[list[str]]:
        """Lenders of one priority together, those who are paid first first."""
        priorities = sorted({share.priority for share in self.shares})
        return [[one.lender for one in self.shares if one.priority == priority] for priority in priorities]

    @property
    def factoring(self) -> bool:
        """Whether what is advanced stands in the factoring accounts (1330, 2330) and not as a loan."""
        return self.role is Role.TAKE_OUT

    @property
    def accounts(self) -> LoanAccounts:
        return FACTORING if self.factoring else LOAN


@dataclass(frozen=True, slots=True)
class Sale:
    """What the buyer owes: ``quantity`` units in all; deliveries and credits are shares of it.

    ``late_rate_daily`` and, for each invoice paid late, ``late_lump_minor`` are what being late costs it.
    """

    net_minor: int
    tax_minor: int
    quantity: Fraction
    payment: tuple[Due, ...]
    late_rate_daily: Fraction = Fraction(0)
    late_lump_minor: int = 0

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


class Rank(StrEnum):
    """A class of claims on the order's money."""

    COSTS = "costs"
    TAXES = "taxes"
    PENALTY = "penalty"
    FEE = "fee"
    INTEREST = "interest"
    PRINCIPAL = "principal"
    GUARANTOR = "guarantor"
    PROVIDERS = "providers"
    NETWORK = "network"
    TRADER = "trader"


WATERFALL = (
    Rank.COSTS,
    Rank.TAXES,
    Rank.PENALTY,
    Rank.FEE,
    Rank.INTEREST,
    Rank.PRINCIPAL,
    Rank.PROVIDERS,
    Rank.NETWORK,
    Rank.TRADER,
)
# once a buyer is insolvent: taxes, which would else be the trader's own debt; then save the principal, pay
# back who stood in, and last what it earned
WATERFALL_DEFAULT = (
    Rank.COSTS,
    Rank.TAXES,
    Rank.PRINCIPAL,
    Rank.GUARANTOR,
    Rank.FEE,
    Rank.INTEREST,
    Rank.PENALTY,
    Rank.PROVIDERS,
    Rank.NETWORK,
    Rank.TRADER,
)


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything the fold needs to know besides the facts.

    ``rates`` are those the plan rested on, with those recorded since; ``rate_days`` is how old one may be
    when somebody states a fact that needs it. ``dealings`` say what the plan counts on when money of
    another currency is bought or sold.
    """

    order: str
    currency: str
    accepted_on: date
    sale: Sale
    bookings: tuple[Booking, ...]
    facilities: tuple[Facility, ...]
    events: dict[str, date]
    tax: SalesTax | None = None
    tax_due_on: date | None = None
    calendar: BusinessCalendar = field(default_factory=BusinessCalendar)
    waterfall: tuple[Rank, ...] = WATERFALL
    waterfall_default: tuple[Rank, ...] = WATERFALL_DEFAULT
    referral_share: Fraction = Fraction(0)
    profit_share: Fraction = Fraction(0)
    profit_partner: str = ""
    buyer: str = ""
    trader: str = ""
    buyer_account: str = ""
    inspected: bool = False
    rates: tuple[Rate, ...] = ()
    dealings: tuple[Dealing, ...] = ()
    rate_days: int | None = None
    schema: str = "net.contract/1"

    def booking(self, name: str) -> Booking | None:
        return next((one for one in self.bookings if one.id == name), None)

    def facility(self, name: str) -> Facility | None:
        return next((one for one in self.facilities if one.id == name), None)

    def dealing(self, currency: str) -> Dealing | None:
        return next((one for one in self.dealings if one.currency == currency), None)

    def currency_of(self, name: str) -> str:
        """What a booking or a facility is paid in; the order's currency for anybody else."""
        found = [one.currency for one in self.bookings if one.id == name]
        found += [one.currency for one in self.facilities if one.id == name]
        return next(iter(found), "") or self.currency

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies beside the order's in which somebody is paid or lends."""
        named = [one.currency for one in self.bookings] + [one.currency for one in self.facilities]
        return tuple(name for name in dict.fromkeys(named) if name not in ("", self.currency))

    def of_role(self, role: Role) -> tuple[Facility, ...]:
        return tuple(one for one in self.facilities if one.role is role)
