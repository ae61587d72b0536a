"""The states of an order and the one explicit set of pairs that an order may move along."""

from enum import StrEnum

from domain.errors import StateError


class OrderState(StrEnum):
    DRAFT = "DRAFT"
    CONFIRMED = "CONFIRMED"
    PLANNED = "PLANNED"
    HELD = "HELD"
    RESERVED = "RESERVED"
    FUNDED = "FUNDED"
    PRODUCING = "PRODUCING"
    INSPECTED = "INSPECTED"
    DELIVERED = "DELIVERED"
    TAKEN_OUT = "TAKEN_OUT"
    PAID = "PAID"
    SETTLED = "SETTLED"
    CANCELLED = "CANCELLED"
    DISPUTED = "DISPUTED"
    DEFAULTED = "DEFAULTED"


S = OrderState

# Forward along the trade; back only where nothing is committed yet (an amended order is planned
# again, a failed reservation releases its holds); a dispute ends in payment, default or cancellation.
TRANSITIONS: frozenset[tuple[OrderState, OrderState]] = frozenset(
    {
        (S.DRAFT, S.CONFIRMED),
        (S.CONFIRMED, S.CONFIRMED),
        (S.CONFIRMED, S.PLANNED),
        (S.PLANNED, S.PLANNED),
        (S.PLANNED, S.CONFIRMED),
        (S.PLANNED, S.HELD),
        (S.HELD, S.PLANNED),
        (S.HELD, S.CONFIRMED),
        (S.HELD, S.RESERVED),
        (S.RESERVED, S.CONFIRMED),
        (S.RESERVED, S.FUNDED),
        (S.RESERVED, S.PRODUCING),
        (S.FUNDED, S.PRODUCING),
        (S.PRODUCING, S.INSPECTED),
        (S.PRODUCING, S.DELIVERED),
        (S.FUNDED, S.INSPECTED),
        (S.FUNDED, S.DELIVERED),
        (S.INSPECTED, S.DELIVERED),
        (S.DELIVERED, S.TAKEN_OUT),
        (S.DELIVERED, S.PAID),
        (S.TAKEN_OUT, S.PAID),
        (S.PAID, S.SETTLED),
        (S.DELIVERED, S.DISPUTED),
        (S.TAKEN_OUT, S.DISPUTED),
        (S.DISPUTED, S.DELIVERED),
        (S.DISPUTED, S.TAKEN_OUT),
        (S.DISPUTED, S.PAID),
        (S.DISPUTED, S.DEFAULTED),
        (S.FUNDED, S.DEFAULTED),
        (S.PRODUCING, S.DEFAULTED),
        (S.INSPECTED, S.DEFAULTED),
        (S.DELIVERED, S.DEFAULTED),
        (S.TAKEN_OUT, S.DEFAULTED),
        (S.DEFAULTED, S.PAID),
        (S.DEFAULTED, S.SETTLED),
        (S.DRAFT, S.CANCELLED),
        (S.CONFIRMED, S.CANCELLED),
        (S.PLANNED, S.CANCELLED),
        (S.HELD, S.CANCELLED),
        (S.RESERVED, S.CANCELLED),
        (S.FUNDED, S.CANCELLED),
        (S.PRODUCING, S.CANCELLED),
        (S.INSPECTED, S.CANCELLED),
    }
)

ENDED: frozenset[OrderState] = frozenset({S.SETTLED, S.CANCELLED})


def may_move(before: OrderState, after: OrderState) -> bool:
    return (before, after) in TRANSITIONS


def require_move(order: str, before: OrderState, after: OrderState) -> None:
    """StateError, naming what the state does allow, unless the pair is in the set."""
    if may_move(before, after):
        return
    allowed = sorted(later for earlier, later in TRANSITIONS if earlier is before)
    way_out = f"from {before} it can go to: {', '.join(allowed)}" if allowed else f"{before} is final"
    raise StateError(f"order {order} is {before} and cannot become {after}", way_out)
