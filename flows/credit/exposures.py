"""What lenders have out and have promised, by whom their orders lean on, and how orders of the ledger ended.

Asked before every order, so nothing here may grow with the ledger. A ledger that is kept open has one book of
sums, which follows what was committed since it was last asked; what the open write has changed beyond that is
looked at order by order. A command that asks once adds up what is open, and only that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from weakref import WeakKeyDictionary

from domain.accounts import Account
from domain.money import round_minor
from domain.record_kinds import RecordKind
from domain.states import OrderState
from finance.agreed.contract import NETWORK
from flows.books.acceptance import acceptance
from ledger.book.reading import Reading

OUT = (Account.LOAN, Account.FACTORING_ADVANCE, Account.UNDRAWN)
"""Loans, advances of factors, and what is promised but not drawn."""
LENDERS = "lender:"
POOL = ("pool", "pool")
UNCOUNTED = (OrderState.DRAFT, OrderState.CONFIRMED, OrderState.PLANNED, OrderState.CANCELLED)
ENDINGS = (OrderState.SETTLED, OrderState.DEFAULTED)

Place = tuple[str, str]
"""A kind (pool, buyer, trader, provider, group) and a name."""
Sums = dict[str, dict[Place, int]]
"""By lender and place, in minor units."""


@dataclass(frozen=True, slots=True)
class Leaning:
    """One order: what each lender has out on it, whom it leans on, and how it ended, if it did."""

    out: Mapping[str, int] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    ended: str = ""


NOTHING = Leaning()


@dataclass
class Exposures:
    """Sums over all orders of a ledger, as the book that follows it or over an open write."""

    sums: Sums
    more: Sums
    endings: Mapping[str, int]

    def of(self, lender: str, places: Iterable[Place], groups: Mapping[str, str]) -> dict[Place, int]:
        """What is out at these places; ``groups`` says to which group of companies a buyer belongs."""
        return {place: self._at(lender, place, groups) for place in (POOL, *places)}

    def _at(self, lender: str, place: Place, groups: Mapping[str, str]) -> int:
        kind, name = place
        if kind == "group":
            buyers = [buyer for buyer, group in groups.items() if group == name]
            return sum(self._at(lender, ("buyer", buyer), groups) for buyer in buyers)
        return self.sums.get(lender, {}).get(place, 0) + self.more.get(lender, {}).get(place, 0)

    def without(self, own: Leaning) -> "Exposures":
        """All but what one order has out: it asks for the whole of its part again, which counts once."""
        if not own.out:
            return self
        more: Sums = {lender: defaultdict(int, places) for lender, places in self.more.items()}
        _add(more, own, -1)
        return Exposures(self.sums, more, self.endings)

    def everywhere(self, lender: str, groups: Mapping[str, str]) -> dict[Place, int]:
        """All that is out, at every place where there is something."""
        places = {*self.sums.get(lender, {}), *self.more.get(lender, {})}
        places |= {("group", group) for group in groups.values()}
        return {place: out for place, out in self.of(lender, places, groups).items() if out}


class Book:
    """The sums over what a ledger had committed when it was last followed."""

    def __init__(self) -> None:
        self.seen = 0
        self.sums: Sums = {}
        self.endings: dict[str, int] = dict.fromkeys(ENDINGS, 0)
        self.orders: dict[str, Leaning] = {}
        self.looked_at: dict[str, tuple[bytes, Leaning]] = {}

    def follow(self, ledger: Reading) -> bool:
        """Take in what was committed since; False where that cannot be told from the records' places."""
        size = ledger.size()
        touched = ledger.orders_after(self.seen or size)
        if touched is None:
            return False
        if not self.seen:
            self.load(ledger)
        else:
            for order in touched:
                self._put(order, self.look(ledger, order))
        self.looked_at.clear()
        self.seen = size
        return True

    def load(self, reading: Reading) -> None:
        """Add up all that is open; in few long questions, since it may be most of the ledger."""
        ended = {order: state.value for state in ENDINGS for order in reading.orders_in_state(state)}
        uncounted = {order for state in UNCOUNTED for order in reading.orders_in_state(state)}
        out: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for order, entity, amount in reading.open_amounts(LENDERS, OUT):
            if order not in uncounted:
                out[order][entity.removeprefix(LENDERS)] += amount
        contracts: dict[str, Leaning] = {}
        for order, body in reading.bodies(RecordKind.FINANCE_ACCEPTED) if out else ():
            if order in out:  # the newest acceptance of an order is the one in force
                contracts[order] = _leaning(out[order], body["contract"], ended.get(order, ""))
        for order in dict.fromkeys((*ended, *contracts)):
            self._put(order, contracts.get(order) or Leaning(ended=ended[order]))

    def look(self, reading: Reading, order: str) -> Leaning:
        """As ``look_at``, not again while the order's newest record is the same."""
        newest = reading.newest_leaf(order)
        known = self.looked_at.get(order)
        if known is None or known[0] != newest:
            known = self.looked_at[order] = (newest, look_at(reading, order))
        return known[1]

    def over(self, reading: Reading) -> Exposures:
        """The sums as an open write sees them."""
        more: Sums = {}
        endings = dict(self.endings)
        for order in reading.orders_after(self.seen) or ():
            before, now = self.orders.get(order, NOTHING), self.look(reading, order)
            _add(more, before, -1)
            _add(more, now, 1)
            _count(endings, before, -1)
            _count(endings, now, 1)
        return Exposures(self.sums, more, endings)

    def _put(self, order: str, now: Leaning) -> None:
        before = self.orders.pop(order, NOTHING)
        if now.out or now.ended:
            self.orders[order] = now
        _add(self.sums, before, -1)
        _add(self.sums, now, 1)
        _count(self.endings, before, -1)
        _count(self.endings, now, 1)


def _add(sums: Sums, leaning: Leaning, sign: int) -> None:
    for lender, amount in leaning.out.items():
        by_place = sums.setdefault(lender, defaultdict(int))
        for place in leaning.places:
            by_place[place] += sign * amount


def _count(endings: dict[str, int], leaning: Leaning, sign: int) -> None:
    if leaning.ended:
        endings[leaning.ended] += sign


_BOOKS: "WeakKeyDictionary[Reading, Book]" = WeakKeyDictionary()


def exposures_in(reading: Reading) -> Exposures:
    """The sums as ``reading`` sees them."""
    ledger = reading.committed()
    if ledger is not None:
        book = _BOOKS.setdefault(ledger, Book())
        if book.follow(ledger):
            return book.over(reading)
    book = Book()
    book.load(reading)
    return Exposures(book.sums, {}, book.endings)


def exposures_of(reading: Reading, lender: str, groups: Mapping[str, str] | None = None) -> dict[Place, int]:
    """What a lender has out and has promised, in all and by whom its open orders lean on."""
    return exposures_in(reading).everywhere(lender, groups or {})


# one order --------------------------------------------------------------------------------------


def look_at(reading: Reading, order: str) -> Leaning:
    """The order as it stands."""
    state = OrderState(reading.order_state(order) or OrderState.DRAFT)
    ended = state.value if state in ENDINGS else ""
    found: dict[str, int] = defaultdict(int)
    if state not in UNCOUNTED:
        for _, entity, amount in reading.open_amounts(LENDERS, OUT, order):
            found[entity.removeprefix(LENDERS)] += amount
    out = {lender: amount for lender, amount in found.items() if amount}
    record = acceptance(reading, order) if out else None
    if record is None:
        return Leaning(ended=ended)
    return _leaning(out, record.body["contract"], ended)


def _leaning(out: Mapping[str, int], said: Mapping[str, Any], ended: str) -> Leaning:
    """What counts of what is out, by the contract as it is recorded."""
    facilities = [
        LentPart(
            one["id"],
            int(one["limit_minor"]),
            one.get("takes_out", ""),
            tuple((share["lender"], _share(share["share"])) for share in one["shares"]),
        )
        for one in said["facilities"]
    ]
    counted = {
        lender: min(amount, committed_once(facilities, lender)) for lender, amount in out.items() if amount
    }
    if not counted:
        return Leaning(ended=ended)
    entities = [booking["entity"] for booking in said["bookings"]]
    return Leaning(counted, tuple(_places(said["buyer"], said["trader"], entities)), ended)


@dataclass(frozen=True, slots=True)
class LentPart:
    """What of a facility matters here; read from the record, since the whole contract takes long to read."""

    id: str
    limit_minor: int
    takes_out: str
    shares: Sequence[tuple[str, Fraction | int]]


def _share(text: str) -> Fraction | int:
    """Most facilities have one lender, and a fraction takes long to make."""
    return 1 if text == "1" else Fraction(text)


def committed_once(facilities: Sequence[LentPart], lender: str) -> int:
    """The most that a lender can have out and promised on an order: a loan and the take-out that repays it
    count once, at the higher."""
    taken = {one.takes_out: one.id for one in facilities if one.takes_out}
    highest: dict[str, int] = {}
    for one in facilities:
        part = sum(share for name, share in one.shares if name == lender)
        place = taken.get(one.id, one.id)
        amount = one.limit_minor if part == 1 else round_minor(part * one.limit_minor)
        highest[place] = max(highest.get(place, 0), amount)
    return sum(highest.values())


def _places(buyer: str, trader: str, entities: Iterable[str]) -> Iterator[Place]:
    yield POOL
    yield "buyer", buyer
    yield "trader", trader
    for entity in dict.fromkeys(entities):
        if entity != NETWORK:
            yield "provider", entity.removeprefix("provider:")
