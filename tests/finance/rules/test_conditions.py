"""What is said against facts whose figures or names cannot be meant."""

from collections.abc import Callable
from datetime import date

import pytest

from domain.states import OrderState
from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind
from finance.fold.fold import fold
from finance.rules.conditions import objections
from finance.rules.objection import Circumstances

MakeFact = Callable[..., Fact]
ACCEPTED = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")


def reasons(contract: Contract, one: Fact) -> list[str]:
    position = fold(contract, [ACCEPTED], one.on).position
    around = Circumstances(OrderState.RESERVED, position.cash, frozenset())
    return [objection.reason for objection in objections(position, one, around)]


@pytest.mark.parametrize(
    ("name", "amount", "said"),
    [
        ("factory", "3800000", []),
        ("factory", "0", []),
        ("factry", "3800000", ["'factry' is no booking of this order"]),
        ("order-loan", "700", ["'order-loan' is no booking of this order"]),
        ("factory", "-500", ["the fee of factory is below zero"]),
    ],
)
def test_a_fee_for_calling_off_is_a_bookings_and_not_negative(
    contract: Contract, fact: MakeFact, name: str, amount: str, said: list[str]
) -> None:
    """A name with a letter missing made the terms count, 456,000.00 in place of the agreed 38,000.00."""
    assert reasons(contract, fact(FactKind.CANCELLED, "2026-03-09", fees={name: amount})) == said


@pytest.mark.parametrize("kind", [FactKind.CREDIT_NOTE, FactKind.DISPUTE, FactKind.TRANSFER])
def test_no_quantity_or_price_is_negative(contract: Contract, fact: MakeFact, kind: FactKind) -> None:
    """A credit note of -5 lamps raised the sales by 565.00."""
    data = {"price": "-500"} if kind is FactKind.TRANSFER else {"quantity": "-5"}
    name = "price" if kind is FactKind.TRANSFER else "quantity"
    assert f"the {name} is negative" in reasons(contract, fact(kind, "2026-03-09", **data))


@pytest.mark.parametrize("kind", [FactKind.DEFAULT, FactKind.GUARANTEE])
def test_a_facility_that_the_order_does_not_have_is_named(
    contract: Contract, fact: MakeFact, kind: FactKind
) -> None:
    """A default of a facility that nobody has put the order in default and struck nothing."""
    said = reasons(contract, fact(kind, "2026-03-09", facility="loan"))
    assert "the order has no facility 'loan'" in said


def test_one_reference_of_the_bank_is_one_payment(contract: Contract, fact: MakeFact) -> None:
    """Typed again with the next day: asked about, and not 1,000.00 owed back to the buyer."""
    first = fact(FactKind.RECEIPT, "2026-03-09", amount="100000", reference="BK-77")
    again = fact(FactKind.RECEIPT, "2026-03-10", amount="100000", reference="BK-77")
    position = fold(contract, [ACCEPTED, first], again.on).position
    around = Circumstances(OrderState.RESERVED, position.cash, frozenset())
    said = [one.reason for one in objections(position, again, around)]
    assert said == ["reference BK-77 is recorded already, for the same amount on 2026-03-09"]
    other = fact(FactKind.RECEIPT, "2026-03-10", amount="100000", reference="BK-78")
    assert objections(position, other, around) == []


def test_an_insurer_pays_no_more_than_the_buyer_owes(contract: Contract, fact: MakeFact) -> None:
    """Nothing is owed before the delivery; 3,000,000.00 were taken on a debt of 1,130,000.00."""
    paid = fact(FactKind.INSURANCE, "2026-03-09", amount="300000000")
    assert reasons(contract, paid) == ["an insurer pays no more than what the buyer owes, 0.00 CNY"]


def test_a_buyer_pays_from_the_day_of_its_order_on(contract: Contract, fact: MakeFact) -> None:
    """Ordered on 2 March, financed on the 5th: the deposit of the 2nd counts on its day, an older one not."""
    on_the_day = fact(FactKind.RECEIPT, "2026-03-02", amount="33900000")
    assert reasons(contract, on_the_day) == []
    assert reasons(contract, fact(FactKind.RECEIPT, "2026-03-01", amount="33900000")) == [
        "2026-03-01 is before the finance was accepted on 2026-03-05"
    ]
    books = fold(contract, [ACCEPTED, on_the_day], ACCEPTED.on).position.books
    assert (books.own("1010"), books.own("2210")) == (33_900_000, -33_900_000)


def test_identifying_needs_money_that_nobody_knew(contract: Contract, fact: MakeFact) -> None:
    """With nothing unknown it was a fact without any effect."""
    found = fact(FactKind.RECEIPT, "2026-03-09", amount="100000", identified=True)
    assert reasons(contract, found) == ["no money of an unknown account is waiting"]
