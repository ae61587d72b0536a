"""Take a buyer's order into the ledger: record it, find it, amend it, call it off.

An order is known by the buyer's own reference. Where another buyer's order has that reference already,
the buyer's name is added (``1001~meridian-stores``).
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

from domain.errors import KeyReusedError, StateError
from domain.order import Order
from domain.plain import to_plain
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from domain.states import ENDED, OrderState, require_move
from flows.orders.differences import differences
from flows.orders.find import Placed, find_order, read_order
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.store import Ledger

# before anything is held or paid, an order can be changed or called off without asking anybody
UNCOMMITTED = frozenset({OrderState.DRAFT, OrderState.CONFIRMED, OrderState.PLANNED})


def place_order(
    ledger: Ledger, order: Order, on: date, *, draft: bool = False, entry: Entry | None = None
) -> Placed:
    """Record the order, once: the same order again changes nothing and returns what there is.

    KeyReusedError when its reference is recorded with other content. ``entry`` is what ``placing`` made of it
    before, taken if the order gets the name that was thought of.
    """
    with ledger.write() as transaction:
        return place_in(transaction, order, on, draft=draft, entry=entry)


def place_in(
    transaction: Transaction, order: Order, on: date, *, draft: bool = False, entry: Entry | None = None
) -> Placed:
    """As ``place_order``, within a transaction that others share: many orders in one commit."""
    known = same_reference(transaction, order)
    if known is not None:
        return _repeated(known, order)
    order_id = _free_id(transaction, order)
    if entry is None or entry.order != order_id:
        entry = placing(order_id, order, on, draft=draft)
    transaction.append(entry)
    return Placed(order_id, order, OrderState(entry.body["state"]), on)


def placing(order_id: str, order: Order, on: date, *, draft: bool = False) -> Entry:
    """What is recorded of a new order."""
    state = OrderState.DRAFT if draft else OrderState.CONFIRMED
    body = {"state": state.value, "order": to_plain(order)}
    return Entry(RecordKind.ORDER, RecordKey.order(order_id), on, order_id, body)


def _repeated(known: Placed, order: Order) -> Placed:
    found = differences(known.order, order)
    if not found:
        return replace(known, repeated=True)
    raise KeyReusedError(
        f"order {known.id} is recorded already with other content: {'; '.join(found)}",
        f"net order amend {known.id} changes it; a new order needs a reference of its own",
    )


def same_order(reading: Reading, order: Order) -> Placed | None:
    """The order as recorded before, or None; KeyReusedError when its reference has other content."""
    known = same_reference(reading, order)
    return None if known is None else _repeated(known, order)


def same_reference(reading: Reading, order: Order) -> Placed | None:
    """The order of the same buyer with the same reference."""
    for order_id in _names(order):
        known = read_order(reading, order_id)
        if known is None or known.order.buyer.name == order.buyer.name:
            return known
    return None  # pragma: no cover - the names never end


def _free_id(reading: Reading, order: Order) -> str:
    return next(name for name in _names(order) if reading.order_state(name) is None)


def _names(order: Order) -> Iterator[str]:
    """What the order may be called here: its reference, with its buyer, and numbered where spellings of one
    buyer's name come to the same."""
    yield order.reference
    named = _with_buyer(order)
    yield named
    yield from (f"{named}~{number}" for number in count(2))


def _with_buyer(order: Order) -> str:
    name = unicodedata.normalize("NFKC", order.buyer.name).lower()
    slug = re.sub(r"\W+", "-", name).strip("-")
    return f"{order.reference}~{slug}"


def amend_order(ledger: Ledger, order_id: str, changed: Order, on: date) -> Placed:
    """Record another version of the order; its plan, if any, no longer counts.

    StateError once slots are held or money is drawn: then others must agree first.
    """
    with ledger.write() as transaction:
        known = find_order(transaction, order_id)
        if not differences(known.order, changed):
            return replace(known, repeated=True)
        _require_uncommitted(known)
        after = OrderState.DRAFT if known.state is OrderState.DRAFT else OrderState.CONFIRMED
        if known.state is not OrderState.DRAFT:
            require_move(order_id, known.state, after)
        body = {
            "state": after.value,
            "order": to_plain(changed),
            "changes": differences(known.order, changed),
        }
        key = RecordKey.order_amended(order_id, known.revision + 1)
        transaction.append(Entry(RecordKind.ORDER_AMENDED, key, on, order_id, body))
    return Placed(order_id, changed, after, known.on, known.revision + 1)


def _require_uncommitted(known: Placed) -> None:
    if known.state in UNCOMMITTED:
        return
    if known.state in (OrderState.HELD, OrderState.RESERVED):
        way_out = f"net slot release {known.id} gives its slots back first (this may cost a fee)"
    elif known.state in ENDED:
        way_out = "place a new order"
    else:
        way_out = f"money is committed to it; net order cancel {known.id} shows what calling it off costs"
    raise StateError(f"order {known.id} is {known.state}: it can no longer be amended", way_out)


def confirm_order(ledger: Ledger, order_id: str, on: date) -> Placed:
    """A draft becomes an order that can be planned."""
    with ledger.write() as transaction:
        known = find_order(transaction, order_id)
        if known.state is OrderState.DRAFT:
            body = {"state": OrderState.CONFIRMED.value}
            transaction.append(
                Entry(RecordKind.ORDER_CONFIRMED, RecordKey.order_confirmed(order_id), on, order_id, body)
            )
        elif known.state is not OrderState.CONFIRMED:
            require_move(order_id, known.state, OrderState.CONFIRMED)
    return replace(known, state=OrderState.CONFIRMED)


def cancel_order(
    ledger: Ledger,
    order_id: str,
    on: date,
    reason: str = "",
    *,
    shortfall: Mapping[tuple[str, str], int] | None = None,
) -> Placed:
    """Call off an order for which nothing is held or drawn; the rest is for ``flows/deals/cancel.py``.

    ``shortfall`` is what it still owes for slots given back, by entity and currency: it is recorded with it.
    """
    with ledger.write() as transaction:
        known = find_order(transaction, order_id)
        if known.state is OrderState.CANCELLED:
            return replace(known, repeated=True)
        require_move(order_id, known.state, OrderState.CANCELLED)
        body: dict[str, Any] = {"state": OrderState.CANCELLED.value, "reason": reason}
        if shortfall:
            body["shortfall"] = [[party, code, str(minor)] for (party, code), minor in shortfall.items()]
        transaction.append(
            Entry(RecordKind.ORDER_CANCELLED, RecordKey.order_cancelled(order_id), on, order_id, body)
        )
    return replace(known, state=OrderState.CANCELLED)
