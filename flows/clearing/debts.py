"""Debts stated, taken in and marked; the signed file of them that a firm gives to others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from domain.errors import NotFoundError, RefusedError, UsageError
from domain.money import MoneyError, exponent_of, parse_minor
from domain.posting import Entry
from finance.clearing import postings
from finance.clearing.debt import (
    DebtStatus,
    Mark,
    Obligation,
    SignedDebt,
    WrittenConsent,
    content_id,
    encoded,
    holds,
    parts,
    read_consent,
    read_mark,
    read_signed_debt,
    sign,
    signed_debt,
)
from flows.clearing.books import CONSENTED, FILE, MARKED, STATED, TAKEN, DebtBook, read_debts
from flows.clearing.firm import Firm
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.store import Ledger
from trust.canonical import canonical_bytes

FILE_SCHEMA = "net.debts/1"


def currency_in(code: str) -> str:
    """The code as typed; UsageError when ISO 4217 does not list it."""
    try:
        exponent_of(code)
    except MoneyError as error:
        raise UsageError(str(error), "write CNY, EUR, USD ...") from None
    return code


def amount_in(text: str, currency: str) -> int:
    """Minor units above zero; UsageError for anything else."""
    try:
        amount = parse_minor(text, currency)
    except MoneyError as error:
        raise UsageError(str(error), "write the amount as 1130.00") from None
    if amount <= 0:
        raise UsageError(f"{text} is not above zero", "write the amount as 1130.00")
    return amount


@dataclass(frozen=True, slots=True)
class Owing:
    """A debt to acknowledge: to whom, how much in minor units, when due, and what for."""

    creditor: str
    amount_minor: int
    currency: str
    due_on: date
    reference: str


def owe(ledger: Ledger, firm: Firm, owing: Sequence[Owing], on: date) -> list[SignedDebt]:
    """Acknowledge debts: signed by us, in our books; the same debt again is the one there is."""
    made = []
    entries = []
    for one in owing:
        debt = Obligation(
            firm.id,
            firm.key_of(one.creditor),
            one.amount_minor,
            one.currency,
            one.due_on,
            one.reference,
            on,
        )
        if debt.creditor == firm.id:
            raise UsageError("a firm owes itself nothing", "name another firm")
        signed = signed_debt(debt, firm.key)
        made.append(signed)
        body = {"signed": signed.document()}
        legs = postings.owing(debt.amount_minor, debt.currency)
        entries.append(Entry(STATED, _key(signed.id), on, None, body, legs))
    ledger.commit(lambda transaction: transaction.append_many(_new(transaction, entries)))
    return made


def _key(debt: str) -> str:
    return f"debt:{debt}"


def _new(transaction: Transaction, entries: Sequence[Entry]) -> list[Entry]:
    """Those whose key is free: a debt, file or mark taken in twice is taken in once."""
    return [
        entry for entry in {one.key: one for one in entries}.values() if not transaction.has_key(entry.key)
    ]


def find_debt(reading: Reading, beginning: str) -> str:
    """The id of the open debt with that reference, or whose id begins so; NotFoundError for none, UsageError
    for several."""
    items = list(read_debts(reading).open_items())
    found = [name for name, item in items if item.debt.reference == beginning]
    found = found or [name for name, _ in items if name.startswith(beginning)]
    if not found or not beginning:
        raise NotFoundError(f"no open debt is called {beginning!r}", "net clear show lists them")
    if len(found) > 1:
        raise UsageError(f"{len(found)} debts are called {beginning!r}", "write more of the id")
    return found[0]


# what a firm gives to others --------------------------------------------------------------------


def debts_file(ledger: Ledger, firm: Firm, on: date, checkpoint: str = "") -> dict[str, Any]:
    """Every open debt of ours, what we say of debts and claims, our consents, and a checkpoint of the ledger;
    signed as a whole. What a clearing left of a debt is signed here for the first time."""
    book = read_debts(ledger)
    debts = [
        item.document or signed_debt(item.debt, firm.key).document()
        for name, item in sorted(book.open_items())
        if item.debt.debtor == firm.id
    ]
    content = {
        "schema": FILE_SCHEMA,
        "firm": firm.id,
        "on": on.isoformat(),
        "checkpoint": checkpoint,
        "debts": debts,
        "marks": [one for one in book.marks if one["content"]["by"] == firm.id],
        "consents": [one for one in book.consents if one["content"]["creditor"] == firm.id],
    }
    return {"content": content, "signature": encoded(sign(_sealed(content), firm.key))}


def _sealed(content: Mapping[str, Any]) -> dict[str, str]:
    """What is signed of a file: its schema and the hash of the rest, which may be long."""
    return {"schema": FILE_SCHEMA, "sha256": sha256(canonical_bytes(content)).hexdigest()}


@dataclass(frozen=True, slots=True)
class DebtsTaken:
    """What came of another firm's file: how many debts it has, and which of them we are owed and are new."""

    firm: str
    debts: int
    ours: tuple[SignedDebt, ...]


def take(ledger: Ledger, firm: Firm, document: Mapping[str, Any], on: date) -> DebtsTaken:
    """Take in another firm's file: what it owes us is booked as our claim, the rest kept for clearings.

    RefusedError from a firm that is not enrolled or where a signature does not hold; nothing is written then.
    """
    content, debts = _checked(firm, document)
    ours = [one for one in debts if one.debt.creditor == firm.id]

    def work(transaction: Transaction) -> DebtsTaken:
        book = read_debts(transaction)
        new = [one for one in ours if one.id not in book.items]
        _require_known_rests(book, new)
        entries = [_claim(one, on) for one in new]
        entries += [
            _assigned(firm, one, lender, on) for one in new for lender in financed_by(transaction, one)
        ]
        digest = content_id(content)
        entries.append(Entry(FILE, f"debt-file:{digest}", on, None, {"file": dict(document)}))
        transaction.append_many(_new(transaction, entries))
        return DebtsTaken(firm.name(str(content["firm"])), len(debts), tuple(new))

    return ledger.commit(work)


def _checked(firm: Firm, document: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[SignedDebt]]:
    content, signature = parts(document)
    if content.get("schema") != FILE_SCHEMA:
        raise UsageError("this is no file of debts", "the other firm makes one with net clear export")
    sender = str(content.get("firm"))
    if sender not in firm.names or sender == firm.id:
        raise RefusedError("the firm that signed this is not enrolled", "net node trust NAME --key LINE")
    if not holds(sender, _sealed(content), signature):
        raise RefusedError(f"{firm.name(sender)} did not sign this file", "ask for it again")
    debts = [read_signed_debt(one) for one in content["debts"]]
    for one in debts:
        if one.debt.debtor != sender or not one.holds():
            raise RefusedError(f"debt {one.id} is not signed by its debtor", "ask for the file again")
    for paper in content["marks"]:
        _require_by(sender, read_mark(paper["content"]).by, paper)
    for paper in content["consents"]:
        _require_by(sender, read_consent(paper["content"]).creditor, paper)
    return content, debts


def _require_by(sender: str, by: str, paper: Mapping[str, Any]) -> None:
    if by != sender or not holds(sender, *parts(paper)):
        raise RefusedError("a statement in the file is not signed by its firm", "ask for the file again")


def _require_known_rests(book: DebtBook, new: Sequence[SignedDebt]) -> None:
    """What is left of a debt counts when our own books know the clearing that left it."""
    for one in new:
        if one.debt.replaces in book.items:
            raise RefusedError(
                f"debt {one.id} is said to be what is left of {one.debt.replaces}; our books do not say so",
                "carry out the clearing here first: net clear execute DECISION",
            )


def _claim(one: SignedDebt, on: date) -> Entry:
    legs = postings.owed(one.debt.amount_minor, one.debt.currency)
    return Entry(TAKEN, _key(one.id), on, None, {"signed": one.document()}, legs)


def financed_by(reading: Reading, one: SignedDebt) -> list[str]:
    """Who finances the order that the debt is for, if it is one of this ledger: the claim is theirs."""
    claims = reading.finance_claims(one.debt.reference) if one.debt.reference else []
    return sorted({financier for _, _, financier in claims})[:1]


def _assigned(firm: Firm, one: SignedDebt, lender: str, on: date) -> Entry:
    content = Mark(one.id, DebtStatus.ASSIGNED, firm.id, on, lender).content()
    body = {"signed": {"content": content, "signature": encoded(sign(content, firm.key))}}
    return Entry(MARKED, f"debt-mark:{content_id(content)}:0", on, None, body)


# marks and consents -----------------------------------------------------------------------------


def mark(ledger: Ledger, firm: Firm, name: str, status: DebtStatus, about: str, on: date) -> Mark:
    """Say of a debt or claim in our books what it is now; the newest statement of each side is in force.

    RefusedError while it is promised to a clearing. A paid debt leaves the books.
    """

    def work(transaction: Transaction) -> Mark:
        book = read_debts(transaction)
        item = book.items.get(name)
        if item is None or not item.open:
            raise NotFoundError(f"no open debt is called {name!r}", "net clear show lists them")
        if item.promised:
            raise RefusedError(f"debt {name} is {item.hindrance}", "wait until that clearing has ended")
        sides = {item.debt.debtor, item.debt.creditor}
        key = firm.key_of(about) if status is DebtStatus.INSOLVENT else about
        if status is DebtStatus.INSOLVENT and key not in sides:
            raise UsageError(f"{about} is neither debtor nor creditor of {name}", "name the firm")
        made = Mark(name, status, firm.id, on, key)
        legs = _paid_legs(item.debt, firm) if status is DebtStatus.PAID else ()
        before = sum(1 for one in book.marks if one["content"] == made.content())
        if before and item.status.get(firm.id) == made:
            return made
        body = {"signed": {"content": made.content(), "signature": encoded(sign(made.content(), firm.key))}}
        key_of_mark = f"debt-mark:{content_id(made.content())}:{before}"
        transaction.append(Entry(MARKED, key_of_mark, on, None, body, legs))
        return made

    return ledger.commit(work)


def _paid_legs(debt: Obligation, firm: Firm) -> Any:
    """A debt paid outside: it leaves as it was brought in."""
    if debt.debtor == firm.id:
        return postings.owing(-debt.amount_minor, debt.currency)
    return postings.owed(-debt.amount_minor, debt.currency)


def consent(ledger: Ledger, firm: Firm, given: WrittenConsent, on: date) -> Mapping[str, Any]:
    """Agree in writing to take a firm as a new debtor in a clearing by assignments."""
    content = given.content()
    paper = {"content": content, "signature": encoded(sign(content, firm.key))}
    entry = Entry(CONSENTED, f"clearing-consent:{content_id(content)}", on, None, {"signed": paper})
    ledger.commit(lambda transaction: transaction.append_many(_new(transaction, [entry])))
    return paper
