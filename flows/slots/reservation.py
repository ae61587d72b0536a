"""One order's reservation under way: the names under which firms are asked, and the transaction open now.

A reservation has a number, counted up each time one ends without success or is given back; a leg has a
turn, counted up each time its hold is given back. Together they name every call and every hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from domain.posting import Entry
from flows.calls.asking import Reply, Turn, WantedCall
from flows.firms.call_journal import call_key
from flows.firms.connected import Firms
from flows.firms.operation import HoldName, ReservationName, current_reservation
from flows.plans.needs import Need
from ledger.book.transaction import Transaction
from providers.protocol import Adapter, Call, Verb


@dataclass
class Reservation:
    """``turn`` is what the flow was last advanced with; ``hold_for`` how long holds are asked for."""

    firms: Firms
    ledger_id: str
    order: str
    on: date
    hold_for: timedelta
    turn: Turn = field(init=False)
    name: ReservationName = field(init=False)

    def begin(self, turn: Turn) -> None:
        """Go on with the order's first reservation that has not ended."""
        self.turn = turn
        self.name = current_reservation(self.transaction, self.order)

    @property
    def transaction(self) -> Transaction:
        return self.turn.transaction

    @property
    def until(self) -> datetime:
        """When a hold that begins now is to end."""
        return self.turn.now + self.hold_for

    def adapter(self, need: Need) -> Adapter:
        return self.firms.adapter(need.firm)

    def is_own(self, need: Need) -> bool:
        """Whether the firm's slots stand in our own ledger."""
        return self.adapter(need).capabilities.in_ledger

    def hold_name(self, need: Need, turn: int) -> HoldName:
        return self.name.hold(need.leg, turn)

    def operation(self, leg: str, verb: Verb, turn: int) -> str:
        return str(self.name.hold(leg, turn).operation(verb))

    def call(self, need: Need, verb: Verb, turn: int, reference: str = "") -> Call:
        """Our own calendar's key is the hold's name; a firm sees a key that tells it nothing."""
        if self.is_own(need):
            key = str(self.hold_name(need, turn))
        else:
            key = call_key(self.ledger_id, self.operation(need.leg, verb, turn))
        return Call(verb, key, need.request, self.until.replace(microsecond=0), reference)

    def ask_for(self, need: Need, verb: Verb, turn: int, reference: str = "") -> WantedCall:
        call = self.call(need, verb, turn, reference)
        operation = self.operation(need.leg, verb, turn)
        return WantedCall(operation, self.order, need.firm, self.adapter(need), call)

    def reply(self, need: Need, verb: Verb, turn: int) -> Reply:
        return self.turn.replies[self.operation(need.leg, verb, turn)]

    def record(self, kind: str, key: str, body: Mapping[str, Any]) -> None:
        self.transaction.append(Entry(kind, key, self.on, self.order, dict(body)))
