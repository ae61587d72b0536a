"""Confirming what is held: first those who may still say no, our own calendar last."""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.calls.asking import MustAsk, Reply, Steps, Unreachable, missing
from flows.slots.kept import Kept, KeptSlots
from flows.slots.plan_tried import PlanTried, retest
from flows.slots.reservation import Reservation
from providers.protocol import Booked, Declined, Pending, Verb, ask


@dataclass
class ConfirmingSlots:
    """What is booked is noted in ``slots``, a refusal or a wait in ``tried``."""

    reservation: Reservation
    slots: KeptSlots
    tried: PlanTried

    def confirm_all(self, wanted: Sequence[Kept]) -> Steps[None]:
        """First, one by one, those who may still say no; then every firm hold, the soonest to expire
        first; our own calendar last, in the commit that records the whole."""
        unbooked = sorted(
            (kept for kept in wanted if not kept.booked), key=lambda kept: (kept.expires_at, kept.need.leg)
        )
        for kept in unbooked:
            if kept.simulated and not self.tried.stopped:
                yield from self._confirm([kept])
        retest(self.tried, self.slots)
        if not self.tried.stopped:
            yield from self._confirm([kept for kept in unbooked if not kept.simulated and not kept.own])
        retest(self.tried, self.slots)
        for kept in unbooked:
            if kept.own and not self.tried.stopped:
                call = self.reservation.call(kept.need, Verb.CONFIRM, kept.turn, kept.reference)
                self._book(kept, ask(kept.adapter, call))

    def _confirm(self, some: Sequence[Kept]) -> Steps[None]:
        if not some:
            return
        self.reservation.turn = yield [
            self.reservation.ask_for(kept.need, Verb.CONFIRM, kept.turn, kept.reference) for kept in some
        ]
        for kept in some:
            self._book(kept, self.reservation.reply(kept.need, Verb.CONFIRM, kept.turn))

    def _book(self, kept: Kept, reply: Reply) -> None:
        match reply:
            case Booked(reference, price, currency):
                kept.booked, kept.reference, kept.price_minor = True, reference, price
                if currency != kept.need.request.currency:
                    self.tried.refuse(kept.need, "price", f"answers in {currency}")
            case Pending() | Unreachable() | MustAsk():
                self.tried.waits.append(reply)
            case Declined(code, reason):
                self.tried.refuse(kept.need, code, reason)
                self._drop_declined(kept)
            case _:
                self.tried.refuse(kept.need, "refused", missing(reply))

    def _drop_declined(self, kept: Kept) -> None:
        """A firm that declines to confirm keeps nothing for us; its hold is released all the same, in
        case that its system disagrees with itself. Our own ledger cannot."""
        if kept.simulated or kept.own:
            self.slots.drop(kept.need.leg)
