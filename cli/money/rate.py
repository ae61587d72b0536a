"""``net rate``: exchange rates, each with its day and source."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, DryRunOption, EvidenceOption, command, group
from cli.pages.recorded import document, rows_of
from cli.screen.output import answer, note, table

if TYPE_CHECKING:
    from rich.console import Console

    from flows.settlement.revaluation import RateRecorded

app = group("Exchange rates: record one with its day and source, list them.")


@command(
    app,
    "record",
    example="""
    net rate record EUR CNY 7.8342 --on 2026-04-09 --source ECB
    net rate record EUR CNY 7.8432 --on 2026-04-09 --source ECB --correct --dry-run
    """,
)
def record(
    asked: Asked,
    base: Annotated[str, typer.Argument(metavar="FROM", help="One unit of this currency ...")],
    quoted: Annotated[str, typer.Argument(metavar="TO", help="... is so many of this one.")],
    rate: Annotated[str, typer.Argument(metavar="RATE", help="A plain number, read exactly.")],
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Who published it.")] = "",
    correct: Annotated[
        bool, typer.Option("--correct", help="Put it in the place of the rate that this day has.")
    ] = False,
    evidence: EvidenceOption = "",
    dry_run: DryRunOption = False,
) -> None:
    """Record what one currency was worth in another on a day; it is read both ways round.

    A rate that comes late replays the orders that are concerned: what was valued at an older rate is
    corrected on its own date. No cash moves by a rate.
    """
    from flows.desk.rates import read_rate
    from flows.settlement.revaluation import record_rate

    with asked.session() as session:
        stated = read_rate(base, quoted, rate, session.on, source)
        done = record_rate(session.ledger, stated, correct=correct, evidence=evidence, dry_run=dry_run)
    if done.repeated:
        note("this was recorded before; nothing changed")
    answer(asked, "rate", _document(done), lambda screen: _render(screen, done))


def _document(done: "RateRecorded") -> dict[str, Any]:
    rate, before = done.rate, done.before
    return {
        "from": rate.source,
        "to": rate.target,
        "rate": str(rate.rate),
        "on": rate.on,
        "source": rate.by,
        "before": str(before.rate) if before is not None else None,
        "dry_run": done.dry_run,
        "repeated": done.repeated,
        "orders": [document(one) for one in done.orders],
    }


def _render(screen: "Console", done: "RateRecorded") -> None:
    rate = done.rate
    screen.print(f"{rate.on}: one {rate.source} is {rate.rate} {rate.target} ({rate.by})")
    if done.before is not None:
        screen.print(f"in the place of {done.before.rate} ({done.before.by})")
    for one in done.orders:
        title = f"{one.order}: would be corrected" if done.dry_run else f"{one.order}: corrected"
        columns = ("on", "what", "books of", "account", "debit", "credit")
        screen.print(table(title, columns, rows_of(one), right="debit,credit"))


@command(app, "list", example="net rate list\nnet rate list EUR --json")
def listed(
    asked: Asked,
    currency: Annotated[str, typer.Argument(metavar="[CURRENCY]", help="Only rates of this one.")] = "",
) -> None:
    """List the rates recorded up to --on, newest first; of one day and pair the last word counts."""
    from flows.desk.rates import recorded_rates

    with asked.session() as session:
        known = {(rate.pair, rate.on): rate for rate in recorded_rates(session.ledger)}
        wanted = [
            rate
            for rate in known.values()
            if rate.on <= session.on and (not currency or currency in rate.pair)
        ]
    wanted.sort(key=lambda rate: (rate.on, rate.source, rate.target), reverse=True)
    rows = [(rate.on.isoformat(), rate.source, rate.target, str(rate.rate), rate.by) for rate in wanted]
    names = ("on", "from", "to", "rate", "source")
    answer(
        asked,
        "rates",
        {"rates": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("", names, rows, right="rate")),
    )
