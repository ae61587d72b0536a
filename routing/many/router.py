"""One door to the solvers: look at the structure, take the strongest method that fits, say what was proven.

Flow where there is one (exact, prices exact), branch and bound where the problem is small enough to be
searched whole, prices with local search where it is not.
"""

from dataclasses import replace
from fractions import Fraction
from time import monotonic

from routing.many.causes import causes_together, impossible_alone
from routing.shared.allocation import Allocation
from routing.shared.answer import Answer, Status
from routing.solvers.flow import flow_form, solve_flow

SEARCHED_WHOLE = 6_000
"""Up to so many candidates branch and bound has all the time."""
TRIED_WHOLE, TREE_SHARE = 40_000, 0.4
"""Up to so many it has this part of the time before the search by prices, which does better where amounts are
of one kind and everything competes for the same days."""
KINDS_APART = 10_000
"""Capacities so many times as large as others are counted in another unit: cents beside pieces."""
_EXPLAINING_SECONDS = 20.0


def route(
    problem: Allocation,
    *,
    time_limit: float = 30.0,
    relative_gap: float = 0.0,
    seed: int = 1,
    start: Answer | None = None,
) -> Answer:
    """The best answer within ``time_limit`` seconds, with its proven bound; stops early at ``relative_gap``.

    Never dearer than ``start``, an answer that is known to hold.

    The same problem gives the same answer whatever the order of its input; only running out of time can tell
    two machines apart.
    """
    end = monotonic() + time_limit
    causes = impossible_alone(problem)
    if causes:
        return Answer(Status.INFEASIBLE, (), Fraction(0), None, "one order at a time", causes=tuple(causes))
    form = flow_form(problem)
    if form is not None:
        answer = solve_flow(problem, form, end)
        if answer.status is not Status.UNKNOWN:
            return answer
    return not_dearer(_searched(problem, end, relative_gap, seed, start), start)


def not_dearer(answer: Answer, start: Answer | None) -> Answer:
    """The answer, or the one that was known before where that is cheaper, with the bound that was found."""
    if start is None or answer.status is Status.INFEASIBLE:
        return answer
    if answer.status is not Status.UNKNOWN and answer.objective <= start.objective:
        return answer
    return replace(start, bound=answer.bound, proof=answer.proof, prices=answer.prices)


def _searched(
    problem: Allocation, end: float, relative_gap: float, seed: int, start: Answer | None
) -> Answer:
    """Branch and bound where the problem is small enough; where it may be, for a part of the time first."""
    many = len(problem.candidates)
    if not problem.is_plain or many <= SEARCHED_WHOLE:
        return _by_search_tree(problem, end, relative_gap, start)
    first = None
    if many <= TRIED_WHOLE and _of_several_kinds(problem):
        share = monotonic() + (end - monotonic()) * TREE_SHARE
        first = _by_search_tree(problem, share, relative_gap, start)
        if first.status is Status.OPTIMAL or (first.gap is not None and first.gap <= relative_gap):
            return first
    found = not_dearer(_by_prices(problem, end, relative_gap, seed), first or start)
    if first is None or first.bound is None or (found.bound is not None and found.bound >= first.bound):
        return found
    return replace(found, bound=first.bound, proof=first.proof, prices=first.prices)


def _of_several_kinds(problem: Allocation) -> bool:
    """Whether slots and money compete in one problem: then prices by subgradients hardly find their size."""
    room = problem.capacity[problem.capacity > 0]
    return bool(len(room)) and int(room.max()) >= KINDS_APART * int(room.min())


def _by_search_tree(
    problem: Allocation, end: float, relative_gap: float, start: Answer | None = None
) -> Answer:
    from routing.solvers.mixed_integer import linear_prices, solve_mixed, with_opened

    seconds = max(0.1, end - monotonic())
    answer = solve_mixed(problem, time_limit=seconds, relative_gap=relative_gap, start=start)
    if answer.status is Status.INFEASIBLE:
        seconds = min(_EXPLAINING_SECONDS, max(1.0, end - monotonic()))
        return replace(answer, causes=tuple(causes_together(problem, time_limit=seconds)))
    if not answer.shares:
        return answer
    used = {resource for share in answer.shares for resource, _ in problem.uses(share.candidate)}
    priced = linear_prices(with_opened(problem, used) if problem.has_opening else problem)
    return replace(answer, prices=priced[0] if priced else {})


def _by_prices(problem: Allocation, end: float, relative_gap: float, seed: int) -> Answer:
    from routing.solvers.price_search import search_by_prices

    return search_by_prices(
        problem, time_limit=max(0.1, end - monotonic()), relative_gap=relative_gap, seed=seed
    )
