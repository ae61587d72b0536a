"""Arrangements compared: the same orders met by each, many times, with what comes out and how surely."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from domain.network import FACTORY, Network, Policy
from flows.firms.resources import resources
from flows.many.workers import in_order
from flows.simulate.arrangements import Arrangement
from flows.simulate.order_stream import OrderStream
from flows.simulate.play import Replication, factory_room, play
from ledger.store import Ledger, create_ledger
from routing.simulate.intervals import Estimate, Running, quantile
from trust.keys import load_or_create_actor

YEAR = 365


@dataclass(frozen=True, slots=True)
class Costs:
    """``margin`` is what providers earn above cost, of their net price; ``capital_rate`` what a year of
    capital costs; ``assets`` the capital in a capacity, in years of its full output at list prices."""

    margin: Fraction = Fraction(15, 100)
    capital_rate: Fraction = Fraction(10, 100)
    assets: Fraction = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is compared: the arrangements, the orders they meet, and how often."""

    arrangements: tuple[Arrangement, ...]
    stream: OrderStream
    policy: Policy
    costs: Costs
    replications: int
    workers: int = 1


@dataclass(slots=True)
class Compared:
    """One arrangement over all replications: estimates by measure, and the difference to the first one.

    Differences are of paired replications: the same orders met by both.
    """

    name: str
    measures: Mapping[str, Estimate]
    against: Mapping[str, Estimate]
    profits: tuple[float, ...]
    refused: Mapping[str, int]

    def profit_at(self, level: float) -> float:
        """The chain's profit that a share ``level`` of the replications does not exceed."""
        return quantile(self.profits, level)


MEASURES = (
    "served",
    "lead_days",
    "use",
    "capital",
    "profit",
    "profit_trader",
    "profit_providers",
    "profit_lenders",
    "profit_network",
    "return_on_capital",
)


def measures_of(found: Replication, fixed_minor: int, owns: bool, scenario: Scenario) -> dict[str, float]:
    """The measures of one replication; profits in minor units over the time simulated, after capital.

    The capital of a capacity is its owner's, and its cost is taken off its owner's profit. Lenders'
    money out on an average day is capital too, paid for by what lenders earn.
    """
    costs, days = scenario.costs, scenario.stream.days
    cost_of_capital = float(costs.capital_rate) * fixed_minor * days / YEAR
    margin = 0.0 if owns else float(costs.margin) * found.provider_minor
    trader = found.trader_minor - (cost_of_capital if owns else 0.0)
    providers = 0.0 if owns else margin - cost_of_capital
    capital = fixed_minor + found.lent / days
    earned = found.trader_minor + margin + found.lender_minor + found.network_minor
    return {
        "served": found.served / found.orders if found.orders else 0.0,
        "lead_days": found.lead_days / found.served if found.served else 0.0,
        "use": found.made / found.room if found.room else 0.0,
        "capital": capital,
        "profit": earned - cost_of_capital,
        "profit_trader": trader / scenario.stream.traders,
        "profit_providers": providers,
        "profit_lenders": float(found.lender_minor),
        "profit_network": float(found.network_minor),
        "return_on_capital": earned * YEAR / days / capital if capital else 0.0,
    }


def fixed_capital(network: Network, costs: Costs, working_days: int = 250) -> int:
    """What factories' capacity is worth, in minor units: ``assets`` years of full output at list prices."""
    total = Fraction(0)
    for one in resources(network):
        provider = network.provider(one.provider)
        if one.kind != FACTORY or provider is None:
            continue
        dearest = max(
            (
                product.unit_price
                for product in provider.products
                if one.name in (product.line, product.product)
            ),
            default=None,
        )
        if dearest is not None:
            total += one.capacity * working_days * Fraction(dearest) * 100 * costs.assets
    return round(total)


def compare(scenario: Scenario, network: Network) -> list[Compared]:
    """Every arrangement over all replications; ``network`` has the list prices that value the capacity."""
    fixed = fixed_capital(network, scenario.costs)
    sums = [_Sum(one.name) for one in scenario.arrangements]
    for row in replicate(scenario):
        first: dict[str, float] = {}
        for arrangement, found, total in zip(scenario.arrangements, row, sums, strict=True):
            measures = measures_of(found, fixed, arrangement.owns, scenario)
            first = first or measures
            total.add(measures, first, found)
    return [total.compared() for total in sums]


class _Sum:
    def __init__(self, name: str) -> None:
        self.name = name
        self.own = {measure: Running() for measure in MEASURES}
        self.other = {measure: Running() for measure in MEASURES}
        self.profits: list[float] = []
        self.refused: dict[str, int] = {}

    def add(self, measures: Mapping[str, float], first: Mapping[str, float], found: Replication) -> None:
        for name, value in measures.items():
            self.own[name].add(value)
            self.other[name].add(value - first[name])
        self.profits.append(measures["profit"])
        for reason, many in found.refused.items():
            self.refused[reason] = self.refused.get(reason, 0) + many

    def compared(self) -> Compared:
        return Compared(
            self.name,
            {name: one.estimate() for name, one in self.own.items()},
            {name: one.estimate() for name, one in self.other.items()},
            tuple(self.profits),
            dict(sorted(self.refused.items())),
        )


def replicate(scenario: Scenario) -> Iterator[list[Replication]]:
    """Each replication in turn: what every arrangement made of the same orders.

    Replications run in several processes; each has a scratch ledger of its own, of which nothing stays.
    """
    scratch = Path(tempfile.mkdtemp(prefix="net-simulate-"))
    try:
        yield from in_order(
            range(scenario.replications),
            _replication,
            workers=min(scenario.workers, scenario.replications),
            begin=_begin,
            given=(scenario, scratch),
        )
    finally:
        _end()
        shutil.rmtree(scratch, ignore_errors=True)


@dataclass
class _Worker:
    scenario: Scenario
    ledger: Ledger
    rooms: list[int]


_worker: list[_Worker] = []


def _begin(scenario: Scenario, scratch: Path) -> None:
    folder = scratch / str(os.getpid())
    folder.mkdir(exist_ok=True)
    ledger = create_ledger(
        folder / "calendar.db", practice=True, actor=load_or_create_actor("simulation", folder / "key.pem")
    )
    stream = scenario.stream
    rooms = [factory_room(one, stream.start, stream.last_day) for one in scenario.arrangements]
    _worker[:] = [_Worker(scenario, ledger, rooms)]


def _end() -> None:
    while _worker:
        _worker.pop().ledger.close()


def _replication(number: int) -> list[Replication]:
    worker = _worker[0]
    found = []
    for arrangement, room in zip(worker.scenario.arrangements, worker.rooms, strict=True):
        orders = worker.scenario.stream.draw(number)
        one = play(worker.ledger, arrangement, worker.scenario.policy, orders)
        one.room = room
        found.append(one)
    return found


def all_cores() -> int:
    """How many processes may run at once here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
