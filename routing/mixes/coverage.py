"""On one chain: which take-outs could open when, what is uncovered before each, and the mixes that follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from domain.network import FinanceProduct
from domain.terms import Event
from routing.mixes.credit_market import CreditMarket
from routing.mixes.least_cost import IMPOSSIBLE, ROUNDING, CashNeed
from routing.mixes.mixes import Mix, may_follow
from routing.mixes.operating_flows import Figures
from routing.mixes.take_outs import TakeRows


@dataclass(slots=True)
class Coverage:
    """On one chain: the take-outs by opening day, what is uncovered before each, the least to cover it.

    ``least`` bounds the cost of money from below whatever the mix, None when no mix can do; then
    ``short`` is about what the best of them lacks.
    """

    figures: Figures
    rows: TakeRows
    needs: dict[int, CashNeed]
    floors: dict[int, int]
    alone: int | None = None
    least: int | None = None
    short: int = IMPOSSIBLE


def coverage_of(market: CreditMarket, figures: Figures) -> Coverage:
    """How the chain's needs can be covered at all, and what that costs at least."""
    paid = figures.buyer_paid
    rows = market.take_outs.rows(figures)
    needs = {opens: need_before(figures, opens) for opens in (*rows, paid)}
    floors = {opens: market.costs.floor(needs[opens], alone=False) for opens in rows}
    found = Coverage(figures, rows, needs, floors)
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


def _stand_alone(market: CreditMarket, found: Coverage, need: CashNeed) -> None:
    """What covering everything until the buyer pays costs at least, without a take-out."""
    able = not need.amount or any(not one.requires_take_out for one in market.products.pre)
    if not able and not market.products.contingency:
        return
    floor = market.costs.floor(need, alone=True)
    if floor < IMPOSSIBLE:
        found.alone = found.least = floor
    else:
        found.short = need.amount - (market.costs.most_lent(alone=True) or 0)


def _lacks(market: CreditMarket, row: tuple[int, int, FinanceProduct], need: CashNeed, floor: int) -> int:
    """Cash that surely lacks with this take-out, on the worst date from its opening until the buyer pays;
    zero or less when it may do. What was lent before is paid off with its cost, so that from then on the
    balance is operating flows plus what the take-out brings less that cost."""
    aid = market.costs.aid
    if market.lasting or (aid is not None and aid.cap is None):
        return 0
    if floor >= IMPOSSIBLE:
        return need.amount - (market.costs.most_lent(alone=False) or 0)
    return max(0, floor) - need.lowest - row[1] - (aid.cap or 0 if aid is not None else 0)


def mixes_for(market: CreditMarket, coverage: Coverage, kinds: frozenset[str]) -> Iterator[Mix]:
    """Every allowed mix of pre-shipment and take-out, in the order of its lower bound."""
    heap = list(_take_out_mixes(market, coverage, kinds))
    serial = len(heap)
    heapify(heap)
    while heap:
        _, _, cost, mix, whole = heappop(heap)
        if whole:
            yield mix
            continue
        need = coverage.needs[mix.opens]
        for pre in _pre_for(market, need, mix.take):
            if may_follow(pre, mix.take) and (pre is None or kinds.issuperset(pre.requires)):
                bound = cost + least_of(market, pre, need)
                serial += 1
                heappush(heap, (bound, serial, cost, Mix(pre, mix.take, None, mix.opens, bound), True))


def _take_out_mixes(
    market: CreditMarket, coverage: Coverage, kinds: frozenset[str]
) -> Iterator[tuple[int, int, int, Mix, bool]]:
    """Bound, serial and cost of each take-out, and of none, before a pre-shipment product is chosen."""
    if coverage.alone is not None:
        paid = coverage.figures.buyer_paid
        yield coverage.alone, 0, 0, Mix(None, None, None, paid, coverage.alone), False
    serial = 0
    for opens, group in coverage.rows.items():
        for row in group:
            lacks = _lacks(market, row, coverage.needs[opens], coverage.floors[opens])
            if lacks <= 0 and kinds.issuperset(row[2].requires):
                serial += 1
                bound = row[0] + coverage.floors[opens]
                yield bound, serial, row[0], Mix(None, row[2], None, opens, bound), False


def _pre_for(
    market: CreditMarket, need: CashNeed, take: FinanceProduct | None
) -> Iterator[FinanceProduct | None]:
    if not need.amount or market.products.contingency:
        yield None
    for pre in market.products.pre:
        if not market.costs.lends(pre, need):
            continue
        if need.amount or (take is not None and pre.repaid_on is Event.BUYER_PAYMENT):
            yield pre


def least_of(market: CreditMarket, pre: FinanceProduct | None, need: CashNeed) -> int:
    """What covering the need costs at least; a contingency facility may cover a part of it."""
    if not need.amount:
        return 0
    bound = market.costs.least[pre.id] if pre is not None else None
    return market.costs.helped(bound, need.amount, need.amount_days, need.longest) - ROUNDING


def need_before(figures: Figures, opens: int) -> CashNeed:
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
    return CashNeed(need, need_days, balance if lowest is None else lowest, longest)
