"""A clearing proposed: what is known is sorted out, solved, proven, signed and recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from domain.posting import Entry
from finance.agreed.legal import Law
from finance.clearing.debt import WrittenConsent, content_id
from finance.clearing.draft import ClearingDraft, ClearingFacility, Wished, draft
from finance.clearing.exclusion import ClearingTerms, Excluded, sorted_out
from finance.clearing.proposal import DEBT
from flows.clearing.books import PROPOSED
from flows.clearing.firm import Firm
from flows.clearing.gather import Gathered, collector_paused, gather
from ledger.store import Ledger

KIND = "set-off"


@dataclass(frozen=True, slots=True)
class ClearingAsked:
    """What a coordinator asks for; ``include`` names firms, nobody meaning all that are enrolled."""

    currency: str
    on: date
    due_until: date
    valid_days: int
    country: str
    include: Sequence[str] = ()
    paths: bool = False
    facility: ClearingFacility | None = None


def propose(ledger: Ledger, firm: Firm, asked: ClearingAsked, law: Law) -> ClearingDraft:
    """The clearing of what is known here, proven and signed; its digest is recorded.

    RefusedError when a rule is broken or nothing can be cleared. The same debts on the same day give the same
    proposal, in whatever order they came in.
    """
    with collector_paused():
        made = drafted(gather(ledger, firm), firm, asked, law)
    moved = [line.name for line in made.lines if line.kind == DEBT and line.amount]
    body = {"digest": made.digest, "header": dict(made.header), "moved": moved}
    entry = Entry(PROPOSED, f"clearing:{made.digest}", asked.on, None, body)
    if not ledger.has_key(entry.key):
        ledger.append(entry)
    return made


def drafted(known: Gathered, firm: Firm, asked: ClearingAsked, law: Law) -> ClearingDraft:
    """``propose`` on what was gathered; nothing is written."""
    enrolled = _enrolled(firm, asked.include)
    terms = ClearingTerms(asked.currency, asked.due_until, enrolled)
    names = {**firm.names, firm.id: "the coordinator"}
    taken, excluded = sorted_out(known.debts.values(), known.marks, terms, names)
    excluded += [Excluded(one, known.busy[one.id]) for one in taken if one.id in known.busy]
    taken = [one for one in taken if one.id not in known.busy]
    # firms said to be insolvent were left out above; the rule says so of those that are left
    form = law.require(KIND, asked.country, {"takes_part": "enrolled", "insolvent_firms": 0})
    wanted = Wished(
        asked.currency,
        asked.on,
        asked.due_until,
        asked.on + timedelta(days=asked.valid_days),
        form,
        _consents(known, asked, enrolled) if asked.paths else (),
        asked.facility,
    )
    return draft(wanted, taken, excluded, firm.key, _secret(firm))


def _enrolled(firm: Firm, include: Sequence[str]) -> frozenset[str]:
    if not include:
        return frozenset(firm.names)
    return frozenset((firm.id, *(firm.key_of(name) for name in include)))


def _consents(
    known: Gathered, asked: ClearingAsked, enrolled: frozenset[str]
) -> list[tuple[WrittenConsent, Mapping[str, object]]]:
    """Consents that count here, each once, by their ids; signatures were looked at when they came in."""
    by_id = {content_id(one.content()): (one, paper) for one, paper in known.consents}
    return [
        (one, paper)
        for _, (one, paper) in sorted(by_id.items())
        if one.currency == asked.currency and {one.debtor, one.creditor} <= enrolled
    ]


def _secret(firm: Firm) -> bytes:
    """What salts are made of: nobody but the coordinator can make it, and it is always the same."""
    return sha256(firm.key.sign(b"net clearing salts")).digest()
