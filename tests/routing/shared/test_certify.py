"""The certificate check rejects an answer as soon as one constraint is broken, and no sooner."""

from dataclasses import replace
from fractions import Fraction

import pytest

from routing.shared.allocation import Candidate, Demand, SharedResource, allocation_of
from routing.shared.answer import Allotment, Answer, Status
from routing.shared.certify import price_bound, violations

DEMANDS = [
    Demand("a", [Candidate("x", 10, {"x": 2}, "x"), Candidate("y", 14, {"y": 2}, "y")], group="pair"),
    Demand("b", [Candidate("x", 11, {"x": 2}, "x"), Candidate("y", 12, {"y": 2}, "y")], group="pair"),
    Demand("c", [Candidate("x", 6, {"x": 4}), Candidate("y", 8, {"y": 4})], None, 4, True, 2),
    Demand("d", [Candidate("x", 5, {"x": 1})], penalty=9),
]
RESOURCES = [SharedResource("x", 6, fixed_cost=3), SharedResource("y", 4, fixed_cost=7, minimum=2)]
PROBLEM = allocation_of(DEMANDS, RESOURCES, unserved_at_most=1)
GOOD = (Allotment(0, 0, 1), Allotment(1, 2, 1), Allotment(2, 4, 2), Allotment(2, 5, 2))
COST = Fraction(10 + 11 + 3 + 4 + 3 + 7 + 9)


def answer(shares, objective=COST, **changes):
    return replace(Answer(Status.FEASIBLE, tuple(shares), Fraction(objective), None, "by hand"), **changes)


def test_certify_accepts_a_correct_answer():
    assert violations(PROBLEM, answer(GOOD, proof="search")) == []


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        (GOOD[1:], "order a must be served"),
        ((Allotment(0, 2, 1), *GOOD[1:]), "is not one of its own"),
        ((Allotment(9, 0, 1), *GOOD), "no order number 9"),
        ((Allotment(0, 1, 1), *GOOD[1:]), "belong together"),
        (GOOD[:3], "2 of 4 units"),
        ((*GOOD[:2], Allotment(2, 4, 3), Allotment(2, 5, 1)), "below the smallest share"),
        ((*GOOD[:2], Allotment(2, 4, 2), Allotment(2, 4, 2)), "given two shares"),
        ((*GOOD[:2], Allotment(2, 4, 4)), "x carries 8 and has 6"),
        ((Allotment(0, 1, 1), Allotment(1, 3, 1), Allotment(2, 5, 4)), "y carries 8 and has 4"),
        ((Allotment(0, 0, 1), Allotment(0, 1, 1), *GOOD[1:]), "a is split and may not be"),
    ],
)
def test_certify_rejects_one_broken_constraint(shares, words):
    assert any(words in fault for fault in violations(PROBLEM, answer(shares, proof="search")))


def test_certify_rejects_a_wrong_objective():
    assert violations(PROBLEM, answer(GOOD, COST - 1, proof="search")) == ["the objective is 47, not 46"]


def test_certify_rejects_a_load_below_the_minimum():
    demands = [Demand("a", [Candidate("y", 1, {"y": 1})])]
    problem = allocation_of(demands, [SharedResource("y", 4, minimum=2)])
    assert "below its minimum" in violations(problem, answer((Allotment(0, 0, 1),), 1))[0]


def test_certify_rejects_too_many_left_out():
    problem = replace(PROBLEM, unserved_at_most=0)
    assert "1 orders are left out and at most 0" in violations(problem, answer(GOOD))[0]


def test_certify_rejects_a_bound_that_its_prices_do_not_prove():
    claimed = answer(GOOD, bound=COST, status=Status.OPTIMAL, prices={0: Fraction(1)})
    assert violations(PROBLEM, claimed) == ["its prices do not prove its bound"]


def test_certify_rejects_optimal_without_a_meeting_bound():
    claimed = answer(GOOD, bound=COST - 1, status=Status.OPTIMAL, proof="search")
    assert "claims to be optimal" in violations(PROBLEM, claimed)[0]


def test_certify_rejects_a_bound_above_the_objective():
    assert "is above the objective" in violations(PROBLEM, answer(GOOD, bound=COST + 1, proof="search"))[0]


def test_price_bound_refuses_a_negative_price():
    with pytest.raises(ValueError, match="negative"):
        price_bound(PROBLEM, {0: Fraction(-1)})
