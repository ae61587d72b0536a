"""Route the orders of outside tables: read by their map, solved by the same core, certified, told in full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, Inexact, localcontext
from fractions import Fraction
from pathlib import Path

from documents.tables.routing_case import RoutingCase
from documents.tables.table_map import load_routing_map
from documents.tables.tables import read_routing_case
from domain.errors import NetError
from routing.many.causes import impossible_alone, left_out
from routing.many.objectives import scaled_capacities, serve_most, smallest_times
from routing.many.router import route
from routing.shared.allocation import Allocation, Candidate, Demand, SharedResource, allocation_of
from routing.shared.answer import Allotment, Answer, Cause, Status
from routing.shared.certify import exact_loads, violations

_DIGITS = 200
_VERY_MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class TableRoute:
    """What came out, in the units of the tables; in ``most-profit`` objective and bound are earnings."""

    case: RoutingCase
    status: Status
    objective: Fraction
    bound: Fraction | None
    gap: float | None
    method: str
    shares: Sequence[tuple[str, str, Fraction]]
    """Order, provider, part of the order."""
    parts: Mapping[str, Fraction]
    """The objective by kind of cost; fixed costs of opening under ``opening``."""
    unserved: Mapping[str, Cause]
    unserved_bound: int
    times: int
    too_small: Cause | None
    load: Mapping[str, tuple[Fraction, Fraction]]
    """Per provider what it carries and what it could."""
    prices: Mapping[str, Fraction]
    causes: Sequence[Cause]


@dataclass(frozen=True, slots=True)
class _Scaled:
    problem: Allocation
    money: int
    amount: int


def route_tables(
    path: str | Path,
    *,
    data: str | Path | None = None,
    changes: Sequence[str] = (),
    time_limit: float = 30.0,
    relative_gap: float = 0.0,
) -> TableRoute:
    """Read the map and its tables, solve and certify; nothing is written anywhere."""
    case = read_routing_case(load_routing_map(path, data=data, changes=changes))
    scaled = scaled_problem(case)
    times, too_small, unserved_bound = max(1, case.times), None, 0
    if case.times == 0:
        every = range(len(scaled.problem.resources))
        servable_only = case.objective == "most-served"
        smallest = smallest_times(scaled.problem, every, servable_only=servable_only, time_limit=time_limit)
        if smallest is None:
            causes = tuple(impossible_alone(scaled_capacities(scaled.problem, every, _VERY_MANY)))
            answer = Answer(Status.INFEASIBLE, (), Fraction(0), None, "smallest times", causes=causes)
            return _told(case, scaled, answer, 0, None, len(causes))
        problem, answer = smallest.problem, smallest.answer
        unserved_bound = int((~problem.must_serve).sum())
        times, too_small = smallest.times, smallest.too_small
    elif case.objective == "most-served":
        most = serve_most(scaled.problem, time_limit=time_limit, relative_gap=relative_gap)
        problem, answer, unserved_bound = most.problem, most.answer, most.unserved_bound
    else:
        problem = scaled.problem
        answer = route(problem, time_limit=time_limit, relative_gap=relative_gap)
    return _told(case, replace(scaled, problem=problem), answer, times, too_small, unserved_bound)


def scaled_problem(case: RoutingCase) -> _Scaled:
    """The same problem in whole numbers: money and amounts each times one power of ten."""
    with localcontext(Context(prec=_DIGITS, traps=[Inexact])):
        return _scaled(case)


def _scaled(case: RoutingCase) -> _Scaled:
    choices = [choice for order in case.orders for choice in order.choices]
    penalty = [case.penalty] if case.penalty is not None else []
    fixed = [provider.fixed_cost for provider in case.providers]
    money = _power([*(choice.cost for choice in choices), *fixed, *penalty])
    sizes = [number for item in case.providers for number in (item.capacity, item.minimum)]
    quantities = [order.quantity for order in case.orders] if case.splittable else []
    amount = _power([*(choice.amount for choice in choices), *sizes, *quantities])
    sign = -1 if case.objective == "most-profit" else 1
    demands = [
        Demand(
            order.name,
            [
                Candidate(
                    choice.provider,
                    sign * _times(choice.cost, money),
                    {choice.provider: _times(choice.amount, amount)},
                    choice.provider if order.group else "",
                )
                for choice in order.choices
            ],
            _penalty(case, money),
            _times(order.quantity, amount) if case.splittable else 1,
            case.splittable,
            group=order.group,
        )
        for order in case.orders
    ]
    resources = [
        SharedResource(
            item.name,
            _times(item.capacity, amount),
            _times(item.fixed_cost, money),
            _times(item.minimum, amount),
        )
        for item in case.providers
    ]
    problem = allocation_of(demands, resources)
    if case.times > 1:
        problem = scaled_capacities(problem, range(len(problem.resources)), case.times)
    return _Scaled(problem, money, amount)


def _penalty(case: RoutingCase, money: int) -> int | None:
    if case.all_served:
        return None
    if case.penalty is not None:
        return _times(case.penalty, money)
    return 0 if case.objective == "most-profit" else None


def _power(numbers: Sequence[Decimal]) -> int:
    """The power of ten that makes all of them whole."""
    finest = min((number.as_tuple().exponent for number in numbers), default=0)
    return int(10 ** max(0, -int(finest)))


def _times(number: Decimal, power: int) -> int:
    return int(number * power)


def _told(
    case: RoutingCase,
    scaled: _Scaled,
    answer: Answer,
    times: int,
    too_small: Cause | None,
    unserved_bound: int,
) -> TableRoute:
    problem = scaled.problem
    if answer.shares:
        faults = violations(problem, answer)
        if faults:
            raise NetError(f"the router's answer does not hold: {faults[0]}", "report this; nothing was done")
    sign = -1 if case.objective == "most-profit" else 1
    loads = exact_loads(problem, answer.shares)
    opening = sum(Fraction(int(problem.fixed_cost[resource]), scaled.money) for resource in loads)
    bound = None if answer.bound is None else sign * answer.bound / scaled.money
    return TableRoute(
        case=case,
        status=answer.status,
        objective=sign * answer.objective / scaled.money,
        bound=bound,
        gap=answer.gap,
        method=answer.method,
        shares=[_named(problem, share) for share in answer.shares],
        parts={**_parts(case, problem, answer.shares), "opening": Fraction(opening)},
        unserved=left_out(problem, answer) if answer.status is not Status.INFEASIBLE else {},
        unserved_bound=unserved_bound,
        times=times,
        too_small=too_small,
        load={
            name: (loads.get(place, Fraction(0)) / scaled.amount, Fraction(int(capacity), scaled.amount))
            for place, (name, capacity) in enumerate(zip(problem.resources, problem.capacity, strict=True))
        },
        prices={
            problem.resources[resource]: price * scaled.amount / scaled.money
            for resource, price in sorted(answer.prices.items())
            if resource >= 0
        },
        causes=answer.causes,
    )


def _named(problem: Allocation, share: Allotment) -> tuple[str, str, Fraction]:
    part = Fraction(share.units, int(problem.quantity[share.order]))
    return problem.orders[share.order], problem.candidates[share.candidate], part


def _parts(case: RoutingCase, problem: Allocation, shares: Sequence[Allotment]) -> dict[str, Fraction]:
    """What the shares cost by kind."""
    chosen = {}
    for share in shares:
        order, provider, part = _named(problem, share)
        chosen[order, provider] = part
    total: dict[str, Fraction] = {}
    for order_row in case.orders:
        for choice in order_row.choices:
            part = chosen.get((order_row.name, choice.provider), Fraction(0))
            for kind, cost in choice.parts.items() if part else ():
                total[kind] = total.get(kind, Fraction(0)) + (Fraction(cost) * part if cost else 0)
    return total
