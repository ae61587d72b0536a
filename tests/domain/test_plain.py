"""Plain data is exact both ways: what is stored in the ledger comes back as it was."""

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.network import FinanceProduct, Network, Provider, Role, Technique, TermOption
from domain.plain import from_plain, to_plain
from domain.plan import Draw, Payee, ShareOf
from domain.terms import Event, Fee, FeeBasis, PaymentTerm, Price, Step


def test_plain_writes_amounts_as_strings_and_counts_as_numbers() -> None:
    draw = Draw(date(2026, 3, 5), 2**60, 1, payees=(Payee("provider:lamps", 7, 3),))
    assert to_plain(draw) == {
        "on": "2026-03-05",
        "principal_minor": str(2**60),
        "cash_minor": "1",
        "fee_minor": "0",
        "discount_minor": "0",
        "payees": [{"party": "provider:lamps", "amount_minor": "7", "leg": 3}],
    }


def test_plain_comes_back_through_json_as_it_was() -> None:
    term = PaymentTerm(Fraction(1, 3), Event.DELIVERY, 30, month_end=True)
    provider = Provider(
        "lamps",
        "Lamps",
        "factory",
        settings={"url": "x", "retries": 3},
        options=(TermOption("net 60", (term,), Fraction(1, 50)),),
        closures=frozenset({date(2026, 5, 1)}),
    )
    product = FinanceProduct(
        "po",
        "harbour",
        "PO",
        Role.PRE_SHIPMENT,
        Technique.PURCHASE_ORDER,
        "CNY",
        price=Price(steps=(Step(30, Fraction(3, 100)),)),
        fees=(Fee("set-up", FeeBasis.LIMIT, Fraction(1, 100)),),
        limit_minor=None,
    )
    for value in (provider, product, ShareOf("a", Fraction(1, 3), 5)):
        again = from_plain(type(value), json.loads(json.dumps(to_plain(value))))
        assert again == value


def test_plain_reads_a_whole_network_back() -> None:
    network = Network("n", providers=(Provider("a", "A", "factory"),))
    again = from_plain(Network, to_plain(network))
    assert again.providers == network.providers
    assert again.fee == network.fee


def test_plain_refuses_floats() -> None:
    with pytest.raises(TypeError, match="float"):
        to_plain({"rate": 0.1})


def test_plain_keeps_decimals_exact() -> None:
    assert to_plain(Decimal("0.10")) == "0.10"
