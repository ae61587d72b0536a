"""One replication of one arrangement: every order planned by the real planner on the real slot calendar.

The calendar is a ledger's. What a plan needs is held in it by the same calls as reserving, inside one open
write that
is given up at the end, so nothing stays. A limit is free again on the day on which the plan settles.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

from domain.network import FACTORY, Network, Policy
from domain.order import Order
from domain.plan import Plan
from domain.ports import HoldLine, NotFree
from domain.slots import CREDIT_PERIOD
from flows.firms.resources import resources, works_on
from flows.plans.availability import LedgerAvailability
from flows.plans.needs import needs_of
from flows.simulate.arrangements import Arrangement
from ledger.book.transaction import Transaction
from ledger.store import Ledger
from routing.offers.situation import Situation
from routing.plans.choose import choose


@dataclass(slots=True)
class Replication:
    """What one replication came to; amounts in minor units of the orders' currency.

    ``lead_days`` sums the days from order to delivery of what was served. ``lent`` is minor units times days
    of lenders' money out. ``made`` are units of factories' capacity used, of ``room`` there were.
    """

    orders: int = 0
    served: int = 0
    units_asked: int = 0
    units_served: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    lead_days: int = 0
    sales_minor: int = 0
    trader_minor: int = 0
    provider_minor: int = 0
    lender_minor: int = 0
    network_minor: int = 0
    lent: int = 0
    made: int = 0
    room: int = 0
    by_trader: Counter[int] = field(default_factory=Counter)


class _GivenUpError(Exception):
    """Ends an open write without a commit; never leaves this file."""


@contextmanager
def given_up(ledger: Ledger) -> Iterator[Transaction]:
    """An open write of the ledger of which nothing stays."""
    try:
        with ledger.write() as transaction:
            yield transaction
            raise _GivenUpError
    except _GivenUpError:
        return


def play(
    ledger: Ledger,
    arrangement: Arrangement,
    policy: Policy,
    orders: Iterable[tuple[int, Order]],
) -> Replication:
    """The orders in turn, each as of its own day; what is taken is gone for those that come later."""
    found = Replication()
    with given_up(ledger) as transaction:
        calendar = Calendar(transaction)
        for trader, order in orders:
            calendar.return_credit(order.issued_on)
            network = arrangement.networks[trader]
            situation = Situation(order, network, policy, None, calendar.free)
            plan = choose(situation, repairs=False, brief=True)
            found.orders += 1
            found.units_asked += _units(order)
            if not isinstance(plan, Plan):
                found.refused["no capacity" if plan.best is None else "own cash needed"] += 1
            elif calendar.take(plan, network):
                _count(found, trader, order, plan)
            else:  # the planner saw it free in this very write
                raise AssertionError(f"the calendar refuses what it said was free: {order.reference}")
    return found


class Calendar:
    """The ledger's calendar as reserving uses it, and which credit comes back when.

    ``free`` asks the ledger once for each slot and follows what is held: a plan's slots have all been asked
    for when it is held, so the answers stay those that the ledger would give.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.free = LedgerAvailability(transaction)
        self._opened: dict[tuple[str, str], int] = {}
        self._returning: list[tuple[date, str, list[HoldLine]]] = []

    def take(self, plan: Plan, network: Network) -> bool:
        """Hold everything that the plan needs; False where something is not free."""
        lines = [line for need in needs_of(plan, network) for line in need.request.lines if line.capacity]
        wanted = {(line.resource, line.period): line.capacity for line in lines}
        new = [(*place, capacity) for place, capacity in wanted.items() if place not in self._opened]
        if new:
            self._transaction.open_capacities(new)
            self._opened |= wanted
        slots: list[HoldLine] = []
        credit: list[HoldLine] = []
        for line in lines:
            kept = credit if line.period == CREDIT_PERIOD else slots
            kept.append(HoldLine(line.resource, line.period, line.quantity))
        for name, held in (("slots", slots), ("credit", credit)):
            if held and isinstance(
                self._transaction.hold(f"{plan.order}/{name}", plan.order, held, None), NotFree
            ):
                return False
            self.free.claim((line.resource, line.period, line.quantity) for line in held)
        if credit:
            heapq.heappush(self._returning, (settled_on(plan), f"{plan.order}/credit", credit))
        return True

    def return_credit(self, on: date) -> None:
        while self._returning and self._returning[0][0] <= on:
            _, hold, lines = heapq.heappop(self._returning)
            self._transaction.release_hold(hold)
            self.free.claim((line.resource, line.period, -line.quantity) for line in lines)


def settled_on(plan: Plan) -> date:
    """The day of the plan's last flow: its lenders' limits are free again."""
    return max(flow.on for flow in plan.flows)


def _units(order: Order) -> int:
    return int(sum(line.quantity for line in order.lines))


def _count(found: Replication, trader: int, order: Order, plan: Plan) -> None:
    found.served += 1
    found.units_served += _units(order)
    found.lead_days += (delivered_on(plan) - order.issued_on).days
    found.sales_minor += plan.net_minor
    found.trader_minor += plan.profit_minor
    found.by_trader[trader] += plan.profit_minor
    found.provider_minor += sum(leg.net_minor for leg in plan.legs)
    found.network_minor += plan.network_fee_minor
    found.lender_minor += plan.finance_cost_minor
    found.lent += _lent(plan)
    found.made += sum(
        slot.quantity for leg in plan.legs if leg.kind == FACTORY for slot in leg.slots if slot.capacity
    )


def delivered_on(plan: Plan) -> date:
    return plan.events["delivery"]


def _lent(plan: Plan) -> int:
    """Lenders' money times the days that it is out."""
    return sum(
        draw.cash_minor * (facility.repaid_on - draw.on).days
        for facility in plan.facilities
        if not facility.standby
        for draw in facility.draws
    )


def factory_room(arrangement: Arrangement, first: date, last: date) -> int:
    """Units that the factories can make on their working days from ``first`` to ``last``, a line once."""
    room = 0
    every = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    for network in arrangement.distinct:
        for one in resources(network):
            provider = network.provider(one.provider)
            if one.kind == FACTORY and provider is not None:
                room += one.capacity * sum(works_on(network, provider, one.name, day) for day in every)
    return room
