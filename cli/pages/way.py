"""What a person is shown of an order under way: its plan as reserved, what happened, what is still owed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.options import Asked
from cli.pages.next_page import next_command, render_next
from cli.pages.recorded import leg_document
from cli.screen.output import amount, answer, note, table
from cli.screen.plan_tables import (
    cash_table,
    chain_table,
    earnings_table,
    exchange_tables,
    headlines,
    money_table,
)
from domain.accounts import Account, account_and_currency, is_memo
from domain.money import format_minor
from domain.plain import to_plain

if TYPE_CHECKING:
    from rich.console import Console, Group

    from domain.plan import Plan
    from finance.books.order_books import JournalEntry
    from flows.books.record import Recorded
    from flows.deals.run import Way
    from flows.deals.unreserve import GaveBack
    from flows.overview.next_step import NextStep
    from flows.settlement.owed import Owed, Standing

CASH = ("trader", Account.CASH)
"""The order's closed loop in the trader's books."""

CHART_WIDTH = 100

TRADER = "trader"


def tell_way(asked: Asked, way: "Way", standing: "Standing | None", step: "NextStep | None") -> None:
    document: dict[str, Any] = {
        "order": way.placed.id,
        "state": way.placed.state.value,
        "repeated": way.repeated,
        "notes": list(way.notes),
        "plan": to_plain(way.plan),
        "standing": standing_document(standing),
        "next": next_command(step),
    }
    answer(asked, "order-run", document, lambda screen: _render_way(screen, way, standing, step))


def _render_way(screen: "Console", way: "Way", standing: "Standing | None", step: "NextStep | None") -> None:
    placed, plan = way.placed, way.plan
    already = " already" if way.repeated else ""
    screen.print(f"{placed.id}  {placed.state.value}{already}", style="bold")
    render_plan_tables(screen, plan)
    if standing is not None and standing.owed:
        screen.print(owed_table(standing, "Who is paid what, and when"))
    screen.print(earnings_table(plan))
    for told in way.notes:
        screen.print(f"note: {told}")
    render_next(screen, step)


def render_plan_tables(screen: "Console", plan: "Plan") -> None:
    """The plan's headlines, its chain, its money and its cash; in a terminal the cash is drawn as well."""
    from cli.screen.plan_chart import cash_chart

    for line in headlines(plan):
        screen.print(line)
    screen.print()
    screen.print(chain_table(plan))
    screen.print(money_table(plan))
    if screen.is_terminal:
        screen.print("The cash of the order, by date", style="bold")
        screen.print(cash_chart(plan, min(screen.width, CHART_WIDTH)), soft_wrap=True)
        screen.print()
    screen.print(cash_table(plan))
    for each in exchange_tables(plan):
        screen.print(each)


def owed_table(standing: "Standing", title: str = "Still owed") -> "Group":
    """What is open, by due date; what the buyer owes stands in the last column."""
    rows = [
        (
            one.due_on or "",
            one.party,
            one.what,
            _owed(one, standing.currency) if one.amount_minor > 0 else "",
            _owed(one, standing.currency) if one.amount_minor < 0 else "",
        )
        for one in standing.owed
    ]
    return table(title, ("due", "party", "for", "is owed", "owes"), rows, right="is owed, owes")


def _owed(one: "Owed", home: str) -> str:
    figure = amount(abs(one.amount_minor), one.currency or home)
    return f"{figure} {one.currency}" if one.currency not in ("", home) else figure


def standing_document(standing: "Standing | None") -> dict[str, Any] | None:
    if standing is None:
        return None
    return {
        "on": standing.on,
        "state": standing.state,
        "currency": standing.currency,
        "cash": format_minor(standing.cash_minor, standing.currency),
        "owed": [_owed_document(one, standing.currency) for one in standing.owed],
        "shortfalls": [_owed_document(one, standing.currency) for one in standing.shortfalls],
    }


def _owed_document(one: "Owed", home: str) -> dict[str, Any]:
    return {
        "party": one.party,
        "what": one.what,
        "amount": format_minor(one.amount_minor, one.currency or home),
        "due_on": one.due_on,
        **({"currency": one.currency} if one.currency not in ("", home) else {}),
    }


def tell_advance(
    asked: Asked, recorded: "Recorded", standing: "Standing | None", step: "NextStep | None"
) -> None:
    document: dict[str, Any] = {
        "order": recorded.order,
        "state_before": recorded.state_before.value,
        "state": recorded.state.value,
        "dry_run": recorded.dry_run,
        "facts": [
            {
                "kind": fact.kind.value,
                "on": fact.on,
                "by": fact.by,
                "assumed": fact.assumed,
                "data": fact.data,
            }
            for fact in recorded.facts
        ],
        "journals": [
            {
                "on": journal.on,
                "kind": journal.kind,
                "party": journal.party,
                "cash": format_minor(cash_of(journal), recorded.currency),
                "postings": [leg_document(posting, recorded.currency) for posting in journal.postings],
            }
            for journal in recorded.journals
        ],
        "standing": standing_document(standing),
        "stopped": list(recorded.stopped),
        "next": next_command(step),
    }
    for reason in recorded.stopped:
        note(f"stopped: {reason}")

    def screen_of(screen: "Console") -> None:
        _render_advance(screen, recorded, standing)
        render_next(screen, step)

    answer(asked, "order-advance", document, screen_of)


def cash_of(journal: "JournalEntry") -> int:
    """What the journal moves in the order's closed loop, in minor units."""
    return sum(minor for entity, account, minor in journal.postings if (entity, account) == CASH)


def _render_advance(screen: "Console", recorded: "Recorded", standing: "Standing | None") -> None:
    moved = f" -> {recorded.state.value}" if recorded.state is not recorded.state_before else ""
    preview = "  (nothing is written)" if recorded.dry_run else ""
    screen.print(f"{recorded.order}  {recorded.state_before.value}{moved}{preview}", style="bold")
    rows = list(_happened(recorded))
    if rows:
        columns = ("date", "what", "with", recorded.currency, "cash", "in the loop")
        screen.print(table("", columns, rows, right=f"{recorded.currency}, cash, in the loop"))
    else:
        screen.print("nothing fell due")
    if standing is None:
        return
    if standing.owed:
        screen.print(owed_table(standing))
    for one in standing.shortfalls:
        owed = f"{_owed(one, standing.currency)} to {one.party}, due {one.due_on}"
        screen.print(f"short: {owed}: the loop does not hold it, and nothing more will come")
    if not standing.owed and not standing.shortfalls:
        screen.print(f"nobody is owed anything; {amount(standing.cash_minor, standing.currency)} in the loop")


def _happened(recorded: "Recorded") -> Iterator[tuple[str, ...]]:
    """One row for each journal that is more than a note; the loop's balance is told where money moved."""
    balance = recorded.cash
    if not recorded.dry_run:
        balance -= sum(cash_of(journal) for journal in recorded.journals)
    for journal in recorded.journals:
        moved = cash_of(journal)
        balance += moved
        if all(is_memo(account) for _, account, _ in journal.postings):
            continue
        yield (
            journal.on.isoformat(),
            journal.kind.replace("_", " "),
            journal.party,
            _size_of(journal, recorded.currency),
            amount(moved, recorded.currency) if moved else "",
            amount(balance, recorded.currency) if moved else "",
        )


def _size_of(journal: "JournalEntry", home: str) -> str:
    """What the journal is about: all that is debited in the books of the entity that it moves most; in the
    currency of what is settled, where that is not the order's."""
    debits: dict[tuple[str, str], int] = {}
    for entity, account, minor in journal.postings:
        code, currency = account_and_currency(account)
        if code != Account.EXCHANGE_CLEARING:
            debits[entity, currency] = debits.get((entity, currency), 0) + max(0, minor)
    own = {currency: minor for (entity, currency), minor in debits.items() if entity == TRADER and minor}
    abroad = next((currency for currency in own if currency), "")
    if abroad:
        return f"{amount(own[abroad], abroad)} {abroad}"
    if own.get(""):
        return amount(own[""], home)
    (_, currency), minor = max(debits.items(), key=lambda one: one[1], default=(("", ""), 0))
    return f"{amount(minor, currency)} {currency}" if currency else amount(minor, home)


def tell_given_back(asked: Asked, found: "GaveBack", step: "NextStep | None") -> None:
    document: dict[str, Any] = {
        "order": found.order,
        "state": found.state.value,
        "currency": found.currency,
        "fees": {name: format_minor(fee, found.currency) for name, fee in found.fees},
        "firms": list(found.firms),
        "left": list(found.left),
        "dry_run": found.dry_run,
        "next": next_command(step),
    }

    def screen_of(screen: "Console") -> None:
        _render_given_back(screen, found)
        render_next(screen, step)

    answer(asked, "slot-release", document, screen_of)


def _render_given_back(screen: "Console", found: "GaveBack") -> None:
    preview = "  (nothing is written)" if found.dry_run else ""
    screen.print(f"{found.order}  -> {found.state.value}{preview}", style="bold")
    if found.firms:
        screen.print(f"given back at {', '.join(found.firms)}")
    for name, fee in found.fees:
        screen.print(f"{name} keeps {amount(fee, found.currency)} {found.currency}")
    if not found.fees:
        screen.print("it costs nothing")
    for left in found.left:
        screen.print(f"not given back yet: {left} (net slot sweep goes on trying)")
