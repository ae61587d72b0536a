"""Waiting lines played many times: P(wait), mean wait, loss, fewest servers, each with its interval."""

from collections.abc import Iterator
from dataclasses import dataclass

from routing.simulate.controls import square_root_servers
from routing.simulate.intervals import Estimate, Running, smallest_near
from routing.simulate.queues import Stream, lost, stream, waits, waits_owned, waits_shared

LEVEL = 0.99
WARM_UP = 0.1
"""The part of each replication that is left out, since it begins with an empty line."""


@dataclass(frozen=True, slots=True)
class Runs:
    """How much is played: ``many`` arrivals in each of ``replications``, named by ``seed``."""

    many: int = 100_000
    replications: int = 20
    seed: int = 1

    def streams(self, load: float, traders: int = 1) -> Iterator[Stream]:
        """Each replication's stream, one at a time: memory stays flat."""
        for place in range(self.replications):
            yield stream(load, self.many, self.seed, place, traders=traders)


@dataclass(frozen=True, slots=True)
class LinePlayed:
    """What was seen of one line; waits in units of the mean service."""

    waiting: Estimate
    mean_wait: Estimate


def played(load: float, servers: int, runs: Runs = Runs()) -> LinePlayed:
    """M/M/c as played."""
    chance, wait = Running(), Running()
    for one in runs.streams(load):
        found = waits(one.arrivals, one.services, servers)[int(runs.many * WARM_UP) :]
        chance.add(float((found > 0).mean()))
        wait.add(float(found.mean()))
    return LinePlayed(chance.estimate(LEVEL), wait.estimate(LEVEL))


def played_loss(load: float, servers: int, runs: Runs = Runs()) -> Estimate:
    """The share of arrivals that find every server busy, as played: Erlang's B."""
    share = Running()
    for one in runs.streams(load):
        share.add(float(lost(one.arrivals, one.services, servers)[int(runs.many * WARM_UP) :].mean()))
    return share.estimate(LEVEL)


def played_least(load: float, delay: float, runs: Runs = Runs()) -> int:
    """The fewest servers with which the played share that waits is at most ``delay``.

    Every number of servers meets the same arrivals and services (common random numbers). The search begins at
    the square-root law's figure and goes on until one number fits and the one below does not.
    """

    def fits(servers: int) -> bool:
        return played(load, servers, runs).waiting.mean <= delay

    return smallest_near(fits, square_root_servers(load, delay), int(load) + 1)


@dataclass(frozen=True, slots=True)
class PooledPlay:
    """Owned and shared lines of the same stream: who waits, and how much longer alone (paired)."""

    owned: Estimate
    shared: Estimate
    longer: Estimate


def played_pooled(traders: int, load: float, owned: int, shared: int, runs: Runs = Runs()) -> PooledPlay:
    """``owned`` servers for each trader against ``shared`` for all; the difference is that of paired runs."""
    alone, together, longer = Running(), Running(), Running()
    first = int(runs.many * WARM_UP)
    for one in runs.streams(load, traders):
        own = waits_owned(one, owned, traders)[first:]
        all_ = waits_shared(one, shared)[first:]
        alone.add(float((own > 0).mean()))
        together.add(float((all_ > 0).mean()))
        longer.add(float(own.mean() - all_.mean()))
    return PooledPlay(alone.estimate(LEVEL), together.estimate(LEVEL), longer.estimate(LEVEL))
