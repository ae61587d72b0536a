"""``net bank``: a lender's book at any date."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, single
from cli.screen.output import amount, answer, table
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console

    from finance.reports.lender_book import LenderBook, LenderLine
    from flows.settlement.lender_book import Books

app = single()


@command(app, "bank", example="net bank --on 2026-06-30\nnet bank pearl --on 2026-08-06 --lines")
def bank(
    asked: Asked,
    lender: Annotated[str, typer.Argument(metavar="[LENDER]", help="Every lender when none is named.")] = "",
    lines: Annotated[bool, typer.Option("--lines", help="Also every order's line.")] = False,
) -> None:
    """Show a lender's book: promised, out, late, expected loss, yield, concentration, cash to come, worth.

    At the end of --on; every figure is read from the orders' books as they stood then.
    """
    from flows.settlement.lender_book import books

    with asked.session() as session:
        found = books(session.ledger, session.network, session.on, lender)
    answer(
        asked,
        "bank",
        {
            "on": found.on,
            "lenders": [_document(book) for book in found.lenders],
            "pools": [_document(book) for book in found.pools],
        },
        lambda screen: _render(screen, found, lines),
    )


def _document(book: "LenderBook") -> dict[str, Any]:
    def money(minor: int) -> str:
        return format_minor(minor, book.currency)

    return {
        "name": book.name,
        "currency": book.currency,
        "committed": money(book.committed),
        "undrawn": money(book.undrawn),
        "drawn": money(book.drawn),
        "outstanding": money(book.outstanding),
        "accrued": money(book.accrued),
        "allowance": money(book.allowance),
        "earned": money(book.earned),
        "lost": money(book.lost),
        "cash": money(book.cash),
        "nav": money(book.nav),
        "utilisation": _percent(book.utilisation),
        "par30": _percent(book.at_risk),
        "yield_gross": _rate(book.yield_gross),
        "yield_net": _rate(book.yield_net),
        "ageing": {bucket: money(minor) for bucket, minor in book.buckets.items()},
        "stages": {
            str(stage): {"outstanding": money(out), "allowance": money(allowed)}
            for stage, (out, allowed) in book.stages.items()
        },
        "concentration": {
            kind: [{"name": name, "amount": money(minor)} for name, minor in names]
            for kind, names in book.concentration.items()
        },
        "forecast": [{"until": day, "amount": money(minor)} for day, minor in book.forecast],
        "unearned": money(book.unearned),
        "net_assets": money(book.net_assets),
        "losses": {"expected": money(book.allowance), "realised": money(book.realised)},
        "tranches": [
            {
                "name": tranche.name,
                "capital": money(tranche.capital),
                "realised": money(tranche.realised),
                "expected": money(tranche.expected),
                "value": money(tranche.value),
            }
            for tranche in book.tranches
        ],
        "junior": money(book.junior),
        "senior": money(book.senior),
        "senior_ratio": _percent(book.senior_ratio),
        "may_lend": book.may_lend,
        "lines": [_line(line) for line in book.lines],
    }


def _line(line: "LenderLine") -> dict[str, Any]:
    def money(minor: int) -> str:
        return format_minor(minor, line.currency)

    return {
        "order": line.order,
        "facility": line.facility,
        "lender": line.lender,
        "buyer": line.buyer,
        "committed": money(line.committed),
        "drawn": money(line.drawn),
        "principal": money(line.principal),
        "accrued": money(line.accrued),
        "allowance": money(line.allowance),
        "due_on": line.due_on,
        "days_past_due": line.days_late,
        "bucket": line.bucket,
        "stage": line.stage,
    }


def _percent(share: Any) -> str:
    from finance.reports.attribution import percent_text

    return percent_text(share)


def _rate(rate: float | None) -> str | None:
    from finance.pricing.returns import rate_text

    return rate_text(rate)


def _render(screen: "Console", found: "Books", lines: bool) -> None:
    for book in (*found.lenders, *found.pools):
        screen.print(
            table(f"{book.name} on {book.on}", ("", book.currency), _figures(book), right=book.currency)
        )
        rows = [(bucket, amount(minor, book.currency)) for bucket, minor in book.buckets.items()]
        screen.print(table("days past due", ("days", book.currency), rows, right=book.currency))
        if book.forecast:
            rows = [(day.isoformat(), amount(minor, book.currency)) for day, minor in book.forecast]
            screen.print(table("cash expected, by week", ("until", book.currency), rows, right=book.currency))
        _render_names(screen, book)
        if lines:
            _render_lines(screen, book)


def _figures(book: "LenderBook") -> list[tuple[str, str]]:
    def money(minor: int) -> str:
        return amount(minor, book.currency)

    figures = [
        ("committed", money(book.committed)),
        ("undrawn", money(book.undrawn)),
        ("drawn so far", money(book.drawn)),
        ("outstanding", money(book.outstanding)),
        ("utilisation", f"{_percent(book.utilisation)}%"),
        ("accrued", money(book.accrued)),
        ("allowance", money(book.allowance)),
        ("earned", money(book.earned)),
        ("lost", money(book.lost)),
        ("yield, XIRR gross", _rate(book.yield_gross) or "-"),
        ("yield, XIRR net of allowance", _rate(book.yield_net) or "-"),
        ("at risk beyond 30 days", f"{_percent(book.at_risk)}%"),
    ]
    for stage, (out, allowed) in book.stages.items():
        figures.append((f"stage {stage}: outstanding / allowance", f"{money(out)} / {money(allowed)}"))
    figures += [("cash", money(book.cash)), ("net asset value", money(book.nav))]
    figures += [("of it unearned", money(book.unearned)), ("net assets", money(book.net_assets))]
    figures.append(("principal lost for good", money(book.realised)))
    for tranche in book.tranches:
        parts = f"{money(tranche.capital)} - {money(tranche.realised)} - {money(tranche.expected)}"
        figures.append((f"{tranche.name}: capital - lost - expected", f"{parts} = {money(tranche.value)}"))
    note = "" if book.may_lend else ": above its cap, lending stops"
    figures.append(("senior ratio", f"{_percent(book.senior_ratio)}%{note}"))
    return figures


def _render_names(screen: "Console", book: "LenderBook") -> None:
    rows = [
        (kind, name, amount(minor, book.currency))
        for kind, names in book.concentration.items()
        for name, minor in names
    ]
    if rows:
        screen.print(table("largest names", ("kind", "name", book.currency), rows, right=book.currency))


def _render_lines(screen: "Console", book: "LenderBook") -> None:
    rows = [
        (line.order, line.facility, line.buyer, amount(line.principal, line.currency), line.due_on or "",
         line.days_late or "", line.stage)
        for line in book.lines
    ]  # fmt: skip
    columns = ("order", "facility", "buyer", "outstanding", "due", "days late", "stage")
    screen.print(table("lines", columns, rows, right="outstanding, days late"))
