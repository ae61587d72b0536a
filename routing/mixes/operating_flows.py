"""The operating flows of one dated chain: buyer, providers, network, tax; and what it earns without money
costs.

Everything in minor units and day ordinals; an inflow is positive. Funding day is the one thing left
open, since it belongs to the mix.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from domain.dates import end_of_month
from domain.money import round_minor
from domain.network import LOGISTICS, WAREHOUSE
from finance.pricing.cash import Ops, by_date
from routing.chains.case import PREPAYING, OrderCase
from routing.chains.chains import (
    ARRIVAL,
    BOOKING,
    BUYER_PAYMENT,
    DEPARTURE,
    FUNDING,
    INVOICE,
    ORDERED,
    PRODUCTION_END,
    SERVICE_END,
    Chain,
    ChainStep,
)
from routing.offers.offers import Offer, PartPayment, abroad_parts, parts_of
from routing.offers.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Facts:
    """How the world differs from the plan, for a stress."""

    buyer_late: int = 0
    short: Fraction = Fraction(0)
    production_late: int = 0
    cost_up: Fraction = Fraction(0)
    exchange_up: Fraction = Fraction(0)


AS_PLANNED = Facts()


@dataclass(slots=True)
class Figures:
    """Flows and sums of a chain; ``waiting`` are instalments counted from the funding day.

    ``abroad`` has by currency and day what is planned to be paid in it: what that costs, and the amount
    itself; what waits for the funding is not in it.

    ``buyer_due`` is when the buyer's last instalment is due, ``buyer_paid`` when it comes; ``early`` are the
    due days and amounts of those after delivery but before the last. ``credit`` is input tax beyond the
    output tax: an asset, not cash.
    """

    chain: Chain
    flows: list[tuple[int, int]]
    waiting: list[tuple[PartPayment, Timetable]]
    buyer_due: int
    buyer_paid: int
    tax_on: int
    tax_due: int
    surcharge: int
    credit: int
    cost_net: int
    cost_gross: int
    factory_net: int
    factory_gross: int
    unlevered: int
    early: tuple[tuple[int, int], ...] = ()
    guarantee_cost: int = 0
    exchange_up: Fraction = Fraction(0)
    abroad: dict[str, dict[int, tuple[int, int]]] = field(default_factory=dict)

    def paid_by(self, day: int) -> int:
        """What the buyer pays for delivered goods until that day: no lender advances on it any more."""
        return sum(amount for due, amount in self.early if due <= day)

    def ops(self, funding: int) -> Ops:
        """The flows by date once the funding day is known."""
        if not self.waiting:
            return by_date(self.flows)
        late = [(table.due(part.term, funding), -part.amount) for part, table in self.waiting]
        return by_date(self.flows + late)


def figures_of(case: OrderCase, chain: Chain, facts: Facts = AS_PLANNED) -> Figures:
    """The chain's operating flows under the facts; the chain's own events gain the buyer's payment."""
    if facts is not AS_PLANNED:
        chain = delayed(chain, facts.production_late)
    flows, due, paid, lost = _buyer(case, chain, facts)
    early = _early(case, chain, due) if len(case.buyer) > 1 else ()
    chain.events[BUYER_PAYMENT] = paid
    waiting: list[tuple[PartPayment, Timetable]] = []
    abroad: dict[str, dict[int, tuple[int, int]]] = {}
    net = tax_in = lost_tax = gross = 0
    for step in chain.steps:
        offer = step.offer if not facts.cost_up else dearer(step.offer, facts.cost_up)
        if offer.currency and facts.exchange_up:
            offer = dearer_abroad(case, offer, facts.exchange_up)
        net += offer.net
        gross += offer.net + offer.tax
        if offer.provider.tax_recoverable:
            tax_in += offer.tax
        else:
            lost_tax += offer.tax
        _pay(step, offer, chain.events, flows, waiting)
        if offer.currency:
            _note_abroad(step, offer, chain.events, abroad.setdefault(offer.currency, {}))
    fee_lost = 0 if case.network.fee.tax_recoverable else case.fee_tax
    tax_in += case.fee_tax - fee_lost
    _pay_fee(case, chain.events, flows, waiting)
    _pay_carried(case, chain.events, flows, waiting)
    payable = max(0, case.output_tax - tax_in)
    surcharge = round_minor(payable * case.tax.surcharge_rate)
    tax_on = tax_due_on(case, chain.events[INVOICE])
    if payable + surcharge:
        flows.append((tax_on, -(payable + surcharge)))
    factory = chain.steps[0].offer
    return Figures(
        chain=chain,
        flows=flows,
        waiting=waiting,
        buyer_due=due,
        buyer_paid=paid,
        tax_on=tax_on,
        tax_due=payable,
        surcharge=surcharge,
        credit=max(0, tax_in - case.output_tax),
        cost_net=net,
        cost_gross=gross,
        factory_net=factory.net,
        factory_gross=factory.gross,
        early=early,
        unlevered=case.net - net - lost_tax - case.fee_net - fee_lost - surcharge - lost - carried_over(case),
        exchange_up=facts.exchange_up,
        abroad=abroad,
    )


def _early(case: OrderCase, chain: Chain, last: int) -> tuple[tuple[int, int], ...]:
    found = (
        (case.buyer_table.due(part.term, chain.events[part.event]), part.amount)
        for part in case.buyer
        if part.event not in PREPAYING
    )
    return tuple((day, amount) for day, amount in found if day < last)


def carried_over(case: OrderCase) -> int:
    """What the order owes from before it was planned again, all of it lost to the profit."""
    return sum(part.amount for part in case.carried)


def _buyer(case: OrderCase, chain: Chain, facts: Facts) -> tuple[list[tuple[int, int]], int, int, int]:
    """The buyer's flows, when the last is due and paid, and what a short payment loses."""
    flows = []
    due = paid = lost = 0
    for part in case.buyer:
        day = case.buyer_table.due(part.term, chain.events[part.event])
        due = max(due, day)
        amount = part.amount
        if part.event not in PREPAYING:
            day += facts.buyer_late
            short = round_minor(amount * facts.short) if facts.short else 0
            amount -= short
            lost += short
        paid = max(paid, day)
        flows.append((day, amount))
    return flows, due, paid, lost


def _pay(
    step: ChainStep,
    offer: Offer,
    events: list[int],
    flows: list[tuple[int, int]],
    waiting: list[tuple[PartPayment, Timetable]],
) -> None:
    for part in offer.parts:
        if part.event == FUNDING:
            waiting.append((part, offer.table))
        else:
            day = event_day(step, part.event, events)
            flows.append((offer.table.due(part.term, day), -part.amount))


def _note_abroad(step: ChainStep, offer: Offer, events: list[int], days: dict[int, tuple[int, int]]) -> None:
    for part in offer.parts:
        if part.event != FUNDING:
            day = offer.table.due(part.term, event_day(step, part.event, events))
            cost, amount = days.get(day, (0, 0))
            days[day] = cost + part.amount, amount + part.own


def event_day(step: ChainStep, event: int, events: list[int]) -> int:
    """The day a leg's term counts from: its own end, departure or arrival, else the chain's."""
    if event == SERVICE_END:
        return step.ends
    if event == DEPARTURE and step.offer.kind == LOGISTICS:
        return step.starts
    if event == ARRIVAL:
        if step.offer.kind == LOGISTICS:
            return step.ends
        if step.offer.kind == WAREHOUSE:
            return step.starts
    return events[event]


def _pay_fee(
    case: OrderCase,
    events: list[int],
    flows: list[tuple[int, int]],
    waiting: list[tuple[PartPayment, Timetable]],
) -> None:
    for part in case.fee_parts:
        if part.event == FUNDING:
            waiting.append((part, case.tax_table))
        else:
            flows.append((case.tax_table.due(part.term, events[part.event]), -part.amount))


def _pay_carried(
    case: OrderCase,
    events: list[int],
    flows: list[tuple[int, int]],
    waiting: list[tuple[PartPayment, Timetable]],
) -> None:
    for part in case.carried:
        if part.event == FUNDING:
            waiting.append((part, case.tax_table))
        else:
            flows.append((events[part.event], -part.amount))


def flows_of_fee(case: OrderCase, events: list[int]) -> list[tuple[int, int]]:
    """The network's own instalments, once funding and buyer payment have their days; positive."""
    return [(case.tax_table.due(part.term, events[part.event]), part.amount) for part in case.fee_parts]


def tax_due_on(case: OrderCase, invoiced: int) -> int:
    """Day ``due_day`` of the month so many months after the period of the invoice, rolled."""
    found = case.tax_days.get(invoiced)
    if found is None:
        found = case.tax_days[invoiced] = _tax_day(case, invoiced)
    return found


def _tax_day(case: OrderCase, invoiced: int) -> int:
    tax = case.tax
    day = date.fromordinal(invoiced)
    period_end = (day.month - 1) // tax.period_months * tax.period_months + tax.period_months
    months = day.year * 12 + period_end - 1 + tax.months_after
    first = date(months // 12, months % 12 + 1, 1)
    due = first.replace(day=min(tax.due_day, end_of_month(first).day))
    return case.tax_table.calendar.roll(due, tax.roll).toordinal()


def delayed(chain: Chain, days: int) -> Chain:
    """The chain with everything from the end of production on so many days later."""
    ended = chain.events[PRODUCTION_END]
    steps = []
    for place, step in enumerate(chain.steps):
        if not days:
            steps.append(step)
        elif place == 0:
            steps.append(ChainStep(step.offer, step.starts, step.ends + days))
        elif step.ends < ended:
            steps.append(step)
        else:
            steps.append(ChainStep(step.offer, step.starts + days, step.ends + days, step.leaves + days))
    kept = (ORDERED, BOOKING)
    events = [day if place in kept else day + days for place, day in enumerate(chain.events)]
    return Chain(chain.combo, chain.booking, steps, events, chain.delivery + days)


def dearer(offer: Offer, share: Fraction) -> Offer:
    """The offer at a net price higher by the share; tax and instalments follow."""
    net = round_minor(offer.net * (1 + share))
    tax = round_minor(net * offer.provider.tax_rate)
    if offer.currency:
        own = tuple(part.own for part in offer.parts)
        tax = round_minor(offer.tax * (1 + share))
        parts = [
            replace(part, own=round_minor(amount * (1 + share)))
            for part, amount in zip(parts_of(net + tax, tuple(p.term for p in offer.parts)), own, strict=True)
        ]
    else:
        parts = parts_of(net + tax, tuple(part.term for part in offer.parts)) if offer.parts else []
    return replace(offer, price=round_minor(offer.price * (1 + share)), net=net, tax=tax, parts=parts)


def dearer_abroad(case: OrderCase, offer: Offer, share: Fraction) -> Offer:
    """The offer of a provider in another currency when that is dearer by the share; what has a fixed rate
    stays."""
    found = case.pricing.quoted(offer.currency)
    own = [PartPayment(part.own, part.event, part.term) for part in offer.parts]
    net, tax, parts = abroad_parts(found, case.order.currency, offer.own_tax, own, share)
    return replace(offer, net=net, tax=tax, parts=parts)
