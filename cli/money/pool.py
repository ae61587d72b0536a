"""``net pool``: an industry's pool of money: opened under a legal form, in units of two layers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, group
from cli.screen.output import amount, answer, table
from domain.errors import UsageError
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console

    from finance.pools.near_breach import Covenant
    from flows.bank.pools import OpenPool, PoolStep

app = group("Pools of money for an industry: open, subscribe, redeem, distribute, nav.")

Name = Annotated[str, typer.Argument(metavar="POOL", help="The pool's name.")]
Investor = Annotated[str, typer.Argument(metavar="INVESTOR", help="Who puts money in or takes it out.")]
Layer = Annotated[str, typer.Option("--layer", help="junior, which loses first, or senior.")]
Reference = Annotated[
    str, typer.Option("--reference", help="The bank's reference of the payment; the same one counts once.")
]
Rules = Annotated[
    Path | None,
    typer.Option("--rules", metavar="FILE", help="Legal forms and rules of your own, beside those shipped."),
]


@command(
    app,
    "open",
    example="""
    net pool open EAST --investor fund --investor insurer --senior-most 90%
    """,
)
def open_(
    asked: Asked,
    pool: Name,
    investor: Annotated[
        list[str] | None, typer.Option("--investor", help="A qualified investor; once for each.")
    ] = None,
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="The pool's currency.")] = "CNY",
    country: Annotated[str, typer.Option("--country", help="Whose law it stands under.")] = "CN",
    senior_most: Annotated[
        str, typer.Option("--senior-most", metavar="SHARE", help="The most that the senior layer may be.")
    ] = "100%",
    public_offer: Annotated[
        bool, typer.Option("--public-offer", help="It is offered to the public, which rules refuse.")
    ] = False,
    promised_return: Annotated[
        bool, typer.Option("--promised-return", help="A return is promised, which rules refuse.")
    ] = False,
    rules: Rules = None,
) -> None:
    """Open a pool under its country's legal form; a rule that it breaks refuses it and is named.

    net keeps its books and never holds its money. Lenders whose underwriting says pool_name lend it.
    """
    from finance.agreed.legal import law_with
    from finance.pools.units import PoolTerms
    from flows.bank.bids import rate_in
    from flows.bank.pools import Opening, open_pool
    from flows.clearing.debts import currency_in

    terms = PoolTerms(pool, currency_in(currency), rate_in(senior_most))
    opening = Opening(terms, country, tuple(investor or ()), public_offer, promised_return)
    with asked.session() as session:
        made = open_pool(session.ledger, opening, law_with(rules), session.on)
    _tell(asked, made)


@command(app, "admit", example="net pool admit EAST family-office --evidence certificate-12")
def admit(
    asked: Asked,
    pool: Name,
    investor: Investor,
    evidence: Annotated[str, typer.Option("--evidence", help="What shows that the investor is qualified.")],
    rules: Rules = None,
) -> None:
    """Admit a further qualified investor, up to the number that the law allows."""
    from finance.agreed.legal import law_with
    from flows.bank.pools import admit as admit_to

    with asked.session() as session:
        made = admit_to(session.ledger, pool, investor, evidence, law_with(rules), session.on)
    _tell(asked, made)


@command(
    app,
    "subscribe",
    example="net pool subscribe EAST fund 1500000.00 --layer junior --reference in-1 --on 2026-12-01",
)
def subscribe(
    asked: Asked,
    pool: Name,
    investor: Investor,
    much: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, such as 1130.00.")],
    layer: Layer,
    reference: Reference,
) -> None:
    """Record an investor's money: units at the worth of the day, which is not older than a day.

    Senior money beyond the agreed share of the pool is refused: junior money comes first.
    """
    from flows.bank.pools import read_pool
    from flows.bank.pools import subscribe as subscribe_to
    from flows.clearing.debts import amount_in

    with asked.session() as session:
        minor = amount_in(much, read_pool(session.ledger, pool).currency)
        step = subscribe_to(session.ledger, pool, investor, layer, minor, reference, session.on)
    _tell_step(asked, step)


@command(
    app,
    "redeem",
    example="""
    net pool redeem EAST insurer --layer senior --units 1000.000000 --reference out-1 --on 2026-12-01
    net pool redeem EAST insurer --layer senior --reference out-2 --on 2026-12-01
    """,
)
def redeem(
    asked: Asked,
    pool: Name,
    investor: Investor,
    layer: Layer,
    reference: Reference,
    units: Annotated[str, typer.Option("--units", help="How many units; all of them if not given.")] = "",
) -> None:
    """Record money paid out for units at the worth of the day, out of what is not lent out.

    Junior units stay where the senior layer would be more than its agreed share without them.
    """
    from flows.bank.pools import redeem as redeem_from

    with asked.session() as session:
        count = _units(units) if units else None
        step = redeem_from(session.ledger, pool, investor, layer, count, reference, session.on)
    _tell_step(asked, step)


@command(app, "distribute", example="net pool distribute EAST 1000.00 --reference pay-1 --on 2026-12-01")
def distribute(
    asked: Asked,
    pool: Name,
    much: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much in all.")],
    reference: Reference,
) -> None:
    """Record money paid out to all: to the layers by worth, within each by units, to the minor unit."""
    from flows.bank.pools import distribute as distribute_from
    from flows.bank.pools import read_pool
    from flows.clearing.debts import amount_in

    with asked.session() as session:
        minor = amount_in(much, read_pool(session.ledger, pool).currency)
        step = distribute_from(session.ledger, pool, minor, reference, session.on)
    _tell_step(asked, step)


@command(app, "nav", example="net pool nav EAST --on 2026-12-01")
def nav(asked: Asked, pool: Name) -> None:
    """Mark the worth of the day from the books of the pool's lenders, and show it by layer.

    A fall takes from the junior layer first; a rise gives back what the senior and then the junior lost.
    """
    from flows.bank.pools import mark

    with asked.session() as session:
        step = mark(session.ledger, session.network, pool, session.on)
    _tell(asked, step.pool)


@command(app, "show", example="net pool show EAST")
def show(asked: Asked, pool: Name) -> None:
    """Show a pool as it was last marked: worth, units and price of each layer, holders, legal form."""
    from flows.bank.pools import read_pool

    with asked.session() as session:
        found = read_pool(session.ledger, pool)
    _tell(asked, found)


@command(app, "close", example="net pool close EAST")
def close(asked: Asked, pool: Name) -> None:
    """Close a pool: nothing comes in any more, and holders redeem what is there."""
    from flows.bank.pools import close as close_pool

    with asked.session() as session:
        found = close_pool(session.ledger, pool, session.on)
    _tell(asked, found)


@command(app, "near-breach", example="net pool near-breach EAST --on 2026-12-01")
def near_breach(asked: Asked, pool: Name) -> None:
    """Show every covenant and limit of a pool with the room that is left, before one breaks.

    The layers' ratio, the money lent out, and the largest names against the lenders' own limits.
    """
    from flows.bank.pools import covenants_of, read_pool

    with asked.session() as session:
        opened = read_pool(session.ledger, pool)
        found = covenants_of(session.ledger, session.network, opened, session.on)
    rows = [_covenant_row(one) for one in sorted(found, key=lambda one: -one.used)]
    named = ("covenant", "measured", "limit", "used", "state")
    answer(
        asked,
        "pool-near-breach",
        {"pool": pool, "covenants": [dict(zip(named, row, strict=True)) for row in rows]},
        lambda screen: screen.print(
            table(f"covenants of {pool}", named, rows, right="measured, limit, used")
        ),
    )


@command(
    app,
    "capital",
    example="net pool capital harbour",
)
def capital(
    asked: Asked,
    lender: Annotated[str, typer.Argument(metavar="[LENDER]", help="Every lender when none is named.")] = "",
) -> None:
    """Show regulatory capital loan by loan: the Basel formula on each facility's default and loss rates."""
    from flows.bank.capital import weights

    with asked.session() as session:
        found = weights(session.ledger, session.network, session.on, lender)
    rows = [
        (one.order, one.facility, one.lender, amount(one.exposed_minor, one.currency), f"{one.pd:.2%}",
         f"{one.lgd:.0%}", f"{one.weight:.2%}", amount(one.capital_minor, one.currency), one.stage)
        for one in found
    ]  # fmt: skip
    named = ("order", "facility", "lender", "exposed", "pd", "lgd", "weight", "capital", "stage")
    answer(
        asked,
        "pool-capital",
        {"loans": [dict(zip(named, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("capital", named, rows, right="exposed, pd, lgd, weight, capital")),
    )


# what is shown -----------------------------------------------------------------------------------


def _units(text: str) -> int:
    """Millionths of a unit."""
    from domain.money import MoneyError, parse_decimal

    try:
        exact = parse_decimal(text) * 10**6
    except MoneyError as error:
        raise UsageError(str(error), "write units as 1000.000000") from None
    if exact != int(exact) or exact <= 0:
        raise UsageError(f"{text} is no number of units", "write units as 1000.000000")
    return int(exact)


def units_text(units: int) -> str:
    sign = "-" if units < 0 else ""
    return f"{sign}{abs(units) // 10**6}.{abs(units) % 10**6:06}"


def _tell(asked: Asked, pool: "OpenPool") -> None:
    answer(asked, "pool", _document(pool), lambda screen: _render(screen, pool))


def _render(screen: "Console", pool: "OpenPool") -> None:
    for one in _tables(pool):
        screen.print(one)


def _document(pool: "OpenPool") -> dict[str, Any]:
    def money(minor: int) -> str:
        return format_minor(minor, pool.currency)

    units = pool.units
    return {
        "name": pool.name,
        "currency": pool.currency,
        "country": pool.country,
        "form": pool.form,
        "law": pool.law,
        "marked_on": units.marked_on,
        "nav": money(units.worth),
        "free": money(units.free),
        "senior_ratio": str(units.senior_ratio),
        "senior_most": str(units.terms.senior_most),
        "may_lend": units.may_lend,
        "closed": units.closed,
        "layers": [
            {
                "name": name,
                "worth": money(layer.worth),
                "lost": money(layer.lost),
                "units": units_text(layer.units),
                "price": _price(layer.worth, layer.units),
                "holders": [
                    {"name": one, "units": units_text(n)} for one, n in sorted(layer.holders.items())
                ],
            }
            for name, layer in units.layers.items()
        ],
        "members": sorted(pool.members),
    }


def _price(worth: int, units: int) -> str | None:
    """Minor units of a whole unit are hundredths of what one buys first: 1.0000 at the start."""
    return f"{worth * 10_000 / units:.6f}" if units else None


def _tables(pool: "OpenPool") -> list[Any]:
    units = pool.units
    rows = [
        (name, amount(layer.worth, pool.currency), amount(layer.lost, pool.currency), units_text(layer.units),
         _price(layer.worth, layer.units))
        for name, layer in units.layers.items()
    ]  # fmt: skip
    ratio = f"{float(units.senior_ratio):.2%} of {float(units.terms.senior_most):.2%}"
    facts = [
        ("worth", amount(units.worth, pool.currency)),
        ("marked on", units.marked_on),
        ("not lent out", amount(units.free, pool.currency)),
        ("senior layer", ratio + ("" if units.may_lend else ": lending stops")),
        ("legal form", f"{pool.form} ({pool.country})"),
    ]
    return [
        table(f"pool {pool.name}", ("", pool.currency), facts),
        table(
            "layers", ("layer", "worth", "lost", "units", "price"), rows, right="worth, lost, units, price"
        ),
    ]


def _tell_step(asked: Asked, step: "PoolStep") -> None:
    currency = step.pool.currency
    shares = {name: format_minor(minor, currency) for name, minor in step.shares.items()}
    document = {
        "pool": step.pool.name,
        "units": units_text(step.units),
        "amount": format_minor(step.amount_minor, currency),
        "currency": currency,
        "shares": [{"holder": name, "amount": share} for name, share in shares.items()],
        "repeated": step.repeated,
    }
    told = f"{document['amount']} {currency}, {document['units']} units"
    rows = [("recorded before" if step.repeated else told, ""), *shares.items()]
    answer(asked, "pool-step", document, lambda screen: screen.print(table(step.pool.name, ("", ""), rows)))


def _covenant_row(one: "Covenant") -> tuple[str, ...]:
    measured, limit, used = (f"{float(share):.2%}" for share in (one.measured, one.limit, one.used))
    return one.name, measured, limit, used, one.state
