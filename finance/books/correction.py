"""From what should be posted to what is still to post: new journals, and corrections of old ones.

Nothing that was posted is edited. Where a back-dated fact changes a journal, the net difference is
posted on the journal's own date. Cash that moved stays where it is: the difference becomes a claim on
whoever has too much (1245) and a credit of whoever is owed (2250).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from domain.accounts import Account, account_and_currency, in_currency, party_and_currency
from finance.agreed.contract import BUYER, TRADER
from finance.books.order_books import JournalEntry, Posting

Sums = dict[tuple[str, str], int]
"""(entity, account) to minor units."""


@dataclass(slots=True)
class Posted:
    """What the ledger holds for one journal: its net postings by date, corrections included."""

    kind: str
    party: str
    by_date: dict[date, Sums] = field(default_factory=dict)
    corrections: int = 0

    def add(self, on: date, postings: Iterable[Posting]) -> None:
        sums = self.by_date.setdefault(on, defaultdict(int))
        for entity, account, amount in postings:
            sums[entity, account] += amount


@dataclass(frozen=True, slots=True)
class Correction:
    """The difference to post for journal ``key`` on its date; ``number`` counts its corrections from 1."""

    key: str
    number: int
    kind: str
    party: str
    on: date
    postings: tuple[Posting, ...]


def corrections(
    desired: Iterable[JournalEntry], posted: Mapping[str, Posted], never_happened: Collection[str] = ()
) -> list[Correction]:
    """What must be added so that every journal of facts already recorded comes to what it should be.

    Money of a fact that never happened (its id) did not move either, so its cash goes back as cash.
    """
    wanted = {journal.key: journal for journal in desired}
    found = []
    for key in [*posted, *(key for key in wanted if key not in posted)]:
        journal = wanted.get(key)
        before = posted.get(key)
        if before is None and journal is not None:
            before = Posted(journal.kind, journal.party)
        if before is None:
            continue
        number = before.corrections
        for on, difference in sorted(_differences(before, journal).items()):
            postings = _plain(difference) if key.split(":")[0] in never_happened else _with_claims(difference)
            if postings:
                number += 1
                found.append(Correction(key, number, before.kind, before.party, on, postings))
    return found


def _differences(before: Posted, journal: JournalEntry | None) -> dict[date, Sums]:
    """Desired less posted, per date; corrections posted earlier count as the cash they stand for."""
    differences: dict[date, Sums] = {}
    for on, sums in before.by_date.items():
        differences[on] = {place: -amount for place, amount in sums.items()}
    if journal is not None:
        target = differences.setdefault(journal.on, {})
        for entity, account, amount in journal.postings:
            target[entity, account] = target.get((entity, account), 0) + amount
    return {on: sums for on, sums in differences.items() if any(sums.values())}


def _with_claims(difference: Sums) -> tuple[Posting, ...]:
    """The difference without moving cash: what should have moved is claimed or credited instead."""
    postings: Sums = defaultdict(int)
    for (entity, account), amount in difference.items():
        code, currency = account_and_currency(account)
        if code == Account.CASH and amount:
            postings[
                entity,
                in_currency(Account.CORRECTION_CLAIM if amount > 0 else Account.CORRECTION_CREDIT, currency),
            ] += amount
        else:
            postings[entity, account] += amount
    return tuple((entity, account, amount) for (entity, account), amount in postings.items() if amount)


def _plain(difference: Sums) -> tuple[Posting, ...]:
    return tuple((entity, account, amount) for (entity, account), amount in difference.items() if amount)


def as_if(postings: Iterable[Posting]) -> list[Posting]:
    """A correction's postings with its claims and credits read as the cash that they stand for.

    So the next comparison sees the journal as it should have been, not as cash went.
    """
    found = []
    for entity, account, amount in postings:
        code, currency = account_and_currency(account)
        found.append(
            (
                entity,
                in_currency(Account.CASH, currency)
                if code in (Account.CORRECTION_CLAIM, Account.CORRECTION_CREDIT)
                else account,
                amount,
            )
        )
    return found


def claims_of(correction: Correction) -> dict[str, int]:
    """What the trader may claim from the party (positive) or owes it (negative) after a correction.

    What is open in another currency than the order's stands under the party with the currency.
    """
    found: dict[str, int] = {}
    for entity, account, minor in correction.postings:
        code, currency = account_and_currency(account)
        if entity == TRADER and code in (Account.CORRECTION_CLAIM, Account.CORRECTION_CREDIT):
            party = in_currency(correction.party, currency)
            found[party] = found.get(party, 0) + minor
    return {party: amount for party, amount in found.items() if amount}


def set_off(party: str, amount: int) -> tuple[Posting, ...]:
    """Cash settles a claim on the party (positive amount) or a credit owed to it (negative)."""
    name, currency = party_and_currency(party)
    cash, claim, credit = (
        in_currency(code, currency)
        for code in (Account.CASH, Account.CORRECTION_CLAIM, Account.CORRECTION_CREDIT)
    )
    own: tuple[Posting, ...] = ((TRADER, cash, amount), (TRADER, claim if amount > 0 else credit, -amount))
    if name in ("", BUYER):
        return own
    return (*own, (name, credit if amount > 0 else claim, amount), (name, cash, -amount))
