"""The waiting line itself, compiled: whoever comes takes the server that is free first.

Kiefer and Wolfowitz: a heap of the times at which the servers are free next. An arrival waits for the
earliest of them. Times are floats in any one unit; arrivals never fall.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.solvers.compiled import compiled

Floats = npt.NDArray[np.float64]


@compiled()
def _sink(free: Floats, value: float) -> None:
    """Put ``value`` in the place of the heap's least."""
    many, place = free.shape[0], 0
    while True:
        below = 2 * place + 1
        if below >= many:
            break
        if below + 1 < many and free[below + 1] < free[below]:
            below += 1
        if free[below] >= value:
            break
        free[place] = free[below]
        place = below
    free[place] = value


@compiled()
def waits(arrivals: Floats, services: Floats, servers: int) -> Floats:
    """How long each arrival waits for one of ``servers``, first come first served."""
    free = np.zeros(servers)
    found = np.empty(arrivals.shape[0])
    for place in range(arrivals.shape[0]):
        begins = max(arrivals[place], free[0])
        found[place] = begins - arrivals[place]
        _sink(free, begins + services[place])
    return found


@compiled()
def lost(arrivals: Floats, services: Floats, servers: int) -> npt.NDArray[np.bool_]:
    """Which arrivals go away because all servers are busy (nobody waits)."""
    free = np.zeros(servers)
    found = np.zeros(arrivals.shape[0], dtype=np.bool_)
    for place in range(arrivals.shape[0]):
        if free[0] > arrivals[place]:
            found[place] = True
        else:
            _sink(free, arrivals[place] + services[place])
    return found


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of arrivals with the service that each needs; the same for every arrangement compared."""

    arrivals: Floats
    services: Floats
    traders: npt.NDArray[np.int64]


def stream(load: float, many: int, seed: int, replication: int, *, traders: int = 1) -> Stream:
    """Poisson arrivals of ``traders`` with ``load`` each, exponential services of mean one.

    Seed and replication name the stream: the same two give the same numbers.
    """
    draw = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, replication])))
    arrivals = np.cumsum(draw.exponential(1.0 / (load * traders), many))
    return Stream(arrivals, draw.exponential(1.0, many), draw.integers(0, traders, many))


def waits_shared(one: Stream, servers: int) -> Floats:
    """Everybody's arrivals before one line."""
    return waits(one.arrivals, one.services, servers)


def waits_owned(one: Stream, servers: int, traders: int) -> Floats:
    """Each trader's arrivals before a line of its own, with ``servers`` each; in the order of the stream."""
    found = np.empty(one.arrivals.shape[0])
    for trader in range(traders):
        own = np.flatnonzero(one.traders == trader)
        found[own] = waits(one.arrivals[own], one.services[own], servers)
    return found
