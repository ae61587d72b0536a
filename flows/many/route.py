"""The industrial router over real orders: which plan each gets, decided together under slots and credit.

What is reserved already is not moved: it has gone from what is free before anything is decided. Nothing is
written by ``route_orders``; ``commit`` reserves what was decided through the same flow as one order, and
decides again about the rest when a firm says no.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from time import monotonic

from domain.errors import NetError, UnavailableError
from domain.order import Order
from domain.plan import Plan
from domain.states import OrderState
from flows.deals.run import Way, keep_plan, require_offers, reserve_on
from flows.desk.session import Session
from flows.many.candidates import (
    OBJECTIVES,
    PER_ORDER,
    Considered,
    Market,
    Place,
    consider,
    more_plans,
    place_of,
    problem_of,
)
from flows.orders.find import Placed, find_order, list_orders
from flows.orders.place import place_order, same_order
from flows.slots.outcomes import Refused, no_other_plan
from routing.many.causes import left_out
from routing.many.objectives import serve_most
from routing.many.router import route
from routing.shared.allocation import Allocation
from routing.shared.answer import Answer, Cause, Status
from routing.shared.certify import exact_loads, violations

ROUNDS = 4
"""How often what was left out is planned again on what the others leave."""
DECLINES = 50
"""After so many firms' refusals ``commit`` stops deciding again."""
REROUTABLE = (OrderState.CONFIRMED, OrderState.PLANNED)


@dataclass(frozen=True, slots=True)
class Terms:
    """How to decide; ``objective`` is one of ``OBJECTIVES``, ``gap`` relative."""

    objective: str = "profit"
    time_limit: float = 60.0
    gap: float = 0.0
    per_order: int = PER_ORDER


@dataclass(frozen=True, slots=True)
class Routed:
    """One order's plan. ``before`` is the plan it stood on; leaving it costs ``change_minor`` of profit."""

    order: str
    plan: Plan
    before: Plan | None = None

    @property
    def changed(self) -> bool:
        return self.before is not None and self.before.legs != self.plan.legs

    @property
    def change_minor(self) -> int:
        return self.before.profit_minor - self.plan.profit_minor if self.before is not None else 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """``kind`` is ``no chain``, ``own cash needed``, ``no capacity``, ``no credit``, ``not worth it``."""

    order: str
    kind: str
    reason: str
    resources: tuple[str, ...] = ()
    before: Plan | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What the decision uses of one slot or limit; one more unit is worth ``price`` minor units."""

    resource: str
    period: str
    used: int
    free: int
    price: Fraction

    @property
    def credit(self) -> bool:
        return is_credit(self.resource)


@dataclass(frozen=True, slots=True)
class Decision:
    """Amounts in minor units of the network's currency; ``objective_minor`` is profit, or cost."""

    objective: str
    currency: str
    status: Status
    objective_minor: int
    bound_minor: int | None
    gap: float | None
    method: str
    proof: str
    routed: tuple[Routed, ...]
    left_out: tuple[LeftOut, ...]
    loads: tuple[Load, ...]
    plans_considered: int

    @property
    def profit_minor(self) -> int:
        """In the orders' own currencies, summed; equal to the objective in a one-currency network."""
        return sum(one.plan.profit_minor for one in self.routed)


@dataclass(slots=True)
class Committed:
    """What reserving made of a decision, order by order."""

    reserved: list[Way] = field(default_factory=list)
    declined: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    rerouted: list[Routed] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def open_orders(session: Session) -> list[Placed]:
    """Orders that nothing has been reserved for yet."""
    return list(list_orders(session.ledger, REROUTABLE))


def given_orders(session: Session, orders: Iterable[Order], on: date, *, record: bool) -> list[Placed]:
    """Orders of a file; recorded first when the decision is to be committed."""
    found = []
    for order in orders:
        known = same_order(session.ledger, order)
        if known is None:
            known = (
                place_order(session.ledger, order, on)
                if record
                else Placed(order.reference, order, OrderState.CONFIRMED, on)
            )
        if known.state in REROUTABLE:
            found.append(known)
    return found


def route_orders(session: Session, placed: Sequence[Placed], on: date, terms: Terms) -> Decision:
    """Decide, certify and tell; nothing is written."""
    return _decide(consider(session, placed, on, per_order=terms.per_order), terms)


def _decide(market: Market, terms: Terms) -> Decision:
    """Solve, plan again what was left out on what is left, until that brings nothing more."""
    if terms.objective not in OBJECTIVES:
        raise NetError(f"{terms.objective!r} is no objective")
    end = monotonic() + terms.time_limit
    decision = _solve(market, terms, end)
    for _ in range(ROUNDS):
        if monotonic() > end or not decision.left_out:
            break
        if not more_plans(market, {one.order: one.plan for one in decision.routed}, terms.per_order):
            break
        decision = _solve(market, terms, end)
    if decision.status is Status.INFEASIBLE:
        raise _impossible(decision)
    return decision


def _impossible(decision: Decision) -> NetError:
    reasons = "; ".join(f"{one.order}: {one.reason}" for one in decision.left_out[:5])
    return UnavailableError(
        f"not every order can be served: {reasons}", "serve as many as possible: --objective served"
    )


def _solve(market: Market, terms: Terms, end: float) -> Decision:
    problem, plans = problem_of(market, terms.objective)
    left = max(1.0, end - monotonic())
    if terms.objective == "served":
        most = serve_most(problem, time_limit=left, relative_gap=terms.gap)
        problem, answer = most.problem, most.answer
    else:
        answer = route(problem, time_limit=left, relative_gap=terms.gap)
    faults = violations(problem, answer) if answer.shares else []
    if faults:
        raise NetError(f"the router's answer does not hold: {faults[0]}", "report this; nothing was done")
    return _decision(market, terms, problem, answer, plans)


def _decision(
    market: Market,
    terms: Terms,
    problem: Allocation,
    answer: Answer,
    plans: Mapping[tuple[str, str], Plan],
) -> Decision:
    known = {one.placed.id: one for one in market.orders}
    routed = []
    for share in answer.shares:
        order = problem.orders[share.order]
        plan = plans[order, problem.candidates[share.candidate]]
        routed.append(Routed(order, plan, known[order].kept))
    sign = -1 if terms.objective == "profit" else 1
    served = {one.order for one in routed}
    return Decision(
        objective=terms.objective,
        currency=market.session.network.currency,
        status=answer.status,
        objective_minor=int(sign * answer.objective),
        bound_minor=None if answer.bound is None else int(sign * answer.bound),
        gap=answer.gap,
        method=answer.method,
        proof=answer.proof,
        routed=tuple(routed),
        left_out=tuple(_out(known, problem, answer, served)),
        loads=tuple(_loads(problem, answer)),
        plans_considered=sum(len(one.plans) for one in market.orders),
    )


def _out(
    known: Mapping[str, Considered], problem: Allocation, answer: Answer, served: set[str]
) -> Iterable[LeftOut]:
    causes = left_out(problem, answer) if answer.status is not Status.INFEASIBLE else {}
    for found in answer.causes:
        causes |= dict.fromkeys(found.orders, found)
    for order, one in known.items():
        if order in served:
            continue
        cause = causes.get(order)
        if not one.plans:
            yield LeftOut(order, one.kind, one.reason, before=one.kept)
        elif cause is None:
            yield LeftOut(order, "no capacity", "not decided in the time given", before=one.kept)
        else:
            names = tuple(shown(place_of(name)) for name in cause.resources)
            yield LeftOut(order, _kind(cause), cause.reason, names, one.kept)


def _kind(cause: Cause) -> str:
    places = [place_of(name) for name in cause.resources]
    if not places:
        return "not worth it"
    return "no credit" if all(is_credit(resource) for resource, _ in places) else "no capacity"


def is_credit(resource: str) -> bool:
    """Whether it is money that is scarce: a credit line, or a lender's limit per buyer or trader."""
    return resource.startswith(("credit:", "buyer:", "trader:"))


def shown(place: Place) -> str:
    """A resource and its period as a person reads them."""
    return " ".join(part for part in place if part)


def _loads(problem: Allocation, answer: Answer) -> Iterable[Load]:
    used = exact_loads(problem, answer.shares)
    for index, name in enumerate(problem.resources):
        load, price = int(used.get(index, 0)), answer.prices.get(index, Fraction(0))
        if load or price:
            yield Load(*place_of(name), load, int(problem.capacity[index]), price)


def commit(
    session: Session,
    placed: Sequence[Placed],
    on: date,
    terms: Terms,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Decision, Committed]:
    """Decide and reserve, order by order; after each refusal decide again about what is not reserved yet.

    What a firm refused is not asked again. An order that only waits for an answer keeps what it holds and is
    left as it is; the same command goes on from there.
    """
    market = consider(session, placed, on, per_order=terms.per_order)
    first = decision = _decide(market, terms)
    done = Committed()
    while True:
        again = False
        for one in sorted(decision.routed, key=lambda item: (-item.plan.profit_minor, item.order)):
            outcome = _reserve_one(session, one, on, done)
            market.orders = [known for known in market.orders if known.placed.id != one.order or outcome]
            if outcome is not None:
                market.refused |= {refusal.leg for refusal in outcome.refusals}
                reason = "; ".join(f"{refusal.firm}: {refusal.reason}" for refusal in outcome.refusals)
                done.declined.append((one.order, reason))
                tell(f"{one.order}: {reason}; deciding again about the rest")
                again = len(done.declined) <= DECLINES
                break
        if not again:
            break
        before = {one.order: one.plan for one in decision.routed}
        market.forget_free()
        decision = _decide(market, terms)
        done.rerouted += [
            replace(one, before=before[one.order])
            for one in decision.routed
            if one.order in before and before[one.order].legs != one.plan.legs
        ]
    done.left_out = [one for one in decision.left_out if _open(market, one.order)]
    return first, done


def _open(market: Market, order: str) -> bool:
    return any(known.placed.id == order for known in market.orders)


def _reserve_one(session: Session, one: Routed, on: date, done: Committed) -> Refused | None:
    """Record the plan and reserve it; None unless a firm refused."""
    try:
        known = find_order(session.ledger, one.order)
        known = keep_plan(session, known, one.plan, on)
        require_offers(session, known, one.plan, on)
        outcome = reserve_on(session, known, one.plan, on, no_other_plan)
    except NetError as error:
        done.failed.append((one.order, error.message))
        return None
    if isinstance(outcome, Refused):
        return outcome
    done.reserved.append(outcome)
    return None
