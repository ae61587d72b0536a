"""One open write: everything in it is one atomic, durable, signed commit.

Every verb appends a record; the database derives the rest (legs, balances, slots, holds) from the record's
own bytes. So whatever the ledger knows is in the tree that ``verify`` recomputes.
"""

from collections.abc import Callable

from ledger.book.appending import Clock, new_record, require_free_kind
from ledger.book.calls import Calls
from ledger.book.capacity import Capacity

__all__ = ["Clock", "FirstRecords", "Transaction", "new_record", "require_free_kind"]


class Transaction(Capacity, Calls):
    """Use it through ``with ledger.write() as transaction``."""


FirstRecords = Callable[[Transaction], None]
