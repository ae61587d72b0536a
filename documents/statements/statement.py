"""A bank statement as data: entries that each have the bank's own reference, checked against the balances."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from domain.money import format_minor

NOT_PROVIDED = frozenset({"", "NOTPROVIDED", "NOTAVAILABLE", "NONREF"})
"""What banks write where they have no reference."""


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One movement on an account: money in is positive, money out negative, in minor units.

    ``reference`` is the bank's own for this movement, by which the same entry is known again in another
    statement. ``references`` are what the payer or the trader wrote (end-to-end ids, creditor references,
    invoice numbers), ``text`` the rest of what came with it. ``reversal`` marks an entry that takes an
    earlier one back.
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


@dataclass(frozen=True, slots=True)
class BankStatement:
    """What one account did in one period; balances are None where the statement has none.

    ``remarks`` are what a person should know of it before relying on it.
    """

    id: str
    account: str
    currency: str
    entries: tuple[StatementEntry, ...]
    opening_minor: int | None = None
    closing_minor: int | None = None
    remarks: tuple[str, ...] = ()


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
