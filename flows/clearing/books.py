"""A firm's debts and claims as its ledger has them: signed, marked, promised to a clearing, set off."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from finance.clearing.debt import (
    DebtStatus,
    Mark,
    Obligation,
    content_id,
    read_debt,
    read_mark,
)
from ledger.book.reading import Reading

STATED, TAKEN, MARKED, FILE = "debt.stated", "debt.taken", "debt.marked", "debt.file"
CONSENTED = "clearing.consented"
PROPOSED, OUTCOME = "clearing.proposed", "clearing.outcome"
SIGNED, DONE, DROPPED = "clearing.signed", "clearing.done", "clearing.dropped"


@dataclass(slots=True)
class Item:
    """One debt in the books; ``document`` is it as signed, None for what a clearing left of an earlier one.

    ``promised`` is the digest of the clearing that it is signed for and that is not ended yet.
    """

    debt: Obligation
    document: Mapping[str, Any] | None = None
    status: dict[str, Mark] = field(default_factory=dict)
    promised: str = ""
    closed: bool = False

    @property
    def open(self) -> bool:
        return not self.closed and not any(one.status is DebtStatus.PAID for one in self.status.values())

    @property
    def hindrance(self) -> str:
        """Why it can take part in no clearing; empty when it can."""
        for mark in self.status.values():
            if mark.status is not DebtStatus.OPEN:
                return mark.status.value + (f" to {mark.about}" if mark.about else "")
        return f"promised to the clearing {self.promised[:12]}" if self.promised else ""


@dataclass(slots=True)
class DebtBook:
    """Every debt that the firm owes or is owed, by id; marks and consents as signed documents."""

    items: dict[str, Item] = field(default_factory=dict)
    marks: list[Mapping[str, Any]] = field(default_factory=list)
    consents: list[Mapping[str, Any]] = field(default_factory=list)

    def open_items(self) -> Iterator[tuple[str, Item]]:
        return ((name, item) for name, item in self.items.items() if item.open)


def read_debts(reading: Reading) -> DebtBook:
    """The book as the ledger's records make it."""
    book = DebtBook()
    for kind in (STATED, TAKEN):
        for record in reading.records(kind=kind):
            document = record.body["signed"]
            book.items[content_id(document["content"])] = Item(read_debt(document["content"]), document)
    for record in reading.records(kind=SIGNED):
        for name in record.body["debts"]:
            if name in book.items:
                book.items[name].promised = record.body["digest"]
    for record in reading.records(kind=DROPPED):
        _free(book, record.body)
    for record in reading.records(kind=DONE):
        _carry_out(book, record.body)
    for record in reading.records(kind=MARKED):
        book.marks.append(record.body["signed"])
        mark = read_mark(record.body["signed"]["content"])
        if mark.debt in book.items:
            book.items[mark.debt].status[mark.by] = mark
    book.consents = [record.body["signed"] for record in reading.records(kind=CONSENTED)]
    return book


def _free(book: DebtBook, body: Mapping[str, Any]) -> None:
    for name in body["debts"]:
        item = book.items.get(name)
        if item is not None and item.promised == body["digest"]:
            item.promised = ""


def _carry_out(book: DebtBook, body: Mapping[str, Any]) -> None:
    """Debts set off are closed; what is left of one, and what is owed anew, are debts of their own."""
    _free(book, body)
    for name in body["closed"]:
        if name in book.items:
            book.items[name].closed = True
    for content in body["made"]:
        name = content_id(content)
        known = book.items.get(name)
        book.items[name] = known or Item(read_debt(content))
