"""Terms of trade as data: who is paid which share, counted from which event."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from domain.dates import Roll


class Event(StrEnum):
    """What a due date counts from; each has one date in a plan and one fact in the ledger."""

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


@dataclass(frozen=True, slots=True)
class PaymentTerm:
    """A share of the amount, due ``days`` after ``event``, counted from the month's end if so agreed."""

    share: Fraction
    event: Event
    days: int = 0
    month_end: bool = False
    roll: Roll = Roll.FOLLOWING
