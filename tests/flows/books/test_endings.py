"""The five endings with other prices, rates, fees, taxes, terms, lenders: the program against the oracle."""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from random import Random

from config.locations import shipped_example, shipped_network
from config.network import load_network
from documents.orders.reading import read
from finance.agreed.facts import FactKind
from finance.reports.attribution import attribute
from tests.parts import oracle
from tests.parts.endings import END, Case, Stated, compare, play

SEEDS = range(int(os.environ.get("NET_ENDINGS", "28")))


@lru_cache(maxsize=1)
def cases() -> dict[int, Case]:
    network, order = load_network(shipped_network()), read(shipped_example())
    found = {seed: Case(seed, network, order) for seed in SEEDS}
    return {seed: case for seed, case in found.items() if case.usable}


def every_case(test: Callable[[Case], bool]) -> Callable[[], None]:
    """Run ``test`` on every deal; it answers False for a deal that its ending does not concern."""

    def over_all() -> None:
        concerned = 0
        for seed, case in cases().items():
            case.random = Random(f"{test.__name__} {seed}")
            try:
                concerned += test(case)
            except Exception as error:
                error.add_note(f"deal of seed {seed}")
                raise
        assert concerned >= len(cases()) // 2

    over_all.__doc__ = test.__doc__
    return over_all


def test_most_deals_have_a_plan_to_compare() -> None:
    assert len(cases()) >= len(SEEDS) // 2


@every_case
def test_as_planned(case: Case) -> bool:
    contract, deal = case.read()
    folded = play(contract, deal, [])
    assert folded.position.state == "SETTLED"
    assert compare(folded, oracle.settled(deal)) == {}
    return True


@every_case
def test_so_many_days_late(case: Case) -> bool:
    contract, deal = case.read()
    days = case.random.randrange(1, deal.factor.recourse_days)
    ending = oracle.settled(deal, days)
    if ending.short:
        return False  # later than the order can bear
    on = deal.due + timedelta(days=days)
    folded = play(contract, deal, [(FactKind.RECEIPT, on, {"amount": str(deal.base)})])
    assert folded.position.state == "SETTLED"
    assert compare(folded, ending) == {}
    return True


@every_case
def test_dispute_with_partial_delivery(case: Case) -> bool:
    contract, deal = case.read()
    withheld = case.random.randrange(1, deal.units // 3)
    credited = case.random.randrange(1, withheld + 1)
    later = deal.due + timedelta(days=case.random.randrange(1, 40))
    refunded_on = later + timedelta(days=case.random.randrange(0, 30))
    ending = oracle.disputed(deal, withheld, credited, later, refunded_on)
    if ending.peak_gap or deal.tax_due >= deal.due:
        return False  # a hole in the loop, or the tax is not paid yet
    part = oracle.priced(deal, withheld)
    note = oracle.priced(deal, credited)
    factory = next(bill for bill in deal.bills if bill.party == deal.factory)
    back = oracle.rounded(oracle.Fraction(factory.gross * credited, deal.units))
    stated = [
        (FactKind.DISPUTE, deal.due, {"quantity": str(withheld)}),
        (FactKind.RECEIPT, deal.due, {"amount": str(deal.base - part)}),
        (FactKind.CREDIT_NOTE, later, {"quantity": str(credited)}),
    ]
    if part > note:
        stated.append((FactKind.RECEIPT, later, {"amount": str(part - note)}))
    stated.append((FactKind.REFUND, refunded_on, {"booking": "zhongshan-lamps", "amount": str(back)}))
    folded = play(contract, deal, stated, to=ending.through)
    assert compare(folded, ending) == {}
    return True


@every_case
def test_buyer_insolvent_with_a_part_recovered(case: Case) -> bool:
    contract, deal = case.read()
    if deal.tax_due >= deal.due:
        return False  # the tax is not paid yet
    recovered = oracle.rounded(oracle.Fraction(deal.gross * case.random.randrange(0, 101), 100))
    cost = recovered * case.random.randrange(0, 20) // 100
    recovered = min(recovered, deal.base)
    cost = min(cost, recovered)
    on = deal.due + timedelta(days=deal.factor.recourse_days + case.random.randrange(0, 200))
    stated = [
        (FactKind.INSOLVENT, deal.due, {}),
        (FactKind.RECOVERY, on, {"amount": str(recovered), "cost": str(cost)}),
        (FactKind.WRITE_OFF, on, {}),
    ]
    folded = play(contract, deal, stated)
    assert compare(folded, oracle.insolvent(deal, recovered, cost)) == {}
    return True


@every_case
def test_factory_fails_after_the_first_draw(case: Case) -> bool:
    contract, deal = case.read()
    if deal.deposits:
        return False  # the buyer's deposit pays the factory's
    first = min(day for bill in deal.bills for day, _ in bill.fixed)
    failed, struck = first + timedelta(days=1), first + timedelta(days=8)
    assumed = play(contract, deal, [], to=first).assumed
    stated = [(fact.kind, fact.on, dict(fact.data)) for fact in assumed]
    stated += [
        (FactKind.PROVIDER_FAILED, failed, {"booking": "zhongshan-lamps"}),
        (FactKind.GUARANTEE, struck, {"booking": "zhongshan-lamps", "guarantor": "guarantor:bank"}),
        (FactKind.DEFAULT, struck, {"facility": "harbour-order"}),
        (FactKind.WRITE_OFF, struck + timedelta(days=1), {}),
    ]
    folded = play(contract, deal, stated, to=struck + timedelta(days=1), expecting=False)
    assert compare(folded, oracle.factory_failed(deal, struck)) == {}
    return True


@every_case
def test_the_traders_part_of_the_report_is_his_own_profit_and_all_parts_sum_to_the_net_value(
    case: Case,
) -> bool:
    """Also when the buyer never pays: what he kept is a part of its own, not the trader's."""
    contract, deal = case.read()
    lost: list[Stated] = [
        (FactKind.INSOLVENT, deal.due, {}),
        (FactKind.WRITE_OFF, deal.due + timedelta(days=150), {}),
    ]
    for stated in ([], lost):
        folded = play(contract, deal, stated)
        found = attribute(folded.position, END)
        balances = folded.position.books.balances
        own = -sum(
            minor for (entity, code), minor in balances.items() if entity == "trader" and code[0] in "45"
        )
        assert sum(part.amount_minor for part in found.parts) == found.net_minor == deal.net
        assert [part.amount_minor for part in found.parts if part.party == "trader"] == [own]
    return True
