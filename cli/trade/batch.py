"""``net batch``: thousands of orders the whole way."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, group
from cli.screen.output import amount, console, note, print_json, progress, table
from domain.errors import BatchRefusedError
from domain.money import format_minor

if TYPE_CHECKING:
    from flows.desk.session import Session
    from flows.many.batch import Done, Summary

app = group("Take thousands of orders the whole way; go on after any interruption.")

MOST_WORKERS = 8
UNTIL = ("reserved", "settled")


@command(
    app,
    "run",
    streams=True,
    example="""
    net batch run examples/three-orders.csv
    net batch run examples/orders.jsonl --until settled --jsonl > done.jsonl
    net batch run examples/three-orders.csv --workers 2 --group 50
    """,
)
def run(
    asked: Asked,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Orders: CSV, JSON Lines, JSON, TOML, XML.")],
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="MAP", help="How the columns of another table are read.")
    ] = None,
    until: Annotated[
        str, typer.Option("--until", metavar="STEP", help="reserved, or settled (practice ledgers only).")
    ] = "reserved",
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Processes; as many as there are cores if 0.")
    ] = min(os.cpu_count() or 1, MOST_WORKERS),
    commit: Annotated[
        int, typer.Option("--group", min=1, max=10_000, help="How many orders share one commit.")
    ] = 25,
) -> None:
    """Take every order of a file the whole way, and tell each once it is safely on the disk.

    It goes on after an order that fails, and ends with a summary and exit code 0, or 9 when some orders were
    refused. Run it again after anything: an order is known by its own reference, and what was done is not
    done twice. Without --on each order counts as of its own issue date on a practice ledger, else of today.
    """
    from flows.many.batch import BatchTerms, Summary, run_batch

    if until not in UNTIL:
        raise typer.BadParameter(f"--until {until!r}: choose one of {', '.join(UNTIL)}")
    with asked.session() as session:
        url = _require_ready(session, until)
        terms = BatchTerms(url, session.config_path, asked.on, until, workers, commit)
    summary = Summary()
    screen = None if asked.json or asked.jsonl else console()
    try:
        with progress("orders") as advance:
            for done in run_batch(terms, _items(file, map_file)):
                summary.add(done)
                advance(1)
                if asked.jsonl:
                    print_json(document(done))
                elif screen is not None and (not done.went_well or not screen.is_terminal):
                    screen.print(line(done), soft_wrap=True)
    except KeyboardInterrupt:
        _tell(asked, summary)
        raise
    _tell(asked, summary)
    if summary.refused:
        raise BatchRefusedError(
            f"{summary.refused} of {summary.orders} orders were refused",
            "each line above says why; mend them and run the same command again: the rest is not done twice",
        )
    if not summary.orders:
        note("the file holds no orders")


def _require_ready(session: "Session", until: str) -> str:
    """Everything that would stop every order alike, before the first: ledger, key, network."""
    from domain.errors import RefusedError

    ledger = session.ledger
    session.network  # noqa: B018 - its defects are told here, once
    session.registry_key  # noqa: B018 - made here, once
    if until == "settled" and not ledger.practice:
        raise RefusedError(
            "orders are played to their end on practice ledgers only",
            "net init --practice makes one; --until reserved is for real ones",
        )
    assert session.ledger_url is not None
    return session.ledger_url


def _items(file: Path, map_file: Path | None) -> Any:
    from documents.orders.reading import stream
    from flows.desk.start import order_file

    if map_file is None:
        return stream(order_file(file))
    from documents.maps.order_map import load

    return stream(file, load(map_file))


def document(done: "Done") -> dict[str, Any]:
    found = asdict(done)
    for name in ("gross_minor", "profit_minor"):
        minor = found.pop(name)
        found[name.removesuffix("_minor")] = format_minor(minor, done.currency) if done.currency else None
    return {"schema": "net.batch-order/1", **found}


def line(done: "Done") -> str:
    """One order on one line."""
    if done.went_well:
        before = "  (done before)" if done.repeated else ""
        profit = f"profit {amount(done.profit_minor, done.currency)} {done.currency}"
        return f"{done.reference}  {done.state}  {profit}{before}"
    return f"{done.reference}  refused: {done.message}"


def _tell(asked: Asked, summary: "Summary") -> None:
    if asked.json or asked.jsonl:
        found = {
            "schema": "net.batch-summary/1",
            "orders": summary.orders,
            "done": summary.fresh,
            "done_before": summary.repeated,
            "refused": summary.refused,
            "reasons": summary.reasons,
            "profit": {code: format_minor(minor, code) for code, minor in sorted(summary.profit.items())},
        }
        print_json(found, indent=None if asked.jsonl else 2)
    else:
        rows = [
            ("orders", f"{summary.orders:,}"),
            ("done", f"{summary.fresh:,}"),
            ("done before", f"{summary.repeated:,}"),
            ("refused", f"{summary.refused:,}"),
            *((f"  {name}", f"{count:,}") for name, count in sorted(summary.reasons.items())),
            *((f"profit {code}", amount(minor, code)) for code, minor in sorted(summary.profit.items())),
        ]
        console().print(table("", ("", "all together"), rows, right="all together"))
