"""Find an order in the ledger, and list those there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from domain.errors import NotFoundError
from domain.order import Order
from domain.plain import from_plain
from domain.record_kinds import RecordKey, RecordKind
from domain.states import ENDED, OrderState
from ledger.book.reading import Reading


def currency_of_order(reading: "Reading", order: str) -> str:
    """The order's currency; empty for an order of another firm's ledger."""

    known = read_order(reading, order)
    return known.order.currency if known is not None else ""


NO_ORDER = "there is no order "
"""How the error of an unknown order begins; its name follows."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as the ledger has it; ``revision`` counts its amendments."""

    id: str
    order: Order
    state: OrderState
    on: date
    revision: int = 0
    repeated: bool = False


def read_order(reading: "Reading", order_id: str) -> Placed | None:
    """The order with its amendments applied, or None when the ledger does not know it."""
    state = reading.order_state(order_id)
    if state is None:
        return None
    first = reading.record_by_key(RecordKey.order(order_id))
    if first is None:
        return None
    newest, revision = first, 0
    for record in reading.records(order=order_id, kind=RecordKind.ORDER_AMENDED):
        newest, revision = record, revision + 1
    order = from_plain(Order, newest.body["order"])
    return Placed(order_id, order, OrderState(state), first.on, revision)


def find_order(reading: "Reading", order_id: str) -> Placed:
    """The order; NotFoundError, naming the nearest references, when the ledger does not know it."""
    found = read_order(reading, order_id)
    if found is not None:
        return found
    near = _nearest(reading, order_id)
    hint = f"did you mean {', '.join(near)}?" if near else "net order list shows every order"
    raise NotFoundError(f"{NO_ORDER}{order_id}", hint)


def latest_day(reading: "Reading", known: Placed) -> date:
    """The day up to which the order has come: its own, or that of the latest fact stated of it."""
    facts = (record.on for record in reading.records(order=known.id) if "fact" in record.body)
    return max(facts, default=known.on)


NEAREST_AMONG = 2_000


def _nearest(reading: "Reading", order_id: str) -> list[str]:
    from difflib import get_close_matches

    known = [head.order for head in reading.orders(limit=NEAREST_AMONG)]
    folded = {name.casefold(): name for name in known}
    return [folded[name] for name in get_close_matches(order_id.casefold(), folded, n=3, cutoff=0.6)]


def list_orders(
    reading: "Reading",
    states: Sequence[OrderState] = (),
    *,
    open_only: bool = False,
    limit: int | None = None,
) -> Iterator[Placed]:
    """Orders in the order they came in; ``open_only`` leaves out what is settled or cancelled."""
    left = limit
    for head in reading.orders():
        state = OrderState(head.state)
        if (states and state not in states) or (open_only and state in ENDED):
            continue
        if left is not None:
            left -= 1
            if left < 0:
                return
        found = read_order(reading, head.order)
        if found is not None:
            yield found
