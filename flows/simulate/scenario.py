"""What a person asks to simulate, made ready: which network, which orders, where owning begins to pay."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

from domain.network import Network
from domain.order import Order
from flows.desk.session import Session
from flows.simulate.arrangements import OWNED, SHARED
from flows.simulate.compare import Compared, Scenario
from flows.simulate.order_stream import OrderStream


def network_for(session: Session, file: Path | None) -> Network:
    """The network in the file, else the one in force."""
    if file is None:
        return session.network
    from config.network import load_network

    return load_network(file)


def without_limits(network: Network) -> Network:
    """The network with lenders that have no limit over all orders: capacity alone is scarce."""
    return replace(
        network,
        lenders=tuple(replace(one, limit_minor=None) for one in network.lenders),
        products=tuple(replace(one, limit_group="") for one in network.products),
        limits=(),
    )


def order_stream(
    session: Session,
    file: Path | None,
    from_ledger: bool,
    start: date | None,
    days: int,
    orders: int,
    traders: int,
    seed: int,
) -> OrderStream:
    """The stream drawn from the file's orders, or from those of the ledger."""
    patterns = tuple(_patterns(session, file, from_ledger))
    first = start or min((one.issued_on for one in patterns), default=session.on)
    return OrderStream(patterns, first, days, orders, traders, seed)


def _patterns(session: Session, file: Path | None, from_ledger: bool) -> Sequence[Order]:
    if from_ledger:
        from flows.orders.find import list_orders

        return [placed.order for placed in list_orders(session.ledger)]
    if file is None:
        return []
    from documents.orders.reading import Defects, stream

    found = []
    for one in stream(file):
        if isinstance(one, Defects):
            raise one.error()
        found.append(one)
    return found


def break_even(runs: Sequence[tuple[Scenario, Sequence[Compared]]]) -> float | None:
    """The orders of one trader from which it earns as much with capacity of its own as by sharing.

    Between two sizes that were played it lies where the difference crosses zero on a scale of logarithms;
    None where it does not cross.
    """
    points = []
    for scenario, found in runs:
        by_name = {one.name: one for one in found}
        if OWNED not in by_name or SHARED not in by_name:
            return None
        own, other = (by_name[name].measures["profit_trader"].mean for name in (OWNED, SHARED))
        size = scenario.stream.orders / scenario.stream.traders
        points.append((size, (own - other) / size))
    points.sort()
    for (size, gain), (next_size, next_gain) in pairwise(points):
        if gain < 0 <= next_gain:
            part = -gain / (next_gain - gain)
            return math.exp(math.log(size) + part * (math.log(next_size) - math.log(size)))
    return None
