"""What is to be planned, as one value: the order, and the world on the day."""

from dataclasses import dataclass
from datetime import date

from domain.network import Network, Policy
from domain.order import Order
from domain.plan import Availability


@dataclass(frozen=True, slots=True)
class Situation:
    """An order on a network under a policy: planned as of ``on``, the order's own day unless one is given,
    on what is ``free`` then; None when everything is."""

    order: Order
    network: Network
    policy: Policy
    on: date | None = None
    free: Availability | None = None

    @property
    def day(self) -> date:
        """The day as of which is planned."""
        return self.on or self.order.issued_on
