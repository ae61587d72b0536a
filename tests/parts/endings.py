"""The same deal for the program and for the oracle: a random network's plan, read as plain numbers."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from domain.dates import DayCount
from domain.network import Network, Participation, Policy, Role
from domain.order import Order
from domain.plan import Plan
from domain.terms import Event, Fee, FeeBasis, FeeTaking, PaymentTerm, Price
from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind, fact_id
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold
from flows.credit.contract import contract_of
from routing.offers.situation import Situation
from routing.plans.choose import choose
from tests.parts.oracle import Bill, Deal, Ending, Money

ON = date(2026, 3, 2)
END = date(2027, 12, 31)
Stated = tuple[FactKind, date, dict[str, Any]]
LENDERS = ("harbour", "delta", "pearl")


def random_network(random: Random, network: Network) -> Network:
    """Other prices, rates, fees, taxes, terms and lenders than those that ship."""
    loan = next(one for one in network.products if one.id == "harbour-order")
    factor = next(one for one in network.products if one.id == "pearl-factoring")
    standby = next(one for one in network.products if one.id == "harbour-standby")
    loan = replace(
        loan,
        price=Price(Fraction(random.randrange(40, 260), 1000), _day_count(random)),
        fees=_loan_fees(random),
        tax_rate=Fraction(random.choice((0, 0, 3, 6)), 100),
        advance_rate=Fraction(1),
        margin_minimum=Fraction(0),
        first_loss_rate=Fraction(random.randrange(0, 12), 100),
        **_lent_by(random, "harbour"),
    )
    commission = Fraction(random.randrange(0, 25), 1000)
    factor = replace(
        factor,
        price=Price(Fraction(random.randrange(30, 220), 1000), _day_count(random)),
        fees=(Fee("commission", FeeBasis.FACE, commission, taken=FeeTaking.DEDUCTED),),
        tax_rate=Fraction(random.choice((0, 0, 3, 6)), 100),
        advance_rate=Fraction(random.randrange(70, 96), 100),
        grace_days=random.choice((0, 3, 5, 10)),
        penalty_multiplier=Fraction(random.choice((100, 130, 150, 200)), 100),
        recourse_days=random.choice((60, 90, 120)),
        first_loss_rate=Fraction(random.randrange(0, 12), 100),
        **_lent_by(random, "pearl"),
    )
    standby = replace(standby, price=loan.price, advance_rate=Fraction(1))
    providers = tuple(
        replace(
            one,
            tax_rate=Fraction(random.choice((0, 3, 6, 9, 13)), 100),
            deposit_guarantee=Fraction(random.randrange(0, 101, 20), 100),
            cancellation=(),
        )
        if one.id != "ningbo-bright"
        else one
        for one in network.providers
    )
    fee = replace(
        network.fee,
        rate=Fraction(random.randrange(0, 25), 1000),
        tax_rate=Fraction(random.choice((0, 6)), 100),
        referral_share=Fraction(random.choice((0, 10, 20)), 100),
    )
    taxes = tuple(
        replace(one, surcharge_rate=Fraction(random.choice((0, 7, 12)), 100)) for one in network.taxes
    )
    return replace(network, products=(loan, standby, factor), providers=providers, fee=fee, taxes=taxes)


def _day_count(random: Random) -> DayCount:
    return random.choice((DayCount.ACT_360, DayCount.ACT_365F))


def _loan_fees(random: Random) -> tuple[Fee, ...]:
    rate = Fraction(random.randrange(0, 30), 1000)
    if random.random() < 0.5:
        return (Fee("commitment", FeeBasis.LIMIT, rate, taken=FeeTaking.CAPITALISED),)
    return (Fee("set-up", FeeBasis.DRAW, rate, taken=FeeTaking.DEDUCTED),)


def _lent_by(random: Random, first: str) -> dict[str, Any]:
    """One lender, several pro rata, or a senior and a junior."""
    how = random.choice(("one", "several", "tranches"))
    if how == "one":
        return {"participations": (), "underwriting": {}}
    others = [name for name in LENDERS if name != first][: 1 if how == "tranches" else random.choice((1, 2))]
    weights = [random.randrange(1, 10) for _ in (first, *others)]
    parts = tuple(
        Participation(name, Fraction(weight, sum(weights)))
        for name, weight in zip((first, *others), weights, strict=True)
    )
    rules = {"priorities": {others[0]: 1}} if how == "tranches" else {}
    return {"participations": parts, "underwriting": rules}


def random_order(random: Random, order: Order) -> Order:
    line = order.lines[0]
    quantity = random.randrange(600, 9_000)
    price = Fraction(random.randrange(9_300, 13_500), 100)
    tax_rate = Fraction(random.choice((0, 6, 13)), 100)
    line = replace(
        line,
        quantity=type(line.quantity)(quantity),
        unit_price=type(line.unit_price)(int(price * 100)) / 100,
        net_minor=int(price * 100) * quantity,
        tax_rate=tax_rate,
    )
    days = random.choice((45, 60, 75, 90))
    terms: tuple[PaymentTerm, ...] = (PaymentTerm(Fraction(1), Event.INVOICE, days),)
    if random.random() < 0.3:
        deposit = Fraction(random.randrange(5, 40), 100)
        terms = (PaymentTerm(deposit, Event.ORDER, 2), PaymentTerm(1 - deposit, Event.INVOICE, days))
    return replace(order, lines=(line,), payment=terms, due_on=date(2026, 5, 20))


class Case:
    """One random deal with its contract; ``deal`` is what the oracle knows of it."""

    def __init__(self, seed: int, network: Network, order: Order) -> None:
        self.random = Random(seed)
        self.network = random_network(self.random, network)
        self.order = random_order(self.random, order)
        found = choose(Situation(self.order, self.network, Policy(), ON), brief=True, repairs=False)
        self.plan = found if isinstance(found, Plan) else None

    @property
    def usable(self) -> bool:
        """Planned on both a loan and a take-out, by the chain that the oracle reads."""
        plan = self.plan
        if plan is None or {one.product for one in plan.facilities if not one.standby} != {
            "harbour-order",
            "pearl-factoring",
        }:
            return False
        return not any(leg.provider == "ningbo-bright" for leg in plan.legs)

    def read(self) -> tuple[Contract, Deal]:
        assert self.plan is not None
        contract = contract_of(self.order, self.plan, self.network, ON)
        return contract, deal_of(self.plan, contract, self.network)


def deal_of(plan: Plan, contract: Contract, network: Network) -> Deal:
    """The inputs of the deal: prices, dates of the chain and terms; no amount of money that finance made."""
    loan, factor = (next(one for one in network.products if one.id == name)
                    for name in ("harbour-order", "pearl-factoring"))  # fmt: skip
    calendar = network.calendars["CN"]
    invoiced = plan.events["invoice"]
    due_day = date(invoiced.year, invoiced.month % 12 + 1, network.taxes[0].due_day)

    def rolled(day: date) -> date:
        while not calendar.is_business_day(day):
            day += timedelta(days=1)
        return day

    deposits = tuple((part.due_on, part.amount_minor) for part in plan.buyer if part.event is Event.ORDER)
    last = next(part for part in plan.buyer if part.event is Event.INVOICE)
    return Deal(
        plan.net_minor,
        plan.tax_minor,
        int(contract.sale.quantity),
        deposits,
        rolled(invoiced + timedelta(days=last.days)),
        _bills(plan),
        "provider:zhongshan-lamps",
        next(one.deposit_guarantee for one in network.providers if one.id == "zhongshan-lamps"),
        _money(loan, contract),
        _money(factor, contract),
        plan.events["funding"],
        rolled(due_day),
        network.taxes[0].surcharge_rate,
        network.fee.referral_share,
        calendar.is_business_day,
    )


def _bills(plan: Plan) -> tuple[Bill, ...]:
    bills = [
        Bill(
            f"provider:{leg.provider}",
            leg.net_minor,
            leg.tax_minor,
            tuple((part.due_on, part.amount_minor) for part in leg.schedule),
        )
        for leg in plan.legs
    ]
    fee, tax = plan.network_fee_minor, plan.network_tax_minor
    return (*bills, Bill("network", fee, tax, (), fee + tax))


def _money(product: Any, contract: Contract) -> Money:
    fee = product.fees[0]
    shares = contract.facility(product.id).shares  # type: ignore[union-attr]
    return Money(
        product.price.rate_annual,
        360 if product.price.day_count is DayCount.ACT_360 else 365,
        fee.rate,
        tuple((f"lender:{share.lender}", share.share, share.priority) for share in shares),
        fee.basis is not FeeBasis.DRAW,
        product.tax_rate,
        product.first_loss_rate,
        product.advance_rate if product.role is Role.TAKE_OUT else Fraction(0),
        product.grace_days,
        product.penalty_multiplier,
        product.recourse_days or 0,
    )


def play(
    contract: Contract, deal: Deal, stated: list[Stated], to: date = END, *, expecting: bool = True
) -> Folded:
    """The stated facts, and everything else as planned."""
    facts = [Fact(FactKind.ACCEPTED, contract.accepted_on, "accepted")]
    deposits: list[Stated] = [(FactKind.RECEIPT, on, {"amount": str(amount)}) for on, amount in deal.deposits]
    for number, (kind, on, data) in enumerate([*deposits, *stated], start=1):
        facts.append(Fact(kind, on, f"{number}-{fact_id(kind, on, data)}", number, "test", data=data))
    return fold(contract, facts, to, Expectations(contract, facts) if expecting else None)


def compare(folded: Folded, ending: Ending) -> dict[str, tuple[int, int]]:
    """What differs: name to (program, oracle)."""
    books = folded.position.books

    def balance(entity: str, *codes: str) -> int:
        return sum(books.balance(entity, code) for code in codes)

    seen = {entity for entity, _ in books.balances} | set(ending.hand) - {"guarantor"}
    pairs = {"trader": (balance("trader", "1010", "3010"), ending.trader)}
    for party in sorted(seen - {"trader", "insurer"}):
        name = "guarantor" if party.startswith("guarantor") else party
        pairs[f"cash of {party}"] = (balance(party, "1010"), ending.hand.get(name, 0))
    pairs["tax asset"] = (balance("trader", "1520"), ending.tax_asset)
    unpaid = {party: minor for party, minor in ending.unpaid.items() if minor}
    pairs["unpaid"] = (-balance("trader", "2110", "2120"), sum(unpaid.values()))
    for party, minor in unpaid.items():
        pairs[f"owed to {party}"] = (balance(party, "1210", "1220"), minor)
    pairs["first loss"] = (balance("network", "5520"), ending.guarantor_lost)
    for name, lost in ending.lost.items():
        credited = sum(
            -amount
            for journal in folded.journals
            if journal.kind == "written_off"
            for entity, code, amount in journal.postings
            if entity == name and code in ("1310", "1330")
        )
        pairs[f"lost by {name}"] = (credited, lost)
    profit = -sum(amount for (entity, code), amount in books.balances.items()
                  if entity == "trader" and code[0] in "45")  # fmt: skip
    pairs["profit"] = (
        profit,
        ending.trader + ending.tax_asset - sum(unpaid.values()) - ending.owed.get("factor", 0),
    )
    if "referrer" in ending.owed:
        pairs["referral"] = (-balance("network", "2420"), ending.owed["referrer"])
    for entity in seen:
        side = sum(amount for (owner, _), amount in books.balances.items() if owner == entity)
        pairs[f"{entity} balances"] = (side, 0)
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
