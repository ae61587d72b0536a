"""How long a chain is: sales between firms, what each step adds, days of goods and of money, who carries
them.

W/R is the sum of all sales between firms before the last one, over the last sale (Flath and Nariu, Journal
of the Japanese
and International Economies 10 (1996) 17): it grows with every firm that takes title on the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from domain.money import round_minor
from domain.network import FACTORY
from domain.plan import Plan


@dataclass(frozen=True, slots=True)
class PriceStep:
    """What one party adds, and the price after it; ``title`` says that the goods were its own on the way."""

    party: str
    kind: str
    adds_minor: int
    price_minor: int
    title: bool = False
    goods_days: int = 0


@dataclass(frozen=True, slots=True)
class Carrier:
    """Whose money the order stood on: ``money_days`` is minor units times days."""

    party: str
    money_days: int


@dataclass(frozen=True, slots=True)
class ChainReport:
    """One chain; the steps' additions sum to ``final_minor``. ``goods_days`` from the first day of making to
    delivery, ``money_days`` from the first payment to the buyer's."""

    name: str
    currency: str
    steps: tuple[PriceStep, ...]
    final_minor: int
    goods_days: int
    money_days: int
    carriers: tuple[Carrier, ...] = ()

    @property
    def sales(self) -> tuple[int, ...]:
        """The price at each passing of title, the last one the buyer's."""
        return tuple(step.price_minor for step in self.steps if step.title)

    @property
    def transfers(self) -> int:
        return len(self.sales)

    @property
    def ratio(self) -> Fraction:
        """W/R."""
        return wholesale_ratio((0, *self.sales))


@dataclass(frozen=True, slots=True)
class Middleman:
    """A firm of the other chain: it buys, adds ``markup`` of what it pays and ``fixed_minor``, sells."""

    name: str
    markup: Fraction
    fixed_minor: int = 0
    goods_days: int = 0
    money_days: int = 0


@dataclass(frozen=True, slots=True)
class PriceGap:
    """A part of the difference of two final prices: what a party adds in the one or takes in the other."""

    party: str
    amount_minor: int


def wholesale_ratio(prices: Sequence[int]) -> Fraction:
    """W/R of a path of prices: what is at its origin, each sale, and last the final sale."""
    return Fraction(sum(prices[1:-1]), prices[-1])


ORDER = ("factory", "service", "money", "network", "tax", "trader")


def chain_of(plan: Plan) -> ChainReport:
    """The chain of a plan up to the buyer: the goods pass from the maker to the trader and on to him."""
    days = _days_by_party(plan)
    price, steps = 0, []
    for earning in sorted(plan.earnings, key=lambda one: ORDER.index(_place(one.party, one.kind))):
        price += earning.amount_minor
        title = earning.kind == FACTORY or earning.party == "trader"
        held = days.pop(earning.party.removeprefix("provider:"), 0)
        steps.append(PriceStep(earning.party, earning.kind, earning.amount_minor, price, title, held))
    start, paid = min(leg.starts_on for leg in plan.legs), max(part.due_on for part in plan.buyer)
    first = min(flow.on for flow in plan.flows if flow.amount_minor < 0)
    return ChainReport(
        plan.order,
        plan.currency,
        tuple(steps),
        plan.net_minor,
        (plan.events["delivery"] - start).days,
        max((paid - first).days, 0),
        tuple(carriers_of(plan)),
    )


def _place(party: str, kind: str) -> str:
    if party in ("trader", "tax"):
        return party
    if party in ("network", "referrer"):
        return "network"
    if party.startswith("provider:"):
        return "factory" if kind == FACTORY else "service"
    return "money"


def _days_by_party(plan: Plan) -> dict[str, int]:
    """Days of the goods' way by who has them: each day from the first of making to delivery counts once, for
    the leg that began last."""
    legs = sorted(plan.legs, key=lambda leg: (leg.starts_on, leg.ends_on))
    delivered = plan.events["delivery"]
    found: dict[str, int] = {}
    for place, leg in enumerate(legs):
        until = min(legs[place + 1].starts_on if place + 1 < len(legs) else delivered, delivered)
        found[leg.provider] = found.get(leg.provider, 0) + max((until - leg.starts_on).days, 0)
    return found


def carriers_of(plan: Plan) -> list[Carrier]:
    """Who carries the days: lenders what is drawn, providers what they wait for, the buyer his deposits."""
    found: dict[str, int] = {}

    def carry(party: str, amount: int, since: date, until: date) -> None:
        if until > since and amount:
            found[party] = found.get(party, 0) + amount * (until - since).days

    for facility in plan.facilities:
        if not facility.standby:
            for draw in facility.draws:
                carry(f"lender:{facility.lender}", draw.cash_minor, draw.on, facility.repaid_on)
    for leg in plan.legs:
        for part in leg.schedule:
            carry(f"provider:{leg.provider}", part.amount_minor, leg.ends_on, part.due_on)
    for part in plan.buyer:
        carry("buyer", part.amount_minor, part.due_on, plan.events["delivery"])
    return sorted((Carrier(*one) for one in found.items()), key=lambda one: (-one.money_days, one.party))


def through(report: ChainReport, middlemen: Sequence[Middleman], name: str) -> ChainReport:
    """The same goods from the same maker through firms that each buy and sell them."""
    made = [step for step in report.steps if step.kind == FACTORY]
    price = sum(step.adds_minor for step in made)
    steps, running = [], 0
    for step in made:
        running += step.adds_minor
        steps.append(
            PriceStep(step.party, step.kind, step.adds_minor, running, step is made[-1], step.goods_days)
        )
    for one in middlemen:
        adds = round_minor(price * one.markup) + one.fixed_minor
        price += adds
        steps.append(PriceStep(one.name, "middleman", adds, price, True, one.goods_days))
    return ChainReport(
        name,
        report.currency,
        tuple(steps),
        price,
        sum(step.goods_days for step in steps),
        sum(one.money_days for one in middlemen),
    )


def explained(ours: ChainReport, theirs: ChainReport) -> list[PriceGap]:
    """Why their final price is what it is beside ours: the parts sum to the difference to the minor unit."""
    gaps: dict[str, int] = {}
    for step in theirs.steps:
        gaps[step.party] = gaps.get(step.party, 0) + step.adds_minor
    for step in ours.steps:
        gaps[step.party] = gaps.get(step.party, 0) - step.adds_minor
    return [PriceGap(party, amount) for party, amount in gaps.items() if amount]
