"""How fast a simulation is: the waiting line against SimPy, the planner against `net plan`, memory.

``python bench/waiting_lines.py line`` needs SimPy (``pip install simpy``). ``planner`` and ``memory`` do not.
"""

import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import flows.simulate.play as playing
from config.network import load_network
from documents.orders.reading import stream as read_orders
from domain.network import Policy
from domain.order import Order
from flows.plans.availability import LedgerAvailability
from flows.simulate.arrangements import scaled, shared
from flows.simulate.compare import Costs, Scenario, compare
from flows.simulate.order_stream import OrderStream
from routing.simulate.queues import stream, waits

EXAMPLES = Path(__file__).resolve().parent.parent / "examples" / "simulate"


def by_simpy(arrivals: Any, services: Any, servers: int) -> list[float]:
    """The same line as a hand-written SimPy model: one process for each arrival."""
    import simpy

    environment = simpy.Environment()
    slots = simpy.Resource(environment, servers)
    found: list[float] = []

    def customer(service: float) -> Iterator[Any]:
        came = environment.now
        with slots.request() as request:
            yield request
            found.append(environment.now - came)
            yield environment.timeout(service)

    def arrive() -> Iterator[Any]:
        for arrival, service in zip(arrivals, services, strict=True):
            yield environment.timeout(arrival - environment.now)
            environment.process(customer(service))

    environment.process(arrive())
    environment.run()
    return found


def line(many: int = 100_000, load: float = 80.0, servers: int = 94) -> None:
    waits(stream(load, 10, 1, 0).arrivals, stream(load, 10, 1, 0).services, servers)  # compiled once
    started = time.process_time()
    one = stream(load, many, 1, 0)
    mine = waits(one.arrivals, one.services, servers)
    own = time.process_time() - started
    started = time.process_time()
    theirs = by_simpy(one.arrivals, one.services, servers)
    simpy_took = time.process_time() - started
    assert abs(float(mine.mean()) - sum(theirs) / len(theirs)) < 1e-6
    print(
        f"{many:,} arrivals, {servers} slots: {own:.4f} s, SimPy {simpy_took:.3f} s: {simpy_took / own:.0f} x"
    )


def planner(orders: int = 10_000, days: int = 360, whole: bool = False) -> None:
    """A year of orders, against planning the same orders on the same states of the calendar: in brief, as a
    batch does, and whole, as `net plan` does, which takes minutes for 10,000."""
    network = load_network(EXAMPLES / "network.toml")
    network = scaled(network, Fraction(orders, days) * Fraction(3, 5))
    took = {"brief": 0.0} | ({"net plan": 0.0} if whole else {})
    choose = playing.choose
    inside = [0.0]

    def timed(situation: Any, **given: Any) -> Any:
        began = time.process_time()
        for name, more in (("brief", given), ("net plan", {})):
            if name == "brief" or whole:
                started = time.process_time()
                choose(replace(situation, free=LedgerAvailability(situation.free._reading)), **more)
                took[name] += time.process_time() - started
        inside[0] += time.process_time() - began
        return choose(situation, **given)

    playing.choose = timed
    one = OrderStream(_patterns(), date(2026, 3, 2), days, orders, 1, 1)
    started = time.process_time()
    (found,) = compare(Scenario((shared(network, 1),), one, Policy(), Costs(), 1), network)
    total = time.process_time() - started - inside[0]
    playing.choose = choose
    print(f"{orders:,} orders, {found.measures['served'].mean:.1%} served: {total:.1f} s of processor time")
    for name, seconds in took.items():
        print(f"  planning alone, {name}: {seconds:.1f} s: {total / seconds:.2f} x")


def memory(orders: int = 100) -> None:
    network = load_network(EXAMPLES / "network.toml")
    for replications in (10, 200):
        one = OrderStream(_patterns(), date(2026, 3, 2), 90, orders, 1, 1)
        compare(Scenario((shared(network, 1),), one, Policy(), Costs(), replications), network)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{replications} replications of {orders} orders: {peak:.1f} MiB at most")


def _patterns() -> tuple[Order, ...]:
    return tuple(one for one in read_orders(EXAMPLES / "orders.jsonl") if isinstance(one, Order))


if __name__ == "__main__":
    if sys.argv[1] == "planner":
        planner(int(sys.argv[2]) if len(sys.argv) > 2 else 10_000, whole="--whole" in sys.argv)
    else:
        {"line": line, "memory": memory}[sys.argv[1]]()
