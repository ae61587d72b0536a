"""Everything that a coordinator knows of debts: its own, and the newest file of each firm."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from finance.clearing.debt import (
    Mark,
    SignedDebt,
    WrittenConsent,
    known_debt,
    read_consent,
    read_mark,
    signed_debt,
)
from finance.clearing.proposal import digest_of
from flows.clearing.books import FILE, OUTCOME, DebtBook, read_debts
from flows.clearing.firm import Firm
from ledger.book.reading import Reading


@contextmanager
def collector_paused() -> Iterator[None]:
    """A hundred thousand debts are no rubbish, and looking for some among them takes a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True, slots=True)
class Gathered:
    """Debts by id, marks with the newest last, and consents with their signed papers.

    ``busy`` says of a debt why it waits: it is promised, or set off and its debtor has not said what is left.
    """

    debts: Mapping[str, SignedDebt]
    marks: tuple[Mark, ...]
    consents: tuple[tuple[WrittenConsent, Mapping[str, Any]], ...]
    busy: Mapping[str, str]


def gather(reading: Reading, firm: Firm) -> Gathered:
    """From the ledger alone; signatures of debts are looked at where the debts are sorted out."""
    newest = {str(one["content"]["firm"]): one["content"] for one in _files(reading)}
    debts: dict[str, SignedDebt] = {}
    marks: list[Mark] = []
    papers: list[Mapping[str, Any]] = []
    for content in newest.values():
        for one in content["debts"]:
            signed = known_debt(one)
            debts[signed.id] = signed
        marks += [read_mark(one["content"]) for one in content["marks"]]
        papers += content["consents"]
    book = read_debts(reading)
    for name, item in book.items.items():
        if item.debt.debtor == firm.id and item.open:
            document = item.document
            debts[name] = known_debt(document) if document else signed_debt(item.debt, firm.key)
        elif not item.open:  # set off or paid, and the debtor's file is older than that
            debts.pop(name, None)
    marks += [read_mark(one["content"]) for one in book.marks]
    papers += book.consents
    consents = tuple((read_consent(one["content"]), one) for one in papers)
    return Gathered(debts, tuple(marks), consents, _busy(reading, book))


def _busy(reading: Reading, book: DebtBook) -> dict[str, str]:
    found = {name: "it is promised to another clearing" for name, item in book.items.items() if item.promised}
    for outcome in reading.records(kind=OUTCOME):
        if outcome.body["outcome"] == "decided":
            digest = digest_of(outcome.body["header"])
            proposal = reading.record_by_key(f"clearing:{digest}")
            moved = proposal.body["moved"] if proposal else []
            found.update((name, f"it was set off in the clearing {digest[:12]}") for name in moved)
    return found


def _files(reading: Reading) -> list[Mapping[str, Any]]:
    return [record.body["file"] for record in reading.records(kind=FILE)]
