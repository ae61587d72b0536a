"""The most that can be set off: known answers, a linear programme, and any order of the debts."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from domain.errors import NetError, UsageError
from domain.money import parse_minor
from finance.clearing.certificate import COMPILED_ARCS, prices
from finance.clearing.circulation import Circulation, circulation, in_circles, merged, net_positions
from finance.clearing.set_off import SetOff, set_off
from finance.clearing.solvers import HIGHS, ORTOOLS, solve
from tests.finance.clearing.conftest import Debt, of

SOLVERS = [HIGHS, *([ORTOOLS] if find_spec("ortools") else [])]
DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "clearing"
SEVEN = [("A", "B", 100), ("B", "E", 70), ("E", "A", 100), ("C", "D", 100), ("D", "E", 100), ("E", "C", 70),
         ("B", "C", 100)]  # fmt: skip
KNOWN: dict[str, tuple[list[Debt], int, int, int, int]] = {
    "a circle of three": ([("A", "B", 100), ("B", "C", 80), ("C", "A", 70)], 250, 210, 40, 30),
    "circles picked one by one stop at 420 or 500": (SEVEN, 640, 570, 70, 70),
    "a chain": ([("A", "B", 100), ("B", "C", 100)], 200, 0, 200, 100),
    "two that owe each other": ([("A", "B", 100), ("B", "A", 60)], 160, 120, 40, 40),
    "the same in parts": (
        [("A", "B", 60), ("A", "B", 40), ("B", "A", 50), ("B", "A", 10)], 160, 120, 40, 40,
    ),
    "nothing owed": ([("A", "B", 0)], 0, 0, 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", KNOWN)
def test_set_off_known_answer(name: str, solver: str) -> None:
    debts, total, cleared, residual, net_debt = KNOWN[name]
    found = set_off(of(debts), solver=solver)
    assert (found.total, found.cleared, found.residual, found.net_debt) == (
        total, cleared, residual, net_debt,
    )  # fmt: skip


def test_set_off_of_no_debts_at_all() -> None:
    assert set_off(circulation(0, [], [], [])).cleared == 0


def test_set_off_takes_the_debt_with_the_lesser_before_first() -> None:
    debts = of([("A", "B", 60), ("A", "B", 40), ("B", "A", 50)])
    assert set_off(debts, np.array([9, 3, 1])).flow.tolist() == [10, 40, 50]


def random_debts(rng: np.random.Generator) -> Circulation:
    firms = int(rng.integers(2, 12))
    count = int(rng.integers(1, 40))
    tail = rng.integers(0, firms, count)
    head = (tail + rng.integers(1, firms, count)) % firms
    return circulation(firms, tail, head, rng.integers(0, 10**6, count))


def by_programme(debts: Circulation) -> int:
    """The same as a linear programme over the debts as they stand, none merged, none left out."""
    return int(solve(debts, HIGHS).sum())


def test_set_off_equals_a_linear_programme_on_random_debts() -> None:
    rng = np.random.default_rng(20261201)
    for _ in range(1_000):
        debts = random_debts(rng)
        found = set_off(debts)
        assert found.cleared == by_programme(debts)
        assert found.cleared + found.residual == found.total
        assert found.residual >= found.net_debt
        left = debts.capacity - found.flow
        assert (net_positions(debts, debts.capacity) == net_positions(debts, left)).all()


def test_set_off_does_not_depend_on_the_order_of_the_debts() -> None:
    rng = np.random.default_rng(7)
    for _ in range(200):
        debts = random_debts(rng)
        day = rng.permutation(len(debts.tail))
        shuffle = rng.permutation(len(debts.tail))
        other = Circulation(
            debts.firms, debts.tail[shuffle], debts.head[shuffle], debts.capacity[shuffle],
            debts.value[shuffle],
        )  # fmt: skip
        one, two = set_off(debts, day), set_off(other, day[shuffle])
        assert (one.flow[shuffle] == two.flow).all()
        assert (one.prices == two.prices).all()


@pytest.mark.parametrize(
    ("firms", "tail", "head", "amount", "says"),
    [
        (2, [0], [0], [5], "owes itself"),
        (2, [0], [2], [5], "beyond the 2"),
        (2, [0], [1], [-5], "below zero"),
        (2, [0, 1], [1, 0], [2**60, 2**60], "64 bits"),
        (2, [0, 1], [1, 0], [5], "one length"),
    ],
)
def test_debts_that_are_none_are_refused(
    firms: int, tail: list[int], head: list[int], amount: list[int], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        circulation(firms, tail, head, amount)


def test_debts_that_lie_on_no_circle_are_kept_from_the_solver() -> None:
    debts = of([("A", "B", 1), ("B", "A", 1), ("B", "C", 1), ("C", "D", 1), ("E", "A", 1)])
    assert in_circles(debts).tolist() == [True, True, False, False, False]


def test_a_flow_that_is_not_the_greatest_has_no_prices() -> None:
    debts = merged(of([("A", "B", 1), ("B", "A", 1)])).problem
    with pytest.raises(NetError, match="not the greatest"):
        prices(debts, np.zeros(2, dtype=np.int64))


def test_prices_are_the_same_compiled_and_not() -> None:
    rng = np.random.default_rng(3)
    count, firms = COMPILED_ARCS + 10_000, 3_000
    tail = rng.integers(0, firms, count)
    head = (tail + rng.integers(1, firms, count)) % firms
    debts = merged(circulation(firms, tail, head, rng.integers(1, 10**6, count))).problem
    flow = solve(debts)
    compiled = prices(debts, flow)
    assert len(debts.tail) > COMPILED_ARCS
    from finance.clearing.certificate import _in_python, _residual

    plain = np.zeros(firms, dtype=np.int64)
    assert _in_python(*_residual(debts, flow), plain)
    assert (compiled == -plain).all()


# the graphs that lie beside the checkout -------------------------------------------------------


def graphs(name: str) -> Iterator[tuple[str, Circulation]]:
    rows: dict[str, list[Debt]] = defaultdict(list)
    with (DATA / f"{name}.csv").open() as file:
        for row in csv.DictReader(file):
            amount = parse_minor(row["amount"], row["currency"])
            rows[row.get("graph", name)].append((row["debtor"], row["creditor"], amount))
            if row.get("due_on", "2027") <= "2026-12-31":
                rows[f"{name} due to 2026-12-31"].append((row["debtor"], row["creditor"], amount))
    return ((graph, of(debts)) for graph, debts in rows.items())


def answered(found: SetOff) -> tuple[int, ...]:
    return found.total, found.cleared, found.residual, found.net_debt


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.exists(), reason="the data sets do not lie beside this checkout")
def test_set_off_of_every_graph_with_a_known_answer() -> None:
    columns = ("total", "cleared_optimum", "residual", "net_debt")
    with (DATA / "answers.csv").open() as file:
        known = {
            row["graph"]: tuple(parse_minor(row[column], "CNY") for column in columns)
            for row in csv.DictReader(file)
        }
    found = dict([*graphs("small"), *graphs("graph_1k")])
    for solver in SOLVERS:
        assert {name: answered(set_off(found[name], solver=solver)) for name in known} == known


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.exists(), reason="the data sets do not lie beside this checkout")
def test_two_solvers_agree_on_ten_thousand_debts() -> None:
    debts = dict(graphs("graph_10k"))["graph_10k"]
    assert len({answered(set_off(debts, solver=solver)) for solver in SOLVERS}) == 1
