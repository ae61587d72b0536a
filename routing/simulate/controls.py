"""What theory says a waiting line must show: the exact figures that the simulation is held against.

``load`` is the offered load in erlangs, arrivals a unit of time times the mean service; times are in units of
the mean service. Formulas: H. C. Tijms, A First Course in Stochastic Models (2003), sections 5.1 and 5.2.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from domain.errors import UsageError


def erlang_b(load: float, servers: int) -> float:
    """P(an arrival finds all servers busy and is lost), by the stable recursion."""
    blocked = 1.0
    for many in range(1, servers + 1):
        blocked = load * blocked / (many + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    """P(an arrival must wait); 1 where the servers cannot keep up."""
    if load >= servers:
        return 1.0
    blocked = erlang_b(load, servers)
    return blocked / (1 - load / servers * (1 - blocked))


def least_servers(load: float, delay: float) -> int:
    """The fewest servers with P(wait) at most ``delay``."""
    if not 0 < delay < 1 or load <= 0:
        raise UsageError("the load must be above zero and the chance of a wait between 0 and 1")
    servers = math.floor(load) + 1
    while erlang_c(load, servers) > delay:
        servers += 1
    return servers


def mean_wait(load: float, servers: int = 1) -> float:
    """M/M/c: the mean wait before service, infinite where the servers cannot keep up."""
    if load >= servers:
        return math.inf
    return erlang_c(load, servers) / (servers - load)


def mean_wait_constant(use: float) -> float:
    """M/D/1: half of what M/M/1 waits (Pollaczek and Khinchine)."""
    return use / (2 * (1 - use)) if use < 1 else math.inf


def square_root_servers(load: float, delay: float) -> int:
    """The square-root law: load + k x sqrt(load), k from Halfin and Whitt (1981)."""
    low, high = 1e-9, 20.0
    while high - low > 1e-9:
        k = (low + high) / 2
        normal = NormalDist()
        low, high = (k, high) if 1 / (1 + k * normal.cdf(k) / normal.pdf(k)) > delay else (low, k)
    return math.ceil(load + high * math.sqrt(load))


def newsvendor(mean: float, spread: float, under: float, over: float) -> float:
    """The stock at which one more unit costs as much as it saves: normal demand, ``under`` and ``over`` the
    cost of a unit too few and a unit too many."""
    return NormalDist(mean, spread).inv_cdf(under / (under + over))


@dataclass(frozen=True, slots=True)
class Pooled:
    """``traders`` of one load each: the servers that they need alone and together."""

    traders: int
    load: float
    delay: float
    owned: int
    shared: int

    @property
    def saved(self) -> float:
        """The share of servers that sharing saves."""
        return 1 - self.shared / self.owned

    @property
    def use_owned(self) -> float:
        return self.traders * self.load / self.owned

    @property
    def use_shared(self) -> float:
        return self.traders * self.load / self.shared


def pooled(traders: int, load: float, delay: float) -> Pooled:
    """What sharing saves where every trader promises the same chance of a wait."""
    owned = traders * least_servers(load, delay)
    return Pooled(traders, load, delay, owned, least_servers(traders * load, delay))


def break_even_load(delay: float, premium: float, traders: int, *, most: float = 4_096.0) -> float | None:
    """The load from which a trader does better alone: sharing then saves less than the ``premium`` it costs.

    ``premium`` is the share of the capacity's cost that sharing adds: fees, distance, the other's margin.
    None where sharing is worth it up to ``most``. The saving falls with size, in small steps.
    """
    low, high = 0.5, most
    if pooled(traders, high, delay).saved > premium:
        return None
    while high / low > 1.01:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if pooled(traders, middle, delay).saved > premium else (low, middle)
    return high
