"""Candidate plans of many orders, and the one problem they make together.

What an order's plan uses is read from the very requests that reserving it would send (``needs_of``), so that
what is routed and what is reserved mean the same: slots per provider and day, each credit line once. Buyer
concentration comes from the lenders' own underwriting limits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from domain.errors import RefusedError
from domain.money import round_minor
from domain.network import Network
from domain.plan import Certificate, Plan
from finance.underwriting.credit_offer import rules_of
from flows.credit.exposures import exposures_of
from flows.credit.offers import concentrations_of, groups_in
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
PER_ORDER = 24
PER_FIRMS = 6
"""Plans looked at for each order, and of these with the same firms on other dates."""


@dataclass(slots=True)
class Considered:
    """One order with the plans it could get; ``kept`` is the plan it stands on from before.

    ``reason`` says why it has none: no chain, or no plan free of own cash.
    """

    placed: Placed
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
    uses: dict[int, dict[Place, int]] = field(default_factory=dict)
    exposures: dict[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)
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
            self.uses[id(plan)] = found
        return self.uses[id(plan)]

    def _free(self, place: Place, capacity: int) -> None:
        if place not in self.free:
            known = self.session.ledger.capacity(*place)
            self.free[place] = max(0, capacity - (known[1] if known else 0))

    def _concentrate(self, plan: Plan, placed: Placed, found: dict[Place, int]) -> None:
        """One order's money counts once with each lender: at the highest of its facilities."""
        owed: dict[str, int] = {}
        for facility in plan.facilities:
            if facility.standby:
                continue
            parts = [(share.lender, share.amount_minor) for share in facility.shares]
            for lender, amount in parts or [(facility.lender, facility.limit_minor)]:
                owed[lender] = max(owed.get(lender, 0), amount)
        for lender, amount in owed.items():
            for kind, name, room in self._limits(lender, placed, plan):
                place = (f"{kind}:{lender}", name)
                self.free.setdefault(place, room)
                found[place] = amount

    def _limits(self, lender_id: str, placed: Placed, plan: Plan) -> Iterable[tuple[str, str, int]]:
        """The lender's limits on whom the order leans on, less what is out already."""
        lender = self.session.network.lender(lender_id)
        if lender is None or not lender.underwriting or not lender.limit_minor:
            return
        rules = rules_of(lender.underwriting, lender.limit_minor)
        if lender_id not in self.exposures:
            groups = groups_in(lender.underwriting)
            self.exposures[lender_id] = exposures_of(self.session.ledger, lender_id, groups)
        for kind, name in concentrations_of(placed.order, plan, lender.underwriting):
            if kind in rules.limits and name:
                out = self.exposures[lender_id].get((kind, name), 0)
                yield kind, name, max(0, round_minor(rules.pool_minor * rules.limits[kind]) - out)

    def forget_free(self) -> None:
        """After something was reserved: ask the ledger again."""
        self.free.clear()
        self.uses.clear()
        self.exposures.clear()


def consider(session: Session, placed: Sequence[Placed], on: date, *, per_order: int) -> Market:
    """Every order with its candidate plans on what is free now, and in turn on what the others leave."""
    market = Market(session, on, [])
    for one in sorted(placed, key=lambda item: item.id):
        market.orders.append(_considered(session, one, on, per_order))
    _in_turn(market, per_order)
    return market


def _considered(session: Session, placed: Placed, on: date, per_order: int) -> Considered:
    found = Considered(placed)
    kept = newest_plan(session.ledger, placed.id) if placed.state.value == "PLANNED" else None
    policy = policy_for(session, placed.order)
    if kept is not None and not stale_inputs(kept, placed.order, session.network, policy, on):
        found.kept = kept
        found.add([kept])
    free = LedgerAvailability(session.ledger)
    try:
        found.add(_plans(session, placed, on, free, per_order))
        if not found.plans:
            _explain(found, session, on, free)
    except RefusedError as error:
        found.kind, found.reason = "refused", error.message
    return found


def _plans(
    session: Session, placed: Placed, on: date, free: LedgerAvailability, per_order: int
) -> list[Plan]:
    return candidates(situation_of(session, placed, on, free), limit=per_order, per_chain=PER_FIRMS)


def _explain(found: Considered, session: "Session", on: date, free: LedgerAvailability) -> None:
    answer = choose(situation_of(session, found.placed, on, free), repairs=False, brief=True)
    if isinstance(answer, Certificate):
        found.kind = "no chain" if answer.best is None else "own cash needed"
        found.reason = answer.reason


def _in_turn(market: Market, per_order: int) -> None:
    """Plan each order again on what those before it leave, most valuable first.

    Without these plans all orders would want the same best days and most would be crowded out.
    """
    free = LedgerAvailability(market.session.ledger)
    claimed: dict[Place, int] = {}
    for one in sorted(market.orders, key=lambda item: (-_best(item), item.placed.id)):
        if not one.plans:
            continue
        plan = _first_fitting(market, one, claimed)
        if plan is None:
            more = _plans(market.session, one.placed, market.on, free, max(2, per_order // 4))
            one.add(more)
            plan = _first_fitting(market, one, claimed)
        if plan is None:
            continue
        uses = market.uses_of(plan, one.placed)
        free.claim([(resource, period, amount) for (resource, period), amount in uses.items()])
        for place, amount in uses.items():
            claimed[place] = claimed.get(place, 0) + amount


def _first_fitting(market: Market, one: Considered, claimed: Mapping[Place, int]) -> Plan | None:
    for plan in sorted(one.plans, key=lambda item: -item.profit_minor):
        uses = market.uses_of(plan, one.placed)
        if all(claimed.get(place, 0) + amount <= market.free[place] for place, amount in uses.items()):
            return plan
    return None


def _best(one: Considered) -> int:
    return max((plan.profit_minor for plan in one.plans), default=0)


def more_plans(market: Market, chosen: Mapping[str, Plan], per_order: int) -> int:
    """Plan the orders that were left out on what the chosen plans leave free; how many plans are new."""
    free = LedgerAvailability(market.session.ledger)
    new = 0
    for one in market.orders:
        plan = chosen.get(one.placed.id)
        if plan is not None:
            uses = market.uses_of(plan, one.placed)
            free.claim([(resource, period, amount) for (resource, period), amount in uses.items()])
    for one in market.orders:
        if one.placed.id not in chosen and one.plans:
            before = len(one.plans)
            one.add(_plans(market.session, one.placed, market.on, free, max(2, per_order // 4)))
            new += len(one.plans) - before
    return new


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
