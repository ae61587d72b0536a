"""The shipped network and the shipped order, and short ways to vary them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from config.locations import shipped_network
from config.network import load_network
from config.settings import load_policy
from domain.network import Network, Policy
from domain.order import Order, OrderLine, Party
from domain.terms import Event, PaymentTerm


@pytest.fixture(scope="session")
def network() -> Network:
    return load_network(shipped_network())


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy(shipped_network())


@pytest.fixture(scope="session")
def lamp_order() -> Order:
    """The order of examples/lamp-order.toml."""
    line = OrderLine("1", "desk-lamp", Decimal(10000), Decimal(100), 1_000_000_00, tax_rate=Fraction(13, 100))
    return Order(
        "PO-2026-0017",
        date(2026, 3, 2),
        Party("Meridian Stores", country="CN"),
        Party("Lantern Trading", country="CN"),
        "CNY",
        (line,),
        due_on=date(2026, 4, 20),
        destination="Shanghai",
        country="CN",
        payment=(PaymentTerm(Fraction(1), Event.INVOICE, 60),),
    )


@pytest.fixture(scope="session")
def plan_a_network(network: Network) -> Network:
    """The shipped network with the warehouse paid net 30 instead of net 60."""
    providers = tuple(
        replace(one, payment=(PaymentTerm(Fraction(1), Event.SERVICE_END, 30),))
        if one.id == "nansha-store"
        else one
        for one in network.providers
    )
    return replace(network, providers=providers)
