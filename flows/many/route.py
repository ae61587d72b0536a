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
from flows.credit.refusals import no_credit, refusals_of
from flows.deals.run import Way, keep_plan, require_offers, reserve_on
from flows.desk.session import Session
from flows.many.candidates import (
    OBJECTIVES,
    PER_ORDER,
    Considered,
    Market,
    Place,
    consider,
    place_of,
    problem_of,
    wide_enough,
    widen,
)
from flows.many.one_after_another import add_sequences, best_beside, more_plans
from flows.orders.find import Placed, find_order, list_orders
from flows.orders.place import place_order, same_order
from flows.slots.outcomes import Refused, no_other_plan
from routing.many.causes import left_out
from routing.many.objectives import serve_most
from routing.many.router import route
from routing.shared.allocation import Allocation
from routing.shared.answer import Allotment, Answer, Cause, Status
from routing.shared.certify import exact_cost, exact_loads, violations

ROUNDS = 12
"""How often who was left out, or in the way, is planned again."""
PLANNING_SHARE, SEQUENCES_SHARE = 0.4, 0.4
"""Of the time limit the part in which candidates are made; of what is left, that of one after another."""
LEAST_SECONDS = 0.2
"""A solver gets at least this, also when the time has run out."""
DECLINES = 50
"""After so many firms' refusals ``commit`` stops deciding again."""
REROUTABLE = (OrderState.CONFIRMED, OrderState.PLANNED)


@dataclass(frozen=True, slots=True)
class Terms:
    """How to decide; ``objective`` is one of ``OBJECTIVES``, ``gap`` relative, ``per_order`` how many plans
    of each order to look at, 0 for as many as their number allows."""

    objective: str = "profit"
    time_limit: float = 60.0
    gap: float = 0.0
    per_order: int = 0


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
    end = monotonic() + terms.time_limit
    return _decide(_considered(session, placed, on, terms, end), terms, end)


def _considered(session: Session, placed: Sequence[Placed], on: date, terms: Terms, end: float) -> Market:
    """The market with its candidates; planning them takes a part of the time at most."""
    stop = end - terms.time_limit * (1 - PLANNING_SHARE)
    return consider(session, placed, on, per_order=terms.per_order or PER_ORDER, end=stop)


def _decide(market: Market, terms: Terms, end: float) -> Decision:
    """Solve, plan again who was left out and who stands in the way, until that brings nothing more.

    What one after the other earns is among the answers, and what a lender would refuse is not.
    """
    if terms.objective not in OBJECTIVES:
        raise NetError(f"{terms.objective!r} is no objective")
    known = add_sequences(market, end - (end - monotonic()) * (1 - SEQUENCES_SHARE))
    decision = _solve(market, terms, end, known)
    for _ in range(ROUNDS):
        chosen = {one.order: one.plan for one in decision.routed}
        if not _refused(market, chosen) and not _more(market, terms, decision, chosen, end):
            break
        decision = _solve(market, terms, end, [*known, chosen])
    if decision.status is Status.INFEASIBLE:
        raise _impossible(decision)
    return decision


def _more(market: Market, terms: Terms, decision: Decision, chosen: Mapping[str, Plan], end: float) -> bool:
    """Whether there are further plans to decide about, while there is time: for who was left out or stands in
    the way; then, unless a number was asked for, for everybody."""
    if monotonic() > end:
        return False
    if decision.left_out and more_plans(market, chosen, end):
        return True
    return terms.per_order == 0 and widen(market, wide_enough(len(market.orders)), end) > 0


def _refused(market: Market, chosen: Mapping[str, Plan]) -> bool:
    """Ask every lender of every chosen plan; whoever says no is left out of the order's plans."""
    again = False
    for one in market.orders:
        plan = chosen.get(one.placed.id)
        said = refusals_of(market.session, one.placed, plan, market.on) if plan is not None else {}
        if not said:
            continue
        again = True
        one.refuse(said)
        best = best_beside(market, one, {})
        one.add([best] if best is not None else [])
        if not one.plans:
            one.kind, one.reason = "no credit", no_credit(one.placed.id, said).message
    return again


def _impossible(decision: Decision) -> NetError:
    reasons = "; ".join(f"{one.order}: {one.reason}" for one in decision.left_out[:5])
    return UnavailableError(
        f"not every order can be served: {reasons}", "serve as many as possible: --objective served"
    )


def _solve(market: Market, terms: Terms, end: float, known: Sequence[Mapping[str, Plan]]) -> Decision:
    problem, plans = problem_of(market, terms.objective)
    left = max(LEAST_SECONDS, end - monotonic())
    if terms.objective == "served":
        most = serve_most(problem, time_limit=left, relative_gap=terms.gap)
        problem, answer = most.problem, most.answer
    else:
        start = _start(problem, plans, known) if terms.objective == "profit" else None
        answer = route(problem, time_limit=left, relative_gap=terms.gap, start=start)
    faults = violations(problem, answer) if answer.shares else []
    if faults:
        raise NetError(f"the router's answer does not hold: {faults[0]}", "report this; nothing was done")
    return _decision(market, terms, problem, answer, plans)


def _start(
    problem: Allocation, plans: Mapping[tuple[str, str], Plan], known: Sequence[Mapping[str, Plan]]
) -> Answer | None:
    """The cheapest of the choices that are known to hold, as an answer; None where none does any more."""
    found = []
    places = {name: place for place, name in enumerate(problem.orders)}
    by_plan = {
        (owner, id(plans[problem.orders[owner], problem.candidates[candidate]])): candidate
        for candidate, owner in enumerate(problem.owner.tolist())
    }
    for chosen in known:
        wanted = [(places[order], by_plan.get((places[order], id(plan)))) for order, plan in chosen.items()]
        shares = [
            Allotment(order, candidate, int(problem.quantity[order]))
            for order, candidate in wanted
            if candidate is not None
        ]
        cost = exact_cost(problem, shares, {})
        answer = Answer(Status.FEASIBLE, shares, cost, None, "one after another", proof="search")
        if not violations(problem, answer):
            found.append(answer)
    return min(found, key=lambda one: one.objective, default=None)


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
    """Whether it is money that is scarce: a credit line, or a lender's limit on whom it leans."""
    return resource.startswith(("credit:", "buyer:", "trader:", "group:", "provider:", "pool:"))


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
    end = monotonic() + terms.time_limit
    market = _considered(session, placed, on, terms, end)
    first = decision = _decide(market, terms, end)
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
        decision = _decide(market, terms, monotonic() + terms.time_limit)
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
