"""Foreign money in one order's books: what stands in another currency, and what it is worth in the order's.

The order's currency is what the order is measured in (IAS 21's functional currency). What is to be received
or paid in another currency stays in that currency; everything else (costs, prepayments, taxes, deferred
cost) is valued at the rate of its day and never again. Account 1990 carries the difference between the two:
its balance in a foreign currency is the open position with the sign turned, its balance in the order's
currency what that position is carried at. Differences go to 4710 once they are realised and to 4720 while
they are not, and every cent that rounding leaves goes there too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from domain.accounts import Account, in_currency, is_memo
from domain.errors import RefusedError
from domain.exchange import Rate, converted, newest
from finance.agreed.contract import TRADER, Contract
from finance.books.order_books import Posting, booked

MONETARY = frozenset(
    {
        Account.CASH,
        Account.PROVIDER_CLAIM,
        Account.CORRECTION_CLAIM,
        Account.PAYABLE,
        Account.NETWORK_FEE_PAYABLE,
        Account.CORRECTION_CREDIT,
        Account.ORDER_LOAN,
        Account.INTEREST_PAYABLE,
        Account.RECOURSE_ADVANCE,
        Account.DISCOUNT_PAYABLE,
        Account.OWED_TO_GUARANTOR,
    }
)
"""The trader's accounts that stay in a foreign currency: money, and what is settled in money."""
KEPT = frozenset({Account.PREPAYMENT, Account.DEFERRED_FINANCE_COST})
"""The trader's assets that keep the value of the day on which they were paid for."""
TAX_ACCOUNTS = frozenset({Account.INPUT_TAX, Account.OUTPUT_TAX})

Place = tuple[str, str, str]
"""Currency, account, and whose: a facility or a party; money itself is nobody's."""


@dataclass(slots=True)
class Holding:
    """So much of a foreign currency, what it is carried at, and how much of that is unrealised gain."""

    amount: int = 0
    carried: int = 0
    unrealised: int = 0
    put_in: int = 0
    put_in_worth: int = 0

    def add(self, amount: int, worth: int) -> None:
        self.amount += amount
        self.carried += worth
        self.put_in += amount
        self.put_in_worth += worth

    def take(self, amount: int, *, spread: bool = False) -> tuple[int, int]:
        """Remove up to all of it: the worth that leaves, at the average, and the unrealised part of that."""
        left = self.amount + amount
        kept = Fraction(left, self.amount)
        carried = converted(self.carried, kept)
        if spread and self.put_in:
            carried = converted(self.put_in_worth, Fraction(left, self.put_in))
        worth = carried - self.carried
        gain = self.unrealised - converted(self.unrealised, kept)
        self.amount = left
        self.carried += worth
        self.unrealised -= gain
        return worth, gain


@dataclass(slots=True)
class ForeignMoney:
    """Every foreign holding of the trader in one order, the rates that are known, and who has a currency of
    its own (``currencies``: a facility or a provider by name)."""

    home: str
    rates: tuple[Rate, ...] = ()
    holdings: dict[Place, Holding] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)
    _accrued: dict[tuple[Place, str], tuple[date, int, int]] = field(default_factory=dict)

    def note(self, contract: Contract) -> None:
        """Remember which providers and facilities have a currency of their own."""
        named = [(one.entity, one.currency) for one in contract.bookings]
        named += [(one.id, one.currency) for one in contract.facilities]
        self.currencies |= {name: currency for name, currency in named if currency not in ("", self.home)}

    def rate(self, currency: str, on: date) -> Rate:
        """The newest rate on or before a day; RefusedError when there is none."""
        found = newest(self.rates, currency, self.home, on)
        if found is None:
            raise RefusedError(
                f"there is no rate of {currency} in {self.home} on or before {on}",
                f"net rate record {currency} {self.home} RATE --on {on} --source NAME",
            )
        return found

    def factor(self, currency: str, on: date) -> Fraction:
        return self.rate(currency, on).factor(currency, self.home)

    def worth(self, amount: int, currency: str, on: date) -> int:
        """An amount in the order's currency at the rate of a day, for one that stands in ``currency``."""
        return amount if currency in ("", self.home) else converted(amount, self.factor(currency, on))

    def between(self, amount: int, source: str, target: str, on: date) -> int:
        """An amount of one currency in another, through the order's, rounded once."""
        source, target = source or self.home, target or self.home
        if source == target:
            return amount
        factor = Fraction(1) if source == self.home else self.factor(source, on)
        factor /= Fraction(1) if target == self.home else self.factor(target, on)
        return converted(amount, factor)

    def changes(self, currency: str, after: date, before: date) -> list[date]:
        """Days strictly between two on which a new rate came."""
        pair = frozenset((currency, self.home))
        return sorted({rate.on for rate in self.rates if rate.pair == pair and after < rate.on < before})

    def accrual_worth(
        self, account: str, currency: str, ref: str, party: str, added: Iterable[tuple[date, int]]
    ) -> int:
        """What accrued up to some days, each part at the rate that was in force while it did.

        Cumulative for each rate, so that the days on which somebody asked never change the sum.
        """
        key = (currency, account, ref), party
        total = 0
        for day, amount in added:
            rate = self.rate(currency, day - timedelta(days=1))
            known_on, so_far, posted = self._accrued.get(key, (rate.on, 0, 0))
            if known_on != rate.on:
                so_far = posted = 0
            so_far += amount
            worth = converted(so_far, rate.factor(currency, self.home))
            total += worth - posted
            self._accrued[key] = rate.on, so_far, worth
        return total

    # ------------------------------------------------------------------ journals

    def translated(
        self, postings: Iterable[Posting], currency: str, on: date, ref: str, worth: int | None = None
    ) -> list[Posting]:
        """Postings that were made out in a foreign currency, as they stand in the books.

        The other side's books are in that currency as a whole. ``worth`` values the one monetary posting of
        an accrual.
        """
        kept = [posting for posting in postings if posting[2]]
        found: list[Posting] = []
        rest: list[Posting] = []
        moved = value = gains = at_home = 0
        for entity, account, amount in kept:
            if entity != TRADER or is_memo(account):
                found.append((entity, in_currency(account, currency), amount))
            elif account in MONETARY:
                found.append((entity, in_currency(account, currency), amount))
                change, gain = self._move((currency, account, _ref(account, ref)), amount, on, worth)
                moved, value, gains = moved + amount, value + change, gains + gain
            elif account in KEPT:
                change, _ = self._move((currency, account, ref), amount, on, None)
                found.append((entity, account, change))
                at_home += change
            else:
                rest.append((entity, account, amount))
        shared = self._shared(rest, -(at_home + value), currency, on)
        at_home += sum(amount for _, _, amount in shared)
        found += shared
        return found + _clearing(currency, moved, value, at_home, gains)

    def _shared(self, rest: list[Posting], total: int, currency: str, on: date) -> list[Posting]:
        """Taxes are worth what the rate of the day says; costs share the rest of what was given for both."""
        if not rest:
            return []
        factor = self.factor(currency, on)
        valued = [(entity, account, converted(minor, factor)) for entity, account, minor in rest]
        costs = [place for place, (_, account, _) in enumerate(rest) if account not in TAX_ACCOUNTS]
        amount = sum(rest[place][2] for place in costs)
        left = total - sum(minor for place, (_, _, minor) in enumerate(valued) if place not in costs)
        if not amount:
            return valued
        for place in costs:
            entity, account, minor = rest[place]
            valued[place] = entity, account, converted(minor, Fraction(left, amount))
        largest = max(costs, key=lambda place: abs(rest[place][2]))
        entity, account, minor = valued[largest]
        over = left - sum(valued[place][2] for place in costs)
        valued[largest] = entity, account, minor + over
        return valued

    def _move(self, place: Place, amount: int, on: date, worth: int | None) -> tuple[int, int]:
        """Change a holding: what its carried worth changes by, and what of it becomes realised."""
        held = self.holdings.setdefault(place, Holding())
        if worth is not None:
            held.add(amount, worth)
            return worth, 0
        change = gain = 0
        if held.amount and (held.amount > 0) != (amount > 0):
            taken = -held.amount if abs(amount) > abs(held.amount) else amount
            change, gain = held.take(taken, spread=place[1] == Account.DEFERRED_FINANCE_COST)
            amount -= taken
        if amount:
            fresh = converted(amount, self.factor(place[0], on))
            held.add(amount, fresh)
            change += fresh
        return change, gain

    def conversion(self, sold: int, source: str, bought: int, target: str, on: date) -> list[Posting]:
        """Money of one currency becomes money of another: what is bought stands at what it cost.

        Between two foreign currencies what is bought stands at its own rate of the day.
        """
        found: list[Posting] = []
        cash = value = gains = 0
        for currency, amount in ((source, -sold), (target, bought)):
            if currency == self.home:
                found.append((TRADER, Account.CASH, amount))
                cash += amount
                continue
            worth = sold if amount > 0 and source == self.home else None
            change, gain = self._move((currency, Account.CASH, ""), amount, on, worth)
            found.append((TRADER, in_currency(Account.CASH, currency), amount))
            found.append((TRADER, in_currency(Account.EXCHANGE_CLEARING, currency), -amount))
            value, gains = value + change, gains + gain
        found.append((TRADER, Account.EXCHANGE_CLEARING, value))
        return found + _realised(cash + value, gains)

    def revaluations(self, on: date) -> Iterator[tuple[Place, list[Posting]]]:
        """Every open holding at the rate of the day: the postings that bring it there, and its place."""
        for place, held in sorted(self.holdings.items()):
            if place[1] in KEPT or not (held.amount or held.carried):
                continue
            change = converted(held.amount, self.factor(place[0], on)) - held.carried
            if change:
                held.carried += change
                held.unrealised += change
                held.put_in_worth += change
                yield place, [*booked(TRADER, Account.EXCHANGE_CLEARING, Account.EXCHANGE_UNREALISED, change)]

    def written_off(self) -> list[tuple[str, int]]:
        """Prepayments are worth nothing any more; what is claimed from providers, by currency, is left to
        whoever posts its loss."""
        for place, held in self.holdings.items():
            if place[1] == Account.PREPAYMENT:
                held.add(-held.amount, -held.carried)
        currencies = sorted({place[0] for place in self.holdings if place[1] == Account.PROVIDER_CLAIM})
        return [(currency, self.balance(Account.PROVIDER_CLAIM, currency)) for currency in currencies]

    # ------------------------------------------------------------------ what is open

    def position_in(self, currency: str) -> tuple[int, int]:
        """What is open in a currency, net (positive: to be had), and what it is carried at."""
        some = [one for place, one in self.holdings.items() if place[0] == currency and place[1] not in KEPT]
        return sum(one.amount for one in some), sum(one.carried for one in some)

    def balance(self, account: str, currency: str) -> int:
        return sum(
            one.amount for place, one in self.holdings.items() if place[0] == currency and place[1] == account
        )

    def owed(self) -> int:
        """How many foreign holdings other than money are still open."""
        return sum(
            1
            for place, one in self.holdings.items()
            if one.amount and place[1] not in (Account.CASH, Account.DEFERRED_FINANCE_COST)
        )

    def open(self) -> Mapping[Place, Holding]:
        return {place: one for place, one in self.holdings.items() if one.amount}


def _ref(account: str, ref: str) -> str:
    """Money and claims on providers are one holding in each currency."""
    return "" if account in (Account.CASH, Account.PROVIDER_CLAIM) else ref


def _clearing(currency: str, moved: int, value: int, at_home: int, gains: int) -> list[Posting]:
    found: list[Posting] = [
        (TRADER, in_currency(Account.EXCHANGE_CLEARING, currency), -moved),
        (TRADER, Account.EXCHANGE_CLEARING, value),
    ]
    return found + _realised(at_home + value, gains)


def _realised(over: int, gains: int) -> list[Posting]:
    """What is left over is realised now; what was counted before as unrealised moves with it."""
    return [(TRADER, Account.EXCHANGE_REALISED, -over - gains), (TRADER, Account.EXCHANGE_UNREALISED, gains)]
