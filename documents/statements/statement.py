"""A bank statement as data: entries that each have the bank's own reference, checked against the balances."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from domain.money import format_minor

NOT_PROVIDED = frozenset({"", "NOTPROVIDED", "NOTAVAILABLE", "NONREF"})
"""What banks write where they have no reference."""


class EntryKind(StrEnum):
    """What the bank says that an entry is; only a movement can pay an order."""

    MOVEMENT = "movement"
    CHARGE = "charge"
    INTEREST = "interest"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class StatedShare:
    """What the payer says of one document: its number and the amount for it, in minor units, positive."""

    document: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One movement on an account: money in is positive, money out negative, in minor units.

    ``reference`` is the bank's own for this movement, by which the same entry is known again in another
    statement. ``references`` are what the payer or the trader wrote (end-to-end ids, creditor references,
    invoice numbers), ``text`` the rest of what came with it. ``other_references`` stand in further fields;
    they are no part of the content by which an entry without the bank's reference is known again.
    ``counters`` are those references that are running numbers of a bank or a payer's system (messages,
    transactions, cheques). ``reversal`` marks an entry that takes an earlier one back. ``stated`` says which
    document gets how much, ``charges_minor`` what banks kept of the transfer (positive).
    ``by_hand`` marks an entry whose order a person has named.
    """

    reference: str
    account: str
    booked_on: date
    amount_minor: int
    currency: str
    valued_on: date | None = None
    party: str = ""
    party_account: str = ""
    references: tuple[str, ...] = ()
    text: str = ""
    reversal: bool = False
    line: int = 0
    kind: EntryKind = EntryKind.MOVEMENT
    other_references: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()
    stated: tuple[StatedShare, ...] = ()
    charges_minor: int = 0
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class BankStatement:
    """What one account did in one period; balances are None where the statement has none.

    ``remarks`` are what a person should know of it before relying on it. ``number`` is its place in the
    sequence of the account's statements, ``page`` its place in one statement sent in parts; 0 where it says
    none. A statement that is not ``final`` may still change: it is shown, nothing of it is recorded.
    """

    id: str
    account: str
    currency: str
    entries: tuple[StatementEntry, ...]
    opening_minor: int | None = None
    closing_minor: int | None = None
    remarks: tuple[str, ...] = ()
    opens_on: date | None = None
    closes_on: date | None = None
    number: int = 0
    page: int = 0
    last_page: bool = True
    final: bool = True


def with_references(entries: Iterable[StatementEntry]) -> tuple[StatementEntry, ...]:
    """Entries without a reference of the bank get one from their content; equal ones are numbered.

    So are entries of one day and amount under one reference, such as the parts of a batch: a statement lists
    each movement once. The same statement gives the same references however often it is read.
    """
    counted: dict[tuple[object, ...], int] = {}
    found = []
    for entry in entries:
        given = "" if entry.reference.strip().upper() in NOT_PROVIDED else entry.reference
        name = given or _digest(entry)
        place = name, entry.booked_on, entry.amount_minor, entry.currency
        number = counted[place] = counted.get(place, 0) + 1
        if not given or number > 1:
            name = f"{name}-{number}"
        found.append(replace(entry, reference=name))
    return tuple(found)


def _digest(entry: StatementEntry) -> str:
    said = (entry.account, str(entry.booked_on), str(entry.amount_minor), entry.currency, entry.party)
    told = "\x1f".join((*said, entry.party_account, *entry.references, entry.text))
    return "x-" + hashlib.blake2b(told.encode(), digest_size=10).hexdigest()


def balance_remark(statement: BankStatement) -> str:
    """What does not add up between the opening balance, the entries and the closing balance.

    The entries are booked all the same, so they count; those that are missing are what a person must ask for.
    """
    if statement.opening_minor is None or statement.closing_minor is None:
        return ""
    moved = sum(entry.amount_minor for entry in statement.entries)
    if statement.opening_minor + moved == statement.closing_minor:
        return ""
    opens, moves, closes = (
        format_minor(amount, statement.currency)
        for amount in (statement.opening_minor, moved, statement.closing_minor)
    )
    return f"opens with {opens}, moves {moves}, but closes with {closes}: entries are missing or not ours"


def joined(statements: Iterable[BankStatement]) -> list[BankStatement]:
    """The statements, with a remark on each that does not begin where the one before it ended."""
    found = list(statements)
    ordered = sorted(
        range(len(found)),
        key=lambda place: (found[place].opens_on or date.min, found[place].number, found[place].page),
    )
    before: dict[tuple[str, str], BankStatement] = {}
    for place in ordered:
        one = found[place]
        last = before.get((one.account, one.currency))
        remarks = _page_remarks(one, last)
        if last is not None and (gap := gap_remark(one, last.id, last.closing_minor, last.number)):
            remarks.append(gap)
        found[place] = replace(one, remarks=(*one.remarks, *remarks))
        before[one.account, one.currency] = one
    for one in before.values():
        if not one.last_page:
            place = next(place for place, other in enumerate(found) if other.id == one.id)
            remark = f"page {one.page} is not the last of its statement: pages are missing"
            found[place] = replace(found[place], remarks=(*found[place].remarks, remark))
    return found


def gap_remark(statement: BankStatement, other: str, closing_minor: int | None, number: int = 0) -> str:
    """What does not join between the statement and the one before it; empty where they join."""
    opening = statement.opening_minor
    if closing_minor is not None and opening is not None:
        if closing_minor == opening:
            return ""
        opens, closed = (format_minor(amount, statement.currency) for amount in (opening, closing_minor))
        told = f"opens with {opens}, but statement {other} of this account closed with {closed}"
        return f"{told}: a statement between them is missing"
    if number and statement.number > number + 1:
        return f"is number {statement.number} after {number} ({other}): a statement between them is missing"
    return ""


def _page_remarks(statement: BankStatement, last: BankStatement | None) -> list[str]:
    before = last.page if last is not None and not last.last_page else 0
    if statement.page and statement.page > before + 1:
        return [f"is page {statement.page}, but page {before + 1} is missing"]
    return []
