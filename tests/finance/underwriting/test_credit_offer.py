"""The lender's arithmetic of the worked example, and a reason with a way out for every no."""

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from finance.underwriting.credit_offer import (
    Grade,
    Reason,
    Request,
    Rules,
    floor_minor,
    percent,
    rules_of,
    score_of,
    underwrite,
    yearly,
)

RULES = rules_of(
    {
        "lgd": "45%",
        "cost_of_funds": "3%",
        "margin": "2%",
        "operating_cost_minor": 150_000,
        "cover_minimum": "1.05",
        "order_margin_minimum": "15%",
        "headroom_minimum_days": 5,
        "novelty_maximum": 2,
        "deposit_maximum": "30%",
    },
    10_000_000_00,
)
REQUEST = Request(
    "o1",
    "CNY",
    96_050_000,
    61,
    2_435_715,
    dict.fromkeys(("buyer", "order", "providers", "controls", "trader"), Fraction(7, 10)),
    cover=Fraction("1.0824"),
    order_margin=Fraction("0.185"),
    headroom_days=7,
    concentrations=(
        ("buyer", "meridian"),
        ("trader", "lantern"),
        ("provider", "works"),
        ("group", "m group"),
    ),
)
RULES_ROOMY = replace(RULES, limits={"buyer": Fraction(1, 2), "trader": Fraction(1, 2), "pool": Fraction(1)})


def test_price_floor_of_the_worked_example() -> None:
    """1.5% and 45%: expected loss 1,090.35, floor 10,727.92 = 6.59% a year, surplus 13,629.23."""
    offer = underwrite("meridian", RULES_ROOMY, REQUEST)
    assert offer.approved
    assert (offer.grade, offer.pd_annual) == ("B", Fraction("0.015"))
    assert offer.expected_loss_minor == 109_035
    assert offer.floor_minor == 1_072_792
    assert percent(offer.floor_rate) == "6.59%"
    assert offer.surplus_minor == 1_362_923


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"stops": {"buyer_unconfirmed": "the buyer has not confirmed"}}, "buyer_unconfirmed"),
        ({"stops": {"financed_elsewhere": "financed as o7"}}, "financed_elsewhere"),
        ({"cover": Fraction("0.99")}, "cover"),
        ({"order_margin": Fraction("0.10")}, "margin"),
        ({"headroom_days": 4}, "headroom"),
        ({"novelty": 3}, "novelty"),
        ({"unguaranteed_deposit": Fraction("0.5")}, "deposit"),
        ({"marks": {}}, "score"),
        ({"charged_minor": 1_072_791}, "price"),
        ({"exposures": {("buyer", "meridian"): 45_000_000_00}}, "limit_buyer"),
        ({"exposures": {("trader", "lantern"): 45_000_000_00}}, "limit_trader"),
        ({"exposures": {("pool", "pool"): 95_000_000_00}}, "limit_pool"),
    ],
)
def test_every_refusal_has_its_reason_and_its_remedy(change: dict[str, object], code: str) -> None:
    rules = replace(RULES_ROOMY, pool_minor=10_000_000_00)
    offer = underwrite("meridian", rules, replace(REQUEST, **change))  # type: ignore[arg-type]
    assert code in [reason.code for reason in offer.reasons]
    assert all(reason.text and reason.remedy for reason in offer.reasons)


def test_no_reason_is_given_at_the_edge_of_every_rule() -> None:
    edge = replace(
        REQUEST,
        cover=Fraction("1.05"),
        order_margin=Fraction("0.15"),
        headroom_days=5,
        novelty=2,
        unguaranteed_deposit=Fraction("0.3"),
        charged_minor=1_072_792,
    )
    assert underwrite("meridian", RULES_ROOMY, edge).reasons == ()


def test_usual_limits_stop_one_buyer_at_a_tenth_of_the_pool() -> None:
    within = replace(REQUEST, amount_minor=50_000_00, charged_minor=500_000_00)
    assert underwrite("m", RULES, within).approved
    beyond = replace(within, exposures={("buyer", "meridian"): 960_000_00})
    assert [reason.code for reason in underwrite("m", RULES, beyond).reasons] == ["limit_buyer"]


def test_score_is_the_weighted_mean_and_bounded() -> None:
    rules = Rules(weights={"buyer": 3, "order": 1})
    assert score_of(rules, {"buyer": Fraction(1)}) == 75
    assert score_of(rules, {"buyer": Fraction(9), "order": Fraction(-1)}) == 75


def test_a_lender_without_rules_stops_nothing() -> None:
    offer = underwrite("open", rules_of({}, None), replace(REQUEST, marks={}, charged_minor=0))
    assert offer.approved


def test_grades_are_data() -> None:
    rules = rules_of(
        {"grades": [{"grade": "good", "score": 60, "pd": "1%"}, {"grade": "rest", "score": 0, "pd": "9%"}]},
        None,
    )
    assert rules.grades == (Grade("good", 60, Fraction("0.01")), Grade("rest", 0, Fraction("0.09")))


def test_floor_counts_funds_loss_and_work() -> None:
    rules = Rules(cost_of_funds=Fraction("0.04"), margin=Fraction("0.01"), operating_cost_minor=7)
    assert floor_minor(rules, 36_000, 36, 10) == 180 + 10 + 7
    assert yearly(180, 36_000, 36) == Fraction("0.05")


rates = st.fractions(0, 1, max_denominator=997)
PARTS = ("buyer", "order", "providers", "controls", "trader")


def number_in(text: str, before: str) -> Fraction:
    """The number that stands right before or after the words, as a person reads it."""
    found = re.search(rf"([\d.,]+)%?{before}", text)
    assert found, text
    return Fraction(found[1].replace(",", ""))


def doing_as_told(reason: Reason, rules: Rules, request: Request) -> Request:
    """The request with exactly the change that the reason names."""
    if reason.code in request.stops:
        return replace(request, stops={k: v for k, v in request.stops.items() if k != reason.code})
    if reason.code == "cover":
        return replace(request, cover=number_in(reason.text, " is asked"))
    if reason.code == "margin":
        return replace(request, order_margin=number_in(reason.text, " is asked") / 100)
    if reason.code == "headroom":
        return replace(request, headroom_days=int(number_in(reason.text, " are asked")))
    if reason.code == "novelty":
        found = re.search(r"at most (\d+)", reason.remedy)
        assert found
        return replace(request, novelty=int(found[1]))
    if reason.code == "deposit":
        return replace(request, unguaranteed_deposit=number_in(reason.remedy, ", or") / 100)
    if reason.code == "price":
        extra = number_in(reason.remedy, " a year") / 100 * request.amount_minor * request.days / 360
        fee = int(reason.remedy.rpartition(" ")[2].replace(",", "").replace(".", ""))
        assert underwrite_codes(rules, replace(request, charged_minor=request.charged_minor + fee - 1)) >= {
            "price"
        }
        assert "price" not in underwrite_codes(
            rules, replace(request, charged_minor=request.charged_minor + fee)
        )
        return replace(request, charged_minor=request.charged_minor + int(extra))
    if reason.code == "score":
        raised = re.findall(r"(\w+) at ([\d.]+) instead", reason.remedy)
        assert raised
        return replace(request, marks={**request.marks, **{part: Fraction(mark) for part, mark in raised}})
    assert reason.code.startswith("limit_")
    repaid = re.match(r"([\d.,]+) of it repaid first", reason.remedy)
    if repaid:
        by = int(repaid[1].replace(",", "").replace(".", ""))
        return replace(request, exposures={place: out - by for place, out in request.exposures.items()})
    found = re.search(r"at most ([\d.,]+)", reason.remedy)
    assert found
    free = int(found[1].replace(",", "").replace(".", ""))
    assert reason.code in underwrite_codes(rules, replace(request, amount_minor=free + 1))
    return replace(request, amount_minor=free)


def underwrite_codes(rules: Rules, request: Request) -> set[str]:
    return {reason.code for reason in underwrite("a", rules, request).reasons}


@given(
    st.fixed_dictionaries(dict.fromkeys(PARTS, rates)),
    rates,
    rates,
    rates,
    st.integers(0, 400),
    st.integers(0, 4),
    st.integers(1, 10**9),
    st.integers(1, 400),
    st.integers(0, 10**7),
    st.integers(0, 10**10),
    st.booleans(),
    st.fixed_dictionaries(dict.fromkeys(("cover", "margin", "deposit"), rates)),
    st.integers(0, 100),
)
@settings(max_examples=200, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_doing_what_a_refusal_says_removes_its_reason(
    marks: dict[str, Fraction],
    cover: Fraction,
    margin: Fraction,
    deposit: Fraction,
    headroom: int,
    novelty: int,
    amount: int,
    days: int,
    charged: int,
    out: int,
    stopped: bool,
    wanted: dict[str, Fraction],
    score: int,
) -> None:
    """Whatever the rules and the deal: each reason names a change, and that very change is enough."""
    rules = replace(
        RULES,
        score_minimum=score,
        cover_minimum=wanted["cover"],
        order_margin_minimum=wanted["margin"],
        deposit_maximum=wanted["deposit"],
        headroom_minimum_days=200,
        limits=dict.fromkeys(("buyer", "provider", "trader", "group", "pool"), Fraction(1, 7)),
    )
    request = replace(
        REQUEST,
        amount_minor=amount,
        days=days,
        charged_minor=charged,
        marks=marks,
        cover=cover,
        order_margin=margin,
        headroom_days=headroom,
        novelty=novelty,
        unguaranteed_deposit=deposit,
        exposures={("buyer", "meridian"): out, ("pool", "pool"): out},
        stops={"buyer_unconfirmed": "not yet", "plan": "no"} if stopped else {},
    )
    for reason in underwrite("a", rules, request).reasons:
        assert reason.text
        changed = doing_as_told(reason, rules, request)
        assert reason.code not in underwrite_codes(rules, changed), (reason, changed)


def test_a_forecast_asked_for_by_name_is_bounded_and_unknown_is_too_much() -> None:
    rules = replace(
        RULES_ROOMY, forecast_maximum={"late-payment": Fraction(2, 5), "own-cash": Fraction(1, 20)}
    )
    unknown = underwrite("meridian", rules, REQUEST)
    codes = [reason.code for reason in unknown.reasons]
    assert [code for code in codes if code.startswith("forecast")] == [
        "forecast_late-payment", "forecast_own-cash",
    ]  # fmt: skip
    assert all("net learn late-payment" in one.remedy for one in unknown.reasons if "forecast" in one.code)
    seen = replace(REQUEST, forecasts={"late-payment": Fraction(2, 5), "own-cash": Fraction("0.0501")})
    (over,) = [one for one in underwrite("meridian", rules, seen).reasons if "forecast" in one.code]
    assert over.text == "the forecast of own-cash is 5.01%; at most 5.00% is borne"


def test_the_price_bears_the_days_that_the_buyer_is_expected_to_be_late() -> None:
    on_time = underwrite("meridian", RULES_ROOMY, REQUEST)
    late = underwrite("meridian", RULES_ROOMY, replace(REQUEST, late_days=20))
    longer = underwrite("meridian", RULES_ROOMY, replace(REQUEST, days=REQUEST.days + 20))
    assert on_time.floor_minor < late.floor_minor == longer.floor_minor
    assert late.expected_loss_minor == longer.expected_loss_minor
    assert underwrite("meridian", RULES_ROOMY, replace(REQUEST, late_days=-5)) == on_time


def test_rules_read_their_forecasts() -> None:
    rules = rules_of({"forecast_maximum": {"late-payment": "40%"}, "late_days_at": "50%"}, None)
    assert rules.forecast_maximum == {"late-payment": Fraction(2, 5)}
    assert rules.late_days_at == Fraction(1, 2)
    assert rules_of({"lgd": "45%"}, None).late_days_at is None
