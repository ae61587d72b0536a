"""``net voucher``: a confirmed debt passed down a chain: issue, split, pass, finance, redeem."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Asked, command, group
from cli.screen.output import amount, answer, table
from domain.errors import UsageError
from domain.money import format_minor

if TYPE_CHECKING:
    from finance.pools.vouchers import Voucher
    from flows.clearing.firm import Firm

app = group("Vouchers of a confirmed debt: issue, split, pass, finance, redeem.")

Name = Annotated[str, typer.Argument(metavar="VOUCHER", help="The voucher's name.")]
To = Annotated[Path, typer.Option("--to", metavar="FILE", help="The file to write.")]


@command(app, "issue", example="net voucher issue PO-7 INV-7 --country CN --on 2026-12-01")
def issue(
    asked: Asked,
    voucher: Name,
    debt: Annotated[
        str,
        typer.Argument(metavar="DEBT", help="A debt that you signed (net clear owe): its reference or id."),
    ],
    much: Annotated[str, typer.Option("--amount", help="Over how much of it; the whole if not given.")] = "",
    country: Annotated[str, typer.Option("--country", help="Whose law it stands under.")] = "CN",
    long_term: Annotated[
        bool, typer.Option("--long-term", help="More than six months are agreed, up to a year.")
    ] = False,
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="FILE", help="Legal forms and rules of your own.")
    ] = None,
) -> None:
    """Make a voucher of a debt that you acknowledged, for its creditor: never of more than the debt.

    Irrevocable and without recourse. net holds no money. The debt takes part in no clearing from then on.
    """
    from finance.agreed.legal import law_with
    from flows.bank.vouchers import VoucherTerms
    from flows.bank.vouchers import issue as issue_voucher
    from flows.clearing.books import read_debts
    from flows.clearing.debts import amount_in, find_debt
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        name = find_debt(session.ledger, debt)
        currency = read_debts(session.ledger).items[name].debt.currency
        minor = amount_in(much, currency) if much else None
        terms = VoucherTerms(country, law_with(rules), long_term)
        firm = this_firm(session)
        made = issue_voucher(session.ledger, firm, voucher, name, minor, terms, session.on)
    _tell(asked, [made], firm, currency)


@command(app, "split", example="net voucher split PO-7 PO-7/1=60.00 PO-7/2=40.00 --on 2026-12-01")
def split(
    asked: Asked,
    voucher: Name,
    parts: Annotated[
        list[str], typer.Argument(metavar="NAME=AMOUNT...", help="The parts, which are the whole of it.")
    ],
) -> None:
    """Split a voucher into parts that are the whole of it; each goes its own way from then on."""
    from flows.bank.vouchers import currency_of, read_vouchers
    from flows.bank.vouchers import split as split_voucher
    from flows.clearing.debts import amount_in
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        currency = currency_of(session.ledger, read_vouchers(session.ledger), voucher)
        named = [_named(part) for part in parts]
        minors = [(name, amount_in(much, currency)) for name, much in named]
        made = split_voucher(session.ledger, voucher, minors, session.on)
        firm = this_firm(session)
    _tell(asked, made, firm, currency)


def _named(text: str) -> tuple[str, str]:
    name, equals, much = text.rpartition("=")
    if not equals or not name:
        raise UsageError(f"{text!r} is no part", "write NAME=AMOUNT, such as PO-7/1=60.00")
    return name, much


@command(app, "pass", example="net voucher pass PO-7/2 thread --by mill --evidence letter-3 --on 2026-12-01")
def pass_(
    asked: Asked,
    voucher: Name,
    to: Annotated[str, typer.Argument(metavar="FIRM", help="Who holds it from now on.")],
    by: Annotated[str, typer.Option("--by", help="Its holder, who says so.")],
    evidence: Annotated[str, typer.Option("--evidence", help="What shows that the holder says so.")],
) -> None:
    """Pass a voucher on to the holder's own supplier, in payment and without recourse to the holder."""
    from flows.bank.vouchers import currency_of, pass_on, read_vouchers
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        firm = this_firm(session)
        keys = firm.key_of(by), firm.key_of(to)
        made = pass_on(session.ledger, voucher, *keys, evidence, session.on)
        currency = currency_of(session.ledger, read_vouchers(session.ledger), voucher)
    _tell(asked, [made], firm, currency)


@command(app, "export", example="net voucher export PO-7/2 --to voucher.json")
def export(asked: Asked, voucher: Name, to: To) -> None:
    """Write your signed word of today on a voucher, for a lender that may buy it."""
    from flows.bank.vouchers import statement
    from flows.clearing.files import write_document
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        document = statement(session.ledger, this_firm(session), voucher, session.on)
        write_document(document, to)
    told = {"voucher": voucher, "file": to, "standing": document["content"]["standing"]}
    answer(asked, "voucher-export", told, lambda screen: screen.print(f"{to}: {voucher}"))


@command(app, "accept", example="net voucher accept voucher.json --rate 5% --to bought.json")
def accept(
    asked: Asked,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The register's word on the voucher, of today.")
    ],
    rate: Annotated[str, typer.Option("--rate", metavar="RATE", help="The rate of a year, actual/360.")],
    to: To,
) -> None:
    """At a lender: buy a voucher without recourse, claimed in your ledger and signed for its register.

    Refused when it, what it was split from, a part of it, or more of its debt than is confirmed is pledged
    here already. Pay when the register has recorded it (net voucher finance).
    """
    from flows.bank.bids import rate_in
    from flows.bank.vouchers import accept as accept_voucher
    from flows.clearing.files import read_document, write_document
    from flows.clearing.firm import this_firm

    yearly = rate_in(rate)
    with asked.session() as session:
        document = read_document(file)
        bought = accept_voucher(session.ledger, this_firm(session), document, yearly, session.on)
        write_document(bought.acceptance, to)
    price, face = (
        format_minor(minor, bought.currency) for minor in (bought.price_minor, bought.amount_minor)
    )
    told = {
        "voucher": bought.voucher,
        "amount": face,
        "price": price,
        "currency": bought.currency,
        "file": to,
    }
    answer(
        asked, "voucher-accept", told,
        lambda screen: screen.print(f"{bought.voucher}: {face} bought for {price} {bought.currency}"),
    )  # fmt: skip


@command(app, "finance", example="net voucher finance bought.json")
def finance(
    asked: Asked,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What the lender signed: net voucher accept.")],
) -> None:
    """Record that a lender bought a voucher; a second lender is refused."""
    from flows.bank.vouchers import currency_of, read_vouchers
    from flows.bank.vouchers import finance as finance_voucher
    from flows.clearing.files import read_document
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        firm = this_firm(session)
        made = finance_voucher(session.ledger, firm, read_document(file), session.on)
        currency = currency_of(session.ledger, read_vouchers(session.ledger), made.id)
    _tell(asked, [made], firm, currency)


@command(app, "redeem", example="net voucher redeem PO-7/2 --on 2026-12-31")
def redeem(asked: Asked, voucher: Name) -> None:
    """Record that you paid a voucher to whoever holds it, on its day or later."""
    from flows.bank.vouchers import currency_of, read_vouchers
    from flows.bank.vouchers import redeem as redeem_voucher
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        made = redeem_voucher(session.ledger, voucher, session.on)
        currency = currency_of(session.ledger, read_vouchers(session.ledger), voucher)
        firm = this_firm(session)
    _tell(asked, [made], firm, currency)


@command(app, "show", example="net voucher show")
def show(asked: Asked) -> None:
    """Show every voucher that you issued: who holds it, what became of it, what it was split from."""
    from flows.bank.vouchers import currency_of, read_vouchers
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        book = read_vouchers(session.ledger)
        firm = this_firm(session)
        currency = next((currency_of(session.ledger, book, name) for name in book.vouchers), "CNY")
        found = sorted(book.vouchers.values(), key=lambda one: one.id)
    _tell(asked, found, firm, currency)


@command(
    app,
    "gains",
    example="""
    net voucher gains --rate 5% --days 60 --keep mill=730000@8% --keep thread=250000@12% --keep dye=150000@15%
    """,
)
def gains(
    asked: Asked,
    rate: Annotated[
        str, typer.Option("--rate", metavar="RATE", help="The rate at which vouchers are bought.")
    ],
    days: Annotated[int, typer.Option("--days", min=1, help="Days to maturity.")],
    keep: Annotated[
        list[str],
        typer.Option("--keep", metavar="FIRM=AMOUNT@RATE", help="What a firm keeps, and its own rate today."),
    ],
    fee: Annotated[str, typer.Option("--fee", metavar="SHARE", help="The platform's share.")] = "0%",
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="The currency.")] = "CNY",
) -> None:
    """Show who gains and who loses by financing at the buyer's rate instead of their own, actual/360."""
    from finance.pools.gains import TierPart, total
    from finance.pools.gains import gains as gains_of
    from flows.bank.bids import rate_in
    from flows.clearing.debts import amount_in

    tiers = []
    for text in keep:
        name, _, rest = text.partition("=")
        much, at, own = rest.partition("@")
        if not at:
            raise UsageError(f"{text!r} names no rate", "write FIRM=AMOUNT@RATE")
        tiers.append(TierPart(name, amount_in(much, currency), rate_in(own)))
    found = gains_of(tiers, rate_in(rate), days, rate_in(fee))
    rows = [
        (one.firm, *(format_minor(minor, currency) for minor in (one.own_cost, one.voucher_cost, one.saved)))
        for one in (*found, total(found))
    ]
    named = ("firm", "own_cost", "voucher_cost", "saved")
    answer(
        asked,
        "voucher-gains",
        {"currency": currency, "tiers": [dict(zip(named, row, strict=True)) for row in rows]},
        lambda screen: screen.print(
            table("", ("firm", "at its own rate", "by voucher", "saved"), rows,
                  right="at its own rate, by voucher, saved")
        ),
    )  # fmt: skip


COLUMNS = ("voucher", "of", "holder", "amount", "due_on", "state")


def _tell(asked: Asked, found: "list[Voucher]", firm: "Firm", currency: str) -> None:
    def row(one: "Voucher", much: str) -> tuple[object, ...]:
        return one.id, one.parent, firm.name(one.holder), much, one.due_on, one.state.value

    plain = [row(one, format_minor(one.amount_minor, currency)) for one in found]
    shown = [row(one, amount(one.amount_minor, currency)) for one in found]
    answer(
        asked,
        "vouchers",
        {"currency": currency, "vouchers": [dict(zip(COLUMNS, one, strict=True)) for one in plain]},
        lambda screen: screen.print(table(f"vouchers, {currency}", COLUMNS, shown, right="amount")),
    )
