"""Giving back what is kept for an order, and what that costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.states import OrderState
from flows.calls.asking import ENDING, Reply, Steps, WantedCall, missing
from flows.calls.fees import charged_minor, post_fee
from flows.firms.call_journal import CallJournal
from flows.firms.cancellation_terms import fee_by_terms
from flows.firms.operation import Operation
from flows.slots.kept import Kept, KeptSlots
from providers.protocol import Released, Verb, ask


@dataclass
class GivingBack:
    """``cost`` by currency and ``fees`` by firm and currency, in minor units; ``left`` names what could not
    be given back yet."""

    slots: KeptSlots
    cost: dict[str, int] = field(default_factory=dict)
    fees: dict[tuple[str, str], int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def give_back(self, legs: Sequence[str]) -> Steps[None]:
        """Release what is held and cancel what is booked, at what each costs; all firms side by side."""
        asks = []
        for kept in [self.slots.drop(leg) for leg in legs]:
            verb = Verb.CANCEL if kept.booked else Verb.RELEASE
            one = self.slots.reservation.ask_for(kept.need, verb, kept.turn, kept.reference)
            if kept.own:
                ask(kept.adapter, one.call)
                self._count(one, self._own_fee(kept, one))
            elif kept.booked or not kept.simulated:
                asks.append(one)
        if asks:
            turn = self.slots.reservation.turn = yield asks
            for one in asks:
                self._count(one, turn.replies[one.operation])

    def _own_fee(self, kept: Kept, one: WantedCall) -> Released:
        """A firm in our own ledger keeps what its terms say; what was posted by them already stands."""
        reservation = self.slots.reservation
        fee = charged_minor(reservation.transaction, reservation.order, one.operation)
        if fee is None:
            state = OrderState.RESERVED if kept.booked else OrderState.HELD
            provider = reservation.firms.network.provider(kept.need.firm)
            fee = fee_by_terms(provider, state.value, kept.price_minor)
        return Released(fee, kept.need.request.currency)

    def _count(self, one: WantedCall, reply: Reply) -> None:
        """Add up what giving back costs, and name what could not be given back."""
        if not isinstance(reply, Released):
            self.left.append(f"{one.firm} {one.call.reference}: {missing(reply)}")
            return
        place = one.firm, reply.currency
        self.fees[place] = self.fees.get(place, 0) + reply.fee_minor
        if reply.fee_minor:
            self.cost[reply.currency] = self.cost.get(reply.currency, 0) + reply.fee_minor
            reservation = self.slots.reservation  # our own calendar's fee: others' are posted as they answer
            post_fee(reservation.transaction, reservation.on, one.operation, one.call, reply)

    def give_up_open(self, reason: str) -> None:
        """Calls still without an answer: whatever comes of them is undone by the sweep."""
        reservation = self.slots.reservation
        for intent in reservation.transaction.unfinished_intents(reservation.order):
            call = Operation.parse(intent.operation)
            if call.reservation == reservation.name and call.verb not in ENDING:
                CallJournal().give_up(
                    reservation.transaction, reservation.on, intent.operation, reservation.order, reason
                )

    def cost_data(self) -> dict[str, str]:
        """The cost as it is recorded."""
        return {currency: str(fee) for currency, fee in self.cost.items()}
