"""The stream of orders that every arrangement meets: drawn from real orders, named by a seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from domain.errors import UsageError
from domain.order import Order


@dataclass(frozen=True, slots=True)
class OrderStream:
    """``orders`` a replication over ``days`` from ``start``, for ``traders``; each is one of the ``patterns``
    with all its dates moved. Seed and replication name the draw, so every arrangement meets the same
    orders."""

    patterns: tuple[Order, ...]
    start: date
    days: int
    orders: int
    traders: int
    seed: int

    def __post_init__(self) -> None:
        if not self.patterns:
            raise UsageError("there are no orders to draw from", "name a file, or give --from-ledger")
        if min(self.days, self.orders, self.traders) < 1:
            raise UsageError("days, orders and traders must be at least one")

    @property
    def last_day(self) -> date:
        """The last day for which any order can be due; the last day of orders where none has a due day."""
        ahead = [(one.due_on - one.issued_on).days for one in self.patterns if one.due_on]
        return self.start + timedelta(days=self.days - 1 + max(ahead, default=0))

    def draw(self, replication: int) -> Iterator[tuple[int, Order]]:
        """The trader and the order, by day."""
        # a text names the draw: the same on every machine and version of Python
        chance = random.Random(f"net simulate {self.seed} {replication}")
        days = sorted(chance.randrange(self.days) for _ in range(self.orders))
        for number, ahead in enumerate(days):
            pattern = self.patterns[chance.randrange(len(self.patterns))]
            trader = chance.randrange(self.traders)
            yield trader, moved(pattern, self.start + timedelta(days=ahead), f"{number + 1:05d}")


def moved(order: Order, day: date, number: str) -> Order:
    """The order as if it had been issued on ``day``, under a name of its own."""
    by = day - order.issued_on
    lines = tuple(replace(line, due_on=line.due_on + by) if line.due_on else line for line in order.lines)
    due = order.due_on + by if order.due_on else None
    return replace(order, reference=f"{order.reference}~{number}", issued_on=day, due_on=due, lines=lines)


def one_currency(orders: Sequence[Order]) -> str:
    """The currency of all of them; UsageError where there are several, since profits are summed."""
    found = sorted({order.currency for order in orders})
    if len(found) != 1:
        raise UsageError(f"the orders are in {', '.join(found)}", "simulate orders of one currency at a time")
    return found[0]
