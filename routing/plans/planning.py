"""One order being planned: what the search, the certificate and the choice share."""

from collections.abc import Iterator
from time import perf_counter_ns

from domain.plan import Plan, Search
from routing.chains.case import OrderCase, case_of
from routing.mixes.credit_market import CreditMarket, market_of
from routing.mixes.proof import Tried
from routing.offers.situation import Situation
from routing.plans.assemble import plan_of
from routing.plans.search import ChainSearch


class Planning:
    """One order being planned: the case, the lenders' market and the search over chains."""

    def __init__(self, situation: Situation) -> None:
        self.started = perf_counter_ns()
        self.situation = situation
        self.on = situation.day
        self.case: OrderCase = case_of(situation)
        self.market: CreditMarket = market_of(self.case)
        self.search = ChainSearch(self.case, self.market)

    def tried(self) -> Iterator[Tried]:
        """Passing chains with their mixes, most profit first."""
        return self.search.plans()

    def plan(self, tried: Tried, *, brief: bool = False) -> Plan:
        return plan_of(self.market, self.search.dating, tried, self.on, self.report(), brief=brief)

    def report(self) -> Search:
        return Search(
            chains_evaluated=self.search.chains,
            mixes_evaluated=self.search.mixes,
            chains_possible=self.search.possible,
            proven=self.search.proven,
            microseconds=(perf_counter_ns() - self.started) // 1000,
        )
