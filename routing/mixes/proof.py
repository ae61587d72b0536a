"""One chain with one mix put to the test: never below zero, in the base case and under each stress."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from domain.network import Role, Stress
from domain.plan import StressResult
from domain.terms import InterestTaking
from finance.pricing.cash import Settlement, Use, settle
from finance.pricing.credit import Payoff, draw_of, payoff_of
from routing.chains.chains import BOOKING, Chain
from routing.mixes.credit_market import CreditMarket
from routing.mixes.mixes import Mix, uses_of
from routing.mixes.operating_flows import AS_PLANNED, Facts, Figures, figures_of

LONGEST_LATE = 3653
"""Ten years of days: beyond it a headroom counts as never."""


@dataclass(slots=True)
class Tried:
    """A chain with a mix, its flows and what came of them; ``objection`` is empty when the base passes."""

    figures: Figures
    mix: Mix
    settlement: Settlement
    objection: str = ""
    stress: StressResult | None = None

    @property
    def profit(self) -> int:
        return self.figures.unlevered - self.figures.guarantee_cost - self.settlement.cost

    @property
    def chain(self) -> Chain:
        return self.figures.chain

    @property
    def gap(self) -> int:
        """What lacks on the worst date, in the base case or else under the stress that must pass."""
        lacks = max(0, -self.settlement.lowest)
        return lacks if lacks or self.stress is None else self.stress.gap_minor

    @property
    def gap_on(self) -> date | None:
        if self.settlement.gap_on:
            return date.fromordinal(self.settlement.gap_on)
        return self.stress.gap_on if self.stress is not None else None

    def use(self, role: Role) -> Use | None:
        return next((use for use in self.settlement.uses if use.terms.product.role is role), None)


def figures_for(market: CreditMarket, chain: Chain, facts: Facts = AS_PLANNED) -> Figures:
    """The chain's flows with what a guarantee of the factory's price costs."""
    figures = figures_of(market.case, chain, facts)
    if chain.combo.factory.guarantee:
        use = guarantee_use(market, figures)
        figures.guarantee_cost = use.cost
        upfront = sum(part.fee + part.discount for part in use.draws)
        figures.flows.append((use.opens, -upfront))
        figures.flows.append((use.closes, -(use.cost - upfront)))
    return figures


def guarantee_use(market: CreditMarket, figures: Figures) -> Use:
    """The guarantee over the factory's gross price, from booking to its last instalment: a promise, not
    cash, so only its fees and its price are paid."""
    chain = figures.chain
    product = market.products.guarantees[chain.combo.factory.guarantee]
    offer = chain.steps[0].offer
    opens = chain.events[BOOKING]
    ends = [offer.table.due(part.term, chain.events[part.event]) for part in offer.parts]
    closes = max([opens, *ends])
    terms = market.lending.terms(product, figures)
    covered = draw_of(terms, offer.gross, opens, closes)
    paid = payoff_of(terms, [covered], closes, closes)
    if product.price.taken is InterestTaking.IN_ADVANCE:
        covered.discount = terms.interest(offer.gross, opens, closes)
    use = Use(terms, opens, closes, closes)
    use.draws = [covered]
    use.payoff = Payoff(0, paid.interest, 0, paid.fees, paid.tax)
    return use


def try_mix(market: CreditMarket, figures: Figures, mix: Mix) -> Tried:
    """Walk the dates and look for what the mix's products object to."""
    settlement = settle(figures.ops(mix.opens), uses_of(market, mix, figures))
    tried = Tried(figures, mix, settlement)
    tried.objection = _objection(market, tried)
    return tried


def _objection(market: CreditMarket, tried: Tried) -> str:
    case = market.case
    settlement = tried.settlement
    if settlement.lowest < 0:
        on = date.fromordinal(settlement.gap_on)
        short = settlement.limit_short
        return f"own cash is needed on {on}" + (", beyond what the limits allow" if short else "")
    if tried.profit < case.policy.profit_minimum_minor:
        return "the profit is below the policy's minimum"
    for use in settlement.uses:
        if reason := _product_objection(case.net, tried, use):
            return reason
    if tried.figures.chain.combo.factory.guarantee:
        use = guarantee_use(market, tried.figures)
        if use.draws[0].principal > use.terms.ceiling:
            return f"{use.terms.product.id}: the guarantee does not cover the factory's price"
    if reason := _promise_objection(market, tried):
        return reason
    cover = cover_of(tried)
    if cover is not None and cover < case.policy.cover_minimum:
        return f"the take-out covers {float(cover):.4f} of what it repays"
    return ""


def _product_objection(net: int, tried: Tried, use: Use) -> str:
    product = use.terms.product
    if not use.draws:
        return ""
    days = use.due - use.draws[0].on
    if product.tenor_days is not None and days > product.tenor_days:
        return f"{product.id}: lends for {product.tenor_days} days, the order needs {days}"
    if product.margin_minimum:
        margin = net - tried.figures.factory_net
        if margin < product.margin_minimum * net:
            return f"{product.id}: the margin over the factory's price is below {product.margin_minimum}"
    return ""


def _promise_objection(market: CreditMarket, tried: Tried) -> str:
    """A fixed exchange rate must hold up to the last day on which the plan changes money at it."""
    last: dict[str, int] = {}
    for currency, days in tried.figures.abroad.items():
        last[currency] = max(days, default=0)
    for use in tried.settlement.uses:
        if use.abroad is not None and use.draws:
            currency = use.abroad.dealing.currency
            last[currency] = max(last.get(currency, 0), use.closes)
    for part, _ in tried.figures.waiting:
        if part.own:
            for offer in (step.offer for step in tried.chain.steps):
                if part in offer.parts:
                    last[offer.currency] = max(last.get(offer.currency, 0), tried.mix.opens)
    for currency, day in last.items():
        dealing = market.case.pricing.quoted(currency).dealing
        if dealing.until is not None and date.fromordinal(day) > dealing.until:
            return (
                f"{dealing.fixed_by} fixes the rate of {currency} until {dealing.until};"
                f" the plan changes money on {date.fromordinal(day)}"
            )
    return ""


def cover_of(tried: Tried) -> Fraction | None:
    """What the take-out pays out over what it repays; None without either."""
    take, pre = tried.use(Role.TAKE_OUT), tried.use(Role.PRE_SHIPMENT)
    if take is None or pre is None or not pre.payoff.total or not take.draws:
        return None
    return Fraction(sum(part.cash for part in take.draws), pre.payoff.total)


def run(market: CreditMarket, tried: Tried, facts: Facts) -> Tried:
    """The same chain and mix under other facts; draws follow their rules again."""
    figures = figures_for(market, tried.figures.chain, facts)
    mix = tried.mix
    if mix.take is None:
        opens = figures.buyer_paid
    elif facts.production_late:
        opens = market.lending.opens(mix.take, figures.chain)
    else:
        opens = mix.opens
    mix = Mix(mix.pre, mix.take, mix.contingency, opens, mix.least)
    settlement = settle(figures.ops(opens), uses_of(market, mix, figures))
    return Tried(figures, mix, settlement)


def facts_of(stress: Stress) -> Facts:
    return Facts(
        stress.buyer_late_days,
        stress.short_payment,
        stress.production_late_days,
        stress.cost_up,
        stress.exchange_up,
    )


def stressed(market: CreditMarket, tried: Tried, stress: Stress) -> StressResult:
    """The lowest balance under the stress and the first date below zero."""
    again = run(market, tried, facts_of(stress))
    low, low_on, gap_on = again.settlement.lowest, again.settlement.lowest_on, again.settlement.gap_on
    if stress.draw_late_days:
        low, low_on, gap_on = _draws_late(again.settlement, stress.draw_late_days)
    return StressResult(
        name=stress.name,
        passed=low >= 0,
        must_pass=stress.must_pass,
        minimum_minor=low,
        minimum_on=date.fromordinal(low_on),
        gap_minor=max(0, -low),
        gap_on=date.fromordinal(gap_on) if gap_on else None,
        profit_minor=again.profit,
    )


def _draws_late(settlement: Settlement, days: int) -> tuple[int, int, int]:
    """The worst of every single draw arriving so many days late: lowest balance, when, first below zero."""
    low, low_on, gap_on = settlement.lowest, settlement.lowest_on, settlement.gap_on
    for use in settlement.uses:
        for part in use.draws:
            for on, balance in settlement.balances:
                left = balance - part.cash
                if part.on <= on < part.on + days and left < low:
                    low, low_on = left, on
                    gap_on = gap_on or (part.on if left < 0 else 0)
                    gap_on = min(gap_on, part.on) if left < 0 else gap_on
    return low, low_on, gap_on


def fails_policy(market: CreditMarket, tried: Tried) -> str:
    """The first stress that must pass and does not, noted in ``tried``; empty when all do."""
    for stress in (one for one in market.case.policy.stresses if one.must_pass):
        result = stressed(market, tried, stress)
        if not result.passed:
            tried.stress = result
            return f"under '{stress.name}' own cash is needed on {result.gap_on}"
    return ""


def profit_days(market: CreditMarket, tried: Tried) -> int | None:
    """The most days late that leave the profit at zero or more."""
    return _latest(lambda late: run(market, tried, Facts(buyer_late=late)).profit >= 0)


def liquidity_days(market: CreditMarket, tried: Tried) -> int | None:
    """The most days late with no balance below zero."""
    return _latest(lambda late: run(market, tried, Facts(buyer_late=late)).settlement.passed)


def _latest(holds: Callable[[int], bool]) -> int | None:
    """The last day up to which it holds; None when it still does after ten years, -1 never happens for a
    plan that passes its base case."""
    if holds(LONGEST_LATE):
        return None
    good, bad = 0, 1
    while holds(bad):
        good, bad = bad, bad * 2
    while bad - good > 1:
        middle = (good + bad) // 2
        if holds(middle):
            good = middle
        else:
            bad = middle
    return good
