"""A many-orders problem as it stands in outside tables: exact decimals, nothing scaled yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TableChoice:
    """Serving the whole order from one provider; ``amount`` is what it takes of the provider's capacity."""

    provider: str
    cost: Decimal
    amount: Decimal
    parts: Mapping[str, Decimal]
    """The cost by kind: ``provider`` and ``freight``."""


@dataclass(frozen=True, slots=True)
class TableOrder:
    """``refusals`` counts the providers each rule took; orders of one ``group`` go to one provider."""

    name: str
    choices: Sequence[TableChoice]
    quantity: Decimal
    refusals: Mapping[str, int]
    group: str = ""


@dataclass(frozen=True, slots=True)
class TableProvider:
    name: str
    capacity: Decimal
    fixed_cost: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class RoutingCase:
    """``objective`` is ``least-cost``, ``most-served`` or ``most-profit``, where a cost is what it earns.

    An order left out costs the penalty; without one, or with ``all_served``, none may be left out except
    for profit or to serve the most others. Capacities count ``times``; 0 stands for the smallest number that
    serves all.
    """

    name: str
    objective: str
    orders: Sequence[TableOrder]
    providers: Sequence[TableProvider]
    splittable: bool
    times: int
    penalty: Decimal | None
    all_served: bool
