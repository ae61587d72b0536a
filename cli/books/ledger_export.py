"""``net ledger export, sql, copy, upgrade``: hand the book to other tools, ask it, move it, renew it."""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command
from cli.pages.recorded import document as recorded_document
from cli.pages.recorded import rows_of
from cli.screen.output import answer, console, note, print_json, progress, table
from domain.errors import NotFoundError

if TYPE_CHECKING:
    from rich.console import Console

    from flows.desk.session import Session
    from flows.settlement.revaluation import Revalued

EXAMPLES = {
    "export": "net ledger export beancount > net.beancount\nnet ledger export hledger | hledger -f- balance",
    "sql": 'net ledger sql "SELECT state, COUNT(*) FROM orders GROUP BY state"\n'
    "net ledger sql \"SELECT * FROM postings WHERE account = '1010'\" --csv",
    "copy": "net ledger copy net.db postgresql://postgres@db.example/trade",
    "upgrade": "net ledger upgrade --backup net-before.db",
    "revalue": "net ledger revalue --on 2026-03-31 --dry-run\nnet ledger revalue --on 2026-03-31",
}


def register(app: typer.Typer) -> None:
    """Add these commands to the group ``net ledger``."""
    for function in (export, copy, upgrade):
        command(app, function.__name__, example=EXAMPLES[function.__name__])(function)
    command(app, "revalue", example=EXAMPLES["revalue"], stated=True)(revalue)
    command(app, "sql", example=EXAMPLES["sql"], streams=True)(sql)


def export(
    asked: Asked,
    form: Annotated[str, typer.Argument(metavar="FORMAT", help="beancount, hledger, ledger, csv or jsonl.")],
) -> None:
    """Write the whole ledger for another tool, as a stream, to standard output.

    The plain-text formats assert every balance, so that the tool's own checker finds a single cent changed.
    """
    from finance.books.chart import chart
    from ledger.export.export import export as written
    from trust.durable import refused_by_disk

    titles = {code: account.name for code, account in chart().items()}
    with asked.session() as session:
        session.ledger.require_good_id()
        try:
            for part in written(session.ledger.records(), form, titles):
                sys.stdout.write(part)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise refused_by_disk(Path("standard output"), error) from error


def revalue(
    asked: Asked,
    orders: Annotated[
        list[str] | None,
        typer.Option("--order", metavar="ORDER", help="Only this order; may be repeated."),
    ] = None,
) -> None:
    """Bring what orders have open in other currencies to the rate of --on; the difference is unrealised.

    Every order or none: a rate that is missing or too old is named. Doing it again changes nothing.
    """
    from flows.orders.find import find_order
    from flows.settlement.revaluation import revalue as revalued

    with asked.session() as session:
        names = [find_order(session.ledger, name).id for name in orders or []]
        stated = asked.statement(session.on)
        done = revalued(session.ledger, stated, names, dry_run=asked.dry_run)
    document = {
        "on": done.on,
        "dry_run": asked.dry_run,
        "orders": [recorded_document(one) for one in done.orders],
    }
    answer(asked, "revaluation", document, lambda screen: _render_revalued(screen, done))


def _render_revalued(screen: "Console", done: "Revalued") -> None:
    if not done.orders:
        screen.print("no order has anything open in another currency")
    columns = ("on", "what", "books of", "account", "debit", "credit")
    for one in done.orders:
        rows = rows_of(one)
        if rows:
            title = f"{one.order}: would be posted" if one.dry_run else one.order
            screen.print(table(title, columns, rows, right="debit,credit"))
        else:
            screen.print(f"{one.order}: nothing to change")


def sql(
    asked: Asked,
    statement: Annotated[str, typer.Argument(metavar="SELECT", help="One SELECT over the views.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values with a heading.")] = False,
) -> None:
    """Answer one SELECT over the views: orders, postings, balances, holds, slots, exposures and others.

    The connection cannot write. docs/reference/ledger-views.md says what each view's columns mean.
    """
    from ledger.export.query import query

    with asked.session() as session, query(_url(session), statement) as (columns, rows):
        if as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
        elif asked.jsonl:
            for row in rows:
                print_json(dict(zip(columns, map(_plain, row), strict=True)))
        else:
            _print_rows(asked, columns, rows)


def _print_rows(asked: Asked, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    found = [tuple(map(_plain, row)) for row in rows]
    document = {"columns": list(columns), "rows": [list(row) for row in found]}
    answer(asked, "ledger-sql", document, lambda screen: screen.print(table("", columns, found)))


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _url(session: "Session") -> str:
    if session.ledger_url is None:
        raise NotFoundError("there is no ledger yet", "net init makes one")
    return session.ledger_url


def copy(
    asked: Asked,
    source: Annotated[str, typer.Argument(metavar="FROM", help="The ledger as it is: a file, or a URL.")],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TO", help="Where it goes: a new file, or the URL of an empty database's owner."
        ),
    ],
) -> None:
    """Move a ledger to another database: every record as it is, the same root, then hand over.

    The ledger at FROM is read-only afterwards and says where it went. Interrupted, it goes on where it
    stopped when the same command is run again.
    """
    from config.logins import save_login, shown_url, with_login
    from ledger.moving.copy import copy_ledger

    with asked.session() as session, progress("copy the records") as advance:
        start = with_login(session.keys_folder, source)
        moved = copy_ledger(start, target, session.actor, session.clock, _growing(advance))
        if "://" in moved.url:
            save_login(session.keys_folder, moved.url)
    document = {"records": moved.records, "root": moved.root.hex(), "ledger": shown_url(moved.url)}

    def render(_: Any) -> None:
        console().print(f"{moved.records:,} records, root {moved.root.hex()}")
        console().print(f"from now on: --ledger {shown_url(moved.url)}")

    answer(asked, "ledger-copy", document, render)
    note("the ledger that was copied is read-only from now on")


def upgrade(
    asked: Asked,
    backup: Annotated[
        Path, typer.Option("--backup", metavar="FILE", help="Where the verified backup from before goes.")
    ],
) -> None:
    """Bring a ledger that an older version of net wrote to this version's schema.

    It is verified, backed up, changed in one transaction and verified again; no record is rewritten. On
    PostgreSQL give the URL of the ledger's owner. Where there is nothing to do, nothing is done.
    """
    from ledger.moving.upgrade import upgrade_ledger

    with asked.session() as session, progress("verify the ledger") as advance:
        # the owner's URL as given: a login kept for the database would be the program's
        url = asked.ledger if asked.ledger and "://" in asked.ledger else _url(session)
        done = upgrade_ledger(url, session.actor, session.clock, backup, _growing(advance))
    document = {
        "from": done.before,
        "to": done.after,
        "backup": done.backup,
        "records": done.records,
        "root": done.root.hex(),
    }
    told = (
        f"schema {done.before} to {done.after}, backup at {done.backup}" if done.backup else "nothing to do"
    )
    answer(asked, "ledger-upgrade", document, lambda screen: screen.print(told))


def _growing(advance: Callable[[int], None]) -> Callable[[int, int], None]:
    """Progress is told as the total so far; a bar wants the step."""
    before = 0

    def step(done: int, _total: int) -> None:
        nonlocal before
        advance(done - before)
        before = done

    return step
