"""Ask the lenders of a plan: each answers from its own rules, with its reasons."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from domain.network import FACTORY, FinanceProduct, Network, Provider, Role
from domain.order import Order
from domain.plan import FacilityPlan, Plan
from domain.states import OrderState
from domain.terms import Event
from finance.agreed.contract import Condition
from finance.underwriting.credit_offer import CreditOffer, Request, Rules, rate_of, rules_of, underwrite
from finance.underwriting.fingerprint import Tokens, folded, order_hash, tokens_of
from flows.credit.claims import NearMatch, near_matches
from flows.credit.contract import underwriting_of
from flows.credit.exposures import Exposures, exposures_in, look_at
from flows.desk.forecasts import LATE_PAYMENT, newest_model
from flows.orders.find import Placed
from flows.plans.recorded_plan import known_as
from ledger.book.reading import Reading

USUAL_MARK = Fraction(7, 10)
GOOD_MARGIN = Fraction(1, 4)
GOOD_HEADROOM_DAYS = 30
PROVEN_ORDERS = 3


@dataclass(frozen=True, slots=True)
class Answers:
    """What the plan's lenders answered, and the orders that look like this one."""

    order: str
    offers: tuple[tuple[str, CreditOffer], ...]
    near: tuple[NearMatch, ...]

    @property
    def approved(self) -> bool:
        return all(offer.approved for _, offer in self.offers)


def request_offers(
    reading: Reading,
    placed: Placed,
    plan: Plan,
    network: Network,
    *,
    registry_key: bytes,
    on: date,
    look_alikes: bool = True,
) -> Answers:
    """Every lender of the plan answers for its part of each facility; nothing is committed.

    Orders that look like this one are found for people: without ``look_alikes`` they are left out.
    """
    order = known_as(placed)
    tokens = tokens_of(placed.order, registry_key)  # by its own number, whatever it is called here
    stops = _stops(reading, placed, plan, tokens)
    exposures = exposures_in(reading).without(look_at(reading, plan.order))
    offers = []
    for facility in plan.facilities:
        if facility.standby:
            continue
        for lender, amount, part in parts_of(facility):
            offers.append(
                (
                    facility.product,
                    _ask(
                        reading, order, plan, network, facility, (lender, amount, part), stops, exposures, on
                    ),
                )
            )
    near = near_matches(reading, tokens, but=plan.order) if look_alikes else ()
    return Answers(plan.order, tuple(offers), tuple(near))


def parts_of(facility: FacilityPlan) -> Sequence[tuple[str, int, Fraction]]:
    """Each lender of the facility with its part: in minor units of the currency in which it lends, and as a
    share."""
    figures = facility.own or facility
    if figures.shares:
        return [(share.lender, share.amount_minor, share.share) for share in figures.shares]
    return [(facility.lender, figures.limit_minor, Fraction(1))]


def _charged(facility: FacilityPlan) -> int:
    """All that the lender charges, in the currency in which it lends."""
    own = facility.own
    return facility.cost_minor if own is None else own.repaid_minor - sum(one.cash_minor for one in own.draws)


def _stops(reading: Reading, placed: Placed, plan: Plan, tokens: Tokens) -> dict[str, str]:
    """What is wrong outright, whatever the score."""
    found, order = {}, placed.order
    claims = (reading.finance_claim(tokens.exact), reading.finance_claim(tokens.named))
    other = next((claim[0] for claim in claims if claim is not None and claim[0] != plan.order), None)
    if other is not None:
        found["financed_elsewhere"] = f"the same order is financed as {other}"
    if not _confirmed(reading, placed):
        found["buyer_unconfirmed"] = f"{order.buyer.name} has not confirmed the order with its own key"
    if folded(order.buyer.name) == folded(order.seller.name) or (
        order.buyer.identifier and folded(order.buyer.identifier) == folded(order.seller.identifier)
    ):
        found["related_buyer"] = "buyer and seller are one firm"
    failed = [result.name for result in plan.stresses if result.must_pass and not result.passed]
    if plan.minimum_minor < 0 or failed:
        found["plan"] = f"the plan does not pass{': ' + ', '.join(failed) if failed else ''}"
    return found


def _confirmed(reading: Reading, placed: Placed) -> bool:
    """Whether the buyer signed the order as it stands: an amended order needs a new signature."""
    as_it_stands = order_hash(placed.order)
    said = (record.body["fact"]["data"] for record in reading.records(order=placed.id, kind="confirmation"))
    return any(
        data.get("condition") == Condition.BUYER_CONFIRMED.value and data.get("order_hash") == as_it_stands
        for data in said
    )


def _ask(
    reading: Reading,
    order: Order,
    plan: Plan,
    network: Network,
    facility: FacilityPlan,
    part: tuple[str, int, Fraction],
    stops: Mapping[str, str],
    exposures: Exposures,
    on: date,
) -> CreditOffer:
    lender_id, amount, share = part
    history = exposures.endings
    product = next(one for one in network.products if one.id == facility.product)
    lender = next((one for one in network.lenders if one.id == lender_id), None)
    data = rules_data(product, lender_id, network)
    rules = rules_of(data, lender.limit_minor if lender else None)
    start = min((draw.on for draw in facility.draws), default=on)
    profiles = data.get("buyers", {})
    profile = profiles.get(order.buyer.name, {}) if isinstance(profiles, Mapping) else {}
    places = tuple(concentrations_of(order, plan, data))
    request = Request(
        plan.order,
        facility.currency or plan.currency,
        amount,
        max((facility.repaid_on - start).days, 0),
        int(_charged(facility) * share),
        marks=_marks(order, plan, network, profile, stops, history),
        stops=stops,
        cover=plan.cover if facility.role is Role.PRE_SHIPMENT else None,
        order_margin=Fraction(plan.profit_minor + plan.finance_cost_minor, plan.net_minor),
        headroom_days=plan.headroom.days,
        novelty=_novelty(plan, profile, history),
        unguaranteed_deposit=_open_deposit(plan, network)
        if facility.role is Role.PRE_SHIPMENT
        else Fraction(0),
        insured=product.insured_rate > 0,
        concentrations=places,
        exposures=exposures.of(lender_id, places, groups_in(data)),
        **_foresight(reading, rules, order, plan, on),
    )
    return underwrite(lender_id, rules, request)


def _foresight(reading: Reading, rules: Rules, order: Order, plan: Plan, on: date) -> dict[str, Any]:
    """The forecasts that the rules ask for by name, from the newest model as of the day; nothing else."""
    if not rules.forecast_maximum and rules.late_days_at is None:
        return {}
    model = newest_model(reading, LATE_PAYMENT, on)
    if model is None:
        return {}
    card, room = model.cards.of(order.buyer.name), plan.headroom.liquidity_days
    own = 0.0 if room is None else model.cards.beyond(order.buyer.name, room)
    chances = {"late-payment": _chance(card.late), "own-cash": _chance(own)}
    days = 0 if rules.late_days_at is None else card.days_at(rules.late_days_at)
    return {"forecasts": chances, "late_days": days}


def _chance(value: float) -> Fraction:
    return Fraction(round(value * 10_000), 10_000)


def _marks(
    order: Order,
    plan: Plan,
    network: Network,
    profile: Mapping[str, Any],
    stops: Mapping[str, str],
    history: Mapping[str, int],
) -> dict[str, Fraction]:
    """The five parts of the score, each between 0 and 1; what nobody knows takes the usual mark."""
    margin = Fraction(plan.profit_minor + plan.finance_cost_minor, max(plan.net_minor, 1))
    days = plan.headroom.days
    headroom = Fraction(1) if days is None else min(Fraction(days, GOOD_HEADROOM_DAYS), Fraction(1))
    ended = history[OrderState.SETTLED] + history[OrderState.DEFAULTED]
    controls = [
        "buyer_unconfirmed" not in stops,
        "financed_elsewhere" not in stops,
        Event.INSPECTION.value in plan.events,
        bool(order.buyer.account),
    ]
    return {
        "buyer": rate_of(profile.get("mark", USUAL_MARK)),
        "order": (min(margin / GOOD_MARGIN, Fraction(1)) + headroom) / 2,
        "providers": _provider_mark(plan, network),
        "controls": Fraction(sum(controls), len(controls)),
        "trader": Fraction(history[OrderState.SETTLED] + 1, ended + PROVEN_ORDERS),
    }


def _providers(plan: Plan, network: Network) -> list[Provider]:
    wanted = {leg.provider for leg in plan.legs}
    return [provider for provider in network.providers if provider.id in wanted]


def _provider_mark(plan: Plan, network: Network) -> Fraction:
    """On-time rate times inspection-pass rate, the mean over the chain."""
    marks = [
        rate_of(provider.settings.get("on_time", USUAL_MARK)) * rate_of(provider.settings.get("passed", 1))
        for provider in _providers(plan, network)
    ]
    return sum(marks, Fraction(0)) / len(marks) if marks else USUAL_MARK


def _novelty(plan: Plan, profile: Mapping[str, Any], history: Mapping[str, int]) -> int:
    """How many things are new at once: buyer, trader, prepayment."""
    prepaid = any(part.event is Event.BOOKING for leg in plan.legs for part in leg.schedule)
    return (not profile) + (not history[OrderState.SETTLED]) + prepaid


def _open_deposit(plan: Plan, network: Network) -> Fraction:
    """What the factory is prepaid without a guarantee, of its price."""
    guarantees = {provider.id: provider.deposit_guarantee for provider in network.providers}
    worst = Fraction(0)
    for leg in plan.legs:
        if leg.kind != FACTORY or not leg.gross_minor:
            continue
        ahead = sum(part.amount_minor for part in leg.schedule if part.event in (Event.ORDER, Event.BOOKING))
        open_part = Fraction(ahead, leg.gross_minor) * (1 - guarantees.get(leg.provider, Fraction(0)))
        worst = max(worst, open_part)
    return worst


def rules_data(product: FinanceProduct, lender_id: str, network: Network) -> Mapping[str, Any]:
    """The lender's rules with what the product itself asks, which goes first; its owner's usual rules bind no
    other lender that takes part in it."""
    lender = network.lender(lender_id)
    own = underwriting_of(product, network) if product.lender == lender_id else product.underwriting
    return {**(lender.underwriting if lender else {}), **own}


def groups_in(data: Mapping[str, Any]) -> dict[str, str]:
    """Buyer to its group of companies, as a lender's rules know them."""
    profiles = data.get("buyers", {})
    if not isinstance(profiles, Mapping):
        return {}
    return {
        str(name): str(profile["group"])
        for name, profile in profiles.items()
        if isinstance(profile, Mapping) and profile.get("group")
    }


def concentrations_of(order: Order, plan: Plan, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Whom a loan to this order leans on, each with its kind: buyer, its group, trader, every provider."""
    yield "buyer", order.buyer.name
    yield "trader", order.seller.name
    group = groups_in(data).get(order.buyer.name)
    if group:
        yield "group", group
    for provider in dict.fromkeys(leg.provider for leg in plan.legs):
        yield "provider", provider
