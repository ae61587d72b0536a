"""Best-first search over chains: the plans of one order in the order of their profit.

Why it is exact. Every chain descends from a factory through partial ways; each node of that tree carries a
bound that no plan below it can pass: net sales less the legs chosen so far, less the least that the legs
still to choose cost, less the least that any mix of money costs for it. Nodes leave a heap best bound
first, and a child's bound is never above what its parent allowed (a cost known exactly takes the place of
an estimate from below). So when the best bound left is not above the profit of a plan in hand, no plan
anywhere is better. Nothing is dropped for any other reason, except chains that cannot be dated and needs
that no lender covers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from heapq import heappop, heappush
from itertools import combinations

from domain.near import or_rather
from routing.chains.case import OrderCase, arrives, factory_offers, service_offers
from routing.chains.chains import Chain, Combo, Dating, start_dates
from routing.chains.ways import NOWHERE, WayMap
from routing.mixes.coverage import Coverage, coverage_of, mixes_for
from routing.mixes.credit_market import CreditMarket
from routing.mixes.factory_floors import Floors, Services
from routing.mixes.least_cost import IMPOSSIBLE
from routing.mixes.mixes import Mix, may_follow, with_contingency
from routing.mixes.operating_flows import Figures
from routing.mixes.proof import Tried, fails_policy, figures_for, try_mix
from routing.offers.offers import Offer

ROUNDING = 2
HOPELESS_CHAINS = 2_000
"""Chains looked at for the nearest one among factories that no lender covers, once nothing passes."""


@dataclass(frozen=True, slots=True)
class Root:
    """A factory's offer with the kinds of service its chains have, and what its money costs at least."""

    factory: Offer
    kinds: tuple[str, ...]
    services: Services
    money: int
    per_day: int
    ways: WayMap


@dataclass(frozen=True, slots=True)
class Partial:
    """A root with a way so far; ``arrived`` once the way is whole and services are being chosen."""

    root: Root
    place: str
    path: tuple[Offer, ...] = ()
    weight: int = 0
    stored: bool = False
    hops: int = 0
    arrived: bool = False
    services: tuple[Offer, ...] = ()


@dataclass(slots=True)
class Dated:
    """A chain with its dates and flows, waiting for its money to be worked out."""

    figures: Figures
    coverage: Coverage
    kinds: frozenset[str]


class ChainSearch:
    """One order's search; ``plans`` yields passing plans, best first."""

    def __init__(self, case: OrderCase, market: CreditMarket) -> None:
        self.case = case
        self.market = market
        self.dating = Dating(case)
        self.chains = 0
        self.undone = 0
        self.passed = 0
        self.mixes = 0
        self.possible = 0
        self.proven = True
        self.nearest: Tried | None = None
        self._heap: list[tuple[int, int, Partial | Dated | Root]] = []
        self._serial = 0
        self._ways: dict[Decimal, WayMap] = {}
        self._spare: Dated | None = None
        self._hopeless: list[Root] = []
        self._floors = Floors(case, market)
        self.base = _earned_before_chain(case)
        self._roots()

    # the tree

    def _push(self, bound: int, node: Partial | Dated | Root) -> None:
        self._serial += 1
        heappush(self._heap, (-bound, self._serial, node))

    def _roots(self) -> None:
        factories = factory_offers(self.case, self.market.products.guarantees)
        for kinds in _kind_sets(self.case, self.market):
            services = tuple(tuple(service_offers(self.case, kind)) for kind in kinds)
            if not all(services):
                missing = next(kind for kind, offers in zip(kinds, services, strict=True) if not offers)
                self.case.refuse(missing, f"nobody in the network offers {missing}")
                continue
            for factory in factories:
                root = self._root(factory, kinds, services)
                if root is not None and root.money < 0:
                    self.case.refuse(factory.provider.id, "no lender pays it before the goods arrive")
                    self._hopeless.append(root)
                elif root is not None:
                    self._push_root(root)

    def _push_root(self, root: Root) -> None:
        left = root.ways.left(self._start(root.factory), False, 0, 0)
        self._push(self._bound(root, 0, left, root.services), root)

    def _ends(self) -> set[str]:
        """Where lanes of the network end."""
        return {lane.destination for firm in self.case.network.providers for lane in firm.lanes}

    def _start(self, factory: Offer) -> str:
        place = factory.provider.place
        return place if place or self.case.targets else "works"

    def _root(self, factory: Offer, kinds: tuple[str, ...], services: Services) -> Root | None:
        ways = self._way_map(factory)
        place = self._start(factory)
        if ways.left(place, False, 0, 0) >= NOWHERE:
            targets = sorted(self.case.targets)
            where = " or ".join(targets) + or_rather(max(targets, key=len, default=""), self._ends())
            self.case.refuse(factory.provider.id, f"no way from {place or 'its place'} to {where}")
            return None
        serving = 1
        for offers in services:
            serving *= len(offers)
        self.possible += ways.ways(place) * serving * len(start_dates(self.case, factory))
        money, per_day = self._floors.of(factory, kinds, services, ways.fewest_days(place))
        return Root(factory, kinds, services, money, per_day, ways)

    def _way_map(self, factory: Offer) -> WayMap:
        found = self._ways.get(factory.kg)
        if found is None:
            found = self._ways[factory.kg] = WayMap(self.case, factory)
        return found

    def _bound(self, root: Root, weight: int, left: int, services: Services) -> int:
        serving = sum(min(offer.weight for offer in offers) for offers in services)
        return self.base - root.factory.weight - weight - left - serving - max(0, root.money)

    def _grow(self, node: Partial) -> None:
        """Push every way in which the partial chain can go on."""
        root = node.root
        if node.arrived:
            self._serve(node)
            return
        if arrives(self.case, node.place):
            done = Partial(root, node.place, node.path, node.weight, arrived=True)
            self._push(self._bound(root, node.weight, 0, root.services), done)
        for edge in root.ways.next_edges(node.place, node.stored, node.hops):
            stored, hops = node.stored or edge.stored, 0 if edge.stored else node.hops + 1
            left = root.ways.left(edge.to, stored, hops, root.per_day)
            if left >= NOWHERE:
                continue
            weight = node.weight + edge.offer.weight + edge.days * root.per_day
            child = Partial(root, edge.to, (*node.path, edge.offer), weight, stored, hops)
            self._push(self._bound(root, weight, left, root.services), child)

    def _serve(self, node: Partial) -> None:
        """Choose the next kind's firm, or date the whole combo."""
        root = node.root
        place = len(node.services)
        if place == len(root.services):
            self._date(Combo(root.factory, node.path, node.services), frozenset(root.kinds))
            return
        for offer in root.services[place]:
            weight = node.weight + offer.weight
            child = Partial(
                root, node.place, node.path, weight, arrived=True, services=(*node.services, offer)
            )
            self._push(self._bound(root, weight, 0, root.services[place + 1 :]), child)

    def _date(self, combo: Combo, kinds: frozenset[str]) -> None:
        """Push the combo once for each start date on which it can be had."""
        for booking in start_dates(self.case, combo.factory):
            chain = self.dating.chain(combo, booking)
            if chain is not None:
                self._push_chain(chain, kinds)
            elif self.dating.late:
                break

    def _push_chain(self, chain: Chain, kinds: frozenset[str]) -> None:
        figures = figures_for(self.market, chain)
        coverage = coverage_of(self.market, figures)
        node = Dated(figures, coverage, kinds)
        money = coverage.least
        if money is None or money >= IMPOSSIBLE:
            self.undone += 1
            if self._spare is None or coverage.short < self._spare.coverage.short:
                self._spare = node
        else:
            self._push(figures.unlevered - figures.guarantee_cost - money, node)

    # plans, best first

    def plans(self) -> Iterator[Tried]:
        """Passing plans by profit, highest first, one mix a chain; each is yielded once no better one can
        be left. When none passes, ``nearest`` is the failing one that came nearest."""
        ready: list[tuple[int, int, Tried]] = []
        while self._heap and not self._ended(-self._heap[0][0], bool(ready)):
            bound = -self._heap[0][0]
            while ready and -ready[0][0] >= bound:
                yield heappop(ready)[2]
            node = heappop(self._heap)[2]
            if isinstance(node, Dated):
                best = self._evaluate(node)
                if best is not None:
                    self.passed += 1
                    self._serial += 1
                    heappush(ready, (-best.profit, self._serial, best))
            elif isinstance(node, Root):
                self._open(node)
            else:
                self._grow(node)
        while ready:
            yield heappop(ready)[2]
        if not self.passed and (self.nearest is None or self.nearest.gap > 0):
            self._look_further()

    def _ended(self, bound: int, ready: bool) -> bool:
        """Nothing left can pass, or the policy's limit on chains is reached."""
        if bound < self.case.policy.profit_minimum_minor and (ready or self.chains or self._spare):
            return True
        if self.chains + self.undone >= self.case.policy.search_limit:
            self.proven = False
            return True
        return False

    def _open(self, root: Root) -> None:
        place = self._start(root.factory)
        left = root.ways.left(place, False, 0, root.per_day)
        self._push(self._bound(root, 0, left, root.services), Partial(root, place))

    def _evaluate(self, node: Dated) -> Tried | None:
        """The chain's most profitable passing mix, or None."""
        self.chains += 1
        figures = node.figures
        earned = figures.unlevered - figures.guarantee_cost
        floor = self.case.policy.profit_minimum_minor - 1
        best: Tried | None = None
        tried_any = False
        for mix in mixes_for(self.market, node.coverage, node.kinds):
            if earned - mix.least <= floor and (best is not None or self.nearest is not None):
                break
            tried_any = True
            found = self._try(figures, mix, floor)
            if found is not None:
                best, floor = found, found.profit
        if not tried_any and self.nearest is None:
            self._try(figures, Mix(None, None, None, figures.buyer_paid), floor)
        return best

    def _look_further(self) -> None:
        """Nothing passes: look among what no lender covers for the chain that comes nearest."""
        self._heap = []
        for root in self._hopeless:
            self._push_root(root)
        enough = self.undone + HOPELESS_CHAINS
        while self._heap and self.undone < enough:
            node = heappop(self._heap)[2]
            if isinstance(node, Dated):
                self._evaluate(node)
            elif isinstance(node, Root):
                self._open(node)
            else:
                self._grow(node)
        if self._spare is not None:
            self._look_at(self._spare)

    def _look_at(self, node: Dated) -> None:
        """Every mix of a chain that cannot pass, for how near it comes."""
        market = self.market
        self.chains += 1
        self._try(node.figures, Mix(None, None, None, node.figures.buyer_paid), 0)
        for opens, group in node.coverage.rows.items():
            for row in group:
                for pre in (None, *market.products.pre):
                    if may_follow(pre, row[2]):
                        self._try(node.figures, Mix(pre, row[2], None, opens), 0)
        for pre in market.products.pre:
            if may_follow(pre, None):
                self._try(node.figures, Mix(pre, None, None, node.figures.buyer_paid), 0)

    def _try(self, figures: Figures, mix: Mix, floor: int) -> Tried | None:
        """The mix, with the cheapest contingency facility behind it where it fails without; None unless it
        earns more than the floor."""
        best: Tried | None = None
        for whole in with_contingency(self.market, mix):
            self.mixes += 1
            tried = try_mix(self.market, figures, whole)
            if not tried.objection and tried.profit > floor:
                tried.objection = fails_policy(self.market, tried)
                if not tried.objection:
                    best, floor = tried, tried.profit
            if tried.objection:
                self._note(tried)
            elif whole is mix:
                break  # behind what passes alone a contingency facility only costs
        return best

    def _note(self, tried: Tried) -> None:
        """Keep the failing chain and mix that is nearest to passing: least gap, then most profit."""
        best = self.nearest
        if best is None or (tried.gap, -tried.profit) < (best.gap, -best.profit):
            self.nearest = tried
        subject, _, reason = tried.objection.partition(": ")
        if reason:
            self.case.refuse(subject, reason)


def _earned_before_chain(case: OrderCase) -> int:
    """Net sales less what no choice changes; the surcharge on the output tax may round by half."""
    fee = case.fee_net + (0 if case.network.fee.tax_recoverable else case.fee_tax)
    relief = case.fee_tax if case.network.fee.tax_recoverable else 0
    return case.net - fee - int((case.output_tax - relief) * case.tax.surcharge_rate) + ROUNDING


def _kind_sets(case: OrderCase, market: CreditMarket) -> list[tuple[str, ...]]:
    """The sets of service kinds that a chain may have: what is always required, and that with what a mix
    of products asks for on top."""
    always = set(case.index.required) | {str(kind) for kind in case.order.extra.get("requires", [])}
    offered = market.products
    extras = {
        frozenset(product.requires) - always
        for product in (*offered.pre, *offered.take, *offered.contingency, *offered.guarantees.values())
    } - {frozenset()}
    sets = {frozenset(always)}
    for count in range(1, min(len(extras), 4) + 1):
        sets |= {frozenset(always.union(*some)) for some in combinations(sorted(extras, key=sorted), count)}
    return sorted(tuple(sorted(kinds)) for kinds in sets)
