"""A network that contradicts itself is refused with the reason, however it was made."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.checks import buyer_terms_refusals, network_refusals
from domain.network import (
    FactoryProduct,
    FinanceProduct,
    Lender,
    Network,
    NetworkFee,
    Participation,
    Provider,
    Role,
    Service,
    Technique,
)
from domain.terms import Event, Fee, FeeBasis, PaymentTerm, Price

ALL, HALF = Fraction(1), Fraction(1, 2)
WORKS = Provider("works", "Works", "factory", products=(FactoryProduct("cup", Decimal(1)),))
BANK = Lender("bank", "Bank")
LOAN = FinanceProduct("loan", "bank", "Loan", Role.PRE_SHIPMENT, Technique.LOAN, "EUR")
SOUND = Network("n", "AA", "EUR", (WORKS,), (BANK,), (LOAN,))


def service(kind: str, after: str) -> Provider:
    return Provider(kind, kind, kind, service=Service(after=after))


def works(**fields: object) -> Network:
    return replace(SOUND, providers=(replace(WORKS, **fields),))


def loan(**fields: object) -> Network:
    return replace(SOUND, products=(replace(LOAN, **fields),))


def test_sound_network_has_no_refusals() -> None:
    assert network_refusals(SOUND) == []


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (replace(SOUND, providers=(WORKS, WORKS)), "two providers have this id"),
        (works(products=()), "makes nothing"),
        (works(tax_rate=Fraction(-1)), "negative price"),
        (works(payment=(PaymentTerm(HALF, Event.BOOKING),)), "do not sum to 100%"),
        (works(payment=(PaymentTerm(ALL, Event.BOOKING, -1),)), "days are negative"),
        (
            replace(SOUND, providers=(WORKS, service("check", "pack"), service("pack", "check"))),
            "cyclic terms",
        ),
        (replace(SOUND, providers=(WORKS, service("check", "haste"))), "which nobody offers"),
        (replace(SOUND, providers=(WORKS, service("check", "buyer_payment"))), "cyclic terms"),
        (replace(SOUND, lenders=()), "not in the network"),
        (loan(price=Price(Fraction(-1, 10))), "negative price"),
        (loan(limit_minor=-1), "negative limit"),
        (loan(fees=(Fee("f", FeeBasis.LIMIT, ALL),)), "nothing to draw"),
        (loan(participations=(Participation("bank", HALF),)), "participations do not sum"),
        (loan(available_from=Event.FUNDING), "cyclic terms"),
        (loan(role=Role.TAKE_OUT), "repaid by its own funding"),
        (loan(taken_out_by=("loan",)), "cyclic terms"),
        (replace(SOUND, fee=NetworkFee(rate=Fraction(-1, 100))), "negative price"),
    ],
)
def test_network_is_refused_with_the_reason(network: Network, reason: str) -> None:
    assert any(reason in one.reason for one in network_refusals(network))


@pytest.mark.parametrize("event", [Event.FUNDING, Event.BUYER_PAYMENT])
def test_buyer_cannot_wait_for_what_waits_for_the_buyer(event: Event) -> None:
    assert "cyclic terms" in buyer_terms_refusals((PaymentTerm(ALL, event, 5),))[0].reason
    assert buyer_terms_refusals((PaymentTerm(ALL, Event.INVOICE, 5),)) == []
