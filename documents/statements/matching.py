"""Which entry of a bank statement belongs to which order: by reference, account, party and amount.

An entry is matched only when one reading stands out; otherwise it is shown with the candidates and why none
was taken. Nothing here knows a ledger: what is open comes in, matches go out.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from documents.statements.statement import StatementEntry
from domain.money import format_minor

COMBINED = 12
"""At most so many open items of one party are tried in combination."""
_FORMS = (
    "ltd limited inc incorporated llc plc co company corp corporation gmbh mbh ag kg ohg sa sas sarl srl spa"
)
_FORMS += " bv nv ab as oy aps pty pte kk sl sro zoo the and und"
_LEGAL_FORMS = frozenset(_FORMS.split())


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Money that is expected: in (positive) or out (negative), of an order, from or to a party.

    An amount of zero is an order from whose buyer nothing more is expected, should he pay twice.

    ``names`` are texts that identify it on a transfer: the order's reference, invoice numbers. ``id`` says
    what the item is to whoever offered it.
    """

    order: str
    id: str
    amount_minor: int
    currency: str
    party: str = ""
    account: str = ""
    names: tuple[str, ...] = ()
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class EntryShare:
    """The share of an entry that goes to one open item, signed as the entry."""

    item: OpenItem
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Match:
    """An entry with what it pays, and why: its reasons in words. Parts sum to the entry's amount."""

    entry: StatementEntry
    parts: tuple[EntryShare, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An entry for which no single reading stands out; ``candidates`` are the orders that came near."""

    entry: StatementEntry
    reason: str
    candidates: tuple[str, ...] = ()


def folded(text: str) -> str:
    """Letters and digits only, in capitals, whatever the width, so that ``po 2026/17`` is ``PO-2026-17``."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).upper()


def words_of(name: str) -> frozenset[str]:
    """The words of a firm's name without its legal form."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name)).casefold()
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return frozenset(re.findall(r"\w+", letters.replace(".", ""))) - _LEGAL_FORMS


def same_party(one: str, other: str) -> bool:
    """Whether two names are of one firm: the words of the shorter all stand in the longer."""
    first, second = words_of(one), words_of(other)
    if not first or not second:
        return False
    return first <= second or second <= first


def match(entries: Iterable[StatementEntry], open_items: Iterable[OpenItem]) -> list[Match | Unmatched]:
    """Match the entries in turn; what one entry pays is no longer open for the next."""
    matching = _Matching(list(open_items))
    return [matching.one(entry) for entry in entries]


class _Matching:
    def __init__(self, items: list[OpenItem]) -> None:
        self.items = items
        self.open = {place: item.amount_minor for place, item in enumerate(items)}

    def one(self, entry: StatementEntry) -> Match | Unmatched:
        if entry.reversal:
            return Unmatched(entry, "takes an earlier entry back: record it against that one by hand")
        if entry.amount_minor == 0:
            return Unmatched(entry, "moves no money")
        alike = [place for place in self.open if self.fits(entry, self.items[place])]
        if not alike:
            direction = "expected from buyers" if entry.amount_minor > 0 else "owed to anybody"
            return Unmatched(entry, f"nothing in {entry.currency} is {direction}")
        return self.by_name(entry, alike) or self.by_party(entry, alike) or self.left(entry, alike)

    def fits(self, entry: StatementEntry, item: OpenItem) -> bool:
        return item.currency == entry.currency and (item.amount_minor >= 0) == (entry.amount_minor > 0)

    def by_name(self, entry: StatementEntry, alike: Sequence[int]) -> Match | Unmatched | None:
        """The entry names an order or an invoice."""
        named = [place for place in alike if named_in(entry, self.items[place])]
        named = _longest(entry, named, self.items)
        by_it = [place for place in named if self.is_party(entry, self.items[place])]
        named = by_it or named
        orders = list(dict.fromkeys(self.items[place].order for place in named))
        if not orders:
            return None
        said = f"names {', '.join(orders)}"
        if len(orders) > 1:
            return self.several(entry, named, said, orders)
        return self.settle(entry, self.closest(entry, named), (said,))

    def several(
        self, entry: StatementEntry, named: Sequence[int], said: str, orders: list[str]
    ) -> Match | Unmatched:
        """One transfer for several orders counts when it is their sum."""
        if sum(self.open[place] for place in named) == entry.amount_minor:
            parts = tuple(self.take(place, self.open[place]) for place in named)
            return Match(entry, parts, (said, "and is their sum"))
        return Unmatched(entry, f"{said}, but is not their sum", tuple(orders))

    def by_party(self, entry: StatementEntry, alike: Sequence[int]) -> Match | Unmatched | None:
        """The entry comes from, or goes to, an account or firm that is expected to pay or be paid."""
        known = [place for place in alike if self.is_party(entry, self.items[place])]
        if not known:
            return None
        item = self.items[known[0]]
        how = (
            "account"
            if folded(item.account) and folded(item.account) == folded(entry.party_account)
            else "name"
        )
        said = f"the {how} is that of {item.party or item.account}"
        orders = tuple(dict.fromkeys(self.items[place].order for place in known))
        exact = [place for place in known if self.open[place] == entry.amount_minor]
        if len({self.items[place].order for place in exact}) == 1:
            return self.settle(entry, exact[:1], (said, "the amount is what is open"))
        if len(exact) > 1:
            return Unmatched(entry, f"{said}, and several orders are open for this amount", orders)
        sums = self.combinations(entry, known)
        if len(sums) == 1:
            parts = tuple(self.take(place, self.open[place]) for place in sums[0])
            return Match(entry, parts, (said, f"the amount is the sum of {len(parts)} open items"))
        told = "several sums of open items give this amount" if sums else "no open amount is this one"
        return Unmatched(entry, f"{said}, but {told}", orders)

    def is_party(self, entry: StatementEntry, item: OpenItem) -> bool:
        if entry.party_account and folded(item.account) == folded(entry.party_account):
            return True
        return same_party(item.party, entry.party)

    def combinations(self, entry: StatementEntry, known: Sequence[int]) -> list[tuple[int, ...]]:
        """Sets of open items that sum to the entry; at most two are looked for."""
        found: list[tuple[int, ...]] = []
        still = [place for place in known if self.open[place]][:COMBINED]
        for size in range(2, len(still) + 1):
            for some in combinations(still, size):
                if sum(self.open[place] for place in some) == entry.amount_minor:
                    found.append(some)
                    if len(found) > 1:
                        return found
        return found

    def left(self, entry: StatementEntry, alike: Sequence[int]) -> Unmatched:
        """Only the amount may agree: that alone is no proof, so it is shown, not taken."""
        exact = [place for place in alike if self.open[place] == entry.amount_minor]
        orders = tuple(dict.fromkeys(self.items[place].order for place in exact))
        if orders:
            return Unmatched(entry, "only the amount agrees; nothing names the order or its party", orders)
        return Unmatched(entry, "names no order, and comes from nobody who is expected to pay")

    def closest(self, entry: StatementEntry, places: Sequence[int]) -> list[int]:
        """Items of one order, the one with this very amount first, then by due date."""

        def rank(place: int) -> tuple[bool, bool, date, int]:
            item = self.items[place]
            return (
                self.open[place] != entry.amount_minor,
                not self.open[place],
                item.due_on or date.max,
                place,
            )

        return sorted(places, key=rank)

    def settle(self, entry: StatementEntry, places: Sequence[int], reasons: tuple[str, ...]) -> Match:
        """Give the amount to the items in turn; what is left over stays with the last of them."""
        rest = entry.amount_minor
        parts = []
        for place in places:
            given = self.smaller(rest, self.open[place])
            if given:
                parts.append(self.take(place, given))
                rest -= given
        if rest:
            last = parts.pop() if parts else EntryShare(self.items[places[0]], 0)
            parts.append(EntryShare(last.item, last.amount_minor + rest))
        open_after = sum(self.open[place] for place in places)
        return Match(entry, tuple(parts), (*reasons, *self.judged(entry, rest, open_after)))

    def judged(self, entry: StatementEntry, rest: int, open_after: int) -> tuple[str, ...]:
        if rest:
            return (f"{format_minor(abs(rest), entry.currency)} more than is open",)
        if open_after:
            return (f"{format_minor(abs(open_after), entry.currency)} stays open",)
        return ()

    def smaller(self, one: int, other: int) -> int:
        return min(one, other) if one > 0 else max(one, other)

    def take(self, place: int, amount_minor: int) -> EntryShare:
        self.open[place] -= amount_minor
        return EntryShare(self.items[place], amount_minor)


def named_in(entry: StatementEntry, item: OpenItem) -> bool:
    return any(_said(entry, name) for name in item.names)


def _said(entry: StatementEntry, name: str) -> bool:
    """Whether a reference is this name, or the text holds it as words of its own.

    A short number such as ``34`` counts only as a whole reference, since any text may hold it.
    """
    wanted = folded(name)
    if not wanted:
        return False
    if any(folded(reference) == wanted for reference in entry.references):
        return True
    if len(wanted) < 4:
        return False
    pattern = r"[\W_]*".join(re.escape(letter) for letter in wanted)
    told = unicodedata.normalize("NFKC", " ".join((*entry.references, entry.text))).upper()
    return re.search(rf"(?<![^\W_]){pattern}(?![^\W_])", told) is not None


def _longest(entry: StatementEntry, named: Sequence[int], items: Sequence[OpenItem]) -> list[int]:
    """Without those whose name only stands inside a longer one that is also named (PO-1 in PO-1/2)."""
    names = {
        place: max((folded(name) for name in items[place].names if _said(entry, name)), key=len)
        for place in named
    }
    return [
        place
        for place in named
        if not any(names[place] != other and names[place] in other for other in names.values())
    ]
