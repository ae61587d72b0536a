"""Close a paid order: what is left in its loop goes to the trader."""

from datetime import date
from typing import TYPE_CHECKING

from finance.agreed.facts import FactKind
from flows.books.record import Recorded, record_fact

if TYPE_CHECKING:
    from ledger.store import Ledger


def settle(ledger: "Ledger", order: str, on: date, *, by: str = "", dry_run: bool = False) -> Recorded:
    """Pay the trader what is left and close the order; RefusedError while anybody is still owed."""
    return record_fact(ledger, order, FactKind.SETTLED, on, {}, by=by, dry_run=dry_run)
