"""What was stated of an order so that its plan goes no further by itself: somebody decides first."""

from collections.abc import Iterator

from finance.books.position import Position


def stops(position: Position) -> list[str]:
    """Each reason with its way out; empty while the plan goes on, and once all is delivered."""
    return [] if position.sales.complete else list(_stops(position))


def _stops(position: Position) -> Iterator[str]:
    order = position.contract.order
    if position.inspection_failed_on is not None:
        yield (
            f"the goods did not pass the inspection of {position.inspection_failed_on}: record the one that"
            f" they pass (net milestone record {order} inspection), or net order cancel {order}"
        )
    for booking in position.contract.bookings:
        account = position.accounts[booking.id]
        if account.failed and account.billed_share < 1:
            yield (
                f"{booking.id} has failed: net order replace {order} {booking.id} puts another in its place,"
                f" net order cancel {order} ends the order"
            )
