"""A network so small that every amount can be checked by hand, planned and played without a ledger.

One factory (50.00 a piece, paid at booking), one carrier (ten days, free of charge), lender A with a loan
(12% ACT/360), lender B with a take-out (80% of the invoice, 12%); one order of 100 x 100.00 due 30 days
after the invoice. Every table can be given other keys.
"""

import tomllib
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from config.network import network_of
from domain.network import Network, Policy
from domain.order import Order, OrderLine, Party
from domain.plan import Plan
from domain.states import OrderState
from domain.terms import Event, PaymentTerm
from finance.agreed.contract import Condition, Contract
from finance.agreed.facts import Fact, FactKind, fact_id
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold
from finance.rules.conditions import objections
from finance.rules.objection import Circumstances, Objection
from flows.credit.contract import contract_of
from routing.offers.situation import Situation
from routing.plans.choose import choose

ON = date(2026, 3, 2)
END = date(2027, 12, 31)
MET = frozenset({Condition.NOT_FINANCED_ELSEWHERE, Condition.SLOTS_RESERVED})

TABLES = """
name = "tiny"
currency = "EUR"

[[factory]]
id = "fab"
place = "P"
works_every_day = true
[[factory.product]]
product = "g"
unit_price = "50.00"
capacity_per_day = 1000
[[factory.payment]]
share = "100%"
event = "booking"

[[logistics]]
id = "car"
works_every_day = true
[[logistics.lane]]
id = "P-Z"
origin = "P"
destination = "Z"
transit_days = 10
measure = "unit"
band = [{ from = 0, rate = "0.00" }]

[[lender]]
id = "A"
[[lender.product]]
id = "pre"
role = "pre_shipment"
technique = "purchase_order"
advance_base = "order"
[lender.product.price]
rate = "12%"

[[lender]]
id = "B"
[[lender.product]]
id = "take"
role = "take_out"
technique = "factoring"
advance_rate = "80%"
[lender.product.price]
rate = "12%"
"""


def tables() -> dict[str, Any]:
    """The tables of the network, to be changed before they are read."""
    return tomllib.loads(TABLES)


def network(some: dict[str, Any] | None = None) -> Network:
    return network_of(some or tables(), Path("tiny.toml"))


def order(*, quantity: int = 100, price: str = "100.00", tax: str = "0", payment: Any = None) -> Order:
    net = int(Decimal(price) * quantity * 100)
    line = OrderLine("1", "g", Decimal(quantity), Decimal(price), net, tax_rate=Fraction(tax))
    terms = payment or (PaymentTerm(Fraction(1), Event.INVOICE, 30),)
    return Order("P1", ON, Party("buyer"), Party("trader"), "EUR", (line,), destination="Z", payment=terms)


def plan_of(some: Network, wanted: Order | None = None) -> Plan:
    found = choose(Situation(wanted or order(), some, Policy(), ON), brief=True, repairs=False)
    assert isinstance(found, Plan), found
    return found


class Story:
    """One order: what the plan says, and what happens when it is played or stated."""

    def __init__(self, some: dict[str, Any] | None = None, wanted: Order | None = None) -> None:
        net, wanted = network(some), wanted or order()
        self.plan = plan_of(net, wanted)
        self.contract: Contract = contract_of(wanted, self.plan, net, ON)
        self.facts = [Fact(FactKind.ACCEPTED, ON, "accepted")]

    def play(self, to: str = "2027-12-31") -> Folded:
        """As planned from what was stated so far; what was assumed counts as stated from now on."""
        expected = Expectations(self.contract, self.facts)
        folded = fold(self.contract, self.facts, date.fromisoformat(to), expected)
        self.facts += folded.assumed
        return folded

    def books(self, to: str = "2027-12-31") -> Folded:
        """The books of what was stated, accrued to the day."""
        day = date.fromisoformat(to)
        mark = Fact(FactKind.ADVANCED, day, f"mark-{to}", 900_000)
        return fold(self.contract, [*self.facts, mark], day)

    def state(self, kind: FactKind, on: str, **data: object) -> Fact:
        """Somebody states it; it must be one that the rules let in."""
        fact = self.fact(kind, on, **data)
        assert not (found := self.against(fact)), found
        self.facts.append(fact)
        return fact

    def fact(self, kind: FactKind, on: str, **data: object) -> Fact:
        day, number = date.fromisoformat(on), 1 + max(one.sequence for one in self.facts)
        return Fact(kind, day, f"{number}-{fact_id(kind, day, data)}", number, "test", data=data)

    def against(self, fact: Fact) -> list[Objection]:
        before = [one for one in self.facts if one.place <= fact.place]
        position = fold(self.contract, before, fact.on).position
        return objections(position, fact, Circumstances(position.state, position.cash, MET))

    def refused(self, kind: FactKind, on: str, **data: object) -> str:
        """Why a statement is refused; it must be."""
        found = self.against(self.fact(kind, on, **data))
        assert found, f"{kind} of {on} is not refused"
        return "; ".join(one.reason for one in found)


def own(folded: Folded, code: str) -> int:
    return folded.position.books.own(code)


def ended(folded: Folded) -> bool:
    return folded.position.state is OrderState.SETTLED
