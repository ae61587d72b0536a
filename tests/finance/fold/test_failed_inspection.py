"""An inspection that the goods did not pass is not the event that shares, bills and loans wait for."""

from collections.abc import Callable
from datetime import date

from domain.states import OrderState
from finance.agreed.contract import Condition, Contract
from finance.agreed.facts import Fact, FactKind
from finance.books.position import Position
from finance.fold.fold import fold
from finance.rules.conditions import objections
from finance.rules.objection import Circumstances

MakeFact = Callable[..., Fact]
ACCEPTED = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")
DEPOSIT = 25_764_000
MET = frozenset({Condition.NOT_FINANCED_ELSEWHERE, Condition.BUYER_CONFIRMED, Condition.SLOTS_RESERVED})


def made(contract: Contract, fact: MakeFact) -> list[Fact]:
    """The order drawn for the factory's deposit of 257,640.00, its goods stated as made on 7 April."""
    del contract
    draw = fact(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", str(DEPOSIT)]])
    return [ACCEPTED, draw, fact(FactKind.MILESTONE, "2026-04-07", name="production_end")]


def reasons(contract: Contract, facts: list[Fact], one: Fact) -> list[str]:
    position = fold(contract, facts, one.on).position
    around = Circumstances(position.state, position.cash, MET)
    return [objection.reason for objection in objections(position, one, around)]


def owed(position: Position) -> int:
    account = position.accounts["factory"]
    return position.due_now(account) - account.paid


def test_a_failed_inspection_makes_no_share_due(contract: Contract, fact: MakeFact) -> None:
    """The factory's price is 858,800.00: 30% = 257,640.00 at booking, paid; 70% = 601,160.00 once the goods
    pass. They do not on 9 April: 0.00 is due, nothing is billed, the order is not INSPECTED."""
    failed = fact(FactKind.MILESTONE, "2026-04-09", name="inspection", passed=False)
    position = fold(contract, [*made(contract, fact), failed], date(2026, 4, 9)).position
    assert owed(position) == 0
    assert position.accounts["factory"].billed == position.accounts["inspector"].billed == 0
    assert position.state is OrderState.PRODUCING


def test_nothing_is_lent_on_a_failed_inspection(contract: Contract, fact: MakeFact) -> None:
    """The draw of 601,160.00 is refused after the failure for the same reason as before it."""
    known = made(contract, fact)
    draw = fact(FactKind.DRAW, "2026-04-09", facility="order-loan", payees=[["factory", "60116000"]])
    before = reasons(contract, known, draw)
    failed = fact(FactKind.MILESTONE, "2026-04-09", name="inspection", passed=False)
    assert before
    assert reasons(contract, [*known, failed], draw) == before


def test_a_second_inspection_counts_with_its_own_day(contract: Contract, fact: MakeFact) -> None:
    """Passed on 16 April, seven days after the failure: 601,160.00 is due since the 16th."""
    failed = fact(FactKind.MILESTONE, "2026-04-09", name="inspection", passed=False)
    passed = fact(FactKind.MILESTONE, "2026-04-16", name="inspection")
    position = fold(contract, [*made(contract, fact), failed, passed], date(2026, 4, 16)).position
    assert position.happened["inspection"] == date(2026, 4, 16)
    assert owed(position) == 85_880_000 - DEPOSIT
    share = position.accounts["factory"].booking.dues[1]
    assert position.due_date(share, position.accounts["factory"].booking) == date(2026, 4, 16)
    assert position.state is OrderState.INSPECTED


def test_goods_that_failed_are_not_delivered(contract: Contract, fact: MakeFact) -> None:
    """So the factor, who pays on delivery, pays nothing either; once they pass, they are."""
    known = [*made(contract, fact), fact(FactKind.MILESTONE, "2026-04-09", name="inspection", passed=False)]
    delivery = fact(FactKind.MILESTONE, "2026-04-20", name="delivery")
    assert reasons(contract, known, delivery) == ["the goods did not pass the inspection of 2026-04-09"]
    passed = fact(FactKind.MILESTONE, "2026-04-16", name="inspection")
    assert reasons(contract, [*known, passed], delivery) == []


def test_a_failure_found_later_stops_what_is_not_lent_yet(contract: Contract, fact: MakeFact) -> None:
    """Passed on the 9th, failed on the 10th: the condition of a draw is met no more, delivery waits."""
    known = [
        *made(contract, fact),
        fact(FactKind.MILESTONE, "2026-04-09", name="inspection"),
        fact(FactKind.MILESTONE, "2026-04-10", name="inspection", passed=False),
    ]
    delivery = fact(FactKind.MILESTONE, "2026-04-20", name="delivery")
    assert reasons(contract, known, delivery) == ["the goods did not pass the inspection of 2026-04-10"]


def test_only_an_inspection_can_fail(contract: Contract, fact: MakeFact) -> None:
    """``--failed`` beside another milestone is a slip, not a delivery that failed."""
    ended = fact(FactKind.MILESTONE, "2026-04-08", name="production_end", passed=False)
    assert reasons(contract, made(contract, fact), ended) == ["only an inspection is passed or failed"]
