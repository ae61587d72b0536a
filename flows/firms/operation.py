"""The names of a reservation, of its holds and of its calls, written and read here alone.

``ORDER/reservation/NUMBER`` is a reservation: the number is counted up each time one ends without success or
is given back. ``…/LEG/TURN`` is a hold of it: the turn is counted up each time the leg's hold is given back.
``…/VERB`` is a call about that hold. A leg may be named anything; an order may not have the mark of a
reservation in its own name, since then nobody could tell where it ends.
"""

from dataclasses import dataclass

from domain.errors import RefusedError
from ledger.book.reading import Reading
from providers.protocol import Verb

_MARK = "/reservation/"


@dataclass(frozen=True, slots=True)
class ReservationName:
    """``ORDER/reservation/NUMBER``, and the keys of what is recorded of it.

    RefusedError for an order whose own name looks like a reservation's.
    """

    order: str
    number: int

    def __post_init__(self) -> None:
        if f"{self.order}{_MARK}".index(_MARK) != len(self.order):
            raise RefusedError(
                f"order {self.order!r} cannot be reserved: its name has {_MARK!r} in it",
                "place it again under another reference",
            )

    def __str__(self) -> str:
        return f"{self.order}{_MARK}{self.number}"

    @property
    def held(self) -> str:
        return f"{self}/held"

    @property
    def reserved(self) -> str:
        return f"{self}/reserved"

    @property
    def ended(self) -> str:
        return f"{self}/ended"

    def asked(self, number: int) -> str:
        return f"{self}/asked/{number}"

    def plan(self, number: int) -> str:
        return f"{self}/plan/{number}"

    def replaced(self, number: int) -> str:
        return f"{self}/replaced/{number}"

    def hold(self, leg: str, turn: int) -> "HoldName":
        return HoldName(self, leg, turn)


@dataclass(frozen=True, slots=True)
class HoldName:
    """``ORDER/reservation/NUMBER/LEG/TURN``: what our own calendar calls the hold."""

    reservation: ReservationName
    leg: str
    turn: int

    def __str__(self) -> str:
        return f"{self.reservation}/{self.leg}/{self.turn}"

    def operation(self, verb: Verb) -> "Operation":
        return Operation(self, verb)

    @classmethod
    def parse(cls, text: str) -> "HoldName":
        """ValueError for what is no such name."""
        order, _, rest = text.partition(_MARK)
        number, _, rest = rest.partition("/")
        leg, _, turn = rest.rpartition("/")
        found = cls(ReservationName(order, int(number)), leg, int(turn))
        if str(found) != text:
            raise ValueError(f"{text!r} is not the name of a hold")
        return found

    @classmethod
    def find(cls, text: str) -> "HoldName | None":
        """As ``parse``; None for what is no such name."""
        try:
            return cls.parse(text)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Operation:
    """``ORDER/reservation/NUMBER/LEG/TURN/VERB``: names a call for ever."""

    hold: HoldName
    verb: Verb

    def __str__(self) -> str:
        return f"{self.hold}/{self.verb.value}"

    @property
    def leg(self) -> str:
        return self.hold.leg

    @property
    def reservation(self) -> ReservationName:
        return self.hold.reservation

    @classmethod
    def parse(cls, text: str) -> "Operation":
        """ValueError for what is no such name."""
        hold, _, verb = text.rpartition("/")
        return cls(HoldName.parse(hold), Verb(verb))


def current_reservation(reading: Reading, order: str) -> ReservationName:
    """The first of the order's reservations that has not ended; nothing need be recorded of it yet."""
    found = ReservationName(order, 0)
    while reading.record_by_key(found.ended) is not None:
        found = ReservationName(order, found.number + 1)
    return found


def last_replacement(reading: Reading, reservation: ReservationName) -> int:
    """How often a provider of the reservation was replaced."""
    number = 0
    while reading.record_by_key(reservation.replaced(number)) is not None:
        number += 1
    return number
