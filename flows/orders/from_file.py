"""Take in many orders from a file: each is recorded or refused with its reasons, and the rest goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from documents.orders.reading import Defects
from domain.errors import KeyReusedError
from domain.order import Order
from flows.orders.find import Placed
from flows.orders.place import place_in
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


def looked_at(found: Iterator[Order | Defects]) -> Iterator[TakenIn]:
    """What a file holds, without recording anything."""
    for item in found:
        if isinstance(item, Defects):
            yield TakenIn(item.reference, _place(item), None, tuple(map(str, item.defects)))
        else:
            yield TakenIn(item.reference, item.source)


def _place(item: Defects) -> str:
    return f"{item.defects[0].file}:{item.line}"
