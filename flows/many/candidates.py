"""Candidate plans of many orders, and the one problem they make together.

What an order's plan uses is read from the very requests that reserving it would send (``needs_of``), so that
what is routed and what is reserved mean the same: slots per provider and day, each credit line once. Whom a
lender leans on comes from its own underwriting limits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import inf
from time import monotonic

from domain.errors import RefusedError
from domain.money import round_minor
from domain.network import Network
from domain.plan import Certificate, Plan
from finance.underwriting.credit_offer import Reason
from flows.credit.concentration import Lean, distinct_limits, leans_of
from flows.credit.exposures import exposures_of
from flows.credit.offers import groups_in
from flows.credit.refusals import lenders_have_rules, no_credit, refusals_of
from flows.desk.session import Session
from flows.orders.find import Placed
from flows.plans.availability import LedgerAvailability
from flows.plans.foresight import policy_for
from flows.plans.needs import needs_of
from flows.plans.newest import newest_plan
from flows.plans.recorded_plan import situation_of, stale_inputs
from routing.offers.exchange import CurrencyError, exchange_factor
from routing.plans.choose import candidates, choose
from routing.shared.allocation import Allocation, Candidate, Demand, SharedResource, allocation_of

Place = tuple[str, str]
"""A resource and its period, as the slot calendar names them."""

OBJECTIVES = ("profit", "cost", "served")
PER_ORDER, MOST_PER_ORDER, ALL_PLANS = 24, 1_000, 6_000
"""Plans looked at for each order at first; in the end at most, and of all orders together."""
PER_FIRMS, FIRMS_AT_LEAST = 6, 4
"""Of the plans of an order, how many may be of the same firms on other dates or with other money."""
FIRST_PLANS = 2
"""Plans made for every order before any gets more."""
NO_TIME = "not decided in the time given"


def without_products(network: Network, products: set[str]) -> Network:
    """The network as if these products were not offered."""
    return replace(network, products=tuple(one for one in network.products if one.id not in products))


@dataclass(slots=True)
class Considered:
    """One order with the plans it could get; ``kept`` is the plan it stands on from before.

    ``place`` is where it stood in what was given. ``refused`` are products whose lender said no to it.
    ``reason`` says why it has no plan: no chain, or none free of own cash.
    """

    placed: Placed
    place: int = 0
    refused: set[str] = field(default_factory=set)
    plans: list[Plan] = field(default_factory=list)
    kept: Plan | None = None
    reason: str = ""
    kind: str = ""

    def add(self, plans: Iterable[Plan]) -> None:
        """Further plans; one with the same legs and money as a known plan is not another."""
        known = {_content(plan) for plan in self.plans}
        for plan in plans:
            if _content(plan) not in known:
                known.add(_content(plan))
                self.plans.append(plan)

    def known(self, plan: Plan) -> Plan:
        """The plan among those considered that has the same legs and money."""
        return next(one for one in self.plans if _content(one) == _content(plan))

    def refuse(self, products: Iterable[str]) -> None:
        """Leave out what these products would pay for."""
        self.refused |= set(products)
        self.plans = [one for one in self.plans if self.refused.isdisjoint(money_of(one))]
        if self.kept is not None and not self.refused.isdisjoint(money_of(self.kept)):
            self.kept = None


def money_of(plan: Plan) -> set[str]:
    """The products that the plan counts on."""
    return {one.product for one in plan.facilities if not one.standby}


def _content(plan: Plan) -> tuple[object, ...]:
    money = tuple((one.product, one.limit_minor, one.draws) for one in plan.facilities)
    return plan.legs, money


@dataclass(slots=True)
class Market:
    """The orders, what each plan uses, and what is free of it all."""

    session: Session
    on: date
    orders: list[Considered]
    free: dict[Place, int] = field(default_factory=dict)
    uses: dict[int, tuple[Plan, dict[Place, int]]] = field(default_factory=dict)
    exposures: dict[str, Mapping[Place, int]] = field(default_factory=dict)
    limits: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Legs that a firm has refused: no plan that asks for one again is chosen."""

    def asks_again(self, plan: Plan) -> bool:
        """Whether the plan asks for what a firm has refused."""
        if not self.refused:
            return False
        return any(need.leg in self.refused for need in needs_of(plan, self.session.network))

    def uses_of(self, plan: Plan, placed: Placed) -> dict[Place, int]:
        """Amounts by resource; only what has a limit counts."""
        if id(plan) not in self.uses:
            found: dict[Place, int] = {}
            for need in needs_of(plan, self.session.network):
                for line in need.request.lines:
                    if line.capacity:
                        place = (line.resource, line.period)
                        found[place] = found.get(place, 0) + line.quantity
                        self._free(place, line.capacity)
            self._concentrate(plan, placed, found)
            self.uses[id(plan)] = plan, found  # the plan is kept, so that its number stays its own
        return self.uses[id(plan)][1]

    def fits(self, plan: Plan, placed: Placed, claimed: Mapping[Place, int]) -> bool:
        """Whether what is free suffices for the plan beside ``claimed``."""
        uses = self.uses_of(plan, placed)
        return all(claimed.get(place, 0) + amount <= self.free[place] for place, amount in uses.items())

    def network_for(self, one: Considered) -> Network:
        """The network less what was refused to the order."""
        network = self.session.network
        return without_products(network, one.refused) if one.refused else network

    def _free(self, place: Place, capacity: int) -> None:
        if place not in self.free:
            known = self.session.ledger.capacity(*place)
            self.free[place] = max(0, capacity - (known[1] if known else 0))

    def _concentrate(self, plan: Plan, placed: Placed, found: dict[Place, int]) -> None:
        """What the plan adds at every place that a lender limits, in the lender's currency.

        Where a lender's products have different limits, each plan counts against its own and every looser
        one: reserving the tighter first, each is asked while only what counts against its limit is out.
        """
        if not lenders_have_rules(self.session.network):
            return
        for lean in leans_of(placed.order, plan, self.session.network):
            out = self._out(lean.lender).get(lean.place, 0)
            for limit, place in self.limit_places(lean):
                room = self.free.setdefault(place, max(0, limit - out))
                # two loans of one lender to an order are each asked for alone, and then are out together
                counted = max(lean.alone_minor, min(lean.amount_minor, room))
                found[place] = max(found.get(place, 0), counted)

    def limit_places(self, lean: Lean) -> Iterable[tuple[int, Place]]:
        """The limits that count what leans there, each with its name beside slots and credit lines."""
        kind, name = lean.place
        key = lean.lender, kind
        if key not in self.limits:
            self.limits[key] = distinct_limits(lean.lender, kind, self.session.network)
        limits = self.limits[key]
        for limit in limits:
            if limit >= lean.limit_minor:
                which = f"{kind}:{lean.lender}"
                yield limit, (which if len(limits) == 1 else f"{which}:{limit}", name)

    def _out(self, lender_id: str) -> Mapping[Place, int]:
        """What the lender has out already, by place."""
        if lender_id not in self.exposures:
            lender = self.session.network.lender(lender_id)
            groups = groups_in(lender.underwriting if lender else {})
            self.exposures[lender_id] = exposures_of(self.session.ledger, lender_id, groups)
        return self.exposures[lender_id]

    def forget_free(self) -> None:
        """After something was reserved: ask the ledger again."""
        self.free.clear()
        self.uses.clear()
        self.exposures.clear()


def consider(
    session: Session, placed: Sequence[Placed], on: date, *, per_order: int = PER_ORDER, end: float = inf
) -> Market:
    """Every order with its candidate plans on what is free now; the clock's ``end`` bounds how many.

    First a few plans for each, so that every order has one, then up to ``per_order``.
    """
    market = Market(session, on, [])
    for place, one in enumerate(placed):
        market.orders.append(_considered(market, one, place, end))
    market.orders.sort(key=lambda item: item.placed.id)
    widen(market, per_order, end)
    return market


def wide_enough(orders: int) -> int:
    """How many plans of each order are looked at in the end: of a few orders nearly all, of many some."""
    return max(PER_ORDER, min(MOST_PER_ORDER, ALL_PLANS // max(orders, 1)))


def widen(market: Market, per_order: int, end: float) -> int:
    """Up to so many plans of each order on what is free now, while there is time; how many are new."""
    free = LedgerAvailability(market.session.ledger)
    before = sum(len(one.plans) for one in market.orders)
    for one in market.orders:
        if one.plans and len(one.plans) < per_order and monotonic() < end:
            one.add(plans_of(market, one, free, per_order))
    return sum(len(one.plans) for one in market.orders) - before


def _considered(market: Market, placed: Placed, place: int, end: float) -> Considered:
    session, on = market.session, market.on
    found = Considered(placed, place)
    kept = newest_plan(session.ledger, placed.id) if placed.state.value == "PLANNED" else None
    policy = policy_for(session, placed.order)
    if kept is not None and not stale_inputs(kept, placed.order, session.network, policy, on):
        found.kept = kept
        found.add([kept])
    if monotonic() > end:
        found.kind, found.reason = "no capacity", NO_TIME
        return found
    free = LedgerAvailability(session.ledger)
    try:
        found.add(plans_of(market, found, free, FIRST_PLANS))
        if not found.plans:
            _explain(found, session, on, free)
        ask_lenders(market, found, free)
    except RefusedError as error:
        found.kind, found.reason = "refused", error.message
    return found


def ask_lenders(market: Market, one: Considered, free: LedgerAvailability) -> None:
    """Leave out the products whose lender refuses the order's best plan, and plan again, until all agree.

    A lender that only may not lean so far on somebody is not left out: that limit counts beside the slots.
    """
    while one.plans:
        best = max(one.plans, key=lambda plan: plan.profit_minor)
        said = refusals_of(market.session, one.placed, best, market.on)
        no = {name: why for name, why in said.items() if not all(_is_limit(each) for _, each in why)}
        if not no:
            return
        one.refuse(no)
        if not one.plans:
            one.add(plans_of(market, one, free, FIRST_PLANS))
        if not one.plans:
            one.kind, one.reason = "no credit", no_credit(one.placed.id, no).message


def _is_limit(reason: Reason) -> bool:
    return reason.code.startswith("limit_")


def plans_of(market: Market, one: Considered, free: LedgerAvailability, limit: int) -> list[Plan]:
    """Good plans of the order on what is free, most profit first; dates and money of the same firms too."""
    situation = situation_of(market.session, one.placed, market.on, free)
    situation = replace(situation, network=market.network_for(one))
    return candidates(situation, limit=limit, per_chain=max(PER_FIRMS, limit // FIRMS_AT_LEAST))


def _explain(found: Considered, session: "Session", on: date, free: LedgerAvailability) -> None:
    answer = choose(situation_of(session, found.placed, on, free), repairs=False, brief=True)
    if isinstance(answer, Certificate):
        found.kind = "no chain" if answer.best is None else "own cash needed"
        found.reason = answer.reason


def problem_of(market: Market, objective: str) -> tuple[Allocation, dict[tuple[str, str], Plan]]:
    """The orders as one allocation in the network's currency, and the plan behind each candidate."""
    network = market.session.network
    plans: dict[tuple[str, str], Plan] = {}
    demands = []
    for one in market.orders:
        options = []
        for place, plan in enumerate(one.plans):
            if market.asks_again(plan):
                continue
            worth = home_minor(network, plan.profit_minor, plan.currency)
            if objective != "profit":
                worth -= home_minor(network, plan.net_minor, plan.currency)
            name = f"plan {place + 1:03d}"
            plans[one.placed.id, name] = plan
            uses = {_name(key): amount for key, amount in market.uses_of(plan, one.placed).items()}
            options.append(Candidate(name, -worth, uses))
        demands.append(Demand(one.placed.id, options, None if objective == "cost" else 0))
    resources = [SharedResource(_name(place), room) for place, room in market.free.items()]
    return allocation_of(demands, resources), plans


def home_minor(network: Network, amount_minor: int, currency: str) -> int:
    """The amount in the network's currency; RefusedError when there is no rate."""
    try:
        return round_minor(amount_minor * exchange_factor(network, currency, network.currency))
    except CurrencyError:
        raise RefusedError(
            f"no exchange rate from {currency} to {network.currency}", "add it to the network file"
        ) from None


def _name(place: Place) -> str:
    """Resource and period in one, split again by ``place_of``."""
    return "\t".join(place)


def place_of(name: str) -> Place:
    """The resource and the period of a name of the problem."""
    resource, _, period = name.partition("\t")
    return resource, period
