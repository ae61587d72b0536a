"""Which mixes of lenders' products a chain can use, and the least that each could cost.

A mix has at most one product of each role. ``CreditTerms`` are remembered per ceiling, so that the same
product on many chains shares its interest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from heapq import heapify, heappop, heappush

from domain.dates import DayCount
from domain.money import round_minor
from domain.network import AdvanceBase, DrawRule, FinanceProduct, Role
from domain.terms import Event
from finance.cash import Use
from finance.credit import CreditTerms, credit_terms, draw_of
from routing.case import Case
from routing.chains import Chain
from routing.figures import Figures
from routing.offers import EVENT_INDEX
from routing.timetable import Timetable

SCALE = 10**12
"""Rates in lower bounds are whole numbers of this part, rounded down."""


@dataclass(frozen=True, slots=True)
class LeastCost:
    """A lower bound on what a product costs: fixed + N x by_amount + X x by_day, where N is the need and
    X the sum of need x days to its repayment; the rates in parts of ``SCALE``."""

    fixed: int
    by_amount: int
    by_day: int
    cap: int | None = None

    def of(self, need: int, need_days: int) -> int:
        return self.fixed + (need * self.by_amount + need_days * self.by_day) // SCALE


IMPOSSIBLE = 10**30
TakeRows = dict[int, list[tuple[int, int, FinanceProduct]]]
"""By the day they open: the least each take-out costs, the most cash it brings, cheapest first."""
ROUNDING = 8
"""Minor units by which a bound may be above the truth: each draw and fee is rounded by half at most."""


def least_cost_of(product: FinanceProduct) -> LeastCost:
    """Holds for every draw rule: whoever covers the need owes at least the need from its dates on."""
    fixed = sum(fee.amount_minor for fee in product.fees)
    once = sum((fee.rate for fee in product.fees if fee.basis.value in ("limit", "draw")), Fraction(0))
    price = product.price
    by_day = Fraction(0)
    if not price.steps:
        year = 365 if price.day_count is DayCount.ACT_365F else 360
        by_day = price.rate_annual / year
        if price.day_count is DayCount.THIRTY_360:
            # a bond-basis month never counts less than 30 of 31 days, less one for where it starts
            once -= by_day * 2
            by_day = by_day * 28 / 31
    if product.repaid_on not in (Event.FUNDING, Event.BUYER_PAYMENT):
        by_day = Fraction(0)
    return LeastCost(fixed, int(once * SCALE) - 1, int(by_day * SCALE))


def undominated(bounds: list[LeastCost]) -> list[LeastCost]:
    """Those that are the least for some need; ties keep one."""
    kept: list[LeastCost] = []
    for one in sorted(set(bounds), key=lambda each: (each.by_amount, each.by_day, each.fixed)):
        if not any(_dominates(other, one) for other in kept):
            kept.append(one)
    return kept


def _dominates(one: LeastCost, other: LeastCost) -> bool:
    cheaper = one.by_amount <= other.by_amount and one.by_day <= other.by_day and one.fixed <= other.fixed
    return cheaper and (one.cap is None or (other.cap is not None and one.cap >= other.cap))


def cheapest_of(bounds: list[LeastCost]) -> LeastCost:
    """Below every one of them, whatever the need."""
    return LeastCost(
        min(one.fixed for one in bounds),
        min(one.by_amount for one in bounds),
        min(one.by_day for one in bounds),
    )


@dataclass(slots=True)
class Mix:
    """Products by role; ``least`` bounds what they cost from below on the chain at hand."""

    pre: FinanceProduct | None
    take: FinanceProduct | None
    contingency: FinanceProduct | None = None
    opens: int = 0
    least: int = 0


@dataclass(slots=True)
class Market:
    """The lenders' products as one order may use them; reasons why others may not are noted in the case."""

    case: Case
    pre: list[FinanceProduct] = field(default_factory=list)
    take: list[FinanceProduct] = field(default_factory=list)
    contingency: list[FinanceProduct] = field(default_factory=list)
    standby: list[FinanceProduct] = field(default_factory=list)
    guarantees: dict[str, FinanceProduct] = field(default_factory=dict)
    least: dict[str, LeastCost] = field(default_factory=dict)
    lasting: bool = False
    """Whether some pre-shipment product is not repaid by the take-out."""
    _caps: dict[str, int | None] = field(default_factory=dict)
    _terms: dict[tuple[str, int], CreditTerms] = field(default_factory=dict)
    _tables: dict[str, Timetable] = field(default_factory=dict)
    _rows: dict[tuple[int, tuple[int, ...], tuple[int, ...]], "TakeRows"] = field(default_factory=dict)
    _take_events: tuple[int, ...] = ()
    _take_by_chain: bool = False
    aid: LeastCost | None = None
    """What contingency costs at least, and the most that one such product lends; None without any."""
    _floors: dict[bool, list[LeastCost | None]] = field(default_factory=dict)

    def cap(self, product: FinanceProduct) -> int | None:
        """What lender, group and product still allow for one order; None without any limit."""
        if product.id not in self._caps:
            self._caps[product.id] = _free_limit(self.case, product)
        return self._caps[product.id]

    def base(self, product: FinanceProduct, figures: Figures | None) -> int:
        """What the advance rate is taken of; without a chain only the order's own bases are known."""
        if figures is not None and product.advance_base is AdvanceBase.COST:
            return figures.factory_gross if product.role is Role.GUARANTEE else figures.cost_gross
        if figures is not None and product.advance_base is AdvanceBase.NLV:
            return figures.factory_net
        return self.case.face

    def terms(self, product: FinanceProduct, figures: Figures | None) -> CreditTerms:
        base = self.base(product, figures)
        found = self._terms.get((product.id, base))
        if found is None:
            ceiling = round_minor(base * product.advance_rate)
            cap = self.cap(product)
            if cap is not None:
                ceiling = min(ceiling, cap)
            found = self._terms[product.id, base] = credit_terms(product, ceiling, self.case.face)
        return found

    def floor(self, need: "Need", *, alone: bool) -> int:
        """The least that any pre-shipment or contingency product costs for the need; ``alone`` are those
        that need no take-out."""
        if not need.amount:
            return 0
        kept = self.floors(alone=alone)
        found = [self.helped(one, need.amount, need.amount_days, need.longest) for one in kept]
        able = [least for least in found if least < IMPOSSIBLE]
        return min(able) - ROUNDING if able else IMPOSSIBLE

    def floors(self, *, alone: bool) -> "list[LeastCost | None]":
        """The pre-shipment products that may be the cheapest; None stands for contingency without one."""
        kept = self._floors.get(alone)
        if kept is None:
            bounds = [self.least[one.id] for one in self.pre if not (alone and one.requires_take_out)]
            kept = [*undominated(bounds), *([None] if self.contingency else [])]
            self._floors[alone] = kept
        return kept

    def helped(self, bound: "LeastCost | None", amount: int, amount_days: int, longest: int) -> int:
        """The least that a pre-shipment product costs for the need when contingency may take a part of it,
        no more than that lends and no longer than ``longest`` days; IMPOSSIBLE when both cannot hold it."""
        aid = self.aid
        if aid is None:
            fits = bound is not None and (bound.cap is None or amount <= bound.cap)
            return bound.of(amount, amount_days) if bound is not None and fits else IMPOSSIBLE
        if bound is None:
            return aid.of(amount, amount_days) if aid.cap is None or amount <= aid.cap else IMPOSSIBLE
        if aid.cap is None:
            return cheapest_of([bound, aid]).of(amount, amount_days)
        if bound.cap is not None and amount > bound.cap + aid.cap:
            return IMPOSSIBLE
        dearer = max(0, bound.by_amount - aid.by_amount) + longest * max(0, bound.by_day - aid.by_day)
        least = bound.of(amount, amount_days) - aid.cap * dearer // SCALE - 1
        return min(least, aid.of(amount, amount_days)) if amount <= aid.cap else least

    def lends(self, product: FinanceProduct, need: "Need") -> bool:
        """Whether the product's ceiling could hold the need, as far as that is known without a chain."""
        cap = self.least[product.id].cap
        if cap is None or need.amount <= cap:
            return True
        return self.aid is not None and (self.aid.cap is None or need.amount <= cap + self.aid.cap)

    def most_lent(self, *, alone: bool) -> int | None:
        """The most that any pre-shipment product lends on this order; None when that depends on the chain."""
        caps = [self.least[one.id].cap for one in self.pre if not (alone and one.requires_take_out)]
        known = [cap for cap in caps if cap is not None]
        return max(known, default=0) if len(known) == len(caps) else None

    def table(self, product: FinanceProduct) -> Timetable:
        found = self._tables.get(product.id)
        if found is None:
            lender = self.case.network.lender(product.lender)
            country = (lender.country if lender else "") or self.case.network.country
            found = self._tables[product.id] = self.case.index.timetables.country(country)
        return found

    def opens(self, product: FinanceProduct, chain: Chain) -> int:
        """The first day the facility can pay out: its event, its days after, a business day."""
        day = chain.events[EVENT_INDEX[product.available_from]] + product.available_days
        return self.table(product).next_working(day) if product.available_days else day

    def rows(self, figures: Figures) -> "TakeRows":
        """The take-outs by the day they would open on this chain; shared by all chains with these days."""
        events = figures.chain.events
        key = (
            figures.buyer_due,
            tuple(events[place] for place in self._take_events),
            (figures.cost_gross, figures.factory_net) if self._take_by_chain else (),
        )
        found = self._rows.get(key)
        if found is None:
            found = self._rows[key] = self._new_rows(figures)
        return found

    def _new_rows(self, figures: Figures) -> "TakeRows":
        rows: TakeRows = {}
        for take in self.take:
            opens = self.opens(take, figures.chain)
            if opens < figures.buyer_due:
                cost, cash = self._take_least(take, figures, opens)
                rows.setdefault(opens, []).append((cost, cash, take))
        for group in rows.values():
            group.sort(key=lambda row: row[0])
        return rows

    def _take_least(self, product: FinanceProduct, figures: Figures, opens: int) -> tuple[int, int]:
        """The least a take-out costs and the most cash it brings, when it opens on that day."""
        terms = self.terms(product, figures)
        if product.draw is not DrawRule.FULL or terms.ceiling <= 0:
            return 0, terms.ceiling
        cash = draw_of(terms, terms.ceiling, opens, figures.buyer_due).cash
        return _full_cost(terms, opens, figures.buyer_due), cash

    def settle_down(self) -> None:
        """Note what all chains share, once every product is in."""
        for product in (*self.pre, *self.contingency):
            if product.advance_base in (AdvanceBase.ORDER, AdvanceBase.INVOICE):
                cap = max(0, self.terms(product, None).ceiling)
                self.least[product.id] = replace(self.least[product.id], cap=cap)
        if self.contingency:
            aids = [self.least[one.id] for one in self.contingency]
            caps = [one.cap for one in aids]
            known = [cap for cap in caps if cap is not None]
            most = max(known) if len(known) == len(caps) else None
            self.aid = replace(cheapest_of(aids), cap=most)
        self.lasting = any(one.repaid_on is not Event.FUNDING for one in self.pre)
        self._take_events = tuple(sorted({EVENT_INDEX[one.available_from] for one in self.take}))
        self._take_by_chain = any(
            one.advance_base in (AdvanceBase.COST, AdvanceBase.NLV) for one in self.take
        )


def take_floor(market: Market, deliveries: range) -> int:
    """The least that any take-out costs when the goods arrive within these days."""
    return min((_take_floor(market, take, deliveries) for take in market.take), default=0)


def _take_floor(market: Market, take: FinanceProduct, deliveries: range) -> int:
    known = take.advance_base in (AdvanceBase.ORDER, AdvanceBase.INVOICE)
    on_invoice = take.available_from in (Event.INVOICE, Event.DELIVERY)
    if take.draw is not DrawRule.FULL or not known or not on_invoice or not deliveries:
        return 0
    terms = market.terms(take, None)
    if terms.ceiling <= 0:
        return 0
    plain = not take.price.steps and take.price.day_count is not DayCount.THIRTY_360
    least: int | None = None
    seen: set[tuple[int, int]] = set()
    for delivery in deliveries:
        opens, due = _opens_after(market, take, delivery), buyer_due_after(market.case, delivery)
        span = (0, due - opens) if plain else (opens, due)
        if opens < due and span not in seen:
            seen.add(span)
            cost = _full_cost(terms, opens, due)
            least = cost if least is None else min(least, cost)
    return least or 0


def _opens_after(market: Market, take: FinanceProduct, delivery: int) -> int:
    day = delivery + take.available_days
    if take.available_from is Event.INVOICE:
        day += market.case.policy.invoice_days
    return market.table(take).next_working(day) if take.available_days else day


def buyer_due_after(case: Case, delivery: int) -> int:
    """When the buyer's last instalment falls due for goods delivered that day."""
    invoiced = delivery + case.policy.invoice_days
    index = EVENT_INDEX[Event.INVOICE]
    return max(
        (
            case.buyer_table.due(part.term, invoiced if part.event == index else delivery)
            for part in case.buyer
        ),
        default=delivery,
    )


def _full_cost(terms: CreditTerms, opens: int, due: int) -> int:
    whole = draw_of(terms, terms.ceiling, opens, due)
    interest = 0 if terms.in_advance else terms.interest(terms.ceiling, opens, due)
    return whole.fee + whole.discount + interest


def market_of(case: Case) -> Market:
    """Every product of the network that this order may use."""
    market = Market(case)
    names = {case.order.buyer.name, case.order.buyer.identifier} - {""}
    lists = {
        Role.PRE_SHIPMENT: market.pre,
        Role.TAKE_OUT: market.take,
        Role.CONTINGENCY: market.contingency,
    }
    for product in sorted(case.network.products, key=lambda one: one.id):
        reason = _unusable(case, product, names)
        if reason:
            case.refuse(product.id, reason)
        elif not product.committed:
            market.standby.append(product)
        elif product.role is Role.GUARANTEE:
            market.guarantees[product.id] = product
        else:
            lists[product.role].append(product)
        market.least[product.id] = least_cost_of(product)
    market.settle_down()
    return market


def _unusable(case: Case, product: FinanceProduct, buyer: set[str]) -> str:
    if product.currency != case.order.currency:
        return f"lends in {product.currency}, the order is in {case.order.currency}"
    if product.buyers and not buyer & set(product.buyers):
        return "is not open for this buyer"
    cap = _free_limit(case, product)
    if cap is not None and cap <= 0:
        return "has nothing left of its limit"
    return ""


def _free_limit(case: Case, product: FinanceProduct) -> int | None:
    caps = [product.limit_minor] if product.limit_minor is not None else []
    for limit in case.network.limits:
        if product.limit_group and limit.group == product.limit_group:
            caps.append(_free(case, limit.group, limit.limit_minor))
    shares = {part.lender: part.share for part in product.participations} or {product.lender: Fraction(1)}
    for name, share in shares.items():
        lender = case.network.lender(name)
        if lender is not None and lender.limit_minor is not None and share > 0:
            caps.append(int(_free(case, lender.id, lender.limit_minor) / share))
    return min(caps) if caps else None


def _free(case: Case, group: str, limit: int) -> int:
    if case.availability is None:
        return limit
    return case.availability.free_credit(group, limit)


def may_follow(pre: FinanceProduct | None, take: FinanceProduct | None) -> bool:
    """Whether the take-out may repay the pre-shipment loan, or the loan stands without one."""
    if pre is None:
        return True
    if take is None:
        return not pre.requires_take_out
    return not pre.taken_out_by or take.id in pre.taken_out_by


@dataclass(frozen=True, slots=True)
class Need:
    """Before a day: uncovered payments, and those times their days until it. ``lowest`` is the least that
    operating flows alone come to from that day until before the buyer pays, ``longest`` the days since the
    first uncovered payment."""

    amount: int
    amount_days: int
    lowest: int
    longest: int = 0


@dataclass(slots=True)
class Openings:
    """On one chain: the take-outs by opening day, what is uncovered before each, the least to cover it.

    ``least`` bounds the cost of money from below whatever the mix, None when no mix can do; then
    ``short`` is about what the best of them lacks.
    """

    figures: Figures
    rows: TakeRows
    needs: dict[int, Need]
    floors: dict[int, int]
    alone: int | None = None
    least: int | None = None
    short: int = IMPOSSIBLE


def openings_of(market: Market, figures: Figures) -> Openings:
    """How the chain's needs can be covered at all, and what that costs at least."""
    paid = figures.buyer_paid
    rows = market.rows(figures)
    needs = {opens: need_before(figures, opens) for opens in (*rows, paid)}
    floors = {opens: market.floor(needs[opens], alone=False) for opens in rows}
    found = Openings(figures, rows, needs, floors)
    _stand_alone(market, found, needs[paid])
    for opens, group in rows.items():
        for row in group:
            lacks = _lacks(market, row, needs[opens], floors[opens])
            if lacks <= 0:
                least = row[0] + floors[opens]
                found.least = least if found.least is None else min(found.least, least)
                break
            found.short = min(found.short, lacks)
    return found


def _stand_alone(market: Market, found: Openings, need: Need) -> None:
    """What covering everything until the buyer pays costs at least, without a take-out."""
    able = not need.amount or any(not one.requires_take_out for one in market.pre)
    if not able and not market.contingency:
        return
    floor = market.floor(need, alone=True)
    if floor < IMPOSSIBLE:
        found.alone = found.least = floor
    else:
        found.short = need.amount - (market.most_lent(alone=True) or 0)


def _lacks(market: Market, row: tuple[int, int, FinanceProduct], need: Need, floor: int) -> int:
    """Cash that surely lacks with this take-out, on the worst date from its opening until the buyer pays;
    zero or less when it may do. What was lent before is paid off with its cost, so that from then on the
    balance is operating flows plus what the take-out brings less that cost."""
    aid = market.aid
    if market.lasting or (aid is not None and aid.cap is None):
        return 0
    if floor >= IMPOSSIBLE:
        return need.amount - (market.most_lent(alone=False) or 0)
    return max(0, floor) - need.lowest - row[1] - (aid.cap or 0 if aid is not None else 0)


def mixes_for(market: Market, openings: Openings, kinds: frozenset[str]) -> Iterator[Mix]:
    """Every allowed mix of pre-shipment and take-out, in the order of its lower bound."""
    heap: list[tuple[int, int, int, Mix, bool]] = []
    serial = 0
    if openings.alone is not None:
        paid = openings.figures.buyer_paid
        heap.append((openings.alone, 0, 0, Mix(None, None, None, paid, openings.alone), False))
    for opens, group in openings.rows.items():
        for row in group:
            lacks = _lacks(market, row, openings.needs[opens], openings.floors[opens])
            if lacks <= 0 and kinds.issuperset(row[2].requires):
                serial += 1
                bound = row[0] + openings.floors[opens]
                heap.append((bound, serial, row[0], Mix(None, row[2], None, opens, bound), False))
    heapify(heap)
    while heap:
        _, _, cost, mix, whole = heappop(heap)
        if whole:
            yield mix
            continue
        need = openings.needs[mix.opens]
        for pre in _pre_for(market, need, mix.take):
            if may_follow(pre, mix.take) and (pre is None or kinds.issuperset(pre.requires)):
                bound = cost + least_of(market, pre, need)
                serial += 1
                heappush(heap, (bound, serial, cost, Mix(pre, mix.take, None, mix.opens, bound), True))


def _pre_for(market: Market, need: Need, take: FinanceProduct | None) -> Iterator[FinanceProduct | None]:
    if not need.amount or market.contingency:
        yield None
    for pre in market.pre:
        if not market.lends(pre, need):
            continue
        if need.amount or (take is not None and pre.repaid_on is Event.BUYER_PAYMENT):
            yield pre


def least_of(market: Market, pre: FinanceProduct | None, need: Need) -> int:
    """What covering the need costs at least; a contingency facility may cover a part of it."""
    if not need.amount:
        return 0
    bound = market.least[pre.id] if pre is not None else None
    return market.helped(bound, need.amount, need.amount_days, need.longest) - ROUNDING


def need_before(figures: Figures, opens: int) -> Need:
    """What operating flows leave uncovered before that day."""
    balance = need = need_days = longest = 0
    lowest: int | None = None
    for on, amount in figures.ops(opens):
        if on >= figures.buyer_due:
            break
        if on >= opens:
            balance += amount
            lowest = balance if lowest is None else min(lowest, balance)
            continue
        balance += amount
        if balance < -need:
            need_days += (-balance - need) * (opens - on)
            need = -balance
            longest = max(longest, opens - on)
    return Need(need, need_days, balance if lowest is None else lowest, longest)


def uses_of(market: Market, mix: Mix, figures: Figures) -> tuple[Use, ...]:
    """The mix on the chain's dates: pre-shipment, take-out, contingency, in the order they are drawn on."""
    chain = figures.chain
    uses = []
    for product in (mix.pre, mix.take, mix.contingency):
        if product is None:
            continue
        opens = mix.opens if product is mix.take else market.opens(product, chain)
        due, closes = closing(product, mix, figures)
        uses.append(Use(market.terms(product, figures), opens, due, closes))
    return tuple(uses)


def closing(product: FinanceProduct, mix: Mix, figures: Figures) -> tuple[int, int]:
    """When the plan repays the product, and when it is repaid under the facts at hand."""
    if product.repaid_on is Event.BUYER_PAYMENT or (product.repaid_on is Event.FUNDING and mix.take is None):
        return figures.buyer_due, figures.buyer_paid
    if product.repaid_on is Event.FUNDING:
        return mix.opens, mix.opens
    day = figures.chain.events[EVENT_INDEX[product.repaid_on]]
    return day, day


def with_contingency(market: Market, mix: Mix) -> Iterator[Mix]:
    """The mix alone, then with each contingency facility behind it."""
    yield mix
    for product in market.contingency:
        yield Mix(mix.pre, mix.take, product, mix.opens, mix.least)
