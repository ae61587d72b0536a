"""Call an order off at any state: fees that are due, prepayments claimed back, holds and claims released."""

from collections.abc import Mapping
from dataclasses import replace

from domain.errors import UsageError
from domain.states import OrderState
from finance.agreed.facts import FactKind
from flows.books.record import Recorded, record_fact
from flows.deals.unreserve import UNMOVED, withdraw
from flows.firms.connected import Firms
from flows.firms.given_back import shortfall
from flows.firms.operation import current_reservation
from flows.orders.find import Placed, find_order
from flows.orders.place import UNCOMMITTED, cancel_order
from flows.orders.statement import Statement
from flows.slots.release import release
from ledger.store import Ledger


def call_off(
    ledger: Ledger,
    order_id: str,
    stated: Statement,
    *,
    firms: Firms | None = None,
    fees: Mapping[str, int] | None = None,
    dry_run: bool = False,
) -> Placed | Recorded:
    """Cancel the order: at no cost while nothing is committed, else at the providers' cancellation terms.

    With ``firms``, bookings at other firms are cancelled there too. ``fees`` are what providers ask
    instead of their terms, by booking, in minor units. StateError once the goods are delivered: then a
    credit note or a settlement ends it.
    """
    known = find_order(ledger, order_id)
    if known.state in UNCOMMITTED or known.state is OrderState.CANCELLED:
        return known if dry_run else _end_uncommitted(ledger, firms, known, stated)
    if known.state is OrderState.HELD:
        return known if dry_run else _release(ledger, firms, known, stated)
    data: dict[str, object] = {}
    if fees:
        data["fees"] = {name: str(amount) for name, amount in fees.items()}
    recorded = record_fact(ledger, known.id, FactKind.CANCELLED, stated, data, dry_run=dry_run)
    if firms is not None and not dry_run:
        release(ledger, firms, known.id, stated.on, reason="cancelled")
    return recorded


def _end_uncommitted(ledger: Ledger, firms: Firms | None, known: Placed, stated: Statement) -> Placed:
    """Nothing is booked; but offers may be accepted, and firms may be asked or hold something already."""
    if known.state is OrderState.CANCELLED:
        return cancel_order(ledger, known.id, stated.on, stated.evidence)
    with ledger.write() as transaction:
        withdraw(transaction, known, stated.on, unmoved=UNMOVED | {FactKind.CONFIRMATION})
    asked = ledger.has_key(current_reservation(ledger, known.id).asked(0))
    if asked or any(hold.live for hold in ledger.holds(known.id)):
        return _release(ledger, firms, known, stated)
    owed = shortfall(ledger, known.id)
    return cancel_order(ledger, known.id, stated.on, stated.evidence, shortfall=owed)


def _release(ledger: Ledger, firms: Firms | None, known: Placed, stated: Statement) -> Placed:
    """Give back what is held; nobody has lent or booked anything yet."""
    if firms is None:
        raise UsageError(
            "giving back holds needs the firms of the network", "name the network file: --config"
        )
    cancelled = OrderState.CANCELLED
    reason = stated.evidence or "cancelled"
    release(ledger, firms, known.id, stated.on, state=cancelled.value, reason=reason)
    return replace(known, state=cancelled)
