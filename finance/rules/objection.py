"""Why a fact is not taken: the case that is judged, and what is said against it."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.money import format_minor
from domain.states import OrderState
from finance.agreed.contract import Condition
from finance.agreed.facts import Fact
from finance.books.position import Position

NOT_YET = frozenset({OrderState.DRAFT, OrderState.CONFIRMED, OrderState.PLANNED, OrderState.HELD})
"""States of an order in which nothing is reserved."""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a fact is refused, and what would change that."""

    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the books alone do not know: the order's state in the ledger, its cash as it really is, and
    which conditions are met there (no second finance)."""

    state: OrderState
    cash: int
    met: frozenset[Condition] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """A fact that somebody states, the books as they stood before it, and what is around them."""

    position: Position
    fact: Fact
    around: Circumstances


def money(position: Position, amount_minor: int, currency: str = "") -> str:
    """An amount for people, with its currency; the order's where none is named."""
    currency = currency or position.contract.currency
    return f"{format_minor(amount_minor, currency, grouped=True)} {currency}"


def amount_needed(fact: Fact) -> Iterable[Objection]:
    if (fact.minor("amount") or 0) <= 0 and fact.number("quantity") is None:
        yield Objection("an amount above zero is needed", "give the amount")


def its_bookings(position: Position) -> str:
    return f"its bookings are: {', '.join(position.accounts)}"
