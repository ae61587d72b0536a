"""The least capacity with which an arrangement serves a share of the orders: what sharing saves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from domain.network import FACTORY, Network
from flows.firms.resources import resources
from flows.simulate.arrangements import Arrangement, scaled
from flows.simulate.compare import Scenario, compare
from routing.simulate.intervals import smallest

STEP = Fraction(1, 8)
MOST = 64
"""Steps that are tried at most: eight times the capacity there is."""


@dataclass(frozen=True, slots=True)
class Needed:
    """The least multiple of the capacity there is, in steps of an eighth, and the units a day of factories
    that it comes to; None where even eight times as much serves too few."""

    name: str
    scale: Fraction | None
    units_a_day: int | None


def least_capacities(
    scenario: Scenario, network: Network, sides: Sequence[Callable[[Network], Arrangement]], level: Fraction
) -> list[Needed]:
    """For each arrangement (made from a network) the least capacity that serves ``level`` of the orders.

    The same orders are played at each capacity.
    """
    return [_least(scenario, network, side, level) for side in sides]


def _least(
    scenario: Scenario, network: Network, side: Callable[[Network], Arrangement], level: Fraction
) -> Needed:
    def serves(steps: int) -> bool:
        one = replace(scenario, arrangements=(side(scaled(network, steps * STEP)),))
        return compare(one, network)[0].measures["served"].mean >= float(level)

    name = side(network).name
    steps = smallest(serves, 1, MOST + 1)
    if steps > MOST:
        return Needed(name, None, None)
    return Needed(name, steps * STEP, factory_units(scaled(network, steps * STEP)))


def factory_units(network: Network) -> int:
    """Units that all factories make on a working day; products of one line count once."""
    return sum(one.capacity for one in resources(network) if one.kind == FACTORY)
