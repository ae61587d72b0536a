"""What is due, and to whom first."""

from collections.abc import Callable
from datetime import date

from finance.agreed.contract import Contract, Rank
from finance.agreed.facts import Fact, FactKind
from finance.fold.fold import fold
from finance.sides.waterfall import dues

MakeFact = Callable[..., Fact]
ACCEPTED = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")


def test_the_deposit_of_an_order_that_was_called_off_is_due_back_first(
    contract: Contract, fact: MakeFact
) -> None:
    """339,000.00 came for goods that never will: it is due as costs are, before the factory's fee; while
    the order goes on it is a deposit and nobody is owed it."""
    deposit = fact(FactKind.RECEIPT, "2026-03-06", amount="33900000")
    known = [ACCEPTED, deposit]
    going_on = fold(contract, known, date(2026, 3, 10)).position
    assert dues(going_on, date(2026, 3, 10)).get(Rank.COSTS, 0) == 0
    ended = fold(contract, [*known, fact(FactKind.CANCELLED, "2026-03-12")], date(2026, 3, 12)).position
    assert dues(ended, date(2026, 3, 12))[Rank.COSTS] == 33_900_000


def test_what_a_firm_charges_for_being_called_off_is_due(contract: Contract, fact: MakeFact) -> None:
    """The agreed 38,000.00, nothing prepaid: due to providers at once."""
    ended = fact(FactKind.CANCELLED, "2026-03-12", fees={"factory": "3800000"})
    position = fold(contract, [ACCEPTED, ended], date(2026, 3, 12)).position
    assert dues(position, date(2026, 3, 12))[Rank.PROVIDERS] == 3_800_000
