"""What planning one order after another gives: each gets the best plan on what those before it leave.

So a batch goes about it. The router takes these plans among its candidates, so that deciding together never
earns less than one after the other, whichever way the file is sorted.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from time import monotonic
from typing import Any

from domain.errors import RefusedError
from domain.network import Network
from domain.plan import Certificate, Plan
from flows.credit.concentration import leans_of
from flows.many.candidates import Considered, Market, Place, without_products
from flows.plans.availability import LedgerAvailability
from flows.plans.recorded_plan import situation_of
from routing.plans.choose import choose

Key = Callable[[Considered], Any]

SEQUENCES: tuple[Key, ...] = (
    lambda one: one.place,
    lambda one: (one.placed.order.due_on or date.max, one.place),
    lambda one: (-max((plan.profit_minor for plan in one.plans), default=0), one.place),
)
"""As in the file, by due day, by what each could earn alone."""


def add_sequences(market: Market, end: float) -> list[dict[str, Plan]]:
    """Plan in every sequence and add what comes of it to the candidates; until ``end`` of the clock."""
    found = []
    for key in SEQUENCES:
        if monotonic() > end:
            break
        found.append(in_sequence(market, sorted(market.orders, key=key), end))
    return found


def in_sequence(market: Market, orders: Iterable[Considered], end: float) -> dict[str, Plan]:
    """Each order's plan, by its name; those that get none are left out."""
    claimed: dict[Place, int] = {}
    chosen: dict[str, Plan] = {}
    for one in orders:
        if monotonic() > end:
            break
        plan = best_beside(market, one, claimed) if one.plans else None
        if plan is not None:
            one.add([plan])
            plan = one.known(plan)
            chosen[one.placed.id] = plan
            take(market, one, plan, claimed)
    return chosen


def take(market: Market, one: Considered, plan: Plan, claimed: dict[Place, int]) -> None:
    """Count what the plan uses as gone."""
    for place, amount in market.uses_of(plan, one.placed).items():
        claimed[place] = claimed.get(place, 0) + amount


def best_beside(market: Market, one: Considered, claimed: Mapping[Place, int]) -> Plan | None:
    """The order's best plan on what is free when ``claimed`` is gone; None when there is none.

    A lender whose limit on whom it leans on does not suffice is left out, and the order planned again.
    """
    network = market.network_for(one)
    free = LedgerAvailability(market.session.ledger)
    free.claim((resource, period, amount) for (resource, period), amount in claimed.items())
    while True:
        plan = _best(market, one, network, free)
        if plan is None:
            return None
        over = _too_heavy(market, one, plan, claimed)
        if not over:
            return plan if market.fits(plan, one.placed, claimed) else None
        network = without_products(network, over)


def _best(market: Market, one: Considered, network: Network, free: LedgerAvailability) -> Plan | None:
    situation = replace(situation_of(market.session, one.placed, market.on, free), network=network)
    try:
        found = choose(situation, repairs=False, brief=True)
    except RefusedError:
        return None
    return None if isinstance(found, Certificate) or market.asks_again(found) else found


def _too_heavy(market: Market, one: Considered, plan: Plan, claimed: Mapping[Place, int]) -> set[str]:
    """Products whose lender would lean on somebody by more than it may."""
    uses = market.uses_of(plan, one.placed)
    over = {place for place, amount in uses.items() if claimed.get(place, 0) + amount > market.free[place]}
    return {
        lean.product
        for lean in leans_of(one.placed.order, plan, market.session.network)
        if any(place in over for _, place in market.limit_places(lean))
    }


def more_plans(market: Market, chosen: Mapping[str, Plan], end: float) -> int:
    """Plans for who was left out, on what the chosen ones leave; and for who stands in the way of such an
    order, on what it would leave. How many are new."""
    claimed: dict[Place, int] = {}
    for one in market.orders:
        if one.placed.id in chosen:
            take(market, one, chosen[one.placed.id], claimed)
    before = sum(len(one.plans) for one in market.orders)
    for out in market.orders:
        if out.placed.id in chosen or not out.plans or monotonic() > end:
            continue
        wanted = max(out.plans, key=lambda plan: plan.profit_minor)
        _make_way(market, out, wanted, chosen, claimed, end)
        plan = best_beside(market, out, claimed)
        out.add([plan] if plan is not None else [])
    return sum(len(one.plans) for one in market.orders) - before


def _make_way(
    market: Market,
    out: Considered,
    wanted: Plan,
    chosen: Mapping[str, Plan],
    claimed: Mapping[Place, int],
    end: float,
) -> None:
    """Plan those again whose plans take what ``wanted`` lacks, as if it had it."""
    uses = market.uses_of(wanted, out.placed)
    short = {place for place, amount in uses.items() if claimed.get(place, 0) + amount > market.free[place]}
    for one in market.orders:
        plan = chosen.get(one.placed.id)
        if plan is None or monotonic() > end:
            continue
        own = market.uses_of(plan, one.placed)
        if short.isdisjoint(own):
            continue
        left = {place: amount - own.get(place, 0) for place, amount in claimed.items()}
        take(market, out, wanted, left)
        other = best_beside(market, one, left)
        one.add([other] if other is not None else [])
