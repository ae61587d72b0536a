"""Which entry of a bank statement belongs to which order: by reference, account, party and amount.

An entry is matched only when direction, party, reference and amount leave one reading and none of them
contradicts it; otherwise it is shown with the candidates and why none was taken. Nothing here knows a ledger:
what is open comes in, matches go out. Items are found by index, so an entry costs the same whatever is open.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice

from documents.statements.naming import Named, Names, is_strong, is_year
from documents.statements.parties import Parties, akin, folded
from documents.statements.statement import EntryKind, StatementEntry
from domain.money import format_minor

COMBINED = 12
"""At most so many open items of one party are tried in combination, and so many candidates are shown."""


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
    """An entry with what it pays, and why: its reasons in words. Parts sum to the entry's amount.

    ``beyond_minor`` of it is more than was open, signed as the entry.
    """

    entry: StatementEntry
    parts: tuple[EntryShare, ...]
    reasons: tuple[str, ...]
    beyond_minor: int = 0


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An entry for which no single reading stands out; ``candidates`` are the orders that came near."""

    entry: StatementEntry
    reason: str
    candidates: tuple[str, ...] = ()


_CHARGE_WORDS = re.compile(
    r"\b(charges?|fees?|commissions?|entgelte?|geb(ü|ue)hr(en)?|provision|frais)\b|手续费|服务费|工本费",
    re.IGNORECASE,
)
_INTEREST_WORDS = re.compile(r"\b(interest|(soll|haben)?zinsen|int[ée]r[êe]ts)\b|利息|结息", re.IGNORECASE)
_KINDS = {
    EntryKind.CHARGE: "is a charge of the bank",
    EntryKind.INTEREST: "is interest of the bank",
    EntryKind.RETURN: "returns an earlier entry: record it against that one by hand",
}


def match(entries: Iterable[StatementEntry], open_items: Iterable[OpenItem]) -> list[Match | Unmatched]:
    """Match the entries in turn; what one entry pays is no longer open for the next."""
    matching = Matching(open_items)
    return [matching.one(entry) for entry in entries]


@dataclass(frozen=True, slots=True)
class _Payer:
    """Who stands on the entry: the firms known by that name, and the items that know the account."""

    name: str
    firms: frozenset[int]
    by_account: frozenset[int]

    @property
    def known(self) -> bool:
        return bool(self.firms or self.by_account)


class _Open:
    """What is still open, found by name, party, account and amount."""

    def __init__(self, items: Sequence[OpenItem]) -> None:
        self.items = items
        self.amounts = [item.amount_minor for item in items]
        self.names = Names((name, place) for place, item in enumerate(items) for name in item.names)
        self.parties = Parties(item.party for item in items)
        self.firm = [self.parties.number_of_name[item.party] for item in items]
        self.accounts: dict[str, list[int]] = {}
        self.of_party: dict[object, dict[int, None]] = {}
        self.exact: dict[object, dict[int, None]] = {}
        self.directions = {(item.currency, item.amount_minor >= 0) for item in items}
        for place, item in enumerate(items):
            if account := folded(item.account):
                self.accounts.setdefault(account, []).append(place)
            for key in self._keys(place):
                self.of_party.setdefault(key, {})[place] = None
            self._add(place)

    def _keys(self, place: int) -> Iterator[tuple[object, ...]]:
        """Under what the item is looked for: its direction with its firm, its account, and with neither."""
        item = self.items[place]
        side = item.currency, item.amount_minor >= 0
        yield side
        if (firm := self.firm[place]) is not None:
            yield *side, firm
        if account := folded(item.account):
            yield *side, account

    def _add(self, place: int) -> None:
        for key in self._keys(place):
            self.exact.setdefault((key, self.amounts[place]), {})[place] = None

    def take(self, place: int, amount_minor: int) -> EntryShare:
        for key in self._keys(place):
            self.exact[key, self.amounts[place]].pop(place, None)
        self.amounts[place] -= amount_minor
        for key in self._keys(place):
            if self.amounts[place]:
                self.of_party[key][place] = None
            else:
                self.of_party[key].pop(place, None)
        self._add(place)
        return EntryShare(self.items[place], amount_minor)

    def payer(self, entry: StatementEntry) -> _Payer:
        account = folded(entry.party_account)
        by_account = frozenset(self.accounts.get(account, ())) if account else frozenset()
        return _Payer(
            entry.party, self.parties.alike(entry.party) if entry.party else frozenset(), by_account
        )

    def is_party(self, payer: _Payer, place: int) -> bool:
        return place in payer.by_account or self.firm[place] in payer.firms

    def keys_of(self, entry: StatementEntry, payer: _Payer) -> list[tuple[object, ...]]:
        side = entry.currency, entry.amount_minor > 0
        keys: list[tuple[object, ...]] = [(*side, firm) for firm in sorted(payer.firms)]
        return keys + ([(*side, folded(entry.party_account))] if payer.by_account else [])

    def with_amount(self, keys: Iterable[object], amount_minor: int) -> Iterator[int]:
        return _once(chain.from_iterable(self.exact.get((key, amount_minor), ()) for key in keys))

    def of(self, keys: Iterable[object]) -> Iterator[int]:
        return _once(chain.from_iterable(self.of_party.get(key, ()) for key in keys))


def _once(places: Iterable[int]) -> Iterator[int]:
    seen: set[int] = set()
    for place in places:
        if place not in seen:
            seen.add(place)
            yield place


class Matching:
    """Open items, and the entries that pay them one after the other."""

    def __init__(self, items: Iterable[OpenItem]) -> None:
        self.items = list(items)
        self.open = _Open(self.items)

    def one(self, entry: StatementEntry) -> Match | Unmatched:
        if entry.reversal:
            return Unmatched(entry, "takes an earlier entry back: record it against that one by hand")
        if entry.amount_minor == 0:
            return Unmatched(entry, "moves no money")
        if entry.kind is not EntryKind.MOVEMENT:
            return Unmatched(entry, _KINDS[entry.kind])
        if (entry.currency, entry.amount_minor > 0) not in self.open.directions:
            direction = "expected from buyers" if entry.amount_minor > 0 else "owed to anybody"
            return Unmatched(entry, f"nothing in {entry.currency} is {direction}")
        names, foreign = self.open.names.named(entry)
        reading = _Reading(self, entry, names, foreign=foreign)
        return reading.by_name() or reading.by_party() or reading.left()

    def give_back(self, found: Match) -> None:
        """What the match took is open again."""
        places = {(item.order, item.id): place for place, item in enumerate(self.items)}
        for part in found.parts:
            minor = part.amount_minor
            if part == found.parts[-1]:
                minor -= found.beyond_minor
            if minor:
                self.open.take(places[part.item.order, part.item.id], -minor)


class _Reading:
    """One entry against what is open."""

    def __init__(
        self, matching: Matching, entry: StatementEntry, names: dict[str, Named], *, foreign: bool
    ) -> None:
        self.entry = entry
        self.items = matching.items
        self.open = matching.open
        self.names = names
        self.foreign = foreign
        self.payer = self.open.payer(entry)
        self.incoming = entry.amount_minor > 0
        self.how: dict[int, Named] = {}
        self.weak: set[int] = set()
        self.years: set[int] = set()
        for name, how in names.items():
            for place in self.open.names.places[name]:
                self._note(place, name, how)

    def _note(self, place: int, name: str, how: Named) -> None:
        item = self.items[place]
        if item.currency != self.entry.currency or (item.amount_minor >= 0) is not self.incoming:
            return
        self.how[place] = max(how, self.how.get(place, how))
        if how is Named.IN_TEXT and not is_strong(name):
            self.weak.add(place)
            if is_year(name):
                self.years.add(place)

    def by_name(self) -> Match | Unmatched | None:
        """The entry names an order or an invoice."""
        places = self._meant()
        orders = list(dict.fromkeys(self.items[place].order for place in places))
        if not orders:
            return None
        said = f"names {', '.join(orders)}"
        if not self.incoming:
            return self._paid_out(places, said, orders)
        if self.entry.stated and (found := self._as_stated(places, said)):
            return found
        if len(orders) > 1:
            return self._several(places, said, orders)
        return self._one_order(places, said, orders)

    def _meant(self) -> list[int]:
        """Items that the entry names; those of its party before the others, numbers by chance after names."""
        by_party = [place for place in self.how if self.open.is_party(self.payer, place)]
        places = by_party or list(self.how)
        certain = [place for place in places if place not in self.weak]
        if certain and sum(self.open.amounts[place] for place in places) != self.entry.amount_minor:
            return certain
        return places

    def _one_order(self, places: Sequence[int], said: str, orders: list[str]) -> Match | Unmatched:
        place = self._closest(places)[0]
        against = "" if self.entry.by_hand else self._against(place)
        if against:
            return Unmatched(self.entry, f"{said}, but {against}", tuple(orders))
        return self._settle(self._closest(places), (said,))

    def _against(self, place: int) -> str:
        """What speaks against this order though the entry names it; empty when nothing does."""
        item, party = self.items[place], self.open.is_party(self.payer, place)
        if self.payer.known and not party:
            return f"the payer {self.payer.name or self.entry.party_account} is known as somebody else"
        if party or (self._fits(place) and not self._by_chance(place)):
            return ""
        if self.how[place] is Named.WHOLE:
            if not self.payer.name or akin(self.payer.name, item.party):
                return ""
            return "neither the payer nor the amount is the order's"
        return "only in a text: neither the payer nor the amount is the order's"

    def _by_chance(self, place: int) -> bool:
        return self.foreign or (place in self.years and self.how[place] is Named.IN_TEXT)

    def _fits(self, place: int) -> bool:
        """Whether the amount is what is open, before or after the charges that the bank states."""
        rest = self.open.amounts[place] - self.entry.amount_minor
        return rest == 0 or (self.incoming and rest == self.entry.charges_minor)

    def _several(self, places: Sequence[int], said: str, orders: list[str]) -> Match | Unmatched:
        """One transfer for several orders counts when it is their sum."""
        if sum(self.open.amounts[place] for place in places) != self.entry.amount_minor:
            return Unmatched(self.entry, f"{said}, but is not their sum", tuple(orders))
        if self.payer.known and not any(self.open.is_party(self.payer, place) for place in places):
            told = f"the payer {self.payer.name} is known as somebody else"
            return Unmatched(self.entry, f"{said}, but {told}", tuple(orders))
        return self._taken(places, (said, "and is their sum"))

    def _as_stated(self, places: Sequence[int], said: str) -> Match | Unmatched | None:
        """The payer says how much is for which document; None where that is of no use."""
        stated = [(folded(share.document), share.amount_minor) for share in self.entry.stated]
        by_name = {
            name: place
            for place in places
            for name in map(folded, self.items[place].names)
            if name in self.names
        }
        orders = tuple(dict.fromkeys(self.items[place].order for place in places))
        if any(document not in by_name for document, _amount in stated):
            return None
        if sum(amount for _document, amount in stated) != self.entry.amount_minor:
            return Unmatched(self.entry, f"{said}, but the amounts stated for them are not its sum", orders)
        amounts: dict[int, int] = {}
        for document, amount in stated:
            place = by_name[document]
            amounts[place] = amounts.get(place, 0) + amount
        if self.payer.known and not all(self.open.is_party(self.payer, place) for place in amounts):
            return Unmatched(self.entry, f"{said}, but the payer is known as somebody else", orders)
        left = tuple(self._left_open(place, amount) for place, amount in amounts.items())
        parts = tuple(self.open.take(place, amount) for place, amount in amounts.items() if amount)
        told = (said, "and states the amount for each", *filter(None, left))
        return Match(self.entry, parts, told)

    def _left_open(self, place: int, amount_minor: int) -> str:
        rest = self.open.amounts[place] - amount_minor
        if not rest:
            return ""
        told = "stays open of" if rest > 0 else "more than is open for"
        return f"{format_minor(abs(rest), self.entry.currency)} {told} {self.items[place].order}"

    def _paid_out(self, places: Sequence[int], said: str, orders: list[str]) -> Match | Unmatched:
        """Money out is a payment only to the payee who received it."""
        paid = [place for place in places if self.open.is_party(self.payer, place)]
        if not paid and self.entry.by_hand:
            exact = [place for place in places if self.open.amounts[place] == self.entry.amount_minor]
            paid = exact if len(exact) == 1 else []
        if not paid:
            return Unmatched(self.entry, f"{said}, but {self._nobody_owed()}", tuple(orders))
        if len(orders) > 1:
            return self._several(paid, said, orders)
        return self._settle(self._closest(paid), (said, *self._how_known(paid[0])))

    def _nobody_owed(self) -> str:
        """Why a debit that names an order is no payment to anybody of it."""
        if self.payer.name:
            buyers = (self.items[place] for name in self.names for place in self.open.names.places[name])
            firms = self.open.parties.alike(self.payer.name)
            for item in buyers:
                if item.amount_minor >= 0 and self.open.parties.number_of_name[item.party] in firms:
                    return f"{self.payer.name} is its buyer: a refund or a return, it seems"
            return f"nothing is owed to {self.payer.name} for it"
        if _CHARGE_WORDS.search(self.entry.text):
            return "is a charge, it seems, and says not who received it"
        if _INTEREST_WORDS.search(self.entry.text):
            return "is interest, it seems, and says not who received it"
        return "says not who received it"

    def _how_known(self, place: int) -> tuple[str, ...]:
        if not self.open.is_party(self.payer, place):
            return ("assigned by hand",)
        how = "account" if place in self.payer.by_account else "name"
        return (f"the {how} is that of {self.items[place].party or self.items[place].account}",)

    def by_party(self) -> Match | Unmatched | None:
        """The entry comes from, or goes to, an account or firm that is expected to pay or be paid."""
        keys = self.open.keys_of(self.entry, self.payer)
        known = list(islice(self.open.of(keys), COMBINED + 1))
        exact = list(islice(self.open.with_amount(keys, self.entry.amount_minor), COMBINED))
        if not known and not exact:
            return None
        said = self._how_known((exact or known)[0])[0]
        orders = self._orders(exact or known)
        if self.foreign:
            told = "what it names is not open"
            return Unmatched(self.entry, f"{said}, but {told}", orders)
        if len({self.items[place].order for place in exact}) == 1:
            return self._settle(exact[:1], (said, "the amount is what is open"))
        if len(exact) > 1:
            return Unmatched(self.entry, f"{said}, and several orders are open for this amount", orders)
        return self._by_sum(known, said)

    def _by_sum(self, known: Sequence[int], said: str) -> Match | Unmatched:
        orders = self._orders(known)
        if len(known) > COMBINED:
            told = "no open amount is this one, and too many are open to tell which sum is meant"
            return Unmatched(self.entry, f"{said}, but {told}", orders)
        sums = self._combinations(known)
        if len(sums) == 1:
            return self._taken(sums[0], (said, f"the amount is the sum of {len(sums[0])} open items"))
        told = "several sums of open items give this amount" if sums else "no open amount is this one"
        return Unmatched(self.entry, f"{said}, but {told}", orders)

    def _combinations(self, known: Sequence[int]) -> list[tuple[int, ...]]:
        """Sets of open items that sum to the entry; at most two are looked for."""
        ways: dict[int, list[tuple[int, ...]]] = {0: [()]}
        for place in known:
            amount = self.open.amounts[place]
            for total, sets in sorted(ways.items(), key=lambda way: -abs(way[0])):
                kept = ways.setdefault(total + amount, [])
                kept += [(*one, place) for one in sets[: 2 - len(kept)]]
        return [one for one in ways.get(self.entry.amount_minor, []) if len(one) > 1]

    def left(self) -> Unmatched:
        """Only the amount may agree: that alone is no proof, so it is shown, not taken."""
        side = (self.entry.currency, self.incoming)
        orders = self._orders(islice(self.open.with_amount([side], self.entry.amount_minor), COMBINED))
        if orders:
            told = "only the amount agrees; nothing names the order or its party"
            return Unmatched(self.entry, told, orders)
        if not self.incoming:
            return Unmatched(self.entry, self._nobody_known())
        return Unmatched(self.entry, "names no order, and comes from nobody who is expected to pay")

    def _nobody_known(self) -> str:
        named = [self.items[place].order for name in self.names for place in self.open.names.places[name]]
        if named:
            return f"names {', '.join(dict.fromkeys(named))}, but {self._nobody_owed()}"
        return "names no order, and goes to nobody who is owed"

    def _orders(self, places: Iterable[int]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.items[place].order for place in islice(places, COMBINED)))

    def _closest(self, places: Sequence[int]) -> list[int]:
        """Items of one order, the one with this very amount first, then by due date."""

        def rank(place: int) -> tuple[bool, bool, date, int]:
            amount, due_on = self.open.amounts[place], self.items[place].due_on
            return amount != self.entry.amount_minor, not amount, due_on or date.max, place

        return sorted(places, key=rank)

    def _taken(self, places: Sequence[int], reasons: tuple[str, ...]) -> Match:
        """The items in full."""
        amounts = [(place, self.open.amounts[place]) for place in places]
        parts = tuple(self.open.take(place, amount) for place, amount in amounts if amount)
        return Match(self.entry, parts, reasons)

    def _settle(self, places: Sequence[int], reasons: tuple[str, ...]) -> Match:
        """Give the amount to the items in turn; what is left over stays with the last of them."""
        rest = self.entry.amount_minor
        parts = []
        for place in places:
            given = self._smaller(rest, self.open.amounts[place])
            if given:
                parts.append(self.open.take(place, given))
                rest -= given
        if rest:
            last = parts.pop() if parts else EntryShare(self.items[places[0]], 0)
            parts.append(EntryShare(last.item, last.amount_minor + rest))
        open_after = sum(self.open.amounts[place] for place in places)
        return Match(self.entry, tuple(parts), (*reasons, *self._judged(rest, open_after)), rest)

    def _judged(self, rest: int, open_after: int) -> tuple[str, ...]:
        if rest:
            return (f"{format_minor(abs(rest), self.entry.currency)} more than is open",)
        told = (f"{format_minor(abs(open_after), self.entry.currency)} stays open",) if open_after else ()
        if not self.entry.charges_minor:
            return told
        charges = format_minor(self.entry.charges_minor, self.entry.currency)
        return (*told, f"the bank states charges of {charges}")

    def _smaller(self, one: int, other: int) -> int:
        return min(one, other) if one > 0 else max(one, other)
