"""Holding what a plan needs: our own calendar first, since it answers at once, then every other firm."""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.calls.asking import MustAsk, Reply, Steps, Unreachable, WantedCall, missing
from flows.firms.withdrawals import was_withdrawn
from flows.plans.needs import Need
from flows.slots.adopt import AskedNeeds
from flows.slots.give_back import GivingBack
from flows.slots.kept import MARGIN, Kept, KeptSlots
from flows.slots.plan_tried import PlanTried
from flows.slots.reservation import Reservation
from providers.protocol import WITHDRAWN, Adapter, Declined, Held, HoldKind, Pending, Quoted, Verb, ask

TURNS = 20
"""How often a leg is held again after its hold expired, before the flow stops trying."""


def opening_verb(adapter: Adapter) -> Verb | None:
    """What is asked first of a firm: a firm hold, its price where it keeps only that, or nothing."""
    return {HoldKind.FIRM: Verb.HOLD, HoldKind.PRICE_ONLY: Verb.QUOTE}.get(adapter.capabilities.hold)


@dataclass
class HoldingSlots:
    """What firms answer ends in ``slots``, or as a refusal or a wait in ``tried``."""

    reservation: Reservation
    slots: KeptSlots
    asked: AskedNeeds
    giving_back: GivingBack
    tried: PlanTried

    def hold_all(self, needs: Sequence[Need]) -> Steps[None]:
        fresh = [need for need in needs if need.leg not in self.slots.by_leg]
        yield from self._make_room(needs, fresh)
        others = [need for need in fresh if not self.reservation.is_own(need)]
        if others:
            self.asked.note(needs)
        for need in fresh:
            if self.reservation.is_own(need):
                self._hold_own(need)
        if not self.tried.refused:
            yield from self._hold_others(others)

    def _make_room(self, needs: Sequence[Need], fresh: Sequence[Need]) -> Steps[None]:
        """Give back first what stands in the way of asking the same firm for more or less of the same."""
        places = {place for need in fresh for place in _places(need)}
        unwanted = self.slots.beside({need.leg for need in needs})
        yield from self.giving_back.give_back(
            [leg for leg in unwanted if not places.isdisjoint(_places(self.slots.by_leg[leg].need))]
        )

    # our own calendar ---------------------------------------------------------------------------

    def _hold_own(self, need: Need) -> None:
        turn = self.slots.open_turn(need.leg)
        while self.slots.resumed and self._own_hold_ended(need, turn):
            turn += 1
        call = self.reservation.call(need, Verb.HOLD, turn)
        self._keep(need, ask(self.reservation.adapter(need), call), turn)

    def _own_hold_ended(self, need: Need, turn: int) -> bool:
        hold = self.reservation.transaction.hold_by_id(str(self.reservation.hold_name(need, turn)))
        if hold is None:
            return False
        if hold.ending is None and hold.expires_at and hold.expires_at <= self.reservation.turn.now + MARGIN:
            self.reservation.transaction.release_hold(hold.hold_id)
            return True
        return not hold.live

    # other firms --------------------------------------------------------------------------------

    def _hold_others(self, others: Sequence[Need]) -> Steps[None]:
        turns = {need.leg: self.slots.open_turn(need.leg) for need in others}
        while others:
            asks = [self._opening(need, turns[need.leg]) for need in others]
            if wanted := [one for one in asks if one is not None]:
                self.reservation.turn = yield wanted
            expired = [need for need in others if not self._take(need, turns[need.leg])]
            yield from self._forget(expired, turns)
            others = [need for need in expired if turns[need.leg] < TURNS]

    def _opening(self, need: Need, turn: int) -> WantedCall | None:
        verb = opening_verb(self.reservation.adapter(need))
        return None if verb is None else self.reservation.ask_for(need, verb, turn)

    def _forget(self, expired: Sequence[Need], turns: dict[str, int]) -> Steps[None]:
        """Tell firms that their hold, which expired before we used it, is not wanted; ask anew next."""
        for need in expired:
            turn = turns[need.leg]
            operation = self.reservation.operation(need.leg, Verb.HOLD, turn)
            reply = self.reservation.turn.replies.get(operation)
            if isinstance(reply, Held):
                self.slots.keep(need, reply, turn)
                yield from self.giving_back.give_back([need.leg])
            turns[need.leg] = turn + 1

    def _take(self, need: Need, turn: int) -> bool:
        """Whether the firm's answer is dealt with; False when its hold has expired meanwhile."""
        adapter, request = self.reservation.adapter(need), need.request
        verb = opening_verb(adapter)
        if verb is None:
            until = self.reservation.until
            return self._keep(need, Held("", until, request.price_minor, request.currency, True), turn)
        reply = self.reservation.reply(need, verb, turn)
        if isinstance(reply, Quoted) and adapter.capabilities.hold is HoldKind.PRICE_ONLY:
            reply = Held("", reply.valid_until, reply.price_minor, reply.currency, True)
        return self._keep(need, reply, turn)

    # what they answer ---------------------------------------------------------------------------

    def _keep(self, need: Need, reply: Reply, turn: int) -> bool:
        match reply:
            case Held() if was_withdrawn(
                self.reservation.transaction, self.reservation.hold_name(need, turn)
            ):
                self.tried.refuse(need, WITHDRAWN, "took back what it held")
            case Held() if reply.expires_at <= self.reservation.turn.now + MARGIN:
                return False
            case Held():
                self._tell_adaptation(self.slots.keep(need, reply, turn))
                if reply.currency != need.request.currency:
                    self.tried.refuse(need, "price", f"answers in {reply.currency}")
            case Declined(code, reason):
                self.tried.refuse(need, code, reason)
            case Pending() | Unreachable() | MustAsk():
                self.tried.waits.append(reply)
            case _:
                self.tried.refuse(need, "refused", missing(reply))
        return True

    def _tell_adaptation(self, kept: Kept) -> None:
        capabilities, firm = kept.adapter.capabilities, kept.need.firm
        if kept.simulated:
            offers = "only a price" if capabilities.hold is HoldKind.PRICE_ONLY else "no holds"
            self.tried.note(f"the hold at {firm} is simulated: it offers {offers}, so it may still decline")
        elif capabilities.simulated:
            self.tried.note(f"{firm} is a sandbox: its slots are not real")


def _places(need: Need) -> set[tuple[str, str, str]]:
    """What the need would take of which firm, and when."""
    return {(need.firm, line.resource, line.period) for line in need.request.lines}
