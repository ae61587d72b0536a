"""Take in many orders from a file: each is recorded or refused with its reasons, and the rest goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from documents.orders.reading import Defects
from domain.errors import KeyReusedError
from domain.order import Order
from domain.states import OrderState
from flows.orders.find import Placed
from flows.orders.place import place_in, same_order
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.store import Ledger

GROUP = 200
"""Orders in one commit: what is yielded has been committed."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of one order of a file: ``placed``, or the reasons why it was not."""

    reference: str
    source: str
    placed: Placed | None = None
    reasons: tuple[str, ...] = ()


def take_in(
    ledger: Ledger, found: Iterator[Order | Defects], day_of: Callable[[Order], date]
) -> Iterator[TakenIn]:
    """Record every order of the stream; run again, it finds what is recorded and changes nothing."""
    while group := list(islice(found, GROUP)):
        with ledger.write() as transaction:
            taken = [_one(transaction, item, day_of) for item in group]
        yield from taken


def _one(transaction: Transaction, item: Order | Defects, day_of: Callable[[Order], date]) -> TakenIn:
    if isinstance(item, Defects):
        return TakenIn(item.reference, _place(item), None, tuple(map(str, item.defects)))
    try:
        return TakenIn(item.reference, item.source, place_in(transaction, item, day_of(item)))
    except KeyReusedError as error:
        return TakenIn(item.reference, item.source, None, (error.message,))


def looked_at(reading: Reading | None, found: Iterator[Order | Defects]) -> Iterator[TakenIn]:
    """What a file holds, without recording anything; orders that are known, in the ledger (where there is
    one) or earlier in the file, come with where they stand."""
    seen: set[int] = set()
    for item in found:
        if isinstance(item, Defects):
            yield TakenIn(item.reference, _place(item), None, tuple(map(str, item.defects)))
        else:
            yield _looked_at(reading, item, seen)


def _looked_at(reading: Reading | None, order: Order, seen: set[int]) -> TakenIn:
    try:
        known = same_order(reading, order) if reading is not None else None
    except KeyReusedError as error:
        return TakenIn(order.reference, order.source, None, (error.message,))
    mark = hash((order.reference, order.buyer.name))
    if known is None and mark in seen:
        known = Placed(order.reference, order, OrderState.CONFIRMED, order.issued_on, repeated=True)
    seen.add(mark)
    return TakenIn(order.reference, order.source, known)


def _place(item: Defects) -> str:
    return f"{item.defects[0].file}:{item.line}"
