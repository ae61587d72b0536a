"""The books of one order while they are folded: journals in date order, and every balance so far."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from domain.errors import LedgerBrokenError
from finance.agreed.contract import TRADER
from finance.agreed.facts import Fact

Posting = tuple[str, str, int]
"""Entity, account, amount in minor units; a debit is positive.

An account in another currency than the order's is its code with the currency: ``2110/CNY``.
"""


def booked(entity: str, debit: str, credit: str, amount: int) -> tuple[Posting, Posting]:
    """The two sides of an amount within one entity's books; a negative one goes the other way."""
    return (entity, debit, amount), (entity, credit, -amount)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One event between the trader and at most one ``party``; ``key`` is unique and stable in the order.

    ``cause`` is the fact (or the date) it follows from, ``facility`` the debt it is about. Its postings
    balance per entity and currency.
    """

    key: str
    kind: str
    on: date
    cause: str
    party: str
    postings: tuple[Posting, ...]
    facility: str = ""


class OrderBooks:
    """Journals as they are posted, and running balances by (entity, account)."""

    def __init__(self) -> None:
        self.journals: list[JournalEntry] = []
        self.balances: dict[tuple[str, str], int] = defaultdict(int)
        self._keys: dict[str, int] = {}

    def balance(self, entity: str, account: str) -> int:
        return self.balances.get((entity, account), 0)

    def own(self, account: str) -> int:
        """The trader's balance."""
        return self.balances.get((TRADER, account), 0)

    def post(
        self, kind: str, fact: Fact, party: str, postings: Iterable[Posting], facility: str = ""
    ) -> None:
        """Add a journal of its non-zero postings; nothing when all are zero.

        LedgerBrokenError when an entity's side does not balance, which would be a bug of ours.
        """
        kept = tuple(posting for posting in postings if posting[2])
        if not kept:
            return
        sums: dict[tuple[str, str], int] = {}
        for entity, account, amount in kept:
            place = entity, account.partition("/")[2]
            sums[place] = sums.get(place, 0) + amount
            self.balances[entity, account] += amount
        if any(sums.values()):
            raise LedgerBrokenError(f"{kind} on {fact.on} does not balance: {sums}")
        self.journals.append(
            JournalEntry(self._key(kind, fact.id, party), kind, fact.on, fact.id, party, kept, facility)
        )

    def _key(self, kind: str, cause: str, party: str) -> str:
        key = f"{cause}:{kind}:{party}" if party else f"{cause}:{kind}"
        count = self._keys.get(key, 0)
        self._keys[key] = count + 1
        return f"{key}:{count}" if count else key
