"""``net plan``: the plan of an order that needs no own cash, or what is missing and how to get it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, single
from cli.pages.next_page import render_next, step_after
from cli.screen.output import amount, answer, note, table

if TYPE_CHECKING:
    from rich.console import Console

    from domain.plan import Certificate, Plan
    from flows.desk.session import Session
    from flows.overview.next_step import NextStep
    from flows.plans.compare import Explanation, Subject
    from flows.plans.foresight import PlanChances

app = single()


@command(
    app,
    "plan",
    example="""
    net plan examples/lamp-order.toml
    net plan PO-7 --what-if advance_rate=0.9 --what-if buyer_deposit=0.1
    net plan PO-7 --explain
    net plan PO-7 --compare 3
    net plan PO-7 --html plan.html
    """,
)
def plan(
    asked: Asked,
    what: Annotated[str, typer.Argument(metavar="ORDER|FILE", help="A recorded order, or an order file.")],
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            metavar="CHANGE",
            help="Plan as if: advance_rate=0.9, buyer_deposit=0.2, supplier_days:FIRM=20,"
            " contingency=5000.00, buyer_earlier=15, due_date=2026-05-04, price=1500.00,"
            " limit:PRODUCT=..., rate:PRODUCT=...",
        ),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say why the runner-up lost.")] = False,
    compare: Annotated[
        int, typer.Option("--compare", metavar="N", min=0, help="The best N side by side.")
    ] = 0,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page.")
    ] = None,
) -> None:
    """Find the chain of slots and the mix of money with the highest profit that never needs own cash.

    Shows the chain with dates and prices, whose money it stands on and what that really costs, the cash
    line by date, who earns what, and how late the buyer may pay before profit, recourse or cash break.
    When nothing passes: the gap, its date, and the smallest change of each kind that closes it. A
    recorded order's plan is kept; nothing is committed.
    """
    from domain.plan import Certificate
    from flows.plans.compare import find_plan, keep_plan, with_changes
    from flows.plans.recorded_plan import certificate_error

    with asked.session() as session:
        subject = _subject(session, what)
        subject = with_changes(subject, what_if) if what_if else subject
        if compare:
            _compare(asked, subject, compare)
            return
        if explain:
            _explain(asked, subject)
            return
        booked = None if what_if else _booked_plan(session, what)
        found = booked or find_plan(subject)
        if booked is None and not isinstance(found, Certificate) and not what_if:
            keep_plan(session, subject, found)
        told = [] if isinstance(found, Certificate) else _zeros(session, subject, found)
        step = step_after(session, subject.placed.id) if subject.placed is not None else None
        chances = _chances(session, subject, found)
    if isinstance(found, Certificate):
        answer(asked, "certificate", _plain(found), lambda screen: render_certificate(screen, found))
        raise certificate_error(found)
    if html is not None:
        from cli.screen.plan_page import plan_page

        html.write_text(plan_page(found), "utf-8")
        note(f"wrote {html}")
    _tell(asked, found, chances, step)
    for zero in told:
        note(f"rests on a zero: {zero}")


def _tell(asked: Asked, found: "Plan", chances: "PlanChances | None", step: "NextStep | None") -> None:
    from cli.screen.plan_tables import plain_chances

    def screen_of(screen: "Console") -> None:
        render_plan(screen, found, chances)
        render_next(screen, step)

    document = _plain(found) | ({"chances": plain_chances(chances)} if chances else {})
    answer(asked, "plan", document, screen_of)


def _zeros(session: "Session", subject: "Subject", plan: "Plan") -> list[str]:
    from flows.plans.zeros import zeros

    firms = list(dict.fromkeys(leg.provider for leg in plan.legs))
    return zeros(subject.situation.order, firms, session.network)


def _chances(session: "Session", subject: "Subject", found: "Plan | Certificate") -> "PlanChances | None":
    """What the newest model of late payment says of the plan; None without a plan or a model."""
    from domain.plan import Plan
    from flows.plans.foresight import chances_of

    if not isinstance(found, Plan):
        return None
    return chances_of(session, subject.situation.order.buyer.name, found)


def _booked_plan(session: "Session", what: str) -> "Plan | None":
    """The plan that a reserved order stands on: planning it again would count its own slots as taken."""
    from flows.desk.start import order_file
    from flows.orders.find import read_order
    from flows.orders.place import UNCOMMITTED
    from flows.plans.newest import newest_plan

    known = None if order_file(Path(what)).is_file() else read_order(session.ledger, what)
    if known is None or known.state in UNCOMMITTED:
        return None
    note(f"order {known.id} is {known.state}: this is the plan that it stands on")
    return newest_plan(session.ledger, known.id)


def _plain(value: Any) -> dict[str, Any]:
    from domain.plain import to_plain

    document: dict[str, Any] = to_plain(value)
    return document


def _subject(session: "Session", what: str) -> "Subject":
    """The recorded order, or the one in the file."""
    from flows.desk.start import order_file
    from flows.orders.find import find_order
    from flows.plans.compare import read_subject, recorded_subject

    file = order_file(Path(what))
    if file.is_file():
        from documents.orders.reading import read

        return read_subject(session, read(file))
    return recorded_subject(session, find_order(session.ledger, what))


def render_plan(screen: "Console", plan: "Plan", chances: "PlanChances | None" = None) -> None:
    from cli.screen.plan_chart import cash_chart
    from cli.screen.plan_tables import (
        cash_table,
        chain_table,
        chances_said,
        earnings_table,
        exchange_tables,
        headlines,
        money_table,
        stress_table,
    )

    for line in (*headlines(plan), *(chances_said(chances, plan) if chances else ())):
        screen.print(line)
    screen.print()
    screen.print(chain_table(plan))
    screen.print(money_table(plan))
    screen.print("The cash of the order, by date")
    screen.print(cash_chart(plan, min(screen.width, 110)), soft_wrap=True)
    screen.print()
    screen.print(cash_table(plan))
    for each in exchange_tables(plan):
        screen.print(each)
    if plan.stresses:
        screen.print(stress_table(plan))
    screen.print(earnings_table(plan))
    screen.print(_searched(plan.search.chains_evaluated, plan.search.chains_possible, plan.search.proven))


def _searched(looked: int, possible: int, proven: bool) -> str:
    if proven:
        return f"proven best of {possible:,} chains; {looked:,} had to be worked out"
    return (
        f"best of {looked:,} chains looked at out of {possible:,}; not proven: the search limit was reached"
    )


def render_certificate(screen: "Console", found: "Certificate") -> None:
    from cli.screen.plan_tables import cash_table, chain_table, money_table

    if found.best is not None:
        screen.print(chain_table(found.best))
        screen.print(money_table(found.best))
        screen.print(cash_table(found.best))
    if found.repairs:
        rows = [
            (each.text, f"--what-if {each.change}", amount(each.profit_minor, found.currency))
            for each in found.repairs
        ]
        columns = ("one of these closes the gap", "try it", f"profit {found.currency}")
        screen.print(table("Ways out", columns, rows, right=f"profit {found.currency}"))
    search = found.search
    screen.print(
        f"no plan among {search.chains_possible:,} chains passes; {search.chains_evaluated:,} were worked out"
    )


def _compare(asked: Asked, subject: "Subject", limit: int) -> None:
    from flows.plans.compare import best_few

    plans = best_few(subject, limit)
    if not plans:
        _none(subject)
    document = {"order": subject.situation.order.reference, "plans": [_plain(each) for each in plans]}
    answer(asked, "plan-compare", document, lambda screen: _render_compare(screen, plans))


def _none(subject: "Subject") -> None:
    """Say why there is nothing to compare."""
    from domain.plan import Certificate
    from flows.plans.compare import find_plan
    from flows.plans.recorded_plan import certificate_error

    found = find_plan(subject)
    if isinstance(found, Certificate):
        raise certificate_error(found)


def _render_compare(screen: "Console", plans: "list[Plan]") -> None:
    from cli.screen.plan_tables import compare_rows

    columns = ("", *(f"{place}." for place in range(1, len(plans) + 1)))
    right = ", ".join(columns[1:])
    screen.print(table("The best plans", columns, compare_rows(plans), right=right))


def _explain(asked: Asked, subject: "Subject") -> None:
    from flows.plans.compare import explain

    found = explain(subject)
    if found is None:
        _none(subject)
        return
    document = {
        "order": subject.situation.order.reference,
        "best": _plain(found.best),
        "runner_up": _plain(found.other) if found.other else None,
        "differences": [_plain(each) for each in found.differences],
    }
    answer(asked, "plan-explain", document, lambda screen: _render_explain(screen, found))


def _render_explain(screen: "Console", found: "Explanation") -> None:
    best = found.best
    screen.print(f"best: profit {amount(best.profit_minor, best.currency)} {best.currency}", style="bold")
    if found.other is None:
        screen.print("no other chain or mix passes")
    else:
        lost = amount(best.profit_minor - found.other.profit_minor, best.currency)
        screen.print(f"the runner-up earns {lost} {best.currency} less, for these reasons:")
        rows = [
            (each.what, each.best, each.other, amount(each.more_minor, best.currency))
            for each in found.differences
        ]
        columns = ("part", "best", "runner-up", "costs more")
        screen.print(table("", columns, rows, right="costs more"))
    screen.print(_searched(best.search.chains_evaluated, best.search.chains_possible, best.search.proven))
