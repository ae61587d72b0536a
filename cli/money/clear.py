"""``net clear``: debts among firms, signed, set off together, and booked by each."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command, group, parse_date
from cli.screen.output import amount, answer, note, table
from domain.errors import UsageError
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console

    from finance.clearing.draft import ClearingDraft
    from finance.clearing.proposal import ClearingLine, ClearingView
    from flows.clearing.books import Item
    from flows.clearing.firm import Firm
    from flows.desk.session import Session

app = group("Set off debts among many firms: owe, take, propose, sign, execute.")

Currency = Annotated[str, typer.Option("--currency", metavar="CODE", help="The currency of the debts.")]
To = Annotated[Path, typer.Option("--to", metavar="FILE", help="The file to write.")]
Rules = Annotated[
    Path | None,
    typer.Option("--rules", metavar="FILE", help="Legal forms and rules of your own, beside those shipped."),
]


@command(
    app,
    "owe",
    example="""
    net clear owe mill 1130.00 --due 2026-12-31 --reference INV-7
    net clear owe mill 500.00 --currency EUR --due 2026-12-31
    """,
)
def owe(
    asked: Asked,
    creditor: Annotated[
        str, typer.Argument(metavar="CREDITOR", help="A firm that you trust (net node trust).")
    ],
    much: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, such as 1130.00.")],
    due: Annotated[date, typer.Option("--due", parser=parse_date, metavar="DATE", help="The day it is due.")],
    currency: Currency = "CNY",
    reference: Annotated[str, typer.Option("--reference", help="The invoice or order that it is for.")] = "",
) -> None:
    """Acknowledge a debt to another firm: signed with your key and in your books.

    Give it to the creditor with net clear export. The same debt again is the one there is.
    """
    from flows.clearing.debts import Owing, amount_in
    from flows.clearing.debts import owe as owe_debts
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        owing = Owing(creditor, amount_in(much, currency), currency, due, reference)
        made = owe_debts(session.ledger, this_firm(session), [owing], session.on)
    one = made[0]
    answer(
        asked,
        "clear-owe",
        {"debt": one.id, "creditor": creditor, "amount": much, "currency": currency, "due_on": due},
        lambda screen: screen.print(f"{one.id}: {much} {currency} owed to {creditor}, due {due}"),
    )


@command(app, "take", example="net clear take mill-debts.json")
def take(
    asked: Asked,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="What net clear export wrote there.")
    ],
) -> None:
    """Take in other firms' signed debts: what they owe you becomes a claim in your books.

    What they owe others is kept for the clearings that you propose. The same file again changes nothing.
    """
    from flows.clearing.debts import take as take_file
    from flows.clearing.files import read_document
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        firm = this_firm(session)
        found = [take_file(session.ledger, firm, read_document(path), session.on) for path in files]
    rows = [(one.firm, one.debts, len(one.ours)) for one in found]
    names = ("firm", "debts", "new_to_us")
    answer(
        asked,
        "clear-take",
        {"files": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("", ("firm", "debts", "new, owed to us"), rows, right="debts")),
    )


@command(
    app,
    "mark",
    example="""
    net clear mark INV-7 --status disputed
    net clear mark INV-8 --status pledged --about harbour
    net clear mark INV-8 --status insolvent --about mill
    """,
)
def mark(
    asked: Asked,
    debt: Annotated[
        str, typer.Argument(metavar="DEBT", help="The debt's reference, or the beginning of its id.")
    ],
    status: Annotated[
        str,
        typer.Option("--status", help="open, disputed, pledged, assigned, insolvent or paid."),
    ],
    about: Annotated[
        str, typer.Option("--about", help="To whom it is pledged or assigned, or which firm is insolvent.")
    ] = "",
) -> None:
    """Say of a debt or claim why it takes part in no clearing; open takes that back, paid ends it.

    The statement is signed and goes along with your next net clear export.
    """
    from finance.clearing.debt import DebtStatus
    from flows.clearing.debts import find_debt
    from flows.clearing.debts import mark as mark_debt
    from flows.clearing.firm import this_firm

    known = [one.value for one in DebtStatus]
    if status not in known:
        raise UsageError(f"{status!r} is no status", f"there are {', '.join(known)}")
    with asked.session() as session:
        name = find_debt(session.ledger, debt)
        mark_debt(session.ledger, this_firm(session), name, DebtStatus(status), about, session.on)
    document = {"debt": name, "status": status, "about": about}
    answer(asked, "clear-mark", document, lambda screen: screen.print(f"{name}: {status} {about}".rstrip()))


@command(app, "consent", example="net clear consent mill --most 60.00 --due 2026-12-31")
def consent(
    asked: Asked,
    debtor: Annotated[str, typer.Argument(metavar="DEBTOR", help="The firm that may come to owe you.")],
    most: Annotated[str, typer.Option("--most", metavar="AMOUNT", help="Up to how much.")],
    due: Annotated[
        date, typer.Option("--due", parser=parse_date, metavar="DATE", help="When that debt would be due.")
    ],
    currency: Currency = "CNY",
) -> None:
    """Consent in writing to a new debtor in the place of one of yours (net clear propose --paths)."""
    from finance.clearing.debt import WrittenConsent
    from flows.clearing.debts import amount_in
    from flows.clearing.debts import consent as give_consent
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        firm = this_firm(session)
        given = WrittenConsent(firm.key_of(debtor), firm.id, amount_in(most, currency), currency, due)
        give_consent(session.ledger, firm, given, session.on)
    document = {"debtor": debtor, "most": most, "currency": currency, "due_on": due}
    told = f"{debtor} may come to owe up to {most} {currency}, due {due}"
    answer(asked, "clear-consent", document, lambda screen: screen.print(told))


@command(app, "export", example="net clear export --to our-debts.json")
def export(asked: Asked, to: To) -> None:
    """Write a signed file of what you owe and of what you say of debts and claims, for others to take in.

    It holds a checkpoint of your ledger, so that the ledger cannot be rewritten afterwards without notice.
    """
    from flows.clearing.debts import debts_file
    from flows.clearing.files import write_document
    from flows.clearing.firm import this_firm
    from ledger.checkpoints import make_checkpoint

    with asked.session() as session:
        checkpoint = make_checkpoint(session.ledger, session.actor, session.keys_folder / "checkpoints")
        file = debts_file(session.ledger, this_firm(session), session.on, checkpoint.note)
        write_document(file, to)
    count = len(file["content"]["debts"])
    document = {"file": to, "debts": count}
    answer(asked, "clear-export", document, lambda screen: screen.print(f"{to}: {count} debts"))


@command(
    app,
    "propose",
    example="""
    net clear propose --due-until 2026-12-31 --to december
    net clear propose --due-until 2026-12-31 --paths --include mill --to with-mill
    """,
)
def propose(
    asked: Asked,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder for the proposal's files.")],
    currency: Currency = "CNY",
    due_until: Annotated[
        date | None,
        typer.Option(
            "--due-until",
            parser=parse_date,
            metavar="DATE",
            help="Debts due up to then; in 30 days if not given.",
        ),
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", metavar="FIRM", help="Only these firms; all that you trust if not given."),
    ] = None,
    paths: Annotated[
        bool, typer.Option("--paths", help="Also assignments to which a creditor consented in writing.")
    ] = False,
    with_credit: Annotated[
        Path | None,
        typer.Option("--with-credit", metavar="FILE", help="A facility that lends what clears the rest."),
    ] = None,
    valid: Annotated[
        int, typer.Option("--valid", metavar="DAYS", min=1, help="How long it may be signed.")
    ] = 7,
    country: Annotated[str, typer.Option("--country", help="Whose law it stands under.")] = "CN",
    rules: Rules = None,
) -> None:
    """Propose a set-off of the debts that you took in: the most that goes round, proven to be the most.

    Nobody comes to owe a firm that it did not owe before. Disputed, pledged and assigned debts and those of
    insolvent firms stay out, and the reason is told. Give each firm its own file: it sees its own lines.
    """
    from finance.agreed.legal import law_with
    from flows.clearing.debts import currency_in
    from flows.clearing.facility import read_facility
    from flows.clearing.files import write_proposal
    from flows.clearing.firm import this_firm
    from flows.clearing.propose import ClearingAsked
    from flows.clearing.propose import propose as propose_clearing

    currency_in(currency)
    with asked.session() as session:
        firm = this_firm(session)
        facility = read_facility(with_credit, firm, currency) if with_credit else None
        last = due_until or session.on + timedelta(days=30)
        wanted = ClearingAsked(currency, session.on, last, valid, country, include or (), paths, facility)
        draft = propose_clearing(session.ledger, firm, wanted, law_with(rules))
        files = dict(write_proposal(draft, firm, to))
    _tell_proposal(asked, draft, firm, files)


def _tell_proposal(asked: Asked, draft: "ClearingDraft", firm: "Firm", files: dict[str, Path]) -> None:
    named = ("debtor", "creditor", "amount", "reason")
    from finance.clearing.draft import excluded_row

    left = [_left_out(excluded_row(one), firm) for one in draft.excluded]
    document = {
        "digest": draft.digest,
        **_figures(draft.header),
        "sign": [firm.name(one) for one in draft.header["firms"]],
        "files": files,
        "excluded": [dict(zip(named, row, strict=True)) for row in left],
    }

    def render(screen: "Console") -> None:
        currency = draft.header["currency"]
        screen.print(table(f"clearing {draft.digest[:12]}", ("", currency), _figure_rows(draft.header)))
        screen.print(table("files", ("firm", "file"), files.items()))
        if left:
            screen.print(table("left out", named, left, right="amount"))

    answer(asked, "clear-propose", document, render)


def _left_out(row: Mapping[str, str], firm: "Firm") -> tuple[str, str, str, str]:
    return firm.name(row["debtor"]), firm.name(row["creditor"]), row["amount"], row["reason"]


FIGURES = ("total", "cleared", "residual", "net_debt", "credit")


def _figures(header: Any) -> dict[str, Any]:
    names = ("mode", "currency", "on", "due_until", "valid_until", "form", "country", "law")
    return {name: header[name] for name in (*names, *FIGURES, "lines")}


def _figure_rows(header: Any) -> list[tuple[str, str]]:
    said = ("owed in all", "cleared", "left", "least that any clearing leaves", "credit needed")
    rows = [(told, str(header[name])) for told, name in zip(said, FIGURES, strict=True)]
    return [
        *rows,
        ("legal form", f"{header['form']} ({header['country']})"),
        ("to sign until", header["valid_until"]),
    ]


@command(
    app,
    "show",
    example="""
    net clear show
    net clear show december/for-us.json
    """,
)
def show(
    asked: Asked,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A proposal; your open debts and claims if not given."),
    ] = None,
) -> None:
    """Show your open debts and claims, or a proposal: your lines, the total, and whether its proof holds."""
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        firm = this_firm(session)
        if file is None:
            _show_own(asked, session, firm)
        else:
            _show_proposal(asked, firm, file)


DEBT_COLUMNS = ("debt", "side", "firm", "amount", "currency", "due_on", "reference", "hindrance")


def _show_own(asked: Asked, session: "Session", firm: "Firm") -> None:
    from flows.clearing.books import read_debts

    rows = [_debt_row(name, item, firm) for name, item in sorted(read_debts(session.ledger).open_items())]
    answer(
        asked,
        "clear-debts",
        {"debts": [dict(zip(DEBT_COLUMNS, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("open debts and claims", DEBT_COLUMNS, rows, right="amount")),
    )


def _debt_row(name: str, item: "Item", firm: "Firm") -> tuple[Any, ...]:
    debt, owed = item.debt, item.debt.creditor == firm.id
    side, other = ("owed to us by", debt.debtor) if owed else ("we owe", debt.creditor)
    much = format_minor(debt.amount_minor, debt.currency)
    return name, side, firm.name(other), much, debt.currency, debt.due_on, debt.reference, item.hindrance


def _show_proposal(asked: Asked, firm: "Firm", file: Path) -> None:
    from finance.clearing.proposal import read_view, view_faults
    from flows.clearing.files import read_document

    view = read_view(read_document(file))
    faults = view_faults(view)
    rows = [_line_row(line, firm, str(view.header["currency"])) for line in view.lines]
    document = {
        "digest": view.digest,
        **_figures(view.header),
        "holds": not faults,
        "faults": faults,
        "our_lines": [dict(zip(LINE_COLUMNS, row, strict=True)) for row in rows],
        "excluded": list(view.excluded),
    }
    answer(asked, "clear-show", document, lambda screen: _render_view(screen, view, firm, rows, faults))


LINE_COLUMNS = ("kind", "from", "to", "of", "cleared")


def _render_view(
    screen: "Console", view: "ClearingView", firm: "Firm", rows: list[tuple[str, ...]], faults: list[str]
) -> None:
    title = f"clearing {view.digest[:12]}"
    screen.print(table(title, ("", str(view.header["currency"])), _figure_rows(view.header)))
    screen.print(table("your lines", LINE_COLUMNS, rows, right="of, cleared"))
    left = [_left_out(row, firm) for row in view.excluded]
    if left:
        screen.print(table("left out", ("debtor", "creditor", "amount", "reason"), left, right="amount"))
    screen.print("the proof holds" if not faults else "it does not hold: " + "; ".join(faults))


def _line_row(line: "ClearingLine", firm: "Firm", currency: str) -> tuple[str, ...]:
    most, cleared = amount(line.most, currency), amount(line.amount, currency)
    return line.kind, firm.name(line.giver), firm.name(line.taker), most, cleared


@command(app, "sign", example="net clear sign december/for-us.json --to we-sign.json --on 2026-12-02")
def sign(
    asked: Asked,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The proposal as it was made for you.")],
    to: To,
    rules: Rules = None,
) -> None:
    """Sign a proposal when its proof holds and it fits your books; it keeps your debts from then on.

    Nothing is booked before every firm has signed. Again it writes the same signature.
    """
    from finance.agreed.legal import law_with
    from finance.clearing.proposal import read_view
    from flows.clearing.carry_out import sign_proposal
    from flows.clearing.files import read_document, write_document
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        view = read_view(read_document(file))
        signed = sign_proposal(session.ledger, this_firm(session), view, law_with(rules), session.on)
        write_document(signed, to)
    document = {"digest": view.digest, "file": to}
    answer(asked, "clear-sign", document, lambda screen: screen.print(f"{to}: signed {view.digest[:12]}"))


@command(
    app,
    "execute",
    example="""
    net clear execute december/proposal.json we-sign.json mill-signs.json --to decision.json
    net clear execute decision.json
    net clear execute december/proposal.json --drop --to dropped.json
    """,
)
def execute(
    asked: Asked,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A proposal to decide, a decision to book, or a drop.")
    ],
    signatures: Annotated[
        list[Path] | None, typer.Argument(metavar="[SIGNATURE...]", help="What each firm signed.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Where the decision, or the drop, is written.")
    ] = None,
    give_up: Annotated[
        bool, typer.Option("--drop", help="Give the proposal up: what was promised to it is free again.")
    ] = False,
) -> None:
    """Decide a proposal that every firm signed, and then book it: all of them, or nothing at all.

    The coordinator names its proposal.json and every signature; each firm names the decision that comes of
    it. A command that was interrupted is given again: what is booked already is not booked twice.
    """
    from finance.clearing.proposal import DECISION_SCHEMA, DROP_SCHEMA, WHOLE_SCHEMA
    from flows.clearing.files import kind_of, read_document

    document = read_document(file)
    kind = kind_of(document)
    if kind == WHOLE_SCHEMA:
        _decide(asked, document, signatures or [], to, give_up)
    elif kind == DECISION_SCHEMA:
        _book(asked, document)
    elif kind == DROP_SCHEMA:
        _let_go(asked, document)
    else:
        raise UsageError(f"{file} is no proposal.json, decision or drop", "name the file as it was written")


def _decide(asked: Asked, document: Any, signatures: list[Path], to: Path | None, give_up: bool) -> None:
    from flows.clearing.carry_out import decide, drop
    from flows.clearing.files import read_document, write_document
    from flows.clearing.firm import this_firm

    if to is None:
        raise UsageError("a decision or a drop goes into a file", "name it with --to FILE")
    header = document["content"]
    with asked.session() as session:
        firm = this_firm(session)
        if give_up:
            made = drop(session.ledger, firm, header, session.on)
        else:
            papers = [read_document(path) for path in signatures]
            made = decide(session.ledger, firm, header, papers, session.on)
        write_document(made, to)
    outcome = "dropped" if give_up else "decided"
    note(f"give {to} to every firm: each runs net clear execute {to.name}")
    answer(
        asked,
        "clear-outcome",
        {"outcome": outcome, "file": to},
        lambda screen: screen.print(f"{to}: {outcome}"),
    )


def _book(asked: Asked, document: Any) -> None:
    from flows.clearing.carry_out import carry_out
    from flows.clearing.firm import this_firm

    with asked.session() as session:
        firm = this_firm(session)
        done = carry_out(session.ledger, firm, document, session.on)
    debts, claims = (
        format_minor(minor, done.currency) for minor in (done.set_off_debts, done.set_off_claims)
    )
    made = [
        {"debtor": firm.name(one.debtor), "creditor": firm.name(one.creditor),
         "amount": one.content()["amount"], "due_on": one.due_on}
        for one in done.made
    ]  # fmt: skip
    told = f"{done.digest[:12]}: debts of {debts} and claims of {claims} {done.currency} are set off"
    answer(
        asked,
        "clear-booked",
        {"digest": done.digest, "currency": done.currency, "debts": debts, "claims": claims, "left": made,
         "repeated": done.repeated},
        lambda screen: screen.print(told + (" (booked before)" if done.repeated else "")),
    )  # fmt: skip


def _let_go(asked: Asked, document: Any) -> None:
    from flows.clearing.carry_out import let_go

    with asked.session() as session:
        digest = let_go(session.ledger, document, session.on)
    answer(
        asked, "clear-outcome", {"outcome": "dropped", "file": None},
        lambda screen: screen.print(f"{digest[:12]}: dropped, your debts are free again"),
    )  # fmt: skip
