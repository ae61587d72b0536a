"""What the plan said would be in the loop on each date is what the ledger has there once it is played."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from domain.network import FinanceProduct, Network
from domain.order import Order
from domain.terms import Event, Fee, FeeBasis, FeeTaking, PaymentTerm, Price, Step
from flows.books.advance import advance
from flows.deals.run import run_order
from flows.desk.session import Session

Change = Callable[[Network], Network]
STEPS = Price(steps=(Step(30, Fraction(2, 100)), Step(10, Fraction(1, 100))))


def product(name: str, **fields: object) -> Change:
    def changed(one: FinanceProduct) -> FinanceProduct:
        return replace(one, **fields) if one.id == name else one

    return lambda network: replace(network, products=tuple(changed(one) for one in network.products))


def provider(name: str, **fields: object) -> Change:
    return lambda network: replace(
        network,
        providers=tuple(replace(one, **fields) if one.id == name else one for one in network.providers),
    )


def as_it_is(network: Network) -> Network:
    return network


@pytest.mark.parametrize(
    "change",
    [
        as_it_is,
        product("harbour-order", price=STEPS, fees=()),
        product("harbour-order", fees=(Fee("draw fee", FeeBasis.DRAW, Fraction(1, 100)),)),
        product("harbour-order", fees=(Fee("fee", FeeBasis.LIMIT, Fraction(1, 100), taken=FeeTaking.CASH),)),
        product("pearl-factoring", tax_rate=Fraction(6, 100)),
        provider("nansha-store", tax_recoverable=False),
        provider("delta-freight", payment=(PaymentTerm(Fraction(1), Event.DELIVERY, 30, month_end=True),)),
    ],
    ids=["as-it-is", "steps", "draw-fee", "fee-in-cash", "tax-on-money", "tax-lost", "month-end"],
)
@pytest.mark.parametrize("deposit", [False, True])
def test_ledger_has_the_plans_balance_on_every_date(
    session: Session, lamp_order: Order, change: Change, deposit: bool
) -> None:
    session.network = change(session.network)
    if deposit:
        share = Fraction(1, 10)
        term = PaymentTerm(1 - share, Event.INVOICE, 60)
        lamp_order = replace(lamp_order, payment=(PaymentTerm(share, Event.ORDER), term))
    way = run_order(session, lamp_order)
    plan = way.plan
    ends = {flow.on: flow.balance_minor for flow in plan.flows}
    last = max(ends)
    for on in sorted(ends):
        advance(session.ledger, way.placed.id, on, as_planned=True)
        rows = session.ledger.balance(order=way.placed.id, on=on)
        loop = sum(row.amount_minor for row in rows if (row.entity, row.account) == ("trader", "1010"))
        taken = sum(row.amount_minor for row in rows if (row.entity, row.account) == ("trader", "3010"))
        assert loop + (taken if on == last else 0) == ends[on], on
    assert ends[last] == plan.profit_minor - plan.tax_credit_minor
