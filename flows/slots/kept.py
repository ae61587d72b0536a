"""One order's reservation under way: what is kept at which firm, how it is given back, what is recorded.

A reservation has a number, counted up each time one ends without success or is given back; a leg has a
turn, counted up each time its hold is given back. Together they name every call and every hold.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from domain.posting import Entry
from domain.record_kinds import RecordKind
from domain.states import OrderState
from flows.calls.asking import ENDING, Ask, Reply, Turn, missing
from flows.calls.fees import charged_minor, post_fee
from flows.firms.call_journal import Journal, call_key
from flows.firms.cancellation_terms import fee_by_terms
from flows.firms.connected import Firms
from flows.firms.operation import (
    HoldName,
    Operation,
    ReservationName,
    current_reservation,
    last_replacement,
)
from flows.firms.withdrawals import was_withdrawn
from flows.plans.needs import Need
from ledger.book.transaction import Transaction
from providers.answers import instant_text, read_request, request_data
from providers.protocol import (
    Adapter,
    Answer,
    Booked,
    Call,
    Declined,
    Held,
    HoldKind,
    Released,
    SlotLine,
    SlotRequest,
    Verb,
    ask,
)

MARGIN = timedelta(seconds=5)
"""A hold that ends sooner than this is treated as ended: the confirmation could come too late."""

Asking = Generator[Sequence[Ask], Turn, None]


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


def opening_verb(adapter: Adapter) -> Verb | None:
    """What is asked first of a firm: a firm hold, its price where it keeps only that, or nothing."""
    return {HoldKind.FIRM: Verb.HOLD, HoldKind.PRICE_ONLY: Verb.QUOTE}.get(adapter.capabilities.hold)


@dataclass
class Reservation:
    """Steps shared by reserving and giving back; advanced by ``Caller`` inside its transactions."""

    firms: Firms
    ledger_id: str
    order: str
    on: date
    hold_for: timedelta
    turn: Turn = field(init=False)
    reservation: ReservationName = field(init=False)
    kept: dict[str, Kept] = field(default_factory=dict)
    cost: dict[str, int] = field(default_factory=dict)
    fees: dict[tuple[str, str], int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    asked: dict[str, Need] = field(default_factory=dict)
    asked_sets: int = 0
    resumed: bool = False
    given_back: dict[str, int] = field(default_factory=dict)
    touched: bool = False

    @property
    def transaction(self) -> Transaction:
        return self.turn.transaction

    def adapter(self, need: Need) -> Adapter:
        return self.firms.adapter(need.firm)

    # names --------------------------------------------------------------------------------------

    def find_number(self) -> None:
        """The first number whose reservation has not ended."""
        self.reservation = current_reservation(self.transaction, self.order)

    def operation(self, leg: str, verb: Verb, turn: int) -> str:
        return str(self.reservation.hold(leg, turn).operation(verb))

    def hold_id(self, leg: str, turn: int) -> str:
        return str(self.reservation.hold(leg, turn))

    def call(self, need: Need, verb: Verb, turn: int, reference: str = "") -> Call:
        """Our own calendar's key is the hold's id; a firm sees a key that tells it nothing."""
        until = (self.turn.now + self.hold_for).replace(microsecond=0)
        own = self.adapter(need).capabilities.in_ledger
        operation = self.operation(need.leg, verb, turn)
        key = self.hold_id(need.leg, turn) if own else call_key(self.ledger_id, operation)
        return Call(verb, key, need.request, until, reference)

    def ask_for(self, need: Need, verb: Verb, turn: int, reference: str = "") -> Ask:
        call = self.call(need, verb, turn, reference)
        operation = self.operation(need.leg, verb, turn)
        return Ask(operation, self.order, need.firm, self.adapter(need), call)

    # what an interrupted run left ---------------------------------------------------------------

    def read_asked(self) -> None:
        """Every need that this reservation has asked for, also for plans given up since."""
        while True:
            record = self.transaction.record_by_key(self.reservation.asked(self.asked_sets))
            if record is None:
                return
            self.asked_sets += 1
            self.resumed = True
            for leg, item in record.body["needs"].items():
                self.asked[leg] = Need(leg, item["firm"], read_request(item["request"]))

    def note_asked(self, needs: Iterable[Need]) -> None:
        """What is about to be asked for, so that a later run can give it back."""
        new = {need.leg: need for need in needs if need.leg not in self.asked}
        if not new:
            return
        body = {
            "needs": {
                leg: {"firm": need.firm, "request": request_data(need.request)} for leg, need in new.items()
            }
        }
        key = self.reservation.asked(self.asked_sets)
        self.transaction.append(Entry(RecordKind.SLOTS_ASKED, key, self.on, self.order, body))
        self.asked.update(new)
        self.asked_sets += 1

    def adopt_asked(self) -> None:
        """Take over what earlier runs of this reservation hold or have booked for needs not kept yet."""
        for leg, need in self.asked.items():
            if leg in self.kept:
                continue
            turn = self.open_turn(leg)
            found = self._own_kept(need, turn) if self._is_own(need) else self._firm_kept(need, turn)
            if found is not None:
                self.kept[leg] = found

    def _is_own(self, need: Need) -> bool:
        return self.adapter(need).capabilities.in_ledger

    def _own_kept(self, need: Need, turn: int) -> Kept | None:
        hold = self.transaction.hold_by_id(self.hold_id(need.leg, turn))
        if hold is None or not hold.live:
            return None
        until = hold.expires_at or self.turn.now + self.hold_for
        request = need.request
        kept = Kept(need, self.adapter(need), hold.hold_id, request.price_minor, until, turn)
        kept.booked = hold.ending == "confirmed"
        return kept

    def _firm_kept(self, need: Need, turn: int) -> Kept | None:
        adapter = self.adapter(need)
        if was_withdrawn(self.transaction, self.reservation.hold(need.leg, turn)):
            return None
        booked = self._answer(need.leg, Verb.CONFIRM, turn)
        held = self._answer(need.leg, Verb.HOLD, turn)
        until = self.turn.now + self.hold_for
        if isinstance(booked, Booked):
            kept = Kept(need, adapter, booked.reference, booked.price_minor, until, turn)
            kept.booked = True
            return kept
        if isinstance(held, Held) and not isinstance(booked, Declined):
            return Kept(need, adapter, held.reference, held.price_minor, held.expires_at, turn)
        return None

    def _answer(self, leg: str, verb: Verb, turn: int) -> Answer | None:
        known = Journal().look(self.transaction, self.operation(leg, verb, turn))
        return known.answer if known is not None else None

    def adopt_own(self) -> None:
        """Our own holds and bookings, from the calendar itself; what is used already stays used."""
        prices = self._prices()
        for hold in self.transaction.holds(self.order):
            name = HoldName.find(hold.hold_id)
            if name is None or name.reservation != self.reservation or name.leg in self.kept:
                continue
            leg = name.leg
            kind, firm = leg.split(":")[:2]
            price, currency = prices.get(leg, (0, "XXX"))
            lines = tuple(SlotLine(line.resource, line.period, line.quantity) for line in hold.lines)
            need = Need(leg, firm, SlotRequest(self.order, leg, kind, firm, lines, price, currency))
            until = hold.expires_at or self.turn.now
            kept = Kept(need, self.adapter(need), hold.hold_id, price, until, name.turn)
            kept.booked = hold.ending == "confirmed"
            self.kept[leg] = kept

    def _prices(self) -> dict[str, tuple[int, str]]:
        found: dict[str, tuple[int, str]] = {}
        name, last = self.reservation, last_replacement(self.transaction, self.reservation)
        for key in (name.held, name.reserved, *(name.replaced(number) for number in range(last))):
            record = self.transaction.record_by_key(key)
            rows = record.body["legs"] if record is not None else ()
            found |= {row["leg"]: (int(row["price_minor"]), row["currency"]) for row in rows}
        return found

    def open_turn(self, leg: str) -> int:
        """The first turn of the leg that was not given back."""
        turn = self.given_back.get(leg, 0)
        while self.resumed and any(
            self.transaction.intent(self.operation(leg, verb, turn)) is not None
            for verb in (Verb.RELEASE, Verb.CANCEL)
        ):
            turn += 1
        return turn

    # giving back --------------------------------------------------------------------------------

    def give_back(self, legs: Sequence[str]) -> Asking:
        """Release what is held and cancel what is booked, at what each costs; all firms side by side."""
        asks = []
        for kept in [self.kept.pop(leg) for leg in legs]:
            self.given_back[kept.need.leg] = kept.turn + 1
            verb = Verb.CANCEL if kept.booked else Verb.RELEASE
            one = self.ask_for(kept.need, verb, kept.turn, kept.reference)
            if kept.own:
                ask(kept.adapter, one.call)
                self._count(one, self._own_fee(kept, one))
            elif kept.booked or not kept.simulated:
                asks.append(one)
        if asks:
            self.turn = yield asks
            for one in asks:
                self._count(one, self.turn.replies[one.operation])

    def _own_fee(self, kept: Kept, one: Ask) -> Released:
        """A firm in our own ledger keeps what its terms say; what was posted by them already stands."""
        request = kept.need.request
        fee = charged_minor(self.transaction, self.order, one.operation)
        if fee is None:
            state = OrderState.RESERVED if kept.booked else OrderState.HELD
            fee = fee_by_terms(self.firms.network.provider(kept.need.firm), state.value, kept.price_minor)
        return Released(fee, request.currency)

    def _count(self, one: Ask, reply: Reply) -> None:
        """Add up what giving back costs, and name what could not be given back."""
        if not isinstance(reply, Released):
            self.left.append(f"{one.firm} {one.call.reference}: {missing(reply)}")
            return
        place = one.firm, reply.currency
        self.fees[place] = self.fees.get(place, 0) + reply.fee_minor
        if reply.fee_minor:
            self.cost[reply.currency] = self.cost.get(reply.currency, 0) + reply.fee_minor
            post_fee(self.transaction, self.on, one.operation, one.call, reply)  # our own calendar's

    def give_up_open(self, reason: str) -> None:
        """Calls still without an answer: whatever comes of them is undone by the sweep."""
        for intent in self.transaction.unfinished_intents(self.order):
            call = Operation.parse(intent.operation)
            if call.reservation == self.reservation and call.verb not in ENDING:
                Journal().give_up(self.transaction, self.on, intent.operation, self.order, reason)

    # what is recorded ---------------------------------------------------------------------------

    def rows(self, needs: Iterable[Need]) -> list[dict[str, Any]]:
        return [self._row(self.kept[need.leg]) for need in needs]

    def _row(self, kept: Kept) -> dict[str, Any]:
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

    def cost_data(self) -> dict[str, str]:
        return {currency: str(fee) for currency, fee in self.cost.items()}
