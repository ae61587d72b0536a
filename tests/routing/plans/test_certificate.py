"""When nothing passes: the gap to the cent, and each way out the smallest that works."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from domain.money import parse_minor
from domain.network import FinanceProduct, Network, Policy
from domain.order import Order
from domain.plan import Certificate, Plan, Repair
from routing.offers.situation import Situation
from routing.plans.choose import choose
from routing.plans.what_if import changed, parse_change


def only(network: Network, *products: str, **fields: object) -> Network:
    """The network with these products alone, the first with other fields."""

    def kept(product: FinanceProduct) -> FinanceProduct:
        return replace(product, **fields) if product.id == products[0] else product

    return replace(network, products=tuple(kept(one) for one in network.products if one.id in products))


def certified(order: Order, network: Network, policy: Policy) -> Certificate:
    found = choose(Situation(order, network, policy))
    assert isinstance(found, Certificate)
    return found


def repair_of(certificate: Certificate, kind: str, target: str = "") -> Repair:
    return next(
        one
        for one in certificate.repairs
        if one.kind == kind and one.change.startswith(f"{kind}:{target}" if target else kind)
    )


def test_certificate_of_plan_a_names_every_way_out(
    lamp_order: Order, plan_a_network: Network, policy: Policy
) -> None:
    certificate = certified(lamp_order, plan_a_network, policy)
    assert (certificate.gap_minor, certificate.gap_on) == (934_14, date(2026, 6, 1))
    assert repair_of(certificate, "advance_rate").change == "advance_rate:pearl-factoring=0.8509"
    assert repair_of(certificate, "contingency").change == "contingency=934.14"
    # net 30 and 20 days end on Dragon Boat, which rolls to the day the buyer pays
    assert repair_of(certificate, "supplier_days", "nansha-store").change == "supplier_days:nansha-store=20"
    assert {one.kind for one in certificate.repairs} >= {
        "advance_rate",
        "supplier_days",
        "buyer_deposit",
        "contingency",
        "buyer_earlier",
        "price",
    }


def test_certificate_of_a_capped_limit_needs_the_deposit_of_the_design(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    capped = only(network, "harbour-order", "pearl-factoring", advance_rate=Fraction(7, 10))
    certificate = certified(lamp_order, capped, policy)
    assert certificate.limit_short_minor == parse_minor("81828.28", "CNY")
    assert certificate.gap_on == date(2026, 4, 9)
    deposit = repair_of(certificate, "buyer_deposit")
    assert (deposit.change, deposit.one_less) == ("buyer_deposit=0.2336", "buyer_deposit=0.2335")
    assert repair_of(certificate, "advance_rate", "harbour-order").change.endswith("=0.7725")


def test_certificate_repairs_close_the_gap_and_one_less_does_not(
    lamp_order: Order, plan_a_network: Network, policy: Policy
) -> None:
    certificate = certified(lamp_order, plan_a_network, policy)
    situation = Situation(lamp_order, plan_a_network, policy)
    for repair in certificate.repairs:
        assert repair.verified
        mended = changed(situation, parse_change(repair.change, "CNY"))
        less = changed(situation, parse_change(repair.one_less, "CNY"))
        found = choose(Situation(mended.order, mended.network, mended.policy), brief=True)
        assert isinstance(found, Plan), repair
        assert found.profit_minor == repair.profit_minor
        failed = choose(Situation(less.order, less.network, less.policy), repairs=False)
        assert isinstance(failed, Certificate), repair


def test_certificate_of_goods_too_late_proposes_another_day(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    certificate = certified(replace(lamp_order, due_on=date(2026, 3, 18)), network, policy)
    assert certificate.best is None
    assert certificate.reason == "no chain makes and moves the goods in time"
    repair = repair_of(certificate, "due_date")
    assert repair.verified
    due = date.fromisoformat(repair.change[-10:])
    later = choose(Situation(replace(lamp_order, due_on=due), network, policy))
    assert isinstance(later, Plan)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"tenor_days": 30}, "lends for 30 days, the order needs 48"),
        ({"currency": "USD"}, "lends in USD, the order is in CNY"),
        ({"buyers": ("Somebody Else",)}, "not open for this buyer"),
        ({"margin_minimum": Fraction(1, 2)}, "margin over the factory's price is below"),
        ({"limit_minor": 0}, "nothing left of its limit"),
    ],
)
def test_certificate_says_why_a_lender_cannot(
    lamp_order: Order, network: Network, policy: Policy, fields: dict[str, object], reason: str
) -> None:
    narrow = only(network, "harbour-order", "pearl-factoring", **fields)
    certificate = choose(Situation(lamp_order, narrow, policy), repairs=False)
    assert isinstance(certificate, Certificate)
    assert any(one.subject == "harbour-order" and reason in one.reason for one in certificate.refusals)
