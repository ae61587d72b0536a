"""``net ledger``: the book of record, to look at; proofs and copies are in ``cli/books/ledger_proof.py``."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.books import ledger_export as ledger_more
from cli.books import ledger_proof
from cli.options import Asked, command, group, parse_date
from cli.screen.output import amount, answer, console, print_json, table

if TYPE_CHECKING:
    from flows.settlement.trace import TraceEntry
    from ledger.record.records import Record
    from ledger.store import Ledger

app = group("The book of record: log, balance, trace, verify, prove, backup, export, sql, copy.")
ledger_proof.register(app)
ledger_more.register(app)

Text = str | None
MOST = 10**12
"""More records than any ledger has, and a number that databases take."""


def _day(flag: str, told: str) -> Any:
    return typer.Option(flag, help=told, metavar="DATE", parser=parse_date, show_default=False)


@command(
    app,
    "log",
    example="""
    net ledger log --order PO-2026-0017
    net ledger log --kind draw --since 2026-03-01 --until 2026-03-31 --jsonl
    net ledger log --follow
    """,
    streams=True,
)
def show_log(
    asked: Asked,
    order: Annotated[Text, typer.Option("--order", metavar="ORDER", help="Only this order's.")] = None,
    kind: Annotated[Text, typer.Option("--kind", help="Only this kind, such as draw.")] = None,
    since: Annotated[date | None, _day("--since", "From this day of trade on.")] = None,
    until: Annotated[date | None, _day("--until", "Up to this day of trade.")] = None,
    last: Annotated[
        int | None, typer.Option("--last", min=1, max=MOST, help="Only the last so many.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what is written now.")] = False,
) -> None:
    """Show the records in the order written: what happened, when, by whose key, with the amounts.

    With --follow it waits for new records until you press Ctrl-C.
    """
    from flows.desk.live_records import Wanted, written
    from flows.desk.live_records import follow as following

    wanted = Wanted(order, kind, since, until)
    with asked.session() as session:
        _require_order(session.ledger, order)
        if follow:
            found = following(session, wanted, last)
        else:
            found = written(session.ledger, wanted, session.ledger.size(), last)
        if follow or asked.jsonl:
            _print_lines(asked, found)
        elif asked.json:
            answer(asked, "ledger-log", {"records": [_record_document(r) for r in found]}, lambda _: None)
        else:
            names = ("record", "day", "order", "what", "debits")
            console().print(table("", names, (_record_row(r) for r in found), right="record, debits"))


def _require_order(ledger: "Ledger", order: str | None) -> None:
    """NotFoundError for an order that nothing is recorded of: an empty answer would look like one."""
    from flows.orders.find import find_order

    if order is not None and next(iter(ledger.records(order=order)), None) is None:
        find_order(ledger, order)


def _print_lines(asked: Asked, records: "Iterator[Record]") -> None:
    for record in records:
        if asked.json or asked.jsonl:
            print_json({"schema": "net.ledger-record/1", **_record_document(record)})
        else:
            print("  ".join(cell for cell in map(str, _record_row(record)) if cell), flush=True)


def _record_document(record: "Record") -> dict[str, Any]:
    return {
        "record": record.sequence,
        "id": record.record_id,
        "kind": record.kind,
        "key": record.key,
        "on": record.on,
        "order": record.order,
        "at": record.at,
        "actor": record.actor_key,
        "body": record.body,
        "legs": [
            _leg_document(leg.entity, leg.account, leg.currency, leg.amount_minor) for leg in record.legs
        ],
    }


def _leg_document(entity: str, account: str, currency: str, minor: int) -> dict[str, str]:
    return {"entity": entity, "account": account, "currency": currency, "minor": str(minor)}


def _record_row(record: "Record") -> tuple[Any, ...]:
    debits: dict[str, int] = {}
    for leg in record.legs:
        if leg.amount_minor > 0:
            debits[leg.currency] = debits.get(leg.currency, 0) + leg.amount_minor
    told = ", ".join(f"{amount(total, currency)} {currency}" for currency, total in debits.items())
    return record.sequence, record.on, record.order or "", record.kind, told


@command(
    app,
    "balance",
    example="""
    net ledger balance
    net ledger balance --entity trader --on 2026-04-30
    net ledger balance --order PO-2026-0017 --json
    """,
)
def show_balance(
    asked: Asked,
    entity: Annotated[Text, typer.Option("--entity", help="Whose books: trader, lender:harbour ...")] = None,
    account: Annotated[Text, typer.Option("--account", help="A code of the chart of accounts.")] = None,
    order: Annotated[Text, typer.Option("--order", metavar="ORDER", help="Only this order's.")] = None,
    currency: Annotated[Text, typer.Option("--currency", metavar="CODE", help="Only this currency.")] = None,
) -> None:
    """Show balances by whose books and which account, now or at the end of --on DATE; debits positive."""
    from finance.books.chart import account_name

    with asked.session() as session:
        _require_order(session.ledger, order)
        found = session.ledger.balance(entity, account, order, currency, asked.on)
    document = {
        "on": asked.on,
        "order": order,
        "balances": [
            {
                "entity": b.entity,
                "account": b.account,
                "name": account_name(b.account),
                "currency": b.currency,
                "minor": str(b.amount_minor),
            }
            for b in found
        ],
    }
    rows = [
        (b.entity, b.account, account_name(b.account), amount(b.amount_minor, b.currency), b.currency)
        for b in found
    ]
    names = ("books of", "account", "name", "balance", "")
    answer(
        asked,
        "ledger-balance",
        document,
        lambda screen: screen.print(table("", names, rows, right="balance") if rows else "nothing is posted"),
    )


@command(
    app,
    "trace",
    example="net ledger trace PO-2026-0017\nnet ledger trace PO-2026-0017 --postings",
)
def show_trace(
    asked: Asked,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's reference.")],
    postings: Annotated[bool, typer.Option("--postings", help="With every leg of every entry.")] = False,
) -> None:
    """Tell one order's life as a story: each step, who stated it, whose cash moved, what the loop holds."""
    from flows.settlement.trace import trace

    with asked.session() as session:
        steps = trace(session.ledger, order)
    answer(
        asked,
        "ledger-trace",
        {"order": order, "steps": [_step_document(step) for step in steps]},
        lambda screen: screen.print(
            "\n".join(line for step in steps for line in _step_lines(step, postings))
        ),
    )


def _step_lines(step: "TraceEntry", postings: bool) -> Iterator[str]:
    state = f"  -> {step.state}" if step.state else ""
    by = f"  [{step.stated_by}]" if step.stated_by else ""
    yield f"{step.on}  #{step.sequence}  {step.what}{state}{by}"
    for moved in step.cash:
        verb = "gets" if moved.amount_minor > 0 else "pays"
        who = "the loop" if moved.entity == "trader" else moved.entity
        yield f"              {who} {verb} {amount(abs(moved.amount_minor), moved.currency)} {moved.currency}"
    for currency, left in step.loop_minor.items():
        yield f"              in the loop: {amount(left, currency)} {currency}"
    if postings:
        for entity, account, currency, minor in step.postings:
            yield f"                {entity:<28} {account:<36} {amount(minor, currency):>18} {currency}"


def _step_document(step: "TraceEntry") -> dict[str, Any]:
    return {
        "record": step.sequence,
        "on": step.on,
        "what": step.what,
        "state": step.state,
        "stated_by": step.stated_by,
        "cash": [
            {"entity": m.entity, "currency": m.currency, "minor": str(m.amount_minor)} for m in step.cash
        ],
        "loop": {currency: str(left) for currency, left in step.loop_minor.items()},
        "postings": [_leg_document(*posting) for posting in step.postings],
    }
