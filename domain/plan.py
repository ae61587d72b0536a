"""A plan: the chain of legs, the mix of money, and the dated cash line that proves no own cash is needed.

Amounts are minor units of the order's currency unless said otherwise; an inflow to the order's closed
loop is positive, an outflow negative. ``domain.plain.to_plain`` turns a plan into JSON data and
``from_plain(Plan, data)`` back. Nothing in a plan is committed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

from domain.exchange import Dealing, Rate
from domain.network import DrawRule, Role, Technique
from domain.terms import Event, FeeTaking


class Availability(Protocol):
    """What is still free; the ledger's slot calendar and credit lines stand behind it."""

    def free_units(self, provider: str, resource: str, day: date, capacity: int) -> int:
        """Units of the resource free on that day, of ``capacity`` in all."""
        ...

    def free_credit(self, group: str, limit_minor: int) -> int:
        """What is undrawn and unpromised of a lender's limit or of a shared limit group."""
        ...

    def version(self) -> str:
        """Changes whenever an answer above may have changed; part of a plan's inputs."""
        ...


@dataclass(frozen=True, slots=True)
class SlotNeed:
    """Whole units of one resource on one day, of ``capacity`` in all (0: unlimited)."""

    provider: str
    resource: str
    day: date
    quantity: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Instalment:
    """A part of a gross price: due on a rolled date, counted from ``event``; positive.

    ``price_minor`` is the part in the provider's own currency, where that is not the order's.
    """

    due_on: date
    amount_minor: int
    event: Event
    share: Fraction
    days: int = 0
    provisional: bool = False
    price_minor: int = 0


@dataclass(frozen=True, slots=True)
class PlanLeg:
    """One provider's part: what it does from when to when, what it costs, when it is paid.

    ``item`` is the products made, the lane, or the service. ``net_minor`` and ``tax_minor`` are in the
    order's currency; ``price_minor`` is the net price in the provider's own ``currency``, and
    ``price_tax_minor`` its tax where that is another one. The tax is then valued at the rate of the day and
    the haircut stands in the net.
    """

    kind: str
    provider: str
    name: str
    item: str
    starts_on: date
    ends_on: date
    net_minor: int
    tax_minor: int
    tax_recoverable: bool
    currency: str
    price_minor: int
    schedule: tuple[Instalment, ...]
    slots: tuple[SlotNeed, ...] = ()
    origin: str = ""
    destination: str = ""
    option: str = ""
    adapter: str = "catalog"
    price_tax_minor: int = 0

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Payee:
    """Whom a draw pays directly, how much, and for which leg (index in the chain; -1: not a leg)."""

    party: str
    amount_minor: int
    leg: int = -1


@dataclass(frozen=True, slots=True)
class Draw:
    """``principal_minor`` is owed from ``on``; ``cash_minor`` of it reaches the loop or the payees."""

    on: date
    principal_minor: int
    cash_minor: int
    fee_minor: int = 0
    discount_minor: int = 0
    payees: tuple[Payee, ...] = ()


@dataclass(frozen=True, slots=True)
class FeeCharge:
    """A fee of a facility: when it is taken and how."""

    name: str
    on: date
    amount_minor: int
    taken: FeeTaking


@dataclass(frozen=True, slots=True)
class ShareOf:
    """One lender's part of a facility's limit, by largest remainder."""

    lender: str
    share: Fraction
    amount_minor: int


@dataclass(frozen=True, slots=True)
class OwnFigures:
    """A facility in the currency in which it lends, where that is not the order's; as in FacilityPlan."""

    limit_minor: int
    ceiling_minor: int
    draws: tuple[Draw, ...]
    fees: tuple[FeeCharge, ...]
    repaid_minor: int
    shares: tuple[ShareOf, ...]


@dataclass(frozen=True, slots=True)
class ChangeFlow:
    """One flow of a foreign currency's own cash line: what is drawn, bought, paid, sold or repaid.

    ``worth_minor`` is what it takes (negative) or brings of the order's currency, where money is changed.
    """

    on: date
    counterparty: str
    amount_minor: int
    balance_minor: int
    worth_minor: int = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One currency beside the order's: the rate that values it, what the plan counts on, its cash line.

    The line never falls below zero: what is not drawn in the currency is bought on the day it is needed.
    """

    rate: Rate
    dealing: Dealing
    rate_days: int | None
    flows: tuple[ChangeFlow, ...] = ()

    @property
    def cost_minor(self) -> int:
        """What changing money takes of the order's currency, net."""
        return -sum(flow.worth_minor for flow in self.flows)


@dataclass(frozen=True, slots=True)
class FacilityPlan:
    """One lender's product as this order uses it.

    ``limit_minor`` is what must be promised (principal with fees inside the limit). ``ceiling_minor``
    is what the product allows for this order. ``repaid_minor`` = principal + interest (+ fees in cash
    at repayment), on ``repaid_on``; ``due_on`` is where grace and recourse days start. ``cost_minor``
    is all that the trader pays for the money. Rates are in basis points of a year: ``apr_bp`` simple
    (cost x 360 / sum of cash x days), ``xirr`` effective, as text with four decimals, or None where it
    is not defined. ``standby`` is not counted on. Where it lends in another ``currency`` than the order's,
    ``own`` has its figures in that, and those here are what they are planned to be worth.
    """

    product: str
    lender: str
    name: str
    role: Role
    technique: Technique
    draw_rule: DrawRule
    limit_minor: int
    ceiling_minor: int
    limit_group: str
    draws: tuple[Draw, ...]
    fees: tuple[FeeCharge, ...]
    interest_minor: int
    tax_minor: int
    repaid_on: date
    due_on: date
    repaid_minor: int
    cost_minor: int
    headline: str
    apr: str | None
    xirr: str | None
    face_minor: int = 0
    shares: tuple[ShareOf, ...] = ()
    takes_out: str = ""
    standby: bool = False
    recourse_on: date | None = None
    currency: str = ""
    own: OwnFigures | None = None

    @property
    def principal_minor(self) -> int:
        return sum(draw.principal_minor for draw in self.draws)


class FlowKind(StrEnum):
    """What a line of the cash line is."""

    BUYER = "buyer"
    PROVIDER = "provider"
    NETWORK = "network"
    TAX = "tax"
    SURCHARGE = "surcharge"
    DRAW = "draw"
    FEE = "fee"
    REPAYMENT = "repayment"


@dataclass(frozen=True, slots=True)
class Flow:
    """One dated flow of the closed loop; ``balance_minor`` is the loop's balance after it.

    ``counterparty`` is an entity: "buyer", "provider:ID", "network", "tax", "lender:ID". ``ref`` is the
    leg's index or the product's id.
    """

    on: date
    counterparty: str
    kind: FlowKind
    amount_minor: int
    balance_minor: int
    ref: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class StressResult:
    """The same plan under a stress: its lowest balance and when; ``gap_minor`` is positive if it fails."""

    name: str
    passed: bool
    must_pass: bool
    minimum_minor: int
    minimum_on: date
    gap_minor: int
    gap_on: date | None
    profit_minor: int


@dataclass(frozen=True, slots=True)
class Headroom:
    """How many days late the buyer may pay before each breaks; None: never within ten years."""

    profit_days: int | None
    recourse_days: int | None
    liquidity_days: int | None

    @property
    def days(self) -> int | None:
        known = [
            days for days in (self.profit_days, self.recourse_days, self.liquidity_days) if days is not None
        ]
        return min(known) if known else None


@dataclass(frozen=True, slots=True)
class Earning:
    """What one party earns of the order's net value; the plan's earnings sum to it."""

    party: str
    kind: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a provider, product or chain cannot serve this order."""

    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Search:
    """How the choice was made: chains evaluated against all there were, and whether it is proven best."""

    chains_evaluated: int
    mixes_evaluated: int
    chains_possible: int
    proven: bool
    microseconds: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that passes: the balance is never negative at any date, in the base case and every stress
    that the policy names.

    ``minimum_minor`` is the lowest balance from the take-out on (before it, draws as needed keep the
    loop at zero). ``peak_minor`` = the most that operating flows alone would have owed. Profit = net
    sales - providers - network - surcharges - finance.
    """

    order: str
    planned_on: date
    currency: str
    legs: tuple[PlanLeg, ...]
    buyer: tuple[Instalment, ...]
    facilities: tuple[FacilityPlan, ...]
    flows: tuple[Flow, ...]
    events: Mapping[str, date]
    net_minor: int
    tax_minor: int
    output_tax_due_minor: int
    surcharge_minor: int
    tax_credit_minor: int
    network_fee_minor: int
    network_tax_minor: int
    referral_minor: int
    finance_cost_minor: int
    unlevered_profit_minor: int
    profit_minor: int
    peak_minor: int
    peak_on: date
    minimum_minor: int
    minimum_on: date
    cover: Fraction | None
    stresses: tuple[StressResult, ...]
    headroom: Headroom
    earnings: tuple[Earning, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)
    search: Search = Search(0, 0, 0, False)
    refusals: tuple[Refusal, ...] = ()
    exchange: tuple[Exchange, ...] = ()
    schema: str = "net.plan/1"

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def begins_on(self) -> date:
        """The first day on which something is booked, begun, drawn or paid: after it, it is no plan."""
        spent = (flow.on for flow in self.flows if flow.amount_minor < 0 or flow.kind is FlowKind.DRAW)
        begun = (leg.starts_on for leg in self.legs)
        booked = [day for name, day in self.events.items() if name == Event.BOOKING.value]
        return min([*booked, *begun, *spent], default=self.planned_on)

    def facility(self, role: Role) -> FacilityPlan | None:
        """The facility of that role that the plan counts on, or None."""
        return next((one for one in self.facilities if one.role is role and not one.standby), None)


@dataclass(frozen=True, slots=True)
class Repair:
    """The smallest single change of one kind with which planning again finds a passing plan.

    ``change`` is what ``--what-if`` takes (``advance_rate=0.8509``). ``verified`` says that planning
    again with it passes and with one unit less (``one_less``) does not.
    """

    kind: str
    change: str
    one_less: str
    text: str
    verified: bool
    profit_minor: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """No plan passes: the best chain with its gap, why others were refused, and every way out found.

    ``limit_short_minor`` is how much more limit than the product allows the best chain would need.
    """

    order: str
    planned_on: date
    currency: str
    reason: str
    gap_minor: int
    gap_on: date | None
    limit_short_minor: int
    best: Plan | None
    repairs: tuple[Repair, ...]
    refusals: tuple[Refusal, ...]
    search: Search = Search(0, 0, 0, False)
    schema: str = "net.certificate/1"
