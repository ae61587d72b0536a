"""The accepted plan as a contract: played as planned, the ledger's cash line is the plan's."""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from config.locations import shipped_network
from config.settings import load_policy
from domain.dates import DayCount
from domain.network import AdvanceBase, FinanceProduct, Network, Participation, Role, Technique
from domain.order import Order
from domain.plan import Plan
from domain.terms import Event, Fee, FeeBasis, FeeTaking, PaymentTerm, Price
from finance.agreed.contract import Condition, Rank
from finance.agreed.facts import Fact, FactKind
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold
from flows.credit.contract import contract_of
from flows.desk.session import Session
from routing.offers.situation import Situation
from routing.plans.choose import choose

ON = date(2026, 3, 2)


def plan_of(order: Order, network: Network) -> Plan:
    plan = choose(Situation(order, network, load_policy(shipped_network())))
    assert isinstance(plan, Plan), plan
    return plan


def play(order: Order, plan: Plan, network: Network) -> Folded:
    contract = contract_of(order, plan, network, ON)
    accepted = Fact(FactKind.ACCEPTED, contract.accepted_on, "accepted")
    return fold(contract, [accepted], date(2027, 12, 31), Expectations(contract, [accepted]))


def ledger_line(folded: Folded) -> dict[date, int]:
    days: dict[date, int] = defaultdict(int)
    for journal in folded.journals:
        if journal.kind != "residual":
            for entity, account, amount in journal.postings:
                if (entity, account) == ("trader", "1010"):
                    days[journal.on] += amount
    return {day: amount for day, amount in sorted(days.items()) if amount}


def plan_line(plan: Plan) -> dict[date, int]:
    days: dict[date, int] = defaultdict(int)
    for flow in plan.flows:
        days[flow.on] += flow.amount_minor
    return {day: amount for day, amount in sorted(days.items()) if amount}


def changed(network: Network, role: Role, **changes: object) -> Network:
    products = tuple(
        replace(one, **changes) if one.role is role else one
        for one in network.products  # type: ignore[arg-type]
    )
    return replace(network, products=products)


VARIANTS = {
    "as shipped": lambda network: network,
    "two lenders share the loan": lambda network: changed(
        network,
        Role.PRE_SHIPMENT,
        participations=tuple(
            Participation(lender.id, share)
            for lender, share in zip(network.lenders[:2], (Fraction(3, 5), Fraction(2, 5)), strict=True)
        ),
    ),
    "tax on finance": lambda network: changed(network, Role.TAKE_OUT, tax_rate=Fraction(6, 100)),
    "30/360": lambda network: changed(
        network,
        Role.PRE_SHIPMENT,
        price=replace(next(one for one in network.products if one.role is Role.PRE_SHIPMENT).price,
                      day_count=DayCount.THIRTY_360),
    ),
}  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS)
def test_played_as_planned_the_cash_line_is_the_plans(
    session: Session, lamp_order: Order, variant: str
) -> None:
    network = VARIANTS[variant](session.network)
    plan = plan_of(lamp_order, network)
    folded = play(lamp_order, plan, network)
    assert folded.position.state == "SETTLED"
    assert ledger_line(folded) == plan_line(plan)
    assert folded.position.books.balance("trader", "3010") == plan.profit_minor


def test_buyer_deposit_is_used_before_anything_is_drawn(session: Session, lamp_order: Order) -> None:
    order = replace(
        lamp_order,
        payment=(PaymentTerm(Fraction(1, 4), Event.ORDER, 3), PaymentTerm(Fraction(3, 4), Event.INVOICE, 60)),
    )
    plan = plan_of(order, session.network)
    folded = play(order, plan, session.network)
    assert ledger_line(folded) == plan_line(plan)


def test_what_parties_earn_is_what_the_plan_says(session: Session, lamp_order: Order) -> None:
    plan = plan_of(lamp_order, session.network)
    balances = play(lamp_order, plan, session.network).position.books.balances
    for earning in plan.earnings:
        if earning.party.startswith(("provider:", "lender:")):
            booked = -sum(
                amount
                for (entity, code), amount in balances.items()
                if entity == earning.party and code[0] in "45"
            )
            told = sum(one.amount_minor for one in plan.earnings if one.party == earning.party)
            assert booked == told


def guaranteed(network: Network) -> Network:
    """The factory delivers on 60 days' credit once its price is guaranteed, for a fee."""
    later = (PaymentTerm(Fraction(1), Event.DELIVERY, 10),)
    providers = tuple(
        replace(one, guaranteed_payment=later) if one.kind == "factory" else one for one in network.providers
    )
    product = FinanceProduct(
        "bank-guarantee",
        network.lenders[0].id,
        "Payment guarantee",
        Role.GUARANTEE,
        Technique.GUARANTEE,
        network.currency,
        price=Price(Fraction("0.02")),
        fees=(Fee("issue", FeeBasis.FIXED, amount_minor=50_000, taken=FeeTaking.CASH),),
        advance_base=AdvanceBase.COST,
    )
    return replace(network, providers=providers, products=(*network.products, product))


def test_a_supplier_guarantee_costs_its_fee_and_moves_the_factorys_payment(
    session: Session, lamp_order: Order
) -> None:
    network = guaranteed(session.network)
    plan = plan_of(lamp_order, network)
    assert "bank-guarantee" in [one.product for one in plan.facilities]
    folded = play(lamp_order, plan, network)
    assert ledger_line(folded) == plan_line(plan)
    assert folded.position.state == "SETTLED"
    given = [journal for journal in folded.journals if journal.kind == "guarantee_given"]
    assert sum(minor for _, code, minor in given[0].postings if code == "9410") > 0
    assert folded.position.books.balance(f"lender:{network.lenders[0].id}", "9410") == 0


def test_priorities_of_lenders_are_data(session: Session, lamp_order: Order) -> None:
    first, second = (lender.id for lender in session.network.lenders[:2])
    network = changed(
        session.network,
        Role.PRE_SHIPMENT,
        participations=(Participation(first, Fraction(4, 5)), Participation(second, Fraction(1, 5))),
        underwriting={"priorities": {second: 1}, "conditions": ["buyer_confirmed"]},
    )
    contract = contract_of(lamp_order, plan_of(lamp_order, network), network, ON)
    loan = contract.of_role(Role.PRE_SHIPMENT)[0]
    assert [(share.lender, share.priority) for share in loan.shares] == [(first, 0), (second, 1)]
    assert Condition.BUYER_CONFIRMED in loan.first_conditions


def test_the_waterfall_a_take_out_asks_for_is_the_orders(session: Session, lamp_order: Order) -> None:
    network = changed(session.network, Role.TAKE_OUT, underwriting={"waterfall": ["principal", "interest"]})
    contract = contract_of(lamp_order, plan_of(lamp_order, network), network, ON)
    assert contract.waterfall[:3] == (Rank.PRINCIPAL, Rank.INTEREST, Rank.COSTS)
    assert set(contract.waterfall) == set(contract_of(lamp_order, plan_of(lamp_order, session.network),
                                                      session.network, ON).waterfall)  # fmt: skip
