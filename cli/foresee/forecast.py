"""``net forecast``: how late each one will be, from what was known on the day."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, group, parse_date
from cli.screen.output import answer, print_json, table

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
