"""A second, slow opinion: every chain and every mix of a small network, worked out in the plainest way.

Nothing of routing or finance is imported. Dates are dates, amounts exact fractions rounded where the
design says so, and the balance is walked day by day.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product as combinations
from math import ceil

from domain.dates import BusinessCalendar, DayCount, end_of_month
from domain.money import split_minor
from domain.network import (
    AdvanceBase,
    DrawRule,
    FinanceProduct,
    Network,
    Policy,
    Provider,
    Role,
)
from domain.order import Order
from domain.terms import Event, FeeBasis, InterestTaking, PaymentTerm

DAY = timedelta(days=1)
WEEKDAYS = BusinessCalendar()


def rounded(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) + Fraction(1, 2))


def calendar(network: Network, country: str) -> BusinessCalendar:
    return network.calendars.get(country) or WEEKDAYS


def open_day(network: Network, provider: Provider, day: date) -> date:
    days = calendar(network, provider.country)
    while not days.is_business_day(day) or day in provider.closures:
        day += DAY
    return day


def after_open_days(network: Network, provider: Provider, day: date, count: int) -> date:
    for _ in range(count):
        day = open_day(network, provider, day + DAY)
    return open_day(network, provider, day)


def due_on(network: Network, country: str, term: PaymentTerm, event: date) -> date:
    start = end_of_month(event) if term.month_end else event
    return calendar(network, country).roll(start + timedelta(days=term.days), term.roll)


@dataclass
class Leg:
    provider: Provider
    kind: str
    net: int
    starts: date
    ends: date
    terms: tuple[PaymentTerm, ...]

    @property
    def tax(self) -> int:
        return rounded(self.net * self.provider.tax_rate)


@dataclass
class Chain:
    legs: list[Leg]
    events: dict[Event, date]


def chains(order: Order, network: Network, policy: Policy, on: date) -> list[Chain]:
    """Every chain with every start date."""
    found = []
    first = max(on, order.issued_on) + timedelta(days=policy.booking_days)
    kinds = sorted({one.kind for one in network.providers if one.service and one.service.required})
    servers = [[one for one in network.providers if one.kind == kind] for kind in kinds]
    for factory in (one for one in network.providers if one.products):
        for path in paths(order, network, factory):
            for services in combinations(*servers):
                day = open_day(network, factory, first)
                while order.due_on is not None and day <= order.due_on:
                    chain = dated(order, network, policy, factory, path, services, day)
                    if chain is not None:
                        found.append(chain)
                    day = open_day(network, factory, day + DAY)
    return found


def paths(order: Order, network: Network, factory: Provider) -> list[list[tuple[Provider, object]]]:
    """Straight by one lane, or by way of one warehouse at either end or between two lanes."""
    lanes = [(one, lane) for one in network.providers for lane in one.lanes]
    stores = [one for one in network.providers if one.storage]
    goal = order.destination
    found: list[list[tuple[Provider, object]]] = []
    if factory.place == goal:
        found.append([])
    for carrier, lane in lanes:
        if lane.origin == factory.place and lane.destination == goal:
            found.append([(carrier, lane)])
    for store in stores:
        into = [[]] if store.place == factory.place else []
        into += [
            [(carrier, lane)]
            for carrier, lane in lanes
            if lane.origin == factory.place and lane.destination == store.place != factory.place
        ]
        out = [[]] if store.place == goal else []
        out += [
            [(carrier, lane)]
            for carrier, lane in lanes
            if lane.origin == store.place and lane.destination == goal != store.place
        ]
        found += [[*first, (store, None), *last] for first in into for last in out]
    return found


def dated(
    order: Order,
    network: Network,
    policy: Policy,
    factory: Provider,
    path: list[tuple[Provider, object]],
    services: tuple[Provider, ...],
    booking: date,
) -> Chain | None:
    line = order.lines[0]
    made = next((one for one in factory.products if one.product == line.product), None)
    if made is None or line.quantity < made.minimum_quantity:
        return None
    day = open_day(network, factory, booking + timedelta(days=made.lead_days))
    if made.capacity_per_day:
        for _ in range(ceil(Fraction(ceil(line.quantity), made.capacity_per_day)) - 1):
            day = open_day(network, factory, day + DAY)
    price = Fraction(made.unit_price) * Fraction(line.quantity) * 100 + made.set_up_minor
    legs = [Leg(factory, "factory", rounded(price), booking, day, factory.payment)]
    events = {Event.ORDER: order.issued_on, Event.BOOKING: booking, Event.PRODUCTION_END: day}
    ready = day
    for firm in services:
        assert firm.service is not None
        ends = after_open_days(network, firm, day, firm.service.days)
        cost = firm.service.fixed_minor + Fraction(firm.service.per_unit) * Fraction(line.quantity) * 100
        legs.append(Leg(firm, firm.kind, rounded(cost), day, ends, firm.payment))
        if firm.kind == "inspection":
            events[Event.INSPECTION] = ends
        ready = max(ready, ends)
    events.setdefault(Event.INSPECTION, day)
    moved = move(network, line.quantity, made.weight_kg, path, ready, legs, events)
    if moved is None or (order.due_on is not None and moved > order.due_on):
        return None
    ready = moved
    events.setdefault(Event.DEPARTURE, ready)
    events.setdefault(Event.ARRIVAL, ready)
    events[Event.DELIVERY] = ready
    events[Event.INVOICE] = ready + timedelta(days=policy.invoice_days)
    return Chain(legs, events)


def move(
    network: Network,
    quantity: Decimal,
    unit_kg: Decimal,
    path: list[tuple[Provider, object]],
    ready: date,
    legs: list[Leg],
    events: dict[Event, date],
) -> date | None:
    """When the goods arrive by this path; its legs and events are added."""
    stored: Leg | None = None
    for firm, lane in path:
        if lane is None:
            assert firm.storage is not None
            if firm.storage.capacity and ceil(quantity) > firm.storage.capacity:
                return None
            stored = Leg(firm, "warehouse", 0, ready, ready, firm.payment)
            legs.append(stored)
            events[Event.ARRIVAL] = ready
            ready += timedelta(days=firm.storage.dwell_days)
            bill(stored, quantity, ready)
            continue
        measure = quantity * unit_kg
        if lane.capacity_per_day and ceil(measure) > lane.capacity_per_day:  # type: ignore[attr-defined]
            return None
        leaves = open_day(network, firm, ready)
        while lane.departs_on and leaves.weekday() not in lane.departs_on:  # type: ignore[attr-defined]
            leaves = open_day(network, firm, leaves + DAY)
        if stored is not None and legs[-1] is stored:
            bill(stored, quantity, leaves)
        events.setdefault(Event.DEPARTURE, leaves)
        ready = leaves + timedelta(days=lane.transit_days)  # type: ignore[attr-defined]
        legs.append(Leg(firm, "logistics", freight(lane, measure), leaves, ready, firm.payment))
    return ready


def bill(leg: Leg, quantity: Decimal, leaves: date) -> None:
    store = leg.provider.storage
    assert store is not None
    days = max((leaves - leg.starts).days, store.minimum_days)
    each = Fraction(store.handling_per_unit) + Fraction(store.per_unit_day) * days
    leg.net = rounded(store.fixed_minor + each * Fraction(quantity) * 100)
    leg.ends = leg.starts + timedelta(days=days)


def freight(lane: object, measure: Decimal) -> int:
    price, minimum = Fraction(0), lane.minimum_minor  # type: ignore[attr-defined]
    for band in lane.bands:  # type: ignore[attr-defined]
        if measure >= band.from_measure:
            price = Fraction(band.rate) * Fraction(measure) * 100 + band.fixed_minor
            minimum = max(lane.minimum_minor, band.minimum_minor)  # type: ignore[attr-defined]
    return max(rounded(price), minimum)


# ---------------------------------------------------------------------- money


def year_part(product: FinanceProduct, start: date, end: date) -> Fraction:
    """Interest on one unit."""
    price = product.price
    days = (end - start).days
    if days <= 0:
        return Fraction(0)
    if price.steps:
        rate, left = Fraction(0), days
        for place, step in enumerate(price.steps):
            last = place == len(price.steps) - 1
            while left > 0:
                rate += step.rate
                left -= step.days
                if not last:
                    break
        return rate
    if price.day_count is DayCount.THIRTY_360:
        from_day = min(start.day, 30)
        to_day = 30 if end.day == 31 and from_day == 30 else end.day
        days = 360 * (end.year - start.year) + 30 * (end.month - start.month) + to_day - from_day
    return price.rate_annual * days / (365 if price.day_count is DayCount.ACT_365F else 360)


class Facility:
    """One product in use; ``needs`` in, principal and cost out."""

    def __init__(self, product: FinanceProduct, ceiling: int, face: int, opens: date, due: date) -> None:
        self.product, self.ceiling, self.face = product, ceiling, face
        self.opens, self.due = opens, due
        self.needs: list[tuple[date, int]] = []

    def principals(self, needs: list[tuple[date, int]]) -> list[int]:
        fee = self.product.fees[0] if self.product.fees else None
        found = []
        for place, (on, cash) in enumerate(needs):
            kept = Fraction(0)
            if fee is not None and fee.basis is FeeBasis.DRAW:
                kept += fee.rate
            if self.product.price.taken is InterestTaking.IN_ADVANCE:
                kept += year_part(self.product, on, self.due)
            once = 0
            if place == 0 and fee is not None and fee.basis is FeeBasis.FACE:
                once = rounded(self.face * fee.rate)
            if place == 0 and fee is not None and fee.basis is FeeBasis.FIXED:
                once = fee.amount_minor
            if place == 0 and fee is not None and fee.basis is FeeBasis.LIMIT:
                total = sum(each for _, each in needs)
                once = rounded(Fraction(total) / (1 - fee.rate)) - total
            found.append(rounded(Fraction(cash + once) / (1 - kept)))
        return found

    def most_cash(self) -> int:
        """The most cash within the ceiling, for the needs as they stand."""
        low, high = 0, sum(cash for _, cash in self.needs)
        while low < high:
            middle = (low + high + 1) // 2
            taken, left = [], middle
            for on, cash in self.needs:
                if left > 0:
                    taken.append((on, min(cash, left)))
                    left -= cash
            if sum(self.principals(taken)) <= self.ceiling:
                low = middle
            else:
                high = middle - 1
        return low

    def full(self) -> tuple[int, int]:
        """Cash that the whole ceiling pays out, and what is kept back."""
        fee = self.product.fees[0] if self.product.fees else None
        kept = 0
        if fee is not None:
            basis = {FeeBasis.FACE: self.face, FeeBasis.FIXED: 0}.get(fee.basis, self.ceiling)
            kept = rounded(basis * fee.rate) + fee.amount_minor
        if self.product.price.taken is InterestTaking.IN_ADVANCE:
            kept += rounded(self.ceiling * year_part(self.product, self.opens, self.due))
        return self.ceiling - kept, kept

    def repayment(self) -> tuple[int, int]:
        """What is paid at the end, and the whole cost."""
        if self.product.draw is DrawRule.FULL:
            cash, _ = self.full()
            draws, principals, cash_had = [self.opens], [self.ceiling], cash
        else:
            draws = [on for on, _ in self.needs]
            principals = self.principals(self.needs)
            cash_had = sum(cash for _, cash in self.needs)
        interest = 0
        if self.product.price.taken is InterestTaking.AT_REPAYMENT:
            interest = sum(
                rounded(each * year_part(self.product, on, self.due))
                for on, each in zip(draws, principals, strict=True)
            )
        return sum(principals) + interest, sum(principals) + interest - cash_had


def best_profit(order: Order, network: Network, policy: Policy, on: date) -> int | None:
    """The highest profit of all chains and mixes that pass, or None."""
    best: int | None = None
    products = {role: [one for one in network.products if one.role is role] for role in Role}
    for chain in chains(order, network, policy, on):
        for pre, take, more in combinations(
            [None, *products[Role.PRE_SHIPMENT]],
            [None, *products[Role.TAKE_OUT]],
            [None, *products[Role.CONTINGENCY]],
        ):
            profit = profit_of(order, network, policy, chain, pre, take, more)
            if profit is not None and (best is None or profit > best):
                best = profit
    return best


def profit_of(  # noqa: C901 - one formula after another
    order: Order,
    network: Network,
    policy: Policy,
    chain: Chain,
    pre: FinanceProduct | None,
    take: FinanceProduct | None,
    more: FinanceProduct | None,
) -> int | None:
    if pre is not None and take is None and pre.requires_take_out:
        return None
    flows: dict[date, int] = {}

    def add(on: date, amount: int) -> None:
        flows[on] = flows.get(on, 0) + amount

    face, paid = order.gross_minor, date.min
    country = order.country or network.country
    shares = split_minor(face, [term.share for term in order.payment])
    for term, amount in zip(order.payment, shares, strict=True):
        day = due_on(network, country, term, chain.events[term.event])
        add(day, amount)
        paid = max(paid, day)
        if term.event not in (Event.DELIVERY, Event.INVOICE):
            face -= amount
    opens = paid
    if take is not None:
        opens = chain.events[take.available_from] + timedelta(days=take.available_days)
        if take.available_days:
            opens = calendar(network, network.country).roll(opens)
        if opens >= paid:
            return None
    chain.events[Event.FUNDING] = opens
    chain.events[Event.BUYER_PAYMENT] = paid
    tax_in = cost = lost = 0
    for leg in chain.legs:
        cost += leg.net
        if leg.provider.tax_recoverable:
            tax_in += leg.tax
        else:
            lost += leg.tax
        amounts = split_minor(leg.net + leg.tax, [term.share for term in leg.terms])
        for term, amount in zip(leg.terms, amounts, strict=True):
            start = leg.ends if term.event is Event.SERVICE_END else chain.events[term.event]
            add(due_on(network, leg.provider.country, term, start), -amount)
    fee = rounded(order.net_minor * network.fee.rate)
    fee_tax = rounded(fee * network.fee.tax_rate)
    add(paid, -(fee + fee_tax))
    payable = max(0, order.tax_minor - tax_in - fee_tax)
    surcharge = rounded(payable * network.taxes[0].surcharge_rate)
    invoiced = chain.events[Event.INVOICE]
    after = (end_of_month(invoiced) + DAY).replace(day=network.taxes[0].due_day)
    add(calendar(network, network.country).roll(after), -(payable + surcharge))

    uses: list[Facility] = []
    for product in (pre, take, more):
        if product is not None:
            start = opens if product is take else chain.events[product.available_from]
            ends = opens if product.repaid_on is Event.FUNDING else paid
            uses.append(Facility(product, ceiling_of(chain, product, face), face, start, ends))
    if not passes(flows, uses):
        return None
    profit = (
        order.net_minor
        - cost
        - lost
        - fee
        - surcharge
        - sum(use.repayment()[1] for use in uses if use.needs or use.product.draw is DrawRule.FULL)
    )
    if not tenors_hold(uses) or not covers(uses, pre, take, policy):
        return None
    return profit if profit >= policy.profit_minimum_minor else None


def ceiling_of(chain: Chain, product: FinanceProduct, face: int) -> int:
    gross = sum(leg.net + leg.tax for leg in chain.legs)
    base = {AdvanceBase.COST: gross, AdvanceBase.NLV: chain.legs[0].net}.get(product.advance_base, face)
    ceiling = rounded(base * product.advance_rate)
    return ceiling if product.limit_minor is None else min(ceiling, product.limit_minor)


def tenors_hold(uses: list[Facility]) -> bool:
    for use in uses:
        drawn = [on for on, _ in use.needs] or ([use.opens] if use.product.draw is DrawRule.FULL else [])
        tenor = use.product.tenor_days
        if drawn and tenor is not None and (use.due - drawn[0]).days > tenor:
            return False
    return True


def covers(
    uses: list[Facility], pre: FinanceProduct | None, take: FinanceProduct | None, policy: Policy
) -> bool:
    """The take-out pays out enough over what it repays."""
    if pre is None or take is None:
        return True
    owed = next(use for use in uses if use.product is pre)
    taken = next(use for use in uses if use.product is take)
    if not (owed.needs or pre.draw is DrawRule.FULL):
        return True
    full = take.draw is DrawRule.FULL
    cash = taken.full()[0] if full else sum(each for _, each in taken.needs)
    had = full or bool(taken.needs)
    return not had or Fraction(cash, owed.repayment()[0]) >= policy.cover_minimum


def passes(flows: dict[date, int], uses: list[Facility]) -> bool:
    """Walk the days until no facility passes its ceiling; least draws once, at its opening."""
    most: dict[int, int] = {}
    for _ in range(4):
        whole = walk(flows, uses, most, frozenset())
        over = False
        for place, use in enumerate(uses):
            if use.product.draw is DrawRule.FULL or place in most or not use.needs:
                continue
            needs = use.needs
            if use.product.draw is DrawRule.LEAST:
                use.needs = [(use.opens, sum(cash for _, cash in needs))]
            if sum(use.principals(use.needs)) > use.ceiling:
                most[place] = use.most_cash()
                over = True
        if not over:
            break
    single = frozenset(
        place for place, use in enumerate(uses) if use.product.draw is DrawRule.LEAST and use.needs
    )
    if single:
        for place in single:
            uses[place].needs = [(uses[place].opens, sum(cash for _, cash in uses[place].needs))]
        whole = walk(flows, uses, most, single)
    return whole


def scheduled(use: Facility, day: date, single: bool) -> int:
    """What the facility pays out at once when it opens, less what repays it when it closes."""
    full = use.product.draw is DrawRule.FULL and use.ceiling > 0
    amount = 0
    if use.opens == day and full:
        amount += use.full()[0]
    if use.opens == day and single:
        amount += use.needs[0][1]
    if use.due == day and (use.needs or full):
        amount -= use.repayment()[0]
    return amount


def walk(flows: dict[date, int], uses: list[Facility], most: dict[int, int], single: frozenset[int]) -> bool:
    days = set(flows) | {use.opens for use in uses} | {use.due for use in uses}
    left = dict(most)
    for place, use in enumerate(uses):
        if place not in single:
            use.needs = []
    balance, whole = 0, True
    for day in sorted(days):
        balance += flows.get(day, 0)
        balance += sum(scheduled(use, day, place in single) for place, use in enumerate(uses))
        for place, use in enumerate(uses):
            if use.product.draw is DrawRule.FULL or place in single:
                continue
            if balance < 0 and use.opens <= day < use.due:
                cash = min(-balance, left.get(place, -balance))
                if cash > 0:
                    use.needs.append((day, cash))
                    balance += cash
                    if place in left:
                        left[place] -= cash
        whole = whole and balance >= 0
    return whole
