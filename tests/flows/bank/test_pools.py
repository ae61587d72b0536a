"""A pool in the ledger: its legal form and rules, units for money at the day's worth, and its books."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from config.locations import shipped_network
from config.network import load_network
from domain.errors import KeyReusedError, NotFoundError, RefusedError, StateError, UsageError
from domain.network import Network
from finance.agreed.legal import shipped_law
from finance.pools.units import JUNIOR, SENIOR, PoolTerms
from flows.bank.pools import (
    Opening,
    admit,
    close,
    covenants_of,
    distribute,
    mark,
    open_pool,
    read_pool,
    redeem,
    subscribe,
)
from ledger.store import Ledger, create_ledger
from ledger.verify.ledger import verify_ledger
from tests.parts.clearing_firms import NOON
from trust.keys import Actor

DAY = date(2026, 12, 1)
pytestmark = pytest.mark.both_databases
TERMS = PoolTerms("EAST", "CNY", Fraction(9, 10))
LAW = shipped_law()


@pytest.fixture
def ledger(new_ledger_url: str) -> Iterator[Ledger]:
    with create_ledger(
        new_ledger_url, practice=False, actor=Actor.generate("bank"), clock=lambda: NOON
    ) as made:
        open_pool(made, Opening(TERMS, "CN", ("fund", "insurer")), LAW, DAY)
        subscribe(made, "EAST", "fund", JUNIOR, 1_500_000_00, "in-1", DAY)
        subscribe(made, "EAST", "insurer", SENIOR, 8_500_000_00, "in-2", DAY)
        yield made


@pytest.fixture
def network() -> Network:
    return load_network(shipped_network())


def balances(ledger: Ledger) -> dict[str, int]:
    return {one.account: one.amount_minor for one in ledger.balance(entity="pool:EAST")}


def test_money_in_and_out_is_booked_by_layer(ledger: Ledger) -> None:
    assert balances(ledger) == {"1010": 10_000_000_00, "3110": -8_500_000_00, "3120": -1_500_000_00}
    assert subscribe(ledger, "EAST", "fund", JUNIOR, 1_500_000_00, "in-1", DAY).repeated
    step = redeem(ledger, "EAST", "insurer", SENIOR, 10**6, "out-1", DAY)
    assert (step.units, step.amount_minor) == (-(10**6), -1_00)
    paid = distribute(ledger, "EAST", 1_000_00, "pay-1", DAY)
    assert sum(paid.shares.values()) == 1_000_00
    pool = read_pool(ledger, "EAST")
    assert balances(ledger) == {
        "1010": pool.units.cash,
        "3110": -pool.units.layers[SENIOR].worth,
        "3120": -pool.units.layers[JUNIOR].worth,
    }
    assert verify_ledger(ledger).findings == []


def test_the_same_reference_for_another_payment_is_refused(ledger: Ledger) -> None:
    with pytest.raises(KeyReusedError):
        subscribe(ledger, "EAST", "fund", JUNIOR, 1_00, "in-1", DAY)
    with pytest.raises(UsageError, match="reference"):
        subscribe(ledger, "EAST", "fund", JUNIOR, 1_00, "", DAY)


def test_a_refused_step_leaves_no_trace(ledger: Ledger) -> None:
    before = ledger.size()
    with pytest.raises(RefusedError, match="at most 90"):
        subscribe(ledger, "EAST", "insurer", SENIOR, 9_000_000_00, "in-3", DAY)
    with pytest.raises(StateError, match="prices nothing"):
        redeem(ledger, "EAST", "fund", JUNIOR, None, "out-1", DAY + timedelta(2))
    assert ledger.size() == before


def test_only_admitted_investors_subscribe_and_not_too_many(ledger: Ledger) -> None:
    with pytest.raises(RefusedError, match="not admitted"):
        subscribe(ledger, "EAST", "stranger", JUNIOR, 1_00, "in-3", DAY)
    admit(ledger, "EAST", "stranger", "certificate", LAW, DAY)
    assert subscribe(ledger, "EAST", "stranger", JUNIOR, 1_00, "in-3", DAY).units == 10**6
    for number in range(47):
        admit(ledger, "EAST", f"investor {number}", "certificate", LAW, DAY)
    with pytest.raises(RefusedError, match="rule cn-partners"):
        admit(ledger, "EAST", "one too many", "certificate", LAW, DAY)


@pytest.mark.parametrize(
    ("change", "rule"),
    [({"public_offer": True}, "no-public-offer"), ({"promised_return": True}, "no-promised-return")],
)
def test_a_pool_that_breaks_a_rule_is_not_opened(ledger: Ledger, change: dict[str, bool], rule: str) -> None:
    opening = replace(Opening(replace(TERMS, name="WEST"), "CN", ("fund",)), **change)
    with pytest.raises(RefusedError, match=rule):
        open_pool(ledger, opening, LAW, DAY)
    with pytest.raises(NotFoundError, match="no pool WEST"):
        read_pool(ledger, "WEST")


def test_a_pool_is_opened_once(ledger: Ledger) -> None:
    assert (
        open_pool(ledger, Opening(TERMS, "CN", ("insurer", "fund")), LAW, DAY + timedelta(3)).name == "EAST"
    )
    with pytest.raises(KeyReusedError):
        open_pool(ledger, Opening(TERMS, "CN", ("insurer",)), LAW, DAY)


def test_a_worth_of_the_day_lets_money_in_again(ledger: Ledger, network: Network) -> None:
    later = DAY + timedelta(30)
    assert mark(ledger, network, "EAST", later).amount_minor == 0
    assert subscribe(ledger, "EAST", "fund", JUNIOR, 5_00, "in-9", later).amount_minor == 5_00
    assert mark(ledger, network, "EAST", later).repeated
    names = [one.name for one in covenants_of(ledger, network, read_pool(ledger, "EAST"), later)]
    assert names[:2] == ["senior share of the pool", "money lent out"]


def test_a_closed_pool_pays_out_and_takes_nothing(ledger: Ledger) -> None:
    close(ledger, "EAST", DAY)
    close(ledger, "EAST", DAY)
    with pytest.raises(StateError, match="closed"):
        subscribe(ledger, "EAST", "fund", JUNIOR, 1_00, "in-3", DAY)
    for name, layer in (("fund", JUNIOR), ("insurer", SENIOR)):
        redeem(ledger, "EAST", name, layer, None, f"out-{name}", DAY)
        assert redeem(ledger, "EAST", name, layer, None, f"out-{name}", DAY).repeated
    assert balances(ledger) == {}
