"""``net payment``: money that came in or went out, and all that goes wrong with it."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Asked, DryRunOption, EvidenceOption, command, group
from cli.pages.recorded import (
    SHORT,
    AmountArgument,
    AmountOption,
    BookingArgument,
    CostOption,
    OptionalAmount,
    OrderArgument,
    QuantityOption,
    ReferenceOption,
    minor_text,
    record,
    shortfall_rows,
)
from cli.screen.output import amount, answer, progress, table
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console

app = group("Money that came in or went out, and what goes wrong with it.")


@command(
    app,
    "receive",
    example="net payment receive PO-2026-0017 1130000.00 --on 2026-06-22 --reference BK-77",
    stated=True,
)
def receive(
    asked: Asked,
    order: OrderArgument,
    money: AmountArgument,
    reference: ReferenceOption = "",
    account: Annotated[str, typer.Option("--account", metavar="IBAN", help="From which account.")] = "",
    unknown: Annotated[
        bool, typer.Option("--unknown", help="From an account nobody knows: kept apart until identified.")
    ] = False,
    identified: Annotated[
        bool, typer.Option("--identified", help="Money kept apart before turns out to be the buyer's.")
    ] = False,
) -> None:
    """Record money from the buyer; it enters the order's account and leaves it by the waterfall.

    A short payment leaves the rest owed; a payment beyond what is owed is owed back. A date in the past
    replays interest and allocation from that day, as corrections.
    """
    data = {"reference": reference, "account": account, "unknown": unknown, "identified": identified}
    record(asked, order, "receipt", data, {"amount": money})


@command(app, "make", example="net payment make PO-2026-0017 tax --on 2026-05-15", stated=True)
def make(
    asked: Asked,
    order: OrderArgument,
    payee: Annotated[
        str,
        typer.Argument(metavar="PAYEE", help="A booking, a facility, 'network', 'tax', 'buyer', 'trader'."),
    ],
    money: OptionalAmount = None,
    cost: CostOption = None,
    reference: ReferenceOption = "",
) -> None:
    """Record a payment out of the order's account: what is owed when no amount is given.

    It is refused while the account does not hold it, or holds it for somebody who comes first. Who is paid
    in another currency is paid with money that the bank changes for it.
    """
    data = {"payee": payee, "reference": reference}
    if money is None:
        money = _owed(asked, order, payee)
    record(asked, order, "payment", data, {"amount": money, "cost": cost})


@command(
    app,
    "change",
    example="net payment change PO-2026-0900 100441.05 EUR 787772.91 CNY --on 2026-05-18 --evidence BK-91",
    stated=True,
)
def change(
    asked: Asked,
    order: OrderArgument,
    sold: Annotated[str, typer.Argument(metavar="SOLD", help="What the bank took of the account.")],
    source: Annotated[str, typer.Argument(metavar="FROM", help="Its currency.")],
    bought: Annotated[str, typer.Argument(metavar="BOUGHT", help="What came in its place.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Its currency.")],
    reference: ReferenceOption = "",
) -> None:
    """Record that the bank changed money of the order's account into another currency.

    Both amounts are the bank's. What was sold leaves at what it was carried at; the difference is realised.
    """
    data = {
        "from": source,
        "sold": minor_text(sold, source),
        "to": target,
        "bought": minor_text(bought, target),
        "reference": reference,
    }
    record(asked, order, "conversion", data)


def _owed(asked: Asked, order: str, payee: str) -> str | None:
    """What a booking is owed now, so that the fact carries its amount; None where the rules say it."""
    from flows.books.record import position_at

    with asked.session() as session:
        position = position_at(session.ledger, order, session.on).position
        account = position.accounts.get(payee)
        if account is None:
            return None
        owed = max(position.due_now(account) - account.paid, 0)
        return format_minor(owed, position.contract.currency_of(payee))


@command(
    app,
    "due",
    example="net payment due PO-2026-0017 --on 2026-06-22\nnet payment due --on 2026-06-22 --days 7",
)
def due(
    asked: Asked,
    order: Annotated[
        str, typer.Argument(metavar="[ORDER]", help="One order; all of them when none is named.")
    ] = "",
    days: Annotated[int, typer.Option("--days", min=0, help="Of all orders, and how far ahead.")] = 0,
) -> None:
    """Show what is due and unpaid on a day, in the order in which it is paid, and what the account holds.

    Without an order: of all orders, whom, since when, how much, also what buyers owe; the latest first.
    """
    if not order:
        _due_everywhere(asked, days)
        return
    from finance.sides.waterfall import dues
    from flows.books.record import position_at
    from flows.orders.find import find_order

    with asked.session() as session:
        known = find_order(session.ledger, order)
        if short := shortfall_rows(session.ledger, known.id):
            _tell_short(asked, known.id, known.order.currency, short)
            return
        position = position_at(session.ledger, order, session.on).position
        currency = position.contract.currency
        found = dues(position, session.on)
        ranks = position.contract.waterfall_default if position.frozen else position.contract.waterfall
        rows = [(rank.value, found.get(rank, 0)) for rank in ranks]
        cash = position.cash
    listed = [{"rank": name, "amount": format_minor(minor, currency)} for name, minor in rows]
    answer(
        asked,
        "payment-due",
        {"order": order, "currency": currency, "due": listed, "cash": format_minor(cash, currency)},
        lambda screen: _render_due(screen, [row for row in rows if row[1]], cash, currency),
    )


def _tell_short(asked: Asked, order: str, currency: str, short: list[dict[str, str]]) -> None:
    """Nothing is agreed for the order any more, and it has no account: what it owes is a shortfall."""
    listed = [{"rank": "providers", "amount": row["amount"]} for row in short if row["currency"] == currency]
    document = {"order": order, "currency": currency, "due": listed, "cash": None, "shortfall": short}
    answer(
        asked,
        "payment-due",
        document,
        lambda screen: screen.print("\n".join(SHORT.format(**row) for row in short)),
    )


def _due_everywhere(asked: Asked, days: int) -> None:
    from datetime import timedelta

    from cli.pages.status_page import agenda_table, line_document
    from flows.overview.agenda import Agenda

    with asked.session() as session, progress("orders looked at") as advance:
        on = session.on
        with Agenda(session.ledger, advance) as agenda:
            found = [
                line for line in agenda.lines(on + timedelta(days=days), due=True) if line.side != "record"
            ]
    document = {"on": on, "days": days, "due": [line_document(line, on) for line in found]}
    answer(
        asked,
        "payment-due-all",
        document,
        lambda screen: screen.print(
            agenda_table(f"Due on {on}, all orders", found, on) if found else f"nothing is due on {on}"
        ),
    )


def _render_due(screen: "Console", rows: list[tuple[str, int]], cash: int, currency: str) -> None:
    if rows:
        told = [(name, amount(minor, currency)) for name, minor in rows]
        screen.print(table("Due, in the order in which it is paid", ("to", currency), told, right=currency))
    else:
        screen.print("nothing is due")
    screen.print(f"in the order's account: {amount(cash, currency)} {currency}")


@command(
    app,
    "dispute",
    example="""
    net payment dispute PO-2026-0017 --quantity 800 --on 2026-06-22
    net payment dispute PO-2026-0017 --quantity 300 --settled --on 2026-07-10
    """,
    stated=True,
)
def dispute(
    asked: Asked,
    order: OrderArgument,
    quantity: QuantityOption = None,
    money: AmountOption = None,
    settled: Annotated[bool, typer.Option("--settled", help="The buyer gives in on this much.")] = False,
) -> None:
    """Record that the buyer withholds part of what it owes, or gives in."""
    data = {"quantity": quantity, "settled": settled}
    record(asked, order, "dispute", data, {"amount": money})


@command(app, "credit", example="net payment credit PO-2026-0017 --quantity 500 --on 2026-07-15", stated=True)
def credit(
    asked: Asked,
    order: OrderArgument,
    quantity: QuantityOption = None,
    money: AmountOption = None,
    reference: ReferenceOption = "",
) -> None:
    """Record a credit note: less is sold, less tax is owed, what was paid for it is owed back."""
    data = {"quantity": quantity, "reference": reference}
    record(asked, order, "credit_note", data, {"amount": money})


@command(
    app,
    "damages",
    example="net payment damages PO-2026-0017 zhongshan-lamps 42940.00 --on 2026-07-20",
    stated=True,
)
def damages(
    asked: Asked,
    order: OrderArgument,
    booking: BookingArgument,
    money: AmountArgument,
) -> None:
    """Record that a provider owes part of its price back (with tax)."""
    record(asked, order, "damages", {"booking": booking}, {"amount": money})


@command(
    app,
    "refund",
    example="net payment refund PO-2026-0017 zhongshan-lamps 42940.00 --on 2026-07-30",
    stated=True,
)
def refund(
    asked: Asked,
    order: OrderArgument,
    booking: BookingArgument,
    money: AmountArgument,
    reference: ReferenceOption = "",
) -> None:
    """Record money back from a provider, against what was claimed or was prepaid."""
    record(asked, order, "refund", {"booking": booking, "reference": reference}, {"amount": money})


@command(app, "late-interest", example="net payment late-interest PO-2026-0017 --on 2026-08-06", stated=True)
def late_interest(
    asked: Asked,
    order: OrderArgument,
    money: OptionalAmount = None,
) -> None:
    """Charge the buyer late interest: by the law's rate when no amount is given."""
    record(asked, order, "late_interest", {}, {"amount": money})


@command(
    app,
    "insolvent",
    example="net payment insolvent PO-2026-0017 --on 2026-06-22 --evidence court",
    stated=True,
)
def insolvent(
    asked: Asked,
    order: OrderArgument,
) -> None:
    """Record that the buyer cannot pay: the account is kept for the lenders, the claim struck on its day."""
    record(asked, order, "insolvent", {})


@command(
    app,
    "recover",
    example="net payment recover PO-2026-0017 226000.00 --cost 22600.00 --on 2026-12-21",
    stated=True,
)
def recover(
    asked: Asked,
    order: OrderArgument,
    money: AmountArgument,
    cost: Annotated[str, typer.Option("--cost", metavar="AMOUNT", help="What collecting it cost.")] = "0",
    reference: ReferenceOption = "",
) -> None:
    """Record money from an insolvent buyer's estate; insurers, lenders, guarantors share it by rank."""
    record(asked, order, "recovery", {"reference": reference}, {"amount": money, "cost": cost})


@command(app, "insurance", example="net payment insurance PO-2026-0017 --on 2026-12-20", stated=True)
def insurance(
    asked: Asked,
    order: OrderArgument,
    money: OptionalAmount = None,
) -> None:
    """Record what an insurer pays on the buyer's debt: by the policy's rate when no amount is given."""
    record(asked, order, "insurance", {}, {"amount": money})


@command(app, "write-off", example="net payment write-off PO-2026-0017 --on 2026-12-21", stated=True)
def write_off(
    asked: Asked,
    order: OrderArgument,
) -> None:
    """Write off what nobody will pay; a recourse limited to the order is released."""
    record(asked, order, "write_off", {})


@command(app, "clear", example="net payment clear PO-2026-0017 lender:pearl --on 2026-08-10 --evidence BK-81")
def clear(
    asked: Asked,
    order: OrderArgument,
    party: Annotated[
        str, typer.Argument(metavar="PARTY", help="Such as lender:pearl or provider:delta-freight.")
    ],
    evidence: EvidenceOption = "",
    dry_run: DryRunOption = False,
) -> None:
    """Record that the difference which corrections left open with a party was settled in cash."""
    from flows.books.acceptance import read_contract
    from flows.books.record import clear_claim
    from flows.orders.find import find_order

    with asked.session() as session:
        known = find_order(session.ledger, order)
        moved = clear_claim(session.ledger, known.id, party, session.on, evidence=evidence, dry_run=dry_run)
        currency = read_contract(session.ledger, known.id).currency
    answer(
        asked,
        "claim-cleared",
        {"order": known.id, "party": party, "amount": format_minor(moved, currency), "dry_run": dry_run},
        lambda screen: screen.print(
            f"{party} {'paid back' if moved > 0 else 'was paid'} {amount(abs(moved), currency)} {currency}"
        ),
    )
