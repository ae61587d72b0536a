"""Plan one order: the most profitable chain and mix that never need the trader's own cash.

``choose`` answers with a plan or with a certificate, ``candidates`` with several good plans for the router,
``compare`` with the best few side by side.
"""

from collections.abc import Iterator
from datetime import date
from time import perf_counter_ns

from domain.network import Network, Policy
from domain.order import Order
from domain.plan import Availability, Certificate, Plan
from domain.plan import Search as SearchReport
from routing.assemble import plan_of
from routing.case import Case, case_of
from routing.mixes import Market, market_of
from routing.proof import Tried
from routing.search import Search


class Planning:
    """One order being planned: the case, the lenders' market and the search over chains."""

    def __init__(
        self,
        order: Order,
        network: Network,
        policy: Policy | None = None,
        on: date | None = None,
        availability: Availability | None = None,
    ) -> None:
        self.started = perf_counter_ns()
        self.on = on or order.issued_on
        self.case: Case = case_of(order, network, policy or Policy(), self.on, availability)
        self.market: Market = market_of(self.case)
        self.search = Search(self.case, self.market)

    def tried(self) -> Iterator[Tried]:
        """Passing chains with their mixes, most profit first."""
        return self.search.plans()

    def plan(self, tried: Tried, *, brief: bool = False) -> Plan:
        return plan_of(self.market, self.search.dating, tried, self.on, self.report(), brief=brief)

    def report(self) -> SearchReport:
        return SearchReport(
            chains_evaluated=self.search.chains,
            mixes_evaluated=self.search.mixes,
            chains_possible=self.search.possible,
            proven=self.search.proven,
            microseconds=(perf_counter_ns() - self.started) // 1000,
        )


def choose(
    order: Order,
    network: Network,
    policy: Policy | None = None,
    on: date | None = None,
    availability: Availability | None = None,
    *,
    repairs: bool = True,
    brief: bool = False,
) -> Plan | Certificate:
    """The plan with the highest profit among all that pass, or a certificate that none does.

    Proven best by the search's bound (routing.search says why). ``repairs=False`` leaves the certificate's
    ways out uncomputed; ``brief`` leaves out stresses and headroom. RefusedError when the network or the
    order's terms contradict themselves.
    """
    planning = Planning(order, network, policy, on, availability)
    best = next(planning.tried(), None)
    if best is not None:
        return planning.plan(best, brief=brief)
    from routing.certificate import certificate_of

    return certificate_of(planning, repairs=repairs)


def candidates(
    order: Order,
    network: Network,
    policy: Policy | None = None,
    on: date | None = None,
    availability: Availability | None = None,
    *,
    limit: int = 8,
    per_chain: int = 3,
) -> list[Plan]:
    """Up to ``limit`` passing plans, most profit first, brief; at most ``per_chain`` start dates of the
    same firms, so that the router has somewhere else to go. Empty when none passes."""
    planning = Planning(order, network, policy, on, availability)
    return [planning.plan(tried, brief=True) for tried in _spread(planning, limit, per_chain)]


def compare(
    order: Order,
    network: Network,
    policy: Policy | None = None,
    on: date | None = None,
    availability: Availability | None = None,
    *,
    limit: int = 3,
) -> list[Plan]:
    """The best plans that differ in firms or money, in full; the first is what ``choose`` answers."""
    planning = Planning(order, network, policy, on, availability)
    return [planning.plan(tried) for tried in _spread(planning, limit, 1)]


def _spread(planning: Planning, limit: int, per_chain: int) -> list[Tried]:
    taken: list[Tried] = []
    counts: dict[tuple[str, ...], int] = {}
    for looked, tried in enumerate(planning.tried(), start=1):
        key = firms_of(tried)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= per_chain:
            taken.append(tried)
        if len(taken) >= limit or looked >= limit * 50:
            break
    return taken


def firms_of(tried: Tried) -> tuple[str, ...]:
    """Which firms and offers a tried chain uses, dates aside."""
    combo = tried.chain.combo
    offers = (combo.factory, *combo.path, *combo.services)
    return tuple(f"{offer.provider.id}/{offer.item}/{offer.option}" for offer in offers)
