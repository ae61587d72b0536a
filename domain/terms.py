"""Terms of trade and of credit as data: who is paid which share, counted from which event, at which price."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from domain.dates import DayCount, Roll


class Event(StrEnum):
    """What a due date counts from; each has one date in a plan and one fact in the ledger.

    ``FUNDING`` is the day the take-out pays, or the buyer where nothing takes out. ``SERVICE_END`` is
    the end of the provider's own leg, ``DEPARTURE`` and ``ARRIVAL`` those of its own lane. A term on
    ``BUYER_PAYMENT`` is pay-when-paid.
    """

    ORDER = "order"
    BOOKING = "booking"
    PRODUCTION_END = "production_end"
    INSPECTION = "inspection"
    DEPARTURE = "departure"
    ARRIVAL = "arrival"
    SERVICE_END = "service_end"
    DELIVERY = "delivery"
    INVOICE = "invoice"
    FUNDING = "funding"
    BUYER_PAYMENT = "buyer_payment"


PREPAYING = frozenset(
    {Event.ORDER, Event.BOOKING, Event.PRODUCTION_END, Event.INSPECTION, Event.DEPARTURE, Event.ARRIVAL}
)
"""Events on which a buyer pays before anything is delivered: what it pays then is a deposit."""


@dataclass(frozen=True, slots=True)
class PaymentTerm:
    """A share of the amount, due ``days`` after ``event``, counted from the month's end if so agreed."""

    share: Fraction
    event: Event
    days: int = 0
    month_end: bool = False
    roll: Roll = Roll.FOLLOWING


@dataclass(frozen=True, slots=True)
class SalesTax:
    """When the seller's tax on sales is due in one country, and what is added to it.

    Payable = output less recoverable input less credit brought forward, never below zero. It is due on
    day ``due_day`` of the ``months_after``-th month after the period of ``period_months`` in which the
    invoice falls. ``surcharge_rate`` is a share of the tax payable and a cost.
    """

    country: str
    due_day: int = 15
    months_after: int = 1
    period_months: int = 1
    surcharge_rate: Fraction = Fraction(0)
    roll: Roll = Roll.FOLLOWING


class FeeBasis(StrEnum):
    """What a fee's rate is taken of: the facility's limit, each draw, the face (gross invoice), nothing."""

    LIMIT = "limit"
    DRAW = "draw"
    FACE = "face"
    FIXED = "fixed"


class FeeTaking(StrEnum):
    """Added to the principal of the first draw, kept back from what it pays out, or paid from the loop."""

    CAPITALISED = "capitalised"
    DEDUCTED = "deducted"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Fee:
    """``rate`` of the basis plus ``amount_minor``, at least ``minimum_minor``.

    A limit fee that is capitalised or deducted is part of the limit: limit = need / (1 - rate). A draw
    fee deducted is a share of the principal, capitalised a share of the cash drawn. A fee in cash is
    paid on the first draw, or with the repayment when ``at_repayment``.
    """

    name: str
    basis: FeeBasis
    rate: Fraction = Fraction(0)
    amount_minor: int = 0
    minimum_minor: int = 0
    taken: FeeTaking = FeeTaking.DEDUCTED
    at_repayment: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """``rate`` of the amount for each begun period of ``days``; the last step of a price repeats."""

    days: int
    rate: Fraction


class InterestTaking(StrEnum):
    """Interest is paid with the repayment (or at collection), or kept back when the draw is paid out."""

    AT_REPAYMENT = "at_repayment"
    IN_ADVANCE = "in_advance"


@dataclass(frozen=True, slots=True)
class Price:
    """An annual rate with its day count, or steps; steps, where given, replace the rate."""

    rate_annual: Fraction = Fraction(0)
    day_count: DayCount = DayCount.ACT_360
    steps: tuple[Step, ...] = ()
    taken: InterestTaking = InterestTaking.AT_REPAYMENT


class Recourse(StrEnum):
    """Against whom the lender can turn: the trader, the order's proceeds only, nobody."""

    FULL = "full"
    LIMITED_TO_ORDER = "limited_to_order"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CancellationTerm:
    """What a provider keeps when the order is cancelled in ``state``: a share of the net price, plus."""

    state: str
    share: Fraction = Fraction(0)
    amount_minor: int = 0
