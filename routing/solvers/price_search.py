"""Problems too big to search whole: prices by Lagrange, then annealing over the candidates they leave.

1. Prices per resource (``lagrange``) give the proven bound and the reduced cost of every candidate.
2. Of each order only the candidates with the least reduced cost stay in the search; the rest are as good as
   never taken by a good answer.
3. Annealing cools while the price of exceeding a capacity rises; then reheats briefly, twice.
4. What is still over capacity is repaired, and the answer is recomputed in exact integers.

The number of moves follows from the time limit, not from the clock, so that the same problem gives the same
answer on any machine that keeps up with ``_MOVES_PER_SECOND``; a slower one cools faster.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from time import monotonic, process_time

import numpy as np
import numpy.typing as npt

from routing.shared.allocation import Allocation, Candidate, Demand, SharedResource, allocation_of
from routing.shared.answer import Allotment, Answer, Status
from routing.shared.certify import exact_cost, exact_loads, price_bound, violations
from routing.solvers.annealing import BEST, EXCESS, Pool, Room, Seats, anneal, seat_all
from routing.solvers.lagrange import ascend
from routing.solvers.repair import repaired

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_KEPT = 20
"""Candidates per order that stay in the search."""
_MOVES_PER_SECOND = 3_000_000
_BLOCKS = 200
_SETTLING_BLOCKS = 40
_BLOCKS_MOST, _BLOCK_MOVES = 4000, 20_000
"""A cooling has at least ``_BLOCKS`` steps, and up to ``_BLOCKS_MOST`` where each has so many moves."""
_SETTLING_MOVES = 200_000
_SETTLING_SHARE = 0.05
_PRICE_STEPS = 1200
_PRICE_SHARE = 0.3
"""Part of the time limit that the prices may take."""
_BIAS = 3.0
_NONE_YET = 1e300
_SEARCHES = 2
"""Coolings from different random numbers, side by side on two cores; the better one is the answer."""
_STARVED = 0.5
"""Below this part of a core while pricing, the machine is busy with others: one search gets all there is."""
_CLOSING_SHARE = 0.7
"""What repairing and checking at the end takes, of the time that pricing and laying out took."""
HOT, WARM, COLD = 5.0, 1.0, 0.3
"""Temperatures, in spreads."""
_PARTS = ((0.04, HOT), (0.1, HOT), (0.62, HOT), (0.12, WARM), (0.12, WARM))
"""Shares of the moves and of the time, and where each cooling begins."""
SOFT, STIFF = 33.0, 133.0
"""Price of one typical amount over capacity, in spreads, at the start and at the end."""
COOLED, GROWTH, _RELAX = 0.85, 1.2, 0.99


@dataclass(frozen=True, slots=True)
class Priced:
    """Prices with the bound they prove exactly, and what each candidate costs at them."""

    price: Floats
    bound: Fraction
    exact: dict[int, Fraction]
    reduced: Floats
    unit: float
    """Exact cost units per unit of the doubles."""


def search_by_prices(problem: Allocation, *, time_limit: float, relative_gap: float, seed: int) -> Answer:
    """A good answer with the Lagrange bound; stops early when the gap is reached.

    The first search on a machine compiles the inner loops, some seconds that the limit does not count.
    """
    _compile()
    begin, worked = monotonic(), process_time()
    end = begin + time_limit
    priced = price_out(problem, begin + time_limit * _PRICE_SHARE)
    enough = float(priced.bound) / priced.unit * (1 + relative_gap)
    starved = process_time() - worked < _STARVED * (monotonic() - begin)
    count = 1 if starved else _SEARCHES
    searches = [_Search(problem, priced, seed * _SEARCHES + place) for place in range(count)]
    end -= _CLOSING_SHARE * (monotonic() - begin)
    with ThreadPoolExecutor(count) as pool:  # the compiled loop holds no lock of the interpreter
        list(pool.map(lambda search: search.cool(end, time_limit, enough), searches))
    closing = begin + time_limit
    answers = [_answer(problem, priced, search.chosen(), closing) for search in searches]
    return min(answers, key=lambda answer: (answer.status is Status.UNKNOWN, answer.objective))


@cache
def _compile() -> None:
    """Run each compiled loop once, so that no time limit is spent on the compiler."""
    options = [Candidate("a", 1, {"slot": 1}), Candidate("b", 2, {"slot": 1})]
    problem = allocation_of(
        [Demand("first", options, 5), Demand("second", options, 5)], [SharedResource("slot", 1)]
    )
    search = _Search(problem, price_out(problem, 0.0), 0)
    search._block(search.price + search.per_unit, COLD, 1)


def _answer(problem: Allocation, priced: Priced, chosen: Integers, end: float) -> Answer:
    """The choice made possible, costed exactly, and checked."""
    choice = repaired(problem, chosen, end)
    taken = [(order, int(item)) for order, item in enumerate(choice) if item >= 0]
    shares = tuple(Allotment(order, item, int(problem.quantity[order])) for order, item in taken)
    cost = exact_cost(problem, shares, exact_loads(problem, shares))
    status = Status.OPTIMAL if cost == priced.bound else Status.FEASIBLE
    answer = Answer(status, shares, cost, priced.bound, "prices and search", "prices", priced.exact)
    if violations(problem, answer):
        return replace(answer, status=Status.UNKNOWN, shares=(), objective=Fraction(0))
    return answer


def price_out(problem: Allocation, end: float) -> Priced:
    """Good prices by subgradient steps until ``end``, rounded, with their exact bound."""
    largest = max(
        (abs(int(cost)) for column in (problem.cost, problem.penalty) for cost in column), default=1
    )
    unit = float(10 ** max(0, len(str(largest)) - 9))
    cost = (problem.cost / unit).astype(np.float64)
    skip = np.where(problem.must_serve, np.inf, (problem.penalty / unit).astype(np.float64))
    capacity = problem.capacity.astype(np.float64)
    price = np.zeros(len(capacity))
    columns = (
        problem.first,
        cost,
        problem.use_first,
        problem.use_resource,
        problem.use_amount,
        skip,
        capacity,
    )
    start, length = ascend(*columns, price, 0.0, 1, 10, 1.0)
    target = start + max(abs(start) * 0.5, 1.0)
    for _ in range(6):
        best, length = ascend(*columns, price, target, _PRICE_STEPS // 6, 10, max(length, 0.05))
        target = best + max(abs(best) * 0.03, 1.0)
        if monotonic() > end:
            break
    exact = _exact(price, unit)
    return Priced(price, price_bound(problem, exact), exact, _reduced(problem, cost, price), unit)


def _exact(price: Floats, unit: float) -> dict[int, Fraction]:
    """The prices above zero by resource, rounded."""
    return {
        resource: Fraction(round(float(value) * unit * 64), 64)
        for resource, value in enumerate(price.tolist())
        if value > 0
    }


def _reduced(problem: Allocation, cost: Floats, price: Floats) -> Floats:
    """What each candidate costs with what it pays for what it uses."""
    paid = price[problem.use_resource] * problem.use_amount
    user = np.repeat(np.arange(len(cost)), np.diff(problem.use_first))
    return cost + np.bincount(user, paid, len(cost))


class _Search:
    """The candidates kept, padded to equal width, and the state of the annealing over them."""

    def __init__(self, problem: Allocation, priced: Priced, seed: int) -> None:
        self.problem = problem
        kept = _least_reduced(problem, priced.reduced)
        self.first, self.item = _with_skips(problem, kept)
        owner = np.repeat(np.arange(len(problem.orders)), np.diff(self.first))
        cost = self._costs(priced, owner)
        self.price = np.append(priced.price, 0.0)
        self._lay_out()
        self.seats = self._seats(owner)
        self.spread = _spread(problem, priced.reduced)
        self.per_unit = self._per_unit()
        self.choice = self.first[:-1].astype(np.int32)
        self.best = self.choice.copy()
        seat_all(self.choice, self._room(self.price), self.seats)
        over = np.maximum(self.load - self.capacity, 0)
        self.state = np.array([_NONE_YET, cost[self.choice].sum(), float(over.sum())])
        random = np.array([(seed * 0x9E3779B97F4A7C15 + 1) % 2**64], dtype=np.uint64)
        self.pool: Pool = (self.first, cost, random, _BIAS)

    def _costs(self, priced: Priced, owner: Integers) -> Floats:
        """Of each candidate kept; leaving out an order that must be served costs more than anything."""
        cost = (self.problem.cost / priced.unit).astype(np.float64)
        penalty = (self.problem.penalty / priced.unit).astype(np.float64)
        forbidding = 10.0 * float(np.abs(cost).max(initial=1.0))
        skip = np.where(self.problem.must_serve, forbidding, penalty)
        return np.where(self.item >= 0, cost[self.item], skip[owner])

    def _lay_out(self) -> None:
        """Uses in rows of equal width, filled up with a resource that is ``nowhere``, the last one."""
        problem = self.problem
        width = int(np.diff(problem.use_first).max(initial=1))
        nowhere = len(problem.resources)
        self.resource = np.full((len(self.item), width), nowhere, dtype=np.int32)
        self.amount = np.zeros((len(self.item), width), dtype=np.int64)
        starts, lengths = problem.use_first[self.item], np.diff(problem.use_first)[self.item]
        for place in range(width):
            has = (self.item >= 0) & (lengths > place)
            self.resource[has, place] = problem.use_resource[starts[has] + place]
            self.amount[has, place] = problem.use_amount[starts[has] + place]
        self.capacity = np.append(problem.capacity, np.int64(2**60))
        self.load = np.zeros(nowhere + 1, dtype=np.int64)

    def _room(self, weight: Floats) -> Room:
        return self.resource, self.amount, self.capacity, weight, self.load

    def _seats(self, owner: Integers) -> Seats:
        """Empty lists of members, with room for all who could lie on a resource."""
        width, places = self.resource.shape[1], len(self.load)
        pairs = np.unique(np.repeat(owner, width) * places + self.resource.ravel())
        users = np.bincount(pairs % places, minlength=places)
        base = np.concatenate([[0], np.cumsum(users)])[:-1].astype(np.int64)
        member = np.zeros(int(users.sum()), dtype=np.int32)
        seat = np.zeros((len(self.problem.orders), width), dtype=np.int32)
        return base, member, np.zeros(places, dtype=np.int64), seat

    def _per_unit(self) -> Floats:
        """One over the typical amount that is asked of each resource."""
        places = len(self.load)
        resource, amount = self.resource.ravel(), self.amount.ravel()
        uses = np.bincount(resource, minlength=places)
        return np.maximum(uses, 1) / np.maximum(np.bincount(resource, amount, places), 1.0)

    def cool(self, end: float, time_limit: float, enough: float) -> None:
        """Two short coolings for a safe answer, a long one, and two reheats; sooner when time runs out."""
        moves = int(_MOVES_PER_SECOND * time_limit)
        last = end - _SETTLING_SHARE * time_limit
        for part, hot in _PARTS:
            now = monotonic()
            if now > last or self.state[BEST] <= enough:
                return
            self._schedule(int(moves * part), hot, now, min(last, now + time_limit * part), enough)
            self._settle(end)

    def _settle(self, end: float) -> None:
        """Short and cold at rising prices of excess, until nothing is over capacity (or it will not)."""
        stiff = STIFF
        for _ in range(_SETTLING_BLOCKS):
            if self.state[EXCESS] < 0.5 or monotonic() > end:
                return
            stiff *= 1.3
            self._block(self._weight(stiff), self.spread * COLD, _SETTLING_MOVES)

    def _schedule(self, moves: int, hot: float, begin: float, end: float, enough: float) -> None:
        """Cool from hot to cold in so many moves, sooner when the clock is ahead of them."""
        extra = np.ones(len(self.price))
        blocks = max(_BLOCKS, min(_BLOCKS_MOST, moves // _BLOCK_MOVES))
        before = 0.0
        for block in range(blocks):
            now = monotonic()
            if now >= end or self.state[BEST] <= enough:
                return
            done = max(block / blocks, (now - begin) / max(end - begin, 1e-9))
            cooled = min(1.0, done / COOLED)
            temperature = self.spread * hot * (COLD / hot) ** cooled
            stiff = SOFT * (STIFF / SOFT) ** cooled if hot >= HOT else STIFF
            if cooled >= 0.5:
                step = min(1.0, _BLOCKS * (done - before))
                growth, decay = GROWTH**step, _RELAX**step
                over = self.load > self.capacity
                extra = np.where(over, extra * growth, np.maximum(1.0, extra * decay))
            before = done
            self._block(self._weight(stiff) * extra, temperature, max(1, moves // blocks))

    def _weight(self, stiff: float) -> Floats:
        """The price of each unit over capacity, where one typical amount costs so many spreads."""
        return self.price + self.spread * stiff * self.per_unit

    def _block(self, weight: Floats, temperature: float, moves: int) -> None:
        room = self._room(weight)
        anneal(self.pool, room, self.seats, self.choice, temperature, moves, self.state, self.best)

    def chosen(self) -> Integers:
        """The candidate of each order in the best answer, -1 where it stays out; else the last state."""
        choice = self.best if self.state[BEST] < _NONE_YET else self.choice
        return self.item[choice]


def _least_reduced(problem: Allocation, reduced: Floats) -> Integers:
    """The candidates to keep, order by order, least reduced cost first."""
    ranked = np.lexsort((reduced, problem.owner))
    rank = np.arange(len(ranked)) - problem.first[problem.owner[ranked]]
    return ranked[rank < _KEPT]


def _with_skips(problem: Allocation, kept: Integers) -> tuple[Integers, Integers]:
    """Per order its kept candidates and, last, -1 for staying out."""
    orders = len(problem.orders)
    owner = np.concatenate([problem.owner[kept], np.arange(orders)])
    item = np.concatenate([kept, np.full(orders, -1)])
    place = np.argsort(owner, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=orders))])
    return first.astype(np.int64), item[place].astype(np.int64)


def _spread(problem: Allocation, reduced: Floats) -> float:
    """By how much a typical order's sixth choice is dearer than its first: the scale of temperatures."""
    ranked = np.lexsort((reduced, problem.owner))
    starts, counts = problem.first[:-1], np.diff(problem.first)
    many = counts > 1
    sixth = np.minimum(counts[many] - 1, 5)
    gaps = reduced[ranked[starts[many] + sixth]] - reduced[ranked[starts[many]]]
    return float(np.median(gaps)) if len(gaps) and np.median(gaps) > 0 else 1.0
