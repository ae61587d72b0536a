"""The take-outs of one order: the day each would open on a chain, the least it costs, the most it brings."""

from domain.dates import DayCount
from domain.network import AdvanceBase, DrawRule, FinanceProduct
from domain.terms import Event
from finance.pricing.credit import CreditTerms, draw_of
from routing.chains.case import PREPAYING, OrderCase
from routing.mixes.lending import Lending
from routing.mixes.operating_flows import Figures
from routing.offers.offers import EVENT_INDEX

TakeRows = dict[int, list[tuple[int, int, FinanceProduct]]]
"""By the day they open: the least each take-out costs, the most cash it brings, cheapest first."""


class TakeOuts:
    """Rows are shared by all chains on which the take-outs open on the same days."""

    def __init__(self, lending: Lending, products: list[FinanceProduct]) -> None:
        self.lending = lending
        self.products = products
        self._rows: dict[tuple[object, ...], TakeRows] = {}
        self._events = tuple(sorted({EVENT_INDEX[one.available_from] for one in products}))
        self._by_chain = any(one.advance_base in (AdvanceBase.COST, AdvanceBase.NLV) for one in products)

    def rows(self, figures: Figures) -> TakeRows:
        """The take-outs by the day they would open on this chain; shared by all chains with these days."""
        events = figures.chain.events
        key = (
            figures.buyer_due,
            tuple(events[place] for place in self._events),
            (figures.cost_gross, figures.factory_net) if self._by_chain else (),
            figures.early,
        )
        found = self._rows.get(key)
        if found is None:
            found = self._rows[key] = self._new_rows(figures)
        return found

    def _new_rows(self, figures: Figures) -> TakeRows:
        rows: TakeRows = {}
        for take in self.products:
            opens = self.lending.opens(take, figures.chain)
            if opens < figures.buyer_due:
                cost, cash = self._least(take, figures, opens)
                rows.setdefault(opens, []).append((cost, cash, take))
        for group in rows.values():
            group.sort(key=lambda row: row[0])
        return rows

    def _least(self, product: FinanceProduct, figures: Figures, opens: int) -> tuple[int, int]:
        """The least a take-out costs and the most cash it brings, when it opens on that day."""
        terms = self.lending.terms(product, figures, opens)
        if product.draw is not DrawRule.FULL or terms.ceiling <= 0:
            return 0, terms.ceiling
        cash = draw_of(terms, terms.ceiling, opens, figures.buyer_due).cash
        return _full_cost(terms, opens, figures.buyer_due), cash

    def floor(self, deliveries: range) -> int:
        """The least that any take-out costs when the goods arrive within these days."""
        return min((_floor(self.lending, take, deliveries) for take in self.products), default=0)


def _floor(lending: Lending, take: FinanceProduct, deliveries: range) -> int:
    known = take.advance_base in (AdvanceBase.ORDER, AdvanceBase.INVOICE)
    on_invoice = take.available_from in (Event.INVOICE, Event.DELIVERY)
    if take.draw is not DrawRule.FULL or not known or not on_invoice or not deliveries:
        return 0
    if sum(part.event not in PREPAYING for part in lending.case.buyer) > 1:
        return 0  # how much is left to advance on depends on the day
    terms = lending.terms(take, None)
    if terms.ceiling <= 0:
        return 0
    plain = not take.price.steps and take.price.day_count is not DayCount.THIRTY_360
    least: int | None = None
    seen: set[tuple[int, int]] = set()
    for delivery in deliveries:
        opens, due = _opens_after(lending, take, delivery), buyer_due_after(lending.case, delivery)
        span = (0, due - opens) if plain else (opens, due)
        if opens < due and span not in seen:
            seen.add(span)
            cost = _full_cost(terms, opens, due)
            least = cost if least is None else min(least, cost)
    return least or 0


def _opens_after(lending: Lending, take: FinanceProduct, delivery: int) -> int:
    day = delivery + take.available_days
    if take.available_from is Event.INVOICE:
        day += lending.case.policy.invoice_days
    return lending.table(take).next_working(day) if take.available_days else day


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
