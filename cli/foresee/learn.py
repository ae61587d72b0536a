"""``net learn``: a model of late payment or of lead time, from a table or from the ledger's own orders."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Asked, command, parse_date, single
from cli.screen.output import answer, note, table

if TYPE_CHECKING:
    from rich.console import Console

    from finance.forecast.model import LatenessModel

app = single()

TablesOption = Annotated[
    list[Path] | None, typer.Option("--table", metavar="FILE", help="A table of outcomes; may come again.")
]
MapOption = Annotated[
    Path | None, typer.Option("--map", metavar="FILE", help="The map of the table's columns.")
]
UntilOption = Annotated[
    date | None,
    typer.Option(
        "--until",
        parser=parse_date,
        metavar="DATE",
        help="Learn from what was known at the end of this day only.",
    ),
]


@command(
    app,
    "learn",
    example="""
    net learn late-payment --table examples/tables/receivables.csv --map examples/maps/receivables.toml
    net learn lead-time --until 2026-06-30
    """,
)
def learn(
    asked: Asked,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="late-payment or lead-time.")],
    tables: TablesOption = None,
    map_file: MapOption = None,
    until: UntilOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the model to a file instead.")
    ] = None,
) -> None:
    """Learn how late the buyers pay, or how late the providers are, and say how well that works.

    Without a table it learns from the ledger's own orders. The model is fitted on the earlier part and
    measured on the later 30%, beside the named baseline: the group's own running rate. It is kept as a
    record with the fingerprint of its data; --out writes it to a file instead. Below 50 outcomes it refuses
    and says the baseline.
    """
    from domain.errors import UsageError
    from flows.forecast.models import keep, learn_from_ledger, learn_from_table, write_model
    from flows.forecast.outcomes import SUBJECTS

    if subject not in SUBJECTS:
        raise UsageError(f"{subject!r} cannot be learned", f"one of: {', '.join(SUBJECTS)}")
    if tables and map_file is None:
        raise UsageError("a table needs its map", "name it with --map FILE")
    with asked.session() as session:
        if tables and map_file is not None:
            learned = learn_from_table(subject, tables, map_file, until)
        else:
            learned = learn_from_ledger(session, subject, until)
        if out is not None:
            write_model(learned, out)
            note(f"wrote {out}")
        else:
            keep(session, learned)
    document = {"key": "" if out is not None else learned.key, "model": learned.record}
    answer(asked, "learn", document, lambda screen: render_model(screen, learned.model))


def render_model(screen: "Console", model: "LatenessModel") -> None:
    """What it was learned from, and what it reaches beside the baseline on what came later."""
    screen.print(f"{model.subject}: {model.known:,} of {model.outcomes:,} outcomes known by {model.until}")
    screen.print(f"{model.late_share:.1%} late; fingerprint of the data {model.data_digest[:16]}")
    screen.print(f"model: {model.method}, version {model.version}; baseline: {model.baseline_name}")
    screen.print()
    title = (
        f"Measured on the {model.tested:,} outcomes from {model.tested_from} on, learned from earlier ones"
    )
    columns = ("", "model", "baseline", "ratio")
    screen.print(table(title, columns, list(_rows(model)), right="model, baseline, ratio"))


WORDS = {
    "brier": "Brier score of P(late), 0 best",
    "auc": "area under the curve, 1 best",
    "pinball_90": "pinball loss of the 90% day",
    "coverage_90": "inside the 90% band",
    "coverage_80": "inside the 80% band",
    "coverage_50": "inside the 50% band",
    "days_mae": "days off, on average",
}


def _rows(model: "LatenessModel") -> list[tuple[str, str, str, str]]:
    found = []
    for name, words in WORDS.items():
        mine, theirs = model.metrics.get(name), model.baseline.get(name)
        if mine is None:
            continue
        ratio = f"{mine / theirs:.3f}" if theirs else ""
        found.append((words, f"{mine:.4f}", "" if theirs is None else f"{theirs:.4f}", ratio))
    return found
