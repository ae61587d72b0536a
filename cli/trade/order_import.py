"""``net order import``: orders from a table of any shape, by its map."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command
from cli.screen.output import answer, note, print_json, progress, table

if TYPE_CHECKING:
    from rich.console import Console

    from documents.orders.mapped import RowCount
    from flows.orders.from_file import TakenIn

SHOWN = 20


def register(app: typer.Typer) -> None:
    """Put the command into the group ``net order``."""
    command(
        app,
        "import",
        streams=True,
        example="""
        net order import examples/tables/deliveries.csv --map examples/maps/scms.toml
        net order import examples/orders.jsonl --jsonl
        """,
    )(import_orders)


def import_orders(
    asked: Asked,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Orders: CSV, JSON Lines, or any table.")],
    order_map: Annotated[
        Path | None,
        typer.Option("--map", metavar="MAP", help="How to read the table: docs/reference/maps.md."),
    ] = None,
    stated_amounts: Annotated[
        bool,
        typer.Option("--stated-amounts", help="Line amounts stand where prices differ from them."),
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only read and report; record nothing.")] = False,
) -> None:
    """Record the orders of a file, each as of its own day unless --on says another.

    What cannot be read is refused with its reasons and the rest goes on; run it again after mending the
    file, and only what is new is recorded. Ends with exit code 9 when any order was refused.
    """
    from documents.maps.order_map import load
    from documents.orders.mapped import RowCount
    from documents.orders.reading import stream

    count = RowCount()
    mapped = load(order_map) if order_map else None
    found = stream(file, mapped, stated_amounts=stated_amounts, count=count)
    totals: Counter[str] = Counter()
    refused: list[TakenIn] = []
    with progress("orders") as advance:
        for taken in _taken(asked, found, check=check):
            advance(1)
            _tally(taken, totals, refused, check=check)
            if asked.jsonl:
                print_json(_line(taken, check=check))
    _tell(asked, totals, refused, count, check=check)
    if refused:
        from domain.errors import BatchRefusedError

        raise BatchRefusedError(
            f"{totals['refused']:,} of {totals.total():,} orders were refused",
            "the reasons stand above; mend the file or the map and run it again",
        )


def _taken(asked: Asked, found: Any, *, check: bool) -> Any:
    from flows.orders.from_file import looked_at, take_in

    if check:
        with _ledger_if_any(asked) as reading:
            yield from looked_at(reading, found)
        return
    with asked.session() as session:
        yield from take_in(session.ledger, found, lambda order: session.on_given or order.issued_on)


@contextmanager
def _ledger_if_any(asked: Asked) -> Iterator[Any]:
    """The ledger to compare with; a file can be checked before there is one."""
    from domain.errors import NotFoundError

    with asked.session() as session:
        try:
            ledger = session.ledger
        except NotFoundError:
            ledger = None
        yield ledger


def _tally(taken: "TakenIn", totals: Counter[str], refused: "list[TakenIn]", *, check: bool) -> None:
    if taken.reasons:
        totals["refused"] += 1
        if len(refused) < SHOWN:
            refused.append(taken)
    else:
        totals["known" if taken.placed and taken.placed.repeated else _new(check=check)] += 1


def _new(*, check: bool) -> str:
    return "new" if check else "recorded"


def _line(taken: "TakenIn", *, check: bool) -> dict[str, Any]:
    outcome = "refused" if taken.reasons else _new(check=check)
    if taken.placed and taken.placed.repeated:
        outcome = "known"
    return {
        "schema": "net.order-import-line/1",
        "reference": taken.reference,
        "order": taken.placed.id if taken.placed else None,
        "source": taken.source,
        "outcome": outcome,
        "reasons": list(taken.reasons),
    }


def _tell(
    asked: Asked, totals: Counter[str], refused: "list[TakenIn]", count: "RowCount", *, check: bool
) -> None:
    document = {
        "orders": totals.total(),
        "recorded": totals["recorded"],
        "new": totals["new"],
        "known": totals["known"],
        "refused": totals["refused"],
        "rows": count.rows or None,
        "ignored": count.ignored,
        "refusals": [_line(taken, check=check) for taken in refused],
    }
    if asked.jsonl:
        done = f"{totals['new']} would be recorded" if check else f"{totals['recorded']} recorded"
        note(f"{done}, {totals['known']} known, {totals['refused']} refused")
        return
    answer(
        asked, "order-import", document, lambda screen: _render(screen, totals, refused, count, check=check)
    )


def _render(
    screen: "Console", totals: Counter[str], refused: "list[TakenIn]", count: "RowCount", *, check: bool
) -> None:
    if refused:
        rows = [(taken.reference, taken.source, reason) for taken in refused for reason in taken.reasons]
        screen.print(table("refused", ("order", "where", "why"), rows))
        if totals["refused"] > len(refused):
            screen.print(f"and {totals['refused'] - len(refused):,} more; --jsonl names them all")
    for reason, number in count.ignored.items():
        screen.print(f"{number:,} rows left out: {reason}")
    done = f"{totals['new']:,} would be recorded" if check else f"{totals['recorded']:,} recorded"
    screen.print(f"{done}, {totals['known']:,} known already, {totals['refused']:,} refused")
