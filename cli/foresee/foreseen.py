"""How forecasts read: cash by week, unmet demand, providers' scorecards."""

from typing import TYPE_CHECKING, Any

from cli.screen.output import amount
from cli.screen.picture import Bar, Bars, Grid, Lines, Picture
from domain.money import exponent_of, format_minor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.forecast.cash import CashForecast
    from flows.forecast.demand import UnmetDemand, UnmetOrder
    from flows.forecast.orders import Scorecard


def plain_cash(one: "CashForecast") -> dict[str, Any]:
    def told(minor: int) -> str:
        return format_minor(minor, one.currency)

    return {
        "currency": one.currency,
        "orders": list(one.orders),
        "opening": told(one.opening_minor),
        "model_until": one.model_until,
        "data_sha256": one.data_digest,
        "weeks": [
            {
                "first": week.first,
                "in": told(week.in_minor),
                "out": told(week.out_minor),
                "balance": told(week.balance_minor),
                "balance_5": told(week.low_minor),
                "balance_50": told(week.middle_minor),
                "balance_95": told(week.high_minor),
            }
            for week in one.weeks
        ],
    }


def cash_said(found: "Sequence[CashForecast]") -> list[str]:
    if not found:
        return ["no order is under way"]
    said = []
    for one in found:
        by = (
            f"bands by a model of what was known on {one.model_until}"
            if one.model_until
            else "as planned: no model of late payment was learned (net learn late-payment)"
        )
        opening = amount(one.opening_minor, one.currency)
        said.append(f"{one.currency}: {len(one.orders)} under way, {opening} in their loops; {by}")
    return said


def cash_pictures(one: "CashForecast") -> "list[Picture]":
    scale = 10 ** exponent_of(one.currency)
    rows = tuple(
        (
            str(week.first),
            *(
                amount(minor, one.currency)
                for minor in (
                    week.in_minor,
                    week.out_minor,
                    week.balance_minor,
                    week.low_minor,
                    week.middle_minor,
                    week.high_minor,
                )
            ),
        )
        for week in one.weeks
    )
    columns = ("week from", "in", "out", "balance", "5%", "50%", "95%")
    lines = {
        "planned": tuple(week.balance_minor / scale for week in one.weeks),
        "5%": tuple(week.low_minor / scale for week in one.weeks),
        "95%": tuple(week.high_minor / scale for week in one.weeks),
    }
    places = tuple(f"{week.first:%m-%d}" for week in one.weeks)
    title = f"Balance of the loops by week, {one.currency}"
    return [
        Grid(f"Cash by week, {one.currency}", columns, rows, (1, 2, 3, 4, 5, 6)),
        Lines(title, places, lines, ("5%", "95%")),
    ]


def plain_demand(
    groups: "Sequence[UnmetDemand]", orders: "Sequence[UnmetOrder]", rates: "Mapping[str, float]"
) -> dict[str, Any]:
    def money(minor: int | None, currency: str) -> str | None:
        return None if minor is None else format_minor(minor, currency)

    return {
        "capabilities": [
            {
                "capability": one.capability,
                "month": one.month,
                "reason": one.reason,
                "orders": one.orders,
                "units": str(one.units),
                "offered_unit_price": money(one.unit_price_minor, one.currency),
                "price_would_help": one.helped,
                "short": money(one.short_minor, one.currency),
                "currency": one.currency,
            }
            for one in groups
        ],
        "orders": [
            {
                "order": one.order,
                "on": one.on,
                "buyer": one.buyer,
                "products": list(one.products),
                "units": str(one.units),
                "pays": money(one.pays_minor, one.currency),
                "would_pay_at": money(one.needs_minor, one.currency),
                "reason": one.reason,
                "why": one.why,
            }
            for one in orders
        ],
        "asked_a_week": [{"product": name, "units": f"{rate:.2f}"} for name, rate in rates.items()],
    }


def demand_pictures(groups: "Sequence[UnmetDemand]", rates: "Mapping[str, float]") -> "list[Picture]":
    columns = (
        "capability",
        "month",
        "why",
        "orders",
        "units",
        "offered a unit",
        "short of a price that pays",
    )
    rows = tuple(
        (
            one.capability,
            one.month,
            one.reason,
            str(one.orders),
            f"{one.units:f}",
            f"{amount(one.unit_price_minor, one.currency)} {one.currency}",
            f"{amount(one.short_minor, one.currency)} {one.currency}" if one.helped else "no price helps",
        )
        for one in groups
    )
    bars = tuple(Bar(f"{one.capability} {one.month}", float(one.units), f"{one.units:f}") for one in groups)
    weekly = tuple((name, f"{rate:,.1f}") for name, rate in rates.items())
    return [
        Grid("What nobody could make or finance", columns, rows, (3, 4, 5, 6)),
        Bars("Units not served", bars),
        Grid("Asked for in a week", ("product", "units a week"), weekly, (1,)),
    ]


def plain_scorecard(one: "Scorecard") -> dict[str, Any]:
    return {
        "provider": one.provider,
        "known": one.known,
        "late": one.late,
        "on_time_least": f"{one.on_time_least:.4f}",
        "late_probability": f"{one.late_probability:.4f}",
        "days_late": one.days_late,
    }


def scorecard_pictures(cards: "Sequence[Scorecard]") -> "list[Picture]":
    columns = ("provider", "known", "late", "on time at least", "P(late)", "days late")
    rows = tuple(
        (
            one.provider,
            str(one.known),
            str(one.late),
            f"{one.on_time_least:.1%}",
            f"{one.late_probability:.1%}",
            str(one.days_late),
        )
        for one in cards
    )
    bars = tuple(
        Bar(one.provider, one.on_time_least, f"{one.on_time_least:.1%} of {one.known}") for one in cards
    )
    return [
        Grid("Scorecards", columns, rows, (1, 2, 3, 4, 5)),
        Bars("On time at least (95% sure)", bars),
    ]
