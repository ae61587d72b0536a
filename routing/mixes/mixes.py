"""Which mixes of lenders' products a chain can use, and the least that each could cost.

A mix has at most one product of each role. ``CreditTerms`` are remembered per ceiling, so that the same
product on many chains shares its interest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from domain.dates import DayCount
from domain.exchange import Dealing, converted, converted_up
from domain.money import round_minor
from domain.network import AdvanceBase, DrawRule, FinanceProduct, Role
from domain.terms import Event
from finance.pricing.cash import Abroad, Use
from finance.pricing.credit import CreditTerms, credit_terms, draw_of
from routing.chains.case import PREPAYING, OrderCase
from routing.chains.chains import Chain
from routing.mixes.least_cost import (
    IMPOSSIBLE,
    ROUNDING,
    SCALE,
    CashNeed,
    LeastCost,
    cheapest_of,
    least_cost_of,
    undominated,
)
from routing.mixes.operating_flows import Figures
from routing.offers.exchange import CurrencyError, scaled
from routing.offers.offers import EVENT_INDEX
from routing.offers.timetable import Timetable

TakeRows = dict[int, list[tuple[int, int, FinanceProduct]]]
"""By the day they open: the least each take-out costs, the most cash it brings, cheapest first."""


@dataclass(slots=True)
class Mix:
    """Products by role; ``least`` bounds what they cost from below on the chain at hand."""

    pre: FinanceProduct | None
    take: FinanceProduct | None
    contingency: FinanceProduct | None = None
    opens: int = 0
    least: int = 0


@dataclass(slots=True)
class CreditMarket:
    """The lenders' products as one order may use them; reasons why others may not are noted in the case."""

    case: OrderCase
    pre: list[FinanceProduct] = field(default_factory=list)
    take: list[FinanceProduct] = field(default_factory=list)
    contingency: list[FinanceProduct] = field(default_factory=list)
    standby: list[FinanceProduct] = field(default_factory=list)
    guarantees: dict[str, FinanceProduct] = field(default_factory=dict)
    least: dict[str, LeastCost] = field(default_factory=dict)
    lasting: bool = False
    """Whether some pre-shipment product is not repaid by the take-out."""
    abroad: dict[str, "LentAbroad"] = field(default_factory=dict)
    """Products that lend in another currency, by id; the lists have what they are worth in the order's."""
    _caps: dict[str, int | None] = field(default_factory=dict)
    _terms: dict[tuple[str, int], CreditTerms] = field(default_factory=dict)
    _tables: dict[str, Timetable] = field(default_factory=dict)
    _rows: dict[tuple[object, ...], "TakeRows"] = field(default_factory=dict)
    _take_events: tuple[int, ...] = ()
    _take_by_chain: bool = False
    aid: LeastCost | None = None
    """What contingency costs at least, and the most that one such product lends; None without any."""
    _floors: dict[bool, list[LeastCost | None]] = field(default_factory=dict)

    def cap(self, product: FinanceProduct) -> int | None:
        """What lender, group and product still allow for one order; None without any limit."""
        if product.id not in self._caps:
            lent = self.abroad.get(product.id)
            cap = _free_limit(self.case, lent.product if lent else product)
            self._caps[product.id] = scaled(cap, lent.dealing.buy) if lent and cap is not None else cap
        return self._caps[product.id]

    def base(self, product: FinanceProduct, figures: Figures | None) -> int:
        """What the advance rate is taken of; without a chain only the order's own bases are known."""
        if figures is not None and product.advance_base is AdvanceBase.COST:
            return figures.factory_gross if product.role is Role.GUARANTEE else figures.cost_gross
        if figures is not None and product.advance_base is AdvanceBase.NLV:
            return figures.factory_net
        return self.case.face

    def terms(
        self, product: FinanceProduct, figures: Figures | None, opens: int | None = None
    ) -> CreditTerms:
        """With the day on which a take-out ``opens``, less what the buyer pays until then."""
        base = self.base(product, figures)
        if figures is not None and opens is not None and figures.early:
            base = max(0, min(base, self.case.face - figures.paid_by(opens)))
        found = self._terms.get((product.id, base))
        if found is None:
            ceiling = round_minor(base * product.advance_rate)
            cap = self.cap(product)
            if cap is not None:
                ceiling = min(ceiling, cap)
            found = self._terms[product.id, base] = credit_terms(product, ceiling, self.case.face)
        return found

    def lent_abroad(
        self, product: FinanceProduct, figures: Figures, opens: int | None = None
    ) -> Abroad | None:
        """How the product is used where it lends in another currency than the order's; else None."""
        lent = self.abroad.get(product.id)
        if lent is None:
            return None
        dealing = lent.dealing.moved(figures.exchange_up)
        ceiling = scaled(self.terms(product, figures, opens).ceiling, 1 / lent.dealing.buy)
        face = converted(self.case.face, 1 / lent.dealing.buy)
        terms = credit_terms(lent.product, ceiling, face)
        return Abroad(terms, dealing, figures.abroad.get(lent.product.currency, {}))

    def floor(self, need: "CashNeed", *, alone: bool) -> int:
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

    def lends(self, product: FinanceProduct, need: "CashNeed") -> bool:
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
            figures.early,
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
        terms = self.terms(product, figures, opens)
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


def take_floor(market: CreditMarket, deliveries: range) -> int:
    """The least that any take-out costs when the goods arrive within these days."""
    return min((_take_floor(market, take, deliveries) for take in market.take), default=0)


def _take_floor(market: CreditMarket, take: FinanceProduct, deliveries: range) -> int:
    known = take.advance_base in (AdvanceBase.ORDER, AdvanceBase.INVOICE)
    on_invoice = take.available_from in (Event.INVOICE, Event.DELIVERY)
    if take.draw is not DrawRule.FULL or not known or not on_invoice or not deliveries:
        return 0
    if sum(part.event not in PREPAYING for part in market.case.buyer) > 1:
        return 0  # how much is left to advance on depends on the day
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


def _opens_after(market: CreditMarket, take: FinanceProduct, delivery: int) -> int:
    day = delivery + take.available_days
    if take.available_from is Event.INVOICE:
        day += market.case.policy.invoice_days
    return market.table(take).next_working(day) if take.available_days else day


def buyer_due_after(case: OrderCase, delivery: int) -> int:
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


def market_of(case: OrderCase) -> CreditMarket:
    """Every product of the network that this order may use."""
    market = CreditMarket(case)
    names = {case.order.buyer.name, case.order.buyer.identifier} - {""}
    lists = {
        Role.PRE_SHIPMENT: market.pre,
        Role.TAKE_OUT: market.take,
        Role.CONTINGENCY: market.contingency,
    }
    for product in sorted(case.network.products, key=lambda one: one.id):
        reason = _unusable(case, product, names)
        if not reason and product.currency != case.order.currency:
            lent, reason = _lent_abroad(case, product)
            if lent is not None:
                market.abroad[product.id] = lent
                product = lent.worth
        if reason:
            case.refuse(product.id, reason)
        elif not product.committed:
            market.standby.append(product)
        elif product.role is Role.GUARANTEE:
            market.guarantees[product.id] = product
        else:
            lists[product.role].append(product)
        market.least[product.id] = least_cost_of(product)
        if product.id in market.abroad:
            market.least[product.id] = market.abroad[product.id].least(market.least[product.id])
    market.settle_down()
    return market


def _unusable(case: OrderCase, product: FinanceProduct, buyer: set[str]) -> str:
    if product.buyers and not buyer & set(product.buyers):
        return "is not open for this buyer"
    cap = _free_limit(case, product)
    if cap is not None and cap <= 0:
        return "has nothing left of its limit"
    return ""


@dataclass(frozen=True, slots=True)
class LentAbroad:
    """A product that lends in another currency: itself, what it is worth in the order's, and at what rate."""

    product: FinanceProduct
    worth: FinanceProduct
    dealing: Dealing

    def least(self, bound: LeastCost) -> LeastCost:
        """The bound holds in the order's currency too, less what rounding in the other may be worth."""
        slack = ROUNDING * (1 + converted_up(1, self.dealing.buy))
        return replace(bound, fixed=bound.fixed - slack)


def _lent_abroad(case: OrderCase, product: FinanceProduct) -> tuple[LentAbroad | None, str]:
    """The product in the order's currency, or why it cannot be used.

    It pays what is due in its own currency, and sells what it lends for other needs; so it is drawn payment
    by payment. What advances on the invoice, or guarantees a price, does so in their currency.
    """
    home = case.order.currency
    if product.role not in (Role.PRE_SHIPMENT, Role.CONTINGENCY):
        return None, f"lends in {product.currency}, the invoice is in {home}"
    if product.draw is not DrawRule.NEED:
        return None, f"lends in {product.currency}, not as payments need it; the order is in {home}"
    try:
        dealing = case.pricing.quoted(product.currency).dealing
    except CurrencyError as error:
        return None, str(error).replace("asks", "lends in", 1)
    factor = dealing.buy
    worth = replace(
        product,
        limit_minor=None if product.limit_minor is None else scaled(product.limit_minor, factor),
        fees=tuple(
            replace(
                fee,
                amount_minor=scaled(fee.amount_minor, factor),
                minimum_minor=scaled(fee.minimum_minor, factor),
            )
            for fee in product.fees
        ),
    )
    return LentAbroad(product, worth, dealing), ""


def _free_limit(case: OrderCase, product: FinanceProduct) -> int | None:
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


def _free(case: OrderCase, group: str, limit: int) -> int:
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


def uses_of(market: CreditMarket, mix: Mix, figures: Figures) -> tuple[Use, ...]:
    """The mix on the chain's dates: pre-shipment, take-out, contingency, in the order they are drawn on."""
    chain = figures.chain
    uses = []
    for product in (mix.pre, mix.take, mix.contingency):
        if product is None:
            continue
        opens = mix.opens if product is mix.take else market.opens(product, chain)
        due, closes = closing(product, mix, figures)
        paying = opens if product is mix.take else None
        use = Use(market.terms(product, figures, paying), opens, due, closes)
        use.abroad = market.lent_abroad(product, figures, paying) if market.abroad else None
        uses.append(use)
    return tuple(uses)


def closing(product: FinanceProduct, mix: Mix, figures: Figures) -> tuple[int, int]:
    """When the plan repays the product, and when it is repaid under the facts at hand."""
    if product.repaid_on is Event.BUYER_PAYMENT or (product.repaid_on is Event.FUNDING and mix.take is None):
        return figures.buyer_due, figures.buyer_paid
    if product.repaid_on is Event.FUNDING:
        return mix.opens, mix.opens
    day = figures.chain.events[EVENT_INDEX[product.repaid_on]]
    return day, day


def with_contingency(market: CreditMarket, mix: Mix) -> Iterator[Mix]:
    """The mix alone, then with each contingency facility behind it."""
    yield mix
    for product in market.contingency:
        yield Mix(mix.pre, mix.take, product, mix.opens, mix.least)
