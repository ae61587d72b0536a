"""What is kept for an order at which firm, and under which turn each leg is asked for next."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flows.plans.needs import Need
from flows.slots.reservation import Reservation
from providers.answers import instant_text
from providers.protocol import Adapter, Held, Verb

MARGIN = timedelta(seconds=5)
"""A hold that ends sooner than this is treated as ended: the confirmation could come too late."""


@dataclass(slots=True)
class Kept:
    """What is kept for us for one need: first held (or pretended to be), then booked."""

    need: Need
    adapter: Adapter
    reference: str
    price_minor: int
    expires_at: datetime
    turn: int = 0
    simulated: bool = False
    booked: bool = False

    @property
    def own(self) -> bool:
        return self.adapter.capabilities.in_ledger


def leg_row(kept: Kept) -> dict[str, Any]:
    """The leg as it is recorded."""
    capabilities = kept.adapter.capabilities
    return {
        "leg": kept.need.leg,
        "firm": kept.need.firm,
        "kind": kept.need.request.kind,
        "reference": kept.reference,
        "price_minor": str(kept.price_minor),
        "currency": kept.need.request.currency,
        "hold": capabilities.hold.value,
        "simulated": kept.simulated or capabilities.simulated,
        "expires_at": instant_text(kept.expires_at),
        "turn": kept.turn,
        "completes": capabilities.completes,
    }


@dataclass
class KeptSlots:
    """``by_leg`` in the order in which it came to be kept; ``resumed`` when an earlier run of the same
    reservation may have left something behind."""

    reservation: Reservation
    by_leg: dict[str, Kept] = field(default_factory=dict)
    resumed: bool = False
    _given_back: dict[str, int] = field(default_factory=dict)

    def keep(self, need: Need, held: Held, turn: int) -> Kept:
        adapter = self.reservation.adapter(need)
        kept = Kept(need, adapter, held.reference, held.price_minor, held.expires_at, turn, held.simulated)
        self.by_leg[need.leg] = kept
        return kept

    def drop(self, leg: str) -> Kept:
        """It is kept no longer: from now on the leg is asked for under the next turn."""
        kept = self.by_leg.pop(leg)
        self._given_back[leg] = kept.turn + 1
        return kept

    def beside(self, legs: set[str]) -> list[str]:
        """The legs kept that are not among these."""
        return [leg for leg in self.by_leg if leg not in legs]

    def open_turn(self, leg: str) -> int:
        """The first turn of the leg that was not given back."""
        turn = self._given_back.get(leg, 0)
        while self.resumed and self._ended(leg, turn):
            turn += 1
        return turn

    def _ended(self, leg: str, turn: int) -> bool:
        reservation = self.reservation
        return any(
            reservation.transaction.intent(reservation.operation(leg, verb, turn)) is not None
            for verb in (Verb.RELEASE, Verb.CANCEL)
        )
