"""Give back everything that an order holds or has booked, at every firm, and say what that costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from domain.errors import NetError
from domain.posting import Entry
from domain.record_kinds import RecordKind
from domain.states import OrderState, require_move
from finance.fold.fold import fold
from flows.books.acceptance import acceptance
from flows.books.holds_end import rendered_legs
from flows.books.order_book import read_book
from flows.calls.asking import Steps
from flows.calls.caller import Caller, Patience
from flows.firms.connected import Firms
from flows.slots.kept import Reservation
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


class Releasing(Reservation):
    """The steps; ``state`` is what the order becomes, empty to leave that to the caller."""

    def __init__(self, firms: Firms, ledger_id: str, order: str, on: date, state: str, reason: str) -> None:
        super().__init__(firms, ledger_id, order, on, timedelta(days=1))
        self._state, self._reason = state, reason

    def steps(self) -> Steps[GivenBack]:
        self.turn = yield ()
        before = self.transaction.order_state(self.order)
        if self._state:
            require_move(self.order, OrderState(before or "DRAFT"), OrderState(self._state))
        self.find_number()
        self.read_asked()
        self.adopt_asked()
        self.adopt_own()
        for leg in self._rendered():
            self.kept.pop(leg, None)
        names = tuple(dict.fromkeys(kept.need.firm for kept in self.kept.values()))
        yield from self.give_back(list(self.kept))
        if self.asked_sets:
            self.give_up_open(self._reason)
        self._note(names)
        return GivenBack(self.order, names, dict(self.cost), tuple(self.left), dict(self.fees))

    def _rendered(self) -> set[str]:
        """What was rendered in full is used and billed: nobody can give it back."""
        if acceptance(self.transaction, self.order) is None:
            return set()
        book = read_book(self.transaction, self.order)
        position = fold(book.contract, book.facts, max(fact.on for fact in book.facts)).position
        return rendered_legs(self.transaction, self.order, position)

    def _note(self, names: Sequence[str]) -> None:
        body: dict[str, Any] = {
            "reason": self._reason,
            "firms": list(names),
            "cost_minor": self.cost_data(),
            "left": list(self.left),
        }
        if self._state:
            body["state"] = self._state
        if names or self.asked_sets or self._state:
            self.transaction.append(
                Entry(RecordKind.SLOTS_RELEASED, self.reservation.ended, self.on, self.order, body)
            )


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
