"""What a statement leaves unsaid about changing money is filled in from the books and the rates."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from domain.exchange import Dealing
from finance.agreed.contract import Contract
from finance.agreed.facts import FactKind
from finance.books.position import Position
from finance.rules.change import with_change
from tests.finance.books import test_foreign_money as exchange

DELIVERED = date(2026, 4, 22)


def position(contract: Contract, on: date = DELIVERED) -> Position:
    known = [one for one in exchange.play(contract, to=on).assumed if one.kind is not FactKind.PAYMENT]
    found: Position = exchange.fold(contract, [exchange.ACCEPTED, *known], on).position
    return found


def paid(contract: Contract, on: date, **data: Any) -> dict[str, Any]:
    return with_change(position(contract), FactKind.PAYMENT, on, data)


def test_a_payment_abroad_pays_what_is_owed_at_the_rate_of_the_day() -> None:
    contract = exchange.in_euros(exchange.rate("0.125", "2026-03-02"), exchange.rate("0.13", "2026-04-20"))
    assert paid(contract, DELIVERED, payee="order-loan") == {
        "payee": "order-loan",
        "amount": "87230901",
        "cost": "11340017",  # CNY 872,309.01 x 0.13
    }
    assert paid(contract, DELIVERED, payee="order-loan", amount="100", cost="99")["cost"] == "99"
    assert paid(contract, DELIVERED, payee="carrier", amount="100") == {"payee": "carrier", "amount": "100"}


def test_a_promised_rate_counts_while_it_holds() -> None:
    promised = Dealing("CNY", Fraction("0.126"), Fraction("0.126"), "river-bank", DELIVERED)
    contract = replace(exchange.in_euros(), dealings=(promised,))
    assert paid(contract, DELIVERED, payee="order-loan", amount="10000")["cost"] == "1260"
    later = date(2026, 4, 23)
    assert paid(contract, later, payee="order-loan", amount="10000")["cost"] == "1250"


def test_money_that_the_account_holds_is_used_before_any_is_changed() -> None:
    contract = exchange.in_euros()
    held = position(contract)
    held.foreign.conversion(5_000, "EUR", 40_000, "CNY", DELIVERED)
    assert with_change(held, FactKind.PAYMENT, DELIVERED, {"payee": "order-loan", "amount": "40000"}) == {
        "payee": "order-loan",
        "amount": "40000",
    }


def test_a_draw_says_what_each_payee_takes_of_it() -> None:
    """The yuan lender pays the factory as it is, and sells CNY 8,000.00 for the inspector's EUR 1,000.00; the
    euro lender buys the factory's yuan."""
    contract = exchange.in_euros()
    early = position(contract, date(2026, 3, 5))
    wanted = {"facility": "order-loan", "payees": [["factory", "500"], ["inspector", "100000"]]}
    drawn = with_change(early, FactKind.DRAW, date(2026, 3, 5), wanted)
    assert drawn["payees"] == [["factory", "500"], ["inspector", "100000", "800000"]]
    wanted = {"facility": "standby", "payees": [["factory", "801"], ["inspector", "5"]]}
    drawn = with_change(early, FactKind.DRAW, date(2026, 3, 5), wanted)
    assert drawn["payees"] == [["factory", "801", "100"], ["inspector", "5"]]
