"""What an interrupted run left: found again by what it asked for, and taken over or given back."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.record_kinds import RecordKind
from flows.firms.call_journal import CallJournal
from flows.firms.operation import HoldName, last_replacement
from flows.firms.withdrawals import was_withdrawn
from flows.plans.needs import Need
from flows.slots.kept import Kept, KeptSlots
from flows.slots.reservation import Reservation
from ledger.record.records import Hold
from providers.answers import read_request, request_data
from providers.protocol import Answer, Booked, Declined, Held, SlotLine, SlotRequest, Verb


@dataclass
class AskedNeeds:
    """``needs`` by leg, also for plans given up since; ``sets`` counts the records that name them."""

    reservation: Reservation
    slots: KeptSlots
    needs: dict[str, Need] = field(default_factory=dict)
    sets: int = 0

    def read(self) -> None:
        """What earlier runs of this reservation have asked for."""
        reservation = self.reservation
        while (
            record := reservation.transaction.record_by_key(reservation.name.asked(self.sets))
        ) is not None:
            self.sets += 1
            self.slots.resumed = True
            for leg, row in record.body["needs"].items():
                self.needs[leg] = Need(leg, row["firm"], read_request(row["request"]))

    def note(self, needs: Iterable[Need]) -> None:
        """What is about to be asked for."""
        new = {need.leg: need for need in needs if need.leg not in self.needs}
        if not new:
            return
        rows = {leg: {"firm": need.firm, "request": request_data(need.request)} for leg, need in new.items()}
        self.reservation.record(
            RecordKind.SLOTS_ASKED, self.reservation.name.asked(self.sets), {"needs": rows}
        )
        self.needs.update(new)
        self.sets += 1

    def adopt(self) -> None:
        """Take over what earlier runs of this reservation hold or have booked for needs not kept yet."""
        for leg, need in self.needs.items():
            if leg in self.slots.by_leg:
                continue
            found = left_by_earlier_run(self.reservation, need, self.slots.open_turn(leg))
            if found is not None:
                self.slots.by_leg[leg] = found


def left_by_earlier_run(reservation: Reservation, need: Need, turn: int) -> Kept | None:
    """What is held or booked for the need under that turn; None when nothing is."""
    if reservation.is_own(need):
        return _in_our_calendar(reservation, need, turn)
    return _at_the_firm(reservation, need, turn)


def _in_our_calendar(reservation: Reservation, need: Need, turn: int) -> Kept | None:
    hold = reservation.transaction.hold_by_id(str(reservation.hold_name(need, turn)))
    if hold is None or not hold.live:
        return None
    until = hold.expires_at or reservation.until
    price = need.request.price_minor
    kept = Kept(need, reservation.adapter(need), hold.hold_id, price, until, turn)
    kept.booked = hold.ending == "confirmed"
    return kept


def _at_the_firm(reservation: Reservation, need: Need, turn: int) -> Kept | None:
    if was_withdrawn(reservation.transaction, reservation.hold_name(need, turn)):
        return None
    adapter = reservation.adapter(need)
    booked = _answer(reservation, need, Verb.CONFIRM, turn)
    held = _answer(reservation, need, Verb.HOLD, turn)
    if isinstance(booked, Booked):
        until = reservation.until
        return Kept(need, adapter, booked.reference, booked.price_minor, until, turn, booked=True)
    if isinstance(held, Held) and not isinstance(booked, Declined):
        return Kept(need, adapter, held.reference, held.price_minor, held.expires_at, turn)
    return None


def _answer(reservation: Reservation, need: Need, verb: Verb, turn: int) -> Answer | None:
    operation = reservation.operation(need.leg, verb, turn)
    known = CallJournal().look(reservation.transaction, operation)
    return known.answer if known is not None else None


def adopt_own(slots: KeptSlots) -> None:
    """Our own holds and bookings, from the calendar itself; what is used already stays used."""
    reservation = slots.reservation
    prices = _prices(reservation)
    for hold in reservation.transaction.holds(reservation.order):
        name = HoldName.find(hold.hold_id)
        if name is None or name.reservation != reservation.name or name.leg in slots.by_leg:
            continue
        price_minor, currency = prices.get(name.leg, (0, "XXX"))
        slots.by_leg[name.leg] = _of_hold(reservation, hold, name, price_minor, currency)


def _of_hold(reservation: Reservation, hold: Hold, name: HoldName, price_minor: int, currency: str) -> Kept:
    kind, firm = name.leg.split(":")[:2]
    lines = tuple(SlotLine(line.resource, line.period, line.quantity) for line in hold.lines)
    request = SlotRequest(reservation.order, name.leg, kind, firm, lines, price_minor, currency)
    need = Need(name.leg, firm, request)
    until = hold.expires_at or reservation.turn.now
    kept = Kept(need, reservation.adapter(need), hold.hold_id, price_minor, until, name.turn)
    kept.booked = hold.ending == "confirmed"
    return kept


def _prices(reservation: Reservation) -> dict[str, tuple[int, str]]:
    """By leg, what was last recorded of its price: minor units and currency."""
    found: dict[str, tuple[int, str]] = {}
    name, last = reservation.name, last_replacement(reservation.transaction, reservation.name)
    for key in (name.held, name.reserved, *(name.replaced(number) for number in range(last))):
        record = reservation.transaction.record_by_key(key)
        rows = record.body["legs"] if record is not None else ()
        found |= {row["leg"]: (int(row["price_minor"]), row["currency"]) for row in rows}
    return found
