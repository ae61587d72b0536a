"""``net report``: who earned what."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.money.reported import chain_pictures, chain_said, plain_chain, profit_pictures
from cli.options import Asked, command, group
from cli.screen.output import amount, answer, note, progress, table
from cli.screen.picture import ChartOption, HtmlOption, page, say
from domain.money import format_minor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from finance.reports.attribution import Part
    from flows.settlement.earnings import ProfitReport

app = group("Who earned what.")

BAR = 40


@command(
    app,
    "profit",
    example="""
    net report profit PO-2026-0017 --on 2026-12-31
    net report profit --chart
    net report profit --html profit.html
    """,
)
def profit(
    asked: Asked,
    orders: Annotated[
        list[str] | None, typer.Argument(metavar="[ORDER]...", help="All financed orders when none is named.")
    ] = None,
    chart: Annotated[bool, typer.Option("--chart", help="Draw the shares as bars.")] = False,
    html: HtmlOption = None,
) -> None:
    """Show who earned what of the orders' net value: per party, per money-day and per slot-day.

    The parts sum to the net value to the cent. A money-day is one unit of currency out for one day.
    """
    from flows.settlement.earnings import by_month, profits

    with asked.session() as session:
        reports = profits(session.ledger, session.on, orders or [])
        months = by_month(session.ledger, session.on, reports) if html is not None else {}
    if html is not None:
        pictures = [picture for report in reports for picture in profit_pictures(report, months)]
        html.write_text(page("Who earned what", [f"up to {session.on}"], pictures), "utf-8")
        note(f"wrote {html}")
    answer(
        asked,
        "report-profit",
        {"on": session.on, "reports": [_document(report) for report in reports]},
        lambda screen: _render(screen, reports, chart),
    )


def _document(report: "ProfitReport") -> dict[str, Any]:
    return {
        "currency": report.currency,
        "net": format_minor(report.net_minor, report.currency),
        "parts": _parts(report.parts, report.net_minor, report.currency),
        "orders": [
            {
                "order": one.order,
                "settled": one.settled,
                "net": format_minor(one.net_minor, one.currency),
                "parts": _parts(one.parts, one.net_minor, one.currency),
            }
            for one in report.orders
        ],
    }


def _parts(parts: "Sequence[Part]", net: int, currency: str) -> list[dict[str, Any]]:
    from fractions import Fraction

    from finance.reports.attribution import percent_text

    return [
        {
            "party": part.party,
            "kind": part.kind,
            "amount": format_minor(part.amount_minor, currency),
            "percent": percent_text(Fraction(part.amount_minor, net)) if net else None,
            "per_thousand_money_days": _thousandth(part),
            "per_slot_day": _per_slot_day(part, currency),
        }
        for part in parts
    ]


def _thousandth(part: "Part") -> str | None:
    """Earned per 1,000 of currency and day, four decimals."""
    from domain.money import round_minor

    if part.per_money_day is None:
        return None
    scaled = round_minor(part.per_money_day * 10_000_000)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{abs(scaled) // 10_000}.{abs(scaled) % 10_000:04d}"


def _per_slot_day(part: "Part", currency: str) -> str | None:
    from domain.money import round_minor

    if part.per_slot_day is None:
        return None
    return format_minor(round_minor(part.per_slot_day), currency)


def _render(screen: "Console", reports: "Sequence[ProfitReport]", chart: bool) -> None:
    from fractions import Fraction

    from finance.reports.attribution import percent_text

    for report in reports:
        rows = []
        for part in sorted(report.parts, key=lambda one: -one.amount_minor):
            share = Fraction(part.amount_minor, report.net_minor) if report.net_minor else Fraction(0)
            bar = "█" * max(int(share * BAR), 0) if chart else ""
            rows.append(
                (
                    part.party,
                    part.kind,
                    amount(part.amount_minor, report.currency),
                    f"{percent_text(share)}%",
                    _thousandth(part) or "",
                    _per_slot_day(part, report.currency) or "",
                    bar,
                )
            )
        net = amount(report.net_minor, report.currency)
        rows.append(
            (
                "",
                f"{len(report.orders)} order{'s' if len(report.orders) != 1 else ''}, net",
                net,
                "100.00%",
                "",
                "",
                "",
            )
        )
        columns = ["party", "as", report.currency, "share", "per 1,000 a day", "per slot-day"]
        if chart:
            columns.append("")
        screen.print(
            table(
                "",
                columns,
                [row[: len(columns)] for row in rows],
                right=f"{report.currency}, share, per 1,000 a day, per slot-day",
            )
        )


@command(
    app,
    "chain",
    example="""
    net report chain PO-2026-0017
    net report chain PO-2026-0017 --against examples/importer.toml --chart
    """,
)
def chain(
    asked: Asked,
    orders: Annotated[
        list[str] | None, typer.Argument(metavar="[ORDER]...", help="All financed orders when none is named.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="Another chain: importer, wholesalers.")
    ] = None,
    draw: ChartOption = False,
    html: HtmlOption = None,
) -> None:
    """How long the chain is: passings of title, W/R ratio, what each step adds, days of goods and of money.

    W/R is all sales between firms before the last one, over the last sale. With another chain, the same
    goods go through it from the same maker, and the difference of the final prices is explained to the cent.
    """
    from flows.settlement.chains import chains

    with asked.session() as session:
        found = chains(session.ledger, orders or [], against)
    document = {"chains": [plain_chain(one) for one in found]}
    said = [line for one in found for line in chain_said(one)]
    pictures = [picture for one in found for picture in chain_pictures(one)]
    say(asked, "report-chain", document, "The chain", said, pictures, draw, html)


AGES = (30, 60, 90)
"""Days late at which one column of the ageing ends and the next begins."""


@command(app, "ageing", example="net report ageing\nnet report ageing --on 2026-07-31 --json")
def ageing(asked: Asked) -> None:
    """Show what each buyer owes and for how long: not due yet, up to 30, 60, 90 days late, and beyond."""
    from flows.overview.agenda import Agenda

    with asked.session() as session, progress("orders looked at") as advance:
        on = session.on
        with Agenda(session.ledger, advance) as agenda:
            found = agenda.ages(on, AGES)
    names = ("not_due", *(f"late_to_{edge}" for edge in AGES), f"late_over_{AGES[-1]}", "total")
    buyers = [
        {"buyer": buyer, "currency": currency}
        | {name: format_minor(minor, currency) for name, minor in zip(names, (*sums, sum(sums)), strict=True)}
        for (buyer, currency), sums in found.items()
    ]
    rows = [
        (buyer, *(amount(minor, currency) if minor else "" for minor in (*sums, sum(sums))), currency)
        for (buyer, currency), sums in found.items()
    ]
    title = f"What buyers owe on {on}, by days late"
    heads = ("not due", *(f"to {edge}" for edge in AGES), f"over {AGES[-1]}", "in all")
    answer(
        asked,
        "report-ageing",
        {"on": on, "buyers": buyers},
        lambda screen: screen.print(
            table(title, ("buyer", *heads, ""), rows, right=", ".join(heads))
            if rows
            else "no buyer owes anything"
        ),
    )
