"""Debts among firms as arrays, and the flow problem whose answer is what can be set off.

What is set off goes round: at every firm as much of its debts as of its claims, so that its net position
stays. That is a circulation within the debts, and the greatest one is a problem of least-cost flow
(Fleischman, Dini, Littera, JRFM 13:295 (2020); Fleischman, Dini, JRFM 14:452 (2021)).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.errors import UsageError

Integers = npt.NDArray[np.int64]
LARGEST_TOTAL = 2**61
"""All capacities together, in minor units: sums of them, also doubled, stay within 64 bits."""


@dataclass(frozen=True, slots=True)
class Circulation:
    """Arcs between firms 0 to ``firms`` - 1: from ``tail`` to ``head`` up to ``capacity`` may go round, and
    each minor unit of it is worth ``value``. All four arrays are of one length."""

    firms: int
    tail: Integers
    head: Integers
    capacity: Integers
    value: Integers


def circulation(
    firms: int, tail: npt.ArrayLike, head: npt.ArrayLike, capacity: npt.ArrayLike, value: npt.ArrayLike = 1
) -> Circulation:
    """The problem of these arcs, in 64-bit integers; a ``value`` for all or one for each.

    UsageError for a firm that is not there, a firm that owes itself, an amount below zero, or a total that
    64 bits do not hold.
    """
    arrays = [np.ascontiguousarray(each, dtype=np.int64) for each in (tail, head, capacity)]
    worth = np.ascontiguousarray(np.broadcast_to(np.asarray(value, dtype=np.int64), arrays[2].shape))
    made = Circulation(firms, arrays[0], arrays[1], arrays[2], worth)
    problem = _defect(made)
    if problem:
        raise UsageError(problem, "mend the debts that the clearing is made of")
    return made


def _defect(made: Circulation) -> str:
    if not made.tail.shape == made.head.shape == made.capacity.shape:
        return "debtors, creditors and amounts are not of one length"
    if not len(made.tail):
        return ""
    if min(made.tail.min(), made.head.min()) < 0 or max(made.tail.max(), made.head.max()) >= made.firms:
        return f"a debt names a firm beyond the {made.firms} that take part"
    if (made.tail == made.head).any():
        return "a firm owes itself"
    if made.capacity.min() < 0:
        return "a debt is below zero"
    if float(made.capacity.sum(dtype=np.float64)) >= LARGEST_TOTAL:
        return "the debts together are more than 64 bits hold"
    return ""


def net_positions(made: Circulation, amounts: Integers) -> Integers:
    """What each firm owes less what is owed to it, out of ``amounts`` on the arcs; minor units."""
    found = np.zeros(made.firms, dtype=np.int64)
    np.add.at(found, made.tail, amounts)
    np.subtract.at(found, made.head, amounts)
    return found


MOST_TRIMS = 100


def in_circles(made: Circulation) -> npt.NDArray[np.bool_]:
    """Which arcs may lie on a circle: those left when firms that owe nothing, or are owed nothing, are taken
    away again and again. What lies on none can never be set off, so no solver need see it."""
    kept = np.ones(len(made.tail), dtype=np.bool_)
    for _ in range(MOST_TRIMS):
        owing, owed = (np.zeros(made.firms, dtype=np.bool_) for _ in range(2))
        owing[made.tail[kept]], owed[made.head[kept]] = True, True
        left = kept & owing[made.head] & owed[made.tail]
        if left.sum() == kept.sum():
            break
        kept = left
    return kept


@dataclass(frozen=True, slots=True)
class Merged:
    """The same problem with one arc for all debts between the same two firms, in their order.

    ``place`` lists the debts arc by arc, ``first`` where each arc's begin in it.
    """

    problem: Circulation
    place: Integers
    first: Integers


def merged(made: Circulation, before: Integers | None = None) -> Merged:
    """Parallel debts of one worth as one; within an arc the debt with the lesser ``before`` comes first.

    What comes out does not depend on the order in which the debts came in.
    """
    rank = made.capacity if before is None else before
    place = np.lexsort((made.capacity, rank, made.value, made.head, made.tail))
    tail, head, value = made.tail[place], made.head[place], made.value[place]
    starts = np.ones(len(place), dtype=np.bool_)
    starts[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1]) | (value[1:] != value[:-1])
    first = np.flatnonzero(starts)
    capacity = np.add.reduceat(made.capacity[place], first) if len(first) else made.capacity
    problem = Circulation(made.firms, tail[first], head[first], capacity, value[first])
    return Merged(problem, place, np.append(first, len(place)))


def shared_out(whole: Merged, flow: Integers, capacity: Integers) -> Integers:
    """The flow of each arc given to its debts, the first first; in the order the debts came in."""
    sorted_capacity = capacity[whole.place]
    before = np.cumsum(sorted_capacity) - sorted_capacity
    counts = np.diff(whole.first)
    in_arc = before - np.repeat(before[whole.first[:-1]], counts) if len(flow) else before
    given = np.clip(np.repeat(flow, counts) - in_arc, 0, sorted_capacity)
    found = np.empty_like(given)
    found[whole.place] = given
    return found
