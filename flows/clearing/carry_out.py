"""A clearing signed, decided and carried out: prepare and commit over one digest, on every firm's ledger.

Signing records a promise: the debts are kept for this clearing. The clearing is decided when every firm that
it moves has signed, by the signatures alone: whoever holds them all can carry it out, and nobody can without.
Carrying out is one commit in each ledger, and again it changes nothing. Only the coordinator can drop a
proposal, in the ledger where it would decide it, under the same key: never both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.errors import NotFoundError, RefusedError, StateError, UsageError, WaitingError
from domain.posting import Entry
from finance.agreed.legal import Law
from finance.clearing import postings
from finance.clearing.debt import Obligation, content_id, encoded, holds, parts, read_consent, read_debt, sign
from finance.clearing.proposal import (
    CONSENT,
    DEBT,
    DECISION_SCHEMA,
    SCHEMA,
    ClearingLine,
    ClearingView,
    Header,
    decision_faults,
    digest_of,
    drop_content,
    read_view,
    signature_content,
    view_faults,
)
from flows.clearing.books import DONE, DROPPED, OUTCOME, SIGNED, DebtBook, read_debts
from flows.clearing.firm import Firm
from flows.clearing.propose import KIND
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.store import Ledger

# prepare -----------------------------------------------------------------------------------------


def sign_proposal(ledger: Ledger, firm: Firm, view: ClearingView, law: Law, on: date) -> dict[str, Any]:
    """Promise our debts and claims to this clearing and sign its digest; the signed document.

    RefusedError when the proposal is not proven, breaks a rule, or does not fit our books. Again it gives the
    same document.
    """
    _require_sound(view, firm, law)
    content = signature_content(view.digest, firm.id)
    document = {"content": content, "signature": encoded(sign(content, firm.key))}

    def work(transaction: Transaction) -> None:
        key = f"clearing-signed:{view.digest}"
        if transaction.has_key(key):
            return
        if on > date.fromisoformat(str(view.header["valid_until"])):
            raise StateError(
                f"the proposal could be signed until {view.header['valid_until']}", "ask for a new one"
            )
        book = read_debts(transaction)
        names = _moved(view.lines)
        wrong = [problem for line in view.lines for problem in _misfits(transaction, book, firm, line, view)]
        if wrong:
            raise RefusedError("; ".join(wrong), "tell the coordinator; nothing was signed")
        body = {"digest": view.digest, "debts": names, "view": view.document()}
        transaction.append(Entry(SIGNED, key, on, None, body))

    ledger.commit(work)
    return document


def _require_sound(view: ClearingView, firm: Firm, law: Law) -> None:
    if view.firm != firm.id:
        raise UsageError(f"this is what {firm.name(view.firm)} is shown", "take the file made for this firm")
    wrong = view_faults(view)
    if str(view.header["coordinator"]) not in firm.names:
        wrong.append("its coordinator is not enrolled here")
    if wrong:
        raise RefusedError("; ".join(wrong), "do not sign it; ask the coordinator for a sound proposal")
    stated = {"takes_part": view.header["takes_part"], "insolvent_firms": 0}
    law.require(KIND, str(view.header["country"]), stated)


def _moved(lines: Sequence[ClearingLine]) -> list[str]:
    """Debts and claims of which something is set off."""
    return [line.name for line in lines if line.kind == DEBT and line.amount]


def _misfits(
    reading: Reading, book: DebtBook, firm: Firm, line: ClearingLine, view: ClearingView
) -> list[str]:
    """Why a line cannot be ours; lines of which nothing is set off bind nobody."""
    if not line.amount or line.kind not in (DEBT, CONSENT):
        return []
    if line.kind == CONSENT:
        return [] if _consent_of(view, line) else [f"there is no signed consent for {line.name}"]
    item = book.items.get(line.name)
    if item is None:
        return [f"our books do not know the debt {line.name}"]
    debt = item.debt
    if (debt.debtor, debt.creditor, debt.amount_minor) != (line.giver, line.taker, line.most):
        return [f"debt {line.name} is another in our books"]
    if not item.open or item.hindrance:
        return [f"debt {line.name} is {item.hindrance or 'not open any more'}"]
    if debt.creditor == firm.id and debt.reference and reading.finance_claims(debt.reference):
        return [f"debt {line.name} belongs to an order that is financed"]
    return []


def _consent_of(view: ClearingView, line: ClearingLine) -> Any:
    """The creditor's written consent behind a line, when it covers the line; else None."""
    for paper in view.debts:
        content, signature = parts(paper)
        if content_id(content) == line.name and holds(line.giver, content, signature):
            given = read_consent(content)
            whole = (given.creditor, given.debtor, given.most_minor) == (line.giver, line.taker, line.most)
            return given if whole and given.currency == view.header["currency"] else None
    return None


# decide ------------------------------------------------------------------------------------------


def decide(
    ledger: Ledger, firm: Firm, header: Header, documents: Sequence[Mapping[str, Any]], on: date
) -> dict[str, Any]:
    """The decision, when every firm has signed: recorded and given to all. WaitingError names who has not.

    RefusedError when the proposal was dropped before.
    """
    digest = digest_of(header)
    if not ledger.has_key(f"clearing:{digest}"):
        raise NotFoundError("this proposal was not made here", "its coordinator decides it")
    signatures = _signatures(digest, documents)
    missing = decision_faults(header, signatures)
    if missing:
        names = ", ".join(firm.name(one) for one in missing)
        raise WaitingError(f"not signed by: {names}", "each signs with net clear sign; all or nothing")
    signed = {one: encoded(signatures[one]) for one in header["firms"]}
    _record_outcome(ledger, digest, {"outcome": "decided", "header": dict(header), "signatures": signed}, on)
    return {"schema": DECISION_SCHEMA, "header": dict(header), "signatures": signed}


def _signatures(digest: str, documents: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    found = {}
    for document in documents:
        content, signature = parts(document)
        if content.get("digest") != digest:
            raise UsageError("a signature is for another proposal", "name the signatures of this one alone")
        found[str(content.get("firm"))] = signature
    return found


def drop(ledger: Ledger, firm: Firm, header: Header, on: date) -> dict[str, Any]:
    """Give a proposal up, so that firms that signed it are free again; RefusedError once it is decided."""
    digest = digest_of(header)
    if header["coordinator"] != firm.id:
        raise RefusedError("only its coordinator drops a proposal", "ask the coordinator")
    _record_outcome(ledger, digest, {"outcome": "dropped", "header": dict(header), "signatures": {}}, on)
    content = drop_content(digest, firm.id)
    return {"content": content, "signature": encoded(sign(content, firm.key))}


def _record_outcome(ledger: Ledger, digest: str, body: Mapping[str, Any], on: date) -> None:
    def work(transaction: Transaction) -> None:
        known = transaction.record_by_key(f"clearing-outcome:{digest}")
        if known is None:
            transaction.append(Entry(OUTCOME, f"clearing-outcome:{digest}", on, None, body))
        elif known.body["outcome"] != body["outcome"]:
            raise StateError(f"the proposal is {known.body['outcome']}", "nothing was changed")

    ledger.commit(work)


# carry out ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What a firm's ledger booked: how much of its debts and claims ended, and what it owes anew."""

    digest: str
    currency: str
    set_off_debts: int
    set_off_claims: int
    made: tuple[Obligation, ...]
    repeated: bool


def carry_out(ledger: Ledger, firm: Firm, decision: Mapping[str, Any], on: date) -> CarriedOut:
    """Book a decided clearing in one commit; the same again changes nothing.

    RefusedError when a firm has not signed; NotFoundError when we did not sign it here.
    """
    header = _decided_header(decision)
    digest = digest_of(header)

    def work(transaction: Transaction) -> CarriedOut:
        promise = transaction.record_by_key(f"clearing-signed:{digest}")
        if promise is None:
            raise NotFoundError("this firm has no part in that clearing, or has not signed it", "")
        view = read_view(promise.body["view"])
        made = _made(view)
        known = transaction.has_key(f"clearing-done:{digest}")
        if not known:
            transaction.append(_done(firm, view, made, decision, on))
        return _told(firm, view, made, known)

    return ledger.commit(work)


def _decided_header(decision: Mapping[str, Any]) -> Header:
    try:
        header = decision["header"]
        if decision["schema"] != DECISION_SCHEMA or header["schema"] != SCHEMA:
            raise ValueError
        signed = {
            firm: parts({"content": {}, "signature": text})[1]
            for firm, text in decision["signatures"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageError("this is no decision of a clearing", "give the file as it was written") from None
    missing = decision_faults(header, signed)
    if missing:
        raise RefusedError(
            f"{len(missing)} of {len(header['firms'])} firms have not signed", "all sign, or nothing is done"
        )
    return dict(header)


def _made(view: ClearingView) -> list[Obligation]:
    """What is left of debts set off in part, and what is owed anew; both sides make the same."""
    on = date.fromisoformat(str(view.header["on"]))
    debts = {content_id(paper["content"]): paper["content"] for paper in view.debts}
    found = []
    for line in view.lines:
        if line.kind == DEBT and 0 < line.amount < line.most:
            found.append(read_debt(debts[line.name]).less(line.amount, on))
        elif line.kind == CONSENT and line.amount:
            given = read_consent(debts[line.name])
            reference = f"clearing {view.digest[:16]}"
            currency = given.currency
            found.append(
                Obligation(
                    line.taker, line.giver, line.amount, currency, given.due_on, reference, on, line.name
                )
            )
    return found


def _done(
    firm: Firm, view: ClearingView, made: Sequence[Obligation], decision: Mapping[str, Any], on: date
) -> Entry:
    names = _moved(view.lines)
    body = {
        "digest": view.digest,
        "debts": names,
        "closed": names,
        "made": [debt.content() for debt in made],
        "set_off": [[line.name, str(line.amount)] for line in view.lines if line.amount],
        "signatures": dict(decision["signatures"]),
    }
    legs = postings.cleared(firm.id, str(view.header["lender"]), view.lines, str(view.header["currency"]))
    return Entry(DONE, f"clearing-done:{view.digest}", on, None, body, legs)


def _told(firm: Firm, view: ClearingView, made: Sequence[Obligation], repeated: bool) -> CarriedOut:
    debts = [line for line in view.lines if line.kind == DEBT]
    return CarriedOut(
        view.digest,
        str(view.header["currency"]),
        sum(line.amount for line in debts if line.giver == firm.id),
        sum(line.amount for line in debts if line.taker == firm.id),
        tuple(made),
        repeated,
    )


def let_go(ledger: Ledger, document: Mapping[str, Any], on: date) -> str:
    """Free what was promised to a proposal that its coordinator dropped; the digest.

    NotFoundError for one not signed here, RefusedError unless its coordinator signed that it is dropped.
    """
    content, signature = parts(document)
    digest = str(content.get("digest"))

    def work(transaction: Transaction) -> str:
        promise = transaction.record_by_key(f"clearing-signed:{digest}")
        if promise is None:
            raise NotFoundError("this firm has not signed that proposal", "")
        coordinator = str(read_view(promise.body["view"]).header["coordinator"])
        if content != drop_content(digest, coordinator) or not holds(coordinator, content, signature):
            raise RefusedError("its coordinator did not sign that it is dropped", "ask for the file again")
        if transaction.has_key(f"clearing-done:{digest}"):
            raise StateError("that clearing is carried out", "tell the coordinator: it cannot be dropped")
        entry = Entry(DROPPED, f"clearing-dropped:{digest}", on, None,
                      {"digest": digest, "debts": promise.body["debts"]})  # fmt: skip
        if not transaction.has_key(entry.key):
            transaction.append(entry)
        return digest

    return ledger.commit(work)
