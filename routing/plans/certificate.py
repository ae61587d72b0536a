"""No plan passes: the best chain, its gap, and the smallest single repair of each kind.

Each repair is found by planning again with it, and proven by planning again with one unit less: one basis
point, one day, one minor unit. The search for it runs on the best chain's own firms first, since that is
quick; the proof runs on the whole network.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from domain.money import format_minor
from domain.network import Network, Role
from domain.plan import Certificate, Plan, Repair
from domain.terms import Event
from routing.mixes.proof import Tried
from routing.offers.situation import Situation
from routing.plans.planning import Planning
from routing.plans.what_if import Change, changed, told

LONGEST_CREDIT = 366
LONGEST_DELAY = 366


def certificate_of(planning: Planning, *, repairs: bool = True) -> Certificate:
    """Why nothing passes, and every way out found."""
    case = planning.case
    nearest = planning.search.nearest
    found = tuple(Repairing(planning, nearest).repairs()) if repairs else ()
    return Certificate(
        order=case.order.reference,
        planned_on=planning.on,
        currency=case.order.currency,
        reason=nearest.objection if nearest is not None else "no chain makes and moves the goods in time",
        gap_minor=nearest.gap if nearest is not None else 0,
        gap_on=nearest.gap_on if nearest is not None else None,
        limit_short_minor=nearest.settlement.limit_short if nearest is not None else 0,
        best=planning.plan(nearest) if nearest is not None else None,
        repairs=found,
        refusals=tuple(case.refusals),
        search=planning.report(),
    )


@dataclass(frozen=True, slots=True)
class Knob:
    """One thing that could be changed: from ``start`` in steps of one up to ``most``; ``hint`` is a guess
    at how many steps it takes."""

    kind: str
    target: str
    start: int
    most: int
    hint: int = 1


class Repairing:
    """Looks for the smallest change of each kind."""

    def __init__(self, planning: Planning, nearest: Tried | None) -> None:
        self.planning = planning
        self.nearest = nearest
        self.whole = planning.situation
        self.narrow = replace(self.whole, network=_own_firms(self.whole.network, nearest))

    def repairs(self) -> Iterator[Repair]:
        for knob in self._knobs():
            found = self._smallest(knob)
            if found is not None:
                yield found

    def _knobs(self) -> list[Knob]:
        order = self.whole.order
        due = self.planning.case.due
        knobs = []
        if self.nearest is not None:
            gap = max(1, self.nearest.gap)
            knobs += [*self._rates(), *self._supplier_days()]
            knobs.append(Knob("buyer_deposit", "", 0, 9_999, 100))
            if self.whole.network.lenders:
                knobs.append(Knob("contingency", "", 0, max(order.gross_minor, gap * 2), gap))
            days = max((term.days for term in order.payment), default=0)
            knobs.append(Knob("buyer_earlier", "", 0, days, 1))
            knobs.append(Knob("price", "", 0, max(order.net_minor, gap * 4), gap))
            knobs += self._limits()
        if due is not None:
            knobs.append(Knob("due_date", "", due, due + LONGEST_DELAY, 1))
        return knobs

    def _rates(self) -> Iterator[Knob]:
        """The advance rate of each product in the best mix, take-out first."""
        assert self.nearest is not None
        mix = self.nearest.mix
        for product in (mix.take, mix.pre):
            if product is not None and product.advance_rate < 1:
                rate = int(product.advance_rate * 10_000)
                yield Knob("advance_rate", product.id, rate, 10_000, 1)

    def _limits(self) -> Iterator[Knob]:
        assert self.nearest is not None
        short = self.nearest.settlement.limit_short
        pre = self.nearest.mix.pre
        if short and pre is not None and pre.limit_minor is not None:
            yield Knob("limit", pre.id, pre.limit_minor, pre.limit_minor * 2 + short * 2, short)

    def _supplier_days(self) -> Iterator[Knob]:
        assert self.nearest is not None
        seen = set()
        for step in self.nearest.chain.steps:
            name = step.offer.provider.id
            waits = any(part.term.event is not Event.BUYER_PAYMENT for part in step.offer.parts)
            if name not in seen and waits:
                seen.add(name)
                yield Knob("supplier_days", name, 0, LONGEST_CREDIT, 8)

    def _smallest(self, knob: Knob) -> Repair | None:
        """The smallest value on the knob with which planning again passes; None when none up to its most."""
        value = _first_passing(knob, lambda value: self._plan(self.narrow, knob, value) is not None)
        plan = self._plan(self.whole, knob, value) if value is not None else None
        if value is None or plan is None:
            return None
        if value > knob.start + 1 and self._plan(self.whole, knob, value - 1) is not None:
            within = replace(knob, most=value - 1, hint=max(1, (value - 1 - knob.start) // 2))
            lower = _first_passing(within, lambda each: self._plan(self.whole, knob, each) is not None)
            if lower is not None:
                value, plan = lower, self._plan(self.whole, knob, lower) or plan
        less = self._plan(self.whole, knob, value - 1) if value - 1 > knob.start else None
        return self._repair(knob, value, plan, verified=less is None)

    def _plan(self, situation: Situation, knob: Knob, value: int) -> Plan | None:
        return plan_again(changed(situation, Change(knob.kind, value, knob.target)))

    def _repair(self, knob: Knob, value: int, plan: Plan, *, verified: bool) -> Repair:
        currency = self.whole.order.currency
        change = Change(knob.kind, value, knob.target)
        return Repair(
            kind=knob.kind,
            change=told(change, currency),
            one_less=told(replace(change, value=value - 1), currency),
            text=_text(change, self.whole, value - knob.start),
            verified=verified,
            profit_minor=plan.profit_minor,
        )


def plan_again(situation: Situation) -> Plan | None:
    """The best plan of the situation, brief, or None."""
    planning = Planning(situation)
    best = next(planning.tried(), None)
    return planning.plan(best, brief=True) if best is not None else None


def _first_passing(knob: Knob, passes: Callable[[int], bool]) -> int | None:
    """Doubles the step until it passes, then halves between; exact where more is never worse."""
    failing = knob.start
    step = max(1, min(knob.hint, knob.most - knob.start))
    while True:
        value = min(knob.start + step, knob.most)
        if value <= failing:
            return None
        if passes(value):
            break
        failing = value
        step *= 2
    while value - failing > 1:
        middle = (value + failing) // 2
        if passes(middle):
            value = middle
        else:
            failing = middle
    return value


def _own_firms(network: Network, nearest: Tried | None) -> Network:
    """The network with only the firms and products of the best chain and mix, and the standbys."""
    if nearest is None:
        return network
    names = {step.offer.provider.id for step in nearest.chain.steps}
    mix = nearest.mix
    products = {one.id for one in (mix.pre, mix.take, mix.contingency) if one is not None}
    products.add(nearest.chain.combo.factory.guarantee)
    return replace(
        network,
        providers=tuple(one for one in network.providers if one.id in names),
        products=tuple(one for one in network.products if one.id in products or one.role is Role.CONTINGENCY),
    )


def _text(change: Change, situation: Situation, more: int) -> str:
    """The repair in words."""
    currency = situation.order.currency
    percent = f"{change.value / 100:.2f}%"
    amount = f"{format_minor(change.value, currency, grouped=True)} {currency}"
    told_by = {
        "advance_rate": f"{change.target} advances {percent}",
        "buyer_deposit": f"the buyer pays a deposit of {percent} with the order",
        "supplier_days": f"{change.target} grants {more} more day{'s' if more != 1 else ''}",
        "contingency": f"a contingency tranche of {amount}",
        "buyer_earlier": f"the buyer pays {more} day{'s' if more != 1 else ''} earlier",
        "price": f"the order's price is {amount} higher",
        "limit": f"{change.target} lends up to {amount} on the order",
    }
    if change.kind == "due_date":
        return f"the goods may arrive by {date.fromordinal(change.value)}"
    return told_by[change.kind]
