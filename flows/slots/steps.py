"""The steps of reserving one order; ``flows/slots/reserve.py`` says what they come to and starts them."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.money import format_minor
from domain.plain import from_plain, to_plain
from domain.plan import Plan
from domain.posting import Entry
from domain.record_kinds import RecordKind
from domain.states import OrderState, require_move
from flows.calls.asking import Ask, MustAsk, Reply, Steps, Unreachable, missing
from flows.firms.connected import Firms
from flows.firms.withdrawals import was_withdrawn
from flows.plans.needs import Need, needs_of
from flows.plans.newest import newest_plan
from flows.plans.recorded_plan import record_plan
from flows.slots.kept import MARGIN, Asking, Kept, Reservation, opening_verb
from flows.slots.outcomes import (
    Job,
    Outcome,
    Refusal,
    Refused,
    Reserved,
    Waits,
    read_refusal,
    read_reserved_leg,
    refusal_data,
    reserved_again,
)
from providers.protocol import WITHDRAWN, Booked, Declined, Held, HoldKind, Pending, Quoted, Verb, ask

TURNS = 20
"""How often a leg is held again after its hold expired, before the flow stops trying."""


class Reserving(Reservation):
    """The whole way of one order, as steps."""

    def __init__(self, firms: Firms, job: Job, ledger_id: str) -> None:
        super().__init__(firms, ledger_id, job.order, job.on, job.hold_for)
        self.job = job
        self.plan: Plan = job.plan
        self.refusals: list[Refusal] = []
        self.waits: list[Reply] = []
        self._tried = 0
        self._plans = 0
        self._replanned = False

    @property
    def _refused(self) -> bool:
        """Whether a firm has declined something of the plan that is being tried."""
        return len(self.refusals) > self._tried

    @property
    def _stopped(self) -> bool:
        return self._refused or self._replanned or bool(self.waits)

    def steps(self) -> Steps[Outcome]:
        self.turn = yield ()
        done = self._begin()
        if done is not None:
            return done
        while True:
            needs = self._needs()
            self._replanned = False
            yield from self._try(needs)
            if not self._stopped:
                return self._note_reserved(needs)
            if self._refused:
                following = self.job.next_plan(self.plan, tuple(self.refusals), tuple(self.kept))
                if following is None:
                    break
                self._change_plan(following, self._declined_text())
            elif not self._replanned:
                return self._wait()
        self.adopt_asked()
        yield from self.give_back(list(self.kept))
        if self.asked_sets:
            self.give_up_open("the order was not reserved")
        return self._note_refused()

    def _needs(self) -> Sequence[Need]:
        if self.plan is self.job.plan and self.job.needs:
            return self.job.needs
        return needs_of(self.plan, self.firms.network)

    def _begin(self) -> Outcome | None:
        """Find where an interrupted reservation stood; Reserved when it is done already."""
        self.find_number()
        self._read_plans()
        state = OrderState(self.transaction.order_state(self.order) or OrderState.PLANNED)
        if state is OrderState.RESERVED:
            record = self.transaction.record_by_key(self.reservation.reserved)
            if record is not None:
                plan = newest_plan(self.transaction, self.order) if self._plans else None
                return reserved_again(self.order, plan or self.job.plan, record.body)
        if state is not OrderState.HELD:
            require_move(self.order, state, OrderState.HELD)
        self.read_asked()
        return None

    # the plan, and what becomes of it -------------------------------------------------------------

    def _read_plans(self) -> None:
        """The plan that an interrupted run of this reservation had come to, and what it was refused."""
        while (record := self.transaction.record_by_key(self.reservation.plan(self._plans))) is not None:
            self._plans += 1
            if record.body["plans"] != self._plans_made():
                continue  # the order was planned anew since: that plan counts
            self.plan = from_plain(Plan, record.body["plan"])
            self.refusals = [read_refusal(row) for row in record.body["refusals"]]
            self._tried = len(self.refusals)
            self.notes.append(record.body["why"])

    def _plans_made(self) -> int:
        return sum(1 for _ in self.transaction.records(order=self.order, kind=RecordKind.PLAN))

    def _change_plan(self, plan: Plan, why: str) -> None:
        """Go on with another plan: recorded before anything is asked for it, so that a run that takes over
        goes on with it too."""
        code = plan.currency
        old, new = (format_minor(one.profit_minor, code, grouped=True) for one in (self.plan, plan))
        why = f"{why}; the profit is now {new} {code}, it was {old}"
        body = {
            "why": why,
            "refusals": [refusal_data(refusal) for refusal in self.refusals],
            "profit_minor": {"before": str(self.plan.profit_minor), "after": str(plan.profit_minor)},
            "plans": self._plans_made(),
            "plan": to_plain(plan),
        }
        key = self.reservation.plan(self._plans)
        self.transaction.append(Entry(RecordKind.SLOTS_REPLANNED, key, self.on, self.order, body))
        self._plans += 1
        self._tried = len(self.refusals)
        self.plan = plan
        self.notes.append(why)

    def _declined_text(self) -> str:
        new = self.refusals[self._tried :]
        reasons = "; ".join(dict.fromkeys(f"{refusal.firm}: {refusal.reason}" for refusal in new))
        return f"planned anew, because of {reasons}"

    def _try(self, needs: Sequence[Need]) -> Asking:
        """Hold, test again, confirm; stops at a no, at another price, and where an answer is missing."""
        self.waits = []
        for need in needs:
            if need.leg in self.kept:
                self.kept[need.leg].need = need
        yield from self._hold_all(needs)
        self._retest()
        if self._stopped:
            return
        if self.resumed:
            self.adopt_asked()
        wanted = {need.leg for need in needs}
        yield from self.give_back([leg for leg in self.kept if leg not in wanted])
        self._note_held(needs)
        yield from self._confirm_all([self.kept[need.leg] for need in needs])

    # holding ------------------------------------------------------------------------------------

    def _hold_all(self, needs: Sequence[Need]) -> Asking:
        """Our own calendar first, since it answers at once; then every other firm at the same time."""
        fresh = [need for need in needs if need.leg not in self.kept]
        yield from self._make_room(needs, fresh)
        others = [need for need in fresh if not self.adapter(need).capabilities.in_ledger]
        if others:
            self.note_asked(needs)
        for need in fresh:
            if self.adapter(need).capabilities.in_ledger:
                self._hold_own(need)
        if not self._refused:
            yield from self._hold_others(others)

    def _make_room(self, needs: Sequence[Need], fresh: Sequence[Need]) -> Asking:
        """Give back first what stands in the way of asking the same firm for more or less of the same."""
        wanted = {need.leg for need in needs}
        places = {place for need in fresh for place in _places(need)}
        in_the_way = [
            leg
            for leg, kept in self.kept.items()
            if leg not in wanted and not places.isdisjoint(_places(kept.need))
        ]
        yield from self.give_back(in_the_way)

    def _hold_own(self, need: Need) -> None:
        turn = self.open_turn(need.leg)
        while self.resumed and self._own_hold_ended(need, turn):
            turn += 1
        self.touched = True
        self._keep(need, ask(self.adapter(need), self.call(need, Verb.HOLD, turn)), turn)

    def _own_hold_ended(self, need: Need, turn: int) -> bool:
        hold = self.transaction.hold_by_id(self.hold_id(need.leg, turn))
        if hold is None:
            return False
        if hold.ending is None and hold.expires_at and hold.expires_at <= self.turn.now + MARGIN:
            self.transaction.release_hold(hold.hold_id)
            return True
        return not hold.live

    def _hold_others(self, others: Sequence[Need]) -> Asking:
        turns = {need.leg: self.open_turn(need.leg) for need in others}
        while others:
            asks = [self._opening(need, turns[need.leg]) for need in others]
            if wanted := [one for one in asks if one is not None]:
                self.turn = yield wanted
            expired = [need for need in others if not self._take(need, turns[need.leg])]
            yield from self._forget(expired, turns)
            others = [need for need in expired if turns[need.leg] < TURNS]

    def _opening(self, need: Need, turn: int) -> Ask | None:
        verb = opening_verb(self.adapter(need))
        return None if verb is None else self.ask_for(need, verb, turn)

    def _forget(self, expired: Sequence[Need], turns: dict[str, int]) -> Asking:
        """Tell firms that their hold, which expired before we used it, is not wanted; ask anew next."""
        for need in expired:
            turn = turns[need.leg]
            reply = self.turn.replies.get(self.operation(need.leg, Verb.HOLD, turn))
            if isinstance(reply, Held):
                self.kept[need.leg] = self._kept(need, reply, turn)
                yield from self.give_back([need.leg])
            turns[need.leg] = turn + 1

    def _take(self, need: Need, turn: int) -> bool:
        """Whether the firm's answer is dealt with; False when its hold has expired meanwhile."""
        adapter, request = self.adapter(need), need.request
        verb = opening_verb(adapter)
        if verb is None:
            until = self.turn.now + self.hold_for
            return self._keep(need, Held("", until, request.price_minor, request.currency, True), turn)
        reply = self.turn.replies[self.operation(need.leg, verb, turn)]
        if isinstance(reply, Quoted) and adapter.capabilities.hold is HoldKind.PRICE_ONLY:
            reply = Held("", reply.valid_until, reply.price_minor, reply.currency, True)
        return self._keep(need, reply, turn)

    def _kept(self, need: Need, held: Held, turn: int) -> Kept:
        adapter = self.adapter(need)
        return Kept(need, adapter, held.reference, held.price_minor, held.expires_at, turn, held.simulated)

    def _keep(self, need: Need, reply: Reply, turn: int) -> bool:
        match reply:
            case Held() if was_withdrawn(self.transaction, self.reservation.hold(need.leg, turn)):
                self._refuse(need, WITHDRAWN, "took back what it held")
            case Held() if reply.expires_at <= self.turn.now + MARGIN:
                return False
            case Held():
                self.kept[need.leg] = self._kept(need, reply, turn)
                self._tell_adaptation(self.kept[need.leg])
                if reply.currency != need.request.currency:
                    self._refuse(need, "price", f"answers in {reply.currency}")
            case Declined(code, reason):
                self._refuse(need, code, reason)
            case Pending() | Unreachable() | MustAsk():
                self.waits.append(reply)
            case _:
                self._refuse(need, "refused", missing(reply))
        return True

    def _tell_adaptation(self, kept: Kept) -> None:
        capabilities, firm = kept.adapter.capabilities, kept.need.firm
        if kept.simulated:
            offers = "only a price" if capabilities.hold is HoldKind.PRICE_ONLY else "no holds"
            self.notes.append(f"the hold at {firm} is simulated: it offers {offers}, so it may still decline")
        elif capabilities.simulated:
            self.notes.append(f"{firm} is a sandbox: its slots are not real")

    def _refuse(self, need: Need, code: str, reason: str) -> None:
        resources = tuple((line.resource, line.period) for line in need.request.lines)
        self.refusals.append(Refusal(need.firm, need.leg, code, reason, resources))

    def _retest(self) -> None:
        """The plan again, on the prices that the firms answered: it goes on as it is, at those prices, or
        not at all."""
        if self._stopped:
            return
        more = {
            leg: kept.price_minor - kept.need.request.price_minor
            for leg, kept in self.kept.items()
            if kept.price_minor != kept.need.request.price_minor
        }
        if not more:
            return
        found = self.job.retest(self.plan, {leg: self.kept[leg].price_minor for leg in more})
        if isinstance(found, Plan):
            self._take_prices(found, more)
        elif found is not None:
            self._refuse(self.kept[max(more, key=lambda leg: more[leg])].need, "price", found)

    def _take_prices(self, plan: Plan, more: Mapping[str, int]) -> None:
        """Go on with the plan at the prices answered, unless it counts on less than they are."""
        planned = {need.leg: need.request.price_minor for need in needs_of(plan, self.firms.network)}
        for leg in more:
            if planned.get(leg, -1) < self.kept[leg].price_minor:
                self._refuse(self.kept[leg].need, "price", "asks another price each time")
                return
        self._replanned = any(planned[leg] != self.kept[leg].need.request.price_minor for leg in more)
        if self._replanned:
            told = ", ".join(self._price_text(leg, minor) for leg, minor in more.items())
            self._change_plan(plan, f"tested again on the answers, and it passes: {told}")

    def _price_text(self, leg: str, more_minor: int) -> str:
        kept = self.kept[leg]
        currency = kept.need.request.currency
        asked, by = (
            format_minor(minor, currency, grouped=True) for minor in (kept.price_minor, abs(more_minor))
        )
        way = "more" if more_minor > 0 else "less"
        return f"{kept.need.firm} asks {asked} {currency}, {by} {way} than planned"

    # confirming ---------------------------------------------------------------------------------

    def _confirm_all(self, wanted: Sequence[Kept]) -> Asking:
        """First, one by one, those who may still say no; then every firm hold, the soonest to expire
        first; our own calendar last, in the commit that records the whole."""
        open_ = sorted(
            (kept for kept in wanted if not kept.booked), key=lambda kept: (kept.expires_at, kept.need.leg)
        )
        for kept in open_:
            if kept.simulated and not self._stopped:
                yield from self._confirm([kept])
        self._retest()
        if not self._stopped:
            yield from self._confirm([kept for kept in open_ if not kept.simulated and not kept.own])
        self._retest()
        for kept in open_:
            if kept.own and not self._stopped:
                call = self.call(kept.need, Verb.CONFIRM, kept.turn, kept.reference)
                self._book(kept, ask(kept.adapter, call))

    def _confirm(self, some: Sequence[Kept]) -> Asking:
        if not some:
            return
        self.turn = yield [self.ask_for(kept.need, Verb.CONFIRM, kept.turn, kept.reference) for kept in some]
        for kept in some:
            self._book(kept, self.turn.replies[self.operation(kept.need.leg, Verb.CONFIRM, kept.turn)])

    def _book(self, kept: Kept, reply: Reply) -> None:
        match reply:
            case Booked(reference, price, currency):
                kept.booked, kept.reference, kept.price_minor = True, reference, price
                if currency != kept.need.request.currency:
                    self._refuse(kept.need, "price", f"answers in {currency}")
            case Pending() | Unreachable() | MustAsk():
                self.waits.append(reply)
            case Declined(code, reason):
                self._refuse(kept.need, code, reason)
                self._drop_declined(kept)
            case _:
                self._refuse(kept.need, "refused", missing(reply))

    def _drop_declined(self, kept: Kept) -> None:
        """A firm that declines to confirm keeps nothing for us; its hold is released all the same, in
        case that its system disagrees with itself. Our own ledger cannot."""
        if kept.simulated or kept.own:
            del self.kept[kept.need.leg]
            self.given_back[kept.need.leg] = kept.turn + 1

    # what is recorded ---------------------------------------------------------------------------

    def _note_held(self, needs: Sequence[Need]) -> None:
        if self.transaction.order_state(self.order) == OrderState.HELD:
            return
        body = {"state": OrderState.HELD.value, "legs": self.rows(needs), "notes": self._notes()}
        self.transaction.append(
            Entry(RecordKind.SLOTS_HELD, self.reservation.held, self.on, self.order, body)
        )

    def _notes(self) -> list[str]:
        return list(dict.fromkeys(self.notes))

    def _note_reserved(self, needs: Sequence[Need]) -> Reserved:
        if self.asked_sets:
            self.give_up_open("another firm was reserved instead")
        if self._plans:
            record_plan(self.transaction, self.order, self.plan, self.on)
        rows = self.rows(needs)
        body: dict[str, Any] = {
            "state": OrderState.RESERVED.value,
            "legs": rows,
            "notes": self._notes(),
            "cost_minor": self.cost_data(),
            "left": list(self.left),
        }
        self.transaction.append(
            Entry(RecordKind.SLOTS_RESERVED, self.reservation.reserved, self.on, self.order, body)
        )
        legs = tuple(read_reserved_leg(row) for row in rows)
        return Reserved(self.order, self.plan, legs, tuple(self._notes()), dict(self.cost))

    def _note_refused(self) -> Refused:
        body: dict[str, Any] = {
            "refusals": [refusal_data(refusal) for refusal in self.refusals],
            "cost_minor": self.cost_data(),
            "left": list(self.left),
        }
        if self.transaction.order_state(self.order) == OrderState.HELD:
            body["state"] = OrderState.PLANNED.value
        self.transaction.append(
            Entry(RecordKind.SLOTS_REFUSED, self.reservation.ended, self.on, self.order, body)
        )
        refusals, left = tuple(self.refusals), tuple(self.left)
        return Refused(self.order, refusals, dict(self.cost), left, tuple(self._notes()))

    def _wait(self) -> Waits:
        people = not any(isinstance(reply, Unreachable) for reply in self.waits)
        return Waits(self.order, tuple(missing(reply) for reply in self.waits), people)


def _places(need: Need) -> set[tuple[str, str, str]]:
    """What the need would take of which firm, and when."""
    return {(need.firm, line.resource, line.period) for line in need.request.lines}
