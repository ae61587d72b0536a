"""Erlang's formulas and their kin, against sums of their definitions and published figures."""

import csv
import math
from fractions import Fraction
from pathlib import Path

import pytest

from domain.errors import UsageError
from routing.simulate.controls import (
    break_even_load,
    erlang_b,
    erlang_c,
    least_servers,
    mean_wait,
    mean_wait_constant,
    newsvendor,
    pooled,
    square_root_servers,
)

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "queueing"
TABLE = [  # load, share that waits, least servers: H. C. Tijms (2003), table 5.3.2, exact values
    (1, 0.5, 2), (1, 0.2, 3), (1, 0.1, 3), (5, 0.5, 7), (5, 0.2, 8), (5, 0.1, 9),
    (10, 0.5, 12), (10, 0.2, 14), (10, 0.1, 16), (50, 0.5, 54), (50, 0.2, 58), (50, 0.1, 61),
    (100, 0.5, 106), (100, 0.2, 111), (100, 0.1, 115), (250, 0.5, 259), (250, 0.2, 268), (250, 0.1, 274),
    (500, 0.5, 512), (500, 0.2, 525), (500, 0.1, 533), (1000, 0.5, 1017), (1000, 0.2, 1034), (1000, 0.1,
    1046),
]  # fmt: skip


def exact_b(load: int, servers: int) -> Fraction:
    """The definition: the last term of a truncated exponential series over their sum."""
    terms = [Fraction(load) ** many / math.factorial(many) for many in range(servers + 1)]
    return terms[-1] / sum(terms)


def exact_c(load: int, servers: int) -> Fraction:
    last = Fraction(load) ** servers / math.factorial(servers) * Fraction(servers, servers - load)
    return last / (sum(Fraction(load) ** many / math.factorial(many) for many in range(servers)) + last)


@pytest.mark.parametrize(("load", "servers"), [(1, 1), (5, 5), (10, 10), (10, 15), (50, 50)])
def test_erlang_b_is_the_definition(load: int, servers: int) -> None:
    assert erlang_b(load, servers) == pytest.approx(float(exact_b(load, servers)), abs=1e-12)


def test_erlang_b_of_ten_and_ten() -> None:
    assert round(erlang_b(10, 10), 6) == 0.214582


@pytest.mark.parametrize(("load", "servers"), [(1, 2), (5, 9), (10, 12), (50, 61)])
def test_erlang_c_is_the_definition(load: int, servers: int) -> None:
    assert erlang_c(load, servers) == pytest.approx(float(exact_c(load, servers)), abs=1e-12)


@pytest.mark.parametrize(("load", "delay", "servers"), TABLE)
def test_the_published_least_servers(load: int, delay: float, servers: int) -> None:
    assert least_servers(load, delay) == servers
    assert abs(square_root_servers(load, delay) - servers) <= 1


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not beside the checkout")
def test_the_probabilities_beside_the_published_table() -> None:
    with (DATA / "erlang_c_least_servers.csv").open() as file:
        for row in csv.DictReader(file):
            load, servers = float(row["offered_load_erlang"]), int(row["least_servers"])
            assert erlang_c(load, servers) == pytest.approx(
                float(row["delay_probability_at_least_servers"]), abs=1e-9
            )
    with (DATA / "controls.csv").open() as file:
        for row in csv.DictReader(file):
            given = dict(part.split("=") for part in row["parameters"].split(";"))
            known = {
                "erlang_b": lambda g: erlang_b(float(g["load"]), int(g["servers"])),
                "mm1_mean_wait_in_queue_in_units_of_mean_service": lambda g: mean_wait(float(g["rho"])),
                "md1_mean_wait_in_queue_in_units_of_service": lambda g: mean_wait_constant(float(g["rho"])),
            }.get(row["quantity"])
            if known is not None:
                assert known(given) == pytest.approx(float(row["value"]), abs=1e-9)


def test_one_server_at_nine_tenths_waits_nine() -> None:
    assert mean_wait(0.9) == pytest.approx(9.0)
    assert mean_wait_constant(0.9) == pytest.approx(4.5)


def test_what_cannot_keep_up_waits_for_ever() -> None:
    assert mean_wait(2.0, 2) == math.inf
    assert erlang_c(3, 2) == 1.0
    assert mean_wait_constant(1.0) == math.inf


def test_sixteen_small_traders_save_a_third_and_two_large_ones_four_percent() -> None:
    small, large = pooled(16, 5, 0.1), pooled(2, 100, 0.1)
    assert (small.owned, small.shared) == (144, 94)
    assert round(small.saved, 3) == 0.347
    assert (round(small.use_owned, 3), round(small.use_shared, 3)) == (0.556, 0.851)
    assert (large.owned, large.shared) == (230, 221)
    assert round(large.saved, 3) == 0.039


def test_owning_pays_from_the_size_at_which_sharing_saves_less_than_it_costs() -> None:
    even = break_even_load(0.1, 0.10, 16)
    assert even is not None
    assert pooled(16, even * 1.3, 0.1).saved < 0.10 < pooled(16, even / 1.3, 0.1).saved
    assert break_even_load(0.1, 0.0001, 16) is None


def test_newsvendor_of_equal_costs_is_the_mean() -> None:
    assert newsvendor(100, 20, 5, 5) == pytest.approx(100)
    assert newsvendor(100, 20, 9, 1) == pytest.approx(125.63, abs=0.01)


def test_a_load_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError):
        least_servers(0, 0.1)
