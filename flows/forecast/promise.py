"""What can be promised for an order: how soon, at what price, with what certainty, and why not sooner.

How soon is the least due day with which planning finds a plan that needs no own cash. Why not sooner is
found by planning again with one firm's own time or one firm's capacity out of the way.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from domain.errors import RefusedError
from domain.network import Network, Provider
from domain.plan import Certificate, Plan, PlanLeg
from domain.terms import Event
from finance.fold.expectations import ORDER_EVENTS, Expectations
from finance.fold.fold import Folded, fold
from finance.forecast.cards import FirmCards
from flows.books.order_book import OrderBook, read_book
from flows.desk.forecasts import LEAD_TIME
from flows.desk.session import Session
from flows.orders.find import Placed
from flows.plans.recorded_plan import current_plan
from routing.offers.situation import Situation
from routing.plans.choose import choose
from routing.simulate.intervals import quantile

DRAWS = 1_000
CERTAINTIES = (0.50, 0.80, 0.90, 0.95)
FARTHEST = 400
AHEAD = timedelta(days=3_650)


@dataclass(frozen=True, slots=True)
class WhyNotSooner:
    """What would have to change: if ``what`` held of the firm, the goods could be ``days`` sooner."""

    firm: str
    leg: str
    what: str
    days: int


@dataclass(frozen=True, slots=True)
class Promise:
    """``delivery`` at the earliest; ``certain`` the day by certainty, by the providers' scorecards.

    ``price_minor`` is the net price, ``hurry_minor`` what the earliest plan earns less than the best one: the
    price that much higher pays for the hurry. ``reason`` says what stops an earlier day.
    """

    order: str
    currency: str
    delivery: date
    wanted: date | None
    price_minor: int
    profit_minor: int
    hurry_minor: int
    best_delivery: date
    certain: tuple[tuple[float, date], ...]
    model_until: date | None
    critical: tuple[WhyNotSooner, ...]
    reason: str
    under_way: bool = False


def promise_new(session: Session, situation: Situation) -> Promise:
    """The promise for an order of which nothing is reserved; RefusedError when no day is late enough."""
    best = choose(_due(situation, None), repairs=False, brief=True)
    day, plan = _earliest(situation)
    if plan is None or day is None:
        why = best.reason if isinstance(best, Certificate) else "no day is late enough"
        raise RefusedError(
            f"no day within {FARTHEST} can be promised for order {situation.order.reference}: {why}",
            f"net plan {situation.order.reference} shows what is missing",
        )
    found = choose(_due(situation, day), repairs=False, brief=True)
    plan = found if isinstance(found, Plan) else plan
    usual = best if isinstance(best, Plan) else plan
    cards = session.cards(LEAD_TIME)
    delivery = plan.events[Event.DELIVERY]
    critical, reason = _why_not_sooner(situation, plan, delivery)
    return Promise(
        plan.order,
        plan.currency,
        delivery,
        situation.order.due_on,
        plan.net_minor,
        plan.profit_minor,
        max(usual.profit_minor - plan.profit_minor, 0),
        usual.events[Event.DELIVERY],
        _certain(session, delivery, plan.legs, plan.order),
        cards.until if cards is not None else None,
        critical,
        reason,
    )


def _due(situation: Situation, day: date | None) -> Situation:
    """The same order due on ``day``; on the farthest day where none is given."""
    last = situation.day + timedelta(days=FARTHEST)
    order = situation.order
    lines = tuple(replace(line, due_on=None) for line in order.lines)
    return replace(situation, order=replace(order, due_on=day or order.due_on or last, lines=lines))


def _earliest(situation: Situation) -> tuple[date | None, Plan | None]:
    """The least due day with a plan, and a plan for it: what is possible by a day is so by the next."""
    low, high = situation.day, situation.day + timedelta(days=FARTHEST)
    best: Plan | None = None
    found = choose(_due(situation, high), repairs=False, brief=True)
    if isinstance(found, Certificate):
        return None, None
    while low < high:
        middle = low + (high - low) // 2
        found = choose(_due(situation, middle), repairs=False, brief=True)
        if isinstance(found, Plan):
            best, high = found, middle
        else:
            low = middle + timedelta(days=1)
    return high, best


def _why_not_sooner(situation: Situation, plan: Plan, delivery: date) -> tuple[tuple[WhyNotSooner, ...], str]:
    """The firms whose own time or capacity keeps the day, the one that gains most first."""
    sooner = choose(_due(situation, delivery - timedelta(days=1)), repairs=False, brief=True)
    reason = sooner.reason if isinstance(sooner, Certificate) else ""
    found = []
    legs = {leg.provider: leg for leg in reversed(plan.legs)}
    for firm, leg in reversed(legs.items()):
        for what, change in (("it took no time", _at_once), ("its capacity were unlimited", _boundless)):
            network = _with(situation.network, firm, change)
            day, _ = _earliest(replace(situation, network=network))
            if day is not None and day < delivery:
                found.append(WhyNotSooner(firm, leg.kind, what, (delivery - day).days))
    return tuple(sorted(found, key=lambda one: -one.days)), reason


def _with(network: Network, firm: str, change: Callable[[Provider], Provider]) -> Network:
    providers = tuple(change(one) if one.id == firm else one for one in network.providers)
    return replace(network, providers=providers)


def _at_once(provider: Provider) -> Provider:
    """Without lead, transit and service time, departing every day."""
    return replace(
        provider,
        products=tuple(replace(one, lead_days=0) for one in provider.products),
        lanes=tuple(replace(one, transit_days=0, departs_on=()) for one in provider.lanes),
        storage=replace(provider.storage, dwell_days=0) if provider.storage else None,
        service=replace(provider.service, days=0) if provider.service else None,
    )


def _boundless(provider: Provider) -> Provider:
    """With more capacity than any order uses; made on one day."""
    return replace(
        provider,
        products=tuple(replace(one, capacity_per_day=0) for one in provider.products),
        lanes=tuple(replace(one, capacity_per_day=0) for one in provider.lanes),
        storage=replace(provider.storage, capacity=0) if provider.storage else None,
        service=replace(provider.service, capacity_per_day=0) if provider.service else None,
    )


def _certain(
    session: Session, delivery: date, legs: Sequence[PlanLeg], order: str
) -> tuple[tuple[float, date], ...]:
    """The day by which it is there with each certainty: delays of the legs that are still to come add up.

    A leg that is early waits for the next one's slot, and days that planning counts on already do not count
    again. Without scorecards there is no certainty to tell.
    """
    cards, level = session.cards(LEAD_TIME), session.foresight.lead_time_quantile
    if cards is None:
        return ()
    chance = random.Random(f"net order promise {cards.data_digest} {order}")
    totals = [sum(_late(cards, leg, level, chance) for leg in legs) for _ in range(DRAWS)]
    return tuple((one, delivery + timedelta(days=int(quantile(totals, one)))) for one in CERTAINTIES)


def _late(cards: FirmCards, leg: PlanLeg, level: Fraction | None, chance: random.Random) -> int:
    card = cards.of(leg.provider)
    counted = max(card.days_at(level), 0) if level is not None and card.firm else 0
    error = cards.errors[int(chance.random() * len(cards.errors))]
    return max(round(card.centre + error * card.scale) - counted, 0)


def promise_under_way(session: Session, placed: Placed) -> Promise:
    """The promise for an order under way: what its books expect after what happened, and who is late."""
    plan = current_plan(session.ledger, placed.id)
    book = read_book(session.ledger, placed.id)
    folded = expected_way(book, session.on)
    delivery = folded.position.happened[Event.DELIVERY]
    left = [leg for leg in plan.legs if leg.ends_on > session.on or delivery > plan.events[Event.DELIVERY]]
    cards = session.cards(LEAD_TIME)
    done = delivery <= session.on
    critical, reason = _who_is_late(book, folded, plan, session.on)
    return Promise(
        placed.id,
        plan.currency,
        delivery,
        placed.order.due_on,
        plan.net_minor,
        plan.profit_minor,
        0,
        plan.events[Event.DELIVERY],
        () if done else _certain(session, delivery, left, placed.id),
        cards.until if cards is not None else None,
        critical,
        reason,
        under_way=True,
    )


def expected_way(book: OrderBook, on: date) -> Folded:
    """The order's books played on from what was known at the end of ``on``."""
    facts = [fact for fact in book.facts if fact.on <= on]
    return fold(book.contract, facts, on + AHEAD, Expectations(book.contract, facts, on))


def _who_is_late(
    book: OrderBook, folded: Folded, plan: Plan, on: date
) -> tuple[tuple[WhyNotSooner, ...], str]:
    """The first event that came, or must come, later than planned: its firm keeps the whole order waiting."""
    contract = book.in_force
    stated = {fact.text("name") for fact in book.facts if fact.on <= on}
    for event in ORDER_EVENTS:
        planned, then = contract.events.get(event), folded.position.happened.get(event)
        if planned is not None and then is not None and then > planned:
            leg = _leg_of(plan, event)
            days = (then - planned).days
            state = "came" if event.value in stated else "has not come yet: at the earliest it is"
            reason = f"{event.value} {state} {days} days later than planned for {planned}"
            return (WhyNotSooner(leg.provider, leg.kind, event.value, days),), reason
    return (), "as planned"


def _leg_of(plan: Plan, event: Event) -> PlanLeg:
    """The leg that an event of the order ends: of the factory, of the inspection, else the last one there."""
    if event is Event.PRODUCTION_END:
        return plan.legs[0]
    if event is Event.INSPECTION:
        return next((leg for leg in plan.legs if leg.kind == "inspection"), plan.legs[0])
    return next((leg for leg in reversed(plan.legs) if leg.destination), plan.legs[-1])
