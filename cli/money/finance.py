"""``net finance``: ask lenders, accept, draw, confirm; and what happens when a loan goes wrong."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.money import finance_pack, finance_trouble
from cli.options import Asked, ByOption, EvidenceOption, command, group
from cli.pages.next_page import next_command, render_next, step_after
from cli.pages.recorded import OptionalAmount, OrderArgument, minor_text, record, show
from cli.screen.offers_page import offers_document, render_offers
from cli.screen.output import amount, answer, table
from cli.screen.position_page import position_document, render_position
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console

    from flows.credit.accept import Accepted
    from flows.overview.next_step import NextStep

app = group("Ask lenders, accept an offer, draw, confirm, look at a facility.")
finance_trouble.register(app)
finance_pack.register(app)

FacilityArgument = Annotated[
    str, typer.Argument(metavar="FACILITY", help="The lender's product, as net finance show lists it.")
]


@command(app, "request", example="net finance request PO-2026-0017")
def request(asked: Asked, order: OrderArgument) -> None:
    """Ask every lender of the order's plan: offer or refusal, with the reasons and what would change them."""
    from flows.credit.offers import request_offers
    from flows.orders.find import find_order
    from flows.plans.recorded_plan import current_plan

    with asked.session() as session:
        known = find_order(session.ledger, order)
        plan = current_plan(session.ledger, known.id)
        found = request_offers(
            session.ledger,
            known,
            plan,
            session.network,
            registry_key=session.registry_key,
            on=session.on,
        )
    answer(
        asked,
        "finance-request",
        offers_document(found, plan.currency),
        lambda screen: render_offers(screen, found, plan.currency),
    )


@command(app, "accept", example="net finance accept PO-2026-0017")
def accept(asked: Asked, order: OrderArgument, by: ByOption = "") -> None:
    """Accept the offers that the order's plan rests on; the order is claimed in the registry.

    Done by net order run too. The same again changes nothing; other terms are refused.
    """
    from domain.states import OrderState
    from flows.credit.accept import accept as take
    from flows.orders.find import find_order
    from flows.plans.foresight import policy_for
    from flows.plans.recorded_plan import current_plan, require_fresh

    with asked.session() as session, session.ledger.write() as transaction:
        known = find_order(transaction, order)
        plan = current_plan(transaction, known.id)
        if known.state in (OrderState.CONFIRMED, OrderState.PLANNED):
            require_fresh(plan, known.order, session.network, policy_for(session, known.order), session.on)
        taken = take(
            transaction,
            known.order,
            plan,
            session.network,
            session.on,
            registry_key=session.registry_key,
            by=by,
        )
    with asked.session() as session:
        step = step_after(session, known.id)
    _tell_accepted(asked, taken, step)


def _tell_accepted(asked: Asked, taken: "Accepted", step: "NextStep | None") -> None:
    currency, facilities = taken.contract.currency, taken.contract.facilities
    limits = [{"facility": one.id, "limit": format_minor(one.limit_minor, currency)} for one in facilities]
    document = {
        "order": taken.contract.order,
        "repeated": taken.repeated,
        "facilities": limits,
        "next": next_command(step),
    }
    rows = [
        (one.id, one.name, ", ".join(share.lender for share in one.shares), amount(one.limit_minor, currency))
        for one in facilities
    ]
    columns = ("facility", "", "lenders", "limit")

    def screen_of(screen: "Console") -> None:
        screen.print(table("", columns, rows, right="limit"))
        render_next(screen, step)

    answer(asked, "finance-accepted", document, screen_of)


@command(app, "show", example="net finance show PO-2026-0017 --on 2026-06-30")
def show_finance(asked: Asked, order: OrderArgument) -> None:
    """Show an order's facilities at a day: limits, drawn, owed, due; and its bookings: paid and owed."""
    from flows.books.record import position_at

    with asked.session() as session:
        position = position_at(session.ledger, order, session.on).position
    answer(
        asked,
        "finance-show",
        position_document(position),
        lambda screen: render_position(screen, position),
    )


@command(
    app,
    "draw",
    example="""
    net finance draw PO-2026-0017 harbour-order --pay zhongshan-lamps=257640.00 --on 2026-03-05
    net finance draw PO-2026-0017 pearl-factoring --on 2026-04-22
    """,
    stated=True,
)
def draw(
    asked: Asked,
    order: OrderArgument,
    facility: FacilityArgument,
    money: OptionalAmount = None,
    pay: Annotated[
        list[str] | None,
        typer.Option(
            "--pay",
            metavar="BOOKING=AMOUNT",
            help="Whom the draw pays, in its currency; may be repeated. BOOKING=AMOUNT@COST where the"
            " lender's money was changed for it.",
        ),
    ] = None,
    absent: Annotated[
        list[str] | None,
        typer.Option("--absent", metavar="LENDER", help="A lender that does not fund its share."),
    ] = None,
) -> None:
    """Draw a facility: a loan pays reserved bookings, a take-out pays into the order's account.

    Refused until its conditions are met and beyond what is due. What an absent lender does not fund, the
    others do.
    """
    from domain.errors import UsageError
    from flows.books.acceptance import read_contract
    from flows.orders.find import find_order

    payees = []
    with asked.session() as session:
        contract = read_contract(session.ledger, find_order(session.ledger, order).id)
    for text in pay or []:
        name, found, figure = text.partition("=")
        if not found:
            raise UsageError(f"{text!r} is not BOOKING=AMOUNT", "for example --pay zhongshan-lamps=257640.00")
        figure, changed, cost = figure.partition("@")
        payee = [name, minor_text(figure, contract.currency_of(name))]
        payees.append([*payee, minor_text(cost, contract.currency_of(facility))] if changed else payee)
    data = {"facility": facility, "payees": payees, "absent": absent or []}
    record(asked, order, "draw", data, {"amount": money})


@command(
    app,
    "confirm",
    example="""
    net finance confirm PO-2026-0017 --signature order.sig
    net finance confirm PO-2026-0017 --condition assignment_notified --by registry --evidence notice-4711
    """,
    stated=True,
)
def confirm(
    asked: Asked,
    order: OrderArgument,
    signature: Annotated[
        Path | None,
        typer.Option(
            "--signature", metavar="FILE", help="The buyer's signature over the order: 64 bytes or hex."
        ),
    ] = None,
    condition: Annotated[
        str, typer.Option("--condition", metavar="NAME", help="Another condition of a draw that is met.")
    ] = "",
) -> None:
    """Record that a condition of the first draw is met: the buyer's own signature, a notice of assignment.

    Without options it prints what the buyer has to sign.
    """
    from domain.errors import UsageError
    from finance.agreed.contract import Condition
    from flows.credit.confirmation import confirm_by_buyer, confirm_condition
    from flows.orders.find import find_order

    if signature is None and not condition:
        _tell_statement(asked, order)
        return
    if condition and condition not in set(Condition):
        raise UsageError(f"{condition!r} is no condition", f"conditions are: {', '.join(sorted(Condition))}")
    with asked.session() as session:
        known = find_order(session.ledger, order)
        if signature is not None:
            raw = _read_signature(signature)
            recorded = confirm_by_buyer(session.ledger, known.id, raw, session.on, dry_run=asked.dry_run)
        else:
            stated, met = asked.statement(session.on), Condition(condition)
            recorded = confirm_condition(session.ledger, known.id, met, stated, dry_run=asked.dry_run)
        step = step_after(session, known.id, dry_run=asked.dry_run)
    show(asked, recorded, step)


def _read_signature(path: Path) -> bytes:
    from domain.errors import NotFoundError

    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}", "name the file with the buyer's signature") from None
    if len(raw) == 64:
        return raw
    try:
        return bytes.fromhex(raw.decode().strip())
    except (UnicodeDecodeError, ValueError):
        return b""


def _tell_statement(asked: Asked, order: str) -> None:
    from finance.underwriting.fingerprint import order_hash, statement_bytes
    from flows.orders.find import find_order

    with asked.session() as session:
        known = find_order(session.ledger, order)
    statement = statement_bytes(known.order).decode()
    answer(
        asked,
        "finance-statement",
        {"order": known.id, "hash": order_hash(known.order), "statement": statement},
        lambda screen: screen.print(f"the buyer signs these bytes with its own Ed25519 key:\n{statement}"),
    )


@command(
    app,
    "enrol-buyer",
    example='net finance enrol-buyer "Meridian Stores" ed25519:AAAA... --by clerk --evidence "call-back"',
)
def enrol(
    asked: Asked,
    buyer: Annotated[str, typer.Argument(metavar="BUYER", help="The buyer's name, as on its orders.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its public key, ed25519:...")],
    by: ByOption = "",
    evidence: EvidenceOption = "",
    order: Annotated[
        str, typer.Option("--order", metavar="ORDER", help="Its order that waits for the key.")
    ] = "",
) -> None:
    """Note a buyer's public key, learned from the buyer itself and never from the trader."""
    from flows.credit.confirmation import enrol_buyer
    from flows.orders.statement import Statement
    from trust.keys import PublicKey

    with asked.session() as session:
        number = enrol_buyer(session.ledger, buyer, PublicKey(key), Statement(session.on, by, evidence))
        step = step_after(session, order) if order else None

    def screen_of(screen: "Console") -> None:
        screen.print(f"key {number} of {buyer} is enrolled")
        render_next(screen, step)

    document = {"buyer": buyer, "key": key, "number": number, "next": next_command(step)}
    answer(asked, "buyer-key", document, screen_of)
