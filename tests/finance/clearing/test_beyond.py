"""Assignments with consent, and the least credit that clears what no circle can."""

import numpy as np

from finance.clearing.beyond import Consent, with_consents, with_credit
from finance.clearing.circulation import Circulation, circulation, net_positions
from finance.clearing.set_off import set_off
from tests.finance.clearing.conftest import of
from tests.finance.clearing.test_set_off import random_debts

CHAIN = of([("A", "B", 100), ("B", "C", 100)])
A, B, C = range(3)


def test_a_chain_becomes_one_debt_where_both_ends_consent() -> None:
    found = with_consents(CHAIN, [Consent(A, C, 80)])
    assert found.flow.tolist() == [80, 80]
    assert found.owed_anew.tolist() == [80]
    assert found.cleared == 80


def test_without_consent_a_chain_stays() -> None:
    assert with_consents(CHAIN, []).cleared == 0
    assert with_consents(CHAIN, [Consent(C, A, 80)]).cleared == 0


def test_a_debt_is_not_exchanged_for_the_same_one() -> None:
    found = with_consents(of([("A", "B", 100)]), [Consent(0, 1, 100)])
    assert found.flow.tolist() == [0]


def test_the_least_credit_clears_a_chain() -> None:
    found = with_credit(CHAIN, np.array([100, 100, 100]), 1_000)
    assert found.flow.tolist() == [100, 100]
    assert found.borrowed.tolist() == [100, 0, 0]
    assert found.paid_out.tolist() == [0, 0, 100]
    assert found.credit == 100


def test_credit_keeps_to_the_limits() -> None:
    assert with_credit(CHAIN, np.array([30, 100, 100]), 1_000).flow.tolist() == [30, 100]
    assert with_credit(CHAIN, np.array([100, 100, 100]), 40).flow.tolist() == [40, 40]


def test_least_credit_without_limits_is_the_net_debt_and_clears_all() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        debts = random_debts(rng)
        free = np.full(debts.firms, int(debts.capacity.sum()))
        found = with_credit(debts, free, int(debts.capacity.sum()))
        assert (found.flow == debts.capacity).all()
        assert found.credit == set_off(debts).net_debt


def test_credit_clears_the_most_and_then_is_the_least() -> None:
    """Against every way of lending, on problems small enough to try them all."""
    rng = np.random.default_rng(6)
    for _ in range(30):
        debts = small(rng)
        limits, most = rng.integers(0, 3, debts.firms), int(rng.integers(0, 4))
        found = with_credit(debts, limits, most)
        assert (int(found.flow.sum()), -found.credit) == best_way(debts, limits, most)
        assert (found.borrowed <= limits).all()
        assert found.credit <= most


def small(rng: np.random.Generator) -> Circulation:
    tail = rng.integers(0, 3, 4)
    return circulation(3, tail, (tail + rng.integers(1, 3, 4)) % 3, rng.integers(0, 4, 4))


def best_way(debts: Circulation, limits: np.ndarray, most: int) -> tuple[int, int]:
    best = (0, 0)
    for paid in np.ndindex(*(debts.capacity + 1)):
        needed = net_positions(debts, np.array(paid, dtype=np.int64))
        credit = int(needed[needed > 0].sum())
        if credit <= most and (needed <= limits).all():
            best = max(best, (sum(paid), -credit))
    return best


def test_consents_keep_every_net_position() -> None:
    rng = np.random.default_rng(8)
    for _ in range(200):
        debts = random_debts(rng)
        ends = rng.integers(0, debts.firms, (5, 2))
        consents = [Consent(int(u), int(v), int(rng.integers(0, 10**6))) for u, v in ends if u != v]
        found = with_consents(debts, consents)
        left = net_positions(debts, debts.capacity - found.flow)
        for consent, amount in zip(consents, found.owed_anew.tolist(), strict=True):
            left[consent.debtor] += amount
            left[consent.creditor] -= amount
        assert (left == net_positions(debts, debts.capacity)).all()
        assert found.cleared >= set_off(debts).cleared
