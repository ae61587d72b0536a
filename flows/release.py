"""Give back everything that an order holds or has booked, at every firm, and say what that costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from domain.errors import NetError
from domain.posting import Entry
from domain.states import OrderState, require_move
from flows.calls import Caller, Patience, Steps, Turn
from flows.firms import Firms
from flows.needs import Need
from flows.reservation import Kept, Reservation
from ledger.store import Ledger
from ledger.transaction import Transaction
from providers.protocol import SlotLine, SlotRequest


@dataclass(frozen=True, slots=True)
class GivenBack:
    """``cost_minor`` by currency; ``left`` could not be given back yet (the sweep goes on trying)."""

    order: str
    firms: tuple[str, ...]
    cost_minor: dict[str, int] = field(default_factory=dict)
    left: tuple[str, ...] = ()


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
        self._adopt_own()
        names = tuple(dict.fromkeys(kept.need.firm for kept in self.kept.values()))
        yield from self.give_back(list(self.kept))
        if self.asked_sets:
            self.give_up_open(self._reason)
        self._note(names)
        return GivenBack(self.order, names, dict(self.cost), tuple(self.left))

    def _adopt_own(self) -> None:
        """Our own holds and bookings, from the calendar itself; what is used already stays used."""
        prices = self._prices()
        for hold in self.transaction.holds(self.order):
            leg = hold.hold_id.removeprefix(f"{self.prefix}/").rpartition("/")[0]
            if leg in self.kept or not hold.hold_id.startswith(f"{self.prefix}/"):
                continue
            kind, firm = leg.split(":")[:2]
            price, currency = prices.get(leg, (0, "XXX"))
            lines = tuple(SlotLine(line.resource, line.period, line.quantity) for line in hold.lines)
            need = Need(leg, firm, SlotRequest(self.order, leg, kind, firm, lines, price, currency))
            until = hold.expires_at or self.turn.now
            kept = Kept(
                need, self.adapter(need), hold.hold_id, price, until, int(hold.hold_id.rpartition("/")[2])
            )
            kept.booked = hold.ending == "confirmed"
            self.kept[leg] = kept

    def _prices(self) -> dict[str, tuple[int, str]]:
        rows: Sequence[dict[str, Any]] = ()
        for kind in ("held", "reserved"):
            record = self.transaction.record_by_key(f"{self.prefix}/{kind}")
            rows = record.body["legs"] if record is not None else rows
        return {row["leg"]: (int(row["price_minor"]), row["currency"]) for row in rows}

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
                Entry("slots.released", f"{self.prefix}/ended", self.on, self.order, body)
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


def release_in(transaction: Transaction, firms: Firms, order: str, on: date, *, reason: str) -> GivenBack:
    """The same inside the caller's transaction, for an order reserved in our own ledger alone; NetError
    when another firm must be asked. The caller records what the order becomes."""
    steps = Releasing(firms, "", order, on, "", reason).steps()
    next(steps)
    firms.calendar.current = transaction
    try:
        asks = steps.send(Turn(transaction, {}, firms.clock()))
    except StopIteration as end:
        given: GivenBack = end.value
        return given
    finally:
        firms.calendar.current = None
    names = ", ".join(sorted({one.firm for one in asks}))
    raise NetError(f"order {order} is reserved at {names}: release it outside a transaction")
