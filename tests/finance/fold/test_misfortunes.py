"""Things that go wrong, one by one: the books stay right and everybody gets what is his."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from domain.states import OrderState
from domain.terms import Recourse
from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold

MakeFact = Callable[..., Fact]
ACCEPTED = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")
END = date(2026, 12, 31)
PLAN_PROFIT = 14_038_871


def play(contract: Contract, *facts: Fact, to: date = END) -> Folded:
    stated = [ACCEPTED, *facts]
    played = fold(contract, stated, to, Expectations(contract, stated))
    sums: dict[str, int] = {}
    for (entity, _), amount in played.position.books.balances.items():
        sums[entity] = sums.get(entity, 0) + amount
    assert not any(sums.values())
    return played


def until(contract: Contract, day: str) -> list[Fact]:
    return play(contract, to=date.fromisoformat(day)).assumed


def balance(folded: Folded, entity: str, code: str) -> int:
    return folded.position.books.balance(entity, code)


def profit(folded: Folded) -> int:
    balances = folded.position.books.balances
    return -sum(minor for (entity, code), minor in balances.items() if entity == "trader" and code[0] in "45")


def test_buyer_pays_short_and_later_the_rest(contract: Contract, fact: MakeFact) -> None:
    facts = [
        fact(FactKind.RECEIPT, "2026-06-22", amount="101700000"),
        fact(FactKind.RECEIPT, "2026-07-22", amount="11300000"),
    ]
    folded = play(contract, *facts)
    assert folded.position.state is OrderState.SETTLED
    assert profit(folded) == PLAN_PROFIT
    short = play(contract, facts[0], to=date(2026, 7, 1))
    assert balance(short, "trader", "1210") == 11_300_000
    assert short.position.state is OrderState.TAKEN_OUT


def test_buyer_pays_too_little_for_the_lender(contract: Contract, fact: MakeFact) -> None:
    """90 of 97.8: interest first, the rest of the principal stays owed and grows late charges."""
    folded = play(contract, fact(FactKind.RECEIPT, "2026-06-22", amount="90000000"), to=date(2026, 6, 22))
    assert balance(folded, "trader", "2340") == 0
    assert balance(folded, "trader", "2330") == -(97_807_715 - 90_000_000)
    later = play(
        contract,
        fact(FactKind.RECEIPT, "2026-06-22", amount="90000000", reference="1"),
        fact(FactKind.ADVANCED, "2026-07-22"),
        to=date(2026, 7, 22),
    )
    assert balance(later, "trader", "5240") > 0
    assert balance(later, "trader", "2340") == -balance(later, "trader", "5240")


def test_buyer_pays_twice_and_gets_it_back(contract: Contract, fact: MakeFact) -> None:
    twice = [fact(FactKind.RECEIPT, "2026-06-22", amount="113000000", reference=str(n)) for n in (1, 2)]
    owed = play(contract, *twice, to=date(2026, 6, 30))
    assert balance(owed, "trader", "2220") == -113_000_000
    assert owed.position.state is OrderState.PAID
    refunded = play(contract, *twice, fact(FactKind.PAYMENT, "2026-06-30", payee="buyer", amount="113000000"))
    assert refunded.position.state is OrderState.SETTLED
    assert profit(refunded) == PLAN_PROFIT


def test_money_from_an_unknown_account_is_kept_apart_until_identified(
    contract: Contract, fact: MakeFact
) -> None:
    unknown = fact(FactKind.RECEIPT, "2026-06-22", amount="113000000", unknown=True)
    kept = play(contract, unknown, to=date(2026, 6, 22))
    assert balance(kept, "trader", "1210") == 113_000_000 - sum(
        int(one.data["amount"]) for one in kept.assumed if one.kind is FactKind.RECEIPT
    )
    known = until(contract, "2026-06-21")
    stated = [
        ACCEPTED,
        *known,
        unknown,
        fact(FactKind.RECEIPT, "2026-06-25", amount="113000000", identified=True),
    ]
    folded = fold(contract, stated, date(2026, 6, 25))
    assert balance(folded, "trader", "1210") == balance(folded, "trader", "2220") == 0
    assert balance(folded, "trader", "2330") == 0
    assert balance(folded, "trader", "5240") == 3 * 28_815


def test_delivery_in_two_parts_sells_and_invoices_in_parts(contract: Contract, fact: MakeFact) -> None:
    known = until(contract, "2026-04-19")
    first = fact(FactKind.MILESTONE, "2026-04-20", name="delivery", quantity="3333")
    half = fold(contract, [ACCEPTED, *known, first], date(2026, 4, 20))
    assert balance(half, "trader", "1210") == 33_330_000 + 4_332_900
    assert balance(half, "trader", "5010") == 25_330_800
    rest = fact(FactKind.MILESTONE, "2026-04-27", name="delivery", quantity="6667")
    whole = fold(contract, [ACCEPTED, *known, first, rest], date(2026, 4, 27))
    assert balance(whole, "trader", "4010") == -100_000_000
    assert balance(whole, "trader", "5010") == 76_000_000
    assert [one.gross for one in whole.position.sales.invoices] == [37_662_900, 75_337_100]


def test_credit_note_after_payment_is_owed_back(contract: Contract, fact: MakeFact) -> None:
    folded = play(contract, fact(FactKind.CREDIT_NOTE, "2026-06-25", quantity="100"), to=date(2026, 6, 26))
    assert balance(folded, "trader", "2220") == -1_130_000


def test_damages_lower_the_cost_and_are_collected(contract: Contract, fact: MakeFact) -> None:
    claimed = play(
        contract,
        fact(FactKind.DAMAGES, "2026-05-01", booking="factory", amount="1130000"),
        to=date(2026, 5, 2),
    )
    assert balance(claimed, "trader", "1240") == 1_130_000
    assert balance(claimed, "trader", "5010") == 75_000_000
    paid = play(
        contract,
        fact(FactKind.DAMAGES, "2026-05-01", booking="factory", amount="1130000"),
        fact(FactKind.REFUND, "2026-05-10", booking="factory", amount="1130000"),
    )
    assert balance(paid, "trader", "1240") == 0
    assert profit(paid) == PLAN_PROFIT + 1_000_000 - 15_600
    assert paid.position.state is OrderState.SETTLED


def test_provider_that_fails_before_its_deposit_costs_nothing(contract: Contract, fact: MakeFact) -> None:
    folded = fold(contract, [ACCEPTED, fact(FactKind.PROVIDER_FAILED, "2026-03-05", booking="factory")], END)
    assert profit(folded) == 0
    assert balance(folded, "trader", "1240") == 0
    assert balance(folded, "trader", "9219") == 1_590_000 + 2_725_000 + 530_000 + 1_060_000


def test_provider_that_fails_after_its_deposit_owes_it_back(contract: Contract, fact: MakeFact) -> None:
    facts = [
        *until(contract, "2026-03-20"),
        fact(FactKind.PROVIDER_FAILED, "2026-03-25", booking="factory"),
        fact(FactKind.CANCELLED, "2026-03-26"),
        fact(FactKind.REFUND, "2026-04-05", booking="factory", amount="25764000"),
    ]
    folded = fold(contract, [ACCEPTED, *facts], END)
    assert balance(folded, "trader", "1240") == 0
    owed = balance(folded, "trader", "2310") + balance(folded, "trader", "2320")
    assert owed == -(26_636_828 + 330_297 - 25_764_000)


@pytest.mark.parametrize(
    ("day", "state", "fee"),
    [("2026-03-05", "RESERVED", 0), ("2026-03-20", "FUNDED", 7_600_000)],
)
def test_cancelled_order_owes_the_fees_of_its_state(
    contract: Contract, fact: MakeFact, day: str, state: str, fee: int
) -> None:
    known = [] if state == "RESERVED" else until(contract, day)
    before = fold(contract, [ACCEPTED, *known], date.fromisoformat(day))
    assert before.position.state == state
    folded = fold(contract, [ACCEPTED, *known, fact(FactKind.CANCELLED, day)], END)
    assert folded.position.state is OrderState.CANCELLED
    assert balance(folded, "trader", "5620") == fee
    if known:
        assert balance(folded, "trader", "1240") == 25_764_000 - fee
    memo = [
        amount
        for (entity, code), amount in folded.position.books.balances.items()
        if code[0] == "9" and amount
    ]
    assert memo == []


@pytest.mark.parametrize("day", ["2026-03-05", "2026-03-20", "2026-04-08", "2026-04-09"])
def test_cancelled_at_any_state_leaves_no_slot_held(contract: Contract, fact: MakeFact, day: str) -> None:
    known = until(contract, day)
    folded = fold(contract, [ACCEPTED, *known, fact(FactKind.CANCELLED, day)], END)
    assert folded.position.state is OrderState.CANCELLED
    assert balance(folded, "trader", "9219") == balance(folded, "trader", "9110") == 0


def test_agreed_cancellation_fees_go_before_the_terms(contract: Contract, fact: MakeFact) -> None:
    known = until(contract, "2026-03-20")
    cancelled = fact(FactKind.CANCELLED, "2026-03-20", fees={"factory": "25764000", "carrier": "100"})
    folded = fold(contract, [ACCEPTED, *known, cancelled], END)
    assert balance(folded, "trader", "5620") == 25_764_100
    assert balance(folded, "trader", "1240") == 0
    assert balance(folded, "trader", "2110") == -100


def test_lender_late_with_a_draw_shifts_interest_and_nothing_else(contract: Contract, fact: MakeFact) -> None:
    late = fact(FactKind.DRAW, "2026-03-12", facility="order-loan", payees=[["factory", "25764000"]])
    folded = play(contract, late)
    assert folded.position.state is OrderState.SETTLED
    assert profit(folded) == PLAN_PROFIT + 74_583


def test_production_late_moves_everything_that_follows(contract: Contract, fact: MakeFact) -> None:
    folded = play(contract, fact(FactKind.MILESTONE, "2026-04-22", name="production_end"))
    days = {one.text("name"): one.on for one in folded.assumed if one.kind is FactKind.MILESTONE}
    assert days["inspection"] == date(2026, 4, 23)
    assert days["delivery"] == date(2026, 5, 4)
    receipt = next(one for one in folded.assumed if one.kind is FactKind.RECEIPT)
    assert receipt.on == date(2026, 7, 3)
    assert folded.position.state is OrderState.SETTLED


def test_late_interest_by_the_days(contract: Contract, fact: MakeFact) -> None:
    strict = replace(
        contract, sale=replace(contract.sale, late_rate_daily=contract.facilities[0].price.rate_annual / 288)
    )
    facts = [fact(FactKind.LATE_INTEREST, "2026-07-02")]
    known = until(strict, "2026-06-21")
    folded = fold(strict, [ACCEPTED, *known, *facts], date(2026, 7, 2))
    assert -balance(folded, "trader", "4310") == 113_000_000 * 10 // 2000


def test_factoring_without_recourse_takes_the_receivable_off_the_books(
    contract: Contract, fact: MakeFact
) -> None:
    """T 1010, 1250, 5230 against 1210; the profit is the same; an insolvent buyer is the factor's loss."""
    bought = replace(contract.facilities[1], recourse=Recourse.NONE)
    sold = replace(contract, facilities=(contract.facilities[0], bought, contract.facilities[2]))
    between = play(sold, to=date(2026, 5, 31))
    assert balance(between, "trader", "1210") == balance(between, "trader", "2330") == 0
    assert balance(between, "trader", "1250") == 16_950_000
    assert balance(between, "lender:meridian", "1330") == 113_000_000
    assert balance(between, "lender:meridian", "2260") == -16_950_000
    assert profit(play(sold)) == PLAN_PROFIT
    facts = [*until(sold, "2026-06-21"), fact(FactKind.INSOLVENT, "2026-06-22")]
    lost = fold(sold, [ACCEPTED, *facts], date(2026, 9, 20))
    assert lost.position.state is OrderState.DEFAULTED
    assert lost.position.cash == 1_496_586


def test_full_recourse_stays_owed_after_a_write_off(contract: Contract, fact: MakeFact) -> None:
    full = replace(contract.facilities[1], recourse=Recourse.FULL, first_loss_rate=0)  # type: ignore[arg-type]
    owing = replace(contract, facilities=(contract.facilities[0], full, contract.facilities[2]))
    facts = [
        *until(owing, "2026-06-21"),
        fact(FactKind.INSOLVENT, "2026-06-22"),
        fact(FactKind.WRITE_OFF, "2026-12-21"),
    ]
    folded = fold(owing, [ACCEPTED, *facts], END)
    assert balance(folded, "trader", "4910") == 0
    assert balance(folded, "trader", "2330") == -(96_050_000 - 1_496_586)


def test_participation_sold_above_what_is_owed_is_a_gain(syndicated: Contract, fact: MakeFact) -> None:
    sold = fact(
        FactKind.TRANSFER,
        "2026-03-20",
        facility="order-loan",
        seller="delta",
        buyer="river",
        price="11000000",
    )
    folded = play(syndicated, sold)
    assert folded.position.state is OrderState.SETTLED
    assert -balance(folded, "lender:delta", "4150") == 11_000_000 - 10_654_731 - 63_928
    assert balance(folded, "lender:river", "1310") == 0
    assert profit(folded) == PLAN_PROFIT


def test_once_the_buyer_owes_nothing_more_the_whole_loop_stands_behind_the_lender(
    contract: Contract, fact: MakeFact
) -> None:
    """All that was disputed is credited: the factor's rest comes from what the loop still holds."""
    known = until(contract, "2026-06-21")
    facts = [
        *known,
        fact(FactKind.DISPUTE, "2026-06-22", amount="15400000"),
        fact(FactKind.RECEIPT, "2026-06-22", amount="97600000"),
    ]
    disputed = fold(contract, [ACCEPTED, *facts], date(2026, 6, 22))
    assert balance(disputed, "trader", "2330") == -(97_807_715 - 97_600_000)
    assert disputed.position.cash == 1_496_586
    note = fact(FactKind.CREDIT_NOTE, "2026-06-22", amount="15400000", reference="all")
    credited = fold(contract, [ACCEPTED, *facts, note], date(2026, 6, 22))
    assert credited.position.debts["factoring"].claim == 0
    assert credited.position.cash == 1_496_586 - 207_715


def test_a_surcharge_comes_back_at_most_once_and_is_computed_on_the_whole(
    contract: Contract, fact: MakeFact
) -> None:
    """All is credited after 27,150.00 of tax and 3,258.00 of surcharge were paid: no more comes back."""
    notes = [fact(FactKind.CREDIT_NOTE, "2026-06-23", amount="1130000", reference=str(n)) for n in range(100)]
    folded = play(contract, *notes, to=date(2026, 6, 23))
    assert balance(folded, "trader", "1520") == 13_000_000 + 325_800
    assert balance(folded, "trader", "5310") == 0
    one = play(contract, fact(FactKind.CREDIT_NOTE, "2026-06-23", amount="113000000"), to=date(2026, 6, 23))
    assert balance(one, "trader", "1520") == balance(folded, "trader", "1520")


def test_a_dividend_after_the_write_off_goes_to_those_who_lost_not_back_to_the_buyer(
    contract: Contract, fact: MakeFact
) -> None:
    facts = [
        *until(contract, "2026-06-21"),
        fact(FactKind.INSOLVENT, "2026-06-22"),
        fact(FactKind.WRITE_OFF, "2026-12-21"),
    ]
    lost = fold(contract, [ACCEPTED, *facts], END)
    principal = 96_050_000 - 1_496_586 - 4_802_500
    assert balance(lost, "lender:meridian", "1330") == 0
    some = fact(FactKind.RECOVERY, "2027-03-01", amount="5000000")
    later = date(2027, 3, 1)
    folded = fold(contract, [ACCEPTED, *facts, some], later)
    assert balance(folded, "trader", "2220") == folded.position.cash == 0
    assert -balance(folded, "lender:meridian", "4150") == 5_000_000
    # more than all that was lost: principal, then the guarantor, then interest and penalty, the rest stays
    all_of_it = fact(FactKind.RECOVERY, "2027-03-01", amount="113000000")
    folded = fold(contract, [ACCEPTED, *facts, all_of_it], later)
    assert -balance(folded, "lender:meridian", "4150") == principal + 1_757_715 + 3_817_988
    assert -balance(folded, "network", "4150") == 4_802_500
    assert folded.position.cash == 113_000_000 - principal - 4_802_500 - 1_757_715 - 3_817_988
    sums: dict[str, int] = {}
    for (entity, _), amount in folded.position.books.balances.items():
        sums[entity] = sums.get(entity, 0) + amount
    assert not any(sums.values())


def test_what_is_owed_back_to_the_buyer_pays_no_lender(contract: Contract, fact: MakeFact) -> None:
    """Money nobody has identified stands in the account while the factor is short of a last part."""
    known = until(contract, "2026-06-21")
    facts = [
        *known,
        fact(FactKind.RECEIPT, "2026-06-22", amount="20000000", unknown=True),
        fact(FactKind.RECEIPT, "2026-06-22", amount="90000000", reference="1"),
        fact(FactKind.CREDIT_NOTE, "2026-06-23", amount="23000000"),
    ]
    folded = fold(contract, [ACCEPTED, *facts], date(2026, 6, 23))
    assert balance(folded, "trader", "2220") == -20_000_000
    assert folded.position.cash == 20_000_000
    assert folded.position.debts["factoring"].claim == 97_807_715 + 2_342 - 90_000_000 - 1_496_586
