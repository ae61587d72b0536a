"""The worked example's five endings to the cent, folded from facts alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from domain.money import round_minor
from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold

END = date(2027, 12, 31)
MakeFact = Callable[..., Fact]


def accepted() -> Fact:
    return Fact(FactKind.ACCEPTED, date(2026, 3, 5), "f0")


def play(contract: Contract, *facts: Fact, to: date = END) -> Folded:
    """As planned but for what is stated; then once more from the facts alone, which must agree."""
    stated = [accepted(), *facts]
    played = fold(contract, stated, to, Expectations(contract, stated))
    again = fold(contract, [*stated, *played.assumed], to)
    assert again.journals == played.journals
    return played


def cash_line(folded: Folded) -> list[tuple[str, str, int]]:
    """Date, counterparty and amount of each movement of the closed loop."""
    return [
        (journal.on.isoformat(), journal.party, amount)
        for journal in folded.journals
        for entity, account, amount in journal.postings
        if (entity, account) == ("trader", "1010")
    ]


def balance(folded: Folded, entity: str, account: str) -> int:
    return folded.position.books.balance(entity, account)


def profit(folded: Folded) -> int:
    """What the trader's income accounts leave after his expense accounts."""
    balances = folded.position.books.balances
    return -sum(
        amount for (entity, account), amount in balances.items() if entity == "trader" and account[0] in "45"
    )


def earned(folded: Folded, entity: str) -> int:
    balances = folded.position.books.balances
    return -sum(amount for (owner, code), amount in balances.items() if owner == entity and code[0] in "45")


def test_base_case_follows_plan_b_to_the_cent(contract: Contract) -> None:
    """03-05 to 06-29: three draws, take-out, tax, the buyer's payment, 140,388.71 for the trader."""
    folded = play(contract)
    assert cash_line(folded) == [
        ("2026-03-05", "lender:harbour", 25_764_000),
        ("2026-03-05", "provider:factory", -25_764_000),
        ("2026-04-09", "lender:harbour", 60_646_000),
        ("2026-04-09", "provider:factory", -60_116_000),
        ("2026-04-09", "provider:inspector", -530_000),
        ("2026-04-22", "lender:meridian", 95_372_000),
        ("2026-04-22", "lender:harbour", -88_109_614),
        ("2026-04-22", "provider:carrier", -2_725_000),
        ("2026-05-15", "tax", -2_715_000),
        ("2026-05-15", "tax", -325_800),
        ("2026-06-22", "buyer", 113_000_000),
        ("2026-06-22", "lender:meridian", -97_807_715),
        ("2026-06-22", "network", -1_060_000),
        ("2026-06-29", "provider:warehouse", -1_590_000),
        ("2026-06-29", "", -14_038_871),
    ]
    assert profit(folded) == 14_038_871
    assert folded.position.state == "SETTLED"


def test_base_case_attributes_the_net_value_to_the_cent(contract: Contract) -> None:
    folded = play(contract)
    parties = ["provider:factory", "provider:carrier", "provider:warehouse", "provider:inspector"]
    parties += ["network", "lender:harbour", "lender:meridian", "tax", "trader"]
    shares = [earned(folded, party) for party in parties]
    taxes = 325_800 - shares[7]
    assert shares[:4] == [76_000_000, 2_500_000, 1_500_000, 500_000]
    assert shares[4] == 800_000
    assert shares[5:7] == [1_699_614, 2_435_715]
    assert sum(shares) + taxes + 200_000 == 100_000_000


def test_settled_order_leaves_no_claim_and_no_memo(contract: Contract) -> None:
    open_accounts = {
        (entity, code): amount
        for (entity, code), amount in play(contract).position.books.balances.items()
        if amount
        and code[0] in "129"
        and code != "1010"
        and entity in ("trader", "lender:harbour", "lender:meridian")
    }
    assert open_accounts == {}


def test_buyer_45_days_late_costs_penalty_and_a_contingency_draw(contract: Contract, fact: MakeFact) -> None:
    folded = play(contract, fact(FactKind.RECEIPT, "2026-08-06", amount="113000000"))
    assert balance(folded, "trader", "5240") == 1_872_975
    draws = [one for one in folded.assumed if one.data.get("facility") == "standby"]
    assert [(one.on, one.data["payees"]) for one in draws] == [(date(2026, 6, 29), [["warehouse", "93414"]])]
    assert balance(folded, "trader", "5210") == 826_786 + 1_420
    assert profit(folded) == 12_164_476
    assert balance(folded, "trader", "3010") == 12_164_476


def dispute_facts(fact: MakeFact, refund: bool) -> list[Fact]:
    facts = [
        fact(FactKind.DISPUTE, "2026-06-22", quantity="800"),
        fact(FactKind.RECEIPT, "2026-06-22", amount="103960000"),
        fact(FactKind.CREDIT_NOTE, "2026-07-15", quantity="500"),
        fact(FactKind.RECEIPT, "2026-07-15", amount="3390000"),
    ]
    if refund:
        facts.append(fact(FactKind.REFUND, "2026-07-30", booking="factory", amount="4294000"))
    return facts


def test_dispute_with_partial_delivery(contract: Contract, fact: MakeFact) -> None:
    """800 of 10,000 units withheld: 61,522.85 released, 126,828.71 in cash and a tax asset of 1,747.20."""
    folded = play(contract, *dispute_facts(fact, refund=True), to=date(2026, 7, 31))
    released = sum(
        amount for on, party, amount in cash_line(folded) if on == "2026-06-22" and party != "network"
    )
    assert released == 6_152_285
    residual = balance(folded, "trader", "1010") + balance(folded, "trader", "3010")
    assert residual == 12_682_871
    assert balance(folded, "trader", "1520") == 174_720
    assert profit(folded) == 12_857_591


def test_dispute_where_the_factory_refuses(contract: Contract, fact: MakeFact) -> None:
    assert profit(play(contract, *dispute_facts(fact, refund=False), to=date(2026, 7, 31))) == 9_116_871


def insolvency_facts(fact: MakeFact) -> list[Fact]:
    return [
        fact(FactKind.INSOLVENT, "2026-06-22"),
        fact(FactKind.RECOVERY, "2026-12-21", amount="22600000", cost="2260000"),
        fact(FactKind.WRITE_OFF, "2026-12-21"),
    ]


def test_buyer_insolvent_with_a_fifth_recovered(contract: Contract, fact: MakeFact) -> None:
    facts = insolvency_facts(fact)
    struck = play(contract, *facts, to=date(2026, 9, 20))
    debt = struck.position.debts["factoring"]
    accrued = sum(sum(amounts.values()) for amounts in debt.accruals.accrued.values())
    assert accrued + debt.drawn == 101_625_703
    assert balance(struck, "trader", "1010") == 0
    assert balance(struck, "network", "1260") == 4_802_500
    folded = play(contract, *facts)
    lost = balance(folded, "lender:meridian", "5510") - 1_757_715 - 3_817_988
    assert lost == 69_410_914
    assert round_minor(Fraction(lost * 1000, 96_050_000)) == 723
    assert profit(folded) == -2_650_000
    assert balance(folded, "trader", "2110") == -1_590_000
    assert balance(folded, "trader", "2120") == -1_060_000


def test_buyer_insolvent_but_insured_stays_inside_the_first_loss(contract: Contract, fact: MakeFact) -> None:
    factoring = replace(contract.facilities[1], insured_rate=Fraction(9, 10))
    insured = replace(contract, facilities=(contract.facilities[0], factoring, contract.facilities[2]))
    facts = insolvency_facts(fact)
    facts.insert(1, fact(FactKind.INSURANCE, "2026-12-20"))
    folded = play(insured, *facts)
    assert balance(folded, "insurer", "5520") == 90_000_000
    assert -balance(folded, "insurer", "4150") == 18_306_000
    assert balance(folded, "network", "5520") == 2_519_414


def test_factory_fails_after_the_first_draw(contract: Contract, fact: MakeFact) -> None:
    facts = [
        fact(FactKind.PROVIDER_FAILED, "2026-03-25", booking="factory"),
        fact(FactKind.GUARANTEE, "2026-04-01", booking="factory", guarantor="guarantor:bank"),
        fact(FactKind.DEFAULT, "2026-04-01", facility="order-loan"),
        fact(FactKind.WRITE_OFF, "2026-04-02"),
    ]
    drawn = fact(FactKind.DRAW, "2026-03-05", facility="order-loan", payees=[["factory", "25764000"]])
    folded = fold(contract, [accepted(), drawn, *facts], END)
    assert balance(folded, "guarantor:bank", "5520") == 20_611_200
    assert balance(folded, "network", "5520") == 1_331_841
    interest = -balance(folded, "lender:harbour", "4110")
    lost = balance(folded, "lender:harbour", "5510") - interest
    assert lost == 4_693_787
    assert round_minor(Fraction(lost * 1000, 26_636_828)) == 176


@pytest.mark.parametrize("stop", ["2026-03-20", "2026-04-22", "2026-06-22", "2026-12-31"])
def test_every_entity_balances_at_any_date(contract: Contract, stop: str) -> None:
    folded = play(contract, to=date.fromisoformat(stop))
    sums: dict[str, int] = {}
    for (entity, _), amount in folded.position.books.balances.items():
        sums[entity] = sums.get(entity, 0) + amount
    assert set(sums.values()) == {0}


def test_loss_allowances_follow_the_stages(contract: Contract, fact: MakeFact) -> None:
    """1,090.35 while on time, 88,026.94 once more than 30 days late."""
    on_time = play(contract, to=date(2026, 5, 1))
    assert balance(on_time, "lender:meridian", "1390") == -109_035
    late = [fact(FactKind.ADVANCED, "2026-07-25"), fact(FactKind.RECEIPT, "2026-08-06", amount="113000000")]
    folded = play(contract, *late, to=date(2026, 7, 25))
    assert balance(folded, "lender:meridian", "1390") == -8_802_694
