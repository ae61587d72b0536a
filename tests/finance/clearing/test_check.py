"""The independent check accepts what is proven and nothing else, and knows nothing of any solver."""

import ast
from pathlib import Path

import numpy as np
import pytest

from finance.clearing import check
from finance.clearing.check import bound, faults, worth
from finance.clearing.circulation import circulation
from finance.clearing.set_off import set_off
from tests.finance.clearing.conftest import of

DEBTS = of([("A", "B", 100), ("B", "C", 80), ("C", "A", 70)])


def told(flow: list[int], prices: list[int]) -> str:
    given = np.array(flow, dtype=np.int64), np.array(prices, dtype=np.int64)
    return "; ".join(
        faults(DEBTS.firms, DEBTS.tail, DEBTS.head, DEBTS.capacity, DEBTS.value, given[0], given[1])
    )


def test_check_accepts_a_proven_set_off() -> None:
    found = set_off(DEBTS)
    assert told(found.flow.tolist(), found.prices.tolist()) == ""


@pytest.mark.parametrize(
    ("flow", "says"),
    [
        ([70, 70, 69], "2 firms would owe more or less"),
        ([80, 80, 80], "1 debts are set off below zero or beyond"),
        ([60, 60, 60], "180 is set off, the prices allow 210"),
        ([70, 70], "not of one length"),
    ],
)
def test_check_refuses(flow: list[int], says: str) -> None:
    assert says in told(flow, set_off(DEBTS).prices.tolist())


def test_check_refuses_prices_that_prove_nothing() -> None:
    assert "not proven" in told([70, 70, 70], [0, 0, 0])


def test_no_prices_ever_allow_less_than_the_greatest_set_off() -> None:
    rng = np.random.default_rng(11)
    found = set_off(DEBTS)
    for _ in range(200):
        prices = rng.integers(-5, 6, DEBTS.firms)
        assert bound(DEBTS.tail, DEBTS.head, DEBTS.capacity, DEBTS.value, prices) >= found.cleared


def test_check_is_exact_beyond_64_bits() -> None:
    large = circulation(2, [0, 1], [1, 0], [2**59, 2**59], 100)
    assert worth(large.value, large.capacity) == 100 * 2**60
    prices = np.zeros(2, dtype=np.int64)
    assert faults(2, large.tail, large.head, large.capacity, large.value, large.capacity, prices) == []


def test_check_imports_nothing_of_the_solver() -> None:
    tree = ast.parse(Path(check.__file__).read_text())
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else []
        )
    }  # fmt: skip
    assert imported == {"numpy", "numpy.typing"}
