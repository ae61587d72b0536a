"""Where one booking stands: paid, billed, claimed back."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from finance.agreed.contract import Booking


@dataclass(slots=True)
class BookingAccount:
    """One booking's account: what was paid, what it has billed, what was claimed back from it, how much of
    that lowered its price.

    ``fees`` is what the firm keeps for slots given back, since ``fees_on``; ``answered`` that the firm said
    itself what giving back this booking costs.
    """

    booking: Booking
    paid: int = 0
    billed_share: Fraction = Fraction(0)
    billed_net: int = 0
    billed_tax: int = 0
    claimed: int = 0
    reduced: int = 0
    refunded: int = 0
    failed: bool = False
    cancelled: bool = False
    memo: int = 0
    fees: int = 0
    fees_on: date | None = None
    answered: bool = False

    @property
    def billed(self) -> int:
        return self.billed_net + self.billed_tax + self.fees

    @property
    def prepaid(self) -> int:
        """What was paid ahead of the bill; money, not a payable."""
        return max(self.paid - self.billed, 0)

    @property
    def payable(self) -> int:
        return max(self.billed - self.paid, 0)

    @property
    def ended(self) -> bool:
        return self.failed or self.cancelled

    @property
    def entity(self) -> str:
        return self.booking.entity

    @property
    def currency(self) -> str:
        """The booking's currency; nothing where it is the order's."""
        return self.booking.currency
