"""What the shell completes besides commands and flags: orders, states, firms, lenders, products."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.desk.session import Session

MOST = 100
"""Names offered at once; a shell shows no more with profit."""


def _completing(found: "Callable[[Session, str], Iterable[str]]") -> Callable[[str], list[str]]:
    """A completion that opens the session in force, and offers nothing where that fails."""

    def complete(incomplete: str) -> list[str]:
        from domain.errors import NetError
        from flows.desk.session import Session

        try:
            with Session() as session:
                names = found(session, incomplete)
                return [name for name in names if name.startswith(incomplete)][:MOST]
        except NetError:
            return []

    return complete


def _orders(session: "Session", incomplete: str) -> Iterable[str]:
    return session.ledger.orders_beginning(incomplete, MOST)


def _firms(session: "Session", _incomplete: str) -> Iterable[str]:
    return [provider.id for provider in session.network.providers]


def _lenders(session: "Session", _incomplete: str) -> Iterable[str]:
    return [lender.id for lender in session.network.lenders]


def _products(session: "Session", _incomplete: str) -> Iterable[str]:
    return sorted({made.product for firm in session.network.providers for made in firm.products})


complete_order = _completing(_orders)
complete_firm = _completing(_firms)
complete_lender = _completing(_lenders)
complete_product = _completing(_products)


def complete_state(incomplete: str) -> list[str]:
    """The states of an order, in small letters as well."""
    from domain.states import OrderState

    return [state.value for state in OrderState if state.value.startswith(incomplete.upper())]
