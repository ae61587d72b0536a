"""How ``net status`` reads: what is late, due, to come, what expires, what is lent, who is waited for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.screen.output import amount, table
from domain.money import format_minor

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

    from flows.overview.agenda_line import AgendaLine
    from flows.overview.status import Overview

SIDES = {"pay": "to pay", "receive": "to receive", "draw": "to draw", "record": "to record"}


def line_document(line: "AgendaLine", today: "date") -> dict[str, Any]:
    """One line of the agenda for programs."""
    return {
        "order": line.order,
        "on": line.on,
        "days_late": line.days_late(today),
        "side": line.side,
        "party": line.party,
        "what": line.what,
        "amount": format_minor(line.amount_minor, line.currency) if line.amount_minor else None,
        "currency": line.currency,
        "command": line.command,
    }


def status_document(found: "Overview", ledger: str, practice: bool) -> dict[str, Any]:
    return {
        "ledger": ledger,
        "practice": practice,
        "on": found.on,
        "days": found.days,
        "states": dict(found.states),
        "late_total": found.late_total,
        "late": [line_document(line, found.on) for line in found.late],
        "due": [line_document(line, found.on) for line in found.due],
        "to_come": [line_document(line, found.on) for line in found.to_come],
        "expiring": [{"order": one.order, "what": one.what, "at": one.at} for one in found.expiring],
        "lines": [
            {
                "limit_of": line.name,
                "lender": line.lender,
                "limit": format_minor(line.limit_minor, line.currency),
                "committed": format_minor(line.committed_minor, line.currency),
                "free": format_minor(line.limit_minor - line.committed_minor, line.currency),
                "percent": line.percent,
                "currency": line.currency,
            }
            for line in found.lines
        ],
        "waiting": [{"for": party, "count": count, "since": since} for party, count, since in found.waiting],
        "verified": {
            "records": found.verified.records,
            "record": found.verified.record,
            "at": found.verified.at,
            "since": found.verified.since,
            "checkpoint": found.verified.checkpoint,
        },
    }


def render_status(screen: "Console", found: "Overview", ledger: str, practice: bool) -> None:
    kind = "practice ledger" if practice else "ledger"
    screen.print(f"{found.on}  {kind} {ledger}", style="bold")
    total = sum(count for _, count in found.states)
    states = ", ".join(f"{count:,} {name}" for name, count in found.states)
    screen.print(
        f"{total:,} order{'s' if total > 1 else ''}: {states}"
        if total
        else "no orders; net order new records one"
    )
    screen.print(verified_line(found))
    screen.print()
    _render_lines(screen, found)
    if found.expiring:
        rows = [(f"{one.at:%Y-%m-%d %H:%M}", one.order, one.what) for one in found.expiring]
        screen.print(table("Holds that end by themselves", ("until (UTC)", "order", "what"), rows))
    _render_credit(screen, found)
    if found.waiting:
        told = [(party, f"{count:,}", since or "") for party, count, since in found.waiting]
        screen.print(table("Waiting for", ("whom", "things", "since"), told, right="things"))


def _render_lines(screen: "Console", found: "Overview") -> None:
    if not (found.late or found.due or found.to_come):
        screen.print(f"nothing is late, due, or to come in {found.days} days")
        return
    more = (
        f", the first {len(found.late):,} of {found.late_total:,}"
        if found.late_total > len(found.late)
        else ""
    )
    for title, lines in (
        (f"Late{more}", found.late),
        (f"Due until {_until(found)}", found.due),
        (f"Planned until {_until(found)}", found.to_come),
    ):
        if lines:
            screen.print(agenda_table(title, lines, found.on))


def _until(found: "Overview") -> str:
    from datetime import timedelta

    return (found.on + timedelta(days=found.days)).isoformat()


def agenda_table(title: str, lines: "Sequence[AgendaLine]", today: "date") -> Any:
    """The lines of an agenda, by day."""
    rows = [
        (
            line.on,
            f"{line.days_late(today):,}" if line.days_late(today) else "",
            line.order,
            SIDES[line.side],
            line.party,
            line.what,
            amount(line.amount_minor, line.currency) if line.amount_minor else "",
            line.currency if line.amount_minor else "",
        )
        for line in lines
    ]
    columns = ("day", "days\nlate", "order", "", "whom", "what", "amount", " ")
    return table(title, columns, rows, right="days\nlate, amount", spare="what, whom")


def _render_credit(screen: "Console", found: "Overview") -> None:
    rows = [
        (
            line.name,
            line.lender,
            amount(line.limit_minor, line.currency),
            amount(line.committed_minor, line.currency),
            amount(line.limit_minor - line.committed_minor, line.currency),
            f"{line.percent}%",
            line.currency,
        )
        for line in found.lines
    ]
    if rows:
        columns = ("line", "lender", "limit", "committed", "free", "used", "")
        screen.print(
            table("Lines of credit", columns, rows, right="limit, committed, free, used", spare="lender")
        )


def verified_line(found: "Overview") -> str:
    """What was verified and when; never that the ledger is sound now."""
    known = found.verified
    held = f"; newest checkpoint at record {known.checkpoint:,}" if known.checkpoint else ""
    if known.record is None:
        return f"never verified here: {known.records:,} records{held}"
    return (
        f"verified at record {known.record:,} on {(known.at or '')[:10]}, {known.since:,} records since{held}"
    )
