"""Other terms of the worked example, and terms it does not have: each figure from the design or by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.dates import DayCount
from domain.errors import RefusedError
from domain.money import parse_minor
from domain.network import (
    AdvanceBase,
    DrawRule,
    ExchangeRate,
    FinanceProduct,
    Network,
    Participation,
    Policy,
    Role,
    Stress,
    Technique,
    TermOption,
)
from domain.order import Order
from domain.plan import Certificate, Plan
from domain.terms import Event, Fee, FeeBasis, PaymentTerm, Price, SalesTax, Step
from routing.offers.situation import Situation
from routing.plans.choose import choose


def cny(text: str) -> int:
    return parse_minor(text, "CNY")


def planned(order: Order, network: Network, policy: Policy) -> Plan:
    found = choose(Situation(order, network, policy))
    assert isinstance(found, Plan), found
    return found


def with_product(network: Network, name: str, **fields: object) -> Network:
    products = tuple(replace(one, **fields) if one.id == name else one for one in network.products)
    return replace(network, products=products)


def with_provider(network: Network, name: str, **fields: object) -> Network:
    providers = tuple(replace(one, **fields) if one.id == name else one for one in network.providers)
    return replace(network, providers=providers)


def only(network: Network, *names: str) -> Network:
    return replace(network, products=tuple(one for one in network.products if one.id in names))


def example(network: Network) -> Network:
    return only(network, "harbour-order", "pearl-factoring")


def test_stepped_price_leaves_what_the_design_says(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    steps = Price(steps=(Step(30, Fraction(3, 100)), Step(10, Fraction(1, 100))))
    stepped = with_product(example(network), "harbour-order", price=steps, fees=())
    plan = planned(lamp_order, stepped, policy)
    order = plan.facility(Role.PRE_SHIPMENT)
    assert order is not None
    assert order.cost_minor == cny("31075.80")
    assert (plan.minimum_minor, plan.minimum_on) == (cny("886.20"), date(2026, 5, 15))
    assert order.headline == "3% per 30 d, then 1% per 10 d"


def test_buyer_45_days_late_with_the_tranche_of_the_design(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    promised = with_product(
        only(network, "harbour-order", "pearl-factoring", "harbour-standby"),
        "harbour-standby",
        committed=True,
        available_from=Event.DELIVERY,
    )
    late = replace(policy, stresses=(Stress("45 days late", buyer_late_days=45, must_pass=True),))
    plan = planned(lamp_order, promised, late)
    assert plan.profit_minor == cny("140388.71")
    assert plan.stresses[0].passed
    assert plan.stresses[0].profit_minor == cny("121644.76")
    assert plan.facility(Role.CONTINGENCY) is not None
    assert plan.headroom.liquidity_days is None or plan.headroom.liquidity_days > 45


def test_policy_that_no_plan_meets_is_a_certificate(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    strict = replace(policy, stresses=(Stress("15 days late", buyer_late_days=15, must_pass=True),))
    found = choose(Situation(lamp_order, network, strict), repairs=False)
    assert isinstance(found, Certificate)
    assert "under '15 days late'" in found.reason
    assert (found.gap_minor, found.gap_on) == (cny("934.14"), date(2026, 6, 29))
    seven = replace(policy, stresses=(Stress("7 days late", buyer_late_days=7, must_pass=True),))
    assert planned(lamp_order, network, seven).profit_minor == cny("140388.71")


def test_price_of_another_day_count(lamp_order: Order, network: Network, policy: Policy) -> None:
    """14.4% on 266,368.28 for 48 days and on 606,460.00 for 13: over 365, and as months of 30 days."""
    for rule, first, second in (
        (DayCount.ACT_365F, "5044.21", "3110.39"),
        (DayCount.THIRTY_360, "5007.72", "3153.59"),
    ):
        price = Price(Fraction(144, 1000), rule)
        plan = planned(lamp_order, with_product(example(network), "harbour-order", price=price), policy)
        order = plan.facility(Role.PRE_SHIPMENT)
        assert order is not None
        assert order.interest_minor == cny(first) + cny(second)


def test_fees_on_draws_and_in_cash_are_paid_to_the_cent(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    fee = Fee("draw fee", FeeBasis.DRAW, Fraction(1, 100))
    plan = planned(lamp_order, with_product(example(network), "harbour-order", fees=(fee,)), policy)
    order = plan.facility(Role.PRE_SHIPMENT)
    assert order is not None
    assert [draw.principal_minor for draw in order.draws] == [cny("260242.42"), cny("612585.86")]
    assert sum(one.amount_minor for one in order.fees) == cny("2602.42") + cny("6125.86")


def test_tax_on_the_price_of_money_is_a_cost(lamp_order: Order, network: Network, policy: Policy) -> None:
    taxed = with_product(example(network), "pearl-factoring", tax_rate=Fraction(6, 100))
    plan = planned(lamp_order, taxed, policy)
    factor = plan.facility(Role.TAKE_OUT)
    assert factor is not None
    assert factor.tax_minor == cny("1461.43")  # 6% of 24,357.15
    assert plan.profit_minor == cny("140388.71") - cny("1461.43")
    assert sum(each.amount_minor for each in plan.earnings) == plan.net_minor


def test_input_tax_that_cannot_be_recovered_is_a_cost(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    """The warehouse's 900 more: 900 lost, 900 more payable, 12% surcharge on it."""
    closed = with_provider(example(network), "nansha-store", tax_recoverable=False)
    plan = planned(lamp_order, closed, policy)
    assert plan.output_tax_due_minor == cny("28050.00")
    assert plan.surcharge_minor == cny("3366.00")
    assert plan.unlevered_profit_minor == cny("181742.00") - cny("1008.00")


def test_input_tax_beyond_output_is_a_credit_not_cash(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    line = replace(lamp_order.lines[0], tax_rate=Fraction(8, 100))
    wide = with_product(with_product(network, "pearl-factoring", advance_rate=Fraction(95, 100)),
                        "harbour-order", advance_rate=Fraction(1))  # fmt: skip
    plan = planned(replace(lamp_order, lines=(line,)), example(wide), policy)
    assert plan.output_tax_due_minor == 0
    assert plan.surcharge_minor == 0
    assert plan.tax_credit_minor == cny("102850.00") - cny("80000.00")
    assert plan.flows[-1].balance_minor == plan.profit_minor - plan.tax_credit_minor


def test_tax_falls_due_by_the_rule_of_the_country(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    quarterly = SalesTax("CN", due_day=20, months_after=1, period_months=3)
    plan = planned(lamp_order, replace(example(network), taxes=(quarterly,)), policy)
    paid = [flow.on for flow in plan.flows if flow.kind.value == "tax"]
    assert paid == [date(2026, 7, 20)]
    assert plan.surcharge_minor == 0


def test_deposit_and_month_end_terms_of_the_buyer(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    payment = (
        PaymentTerm(Fraction(1, 5), Event.ORDER),
        PaymentTerm(Fraction(4, 5), Event.INVOICE, 30, month_end=True),
    )
    plan = planned(replace(lamp_order, payment=payment), example(network), policy)
    assert [(part.due_on, part.amount_minor) for part in plan.buyer] == [
        (date(2026, 3, 2), cny("226000.00")),
        (date(2026, 6, 1), cny("904000.00")),  # 04-30 and 30 days is a Saturday
    ]
    order, factor = plan.facility(Role.PRE_SHIPMENT), plan.facility(Role.TAKE_OUT)
    assert order is not None
    assert factor is not None
    assert order.draws[0].cash_minor == cny("257640.00") - cny("226000.00")
    assert factor.limit_minor == cny("768400.00")  # 85% of what the invoice still asks


def test_provider_credit_is_taken_where_it_earns(lamp_order: Order, network: Network, policy: Policy) -> None:
    """Net 60 for 0.1% more turns plan A into a plan."""
    option = TermOption("net 60", (PaymentTerm(Fraction(1), Event.SERVICE_END, 60),), Fraction(1, 1000))
    plan_a = with_provider(
        example(network),
        "nansha-store",
        payment=(PaymentTerm(Fraction(1), Event.SERVICE_END, 30),),
        options=(option,),
    )
    plan = planned(lamp_order, plan_a, policy)
    store = next(leg for leg in plan.legs if leg.provider == "nansha-store")
    assert (store.option, store.net_minor) == ("net 60", cny("15015.00"))


def test_provider_in_another_currency_is_bought_with_a_haircut(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    firm = network.provider("south-inspection")
    assert firm is not None
    assert firm.service is not None
    dollars = replace(firm.service, fixed_minor=200_00, per_unit=Decimal("0.03"))
    abroad = with_provider(example(network), "south-inspection", currency="USD", service=dollars)
    rate = ExchangeRate("USD", "CNY", Decimal("7.10"), Fraction(2, 100))
    local = tuple(one for one in abroad.providers if one.id != "eastern-survey")
    plan = planned(lamp_order, replace(abroad, providers=local, rates=(rate,)), policy)
    leg = next(one for one in plan.legs if one.kind == "inspection")
    assert (leg.currency, leg.price_minor) == ("USD", 500_00)
    # bought with the haircut: 530 x 7.10 x 1.02 = 3,838.26; the tax is what the rate makes of 30: 213.00
    assert leg.gross_minor == cny("3838.26")
    assert (leg.net_minor, leg.tax_minor) == (cny("3625.26"), cny("213.00"))
    refused = choose(Situation(lamp_order, replace(abroad, providers=local), policy), repairs=False)
    assert isinstance(refused, Certificate)
    assert any("no exchange rate" in one.reason for one in refused.refusals)


def guarantee() -> FinanceProduct:
    return FinanceProduct(
        "harbour-guarantee", "harbour", "Payment guarantee", Role.GUARANTEE, Technique.GUARANTEE, "CNY",
        AdvanceBase.COST, Fraction(1), DrawRule.FULL, Price(Fraction(2, 100)),
    )  # fmt: skip


def test_guarantee_defers_the_factory_for_its_price(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    """With a guarantee the factory waits until 10 days after delivery: 2% on 858,800 for 56 days."""
    waiting = with_provider(
        only(network, "pearl-factoring"),
        "zhongshan-lamps",
        guaranteed_payment=(PaymentTerm(Fraction(1), Event.DELIVERY, 10),),
    )
    inspected = with_provider(
        waiting, "south-inspection", payment=(PaymentTerm(Fraction(1), Event.DELIVERY, 10),)
    )
    assert isinstance(choose(Situation(lamp_order, inspected, policy), repairs=False), Certificate)
    promised = replace(inspected, products=(*inspected.products, guarantee()))
    plan = planned(lamp_order, promised, policy)
    held = plan.facility(Role.GUARANTEE)
    assert held is not None
    assert held.limit_minor == cny("858800.00")
    assert held.draws == ()
    assert held.cost_minor == cny("2671.82")
    assert [part.due_on for part in plan.legs[0].schedule] == [date(2026, 4, 30)]
    assert sum(each.amount_minor for each in plan.earnings) == plan.net_minor


def test_facility_of_several_lenders_is_split_by_largest_remainder(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    parts = (Participation("harbour", Fraction(3, 5)), Participation("delta", Fraction(2, 5)))
    plan = planned(lamp_order, with_product(example(network), "harbour-order", participations=parts), policy)
    order = plan.facility(Role.PRE_SHIPMENT)
    assert order is not None
    assert [(one.lender, one.amount_minor) for one in order.shares] == [
        ("harbour", cny("523696.97")),
        ("delta", cny("349131.31")),
    ]
    earned = {each.party: each.amount_minor for each in plan.earnings}
    assert earned["lender:harbour"] + earned["lender:delta"] == cny("16996.14")


def test_free_capacity_and_free_credit_bound_the_plan(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    class Busy:
        """One factory line half taken, one lender's group used up to what is given."""

        def __init__(self, credit: int) -> None:
            self.credit = credit

        def free_units(self, provider: str, resource: str, day: date, capacity: int) -> int:  # noqa: ARG002
            return capacity // 2 if (provider, resource) == ("zhongshan-lamps", "desk-lamp") else capacity

        def free_credit(self, group: str, limit_minor: int) -> int:
            return min(self.credit, limit_minor) if group == "harbour-orders" else limit_minor

        def version(self) -> str:
            return "1"

    busy = Situation(lamp_order, example(network), policy, None, Busy(10**12))
    assert isinstance(choose(busy, repairs=False), Certificate)
    later = replace(lamp_order, due_on=date(2026, 6, 1))
    plan = choose(Situation(later, example(network), policy, None, Busy(10**12)))
    assert isinstance(plan, Plan)
    made = plan.legs[0].slots
    assert (len(made), max(slot.quantity for slot in made)) == (40, 250)
    short = choose(Situation(later, example(network), policy, None, Busy(100_00)), repairs=False)
    assert isinstance(short, Certificate)


def test_provider_without_terms_is_paid_when_its_part_ends(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    plan = planned(lamp_order, with_provider(example(network), "south-inspection", payment=()), policy)
    leg = next(one for one in plan.legs if one.kind == "inspection")
    assert [(part.event, part.due_on) for part in leg.schedule] == [(Event.SERVICE_END, date(2026, 4, 9))]


def test_policy_is_met_by_the_smallest_repair(lamp_order: Order, network: Network, policy: Policy) -> None:
    strict = replace(policy, stresses=(Stress("15 days late", buyer_late_days=15, must_pass=True),))
    found = choose(Situation(lamp_order, example(network), strict))
    assert isinstance(found, Certificate)
    assert "contingency=934.14" in [one.change for one in found.repairs]
    assert all(one.verified for one in found.repairs)


def test_network_and_terms_that_contradict_themselves_are_refused(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    with pytest.raises(RefusedError, match="negative price"):
        choose(Situation(lamp_order, with_provider(network, "nansha-store", tax_rate=Fraction(-1)), policy))
    waiting = replace(lamp_order, payment=(PaymentTerm(Fraction(1), Event.FUNDING, 5),))
    with pytest.raises(RefusedError, match="cyclic terms"):
        choose(Situation(waiting, network, policy))


def test_share_of_the_value_and_fixed_fee_meet_the_orders_currency(
    lamp_order: Order, network: Network, policy: Policy
) -> None:
    """Half a percent of the order is 5,000 CNY in whatever currency the inspector bills."""
    firm = network.provider("south-inspection")
    assert firm is not None
    assert firm.service is not None
    share = replace(firm.service, fixed_minor=0, per_unit=Decimal(0), share_of_net=Fraction(1, 200))
    abroad = with_provider(example(network), "south-inspection", currency="USD", service=share)
    local = tuple(one for one in abroad.providers if one.id != "eastern-survey")
    rate = ExchangeRate("USD", "CNY", Decimal("7.10"))
    plan = planned(lamp_order, replace(abroad, providers=local, rates=(rate,)), policy)
    leg = next(one for one in plan.legs if one.kind == "inspection")
    assert (leg.price_minor, leg.net_minor) == (704_23, cny("5000.03"))  # 704.23 x 7.10

    fee = replace(network.fee, rate=Fraction(0), fixed_minor=100_00)
    dollars = replace(example(network), currency="USD", fee=fee, rates=(rate,))
    dollars = replace(
        dollars,
        providers=tuple(replace(one, currency="CNY") for one in dollars.providers),
    )
    assert planned(lamp_order, dollars, policy).network_fee_minor == cny("710.00")
    with pytest.raises(RefusedError, match="no exchange rate"):
        choose(Situation(lamp_order, replace(dollars, rates=()), policy))
