"""``net forecast``: how late each one will be, from what was known on the day."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.foresee.foreseen import (
    cash_pictures,
    cash_said,
    demand_pictures,
    plain_cash,
    plain_demand,
    plain_scorecard,
    scorecard_pictures,
)
from cli.foresee.simulate import shares
from cli.options import Asked, command, group, parse_date
from cli.screen.output import answer, print_json, table
from cli.screen.picture import ChartOption, HtmlOption, say
from cli.screen.plan_tables import chances_said, plain_chances

if TYPE_CHECKING:
    from rich.console import Console

    from finance.forecast.model import Forecast, LatenessModel

app = group("What will come late, when the money comes, what nobody could make.")


@command(
    app,
    "table",
    example="net forecast table examples/tables/receivables.csv --map examples/maps/receivables.toml"
    " --model late.json --since 2026-01-01",
    streams=True,
)
def forecast_table(
    asked: Asked,
    what: Annotated[Path, typer.Argument(metavar="FILE", help="The table of what is asked about.")],
    map_file: Annotated[Path, typer.Option("--map", metavar="FILE", help="The map of its columns.")],
    model_file: Annotated[Path, typer.Option("--model", metavar="FILE", help="What net learn --out wrote.")],
    history: Annotated[
        list[Path] | None,
        typer.Option("--history", metavar="FILE", help="A table of what came before; may come again."),
    ] = None,
    since: Annotated[
        date | None,
        typer.Option(
            "--since", parser=parse_date, metavar="DATE", help="Only what is asked from this day on."
        ),
    ] = None,
) -> None:
    """Forecast each row of a table as of its own day: P(late), and the day with its bands.

    A forecast rests on the model and on what the rows of the history and of the table itself had shown
    before that day, so rows that are added later change no forecast that was made before.
    """
    from flows.forecast.models import foresee_table, read_model

    model = read_model(model_file)
    found = foresee_table(model, what, map_file, history or [], since)
    plain = [plain_forecast(one) for one in found]
    if asked.jsonl:
        for one in plain:
            print_json({"schema": "net.forecast/1", **one})
        return
    document = {"model": _model(model), "forecasts": plain}
    answer(asked, "forecast-table", document, lambda screen: _render(screen, model, found))


def _model(model: "LatenessModel") -> dict[str, Any]:
    return {
        "subject": model.subject,
        "version": model.version,
        "until": model.until.isoformat(),
        "data_sha256": model.data_digest,
    }


def plain_forecast(one: "Forecast") -> dict[str, Any]:
    """P(late) and the days after the due day at each level, for programs."""
    from datetime import timedelta

    from finance.forecast.bands import LEVELS

    due = one.outcome.due_on
    days = {f"{level:.0%}": extra for level, extra in zip(LEVELS, one.days, strict=True)}
    return {
        "id": one.outcome.id,
        "groups": list(one.outcome.groups),
        "asked_on": one.outcome.asked_on.isoformat(),
        "due_on": due.isoformat(),
        "late_probability": f"{one.late:.6f}",
        "days_late": days,
        "expected_on": (due + timedelta(days=days["50%"])).isoformat(),
        "band_90": [(due + timedelta(days=days[level])).isoformat() for level in ("5%", "95%")],
    }


def _render(screen: "Console", model: "LatenessModel", found: "list[Forecast]") -> None:
    rows = [_row(plain_forecast(one)) for one in found]
    columns = ("id", "of", "asked on", "due on", "P(late)", "50% day", "90% band")
    title = f"{model.subject}, by a model of what was known on {model.until}"
    screen.print(table(title, columns, rows, right="P(late)"))


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    low, high = one["band_90"]
    return (
        one["id"],
        one["groups"][0],
        one["asked_on"],
        one["due_on"],
        f"{float(one['late_probability']):.1%}",
        one["expected_on"],
        f"{low} to {high}",
    )


@command(app, "order", example="net forecast order PO-2026-0017")
def forecast_order(
    asked: Asked, order: Annotated[str, typer.Argument(metavar="ORDER", help="A planned order.")]
) -> None:
    """How late the buyer will pay, and the chance that the plan then needs own cash.

    By the newest model of late payment as of the day, from the buyer's own card. The chances are those that
    the buyer is later than the plan bears: in cash, before recourse, before the profit is gone.
    """
    from flows.forecast.orders import order_chances

    with asked.session() as session:
        placed, plan, chances = order_chances(session, order)
    document = {"order": placed.id, "due_on": plan.buyer[-1].due_on, **plain_chances(chances)}
    said = chances_said(chances, plan)
    answer(asked, "forecast-order", document, lambda screen: screen.print("\n".join(said)))


@command(
    app,
    "cash",
    example="""
    net forecast cash --weeks 17 --on 2026-04-01
    net forecast cash --weeks 17 --on 2026-04-01 --chart --html cash.html
    """,
)
def forecast_cash(
    asked: Asked,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=520, help="How far ahead.")] = 13,
    draw: ChartOption = False,
    html: HtmlOption = None,
) -> None:
    """The cash of all open orders by week: what comes in, what goes out, what the loops hold, with bands.

    Planned is what the books foresee. The bands are for how late the buyers may pay, by the newest model of
    late payment; without one it says so and shows the plan.
    """
    from flows.forecast.cash import cash_by_week

    with asked.session() as session:
        found = cash_by_week(session, weeks)
        on = session.on
    document = {"on": on, "forecasts": [plain_cash(one) for one in found]}
    pictures = [picture for one in found for picture in cash_pictures(one)]
    say(asked, "forecast-cash", document, "Cash by week", cash_said(found), pictures, draw, html)


@command(
    app,
    "demand",
    example="""
    net forecast demand
    net forecast demand --html demand.html
    """,
)
def forecast_demand(
    asked: Asked,
    weeks: Annotated[
        int, typer.Option("--weeks", min=2, max=520, help="How far back the demand a week is looked at.")
    ] = 26,
    draw: ChartOption = False,
    html: HtmlOption = None,
) -> None:
    """What buyers asked for and nobody could make or finance, with the price at which it would have paid.

    Every recorded order without a plan is planned again on what is free; its certificate says why it fails
    and which price would do. Beside it, what is asked for in a week, product by product (TSB).
    """
    from flows.forecast.demand import asked_by_week, by_capability, unmet_orders

    with asked.session() as session:
        unmet = unmet_orders(session)
        rates = asked_by_week(session, weeks)
    groups = by_capability(unmet)
    document = plain_demand(groups, unmet, rates)
    said = [f"{len(unmet)} orders could not be served"]
    say(asked, "forecast-demand", document, "Unmet demand", said, demand_pictures(groups, rates), draw, html)


@command(app, "providers", example="net forecast providers")
def forecast_providers(
    asked: Asked,
    level: Annotated[str, typer.Option("--quantile", help="Days late at this quantile.")] = "90%",
    draw: ChartOption = False,
    html: HtmlOption = None,
) -> None:
    """Each provider's scorecard: how many of its deliveries are known, how many were late, by how many days.

    By the newest model of lead time. [policy] lead_time_quantile = "90%" makes planning count on these days.
    """
    from flows.forecast.orders import scorecards

    with asked.session() as session:
        cards, until = scorecards(session, shares(level, "quantile"))
    document = {
        "quantile": level,
        "model_until": until,
        "providers": [plain_scorecard(one) for one in cards],
    }
    said = [f"by a model of what was known on {until}; days late at the {level} quantile"]
    say(asked, "forecast-providers", document, "Providers", said, scorecard_pictures(cards), draw, html)
