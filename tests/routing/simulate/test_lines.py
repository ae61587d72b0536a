"""Waiting lines as played: a slow line by hand, the published table, the same numbers for the same seed."""

import numpy as np
import pytest

from routing.simulate.controls import erlang_b, erlang_c, mean_wait
from routing.simulate.intervals import Running, estimate, quantile, smallest, smallest_near, student
from routing.simulate.lines import Runs, played, played_least, played_loss, played_pooled
from routing.simulate.queues import lost, stream, waits, waits_owned, waits_shared
from tests.routing.simulate.test_controls import TABLE


def slow_waits(arrivals: list[float], services: list[float], servers: int) -> list[float]:
    """Minute by minute in the plainest way: a list of when each server is free."""
    free, found = [0.0] * servers, []
    for arrival, service in zip(arrivals, services, strict=True):
        first = min(range(servers), key=lambda one: free[one])
        begins = max(arrival, free[first])
        found.append(begins - arrival)
        free[first] = begins + service
    return found


@pytest.mark.parametrize("servers", [1, 2, 3, 7, 20])
def test_the_line_is_the_slow_line(servers: int) -> None:
    one = stream(servers * 0.95, 2_000, 5, 0)
    slow = slow_waits(one.arrivals.tolist(), one.services.tolist(), servers)
    assert waits(one.arrivals, one.services, servers).tolist() == slow


@pytest.mark.parametrize("servers", [1, 4])
def test_who_finds_all_servers_busy_goes_away(servers: int) -> None:
    one = stream(float(servers), 2_000, 6, 0)
    free, gone = [0.0] * servers, []
    for arrival, service in zip(one.arrivals.tolist(), one.services.tolist(), strict=True):
        first = min(range(servers), key=lambda each: free[each])
        gone.append(free[first] > arrival)
        if not gone[-1]:
            free[first] = arrival + service
    assert lost(one.arrivals, one.services, servers).tolist() == gone


def test_one_server_at_nine_tenths_waits_nine_within_its_interval() -> None:
    found = played(0.9, 1, Runs(400_000, 20, 1)).mean_wait
    assert found.holds(9.0)
    assert found.half < 0.3
    assert mean_wait(0.9) == pytest.approx(9.0)


def test_ten_servers_under_a_load_of_ten_lose_a_fifth_within_the_interval() -> None:
    found = played_loss(10, 10, Runs(100_000, 20, 2))
    assert found.holds(0.214582)
    assert found.half < 0.003
    assert erlang_b(10, 10) == pytest.approx(0.214582, abs=1e-6)


@pytest.mark.parametrize(("load", "delay", "servers"), [row for row in TABLE if row[0] <= 100])
def test_the_played_least_servers_are_the_published_ones(load: int, delay: float, servers: int) -> None:
    runs = Runs(100_000, 10, 3)
    assert abs(played_least(load, delay, runs) - servers) <= 1
    assert played(load, servers, runs).waiting.holds(erlang_c(load, servers))


@pytest.mark.slow
@pytest.mark.parametrize(("load", "delay", "servers"), [row for row in TABLE if row[0] > 100])
def test_the_played_least_servers_of_large_loads(load: int, delay: float, servers: int) -> None:
    runs = Runs(1_500 * load, 8, 3)
    assert abs(played_least(load, delay, runs) - servers) <= 1
    assert played(load, servers, runs).waiting.holds(erlang_c(load, servers))


def test_a_seed_and_a_replication_name_the_numbers() -> None:
    first, again = stream(5, 100, 7, 3, traders=4), stream(5, 100, 7, 3, traders=4)
    assert first.arrivals.tobytes() == again.arrivals.tobytes()
    assert first.services.tobytes() == again.services.tobytes()
    assert first.traders.tobytes() == again.traders.tobytes()
    for other in (stream(5, 100, 8, 3), stream(5, 100, 7, 4)):
        assert first.arrivals.tobytes() != other.arrivals.tobytes()


def test_owned_lines_are_each_traders_own() -> None:
    one = stream(3, 1_000, 1, 0, traders=4)
    found = waits_owned(one, 4, 4)
    for trader in range(4):
        own = one.traders == trader
        alone = slow_waits(one.arrivals[own].tolist(), one.services[own].tolist(), 4)
        assert found[own].tolist() == alone


def test_sharing_the_same_servers_never_makes_the_stream_wait_longer() -> None:
    """Paired runs of the same stream: sixteen with nine servers each, against all 144 together."""
    one = stream(5, 20_000, 2, 0, traders=16)
    assert waits_shared(one, 144).mean() < waits_owned(one, 9, 16).mean()
    found = played_pooled(16, 5, 9, 144, Runs(20_000, 8, 1))
    assert found.longer.low > 0


def test_ninety_four_shared_servers_keep_the_promise_of_144_owned_ones() -> None:
    found = played_pooled(16, 5, 9, 94, Runs(100_000, 10, 1))
    assert found.owned.holds(erlang_c(5, 9))
    assert found.shared.holds(erlang_c(80, 94))
    assert found.shared.mean < 0.11


@pytest.mark.parametrize(
    ("degrees", "level", "t"),
    [(1, 0.95, 12.7062), (4, 0.95, 2.7764), (10, 0.95, 2.2281), (19, 0.99, 2.8609), (199, 0.95, 1.9720)],
)
def test_students_quantiles_are_those_of_the_tables(degrees: int, level: float, t: float) -> None:
    assert student(degrees, level) == pytest.approx(t, abs=1e-4)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    draw = np.random.default_rng(1)
    hits = sum(estimate(draw.normal(3, 2, 8).tolist(), 0.9).holds(3) for _ in range(2_000))
    assert 0.88 <= hits / 2_000 <= 0.92


def test_running_is_the_mean_and_the_spread() -> None:
    running = Running()
    values = [3.0, 1.0, 4.0, 1.0, 5.0]
    for value in values:
        running.add(value)
    assert running.mean == pytest.approx(np.mean(values))
    assert running.variance == pytest.approx(np.var(values, ddof=1))
    assert (running.least, running.most) == (1.0, 5.0)


def test_one_replication_alone_tells_no_spread() -> None:
    assert estimate([3.0]).half == float("inf")


def test_quantile_and_smallest_by_hand() -> None:
    assert [quantile([4, 1, 3, 2], level) for level in (0.05, 0.5, 0.75, 0.95)] == [1, 2, 3, 4]
    assert smallest(lambda one: one >= 7, 0, 100) == 7
    assert smallest(lambda _: False, 0, 9) == 9
    for guess in (1, 6, 7, 8, 50):
        assert smallest_near(lambda one: one >= 7, guess, 1) == 7
    assert smallest_near(lambda one: one >= 1, 9, 1) == 1
