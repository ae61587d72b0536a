"""Give back everything that an order holds or has booked, at every firm, and say what that costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from domain.errors import NetError
from domain.record_kinds import RecordKind
from domain.slots import CREDIT_PERIOD
from domain.states import OrderState, require_move
from finance.fold.fold import fold
from flows.books.acceptance import acceptance
from flows.books.holds_end import owed_credit, rendered_legs
from flows.books.order_book import read_book
from flows.calls.asking import Steps
from flows.calls.caller import Caller, Patience
from flows.firms.connected import Firms
from flows.slots.adopt import AskedNeeds, adopt_own
from flows.slots.give_back import GivingBack
from flows.slots.kept import KeptSlots
from flows.slots.reservation import Reservation
from ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class GivenBack:
    """``cost_minor`` by currency, ``fees`` by firm and currency as answered; ``left`` could not be given back
    yet (the sweep goes on trying)."""

    order: str
    firms: tuple[str, ...]
    cost_minor: dict[str, int] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    fees: dict[tuple[str, str], int] = field(default_factory=dict)


class Releasing:
    """The steps; ``state`` is what the order becomes, empty to leave that to the caller."""

    def __init__(self, firms: Firms, ledger_id: str, order: str, on: date, state: str, reason: str) -> None:
        self._reservation = Reservation(firms, ledger_id, order, on, timedelta(days=1))
        self._slots = KeptSlots(self._reservation)
        self._asked = AskedNeeds(self._reservation, self._slots)
        self._giving_back = GivingBack(self._slots)
        self._state, self._reason = state, reason

    def steps(self) -> Steps[GivenBack]:
        self._reservation.begin((yield ()))
        order, giving_back = self._reservation.order, self._giving_back
        self._require_move()
        self._find_kept()
        names = tuple(dict.fromkeys(kept.need.firm for kept in self._slots.by_leg.values()))
        yield from giving_back.give_back(list(self._slots.by_leg))
        if self._asked.sets:
            giving_back.give_up_open(self._reason)
        self._note(names)
        cost, left, fees = dict(giving_back.cost), tuple(giving_back.left), dict(giving_back.fees)
        return GivenBack(order, names, cost, left, fees)

    def _require_move(self) -> None:
        if self._state:
            before = self._reservation.transaction.order_state(self._reservation.order)
            require_move(self._reservation.order, OrderState(before or "DRAFT"), OrderState(self._state))

    def _find_kept(self) -> None:
        """Everything that the order holds or has booked and nobody has used up."""
        self._asked.read()
        self._asked.adopt()
        adopt_own(self._slots)
        for leg in self._used_up():
            self._slots.by_leg.pop(leg, None)

    def _used_up(self) -> set[str]:
        """What was rendered in full is used and billed, and credit under which money is out is used: nobody
        can give that back."""
        transaction, order = self._reservation.transaction, self._reservation.order
        if acceptance(transaction, order) is None:
            return set()
        book = read_book(transaction, order)
        position = fold(book.contract, book.facts, max(fact.on for fact in book.facts)).position
        out = owed_credit(position)
        lent = {
            leg
            for leg, kept in self._slots.by_leg.items()
            if any(line.resource in out and line.period == CREDIT_PERIOD for line in kept.need.request.lines)
        }
        return rendered_legs(transaction, order, position) | lent

    def _note(self, names: Sequence[str]) -> None:
        body: dict[str, Any] = {
            "reason": self._reason,
            "firms": list(names),
            "cost_minor": self._giving_back.cost_data(),
            "left": list(self._giving_back.left),
        }
        if self._state:
            body["state"] = self._state
        if names or self._asked.sets or self._state:
            self._reservation.record(RecordKind.SLOTS_RELEASED, self._reservation.name.ended, body)


def release(
    ledger: Ledger,
    firms: Firms,
    order: str,
    on: date,
    *,
    state: str = "",
    reason: str = "released",
    patience: Patience | None = None,
) -> GivenBack:
    """Give back all that the order keeps; StateError when it may not become ``state``.

    A firm that cannot be reached does not stop the rest: it is named in ``left``.
    """
    caller: Caller[GivenBack] = Caller(ledger, firms, on, patience=patience)
    outcome = caller.run([Releasing(firms, ledger.id, order, on, state, reason).steps()])[0]
    if isinstance(outcome, NetError):
        raise outcome
    return outcome
